//! The settings of the site: the row, rules and what can go wrong when they change.

use std::fmt;

use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, ValuePointerRef};
use diesel::{AsChangeset, Queryable, Selectable};
use serde_json::{Map, Value};

use crate::articles::custom_fields::{CustomFieldsSchema, SchemaFault};
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::site_settings;
use crate::database::timestamp::RowTime;
use crate::field::{Refusal, TextFault, WebAddress, read_from_text};
use crate::http::input::fault_below;
use crate::http::patch::Patch;

/// How many revisions of an article are kept.
pub type RevisionsKept = WholeNumber<10, 100_000>;

/// For how many minutes the autosaves of one account are folded into one revision.
pub type FoldMinutes = WholeNumber<1, 1_440>;

/// How many characters a headline may have before preflight warns.
pub type TitleCharacters = WholeNumber<20, 300>;

/// What stands for the slug in the address of an article.
pub const SLUG_SLOT: &str = "{slug}";

/// A slug to try an address with. An address in which it stands already is refused, rather than told apart.
const SAMPLE_SLUG: &str = "sample-slug-of-galley";

/// The row of `site_settings`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = site_settings, treat_none_as_null = true)]
pub struct SiteSettingsRow {
    /// Counts the changes, from 1.
    pub revision: i32,
    /// How many revisions of an article are kept; all of them where nothing is said.
    pub revisions_kept: Option<i32>,
    /// For how many minutes the autosaves of one account are folded into one revision.
    pub autosave_fold_minutes: i32,
    /// How many characters a headline may have before preflight warns.
    pub title_characters: i32,
    /// The JSON Schema of custom fields, as JSON.
    pub custom_fields_schema: Option<String>,
    /// The address of an article on the public site, with `{slug}` in it.
    pub article_url: Option<String>,
    /// When the settings were last changed.
    pub updated_at: Option<RowTime>,
    /// The account that changed them last.
    pub updated_by: Option<RowId>,
}

impl SiteSettingsRow {
    /// What a writer is told who expected another revision. Settings that nobody changed yet are as old as time.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: self.updated_by.map(|account| account.0),
            changed_at: self.updated_at.map_or(chrono::DateTime::UNIX_EPOCH, RowTime::utc),
        }
    }

    /// The row after a change.
    ///
    /// # Errors
    /// [`SchemaFault`] when the schema of custom fields is none after the change.
    pub fn changed(self, change: SettingsChange) -> Result<Self, SchemaFault> {
        let SettingsChange {
            revisions_kept,
            autosave_fold_minutes,
            title_characters,
            article_url,
            custom_fields_schema,
        } = change;
        Ok(Self {
            revisions_kept: revisions_kept.map(WholeNumber::get).apply(self.revisions_kept),
            autosave_fold_minutes: autosave_fold_minutes.map_or(self.autosave_fold_minutes, WholeNumber::get),
            title_characters: title_characters.map_or(self.title_characters, WholeNumber::get),
            article_url: article_url.map(ArticleUrl::into_string).apply(self.article_url),
            custom_fields_schema: custom_fields_schema.apply(self.custom_fields_schema)?,
            ..self
        })
    }
}

/// What shall change about the settings.
#[derive(Debug, Clone)]
pub struct SettingsChange {
    /// How many revisions of an article are kept.
    pub revisions_kept: Patch<RevisionsKept>,
    /// The minutes of autosaves, if they shall change.
    pub autosave_fold_minutes: Option<FoldMinutes>,
    /// The characters of a headline, if they shall change.
    pub title_characters: Option<TitleCharacters>,
    /// The address of an article on the public site.
    pub article_url: Patch<ArticleUrl>,
    /// The schema of custom fields.
    pub custom_fields_schema: SchemaChange,
}

/// What shall change about the schema of custom fields.
#[derive(Debug, Clone)]
pub enum SchemaChange {
    /// Nothing.
    Keep,
    /// There is none.
    Remove,
    /// It is this one.
    Replace(CustomSchema),
    /// This is merged into it (RFC 7396).
    Merge(Value),
}

impl SchemaChange {
    fn apply(self, current: Option<String>) -> Result<Option<String>, SchemaFault> {
        let changes = match self {
            Self::Keep => return Ok(current),
            Self::Remove => return Ok(None),
            Self::Replace(schema) => return Ok(Some(schema.into_json())),
            Self::Merge(changes) => changes,
        };
        let current = current.and_then(|text| serde_json::from_str(&text).ok());
        let mut schema = current.unwrap_or_else(|| Value::Object(Map::new()));
        json_patch::merge(&mut schema, &changes);
        CustomSchema::parse(&schema).map(|schema| Some(schema.into_json()))
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeNumber<const LEAST: i32, const MOST: i32>(i32);

/// A number that is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFault {
    least: i32,
    most: i32,
}

impl<const LEAST: i32, const MOST: i32> WholeNumber<LEAST, MOST> {
    /// Takes a number.
    ///
    /// # Errors
    /// [`NumberFault`] when it is out of bounds.
    pub fn new(number: i64) -> Result<Self, NumberFault> {
        i32::try_from(number)
            .ok()
            .filter(|number| (LEAST..=MOST).contains(number))
            .map(Self)
            .ok_or(NumberFault {
                least: LEAST,
                most: MOST,
            })
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i32 {
        self.0
    }
}

impl FoldMinutes {
    /// What a new site has: ten minutes.
    #[must_use]
    pub fn of_a_new_site() -> Self {
        Self(10)
    }
}

impl TitleCharacters {
    /// What a new site has: 110 characters, beyond which search engines cut a headline.
    #[must_use]
    pub fn of_a_new_site() -> Self {
        Self(110)
    }
}

impl<const LEAST: i32, const MOST: i32, E> Deserr<E> for WholeNumber<LEAST, MOST>
where
    E: DeserializeError + MergeWithError<NumberFault>,
{
    fn deserialize_from_value<V: IntoValue>(value: deserr::Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let number = i64::deserialize_from_value(value, location)?;
        Self::new(number).map_err(|fault| fault_below(None, "", location, fault))
    }
}

impl fmt::Display for NumberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is not a whole number from {} to {}", self.least, self.most)
    }
}

impl Refusal for NumberFault {
    fn code(&self) -> &'static str {
        "out-of-bounds"
    }
}

/// The address of an article on the public site: an absolute `http` or `https` address with `{slug}` once, in its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleUrl(String);

/// A text that is not the address of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArticleUrlFault {
    /// It is no address.
    Text(TextFault),
    /// The slug has no place in it, or more than one, or one that is not in the path.
    Slot,
}

impl ArticleUrl {
    /// Takes a text.
    ///
    /// # Errors
    /// [`ArticleUrlFault`].
    pub fn parse(text: &str) -> Result<Self, ArticleUrlFault> {
        let text = text.trim();
        let filled = text.replace(SLUG_SLOT, SAMPLE_SLUG);
        let address = WebAddress::parse(&filled).map_err(ArticleUrlFault::Text)?;
        let is_in_path = url::Url::parse(address.as_str()).is_ok_and(|url| url.path().contains(SAMPLE_SLUG));
        let braces = text.matches(['{', '}']).count();
        match is_in_path && braces == 2 && !text.contains(SAMPLE_SLUG) {
            true => Ok(Self(text.to_owned())),
            false => Err(ArticleUrlFault::Slot),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<&String> for ArticleUrl {
    type Error = ArticleUrlFault;

    fn try_from(text: &String) -> Result<Self, ArticleUrlFault> {
        Self::parse(text)
    }
}

impl fmt::Display for ArticleUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(fault) => fault.fmt(f),
            Self::Slot => f.write_str(
                "the place of the slug, {slug}, must stand in its path once, such as https://example.org/stories/{slug}",
            ),
        }
    }
}

impl Refusal for ArticleUrlFault {
    fn code(&self) -> &'static str {
        match self {
            Self::Text(fault) => fault.code(),
            Self::Slot => "invalid-template",
        }
    }
}

read_from_text!(ArticleUrl);

/// A schema for the custom fields of articles that was compiled once, so that it can be.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomSchema(Value);

impl CustomSchema {
    /// Takes a schema.
    ///
    /// # Errors
    /// [`SchemaFault`] when it is none.
    pub fn parse(schema: &Value) -> Result<Self, SchemaFault> {
        CustomFieldsSchema::compile(schema).map(|_compiled| Self(schema.clone()))
    }

    /// The schema as JSON, given away.
    #[must_use]
    pub fn into_json(self) -> String {
        self.0.to_string()
    }
}

impl<E> Deserr<E> for CustomSchema
where
    E: DeserializeError + MergeWithError<SchemaFault>,
{
    fn deserialize_from_value<V: IntoValue>(value: deserr::Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let schema = Value::deserialize_from_value(value, location)?;
        Self::parse(&schema).map_err(|fault| fault_below(None, &fault.pointer.clone(), location, fault))
    }
}

/// Why the settings were not stored.
#[derive(Debug)]
pub enum SiteFailure {
    /// Somebody else changed them.
    Stale(StaleRevision),
    /// The schema of custom fields is none after the change.
    Schema(SchemaFault),
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for SiteFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<diesel::result::Error> for SiteFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_address_of_an_article_has_the_slug_in_its_path() {
        for text in [
            "https://example.org/{slug}",
            " http://example.org:8080/stories/{slug}.html ",
            "https://example.org/a/{slug}/b?x=1#y",
        ] {
            assert_eq!(ArticleUrl::parse(text).unwrap().as_str(), text.trim(), "{text}");
        }
        for text in [
            "https://example.org/",
            "https://example.org/slug",
            "https://example.org/?article={slug}",
            "https://example.org/#{slug}",
            "https://{slug}.example.org/",
            "https://example.org/{slug}/{slug}",
            "https://example.org/{id}/{slug}",
            "https://example.org{slug}",
            "http:///{slug}",
            "https://someone:{slug}@example.org/",
        ] {
            assert_eq!(ArticleUrl::parse(text), Err(ArticleUrlFault::Slot), "{text}");
        }
        for text in [
            "/stories/{slug}",
            "ftp://example.org/{slug}",
            "{slug}",
            "",
            "javascript:{slug}",
        ] {
            assert!(
                matches!(ArticleUrl::parse(text), Err(ArticleUrlFault::Text(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_whole_number_has_bounds() {
        assert_eq!(WholeNumber::<10, 20>::new(10).unwrap().get(), 10);
        assert_eq!(WholeNumber::<10, 20>::new(20).unwrap().get(), 20);
        for number in [i64::MIN, -1, 9, 21, i64::MAX] {
            let fault = WholeNumber::<10, 20>::new(number).unwrap_err();
            assert_eq!(fault.to_string(), "it is not a whole number from 10 to 20");
        }
    }

    #[test]
    fn a_part_of_a_schema_is_merged_and_the_whole_must_be_one() {
        let schema = |change: SchemaChange, current: Option<&str>| change.apply(current.map(str::to_owned));
        let current = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
        let merge = |changes: Value| schema(SchemaChange::Merge(changes), Some(current));
        let merged = merge(json!({"properties": {"a": null, "b": {"type": "integer"}}}))
            .unwrap()
            .unwrap();
        let merged: Value = serde_json::from_str(&merged).unwrap();
        assert_eq!(
            merged,
            json!({"type": "object", "properties": {"b": {"type": "integer"}}})
        );
        assert_eq!(
            merge(json!({"properties": {"b": {"type": "int"}}}))
                .unwrap_err()
                .pointer,
            "/properties/b/type"
        );
        assert_eq!(merge(json!(3)).unwrap_err().pointer, "");
        assert_eq!(
            schema(SchemaChange::Merge(json!({"type": "object"})), None)
                .unwrap()
                .as_deref(),
            Some(r#"{"type":"object"}"#)
        );
        assert_eq!(
            schema(SchemaChange::Keep, Some(current)).unwrap().as_deref(),
            Some(current)
        );
        assert_eq!(schema(SchemaChange::Remove, Some(current)).unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_an_address_panic(text in "\\PC*|(https?://)?[a-z./?#{}]{0,12}(\\{slug\\})?[a-z./?#{}]{0,12}") {
            if let Ok(url) = ArticleUrl::parse(&text) {
                let filled = url.as_str().replace(SLUG_SLOT, "a-slug");
                let filled = url::Url::parse(&filled).unwrap();
                prop_assert!(filled.path().contains("a-slug"), "{filled}");
            }
        }
    }
}
