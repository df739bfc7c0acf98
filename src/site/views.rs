//! The settings of the site on the wire.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::comments::comment::{CommentsFrom, VotesFrom};
use crate::comments::thread_state::SiteThreadDays;
use crate::http::input::InputFaults;
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::site::article_url::ArticleUrl;
use crate::site::site::{
    COMMENT_CHARACTERS_OF_A_NEW_SITE, COMMENT_LINKS_OF_A_NEW_SITE, CommentCharacters, CommentLinks, CustomSchema,
    EDIT_MINUTES_OF_A_NEW_SITE, EditMinutes, FOLD_MINUTES_OF_A_NEW_SITE, FoldMinutes, RevisionsKept, SchemaChange,
    SettingsChange, SiteSettingsRow, TITLE_CHARACTERS_OF_A_NEW_SITE, TitleCharacters,
};

/// The settings of the site.
#[derive(Serialize, ToSchema)]
pub struct SiteSettingsOut {
    /// How many revisions of an article are kept. All of them are when this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 500)]
    pub revisions_kept: Option<i32>,
    /// The autosaves that one account makes within this many minutes are kept as one revision.
    #[schema(example = 10)]
    pub autosave_fold_minutes: i32,
    /// Preflight warns about a headline with more characters.
    #[schema(example = 110)]
    pub title_characters: i32,
    /// The address of an article on the public site. Preflight knows links within the site by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.org/stories/{slug}")]
    pub article_url: Option<String>,
    /// The JSON Schema that the custom fields of articles are checked by when they are saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>, required = false)]
    pub custom_fields_schema: Option<Value>,
    /// The days from the first publication of an article after which its thread closes, if neither the article nor its
    /// section says otherwise. Threads stay open when this is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 14, minimum = 1, maximum = 3_650)]
    pub comments_close_after_days: Option<i32>,
    /// Who may write comments, beside the newsroom.
    pub comments_from: CommentsFrom,
    /// Who may vote on comments, beside the newsroom.
    pub votes_from: VotesFrom,
    /// For how many minutes the writer of a comment may change it; 0 for not at all.
    #[schema(example = 15)]
    pub comment_edit_minutes: i32,
    /// How many characters a comment may have.
    #[schema(example = 10_000)]
    pub comment_characters: i32,
    /// How many links a comment may have.
    #[schema(example = 10)]
    pub comment_links: i32,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the settings were last changed; left out when nobody changed them yet.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false)]
    pub updated_at: Option<DateTime<Utc>>,
}

/// Settings to put in place of those that there are.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SiteSettingsIn {
    /// How many revisions of an article are kept. All of them are when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 10, maximum = 100_000, example = 500)]
    pub revisions_kept: Option<RevisionsKept>,
    /// The autosaves that one account makes within this many minutes are kept as one revision. 10 when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 1_440, example = 10)]
    pub autosave_fold_minutes: Option<FoldMinutes>,
    /// Preflight warns about a headline with more characters. 110 when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 20, maximum = 300, example = 110)]
    pub title_characters: Option<TitleCharacters>,
    /// The address of an article on the public site: an http or https address with the place of the slug in its path, once.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, max_length = 1_986, pattern = "^https?://[^\\s/?#{}]+/[^\\s?#{}]*\\{slug\\}[^\\s{}]*$", example = "https://example.org/stories/{slug}")]
    pub article_url: Option<ArticleUrl>,
    /// The JSON Schema that the custom fields of articles are checked by when they are saved: an object of at most 64 KiB
    /// that describes an object, and refers to nothing but its own parts.
    #[deserr(default)]
    #[schema(value_type = std::collections::HashMap<String, serde_json::Value>, required = false)]
    pub custom_fields_schema: Option<CustomSchema>,
    /// The days from the first publication of an article after which its thread closes, if neither the article nor its
    /// section says otherwise. Threads stay open when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 3_650, example = 14)]
    pub comments_close_after_days: Option<SiteThreadDays>,
    /// Who may write comments, beside the newsroom: everyone who gives a name, or readers identified by the site. Everyone when this is left out.
    #[deserr(default)]
    #[schema(value_type = CommentsFrom, required = false, nullable = false)]
    pub comments_from: Option<CommentsFrom>,
    /// Who may vote on comments, beside the newsroom. Everyone when this is left out.
    #[deserr(default)]
    #[schema(value_type = VotesFrom, required = false, nullable = false)]
    pub votes_from: Option<VotesFrom>,
    /// For how many minutes the writer of a comment may change it; 0 for not at all. 15 when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 10_080, example = 15)]
    pub comment_edit_minutes: Option<EditMinutes>,
    /// How many characters a comment may have. 10000 when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 10_000, example = 10_000)]
    pub comment_characters: Option<CommentCharacters>,
    /// How many links a comment may have. 10 when this is left out.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 100, example = 10)]
    pub comment_links: Option<CommentLinks>,
}

/// Changes to the settings (merge patch): what is left out stays, null removes.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SiteSettingsPatchIn {
    /// How many revisions of an article are kept. All of them are when this is null.
    #[deserr(default)]
    #[schema(value_type = Option<i32>, required = false, minimum = 10, maximum = 100_000, example = 500)]
    pub revisions_kept: Patch<RevisionsKept>,
    /// The autosaves that one account makes within this many minutes are kept as one revision.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 1_440, example = 10)]
    pub autosave_fold_minutes: Kept<FoldMinutes>,
    /// Preflight warns about a headline with more characters.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 20, maximum = 300, example = 110)]
    pub title_characters: Kept<TitleCharacters>,
    /// The address of an article on the public site: an http or https address with the place of the slug in its path, once.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, max_length = 1_986, pattern = "^https?://[^\\s/?#{}]+/[^\\s?#{}]*\\{slug\\}[^\\s{}]*$", example = "https://example.org/stories/{slug}")]
    pub article_url: Patch<ArticleUrl>,
    /// Changes to the JSON Schema of custom fields, which are merged into it. Null removes it. To send another one whole,
    /// put the settings in place of those that there are.
    #[deserr(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, serde_json::Value>>, required = false)]
    pub custom_fields_schema: Patch<Value>,
    /// The days from the first publication of an article after which its thread closes, if neither the article nor its
    /// section says otherwise. Threads stay open when this is null.
    #[deserr(default)]
    #[schema(value_type = Option<i32>, required = false, minimum = 1, maximum = 3_650, example = 14)]
    pub comments_close_after_days: Patch<SiteThreadDays>,
    /// Who may write comments, beside the newsroom: everyone who gives a name, or readers identified by the site.
    #[deserr(default)]
    #[schema(value_type = CommentsFrom, required = false, nullable = false)]
    pub comments_from: Kept<CommentsFrom>,
    /// Who may vote on comments, beside the newsroom.
    #[deserr(default)]
    #[schema(value_type = VotesFrom, required = false, nullable = false)]
    pub votes_from: Kept<VotesFrom>,
    /// For how many minutes the writer of a comment may change it; 0 for not at all.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 10_080, example = 15)]
    pub comment_edit_minutes: Kept<EditMinutes>,
    /// How many characters a comment may have.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 1, maximum = 10_000, example = 10_000)]
    pub comment_characters: Kept<CommentCharacters>,
    /// How many links a comment may have.
    #[deserr(default)]
    #[schema(value_type = i32, required = false, nullable = false, minimum = 0, maximum = 100, example = 10)]
    pub comment_links: Kept<CommentLinks>,
}

impl From<SiteSettingsRow> for SiteSettingsOut {
    fn from(row: SiteSettingsRow) -> Self {
        let (comments_from, votes_from) = (row.comments_from(), row.votes_from());
        let SiteSettingsRow {
            comments_from: _,
            votes_from: _,
            comment_edit_minutes,
            comment_characters,
            comment_links,
            revision,
            revisions_kept,
            autosave_fold_minutes,
            title_characters,
            custom_fields_schema,
            article_url,
            updated_at,
            updated_by: _,
            comments_close_after_days,
        } = row;
        Self {
            revisions_kept,
            autosave_fold_minutes,
            title_characters,
            article_url,
            custom_fields_schema: custom_fields_schema.and_then(|text| serde_json::from_str(&text).ok()),
            comments_close_after_days,
            comments_from,
            votes_from,
            comment_edit_minutes,
            comment_characters,
            comment_links,
            revision,
            updated_at: updated_at.map(crate::database::timestamp::RowTime::utc),
        }
    }
}

impl From<SiteSettingsIn> for SettingsChange {
    fn from(body: SiteSettingsIn) -> Self {
        let SiteSettingsIn {
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
        } = body;
        Self {
            revisions_kept: Patch::replacing(revisions_kept),
            autosave_fold_minutes: Some(
                autosave_fold_minutes.unwrap_or(FoldMinutes::nearest(FOLD_MINUTES_OF_A_NEW_SITE)),
            ),
            title_characters: Some(
                title_characters.unwrap_or(TitleCharacters::nearest(TITLE_CHARACTERS_OF_A_NEW_SITE)),
            ),
            article_url: Patch::replacing(article_url),
            custom_fields_schema: custom_fields_schema.map_or(SchemaChange::Remove, SchemaChange::Replace),
            comments_close_after_days: Patch::replacing(comments_close_after_days),
            comments_from: Some(comments_from.unwrap_or(CommentsFrom::Everyone)),
            votes_from: Some(votes_from.unwrap_or(VotesFrom::Everyone)),
            comment_edit_minutes: Some(
                comment_edit_minutes.unwrap_or(EditMinutes::nearest(EDIT_MINUTES_OF_A_NEW_SITE)),
            ),
            comment_characters: Some(
                comment_characters.unwrap_or(CommentCharacters::nearest(COMMENT_CHARACTERS_OF_A_NEW_SITE)),
            ),
            comment_links: Some(comment_links.unwrap_or(CommentLinks::nearest(COMMENT_LINKS_OF_A_NEW_SITE))),
        }
    }
}

impl From<SiteSettingsPatchIn> for SettingsChange {
    fn from(body: SiteSettingsPatchIn) -> Self {
        let SiteSettingsPatchIn {
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
        } = body;
        Self {
            revisions_kept,
            autosave_fold_minutes: autosave_fold_minutes.0,
            title_characters: title_characters.0,
            article_url,
            custom_fields_schema: match custom_fields_schema {
                Patch::Absent => SchemaChange::Keep,
                Patch::Null => SchemaChange::Remove,
                Patch::Value(changes) => SchemaChange::Merge(changes),
            },
            comments_close_after_days,
            comments_from: comments_from.0,
            votes_from: votes_from.0,
            comment_edit_minutes: comment_edit_minutes.0,
            comment_characters: comment_characters.0,
            comment_links: comment_links.0,
        }
    }
}
