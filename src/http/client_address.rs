//! From where a request comes: the machine that connects, or the one that a proxy of ours speaks for.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::state::AppState;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word counts. None when nothing is set: then the header is anybody's, and is not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A part of the list that is neither an address nor a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyFault(String);

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is neither an address nor a network, such as 192.0.2.1 or 10.0.0.0/8; divide them by commas",
            self.0
        )
    }
}

impl TrustedProxies {
    /// Takes addresses and networks (CIDR notation, RFC 4632) divided by commas.
    ///
    /// # Errors
    /// [`ProxyFault`] for the first part that is neither.
    pub fn parse(text: &str) -> Result<Self, ProxyFault> {
        let network = |part: &str| {
            let part = part.trim();
            let network = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_neither| ProxyFault(part.to_owned()))
        };
        text.split(',').map(network).collect::<Result<_, _>>().map(Self)
    }

    /// The client behind a machine that connects. Each proxy adds the one that it was asked by at the end of
    /// `X-Forwarded-For`, so the list is read from there for as long as it is proxies of ours that say it: what a client
    /// wrote itself stands before that, and is never reached. What is no address ends the reading.
    #[must_use]
    pub fn client_of(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            if !self.has(client) {
                break;
            }
            match address(hop.trim()) {
                Some(address) => client = address,
                None => break,
            }
        }
        client
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address as proxies write it, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

/// The address that a request comes from.
#[must_use]
pub fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let proxies = &AppState::of(request).settings.trusted_proxies;
    request
        .peer_addr()
        .map(|peer| proxies.client_of(peer.ip(), request.headers()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(proxies: &TrustedProxies, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        proxies.client_of(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_proxies_of_ours_are_believed() {
        let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::1").unwrap();
        for (peer, lines, expected) in [
            ("192.0.2.1", vec!["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", vec!["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                vec!["203.0.113.9", "198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", vec!["198.51.100.7:4711"], "198.51.100.7"),
            ("2001:db8::1", vec!["[2001:db8:1::7]:4711"], "2001:db8:1::7"),
            ("2001:db8::1", vec!["[2001:db8:1::7]"], "2001:db8:1::7"),
            ("10.0.0.1", vec!["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ] {
            assert_eq!(client(&proxies, peer, &lines), expected, "{peer} {lines:?}");
        }
        let nobody = TrustedProxies::default();
        assert_eq!(client(&nobody, "10.0.0.1", &["198.51.100.7"]), "10.0.0.1");
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "10.0.0.0/33", "proxy.example", "10.0.0.1,,10.0.0.2"] {
            assert!(TrustedProxies::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_client_cannot_choose_its_address(written in "[0-9a-f:., \\[\\]]{0,40}") {
            let proxies = TrustedProxies::parse("10.0.0.1").unwrap();
            let line = format!("{written}, 198.51.100.7");
            prop_assert_eq!(client(&proxies, "10.0.0.1", &[&line]), "198.51.100.7");
        }
    }
}
