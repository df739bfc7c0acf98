//! Which of several forms of a thing a client gets (RFC 9110, section 12.5.1).

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};

use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;

/// What a client takes: its `Accept` header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    ranges: Vec<MediaRange>,
}

/// A media range with its weight in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MediaRange {
    main: String,
    sub: String,
    weight: u16,
}

impl FromRequest for Accepted {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Ok(Self::from_headers(request.headers())))
    }
}

impl Accepted {
    fn from_headers(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
        Self {
            ranges: values
                .flat_map(|value| value.split(','))
                .filter_map(MediaRange::parse)
                .collect(),
        }
    }

    /// The media type that the client likes best; of those it likes the same, the first. Without the header it is the
    /// first of all.
    ///
    /// # Errors
    /// `not-acceptable` when it takes none of them.
    pub fn best<'offer>(&self, offered: &[&'offer str]) -> Result<&'offer str, Problem> {
        let mut best: Option<(u16, &'offer str)> = None;
        for offer in offered {
            let weight = self.weight(offer);
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, offer));
            }
        }
        best.map(|(_, offer)| offer).ok_or_else(|| not_acceptable(offered))
    }

    /// The weight that the most specific range gives a media type.
    fn weight(&self, offer: &str) -> u16 {
        if self.ranges.is_empty() {
            return MediaRange::FULL;
        }
        let fitting = self
            .ranges
            .iter()
            .filter_map(|range| Some((range.precision(offer)?, range)));
        fitting
            .max_by_key(|(precision, _)| *precision)
            .map_or(0, |(_, range)| range.weight)
    }
}

impl MediaRange {
    const FULL: u16 = 1_000;

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, sub) = parts.next()?.split_once('/')?;
        let weight = parts.find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("q").then(|| thousandths(value.trim()))
        });
        Some(Self {
            main: main.trim().to_ascii_lowercase(),
            sub: sub.trim().to_ascii_lowercase(),
            weight: weight.unwrap_or(Self::FULL),
        })
    }

    /// How closely the range fits a media type, if it does.
    fn precision(&self, offer: &str) -> Option<u8> {
        let (main, sub) = offer.split_once('/')?;
        match (self.main.as_str(), self.sub.as_str()) {
            ("*", "*") => Some(0),
            (own, "*") if own == main => Some(1),
            (own, own_sub) if own == main && own_sub == sub => Some(2),
            _ => None,
        }
    }
}

/// A weight from `0` to `1.000`. One that is none counts as nothing said.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{fraction:0<3}");
    match (whole, digits.len(), digits.parse::<u16>()) {
        ("0", 3, Ok(weight)) => weight,
        _ => MediaRange::FULL,
    }
}

fn not_acceptable(offered: &[&str]) -> Problem {
    let detail = format!(
        "This is given as {}; name one of them in the Accept header.",
        offered.join(" or as ")
    );
    Problem::new(&problem_codes::NOT_ACCEPTABLE, detail.clone())
        .with_fault(ProblemFault::header("Accept", "unsupported", detail))
        .with_header(header::VARY, "Accept")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const OFFERED: [&str; 2] = ["text/markdown", "text/plain"];

    fn accepted(values: &[&str]) -> Accepted {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static("accept"), HeaderValue::from_str(value).unwrap());
        }
        Accepted::from_headers(&headers)
    }

    fn best(values: &[&str]) -> Option<&'static str> {
        accepted(values).best(&OFFERED).ok()
    }

    #[test]
    fn the_best_of_what_is_offered_is_given() {
        for (values, expected) in [
            (&[][..], Some("text/markdown")),
            (&["*/*"], Some("text/markdown")),
            (&["text/*"], Some("text/markdown")),
            (&["text/plain"], Some("text/plain")),
            (&["TEXT/Plain;charset=utf-8"], Some("text/plain")),
            (&["text/markdown;q=0.5, text/plain"], Some("text/plain")),
            (&["text/markdown;q=0.5", "text/plain;q=0.4"], Some("text/markdown")),
            (&["text/markdown;q=0, */*"], Some("text/plain")),
            (&["*/*;q=0.1, text/plain;q=0.2"], Some("text/plain")),
            (
                &["text/html, application/xhtml+xml;q=0.9, */*;q=0.8"],
                Some("text/markdown"),
            ),
            (&["text/html"], None),
            (&["application/json"], None),
            (&["text/markdown;q=0, text/plain;q=0.000"], None),
        ] {
            assert_eq!(best(values), expected, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_choice_panic(value in "[ -~]{0,60}") {
            let _ = best(&[&value]);
        }
    }
}
