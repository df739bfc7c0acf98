//! Conditional requests (RFC 9110, section 13): entity tags, `If-None-Match` and `If-Match`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::conflict::{SlugConflict, StaleRevision};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;

/// The strong entity tag of one representation: `"r17.3f9a01c2"`. The first part is the revision of the resource, which
/// writes are compared by; the second is a digest of the bytes, which also change when something embedded changes (the
/// name of an author, the number of comments). A third part, as in `"r17.3f9a01c2.9b1d"`, is a mark of the resource: where
/// there is one, a write with the tag of another resource is refused, although that is at the same revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityTag {
    revision: i32,
    digest: String,
}

/// What a representation shows: a revision of a resource, which may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    revision: i32,
    resource: Option<Uuid>,
}

impl From<i32> for Version {
    fn from(revision: i32) -> Self {
        Self {
            revision,
            resource: None,
        }
    }
}

impl From<(Uuid, i32)> for Version {
    fn from((resource, revision): (Uuid, i32)) -> Self {
        Self {
            revision,
            resource: Some(resource),
        }
    }
}

impl EntityTag {
    /// The tag of `bytes`, which represent a version.
    #[must_use]
    pub fn of(version: impl Into<Version>, bytes: &[u8]) -> Self {
        let Version { revision, resource } = version.into();
        let start = Sha256::digest(bytes).first_chunk().copied().unwrap_or_default();
        let digest = format!("{:08x}", u32::from_be_bytes(start));
        let digest = match resource {
            None => digest,
            Some(id) => format!("{digest}.{}", mark_of(id)),
        };
        Self { revision, digest }
    }

    /// The header value, in quotes.
    #[must_use]
    pub fn header_value(&self) -> String {
        format!("\"r{}.{}\"", self.revision, self.digest)
    }
}

/// The weak entity tag of a list, or of something else that is made of many things: `W/"s81234.9c1e77a0"`. The first part
/// counts the changes of what it is made of, so that an unchanged list is known without being made; the second is a digest
/// of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListTag {
    sequence: i64,
    digest: String,
}

impl ListTag {
    /// The tag of the answer to a question (a query string, or whatever tells two answers apart), after so many changes.
    #[must_use]
    pub fn of(sequence: i64, question: &[u8]) -> Self {
        // Another version of the program may answer the same question in another form.
        let digest = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"))
            .chain_update(question)
            .finalize();
        let start = digest.first_chunk().copied().unwrap_or_default();
        Self {
            sequence,
            digest: format!("{:08x}", u32::from_be_bytes(start)),
        }
    }

    /// The header value.
    #[must_use]
    pub fn header_value(&self) -> String {
        format!("W/\"s{}.{}\"", self.sequence, self.digest)
    }

    /// Puts the tag on an answer.
    ///
    /// # Errors
    /// `internal-error` when it cannot stand in a header, which is a defect.
    pub fn on(&self, mut response: HttpResponse) -> Result<HttpResponse, Problem> {
        let value =
            HeaderValue::from_str(&self.header_value()).map_err(|error| Problem::internal(error.to_string()))?;
        response.headers_mut().insert(header::ETAG, value);
        Ok(response)
    }

    /// 304: the client has the answer already.
    #[must_use]
    pub fn not_modified(&self, caching: Caching) -> HttpResponse {
        HttpResponse::NotModified()
            .insert_header((header::ETAG, self.header_value()))
            .insert_header((header::CACHE_CONTROL, caching.header_value()))
            .finish()
    }
}

/// The tag by which a revision can be named in `If-Match`: `"r17"`.
#[must_use]
pub fn revision_tag(revision: i32) -> String {
    format!("\"r{revision}\"")
}

/// The condition of a write that may go without one.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it only describes the header in the OpenAPI document; Conditions reads it"
)]
pub struct IfMatchHeader {
    /// The entity tag that was read, or an asterisk for whatever is there.
    #[param(rename = "If-Match", value_type = String, required = false, nullable = false, example = "\"r3\"")]
    if_match: Option<String>,
}

/// The condition of a read, or of a write that may only create (an asterisk).
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it only describes the header in the OpenAPI document; Conditions reads it"
)]
pub struct IfNoneMatchHeader {
    /// The entity tag that the client has.
    #[param(rename = "If-None-Match", value_type = String, required = false, nullable = false, example = "\"r3.3f9a01c2\"")]
    if_none_match: Option<String>,
}

/// The problem of a write that does not say which revision it replaces; its detail shows the header to send.
#[must_use]
pub fn precondition_required(current_revision: i32) -> Problem {
    let tag = revision_tag(current_revision);
    let detail = format!("Say which revision you change. To change the current one, send the header If-Match: {tag}");
    Problem::new(&problem_codes::PRECONDITION_REQUIRED, detail.clone())
        .with_fault(ProblemFault::header("If-Match", "required", detail))
        .with_members(|details| details.current_etag = Some(tag))
}

/// The conditions that a request sets.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_match: Option<TagList>,
    if_none_match: Option<TagList>,
    /// The revision that the body names, which counts when there is no `If-Match`.
    named_in_body: Option<u64>,
    /// The resource that the request is about: the tags of others name no revision of it.
    resource: Option<Uuid>,
}

/// Who may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Everybody, and shared caches for a minute: what all readers see.
    Public,
    /// Nobody: what only the caller may see.
    Private,
}

impl Caching {
    /// The `Cache-Control` header (RFC 9111, RFC 5861).
    #[must_use]
    pub fn header_value(self) -> &'static str {
        match self {
            Self::Public => "public, max-age=0, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400",
            Self::Private => "private, no-store",
        }
    }
}

/// Answers with one resource, its entity tag, and 304 in place of the body when the client has it.
///
/// # Errors
/// `internal-error` when the view cannot be written as JSON, which is a defect.
pub fn resource_response(
    conditions: &Conditions,
    version: impl Into<Version>,
    caching: Caching,
    view: &impl Serialize,
) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(view)?;
    Ok(representation_response(
        conditions,
        version,
        caching,
        "application/json",
        bytes,
    ))
}

/// Answers with one representation of a resource as it is to be sent, its entity tag, and 304 in place of the body when
/// the client has it.
#[must_use]
pub fn representation_response(
    conditions: &Conditions,
    version: impl Into<Version>,
    caching: Caching,
    media_type: &str,
    bytes: Vec<u8>,
) -> HttpResponse {
    let tag = EntityTag::of(version, &bytes);
    let is_held = conditions.is_held_by_client(&tag);
    let mut response = if is_held {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response.insert_header((header::ETAG, tag.header_value()));
    response.insert_header((header::CACHE_CONTROL, caching.header_value()));
    if is_held {
        return response.finish();
    }
    response.content_type(media_type).body(bytes)
}

/// Answers with what a write made: 201 with its place for something new, 200 for something changed. The tag is the one of
/// the resource that was written, which the body may show together with other things.
#[must_use]
pub fn written_response(outcome: &Written, tag: &EntityTag, bytes: Vec<u8>) -> HttpResponse {
    let mut response = match outcome {
        Written::Created { location } => {
            let mut response = HttpResponse::Created();
            response.insert_header((header::LOCATION, location.as_str()));
            response
        }
        Written::Changed => HttpResponse::Ok(),
    };
    response.insert_header((header::ETAG, tag.header_value()));
    response.insert_header((header::CACHE_CONTROL, Caching::Private.header_value()));
    response.content_type("application/json").body(bytes)
}

/// Answers with what a write made or changed, tagged as it is.
///
/// # Errors
/// `internal-error` when the view cannot be written as JSON, which is a defect.
pub fn written(outcome: &Written, revision: i32, view: &impl Serialize) -> Result<HttpResponse, Problem> {
    let bytes = json_bytes(view)?;
    Ok(written_response(outcome, &EntityTag::of(revision, &bytes), bytes))
}

/// A view as JSON.
///
/// # Errors
/// `internal-error` when it cannot be written, which is a defect.
pub fn json_bytes(view: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(view).map_err(|error| Problem::internal(error.to_string()))
}

/// What a write did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It made something that is found at this address.
    Created {
        /// The absolute URL.
        location: String,
    },
    /// It changed something.
    Changed,
}

/// Answers that what had the slug at the end of the path has another one now (RFC 9110, section 15.4.9), keeping the query.
#[must_use]
pub fn moved_response(request: &HttpRequest, public_url: &str, current: &str) -> HttpResponse {
    moved_part_response(request, public_url, current, "")
}

/// The same for what stands below the slug: `part` is the end of the path, such as `/document`.
#[must_use]
pub fn moved_part_response(request: &HttpRequest, public_url: &str, current: &str, part: &str) -> HttpResponse {
    let path = request.path();
    let path = path.strip_suffix(part).unwrap_or(path);
    let folder = path.rsplit_once('/').map_or("", |(folder, _former)| folder);
    let query = request
        .uri()
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, format!("{public_url}{folder}/{current}{part}{query}")))
        .insert_header((header::CACHE_CONTROL, Caching::Public.header_value()))
        .finish()
}

/// Which revisions a write may replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there (`If-Match: *`, or no header where none is needed).
    Any,
    /// One of these.
    OneOf(Vec<i32>),
}

/// The revision that a member of a body names: an entity tag with or without its quotes, or an asterisk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedText(pub Expected);

/// A text that names no revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedTextFault(String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum TagList {
    Any,
    Tags(Vec<String>),
}

impl FromRequest for Conditions {
    type Error = Problem;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let conditions = Self::from_headers(request.headers());
        let id = request
            .match_info()
            .get("id")
            .and_then(|text| Uuid::parse_str(text).ok());
        ready(conditions.map(|conditions| match id {
            Some(id) => conditions.about(id),
            None => conditions,
        }))
    }
}

impl Conditions {
    fn from_headers(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            if_match: tag_list(headers, &header::IF_MATCH, "If-Match")?,
            if_none_match: tag_list(headers, &header::IF_NONE_MATCH, "If-None-Match")?,
            named_in_body: None,
            resource: None,
        })
    }

    /// The same conditions of a request about a resource. Those of a request with its id in the path know it already.
    #[must_use]
    pub fn about(self, resource: Uuid) -> Self {
        Self {
            resource: Some(resource),
            ..self
        }
    }

    /// The same conditions; a revision that the body names counts like `If-Match` when there is no such header and the
    /// resource exists. Where it does not, there is nothing to lose.
    #[must_use]
    pub fn or_revision(self, revision: Option<u64>) -> Self {
        Self {
            named_in_body: revision,
            ..self
        }
    }

    /// Whether the client already has the representation with this tag, so that 304 is the answer.
    #[must_use]
    pub fn is_held_by_client(&self, current: &EntityTag) -> bool {
        self.holds_tag(&current.header_value())
    }

    /// The same for a tag of another kind, in its quotes.
    #[must_use]
    pub fn holds_tag(&self, current: &str) -> bool {
        match &self.if_none_match {
            None => false,
            Some(TagList::Any) => true,
            Some(TagList::Tags(tags)) => tags.iter().any(|tag| weakened(tag) == current),
        }
    }

    /// Whether the client names tags that it has, so that it is worth learning the current one first.
    #[must_use]
    pub fn names_held_tags(&self) -> bool {
        matches!(self.if_none_match, Some(TagList::Tags(_)))
    }

    /// Whether the client already has the list with this tag. Weak comparison (RFC 9110, section 8.8.3.2).
    #[must_use]
    pub fn is_list_held_by_client(&self, current: &ListTag) -> bool {
        let current = current.header_value();
        match &self.if_none_match {
            None => false,
            Some(TagList::Any) => true,
            Some(TagList::Tags(tags)) => tags.iter().any(|tag| weakened(tag) == weakened(&current)),
        }
    }

    /// Whether the request may only create (`If-None-Match: *`).
    #[must_use]
    pub fn is_create_only(&self) -> bool {
        self.if_none_match == Some(TagList::Any)
    }

    /// The revisions that the write may replace.
    ///
    /// # Errors
    /// `precondition-required` when there is no `If-Match`; its detail shows the header to send. `precondition-failed` when
    /// the current revision is none of them. The transaction checks again, since another write may come in between.
    pub fn required(&self, current: StaleRevision) -> Result<Expected, Problem> {
        let expected = self.optional();
        match self.if_match {
            None => Err(precondition_required(current.revision)),
            Some(_) if !expected.allows(current.revision) => Err(current.into()),
            Some(_) => Ok(expected),
        }
    }

    /// The revisions that the write may replace, where the store compares them: it can tell what became of the resource,
    /// and merge.
    ///
    /// # Errors
    /// `precondition-required` when there is no `If-Match`; its detail shows the header to send.
    pub fn named(&self, current_revision: i32) -> Result<Expected, Problem> {
        match self.if_match {
            None => Err(precondition_required(current_revision)),
            Some(_) => Ok(self.optional()),
        }
    }

    /// Whether the request says which revision it replaces.
    #[must_use]
    pub fn names_revision(&self) -> bool {
        self.if_match.is_some() || self.named_in_body.is_some()
    }

    /// Whether the header names a revision, so that there must be something.
    #[must_use]
    pub fn needs_existing(&self) -> bool {
        matches!(self.if_match, Some(TagList::Tags(_)))
    }

    /// The revisions that the write may replace, where the header may be left out.
    #[must_use]
    pub fn optional(&self) -> Expected {
        let named_in_body = self.named_in_body.and_then(|revision| i32::try_from(revision).ok());
        match &self.if_match {
            None => named_in_body.map_or(Expected::Any, |revision| Expected::OneOf(vec![revision])),
            Some(TagList::Any) => Expected::Any,
            // A tag that is none of ours names no revision, so it matches nothing.
            Some(TagList::Tags(tags)) => {
                let own = tags
                    .iter()
                    .filter(|tag| self.resource.is_none_or(|id| may_be_of(tag, id)));
                Expected::OneOf(own.filter_map(|tag| revision_of(tag)).collect())
            }
        }
    }
}

impl Expected {
    /// Whether this revision may be replaced.
    #[must_use]
    pub fn allows(&self, revision: i32) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(revisions) => revisions.contains(&revision),
        }
    }
}

impl TryFrom<&String> for ExpectedText {
    type Error = ExpectedTextFault;

    fn try_from(text: &String) -> Result<Self, ExpectedTextFault> {
        let quoted = match text.starts_with('r') {
            true => format!("\"{text}\""),
            false => text.clone(),
        };
        match (quoted.as_str(), revision_of(&quoted)) {
            ("*", _) => Ok(Self(Expected::Any)),
            (_, Some(revision)) => Ok(Self(Expected::OneOf(vec![revision]))),
            (_, None) => Err(ExpectedTextFault(text.clone())),
        }
    }
}

impl std::fmt::Display for ExpectedTextFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} names no revision; give the ETag that was read, such as r3, or *",
            self.0
        )
    }
}

impl crate::field::Refusal for ExpectedTextFault {
    fn code(&self) -> &'static str {
        "invalid-etag"
    }
}

crate::field::read_from_text!(ExpectedText);

impl From<StaleRevision> for Problem {
    fn from(stale: StaleRevision) -> Self {
        let StaleRevision {
            revision,
            changed_by,
            changed_at,
        } = stale;
        let detail = format!(
            "It is at revision {revision} now. Read it again, then send If-Match: {}",
            revision_tag(revision)
        );
        Self::new(&problem_codes::PRECONDITION_FAILED, detail).with_members(|details| {
            details.current_etag = Some(revision_tag(revision));
            details.current_revision = Some(revision);
            details.changed_by = changed_by;
            details.changed_at = Some(changed_at);
        })
    }
}

impl From<SlugConflict> for Problem {
    fn from(conflict: SlugConflict) -> Self {
        let SlugConflict {
            wanted,
            conflicting_id,
            suggestion,
        } = conflict;
        let detail = format!("The slug {wanted} is taken; {suggestion} is free.");
        Self::new(&problem_codes::SLUG_TAKEN, detail.clone())
            .with_fault(ProblemFault::member("/slug", "taken", detail))
            .with_members(|details| {
                details.conflicting_id = Some(conflicting_id);
                details.suggestion = Some(suggestion.into_string());
            })
    }
}

/// Reads a list of entity tags. The grammar is small and the crates that read it refuse a list with an unquoted tag whole,
/// where the shell user who forgot the quotes should be told so.
fn tag_list(headers: &HeaderMap, name: &HeaderName, shown: &'static str) -> Result<Option<TagList>, Problem> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().map_err(|_opaque| malformed(shown))?;
        if text.trim() == "*" {
            return Ok(Some(TagList::Any));
        }
        tags.extend(
            text.split(',')
                .map(|tag| tag.trim().to_owned())
                .filter(|tag| !tag.is_empty()),
        );
    }
    match (tags.is_empty(), tags.iter().all(|tag| is_entity_tag(tag))) {
        (true, _) => Ok(None),
        (false, true) => Ok(Some(TagList::Tags(tags))),
        (false, false) => Err(malformed(shown)),
    }
}

fn malformed(header: &str) -> Problem {
    let detail = "An entity tag stands in double quotes, such as \"r3\". With curl: -H 'If-Match: \"r3\"'.";
    Problem::new(&problem_codes::MALFORMED_REQUEST, detail).with_fault(ProblemFault::header(
        header,
        "malformed",
        detail,
    ))
}

fn is_entity_tag(text: &str) -> bool {
    let opaque = weakened(text).strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    opaque.is_some_and(|inner| !inner.contains('"'))
}

/// The tag without its weakness mark: a proxy that compresses makes strong tags weak, and a client behind it would never
/// get a write through if that counted.
fn weakened(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn revision_of(tag: &str) -> Option<i32> {
    let inner = weakened(tag).strip_prefix("\"r")?.strip_suffix('"')?;
    let (revision, _digest) = inner.split_once('.').unwrap_or((inner, ""));
    revision
        .parse()
        .ok()
        .filter(|_| revision.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The mark of a resource in its tags: the end of its id, which is random in a `UUIDv7`.
fn mark_of(id: Uuid) -> String {
    let [.., high, low] = id.into_bytes();
    format!("{high:02x}{low:02x}")
}

/// Whether a tag may be one of a resource: a tag without a mark says nothing about that. What a proxy puts after the mark,
/// such as `-gzip`, does not count.
fn may_be_of(tag: &str, id: Uuid) -> bool {
    let mut parts = weakened(tag).trim_matches('"').splitn(3, '.').skip(2);
    match parts.next().and_then(|mark| mark.get(..4)) {
        Some(mark) => mark == mark_of(id),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(name: HeaderName, value: &'static str) -> Result<Conditions, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        Conditions::from_headers(&headers)
    }

    fn at_revision(revision: i32) -> StaleRevision {
        StaleRevision {
            revision,
            changed_by: None,
            changed_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_write_is_compared_by_revision() {
        for value in ["\"r3\"", "W/\"r3\"", "\"r3.3f9a01c2\"", "\"r2\", \"r3\"", "*"] {
            let expected = conditions(header::IF_MATCH, value)
                .unwrap()
                .required(at_revision(3))
                .unwrap();
            assert!(expected.allows(3), "{value}");
        }
        for value in ["\"r2\"", "\"x3\"", "\"r+3\"", "\"\""] {
            let stale = conditions(header::IF_MATCH, value)
                .unwrap()
                .required(at_revision(3))
                .unwrap_err();
            assert_eq!(stale.kind().status, 412, "{value}");
        }
    }

    #[test]
    fn the_tag_of_another_resource_names_no_revision() {
        let (own, other) = (Uuid::from_u128(0x9b1d), Uuid::from_u128(0x9b1e));
        let tag = EntityTag::of((own, 3), b"{}").header_value();
        assert_eq!(tag, "\"r3.44136fa3.9b1d\"");
        for (value, is_allowed) in [
            ("\"r3.44136fa3.9b1d\"", true),
            ("W/\"r3.44136fa3.9b1d\"", true),
            ("\"r3.44136fa3.9b1d-gzip\"", true),
            ("\"r3.44136fa3\"", true),
            ("\"r3\"", true),
            ("\"r3.44136fa3.9b1e\"", false),
            ("W/\"r3.44136fa3.9b1e-gzip\"", false),
            ("\"r3.44136fa3.9b1e\", \"r3\"", true),
        ] {
            let conditions = conditions(header::IF_MATCH, value).unwrap();
            assert_eq!(
                conditions.clone().about(own).optional().allows(3),
                is_allowed,
                "{value}"
            );
            assert!(conditions.optional().allows(3), "{value}");
        }
        let of_other = conditions(header::IF_MATCH, "\"r3.44136fa3.9b1e\"").unwrap();
        assert!(of_other.about(other).optional().allows(3));
    }

    #[test]
    fn a_read_is_compared_by_bytes() {
        let tag = EntityTag::of(3, b"{}");
        assert_eq!(tag.header_value(), "\"r3.44136fa3\"");
        assert!(
            conditions(header::IF_NONE_MATCH, "W/\"r3.44136fa3\"")
                .unwrap()
                .is_held_by_client(&tag)
        );
        assert!(
            !conditions(header::IF_NONE_MATCH, "\"r3\"")
                .unwrap()
                .is_held_by_client(&tag)
        );
    }

    #[test]
    fn a_list_is_compared_by_its_changes_and_its_question() {
        let tag = ListTag::of(7, b"sort=top");
        let value = tag.header_value();
        assert!(value.starts_with("W/\"s7."), "{value}");
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(&value).unwrap());
        let held = Conditions::from_headers(&headers).unwrap();
        assert!(held.names_held_tags() && held.is_list_held_by_client(&tag));
        for other in [ListTag::of(8, b"sort=top"), ListTag::of(7, b"sort=new")] {
            assert!(!held.is_list_held_by_client(&other), "{other:?}");
        }
        let any = conditions(header::IF_NONE_MATCH, "*").unwrap();
        assert!(!any.names_held_tags() && any.is_list_held_by_client(&tag));
        assert!(!Conditions::default().is_list_held_by_client(&tag));
    }

    #[test]
    fn an_unquoted_tag_is_explained_and_a_missing_one_required() {
        assert_eq!(
            conditions(header::IF_MATCH, "r3").unwrap_err().kind().code,
            "malformed-request"
        );
        let problem = Conditions::default().required(at_revision(9)).unwrap_err();
        assert_eq!(problem.kind().status, 428);
        assert_eq!(problem.details().current_etag.as_deref(), Some("\"r9\""));
    }
}
