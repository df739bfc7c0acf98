//! Articles: rows, rules and what can go wrong when they change.

use chrono::{DateTime, Utc};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::accounts::claims::UploadGrant;
use crate::accounts::permissions::Role;
use crate::articles::access::AccessFailure;
use crate::articles::content::{ArticleContent, ArticleDetails, BylineContent, ExternalId, SeriesContent};
use crate::articles::edit::{ArticleEdit, CoverWithoutPicture};
use crate::articles::field_rights::ForbiddenField;
use crate::articles::lifecycle::{ArticleState, IllegalStep, Liveness, Standing, Step};
use crate::articles::merge::{ContentField, MergeRefusal};
use crate::articles::preflight::PreflightFinding;
use crate::audit::action::Action;
use crate::authors::author::{AuthorFailure, BylineAuthorRow};
use crate::comments::comment::{ImportedComment, ThreadRow};
use crate::comments::thread_state::ThreadChange;
use crate::conflict::{SlugConflict, StaleRevision};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{articles, published_articles, schedules, sections, series, tags};
use crate::database::timestamp::RowTime;
use crate::field::{Line, Prose};
use crate::markup::{self, Rendered};
use crate::mentions::mention::ImportedMention;
use crate::site::custom_fields::CustomFault;
use crate::slug::Slug;

/// The headline.
pub type Title = Line<300>;

/// The second headline.
pub type Subtitle = Line<500>;

/// The teaser.
pub type Excerpt = Prose<2_000>;

/// The text, as Markdown.
pub type Body = Prose<1_000_000>;

/// The line that stands in place of the names of the authors.
pub type BylineText = Line<300>;

/// What an editor says about a save.
pub type RevisionMessage = Line<500>;

/// The most authors of a byline.
pub const MAX_AUTHORS: usize = 50;

/// The most tags of an article.
pub const MAX_TAGS: usize = 50;

/// The most related articles of an article.
pub const MAX_RELATED: usize = 20;

/// A row of `articles`: the working copy.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser that an editor gave.
    pub excerpt: Option<String>,
    /// The language tag.
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    pub canonical_url: Option<String>,
    /// The teaser made from the text, for when none was given.
    pub derived_excerpt: String,
    /// The words of the text.
    pub word_count: i32,
    /// Counts the changes, from 1.
    pub revision: i32,
    /// The revision that readers see, if they see any.
    pub published_revision: Option<i32>,
    /// When it was first published, or is to be dated.
    pub published_at: Option<RowTime>,
    /// When it was made.
    pub created_at: RowTime,
    /// The account that made it, which owns it.
    pub created_by: RowId,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The account that changed it last.
    pub updated_by: RowId,
    /// The source of the text.
    pub body_markdown: String,
    /// The text as sanitized HTML.
    pub body_html: String,
    /// The text without markup.
    pub body_text: String,
    /// What a document said that no field holds: a JSON object.
    pub extra: String,
    /// Where it stands; see [`ArticleState`].
    pub state: String,
    /// The section.
    pub section_id: Option<RowId>,
    /// The series.
    pub series_id: Option<RowId>,
    /// The place in the series, from 1.
    pub series_position: Option<i32>,
    /// The article that this one is a translation of.
    pub translation_of: Option<RowId>,
    /// The other system that knows it.
    pub external_source: Option<String>,
    /// Its name there.
    pub external_id: Option<String>,
    /// The date that an editor gave it.
    pub dated_at: Option<RowTime>,
    /// The account that is to work on it.
    pub assignee_id: Option<RowId>,
    /// What has no column of its own: [`ArticleDetails`] as JSON.
    pub details: String,
    /// The API token of the kind `upload` that made it, which reaches it and nothing else.
    pub upload_token_id: Option<RowId>,
}

/// The columns of `articles` that a list shows: the texts stay where they are.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleSummaryRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// Counts the changes.
    pub revision: i32,
    /// The revision that readers see.
    pub published_revision: Option<i32>,
    /// When it was first published.
    pub published_at: Option<RowTime>,
    /// When it was made.
    pub created_at: RowTime,
    /// When it was last changed.
    pub updated_at: RowTime,
    /// The words of the text.
    pub word_count: i32,
    /// Where it stands.
    pub state: String,
    /// The account that is to work on it.
    pub assignee_id: Option<RowId>,
}

/// A row of `schedules`: what will happen to an article by itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = schedules, treat_none_as_null = true)]
pub struct ScheduleRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The revision to publish.
    pub revision: Option<i32>,
    /// When to publish it.
    pub publish_at: Option<RowTime>,
    /// When to take the article away from readers.
    pub unpublish_at: Option<RowTime>,
    /// When this was set.
    pub set_at: RowTime,
    /// The account that set it, in whose name it is done.
    pub set_by: RowId,
}

/// What an article shows of its section.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sections)]
pub struct SectionRefRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
    /// The slugs from the root on.
    pub path: String,
}

/// What an article shows of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = tags)]
pub struct TagRefRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The name.
    pub name: String,
}

/// What an article shows of its series.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = series)]
pub struct SeriesRefRow {
    /// The id.
    pub id: RowId,
    /// The slug.
    pub slug: String,
    /// The title.
    pub title: String,
}

/// What one published article shows of another.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = published_articles)]
pub struct ArticleRefRow {
    /// The id.
    pub article_id: RowId,
    /// The slug.
    pub slug: String,
    /// The headline.
    pub title: String,
    /// The language tag.
    pub lang: Option<String>,
}

/// An author in a byline, with what they did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BylineRow {
    /// The author.
    pub author: BylineAuthorRow,
    /// What they did.
    pub role: String,
}

/// A row of `published_articles`: the snapshot, written whole at publish.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = published_articles)]
pub struct PublishedArticleRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The slug that readers use.
    pub slug: String,
    /// The revision that was published.
    pub revision: i32,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser, given or made from the text.
    pub excerpt: String,
    /// The language tag.
    pub lang: Option<String>,
    /// The address of the original, when this is a copy.
    pub canonical_url: Option<String>,
    /// The words of the text.
    pub word_count: i32,
    /// When it was first published.
    pub published_at: RowTime,
    /// When this snapshot was made.
    pub updated_at: RowTime,
    /// The source of the text.
    pub body_markdown: String,
    /// The text as sanitized HTML.
    pub body_html: String,
    /// The text without markup.
    pub body_text: String,
    /// The section.
    pub section_id: Option<RowId>,
    /// The series.
    pub series_id: Option<RowId>,
    /// The place in the series.
    pub series_position: Option<i32>,
    /// The article that this one is a translation of.
    pub translation_of: Option<RowId>,
    /// How many tags it has, so that a read of none asks for none.
    pub tag_count: i32,
    /// What has no column of its own: [`ArticleDetails`] as JSON.
    pub details: String,
    /// What readers are told was wrong, as JSON that is ready to be sent.
    pub corrections: String,
}

/// The columns of `published_articles` that a list shows.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = published_articles)]
pub struct PublishedSummaryRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The slug that readers use.
    pub slug: String,
    /// The revision that was published.
    pub revision: i32,
    /// The headline.
    pub title: String,
    /// The second headline.
    pub subtitle: Option<String>,
    /// The teaser.
    pub excerpt: String,
    /// The language tag.
    pub lang: Option<String>,
    /// The words of the text.
    pub word_count: i32,
    /// When it was first published.
    pub published_at: RowTime,
    /// When this snapshot was made.
    pub updated_at: RowTime,
    /// The section.
    pub section_id: Option<RowId>,
    /// How many tags it has.
    pub tag_count: i32,
    /// What has no column of its own.
    pub details: String,
}

/// What an article shows of the things it belongs to.
#[derive(Debug, Clone, Default)]
pub struct Belongings {
    /// The authors, in order.
    pub byline: Vec<BylineRow>,
    /// The tags, in order.
    pub tags: Vec<TagRefRow>,
    /// The section.
    pub section: Option<SectionRefRow>,
    /// The series.
    pub series: Option<SeriesRefRow>,
}

/// A working copy with all that belongs to it.
#[derive(Debug, Clone)]
pub struct WorkingArticle {
    /// The row.
    pub row: ArticleRow,
    /// What it belongs to.
    pub belongings: Belongings,
    /// What will happen to it by itself.
    pub schedule: Option<ScheduleRow>,
    /// The thread.
    pub thread: ThreadRow,
}

/// A working copy in a list.
#[derive(Debug, Clone)]
pub struct WorkingSummary {
    /// The row.
    pub row: ArticleSummaryRow,
    /// The authors, in order.
    pub byline: Vec<BylineRow>,
}

/// A published article with all that belongs to it. `R` is the whole row, or the columns of a list.
#[derive(Debug, Clone)]
pub struct PublishedArticle<R> {
    /// The row.
    pub row: R,
    /// What has no column of its own.
    pub details: ArticleDetails,
    /// What it belongs to.
    pub belongings: Belongings,
    /// The related articles that readers see, in order.
    pub related: Vec<ArticleRefRow>,
    /// The articles that readers see and that say the same in another language.
    pub translations: Vec<ArticleRefRow>,
    /// The thread.
    pub thread: ThreadRow,
}

/// A published article found by a slug.
#[derive(Debug)]
pub enum ArticleLookup {
    /// The article has this slug.
    Found(Box<PublishedArticle<PublishedArticleRow>>),
    /// The article had this slug and has another now.
    Moved(String),
    /// No published article has or had it.
    Absent,
}

/// The columns of `published_articles` that the blocks of the text are made of.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = published_articles)]
pub struct PublishedBodyRow {
    /// The id of the article.
    pub article_id: RowId,
    /// The slug that readers use.
    pub slug: String,
    /// The revision that was published.
    pub revision: i32,
    /// The source of the text.
    pub body_markdown: String,
}

/// The text in every form, with the teaser made from it.
#[derive(Debug, Clone)]
pub struct ArticleText {
    /// The forms.
    pub rendered: Rendered,
    /// The teaser.
    pub derived_excerpt: String,
}

impl ArticleText {
    /// The forms of a text.
    #[must_use]
    pub fn new(rendered: Rendered) -> Self {
        Self {
            derived_excerpt: markup::excerpt_of(&rendered.text),
            rendered,
        }
    }
}

/// A new article, checked.
#[derive(Debug, Clone)]
pub struct NewArticle {
    /// The id.
    pub id: Uuid,
    /// The slug that is wanted.
    pub slug: Slug,
    /// The headline.
    pub title: Title,
    /// The text.
    pub text: ArticleText,
    /// The rest.
    pub edit: ArticleEdit,
    /// The thread: its state and its first comments.
    pub thread: NewThread,
    /// Whether readers shall see it at once.
    pub publication: Publication,
    /// How the save is told in the history.
    pub save: Save,
    /// Who makes it.
    pub maker: Maker,
}

/// How a save is told in the history.
#[derive(Debug, Clone, Default)]
pub struct Save {
    /// What the editor says about it.
    pub message: Option<RevisionMessage>,
    /// What kind of save it is.
    pub kind: SaveKind,
    /// What to do when somebody else saved first.
    pub merge: MergePolicy,
}

/// What kind of save made a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaveKind {
    /// An editor saved.
    #[default]
    Save,
    /// An editor's program saved by itself; a run of these is kept as one revision.
    Autosave,
    /// Two saves were merged.
    Merge,
    /// An earlier revision was taken up again.
    Restore,
    /// What readers see was taken up again.
    Discard,
}

/// What to do when somebody else saved after the revision that a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MergePolicy {
    /// Refuse.
    #[default]
    Refuse,
    /// Merge, if nothing contradicts.
    Automatic,
}

/// The thread that an article begins with.
#[derive(Debug, Clone, Default)]
pub struct NewThread {
    /// The state, if it shall be another than open.
    pub change: Option<ThreadChange>,
    /// The comments that a document brings, in its order.
    pub comments: Vec<ImportedComment>,
    /// What the document tells of links from elsewhere.
    pub mentions: Vec<ImportedMention>,
    /// What to do with all this when the article is there already.
    pub on_existing: ExistingThread,
}

/// What an upload may do to the thread of an article that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExistingThread {
    /// Add its comments and set its state: the caller may moderate.
    Change,
    /// Leave it to the moderators.
    #[default]
    Keep,
}

/// A step of the life of an article that a request asks for, with what the step needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepRequest {
    /// Hand it to an editor.
    Submit {
        /// Who is to read it, if that is said.
        assignee: Option<Uuid>,
    },
    /// Hand it back to the writer.
    RequestChanges,
    /// Set the times when it is shown and taken away.
    Schedule(ScheduleChange),
    /// Call off what is scheduled.
    Unschedule,
    /// Show the working copy to readers.
    Publish(Readiness),
    /// Take it away from readers.
    Unpublish,
    /// Take up again what readers see.
    DiscardChanges,
    /// Keep it, out of sight.
    Archive,
    /// Throw it away.
    Trash,
    /// Take it up again from the archive or the trash.
    Restore,
}

/// The times of a schedule that a request sets; what it leaves out stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleChange {
    /// When to publish the working copy as it is now.
    pub publish_at: Option<DateTime<Utc>>,
    /// When to take the article away from readers.
    pub unpublish_at: Option<DateTime<Utc>>,
    /// Whether the article must be ready when this is set.
    pub readiness: Readiness,
}

/// Whether what speaks against a publication stops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Required,
    /// It does not: an administrator says so.
    Waived,
}

/// Whether a write also publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Readers see what they saw.
    Unchanged,
    /// Readers see what is written.
    Immediate(Readiness),
}

/// Which articles a caller may see and change. How far it may change them stands in [`crate::articles::field_rights`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// All.
    Any,
    /// An account's own: those that it made, and those with the author in the byline whom it writes as.
    Of(Owner),
    /// Those that an API token of the kind `upload` brought.
    Upload(UploadGrant),
}

/// An account that reaches only its own articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The account.
    pub account: Uuid,
    /// The author whom it writes as.
    pub author: Option<Uuid>,
    /// Its role.
    pub role: Role,
}

/// The columns of `articles` that say whose one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = articles)]
pub struct ArticleMaker {
    /// The id.
    pub id: RowId,
    /// The account that made it.
    pub created_by: RowId,
    /// The API token of the kind `upload` that made it.
    pub upload_token_id: Option<RowId>,
}

/// Whether an article is within reach, as far as its row tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It is if this author stands in its byline.
    WithAuthor(RowId),
}

impl Ownership {
    /// Whether an article is within reach, as far as its row tells.
    #[must_use]
    pub fn reaches(self, maker: ArticleMaker) -> Reached {
        let is_within = match self {
            Self::Any => true,
            Self::Of(owner) => maker.created_by.0 == owner.account,
            Self::Upload(grant) => maker.upload_token_id.is_some_and(|token| token.0 == grant.token_id),
        };
        match (is_within, self) {
            (true, _) => Reached::Yes,
            (
                false,
                Self::Of(Owner {
                    author: Some(author), ..
                }),
            ) => Reached::WithAuthor(RowId(author)),
            (false, _) => Reached::No,
        }
    }

    /// The API token that is remembered with what it makes.
    #[must_use]
    pub fn upload_token(self) -> Option<RowId> {
        match self {
            Self::Any | Self::Of(_) => None,
            Self::Upload(grant) => Some(RowId(grant.token_id)),
        }
    }
}

/// Who makes an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maker {
    /// Which articles they may see and change.
    pub ownership: Ownership,
    /// The author who stands in the byline where the request names none: the one whom the account writes as.
    pub author: Option<Uuid>,
}

/// The outcome of an upsert.
#[derive(Debug)]
pub enum Upserted {
    /// There was nothing; this was made.
    Created(WorkingArticle),
    /// There was something; it is this now.
    Changed(WorkingArticle),
}

/// Which working copies a list shows.
#[derive(Debug, Clone)]
pub struct WorkingFilter {
    /// Whose.
    pub ownership: Ownership,
    /// Those that stand here.
    pub state: Option<ArticleState>,
    /// Those with this author in the byline.
    pub author: Option<RowId>,
    /// Those in one of these sections.
    pub sections: Option<Vec<RowId>>,
    /// Those with this tag.
    pub tag: Option<RowId>,
    /// Those that this account is to work on.
    pub assignee: Option<RowId>,
}

/// Which published articles a list shows.
#[derive(Debug, Clone, Default)]
pub struct PublishedFilter {
    /// Those with this author in the byline.
    pub author: Option<RowId>,
    /// Those in one of these sections.
    pub sections: Option<Vec<RowId>>,
    /// Those with this tag.
    pub tag: Option<RowId>,
    /// Those of this series.
    pub series: Option<RowId>,
    /// Those in this language.
    pub lang: Option<String>,
}

/// What a reference of an article names that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// A section, by slug.
    Section,
    /// A series, by slug.
    Series,
    /// A related article, by id.
    Related,
    /// The article itself, among its related ones.
    RelatedToItself,
    /// The article that this one is a translation of, by id.
    TranslationOf,
    /// An article that cannot be a translation, since others are translations of it or it is the one itself.
    TranslationRoot,
    /// An account of the newsroom, by id.
    Assignee,
    /// A file, by the address that leads to it.
    Media,
}

/// A step that came too late, with what would become of it.
#[derive(Debug, Clone)]
pub struct StaleArticle {
    /// The current revision.
    pub stale: StaleRevision,
    /// The fields that were changed since the revision that the request names; `None` when that one is not kept any more.
    pub changed_fields: Option<Vec<ContentField>>,
    /// Whether the request could be merged; `None` when there is nothing to merge or no common ground.
    pub verdict: Option<Result<(), MergeRefusal>>,
}

/// Why an article was not stored.
#[derive(Debug)]
pub enum ArticleFailure {
    /// There is no such article, or it is not the caller's.
    Absent,
    /// It is gone for good.
    Purged {
        /// When it went.
        at: DateTime<Utc>,
    },
    /// Somebody else changed it.
    Stale(Box<StaleArticle>),
    /// The request must say which revision it replaces; this is the current one.
    NoPrecondition {
        /// The current revision.
        revision: i32,
    },
    /// The request may only make something new, and there is something.
    Exists(StaleRevision),
    /// The request names a revision to replace, and there is no article.
    NothingToMatch,
    /// Another article has the slug.
    SlugTaken(SlugConflict),
    /// The byline names an author by a slug that nobody has.
    AuthorUnknown {
        /// The place in the byline, from 0.
        index: usize,
        /// The slug.
        slug: Slug,
    },
    /// The article cannot take this step from where it stands.
    Illegal(IllegalStep),
    /// Something speaks against showing it to readers.
    NotReady(Vec<PreflightFinding>),
    /// It names something that is not there.
    ReferenceUnknown {
        /// What.
        kind: ReferenceKind,
        /// The JSON Pointer of the member that names it.
        pointer: String,
        /// What the member says.
        named: String,
    },
    /// Another article says the same in the same language.
    TranslationTaken {
        /// The other article.
        conflicting_id: Uuid,
    },
    /// The other system's id belongs to another article.
    ExternalIdTaken {
        /// The other article.
        conflicting_id: Uuid,
    },
    /// The request sets fields that the caller may not set.
    FieldsForbidden(Vec<ForbiddenField>),
    /// Readers have seen the article, and the caller throws away only what they have not.
    PublishedBefore,
    /// A cover is made of a picture, and the request gives none.
    CoverWithoutPicture,
    /// The custom fields break the schema of the site.
    CustomFields(Vec<CustomFault>),
    /// The time to publish or to end does not lie where it must.
    ScheduleInvalid {
        /// The member.
        member: &'static str,
        /// What is wrong.
        detail: &'static str,
    },
    /// There is no such revision, or it is not kept any more.
    RevisionAbsent {
        /// The number.
        revision: i32,
    },
    /// The database failed.
    Database(Failure),
}

impl From<Failure> for ArticleFailure {
    fn from(failure: Failure) -> Self {
        Self::Database(failure)
    }
}

impl From<IllegalStep> for ArticleFailure {
    fn from(illegal: IllegalStep) -> Self {
        Self::Illegal(illegal)
    }
}

impl From<AccessFailure> for ArticleFailure {
    fn from(failure: AccessFailure) -> Self {
        match failure {
            AccessFailure::Absent => Self::Absent,
            AccessFailure::Purged { at } => Self::Purged { at },
            AccessFailure::Database(failure) => Self::Database(failure),
        }
    }
}

impl From<CoverWithoutPicture> for ArticleFailure {
    fn from(_fault: CoverWithoutPicture) -> Self {
        Self::CoverWithoutPicture
    }
}

impl From<diesel::result::Error> for ArticleFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

impl SaveKind {
    /// What a save that changes something is recorded as. Giving up changes is recorded with the step that asks for it,
    /// whether it changes something or not.
    #[must_use]
    pub fn recorded_as(self) -> Option<Action> {
        match self {
            Self::Save | Self::Autosave | Self::Merge => Some(Action::ArticleUpdated),
            Self::Restore => Some(Action::ArticleRevisionRestored),
            Self::Discard => None,
        }
    }

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Save => "save",
            Self::Autosave => "autosave",
            Self::Merge => "merge",
            Self::Restore => "restore",
            Self::Discard => "discard",
        }
    }
}

impl Publication {
    /// Whether readers shall see what is written.
    #[must_use]
    pub fn is_asked_for(self) -> bool {
        self != Self::Unchanged
    }
}

impl StepRequest {
    /// The step in the table of steps.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::Submit { .. } => Step::Submit,
            Self::RequestChanges => Step::RequestChanges,
            // Without a time to publish, a schedule only has an end.
            Self::Schedule(change) if change.publish_at.is_none() => Step::ScheduleEnd,
            Self::Schedule(_) => Step::Schedule,
            Self::Unschedule => Step::Unschedule,
            Self::Publish(_) => Step::Publish,
            Self::Unpublish => Step::Unpublish,
            Self::DiscardChanges => Step::DiscardChanges,
            Self::Archive => Step::Archive,
            Self::Trash => Step::Trash,
            Self::Restore => Step::Restore,
        }
    }

    /// Whether the step goes against a rule of the site, which needs an administrator.
    #[must_use]
    pub fn waives_readiness(&self) -> bool {
        match self {
            Self::Publish(readiness) => *readiness == Readiness::Waived,
            Self::Schedule(change) => change.readiness == Readiness::Waived,
            _ => false,
        }
    }
}

impl ArticleRow {
    /// The row of a new article, before its content is applied.
    #[must_use]
    pub fn blank(id: Uuid, account: Uuid, now: RowTime) -> Self {
        Self {
            id: RowId(id),
            slug: String::new(),
            title: String::new(),
            subtitle: None,
            excerpt: None,
            lang: None,
            canonical_url: None,
            derived_excerpt: String::new(),
            word_count: 0,
            revision: 0,
            published_revision: None,
            published_at: None,
            created_at: now,
            created_by: RowId(account),
            updated_at: now,
            updated_by: RowId(account),
            body_markdown: String::new(),
            body_html: String::new(),
            body_text: String::new(),
            extra: "{}".to_owned(),
            state: ArticleState::Draft.as_str().to_owned(),
            section_id: None,
            series_id: None,
            series_position: None,
            translation_of: None,
            external_source: None,
            external_id: None,
            dated_at: None,
            assignee_id: None,
            details: "{}".to_owned(),
            upload_token_id: None,
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn maker(&self) -> ArticleMaker {
        ArticleMaker {
            id: self.id,
            created_by: self.created_by,
            upload_token_id: self.upload_token_id,
        }
    }

    /// What a writer is told who expected another revision.
    #[must_use]
    pub fn stale(&self) -> StaleRevision {
        StaleRevision {
            revision: self.revision,
            changed_by: Some(self.updated_by.0),
            changed_at: self.updated_at.utc(),
        }
    }

    /// What a representation of this row shows.
    #[must_use]
    pub fn version(&self) -> (Uuid, i32) {
        (self.id.0, self.revision)
    }

    /// Where the article stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            // The database holds nothing else; a draft is what can do the least harm.
            state: ArticleState::from_name(&self.state).unwrap_or(ArticleState::Draft),
            liveness: match self.published_revision {
                Some(_) => Liveness::Live,
                None => Liveness::Hidden,
            },
        }
    }

    /// Everything that has no column of its own.
    #[must_use]
    pub fn details(&self) -> ArticleDetails {
        ArticleDetails::from_json(&self.details)
    }

    /// What the article says, with its byline and its tags, which stand in rows of their own.
    #[must_use]
    pub fn content(&self, authors: Vec<BylineContent>, tags: Vec<Uuid>) -> ArticleContent {
        let ArticleDetails {
            byline,
            cover,
            seo,
            custom,
            related,
        } = self.details();
        let series = self.series_id.zip(self.series_position);
        let external_id = self.external_source.clone().zip(self.external_id.clone());
        ArticleContent {
            title: self.title.clone(),
            slug: self.slug.clone(),
            subtitle: self.subtitle.clone(),
            excerpt: self.excerpt.clone(),
            body_markdown: self.body_markdown.clone(),
            authors,
            byline,
            section: self.section_id.map(|section| section.0),
            tags,
            series: series.map(|(series, position)| SeriesContent {
                series: series.0,
                position,
            }),
            related,
            lang: self.lang.clone(),
            translation_of: self.translation_of.map(|original| original.0),
            canonical_url: self.canonical_url.clone(),
            cover,
            seo,
            custom,
            external_id: external_id.map(|(source, id)| ExternalId { source, id }),
            published_at: self.dated_at.map(RowTime::utc),
        }
    }

    /// Says what `content` says. The text is rendered by the caller, since it is the only part that takes a while; without
    /// one the text stays as it is. Byline and tags stand in rows of their own.
    pub fn say(&mut self, content: ArticleContent, text: Option<ArticleText>) {
        let ArticleContent {
            title,
            slug,
            subtitle,
            excerpt,
            body_markdown: _,
            authors: _,
            byline,
            section,
            tags: _,
            series,
            related,
            lang,
            translation_of,
            canonical_url,
            cover,
            seo,
            custom,
            external_id,
            published_at,
        } = content;
        let dated_at = published_at.map(RowTime::from);
        if dated_at != self.dated_at {
            self.dated_at = dated_at;
            // Without a date the next publication gives one.
            self.published_at = dated_at;
        }
        self.title = title;
        self.slug = slug;
        self.subtitle = subtitle;
        self.excerpt = excerpt;
        self.lang = lang;
        self.canonical_url = canonical_url;
        self.section_id = section.map(RowId);
        self.series_id = series.map(|place| RowId(place.series));
        self.series_position = series.map(|place| place.position);
        self.translation_of = translation_of.map(RowId);
        (self.external_source, self.external_id) = external_id.map(|name| (name.source, name.id)).unzip();
        self.details = ArticleDetails {
            byline,
            cover,
            seo,
            custom,
            related,
        }
        .to_json();
        if let Some(text) = text {
            self.set_text(text);
        }
    }

    /// What readers shall see of this row from `now` on. Corrections stand in rows of their own.
    #[must_use]
    pub fn snapshot(
        &self,
        published_at: RowTime,
        now: RowTime,
        tag_count: i32,
        corrections: String,
    ) -> PublishedArticleRow {
        let Self {
            id,
            slug,
            title,
            subtitle,
            excerpt,
            lang,
            canonical_url,
            derived_excerpt,
            word_count,
            revision,
            published_revision: _,
            published_at: _,
            created_at: _,
            created_by: _,
            updated_at: _,
            updated_by: _,
            body_markdown,
            body_html,
            body_text,
            extra: _,
            state: _,
            section_id,
            series_id,
            series_position,
            translation_of,
            external_source: _,
            external_id: _,
            dated_at: _,
            assignee_id: _,
            details,
            upload_token_id: _,
        } = self.clone();
        PublishedArticleRow {
            article_id: id,
            slug,
            revision,
            title,
            subtitle,
            excerpt: excerpt.unwrap_or(derived_excerpt),
            lang,
            canonical_url,
            word_count,
            published_at,
            updated_at: now,
            body_markdown,
            body_html,
            body_text,
            section_id,
            series_id,
            series_position,
            translation_of,
            tag_count,
            details,
            corrections,
        }
    }

    fn set_text(&mut self, text: ArticleText) {
        let ArticleText {
            rendered,
            derived_excerpt,
        } = text;
        let Rendered {
            markdown,
            html,
            text,
            word_count,
        } = rendered;
        self.body_markdown = markdown;
        self.body_html = html;
        self.body_text = text;
        self.word_count = word_count;
        self.derived_excerpt = derived_excerpt;
    }
}

impl From<AuthorFailure> for ArticleFailure {
    fn from(failure: AuthorFailure) -> Self {
        match failure {
            AuthorFailure::Database(failure) => Self::Database(failure),
            // An author of the byline was made by another request after this one looked.
            other => Self::Database(Failure::Busy(format!("the byline changed in this moment: {other:?}"))),
        }
    }
}
