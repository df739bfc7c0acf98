//! Where the site shows an article, and which addresses lead to one. Pure.

use std::fmt;

use url::Url;

use crate::field::{Refusal, read_from_text};
use crate::slug::Slug;

/// What the place of the slug is called in an [`ArticleUrl`].
pub const SLUG_PLACE: &str = "{slug}";

/// The place as an address spells it.
const ENCODED_PLACE: &str = "%7Bslug%7D";

/// Where the site shows an article: an absolute `http` or `https` address with `{slug}` once in its path, such as
/// `https://example.org/stories/{slug}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleUrl {
    /// As it was given, with the place spelled out.
    text: String,
    /// The address, with the place encoded.
    url: Url,
}

/// What the addresses beside that of an article lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSpace {
    /// Articles, and nothing else.
    Articles,
    /// All pages of the site: its articles stand right below its root, where a page such as `/about` does, too.
    AllPages,
}

/// A text that is no [`ArticleUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArticleUrlFault {
    /// It is too long.
    TooLong,
    /// It is not absolute, or not of the web.
    NotAWebAddress,
    /// The slug has no place in it, or more than one.
    NotOnePlace,
    /// The place is not in the path.
    PlaceOutsidePath,
    /// There is a place for something else.
    OtherPlace,
}

impl fmt::Display for ArticleUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::TooLong => "it is longer than 2000 characters",
            Self::NotAWebAddress => "it is not an absolute http or https address",
            Self::NotOnePlace => "it does not have {slug} exactly once",
            Self::PlaceOutsidePath => "{slug} does not stand in its path",
            Self::OtherPlace => "it has braces other than those of {slug}, and nothing else is filled in",
        };
        write!(f, "{reason}; give one such as https://example.org/stories/{SLUG_PLACE}")
    }
}

impl Refusal for ArticleUrlFault {
    fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::NotAWebAddress => "invalid-url",
            Self::NotOnePlace | Self::PlaceOutsidePath | Self::OtherPlace => "invalid-template",
        }
    }
}

impl ArticleUrl {
    /// Takes an address; blanks at its ends are cut.
    ///
    /// # Errors
    /// [`ArticleUrlFault`] when it is not absolute, or the slug has not one place in its path.
    pub fn parse(text: &str) -> Result<Self, ArticleUrlFault> {
        let text = text.trim();
        if text.len() > 2_000 {
            return Err(ArticleUrlFault::TooLong);
        }
        if text.matches(SLUG_PLACE).count() != 1 {
            return Err(ArticleUrlFault::NotOnePlace);
        }
        let url = Url::parse(text).map_err(|_broken| fault_of_broken(text))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !url.username().is_empty() {
            return Err(ArticleUrlFault::NotAWebAddress);
        }
        // The path spells braces encoded, and nothing else does: one that was encoded before stands there twice.
        if url.path().matches(ENCODED_PLACE).count() != 1 {
            return Err(ArticleUrlFault::PlaceOutsidePath);
        }
        let rest = text.replacen(SLUG_PLACE, "", 1);
        match rest.contains(['{', '}']) {
            true => Err(ArticleUrlFault::OtherPlace),
            false => Ok(Self {
                text: url.as_str().replacen(ENCODED_PLACE, SLUG_PLACE, 1),
                url,
            }),
        }
    }

    /// The address with `{slug}` in it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address with `{slug}` in it, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    /// The address of the article with a slug.
    #[must_use]
    pub fn address_of(&self, slug: &Slug) -> String {
        self.text.replacen(SLUG_PLACE, slug.as_str(), 1)
    }

    /// What else can be at an address of this form.
    #[must_use]
    pub fn space(&self) -> AddressSpace {
        match self.url.path().split_once(ENCODED_PLACE) {
            Some(("/", _)) => AddressSpace::AllPages,
            _ => AddressSpace::Articles,
        }
    }

    /// The slug of the article that an address leads to, if it leads to one of these.
    #[must_use]
    pub fn slug_in(&self, address: &str) -> Option<Slug> {
        if !is_absolute_or_rooted(address) {
            return None;
        }
        let url = self.url.join(address).ok()?;
        let is_same_site = matches!(url.scheme(), "http" | "https")
            && url.host_str() == self.url.host_str()
            && url.port() == self.url.port();
        if !is_same_site {
            return None;
        }
        let (before, after) = self.url.path().split_once(ENCODED_PLACE)?;
        let path = url.path().strip_prefix(before)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let after = after.strip_suffix('/').unwrap_or(after);
        Slug::parse(path.strip_suffix(after)?).ok()
    }
}

impl TryFrom<&String> for ArticleUrl {
    type Error = ArticleUrlFault;

    fn try_from(text: &String) -> Result<Self, ArticleUrlFault> {
        Self::parse(text)
    }
}

/// No address can have a brace in its host: one that has the place there is told so, and not that it is no address.
fn fault_of_broken(text: &str) -> ArticleUrlFault {
    match Url::parse(&text.replace(SLUG_PLACE, "slug")) {
        Ok(_) => ArticleUrlFault::PlaceOutsidePath,
        Err(_) => ArticleUrlFault::NotAWebAddress,
    }
}

fn is_absolute_or_rooted(address: &str) -> bool {
    let has_scheme = |scheme: &str| {
        let start = address.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    address.starts_with('/') || has_scheme("http://") || has_scheme("https://")
}

read_from_text!(ArticleUrl);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_address_of_an_article_has_one_place_in_its_path() {
        for (text, expected) in [
            ("https://example.org/stories/{slug}", "https://example.org/stories/a-b"),
            (" https://Example.org/{slug}/ ", "https://example.org/a-b/"),
            (
                "http://localhost:8000/é/{slug}.html?from=galley#top",
                "http://localhost:8000/%C3%A9/a-b.html?from=galley#top",
            ),
        ] {
            let url = ArticleUrl::parse(text).unwrap();
            let slug = Slug::parse("a-b").unwrap();
            assert_eq!(url.address_of(&slug), expected);
            assert_eq!(url.slug_in(expected), Some(slug));
            assert_eq!(ArticleUrl::parse(url.as_str()), Ok(url.clone()), "{text}");
        }
        for (text, fault) in [
            ("", ArticleUrlFault::NotOnePlace),
            ("https://example.org/", ArticleUrlFault::NotOnePlace),
            ("https://example.org/{slug}/{slug}", ArticleUrlFault::NotOnePlace),
            ("https://example.org/%7Bslug%7D", ArticleUrlFault::NotOnePlace),
            (
                "https://example.org/%7Bslug%7D/{slug}",
                ArticleUrlFault::PlaceOutsidePath,
            ),
            ("https://{slug}.example.org/", ArticleUrlFault::PlaceOutsidePath),
            ("https://example.org/?story={slug}", ArticleUrlFault::PlaceOutsidePath),
            ("https://example.org/#{slug}", ArticleUrlFault::PlaceOutsidePath),
            ("https://example.org/{slug}/../all", ArticleUrlFault::PlaceOutsidePath),
            ("https://example.org/{year}/{slug}", ArticleUrlFault::OtherPlace),
            ("/stories/{slug}", ArticleUrlFault::NotAWebAddress),
            ("//example.org/{slug}", ArticleUrlFault::NotAWebAddress),
            ("ftp://example.org/{slug}", ArticleUrlFault::NotAWebAddress),
            ("javascript:{slug}", ArticleUrlFault::NotAWebAddress),
            ("https://{slug}@example.org/", ArticleUrlFault::NotAWebAddress),
            (
                &format!("https://example.org/{{slug}}{}", "x".repeat(2_000)),
                ArticleUrlFault::TooLong,
            ),
        ] {
            assert_eq!(ArticleUrl::parse(text), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_an_address_panic(text in "(https://|example.org|\\{slug\\}|/|\\?|#|%7B|@|\\PC){0,8}", address in "\\PC{0,20}") {
            if let Ok(url) = ArticleUrl::parse(&text) {
                let slug = Slug::parse("one-two").unwrap();
                prop_assert_eq!(url.slug_in(&url.address_of(&slug)), Some(slug));
                let _ = url.slug_in(&address);
            }
        }
    }
}
