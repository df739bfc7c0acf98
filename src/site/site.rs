//! The settings of the site: the row, rules and what can go wrong when they change.

use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, ValuePointerRef};
use diesel::{AsChangeset, Queryable, Selectable};
use serde_json::{Map, Value};

use crate::comments::comment::{CommentsFrom, VotesFrom};
use crate::comments::thread_state::SiteThreadDays;
use crate::conflict::StaleRevision;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::site_settings;
use crate::database::timestamp::RowTime;
use crate::field::WholeNumber;
use crate::http::input::fault_below;
use crate::http::patch::Patch;
use crate::site::article_url::ArticleUrl;
use crate::site::custom_fields::{CustomFieldsSchema, SchemaFault};

/// How many revisions of an article are kept.
pub type RevisionsKept = WholeNumber<10, 100_000>;

/// For how many minutes the autosaves of one account are folded into one revision.
pub type FoldMinutes = WholeNumber<1, 1_440>;

/// How many characters a headline may have before preflight warns.
pub type TitleCharacters = WholeNumber<20, 300>;

/// For how many minutes the writer of a comment may change it; 0 for not at all.
pub type EditMinutes = WholeNumber<0, 10_080>;

/// How many characters a comment may have.
pub type CommentCharacters = WholeNumber<1, 10_000>;

/// How many links a comment may have.
pub type CommentLinks = WholeNumber<0, 100>;

/// The minutes of autosaves that a new site folds.
pub const FOLD_MINUTES_OF_A_NEW_SITE: i32 = 10;

/// The characters beyond which search engines cut a headline.
pub const TITLE_CHARACTERS_OF_A_NEW_SITE: i32 = 110;

/// The minutes in which comments can be changed on a new site.
pub const EDIT_MINUTES_OF_A_NEW_SITE: i32 = 15;

/// The characters that a comment may have on a new site.
pub const COMMENT_CHARACTERS_OF_A_NEW_SITE: i32 = 10_000;

/// The links that a comment may have on a new site.
pub const COMMENT_LINKS_OF_A_NEW_SITE: i32 = 10;

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
    /// After how many days threads close; never where nothing is said.
    pub comments_close_after_days: Option<i32>,
    /// The name of who may write comments.
    pub comments_from: String,
    /// The name of who may vote on comments.
    pub votes_from: String,
    /// For how many minutes the writer of a comment may change it.
    pub comment_edit_minutes: i32,
    /// How many characters a comment may have.
    pub comment_characters: i32,
    /// How many links a comment may have.
    pub comment_links: i32,
}

impl SiteSettingsRow {
    /// Who may write comments; a name that this version does not know lets in as few as there can be.
    #[must_use]
    pub fn comments_from(&self) -> CommentsFrom {
        CommentsFrom::from_name(&self.comments_from).unwrap_or(CommentsFrom::Identified)
    }

    /// Who may vote on comments; a name that this version does not know lets in nobody.
    #[must_use]
    pub fn votes_from(&self) -> VotesFrom {
        VotesFrom::from_name(&self.votes_from).unwrap_or(VotesFrom::Nobody)
    }

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
            comments_close_after_days,
            comments_from,
            votes_from,
            comment_edit_minutes,
            comment_characters,
            comment_links,
        } = change;
        Ok(Self {
            revisions_kept: revisions_kept.map(WholeNumber::get).apply(self.revisions_kept),
            autosave_fold_minutes: autosave_fold_minutes.map_or(self.autosave_fold_minutes, WholeNumber::get),
            title_characters: title_characters.map_or(self.title_characters, WholeNumber::get),
            article_url: article_url.map(ArticleUrl::into_string).apply(self.article_url),
            custom_fields_schema: custom_fields_schema.apply(self.custom_fields_schema)?,
            comments_close_after_days: comments_close_after_days
                .map(WholeNumber::get)
                .apply(self.comments_close_after_days),
            comments_from: comments_from.map_or(self.comments_from, |from| from.as_str().to_owned()),
            votes_from: votes_from.map_or(self.votes_from, |from| from.as_str().to_owned()),
            comment_edit_minutes: comment_edit_minutes.map_or(self.comment_edit_minutes, WholeNumber::get),
            comment_characters: comment_characters.map_or(self.comment_characters, WholeNumber::get),
            comment_links: comment_links.map_or(self.comment_links, WholeNumber::get),
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
    /// After how many days threads close.
    pub comments_close_after_days: Patch<SiteThreadDays>,
    /// Who may write comments, if that shall change.
    pub comments_from: Option<CommentsFrom>,
    /// Who may vote on comments, if that shall change.
    pub votes_from: Option<VotesFrom>,
    /// The minutes in which comments can be changed, if they shall change.
    pub comment_edit_minutes: Option<EditMinutes>,
    /// The characters of a comment, if they shall change.
    pub comment_characters: Option<CommentCharacters>,
    /// The links of a comment, if they shall change.
    pub comment_links: Option<CommentLinks>,
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
    use serde_json::json;

    use super::*;

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
}
