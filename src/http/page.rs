//! Lists in pages: limits, opaque cursors and the links between pages.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, Value, ValuePointerRef};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::field::Refusal;
use crate::http::conditional::Caching;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;

const VERSION: u8 = 1;
const DIGEST_LENGTH: usize = 8;

/// How many items a page of most lists may have.
pub type ListLimit = PageLimit<100, 25>;

/// How many items a page may have: 1 to `MOST`, and `DEFAULT` when the request does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit<const MOST: u32, const DEFAULT: u32>(u32);

/// A limit that is no number, or out of bounds.
#[derive(Debug)]
pub struct PageLimitFault {
    found: String,
    most: u32,
}

impl<const MOST: u32, const DEFAULT: u32> PageLimit<MOST, DEFAULT> {
    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<const MOST: u32, const DEFAULT: u32> Default for PageLimit<MOST, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<const MOST: u32, const DEFAULT: u32, E> Deserr<E> for PageLimit<MOST, DEFAULT>
where
    E: DeserializeError + MergeWithError<PageLimitFault>,
{
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let found = String::deserialize_from_value(value, location)?;
        match found.parse() {
            Ok(limit) if (1..=MOST).contains(&limit) => Ok(Self(limit)),
            _ => Err(deserr::take_cf_content(E::merge(
                None,
                PageLimitFault { found, most: MOST },
                location,
            ))),
        }
    }
}

impl std::fmt::Display for PageLimitFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} is not a number from 1 to {}", self.found, self.most)
    }
}

impl Refusal for PageLimitFault {
    fn code(&self) -> &'static str {
        match !self.found.is_empty() && self.found.bytes().all(|byte| byte.is_ascii_digit()) && !self.is_zero() {
            true => "limit-too-large",
            false => "invalid",
        }
    }
}

impl PageLimitFault {
    fn is_zero(&self) -> bool {
        self.found.bytes().all(|byte| byte == b'0')
    }
}

/// Whether a list runs from the smallest key to the largest or the other way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, serde::Serialize, serde::Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// The smallest key first.
    #[deserr(rename = "asc")]
    #[serde(rename = "asc")]
    Ascending,
    /// The largest key first.
    #[deserr(rename = "desc")]
    #[serde(rename = "desc")]
    Descending,
}

impl SortOrder {
    fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// A place in a list: the sort key of an item, and its id where keys can be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The sort key.
    pub key: PositionKey,
    /// The id, always the last key.
    pub id: Uuid,
}

/// The sort key of a place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PositionKey {
    /// Microseconds since the Unix epoch.
    Time(i64),
    /// A text compared by its bytes.
    Text(String),
}

/// The part of a list that a store shall load.
#[derive(Debug, Clone)]
pub struct Slice {
    /// The direction to read in, which is against the order of the list on the way back.
    pub order: SortOrder,
    /// Read only what lies behind this place in the direction of reading.
    pub after: Option<Position>,
    /// How many rows to read: one more than the page has, to learn whether another page follows.
    pub rows: i64,
}

/// A request for one page of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    list: ListIdentity,
    limit: u32,
    start: Option<(Travel, Position)>,
}

/// What a cursor belongs to: it is refused by any other list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListIdentity {
    /// The name of the list and of its sort key, such as `articles by published_at`.
    pub name: &'static str,
    /// The direction of the list.
    pub order: SortOrder,
    /// The filter, written in one way only.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Travel {
    Forward,
    Backward,
}

/// The rows of one page in the order of the list, with the cursors to its neighbours.
#[derive(Debug)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Where the page stands, for the answer.
    pub info: PageInfo,
}

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageInfo {
    /// The most items this page may have.
    #[schema(example = 25, minimum = 1)]
    pub limit: u32,
    /// The cursor of the next page; left out on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next: Option<String>,
    /// The cursor of the page before; left out on the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub prev: Option<String>,
}

/// Makes and reads cursors: opaque, signed, valid for ever, and bound to one list.
#[derive(Clone)]
pub struct Cursors {
    key: SecretSlice<u8>,
}

impl Cursors {
    /// Signs with this key, which all instances on one database share.
    #[must_use]
    pub fn new(key: Vec<u8>) -> Self {
        Self { key: key.into() }
    }

    /// What page a request asks for.
    ///
    /// # Errors
    /// `cursor-invalid` or `cursor-mismatch`.
    pub fn request(&self, list: ListIdentity, limit: u32, cursor: Option<&str>) -> Result<PageRequest, Problem> {
        let start = cursor.map(|text| self.open(&list, text)).transpose()?;
        Ok(PageRequest { list, limit, start })
    }

    /// Puts the rows that a store loaded for [`PageRequest::slice`] into the order of the list.
    #[must_use]
    pub fn page<R>(&self, request: &PageRequest, mut rows: Vec<R>, position: impl Fn(&R) -> Position) -> Page<R> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let more_ahead = rows.len() > limit;
        rows.truncate(limit);
        let travel = request.travel();
        if travel == Travel::Backward {
            rows.reverse();
        }
        let (has_prev, has_next) = match travel {
            Travel::Forward => (request.start.is_some(), more_ahead),
            Travel::Backward => (more_ahead, true),
        };
        let seal = |travel, row: Option<&R>| row.map(|row| self.seal(&request.list, travel, &position(row)));
        let info = PageInfo {
            limit: request.limit,
            next: has_next.then(|| seal(Travel::Forward, rows.last())).flatten(),
            prev: has_prev.then(|| seal(Travel::Backward, rows.first())).flatten(),
        };
        Page { rows, info }
    }

    /// The cursor for reading on after a place of a list.
    #[must_use]
    pub fn after(&self, list: &ListIdentity, position: &Position) -> String {
        self.seal(list, Travel::Forward, position)
    }

    fn seal(&self, list: &ListIdentity, travel: Travel, position: &Position) -> String {
        let mut bytes = vec![VERSION, travel.byte()];
        bytes.extend(list.digest());
        bytes.extend(position.id.as_bytes());
        match &position.key {
            PositionKey::Time(micros) => {
                bytes.push(b't');
                bytes.extend(micros.to_be_bytes());
            }
            PositionKey::Text(text) => {
                bytes.push(b's');
                bytes.extend(text.as_bytes());
            }
        }
        let signature = self.signature(&bytes);
        bytes.extend(signature);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, list: &ListIdentity, text: &str) -> Result<(Travel, Position), Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_base64| invalid())?;
        let (content, signature) = bytes
            .len()
            .checked_sub(DIGEST_LENGTH)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or_else(invalid)?;
        self.verify(content, signature)?;
        let (travel, digest, position) = parse(content).ok_or_else(invalid)?;
        match digest == list.digest() {
            true => Ok((travel, position)),
            false => Err(refused(
                &problem_codes::CURSOR_MISMATCH,
                "The cursor was made for another list, filter or order. Leave it out to start again.",
            )),
        }
    }

    fn signature(&self, content: &[u8]) -> [u8; DIGEST_LENGTH] {
        shortened(&self.mac(content).finalize().into_bytes())
    }

    fn verify(&self, content: &[u8], signature: &[u8]) -> Result<(), Problem> {
        self.mac(content)
            .verify_truncated_left(signature)
            .map_err(|_forged| invalid())
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    fn mac(&self, content: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.expose_secret()).expect("HMAC takes keys of every length");
        mac.update(content);
        mac
    }
}

impl PageRequest {
    /// What the store shall load.
    #[must_use]
    pub fn slice(&self) -> Slice {
        let order = match self.travel() {
            Travel::Forward => self.list.order,
            Travel::Backward => self.list.order.reversed(),
        };
        Slice {
            order,
            after: self.start.as_ref().map(|(_, position)| position.clone()),
            rows: i64::from(self.limit).saturating_add(1),
        }
    }

    /// Ends the page after so many rows, if its limit allows more.
    pub fn end_after(&mut self, rows: usize) {
        self.limit = u32::try_from(rows).map_or(self.limit, |rows| self.limit.min(rows));
    }

    fn travel(&self) -> Travel {
        self.start.as_ref().map_or(Travel::Forward, |(travel, _)| *travel)
    }
}

impl ListIdentity {
    fn digest(&self) -> [u8; DIGEST_LENGTH] {
        let order = match self.order {
            SortOrder::Ascending => "asc",
            SortOrder::Descending => "desc",
        };
        shortened(&Sha256::digest(format!("{}\n{order}\n{}", self.name, self.filter)))
    }
}

impl Travel {
    fn byte(self) -> u8 {
        match self {
            Self::Forward => b'f',
            Self::Backward => b'b',
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Forward, Self::Backward]
            .into_iter()
            .find(|travel| travel.byte() == byte)
    }
}

fn parse(content: &[u8]) -> Option<(Travel, [u8; DIGEST_LENGTH], Position)> {
    let ([version, travel], rest) = content.split_first_chunk()?;
    let (digest, rest) = rest.split_first_chunk()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (kind, key) = rest.split_first()?;
    let key = match kind {
        b't' => PositionKey::Time(i64::from_be_bytes(key.try_into().ok()?)),
        b's' => PositionKey::Text(std::str::from_utf8(key).ok()?.to_owned()),
        _ => return None,
    };
    let position = Position {
        key,
        id: Uuid::from_bytes(*id),
    };
    (*version == VERSION).then_some((Travel::from_byte(*travel)?, *digest, position))
}

fn shortened(digest: &[u8]) -> [u8; DIGEST_LENGTH] {
    digest.first_chunk().copied().unwrap_or_default()
}

fn invalid() -> Problem {
    refused(
        &problem_codes::CURSOR_INVALID,
        "The cursor cannot be read. Take it whole from page.next or page.prev of an earlier answer.",
    )
}

fn refused(kind: &'static crate::http::problem_codes::ProblemCode, detail: &str) -> Problem {
    Problem::new(kind, detail).with_fault(ProblemFault::parameter("cursor", kind.code, detail))
}

/// Answers with a list: the envelope as JSON, and the neighbours also as `Link` headers (RFC 8288) for people with curl.
#[must_use]
pub fn list_response(
    request: &HttpRequest,
    public_url: &str,
    caching: Caching,
    info: &PageInfo,
    envelope: &impl Serialize,
) -> HttpResponse {
    let mut links = vec![link(request, public_url, None, "first")];
    links.extend(
        info.next
            .as_deref()
            .map(|cursor| link(request, public_url, Some(cursor), "next")),
    );
    links.extend(
        info.prev
            .as_deref()
            .map(|cursor| link(request, public_url, Some(cursor), "prev")),
    );
    HttpResponse::Ok()
        .insert_header((header::LINK, links.join(", ")))
        .insert_header((header::CACHE_CONTROL, caching.header_value()))
        .json(envelope)
}

fn link(request: &HttpRequest, public_url: &str, cursor: Option<&str>, relation: &str) -> String {
    let others = url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "cursor");
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others);
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("<{public_url}{}{mark}{query}>; rel=\"{relation}\"", request.path())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn numbers(order: SortOrder) -> ListIdentity {
        ListIdentity {
            name: "numbers",
            order,
            filter: String::new(),
        }
    }

    /// What a store does: the rows behind a place, in the direction of reading.
    fn load(all: &[i64], slice: &Slice) -> Vec<i64> {
        let is_behind = |number: &i64| match (&slice.after, slice.order) {
            (None, _) => true,
            (
                Some(Position {
                    key: PositionKey::Time(place),
                    ..
                }),
                SortOrder::Ascending,
            ) => number > place,
            (
                Some(Position {
                    key: PositionKey::Time(place),
                    ..
                }),
                SortOrder::Descending,
            ) => number < place,
            (Some(_), _) => unreachable!("the keys of this list are numbers"),
        };
        let mut rows: Vec<i64> = all.iter().copied().filter(is_behind).collect();
        rows.sort_unstable();
        if slice.order == SortOrder::Descending {
            rows.reverse();
        }
        rows.truncate(usize::try_from(slice.rows).unwrap());
        rows
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a page asks for the place of a row by reference"
    )]
    fn at(number: &i64) -> Position {
        Position {
            key: PositionKey::Time(*number),
            id: Uuid::nil(),
        }
    }

    proptest! {
        #[test]
        fn walking_there_and_back_gives_every_row_once(
            all in proptest::collection::btree_set(any::<i64>(), 0..40),
            limit in 1_u32..7,
            descending in any::<bool>(),
        ) {
            let order = if descending { SortOrder::Descending } else { SortOrder::Ascending };
            let mut all: Vec<i64> = all.into_iter().collect();
            let cursors = Cursors::new(vec![7; 32]);
            let read = |cursor: Option<&str>| {
                let request = cursors.request(numbers(order), limit, cursor).unwrap();
                cursors.page(&request, load(&all, &request.slice()), at)
            };
            let mut pages = vec![read(None)];
            while let Some(next) = pages.last().and_then(|page| page.info.next.clone()) {
                pages.push(read(Some(&next)));
            }
            let mut back = pages.last().map(|page| page.rows.clone()).unwrap_or_default();
            let mut prev = pages.last().and_then(|page| page.info.prev.clone());
            while let Some(cursor) = prev {
                let page = read(Some(&cursor));
                back = [page.rows, back].concat();
                prev = page.info.prev;
            }
            let forth: Vec<i64> = pages.into_iter().flat_map(|page| page.rows).collect();
            if descending {
                all.reverse();
            }
            prop_assert_eq!(&forth, &all);
            prop_assert_eq!(&back, &all);
        }

        #[test]
        fn no_cursor_text_makes_the_reader_panic(text in "[A-Za-z0-9_-]{0,120}|\\PC{0,40}") {
            let problem = Cursors::new(vec![7; 32]).request(numbers(SortOrder::Ascending), 5, Some(&text)).unwrap_err();
            prop_assert_eq!(problem.kind().code, "cursor-invalid");
        }
    }

    #[test]
    fn a_cursor_belongs_to_its_list() {
        let cursors = Cursors::new(vec![7; 32]);
        let cursor = cursors.after(&numbers(SortOrder::Ascending), &at(&4));
        assert!(cursors.request(numbers(SortOrder::Ascending), 5, Some(&cursor)).is_ok());
        let other = cursors
            .request(numbers(SortOrder::Descending), 5, Some(&cursor))
            .unwrap_err();
        assert_eq!(other.kind().code, "cursor-mismatch");
        let foreign = Cursors::new(vec![8; 32])
            .request(numbers(SortOrder::Ascending), 5, Some(&cursor))
            .unwrap_err();
        assert_eq!(foreign.kind().code, "cursor-invalid");
    }
}
