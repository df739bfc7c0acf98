//! The fields that a site adds to its articles: an object of any members, within limits, and by the schema of the site if
//! it has one (JSON Schema, draft 7, 2019-09 or 2020-12). Pure: a schema is never fetched from anywhere.

use std::fmt;

use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, ValuePointerRef};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

use crate::field::Refusal;
use crate::http::input::fault_below;
use crate::site::schema_rules;

/// The most bytes of the schema, and of the fields of one article, as JSON.
pub const MAX_BYTES: usize = 64 * 1024;

/// The most levels of objects and arrays in the fields of one article, with the object of all fields as the first.
pub const MAX_DEPTH: usize = 8;

/// The most fields of one article.
pub const MAX_MEMBERS: usize = 100;

/// The most characters of the name of a field, or of a member inside of one.
pub const MAX_NAME_LENGTH: usize = 100;

/// The most faults that one check reports.
const MAX_FAULTS: usize = 100;

/// The most bytes of a compiled pattern. Patterns are matched in linear time, and this bounds the factor.
const MAX_PATTERN_BYTES: usize = 256 * 1024;

/// The most characters of a value or pattern of the schema that a sentence shows.
const MAX_SHOWN: usize = 120;

/// The drafts of JSON Schema that a schema may name in `$schema`.
const DRAFTS: [(&str, Draft); 3] = [
    ("https://json-schema.org/draft/2020-12/schema", Draft::Draft202012),
    ("https://json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("http://json-schema.org/draft-07/schema", Draft::Draft7),
];

/// A schema for the custom fields of articles, ready to check by.
#[derive(Debug)]
pub struct CustomFieldsSchema {
    validator: Validator,
}

/// Why a schema is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFault {
    /// The place in the schema: a JSON Pointer (RFC 6901), empty for all of it.
    pub pointer: String,
    /// What is wrong and how to mend it.
    pub detail: String,
}

/// Why custom fields are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomFault {
    /// The place in the object of all fields: a JSON Pointer (RFC 6901), such as `/rating`, empty for all of it.
    pub pointer: String,
    /// One word for the kind of fault: `schema`, or the limit that is broken.
    pub code: &'static str,
    /// What is wrong.
    pub detail: String,
}

impl SchemaFault {
    /// A fault at a place of the schema.
    #[must_use]
    pub fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        }
    }
}

impl CustomFault {
    /// A place that breaks the schema.
    fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: "schema",
            detail: detail.into(),
        }
    }
}

impl CustomFieldsSchema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// [`SchemaFault`] when it is larger than 64 KiB, does not describe an object, is not a valid JSON Schema, refers to
    /// anything outside of itself, or could take too long to check by.
    pub fn compile(schema: &Value) -> Result<Self, SchemaFault> {
        if !schema.is_object() {
            return Err(SchemaFault::at("", "a schema is an object"));
        }
        let draft = draft(schema)?;
        if schema.to_string().len() > MAX_BYTES {
            return Err(SchemaFault::at(
                "",
                format!("it is larger than {MAX_BYTES} bytes; shorten it"),
            ));
        }
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            let detail = "it must describe an object; say \"type\": \"object\" at its root";
            return Err(SchemaFault::at("/type", detail));
        }
        schema_rules::check(schema)?;
        let mut schema = schema.clone();
        // All references begin with #, so the name of the schema changes nothing, unless it is one that the library knows.
        if let Some(members) = schema.as_object_mut() {
            members.remove("$id");
        }
        let validator = jsonschema::options()
            .offline()
            .with_draft(draft)
            .with_pattern_options(PatternOptions::regex().size_limit(MAX_PATTERN_BYTES))
            .should_validate_formats(true)
            // A pattern in the fields of an article is a text like any other: compiling it would only cost time.
            .with_format("regex", |_: &str| true)
            .build(&schema)
            .map_err(|error| SchemaFault::at(error.instance_path().as_str(), schema_sentence(&error)))?;
        Ok(Self { validator })
    }

    /// Checks the custom fields of an article.
    ///
    /// # Errors
    /// Every [`CustomFault`], or the first hundred.
    pub fn check(&self, fields: &Map<String, Value>) -> Result<(), Vec<CustomFault>> {
        let fields = Value::Object(fields.clone());
        let errors = self.validator.iter_errors(&fields);
        let faults: Vec<CustomFault> = errors.flat_map(|error| faults_of(&error)).take(MAX_FAULTS).collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(faults),
        }
    }
}

fn draft(schema: &Value) -> Result<Draft, SchemaFault> {
    let Some(named) = schema.get("$schema") else {
        return Ok(Draft::Draft202012);
    };
    let uri = named.as_str().unwrap_or_default().trim_end_matches('#');
    let known = DRAFTS.iter().find(|(known, _)| *known == uri);
    known.map(|(_, draft)| *draft).ok_or_else(|| {
        let known: Vec<&str> = DRAFTS.iter().map(|(uri, _)| *uri).collect();
        let detail = format!(
            "it is none of {}; leave it out for the first of these",
            known.join(", ")
        );
        SchemaFault::at("/$schema", detail)
    })
}

/// What the library says about a schema, as a sentence.
fn schema_sentence(error: &ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            "it is not a regular expression that is supported; look-around and back-references are not, nor are very large \
             repetitions"
                .to_owned()
        }
        ValidationErrorKind::AnyOf { .. } => "it is nothing that JSON Schema allows here".to_owned(),
        ValidationErrorKind::Referencing(error) => format!("a reference cannot be followed: {error}"),
        kind => sentence(kind),
    }
}

/// The faults that one error of the library tells of. Members that are missing or too many are named themselves, as in the
/// rest of a body.
fn faults_of(error: &ValidationError<'_>) -> Vec<CustomFault> {
    let place = error.instance_path().as_str();
    let member = |name: &str, detail: &str| {
        let name = name.replace('~', "~0").replace('/', "~1");
        CustomFault::at(format!("{place}/{name}"), detail)
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![member(property.as_str().unwrap_or_default(), "it is missing")]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .take(MAX_FAULTS)
            .map(|name| member(name, "there is no such field"))
            .collect(),
        ValidationErrorKind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default().to_owned();
            let detail = format!("its name is not allowed: {}", sentence(error.kind()));
            vec![member(&name, &detail)]
        }
        // The library does not say which members there are when none are allowed.
        ValidationErrorKind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
            vec![CustomFault::at(place, "it may have no members")]
        }
        kind => vec![CustomFault::at(place, sentence(kind))],
    }
}

fn sentence(kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind } => format!("it is not {}", types(kind)),
        Kind::Enum { options } => format!("it is not one of {}", listed(options)),
        Kind::Constant { expected_value } => format!("it is not {}", shown(&expected_value.to_string())),
        Kind::MinLength { limit } => format!("it is shorter than {}", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("it is longer than {}", counted(*limit, "character")),
        Kind::Pattern { pattern } => format!("it does not match the pattern {}", shown(pattern)),
        Kind::Format { format } => format!("it does not have the format {}", shown(format)),
        Kind::Minimum { limit } => format!("it is less than {limit}"),
        Kind::Maximum { limit } => format!("it is more than {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("it is not more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("it is not less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("it is not a multiple of {multiple_of}"),
        Kind::MinItems { limit } => format!("it has fewer than {}", counted(*limit, "item")),
        Kind::MaxItems { limit } => format!("it has more than {}", counted(*limit, "item")),
        Kind::AdditionalItems { limit } => format!("it has more than {limit} items"),
        Kind::UnevaluatedItems { .. } => "it has items that are not allowed".to_owned(),
        Kind::UniqueItems => "it has an item twice".to_owned(),
        Kind::Contains => "it has no item, or too few, of the kind that it must contain".to_owned(),
        Kind::MinProperties { limit } => format!("it has fewer than {}", counted(*limit, "member")),
        Kind::MaxProperties { limit } => format!("it has more than {}", counted(*limit, "member")),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            format!("it has none of the {} forms that are allowed", context.len())
        }
        Kind::OneOfMultipleValid { .. } => "it has more than one of the forms of which it must have one".to_owned(),
        Kind::Not { .. } => "it has a form that is not allowed".to_owned(),
        Kind::FalseSchema => "it is not allowed".to_owned(),
        Kind::Required { property } => format!("{property} is missing"),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "it has members that are not allowed".to_owned()
        }
        Kind::PropertyNames { .. } => "it has a member whose name is not allowed".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("it is not encoded in {}", shown(content_encoding)),
        Kind::ContentMediaType { content_media_type } => format!("it is not {}", shown(content_media_type)),
        Kind::FromUtf8 { .. } => "what it encodes is not UTF-8".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "its pattern cannot be applied to it".to_owned()
        }
        Kind::Custom { message, .. } => shown(message),
        Kind::Referencing(_) => "the schema refers to something that is not there".to_owned(),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(single) => with_article(single.as_str()).to_owned(),
        TypeKind::Multiple(several) => {
            let names: Vec<&str> = several.iter().map(|single| with_article(single.as_str())).collect();
            names.join(" or ")
        }
    }
}

fn with_article(name: &'static str) -> &'static str {
    match name {
        "array" => "an array",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "object" => "an object",
        "string" => "a string",
        other => other,
    }
}

fn counted(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{number} {thing}s"),
    }
}

fn listed(options: &Value) -> String {
    let options: Vec<String> = options.as_array().into_iter().flatten().map(Value::to_string).collect();
    shown(&options.join(", "))
}

/// The beginning of a text that may be long.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The custom fields of a request: an object of at most 100 members, 64 KiB as JSON and eight levels. Whether null may be
/// among the values is up to the request: in a patch it removes a field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomObject(Map<String, Value>);

/// A limit of custom fields that a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomLimit {
    /// It is no object.
    NotAnObject,
    /// It has too many members.
    Members,
    /// It is too large.
    Bytes,
    /// It has too many levels.
    Depth,
    /// A name is empty or too long.
    Name,
}

impl CustomObject {
    /// Takes the fields.
    ///
    /// # Errors
    /// Every place that breaks a limit, or the first hundred.
    pub fn new(fields: Map<String, Value>) -> Result<Self, Vec<CustomFault>> {
        let broken = broken_limits(&fields);
        match broken.is_empty() {
            true => Ok(Self(fields)),
            false => Err(broken
                .into_iter()
                .map(|(pointer, limit)| CustomFault {
                    code: limit.code(),
                    ..CustomFault::at(pointer, limit.to_string())
                })
                .collect()),
        }
    }

    /// The fields.
    #[must_use]
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The fields, given away.
    #[must_use]
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl<E> Deserr<E> for CustomObject
where
    E: DeserializeError + MergeWithError<CustomLimit>,
{
    fn deserialize_from_value<V: IntoValue>(value: deserr::Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let Value::Object(fields) = Value::deserialize_from_value(value, location)? else {
            return Err(fault_below(None, "", location, CustomLimit::NotAnObject));
        };
        let faults = broken_limits(&fields)
            .into_iter()
            .fold(None, |faults, (pointer, limit)| {
                Some(fault_below(faults, &pointer, location, limit))
            });
        match faults {
            None => Ok(Self(fields)),
            Some(faults) => Err(faults),
        }
    }
}

/// The limits that fields break, with the place of each.
fn broken_limits(fields: &Map<String, Value>) -> Vec<(String, CustomLimit)> {
    let mut broken = Vec::new();
    if fields.len() > MAX_MEMBERS {
        broken.push((String::new(), CustomLimit::Members));
    }
    if serde_json::to_string(fields).map_or(usize::MAX, |json| json.len()) > MAX_BYTES {
        broken.push((String::new(), CustomLimit::Bytes));
    }
    check_members(fields, "", 1, &mut broken);
    broken.truncate(MAX_FAULTS);
    broken
}

fn check_members(members: &Map<String, Value>, pointer: &str, level: usize, broken: &mut Vec<(String, CustomLimit)>) {
    for (name, value) in members {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let is_name = !name.is_empty() && name.chars().nth(MAX_NAME_LENGTH).is_none();
        if !is_name {
            broken.push((pointer.clone(), CustomLimit::Name));
        }
        check_level(value, &pointer, level.saturating_add(1), broken);
    }
}

fn check_level(value: &Value, pointer: &str, level: usize, broken: &mut Vec<(String, CustomLimit)>) {
    match value {
        Value::Object(_) | Value::Array(_) if level > MAX_DEPTH => {
            broken.push((pointer.to_owned(), CustomLimit::Depth));
        }
        Value::Object(members) => check_members(members, pointer, level, broken),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_level(item, &format!("{pointer}/{index}"), level.saturating_add(1), broken);
            }
        }
        _ => {}
    }
}

impl fmt::Display for CustomLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("expected an object"),
            Self::Members => write!(f, "it has more than {MAX_MEMBERS} members; remove some"),
            Self::Bytes => write!(f, "it is larger than {MAX_BYTES} bytes as JSON; shorten it"),
            Self::Depth => write!(f, "it is more than {MAX_DEPTH} levels deep; flatten it"),
            Self::Name => write!(f, "a name has 1 to {MAX_NAME_LENGTH} characters; give it another name"),
        }
    }
}

impl Refusal for SchemaFault {
    fn code(&self) -> &'static str {
        "invalid-schema"
    }
}

impl Refusal for CustomLimit {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnObject => "wrong-type",
            Self::Members => "too-many",
            Self::Bytes => "too-long",
            Self::Depth => "too-deep",
            Self::Name => "invalid-name",
        }
    }
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, &self.pointer, &self.detail)
    }
}

impl fmt::Display for CustomFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fault(f, &self.pointer, &self.detail)
    }
}

fn write_fault(f: &mut fmt::Formatter<'_>, pointer: &str, detail: &str) -> fmt::Result {
    match pointer {
        "" => f.write_str(detail),
        pointer => write!(f, "{pointer}: {detail}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::http::input::InputFaults;

    fn compiled(schema: &Value) -> CustomFieldsSchema {
        CustomFieldsSchema::compile(schema).unwrap()
    }

    fn refused(schema: &Value) -> (String, String) {
        let SchemaFault { pointer, detail } = CustomFieldsSchema::compile(schema).unwrap_err();
        (pointer, detail)
    }

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn faults(schema: &Value, fields: Value) -> Vec<String> {
        let checked = compiled(schema).check(&map(fields));
        let mut told: Vec<String> = checked.unwrap_err().iter().map(ToString::to_string).collect();
        told.sort();
        told
    }

    #[test]
    fn every_wrong_field_is_told_of_in_a_sentence_with_its_place() {
        let schema = json!({
            "type": "object",
            "required": ["kicker"],
            "additionalProperties": false,
            "properties": {
                "kicker": {"type": "string", "minLength": 2, "maxLength": 10},
                "rating": {"type": "integer", "minimum": 1, "maximum": 5},
                "mood": {"enum": ["calm", "loud"]},
                "code": {"type": "string", "pattern": "^[A-Z]{3}$"},
                "day": {"type": "string", "format": "date"},
                "a/b": {"type": ["string", "null"]},
                "links": {"type": "array", "maxItems": 1, "items": {"type": "object", "required": ["url"]}},
                "form": {"oneOf": [{"type": "string"}, {"type": "boolean"}]}
            }
        });
        let good = json!({"kicker": "News", "rating": 3, "mood": "calm", "code": "ABC", "day": "2026-03-01", "a/b": null,
            "links": [{"url": "x"}], "form": true});
        assert_eq!(compiled(&schema).check(&map(good)), Ok(()));
        let bad = json!({"rating": 7, "mood": 1, "code": "abc", "day": "today", "a/b": 3, "links": [{}, {"url": 1}],
            "form": 1, "x": 1});
        assert_eq!(
            faults(&schema, bad),
            [
                "/a~1b: it is not null or a string",
                "/code: it does not match the pattern ^[A-Z]{3}$",
                "/day: it does not have the format date",
                "/form: it has none of the 2 forms that are allowed",
                "/kicker: it is missing",
                "/links/0/url: it is missing",
                "/links: it has more than 1 item",
                "/mood: it is not one of \"calm\", \"loud\"",
                "/rating: it is more than 5",
                "/x: there is no such field",
            ]
        );
    }

    #[test]
    fn at_most_a_hundred_faults_are_told() {
        let schema = json!({"type": "object", "properties": {"a": {"items": {"type": "string"}}}});
        let fields = json!({"a": (0..500).collect::<Vec<i32>>()});
        assert_eq!(faults(&schema, fields).len(), MAX_FAULTS);
        let closed = json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false});
        let fields: Map<String, Value> = (0..300).map(|number| (format!("f{number}"), json!(1))).collect();
        assert_eq!(compiled(&closed).check(&fields).unwrap_err().len(), MAX_FAULTS);
        let empty = json!({"type": "object", "additionalProperties": false});
        assert_eq!(faults(&empty, json!({"a": 1})), ["it may have no members"]);
    }

    #[test]
    fn a_schema_that_is_not_one_is_refused_with_its_place() {
        let wrong = |property: Value| refused(&json!({"type": "object", "properties": {"a": property}}));
        assert_eq!(wrong(json!({"type": "strin"})).0, "/properties/a/type");
        assert_eq!(
            wrong(json!({"minLength": -1})),
            ("/properties/a/minLength".into(), "it is less than 0".into())
        );
        assert_eq!(wrong(json!([])).0, "/properties/a");
        for pattern in ["(", "(?=a)b(?!c)", "(a)\\1", "((a{1,100}){1,100}){1,100}"] {
            let (pointer, detail) = wrong(json!({"pattern": pattern}));
            assert_eq!(pointer, "/properties/a/pattern", "{pattern}");
            assert!(detail.contains("regular expression"), "{detail}");
        }
        assert_eq!(
            refused(&json!({"type": "object", "patternProperties": {"(": {}}})).0,
            "/patternProperties/("
        );
    }

    #[test]
    fn a_schema_describes_an_object_by_a_known_draft() {
        for schema in [json!({}), json!({"type": "string"}), json!({"type": ["object"]})] {
            assert_eq!(refused(&schema).0, "/type", "{schema}");
        }
        for schema in [json!(true), json!([]), json!(null)] {
            assert_eq!(refused(&schema).0, "", "{schema}");
        }
        for uri in [
            "https://json-schema.org/draft/2019-09/schema",
            "http://json-schema.org/draft-07/schema#",
        ] {
            compiled(&json!({"$schema": uri, "type": "object"}));
        }
        for uri in [
            json!("https://example.org/schema"),
            json!("http://json-schema.org/draft-04/schema#"),
            json!(3),
        ] {
            assert_eq!(
                refused(&json!({"$schema": uri, "type": "object"})).0,
                "/$schema",
                "{uri}"
            );
        }
        let old = json!({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "http://json-schema.org/draft-07/schema",
            "type": "object", "definitions": {"a": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/a"}}});
        assert_eq!(faults(&old, json!({"a": 1})), ["/a: it is not a string"]);
    }

    #[test]
    fn a_schema_is_neither_too_large_nor_read_from_elsewhere() {
        let long = json!({"type": "object", "description": "x".repeat(MAX_BYTES)});
        assert!(refused(&long).1.contains("larger than 65536 bytes"));
        for uri in [
            "https://example.org/schema",
            "file:///etc/hostname",
            "https://json-schema.org/draft/2020-12/schema",
        ] {
            let schema = json!({"type": "object", "properties": {"a": {"$ref": uri}}});
            assert_eq!(refused(&schema).0, "/properties/a/$ref", "{uri}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let text = format!("{}!", "a".repeat(MAX_BYTES / 2));
        for pattern in ["^(a+)+$", "^(a|aa)+$", "(.*a){20}b", "^(a|a?)+$"] {
            let schema = compiled(&json!({"type": "object", "properties": {"a": {"pattern": pattern}}}));
            let began = Instant::now();
            assert!(schema.check(&map(json!({"a": text}))).is_err(), "{pattern}");
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "{pattern}: {:?}",
                began.elapsed()
            );
        }
    }

    #[test]
    fn custom_fields_have_their_limits() {
        let broken = |fields: Value| -> Vec<String> {
            let refused = CustomObject::new(map(fields)).unwrap_err();
            refused.into_iter().map(|fault| fault.pointer).collect()
        };
        let many: Map<String, Value> = (0..=MAX_MEMBERS)
            .map(|number| (number.to_string(), Value::Null))
            .collect();
        assert_eq!(broken(Value::Object(many)), [""]);
        assert_eq!(broken(json!({"a": "x".repeat(MAX_BYTES)})), [""]);
        assert_eq!(
            broken(json!({"a": {"": 1}, "b/c": {"é".repeat(101): 1}})),
            ["/a/".to_owned(), format!("/b~1c/{}", "é".repeat(101))]
        );
        let levels = |levels: usize| (1..levels).fold(json!({}), |inner, _| json!({"a": inner}));
        assert_eq!(broken(levels(9)), ["/a/a/a/a/a/a/a/a"]);
        assert_eq!(broken(json!({"a": [[[[[[[[1]]]]]]]]})), ["/a/0/0/0/0/0/0/0"]);
        for fields in [
            levels(8),
            json!({}),
            json!({"é".repeat(100): null}),
            json!({"a": "x".repeat(MAX_BYTES - 8)}),
        ] {
            assert_eq!(CustomObject::new(map(fields.clone())).unwrap().as_map(), &map(fields));
        }
    }

    #[test]
    fn custom_fields_of_a_body_are_refused_at_their_place() {
        #[derive(Debug, Deserr)]
        #[deserr(error = InputFaults, deny_unknown_fields)]
        struct Body {
            #[expect(dead_code, reason = "only whether it can be read matters")]
            custom: CustomObject,
        }
        let pointers = |body: Value| -> Vec<String> {
            let problem = deserr::deserialize::<Body, _, InputFaults>(body)
                .unwrap_err()
                .into_body_problem();
            problem
                .details()
                .errors
                .iter()
                .filter_map(|fault| fault.pointer.clone())
                .collect()
        };
        assert_eq!(pointers(json!({"custom": 3})), ["#/custom"]);
        assert_eq!(
            pointers(json!({"custom": {"a~/b": {"": 1}, "": 2}})),
            ["#/custom/", "#/custom/a~0~1b/"]
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let keyword = prop_oneof![
            Just("type"),
            Just("properties"),
            Just("items"),
            Just("allOf"),
            Just("anyOf"),
            Just("not"),
            Just("$ref"),
            Just("$defs"),
            Just("enum"),
            Just("pattern"),
            Just("required"),
            Just("minLength"),
            Just("a"),
            Just("if"),
            Just("unevaluatedProperties"),
            Just("dependentSchemas"),
            Just("const"),
            Just("format"),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "object|string|#|#/\\$defs/a|#/properties/a|[a-c(+*]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((keyword.clone(), inner), 0..4).prop_map(|members| {
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect::<Value>()
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_schema_and_no_fields_panic_or_hang(schema in any_json(), fields in any_json()) {
            let mut schema = schema;
            if let Value::Object(members) = &mut schema {
                members.insert("type".to_owned(), "object".into());
            }
            match (CustomFieldsSchema::compile(&schema), fields) {
                (Ok(compiled), Value::Object(fields)) => {
                    let faults = compiled.check(&fields).err().unwrap_or_default();
                    prop_assert!(faults.iter().all(|fault| !fault.detail.is_empty()));
                }
                (Err(fault), _) => prop_assert!(!fault.detail.is_empty()),
                (Ok(_), _) => {}
            }
        }

        #[test]
        fn fields_without_a_rule_are_always_good(fields in any_json()) {
            if let Value::Object(fields) = fields {
                prop_assert_eq!(compiled(&json!({"type": "object"})).check(&fields), Ok(()));
                if let Ok(custom) = CustomObject::new(fields.clone()) {
                    prop_assert_eq!(custom.into_map(), fields);
                }
            }
        }
    }
}
