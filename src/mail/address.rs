//! Addresses that mail can be sent to.

use lettre::Address;

use crate::accounts::account::{EmailAddress, EmailFault};
use crate::field::read_from_text;

/// An e-mail address in lower case that SMTP servers without SMTPUTF8 (RFC 6531) take: ASCII only, of a form that RFC 5321
/// allows. It holds no line end, so that nothing can be slipped into a header with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(EmailAddress);

impl MailAddress {
    /// Takes an address of the form `somebody@example.org`.
    ///
    /// # Errors
    /// [`EmailFault`] when no mail can be sent to it.
    pub fn parse(text: &str) -> Result<Self, EmailFault> {
        let address = EmailAddress::parse(text)?;
        let text = address.as_str();
        match text.is_ascii() && text.parse::<Address>().is_ok() {
            true => Ok(Self(address)),
            false => Err(EmailFault),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_string()
    }
}

impl TryFrom<&String> for MailAddress {
    type Error = EmailFault;

    fn try_from(text: &String) -> Result<Self, EmailFault> {
        Self::parse(text)
    }
}

read_from_text!(MailAddress);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_taken_and_others_are_not() {
        for text in [
            "grace@example.org",
            "Grace.Hopper+news@mail.example.org",
            "a@xn--bcher-kva.example",
        ] {
            assert_eq!(MailAddress::parse(text).unwrap().as_str(), text.to_lowercase());
        }
        for text in [
            "",
            "grace",
            "grace@",
            "@example.org",
            "grace@example..org",
            "grace@example.org\r\nBcc: everybody@example.org",
            "grace@example.org\nBcc: everybody@example.org",
            "grace@example.org, everybody@example.org",
            "<grace@example.org>",
            "grace hopper@example.org",
            "größe@example.org",
            "grace@bücher.example",
            "grace\0@example.org",
        ] {
            assert_eq!(MailAddress::parse(text), Err(EmailFault), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_address_holds_what_ends_a_header_or_begins_another_address(text in "\\PC{0,20}[\\r\\n,;<> \\x00-\\x20]{0,3}@?\\PC{0,20}") {
            if let Ok(address) = MailAddress::parse(&text) {
                let spoilt = |c: char| c.is_control() || c.is_whitespace() || "<>,;:\"".contains(c);
                prop_assert!(!address.as_str().contains(spoilt));
                prop_assert!(address.as_str().is_ascii());
            }
        }
    }
}
