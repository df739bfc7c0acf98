//! The queries of requests about articles.

use deserr::Deserr;
use utoipa::IntoParams;

use crate::articles::article::{MergePolicy, Publication, Readiness, RevisionMessage, Save, SaveKind};
use crate::articles::views::input::WriteStatus;
use crate::articles::views::newsroom::ArticleStatus;
use crate::field::LanguageTag;
use crate::http::input::{InputFaults, SlugOrId, UuidText};
use crate::http::page::{ListLimit, SortOrder};
use crate::http::write::{ValidateOnly, WriteParameters};

/// How to list articles for readers.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleListQuery {
    /// The most articles of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time of publication. Descending when it is left out: the newest
    /// first.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only articles with this author in the byline: a slug or an id. A former slug counts as the current one.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
    /// Only articles of this section and of those below it: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "news")]
    pub section: Option<SlugOrId>,
    /// Only articles with this tag: a slug or an id. A tag that was merged into another counts as that one.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "harbours")]
    pub tag: Option<SlugOrId>,
    /// Only articles of this series: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "a-year-at-sea")]
    pub series: Option<SlugOrId>,
    /// Only articles in this language (BCP 47), as it was given.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 2, max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", example = "en")]
    pub lang: Option<LanguageTag>,
}

/// How to list working copies.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditorialArticleListQuery {
    /// The most articles of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time of the last change. Descending when it is left out.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub order: Option<SortOrder>,
    /// Only articles that stand here. When it is left out: all but those in the trash.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub status: Option<ArticleStatus>,
    /// Only articles with this author in the byline: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
    /// Only articles of this section and of those below it: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "news")]
    pub section: Option<SlugOrId>,
    /// Only articles with this tag: a slug or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "harbours")]
    pub tag: Option<SlugOrId>,
    /// Only articles that this account is to work on.
    #[deserr(default)]
    #[param(value_type = uuid::Uuid, required = false, nullable = false)]
    pub assignee: Option<UuidText>,
}

/// What a request that makes an article can be asked in its query.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreateQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// What to say about this save in the history of the article.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "First draft")]
    pub message: Option<RevisionMessage>,
    /// With `"status": "published"`: publish although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub force: Force,
}

/// What a request that changes an article can be asked in its query.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SaveQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// What to say about this save in the history of the article.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, min_length = 1, max_length = 500, example = "Names checked")]
    pub message: Option<RevisionMessage>,
    /// Whether an editor's program saves by itself: a run of such saves is kept as one revision.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub autosave: Autosave,
    /// `auto` merges the change with what others saved since the revision in `If-Match`, if nothing contradicts: field by
    /// field, and the text by lines. Without it, such a change is refused.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub merge: Option<Merge>,
    /// With `"status": "published"`: publish although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub force: Force,
}

/// What a request that removes an article can be asked in its query.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// Rehearse the request: it is checked and answered as if it counted, and nothing is stored.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub validate_only: ValidateOnly,
    /// Remove the article for good. It must be in the trash.
    #[deserr(default)]
    #[param(value_type = bool, required = false, nullable = false, example = true)]
    pub purge: Purge,
}

/// Whether an administrator waives what preflight found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
pub enum Force {
    /// Errors do not count.
    #[deserr(rename = "true")]
    Yes,
    /// Errors stop a publication.
    #[default]
    #[deserr(rename = "false")]
    No,
}

/// Whether a program saves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
pub enum Autosave {
    /// It does.
    #[deserr(rename = "true")]
    Yes,
    /// Somebody saves.
    #[default]
    #[deserr(rename = "false")]
    No,
}

/// Whether to remove for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
pub enum Purge {
    /// For good.
    #[deserr(rename = "true")]
    Yes,
    /// Into the trash.
    #[default]
    #[deserr(rename = "false")]
    No,
}

/// How to merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, serde::Serialize, utoipa::ToSchema)]
pub enum Merge {
    /// Without asking, where nothing contradicts.
    #[serde(rename = "auto")]
    #[deserr(rename = "auto")]
    Auto,
}

impl Force {
    /// Whether a publication waits for what preflight says.
    #[must_use]
    pub fn readiness(self) -> Readiness {
        match self {
            Self::Yes => Readiness::Waived,
            Self::No => Readiness::Required,
        }
    }

    /// The publication that a status asks for.
    #[must_use]
    pub fn publication(self, status: Option<WriteStatus>) -> Publication {
        match status {
            Some(WriteStatus::Published) => Publication::Immediate(self.readiness()),
            Some(WriteStatus::Draft) | None => Publication::Unchanged,
        }
    }
}

impl CreateQuery {
    /// How the first save is told.
    #[must_use]
    pub fn save(&self) -> Save {
        Save {
            message: self.message.clone(),
            ..Save::default()
        }
    }
}

impl SaveQuery {
    /// How the save is told, and whether it may be merged.
    #[must_use]
    pub fn save(&self) -> Save {
        Save {
            message: self.message.clone(),
            kind: match self.autosave {
                Autosave::Yes => SaveKind::Autosave,
                Autosave::No => SaveKind::Save,
            },
            merge: match self.merge {
                Some(Merge::Auto) => MergePolicy::Automatic,
                None => MergePolicy::Refuse,
            },
        }
    }
}

impl WriteParameters for CreateQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

impl WriteParameters for SaveQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}

impl WriteParameters for DeleteQuery {
    fn validate_only(&self) -> ValidateOnly {
        self.validate_only
    }
}
