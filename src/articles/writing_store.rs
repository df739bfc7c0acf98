//! Queries that change working copies: every save becomes the content of a revision, whatever request it comes from.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{
    Connection, RunQueryDsl, article_access, article_rows, article_slugs, article_transitions, articles as reads,
    audit, comments, media_uses, mentions, publications, references, revisions, site, thread_states,
};
use crate::accounts::permissions::Scope;
use crate::articles::article::{
    ArticleFailure, ArticleMaker, ArticleRow, ArticleText, ExistingThread, Maker, MergePolicy, NewArticle, NewThread,
    Ownership, Publication, Save, SaveKind, StaleArticle, Upserted, WorkingArticle,
};
use crate::articles::content::{ArticleContent, BylineContent, ExternalId};
use crate::articles::edit::{ArticleEdit, BylineRole, ResolvedReferences};
use crate::articles::field_rights::{ArticleField, FieldRight, FieldWriter, ForbiddenField};
use crate::articles::lifecycle::{Liveness, Step};
use crate::articles::merge::{MergeRefusal, changed_fields, merge_within_limits};
use crate::articles::revisions::revision::RevisionRow;
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::{article_authors, article_tags, articles, purged_articles};
use crate::database::timestamp::RowTime;
use crate::http::conditional::{Conditions, Expected};
use crate::markup::{Policy, Rendered};
use crate::media::uses::{self, MediaUser};
use crate::slug::Slug;
use crate::state::Stamp;

/// Stores a new article, with its byline, its thread and, if asked, its first snapshot.
pub async fn create(
    connection: &mut Connection,
    new: NewArticle,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let NewArticle {
        id,
        slug,
        title,
        text,
        edit,
        thread,
        publication,
        save,
        maker,
    } = new;
    let mut row = ArticleRow::blank(id, stamp.account_id, stamp.now.into());
    article_slugs::refuse_held(connection, &slug, row.id, &stamp).await?;
    let edit = ArticleEdit {
        title: Some(title),
        slug: Some(slug.clone()),
        text: Some(text.clone()),
        ..edit
    };
    let extra = edit.extra.clone();
    let resolved = references::resolve(connection, &edit, publication, &stamp).await?;
    let resolved = with_own_author(resolved, maker);
    let content = edit.applied(resolved, &ArticleContent::default())?;
    refuse_forbidden(
        maker.ownership,
        (&ArticleContent::default(), &content),
        Liveness::Hidden,
    )?;
    refuse_thread(maker.ownership, &thread)?;
    row.upload_token_id = maker.ownership.upload_token();
    references::check(
        connection,
        row.id,
        (&ArticleContent::default(), &content),
        stamp.public_url(),
    )
    .await?;
    row.say(content.clone(), Some(text));
    row.revision = 1;
    if let Some(extra) = extra {
        row.extra = serde_json::Value::Object(extra).to_string();
    }
    // The claim points at the article, so the row comes first; its own slug is unique too and would fail without a name.
    let inserted = diesel::insert_into(articles::table)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    if inserted == 0 {
        return Err(article_slugs::lost_race(connection, &slug, row.id, &stamp).await);
    }
    article_slugs::claim(connection, &slug, row.id, &stamp).await?;
    let act = act(Action::ArticleCreated, &row).between(None, Some(row.revision));
    audit::record(connection, act, &stamp).await?;
    insert_byline(connection, row.id, &content.authors).await?;
    insert_tags(connection, row.id, &content.tags).await?;
    follow_files(connection, &row, (&ArticleContent::default(), &content), &stamp).await?;
    comments::create_thread(connection, row.id, &stamp).await?;
    import_thread(connection, &row, thread, &stamp).await?;
    let site = site::load(connection).await?;
    let revision = RevisionRow::of(&row, &content, &[], save);
    revisions::keep(connection, &row, revision, &site).await?;
    publications::show_if_asked(connection, &mut row, &content, publication, &stamp).await?;
    Ok(reads::assembled(connection, row).await?)
}

/// Changes a working copy and, if asked, publishes it.
pub async fn update(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    expected: Expected,
    edit: ArticleEdit,
    publication: Publication,
    save: Save,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let (id, ownership) = target;
    let row = article_rows::lock(connection, id, ownership).await?;
    update_row(connection, row, ownership, (expected, edit), publication, save, &stamp).await
}

/// Makes the article with a slug, or changes the one that has it, as the conditions of the request allow.
pub async fn upsert(
    connection: &mut Connection,
    new: NewArticle,
    ownership: Ownership,
    conditions: Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    let holder: Option<Holder> = articles::table
        .filter(articles::slug.eq(new.slug.as_str()))
        .select((ArticleMaker::as_select(), articles::revision))
        .first(connection)
        .await
        .optional()?;
    let Some(holder) = holder else {
        return create_absent(connection, new, &conditions, stamp).await;
    };
    if !article_access::is_within_reach(connection, ownership, holder.0).await? {
        return Err(article_slugs::conflict(connection, new.slug, holder.0.id, &stamp).await?);
    }
    let slug = new.slug.clone();
    let row = lock_to_replace(connection, holder, ownership, &conditions).await?;
    if row.slug != slug.as_str() {
        return Err(Failure::Busy("the article was given another slug in this moment".into()).into());
    }
    Box::pin(replace(connection, row, new, &conditions, stamp)).await
}

/// Makes the article that another system knows by an id, or changes it, as the conditions of the request allow. An
/// article that is there keeps its slug unless the request gives one.
pub async fn upsert_by_external_id(
    connection: &mut Connection,
    new: NewArticle,
    name: ExternalId,
    slug_given: Option<Slug>,
    ownership: Ownership,
    conditions: Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    let holder: Option<Holder> = articles::table
        .filter(articles::external_source.eq(name.source))
        .filter(articles::external_id.eq(name.id))
        .select((ArticleMaker::as_select(), articles::revision))
        .first(connection)
        .await
        .optional()?;
    let Some(holder) = holder else {
        return create_absent(connection, new, &conditions, stamp).await;
    };
    if !article_access::is_within_reach(connection, ownership, holder.0).await? {
        return Err(ArticleFailure::ExternalIdTaken {
            conflicting_id: holder.0.id.0,
        });
    }
    let row = lock_to_replace(connection, holder, ownership, &conditions).await?;
    let edit = ArticleEdit {
        slug: slug_given,
        ..new.edit
    };
    Box::pin(replace(connection, row, NewArticle { edit, ..new }, &conditions, stamp)).await
}

/// Makes an earlier revision the working copy again. What it names and what is gone is left out.
pub async fn restore_revision(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    revision: i32,
    expected: Expected,
    save: Save,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let (id, ownership) = target;
    let row = article_rows::lock(connection, id, ownership).await?;
    refuse_stale(connection, &row, &expected).await?;
    row.standing().after(Step::Edit)?;
    let wanted = revisions::content(connection, row.id, revision).await?;
    take_up(connection, row, ownership, wanted, save, &stamp).await
}

/// Makes what readers see the working copy again. The caller holds the row and has settled that this can be done.
pub async fn discard_changes(
    connection: &mut Connection,
    row: ArticleRow,
    ownership: Ownership,
    stamp: &Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let (shown, before) = (row.published_revision.unwrap_or_default(), row.revision);
    let wanted = revisions::content(connection, row.id, shown).await?;
    let save = Save {
        kind: SaveKind::Discard,
        ..Save::default()
    };
    let mut article = take_up(connection, row, ownership, wanted.clone(), save, stamp).await?;
    // A date that is given up leaves the next publication to date the article, and this one has its date.
    article.row.published_at = publications::date_shown(connection, article.row.id).await?;
    article_rows::write(connection, &article.row).await?;
    let act = act(Action::ArticleChangesDiscarded, &article.row).between(Some(before), Some(article.row.revision));
    audit::record(connection, act, stamp).await?;
    let is_whole = reads::content_of(connection, &article.row).await? == wanted;
    match is_whole {
        true => publications::call_shown(connection, article).await,
        // Something that readers still see is gone, so the working copy is ahead of them.
        false => Ok(article),
    }
}

/// Removes an article from the trash with everything that belongs to it, for good. Its id is remembered.
pub async fn purge(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    expected: Expected,
    stamp: Stamp,
) -> Result<(), ArticleFailure> {
    let (id, ownership) = target;
    let row = article_rows::lock(connection, id, ownership).await?;
    refuse_stale(connection, &row, &expected).await?;
    row.standing().after(Step::Purge)?;
    refuse_published(connection, ownership, row.id).await?;
    let was_public = was_public(connection, row.id).await?;
    media_uses::forget(connection, MediaUser::Article(row.id)).await?;
    diesel::delete(articles::table.find(row.id)).execute(connection).await?;
    let purged = (
        purged_articles::article_id.eq(row.id),
        purged_articles::was_public.eq(was_public),
        purged_articles::purged_at.eq(RowTime::from(stamp.now)),
        purged_articles::purged_by.eq(RowId(stamp.account_id)),
    );
    diesel::insert_into(purged_articles::table)
        .values(purged)
        .execute(connection)
        .await?;
    let act = act(Action::ArticlePurged, &row).between(Some(row.revision), None);
    Ok(audit::record(connection, act, &stamp).await?)
}

/// Whether readers ever saw an article.
async fn was_public(connection: &mut Connection, article: RowId) -> Result<bool, Failure> {
    // Its slugs can belong to others by now, and what was published before steps were recorded has no record of it.
    Ok(article_slugs::was_public(connection, article).await?
        || article_transitions::has_taken(connection, article, Step::Publish).await?)
}

/// Refuses that somebody throws away what readers have seen who may not publish.
pub async fn refuse_published(
    connection: &mut Connection,
    ownership: Ownership,
    article: RowId,
) -> Result<(), ArticleFailure> {
    let may_publish = match ownership.field_writer() {
        FieldWriter::Role(role) => role.reach(Scope::ArticlesPublish).is_some(),
        FieldWriter::UploadToken => false,
    };
    match may_publish || !was_public(connection, article).await? {
        true => Ok(()),
        false => Err(ArticleFailure::PublishedBefore),
    }
}

/// Refuses a step or a removal that names a revision that is not the current one.
pub async fn refuse_stale(
    connection: &mut Connection,
    row: &ArticleRow,
    expected: &Expected,
) -> Result<(), ArticleFailure> {
    if expected.allows(row.revision) {
        return Ok(());
    }
    let current = reads::content_of(connection, row).await?;
    let base = common_ground(connection, row, expected).await?;
    Err(stale(row, base.as_ref(), &current, None))
}

/// An article and whose it is, with its revision.
type Holder = (ArticleMaker, i32);

async fn create_absent(
    connection: &mut Connection,
    new: NewArticle,
    conditions: &Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    // `If-Match: *` says "whatever is there", and on an upsert nothing is a thing that can be there.
    match conditions.needs_existing() {
        false => create(connection, new, stamp).await.map(Upserted::Created),
        true => Err(ArticleFailure::NothingToMatch),
    }
}

async fn lock_to_replace(
    connection: &mut Connection,
    holder: Holder,
    ownership: Ownership,
    conditions: &Conditions,
) -> Result<ArticleRow, ArticleFailure> {
    let (ArticleMaker { id, .. }, revision) = holder;
    if conditions.is_create_only() {
        let row = article_rows::lock(connection, id.0, ownership).await?;
        return Err(ArticleFailure::Exists(row.stale()));
    }
    if !conditions.names_revision() {
        return Err(ArticleFailure::NoPrecondition { revision });
    }
    article_rows::lock(connection, id.0, ownership).await
}

async fn replace(
    connection: &mut Connection,
    row: ArticleRow,
    new: NewArticle,
    conditions: &Conditions,
    stamp: Stamp,
) -> Result<Upserted, ArticleFailure> {
    let NewArticle {
        id: _,
        slug: _,
        title,
        text,
        edit,
        thread,
        publication,
        save,
        maker,
    } = new;
    let edit = ArticleEdit {
        title: Some(title),
        text: Some(text),
        ..edit
    };
    if thread.on_existing == ExistingThread::Change {
        import_thread(connection, &row, thread, &stamp).await?;
    }
    let expected = conditions.clone().about(row.id.0).optional();
    update_row(
        connection,
        row,
        maker.ownership,
        (expected, edit),
        publication,
        save,
        &stamp,
    )
    .await
    .map(Upserted::Changed)
}

async fn update_row(
    connection: &mut Connection,
    row: ArticleRow,
    ownership: Ownership,
    (expected, edit): (Expected, ArticleEdit),
    publication: Publication,
    save: Save,
    stamp: &Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    row.standing().after(Step::Edit)?;
    let current = reads::content_of(connection, &row).await?;
    let is_current = expected.allows(row.revision);
    let base = match is_current {
        true => current.clone(),
        false => match common_ground(connection, &row, &expected).await? {
            Some(base) => base,
            None => return Err(stale(&row, None, &current, None)),
        },
    };
    let edit = with_byline_of_token(ownership, edit).without_date_that_stands(row.published_at.map(RowTime::utc));
    let (text, extra) = (edit.text.clone(), edit.extra.clone());
    let mine = match wanted(connection, edit, &base, publication, stamp).await {
        Ok(mine) => mine,
        // A precondition that fails is told before anything else, but for failures that are not the request's.
        Err(ArticleFailure::Database(failure)) => return Err(failure.into()),
        Err(failure) if is_current || save.merge == MergePolicy::Automatic => return Err(failure),
        Err(_told_later) => return Err(stale(&row, Some(&base), &current, None)),
    };
    // What others changed meanwhile is not this request's doing.
    let forbidden = refuse_forbidden(ownership, (&base, &mine), row.standing().liveness);
    let (next, save) = match is_current {
        true => (mine, save),
        false => match (merge_within_limits(&base, &current, &mine), save.merge) {
            (Ok(merged), MergePolicy::Automatic) => {
                let kind = SaveKind::Merge;
                (merged, Save { kind, ..save })
            }
            (verdict, _) => return Err(stale(&row, Some(&base), &current, Some(verdict.map(|_merged| ())))),
        },
    };
    forbidden?;
    store(
        connection,
        row,
        (current, next),
        (text, extra),
        publication,
        save,
        stamp,
    )
    .await
}

/// The byline of a new article that names nobody: the author whom its maker writes as.
fn with_own_author(resolved: ResolvedReferences, maker: Maker) -> ResolvedReferences {
    let names_nobody = resolved.authors.as_ref().is_none_or(Vec::is_empty);
    match maker.author.filter(|_| names_nobody) {
        None => resolved,
        Some(author) => ResolvedReferences {
            authors: Some(vec![BylineContent {
                author,
                role: BylineRole::author().into_string(),
            }]),
            ..resolved
        },
    }
}

/// An upload token stands for one author, so that a document that names nobody does not take that one away.
fn with_byline_of_token(ownership: Ownership, edit: ArticleEdit) -> ArticleEdit {
    match (ownership, &edit.authors) {
        (Ownership::Upload(_), Some(authors)) if authors.is_empty() => ArticleEdit { authors: None, ..edit },
        _ => edit,
    }
}

fn refuse_forbidden(
    ownership: Ownership,
    (before, after): (&ArticleContent, &ArticleContent),
    liveness: Liveness,
) -> Result<(), ArticleFailure> {
    let forbidden = ownership.forbidden(before, after, liveness);
    match forbidden.is_empty() {
        true => Ok(()),
        false => Err(ArticleFailure::FieldsForbidden(forbidden)),
    }
}

fn refuse_thread(ownership: Ownership, thread: &NewThread) -> Result<(), ArticleFailure> {
    let (field, is_set) = (
        ArticleField::Thread,
        thread.change.is_some() || !thread.comments.is_empty() || !thread.mentions.is_empty(),
    );
    match ownership.field_writer().right(field) {
        right @ FieldRight::Never if is_set => {
            Err(ArticleFailure::FieldsForbidden(vec![ForbiddenField { field, right }]))
        }
        _ => Ok(()),
    }
}

/// What a request wants the article to say, if it still said what the request knows.
async fn wanted(
    connection: &mut Connection,
    edit: ArticleEdit,
    base: &ArticleContent,
    publication: Publication,
    stamp: &Stamp,
) -> Result<ArticleContent, ArticleFailure> {
    let resolved = references::resolve(connection, &edit, publication, stamp).await?;
    Ok(edit.applied(resolved, base)?)
}

/// Puts the content of an earlier revision in place of the current one.
async fn take_up(
    connection: &mut Connection,
    row: ArticleRow,
    ownership: Ownership,
    wanted: ArticleContent,
    save: Save,
    stamp: &Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let current = reads::content_of(connection, &row).await?;
    let next = references::without_what_is_gone(connection, wanted, stamp.public_url()).await?;
    refuse_forbidden(ownership, (&current, &next), row.standing().liveness)?;
    store(
        connection,
        row,
        (current, next),
        (None, None),
        Publication::Unchanged,
        save,
        stamp,
    )
    .await
}

type Extra = serde_json::Map<String, serde_json::Value>;

/// Stores the next content of an article as its next revision. One that says the same as the current one is none.
async fn store(
    connection: &mut Connection,
    mut row: ArticleRow,
    (current, next): (ArticleContent, ArticleContent),
    (text, extra): (Option<ArticleText>, Option<Extra>),
    publication: Publication,
    save: Save,
    stamp: &Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let changed = changed_fields(&current, &next);
    let extra = extra.map(|extra| serde_json::Value::Object(extra).to_string());
    if changed.is_empty() && extra.as_ref().is_none_or(|extra| *extra == row.extra) {
        publications::show_if_asked(connection, &mut row, &current, publication, stamp).await?;
        return Ok(reads::assembled(connection, row).await?);
    }
    if next.slug != row.slug {
        take_slug(connection, &next.slug, row.id, stamp).await?;
    }
    references::check(connection, row.id, (&current, &next), stamp.public_url()).await?;
    if next.authors != current.authors {
        replace_byline(connection, row.id, &next.authors).await?;
    }
    if next.tags != current.tags {
        replace_tags(connection, row.id, &next.tags).await?;
    }
    row.say(next.clone(), text_of(&next, &current, text));
    row.extra = extra.unwrap_or(row.extra);
    let before = row.revision;
    row.revision = row.revision.saturating_add(1);
    row.updated_at = stamp.now.into();
    row.updated_by = RowId(stamp.account_id);
    article_rows::write(connection, &row).await?;
    follow_files(connection, &row, (&current, &next), stamp).await?;
    if next.slug != current.slug {
        article_slugs::release(connection, &row).await?;
    }
    let site = site::load(connection).await?;
    let action = save.kind.recorded_as();
    let revision = RevisionRow::of(&row, &next, &changed, save);
    revisions::keep(connection, &row, revision, &site).await?;
    if let Some(action) = action {
        let fields: Vec<String> = changed.iter().map(ToString::to_string).collect();
        let act = act(action, &row)
            .between(Some(before), Some(row.revision))
            .with(json!({"fields": fields}));
        audit::record(connection, act, stamp).await?;
    }
    publications::show_if_asked(connection, &mut row, &next, publication, stamp).await?;
    Ok(reads::assembled(connection, row).await?)
}

/// Notes which files the working copy uses, if they are others than before.
async fn follow_files(
    connection: &mut Connection,
    row: &ArticleRow,
    (current, next): (&ArticleContent, &ArticleContent),
    stamp: &Stamp,
) -> Result<(), Failure> {
    let uses = |content| uses::of_article(content, stamp.public_url());
    media_uses::follow(connection, MediaUser::Article(row.id), &uses(current), &uses(next)).await
}

fn act(action: Action, row: &ArticleRow) -> Act {
    Act::on(action, row.id.0).called(row.slug.clone())
}

/// The forms of the text, if it changed. A text that was sent is rendered already; one that a merge or a restore made is
/// rendered here, inside of the transaction, since nobody could know it before.
fn text_of(next: &ArticleContent, current: &ArticleContent, sent: Option<ArticleText>) -> Option<ArticleText> {
    if next.body_markdown == current.body_markdown {
        return None;
    }
    let sent = sent.filter(|text| text.rendered.markdown == next.body_markdown);
    Some(sent.unwrap_or_else(|| ArticleText::new(Rendered::new(next.body_markdown.clone(), Policy::Article))))
}

async fn take_slug(
    connection: &mut Connection,
    slug: &str,
    article: RowId,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let slug = Slug::parse(slug).map_err(|fault| Failure::Internal(fault.to_string()))?;
    article_slugs::refuse_held(connection, &slug, article, stamp).await?;
    article_slugs::claim(connection, &slug, article, stamp).await
}

/// What the newest kept revision says that a request names as the one it knows.
async fn common_ground(
    connection: &mut Connection,
    row: &ArticleRow,
    expected: &Expected,
) -> Result<Option<ArticleContent>, Failure> {
    match expected {
        Expected::Any => Ok(None),
        Expected::OneOf(known) => revisions::newest_content(connection, row.id, known.clone()).await,
    }
}

fn stale(
    row: &ArticleRow,
    base: Option<&ArticleContent>,
    current: &ArticleContent,
    verdict: Option<Result<(), MergeRefusal>>,
) -> ArticleFailure {
    ArticleFailure::Stale(Box::new(StaleArticle {
        stale: row.stale(),
        changed_fields: base.map(|base| changed_fields(base, current)),
        verdict,
    }))
}

async fn replace_byline(
    connection: &mut Connection,
    article: RowId,
    byline: &[BylineContent],
) -> Result<(), ArticleFailure> {
    diesel::delete(article_authors::table.filter(article_authors::article_id.eq(article)))
        .execute(connection)
        .await?;
    insert_byline(connection, article, byline).await
}

async fn insert_byline(
    connection: &mut Connection,
    article: RowId,
    byline: &[BylineContent],
) -> Result<(), ArticleFailure> {
    if byline.is_empty() {
        return Ok(());
    }
    let entries: Vec<_> = (0_i32..)
        .zip(byline)
        .map(|(position, entry)| {
            (
                article_authors::article_id.eq(article),
                article_authors::position.eq(position),
                article_authors::author_id.eq(RowId(entry.author)),
                article_authors::role.eq(entry.role.clone()),
            )
        })
        .collect();
    diesel::insert_into(article_authors::table)
        .values(entries)
        .execute(connection)
        .await?;
    Ok(())
}

async fn replace_tags(connection: &mut Connection, article: RowId, tags: &[Uuid]) -> Result<(), ArticleFailure> {
    diesel::delete(article_tags::table.filter(article_tags::article_id.eq(article)))
        .execute(connection)
        .await?;
    insert_tags(connection, article, tags).await
}

async fn insert_tags(connection: &mut Connection, article: RowId, tags: &[Uuid]) -> Result<(), ArticleFailure> {
    if tags.is_empty() {
        return Ok(());
    }
    let entries: Vec<_> = (0_i32..)
        .zip(tags)
        .map(|(position, tag)| {
            (
                article_tags::article_id.eq(article),
                article_tags::position.eq(position),
                article_tags::tag_id.eq(RowId(*tag)),
            )
        })
        .collect();
    diesel::insert_into(article_tags::table)
        .values(entries)
        .execute(connection)
        .await?;
    Ok(())
}

async fn import_thread(
    connection: &mut Connection,
    row: &ArticleRow,
    thread: NewThread,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let NewThread {
        change,
        comments,
        mentions,
        on_existing: _,
    } = thread;
    comments::import(connection, row.id, comments, stamp).await?;
    mentions::import(connection, row.id, mentions, stamp).await?;
    if let Some(change) = change {
        thread_states::apply(connection, row.id, change, stamp).await?;
    }
    Ok(())
}
