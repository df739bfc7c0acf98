//! What stands for a client that sends no credentials: all that can be told of it is the network that it calls from.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::Sha256;
use uuid::{Builder, Uuid};

use crate::http::client_address::client_address;

/// Bytes of an IPv6 address that name a network: one household or machine has the other half to itself (RFC 6177).
const NETWORK_BYTES: usize = 8;

/// Makes the keys of clients. They are made with a secret, so that no address can be read out of a stored one.
#[derive(Clone)]
pub struct ClientKeys {
    secret: SecretSlice<u8>,
}

impl ClientKeys {
    /// Makes keys with this secret, which all instances on one database share.
    #[must_use]
    pub fn new(secret: Vec<u8>) -> Self {
        Self { secret: secret.into() }
    }

    /// The key of the client that a request comes from: the same for one IPv4 address, and for one IPv6 network of 64
    /// bits. It is a version 8 UUID (RFC 9562, section 5.8), so it is never the id of an account.
    ///
    /// Clients behind one proxy have one key, unless `GALLEY_TRUSTED_PROXIES` names it.
    #[must_use]
    pub fn of(&self, request: &HttpRequest) -> Uuid {
        let network = client_address(request).map_or_else(Vec::new, network);
        self.key(&network)
    }

    /// The key of the sender of a request that no guard has let in: of what it shows to be known by, where it shows something,
    /// so that whoever has only the same network is somebody else; or else of the client.
    #[must_use]
    pub fn of_sender(&self, request: &HttpRequest) -> Uuid {
        match request.headers().get(header::AUTHORIZATION) {
            Some(shown) => self.named("credential", &[shown.as_bytes()]),
            None => self.of(request),
        }
    }

    /// The key of something that is named by parts, for one purpose: not the key of the same parts for another.
    #[must_use]
    pub fn named(&self, purpose: &str, parts: &[&[u8]]) -> Uuid {
        let mut text = purpose.as_bytes().to_vec();
        for part in parts {
            // With its length before it, no part can run into the next.
            text.push(0);
            text.extend(part.len().to_be_bytes());
            text.extend_from_slice(part);
        }
        self.key(&text)
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    fn key(&self, network: &[u8]) -> Uuid {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.expose_secret()).expect("HMAC takes keys of every length");
        mac.update(network);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, digit)| *byte = digit);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().into_iter().take(NETWORK_BYTES).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str) -> Uuid {
        ClientKeys::new(b"secret".to_vec()).key(&network(address.parse().unwrap()))
    }

    #[test]
    fn one_address_of_the_old_kind_is_one_client() {
        assert_eq!(key("192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(
            key("192.0.2.1"),
            key("::ffff:192.0.2.1"),
            "as a socket for both kinds shows it"
        );
    }

    #[test]
    fn one_network_of_the_new_kind_is_one_client() {
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    }

    #[test]
    fn names_do_not_run_into_each_other() {
        let keys = ClientKeys::new(b"secret".to_vec());
        assert_eq!(keys.named("a", &[b"b", b"c"]), keys.named("a", &[b"b", b"c"]));
        assert_ne!(keys.named("a", &[b"b", b"c"]), keys.named("a", &[b"bc", b""]));
        assert_ne!(keys.named("a", &[b"b"]), keys.named("b", &[b"b"]));
    }

    #[test]
    fn a_key_is_no_id_and_tells_no_address() {
        let mine = key("192.0.2.1");
        assert_eq!(mine.get_version_num(), 8);
        let elsewhere = ClientKeys::new(b"another secret".to_vec()).key(&network("192.0.2.1".parse().unwrap()));
        assert_ne!(mine, elsewhere);
    }
}
