//! Queries that take an article through its life: the steps that people ask for, and those that come due by themselves.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and the refusals of the noun"
)]

use diesel::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{
    Connection, RunQueryDsl, accounts, article_rows, article_slugs, article_writes, articles as reads, audit,
    publications, references, revisions,
};
use crate::articles::article::{
    ArticleFailure, ArticleRow, ArticleText, Ownership, ReferenceKind, ScheduleRow, StepRequest, WorkingArticle,
};
use crate::articles::field_rights::{ArticleField, FieldRight, ForbiddenField};
use crate::articles::lifecycle::Step;
use crate::articles::transitions::transition::{MadeBy, ReviewNote};
use crate::audit::action::Action;
use crate::audit::entry::Act;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::schedules;
use crate::database::timestamp::RowTime;
use crate::http::conditional::Expected;
use crate::markup::{Policy, Rendered};
use crate::state::Stamp;

/// Takes a step that a request asks for.
pub async fn take(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    expected: Expected,
    (request, note): (StepRequest, Option<ReviewNote>),
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let (id, ownership) = target;
    let mut row = article_rows::lock(connection, id, ownership).await?;
    article_writes::refuse_stale(connection, &row, &expected).await?;
    let (step, before) = (request.step(), row.standing());
    let after = before.after(step)?;
    if step == Step::Trash {
        article_writes::refuse_published(connection, ownership, row.id).await?;
    }
    let is_discard = request == StepRequest::DiscardChanges;
    carry_out(connection, &mut row, request, &stamp).await?;
    publications::stand(&mut row, after);
    article_rows::write(connection, &row).await?;
    publications::record(connection, &row, (step, before), note, MadeBy::Request, &stamp).await?;
    match is_discard {
        true => article_writes::discard_changes(connection, row, ownership, &stamp).await,
        false => Ok(reads::assembled(connection, row).await?),
    }
}

/// Says who is to work on an article; nobody, without an account.
pub async fn assign(
    connection: &mut Connection,
    target: (Uuid, Ownership),
    assignee: Option<Uuid>,
    expected: Expected,
    stamp: Stamp,
) -> Result<WorkingArticle, ArticleFailure> {
    let (id, ownership) = target;
    let mut row = article_rows::lock(connection, id, ownership).await?;
    article_writes::refuse_stale(connection, &row, &expected).await?;
    row.standing().after(Step::Edit)?;
    refuse_assignment(ownership)?;
    let before = row.assignee_id;
    row.assignee_id = match assignee {
        None => None,
        Some(account) => Some(known_account(connection, account).await?),
    };
    article_rows::write(connection, &row).await?;
    if row.assignee_id != before {
        let act = Act::on(Action::ArticleAssigned, row.id.0)
            .called(row.slug.clone())
            .between(Some(row.revision), Some(row.revision))
            .with(json!({"assignee_id": row.assignee_id.map(|account| account.0)}));
        audit::record(connection, act, &stamp).await?;
    }
    Ok(reads::assembled(connection, row).await?)
}

/// The articles for which something is due, at most `most` of them, those that waited longest first.
pub async fn due(connection: &mut Connection, now: RowTime, most: i64) -> Result<Vec<Uuid>, Failure> {
    let to_publish: Vec<RowId> = schedules::table
        .filter(schedules::publish_at.le(now))
        .order(schedules::publish_at.asc())
        .select(schedules::article_id)
        .limit(most)
        .load(connection)
        .await?;
    let mut to_end: Vec<RowId> = schedules::table
        .filter(schedules::unpublish_at.le(now))
        .order(schedules::unpublish_at.asc())
        .select(schedules::article_id)
        .limit(most)
        .load(connection)
        .await?;
    to_end.retain(|article| !to_publish.contains(article));
    Ok(to_publish.into_iter().chain(to_end).map(|article| article.0).collect())
}

/// Does what is due for an article, in the name of the account that scheduled it, and tells what that was. Another
/// instance may have done it since it was found to be due: the row is held first and the schedule is read after that, so
/// that whatever is due is done once.
pub async fn carry_out_due(
    connection: &mut Connection,
    article: Uuid,
    stamp: Stamp,
) -> Result<Vec<Step>, ArticleFailure> {
    let mut row = match article_rows::lock(connection, article, Ownership::Any).await {
        Ok(row) => row,
        Err(ArticleFailure::Absent | ArticleFailure::Purged { .. }) => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let Some(schedule) = publications::find_schedule(connection, row.id).await? else {
        return Ok(Vec::new());
    };
    let stamp = stamp.in_name_of(schedule.set_by.0);
    let now = RowTime::from(stamp.now);
    let mut done = Vec::new();
    if let Some(at) = schedule.publish_at.filter(|at| *at <= now) {
        publish_scheduled(connection, &mut row, &schedule, at, &stamp).await?;
        done.push(Step::Publish);
    }
    if schedule.unpublish_at.is_some_and(|at| at <= now) {
        done.extend(end_scheduled(connection, &mut row, &stamp).await?);
    }
    Ok(done)
}

/// Who hands an article in says who is to read it; to assign it at any other time is for editors.
fn refuse_assignment(ownership: Ownership) -> Result<(), ArticleFailure> {
    let field = ArticleField::Assignee;
    match ownership.field_writer().right(field) {
        right @ FieldRight::Never => Err(ArticleFailure::FieldsForbidden(vec![ForbiddenField { field, right }])),
        _ => Ok(()),
    }
}

async fn carry_out(
    connection: &mut Connection,
    row: &mut ArticleRow,
    request: StepRequest,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    match request {
        StepRequest::Submit { assignee: None } | StepRequest::RequestChanges | StepRequest::Restore => Ok(()),
        StepRequest::Submit {
            assignee: Some(account),
        } => {
            row.assignee_id = Some(known_account(connection, account).await?);
            Ok(())
        }
        StepRequest::Schedule(change) => {
            let content = reads::content_of(connection, row).await?;
            publications::schedule(connection, row, &content, change, stamp).await
        }
        StepRequest::Unschedule | StepRequest::DiscardChanges => {
            publications::call_off(connection, row.id).await?;
            Ok(article_slugs::release(connection, row).await?)
        }
        StepRequest::Publish(readiness) => {
            let content = reads::content_of(connection, row).await?;
            publications::show_current(connection, row, &content, readiness, stamp).await
        }
        StepRequest::Unpublish => publications::hide(connection, row).await,
        StepRequest::Archive | StepRequest::Trash => {
            publications::call_off(connection, row.id).await?;
            publications::hide(connection, row).await
        }
    }
}

/// Shows the revision that was scheduled, which may be older than the working copy.
async fn publish_scheduled(
    connection: &mut Connection,
    row: &mut ArticleRow,
    schedule: &ScheduleRow,
    at: RowTime,
    stamp: &Stamp,
) -> Result<(), ArticleFailure> {
    let before = row.standing();
    let after = before.after(Step::Publish)?;
    let revision = schedule.revision.unwrap_or(row.revision);
    let wanted = revisions::content(connection, row.id, revision).await?;
    let content = references::without_what_is_gone(connection, wanted, stamp.public_url()).await?;
    let mut shown = row.clone();
    if revision != row.revision {
        let text = ArticleText::new(Rendered::new(content.body_markdown.clone(), Policy::Article));
        shown.say(content.clone(), Some(text));
        shown.revision = revision;
    }
    publications::call_off_publication(connection, row.id).await?;
    publications::show(connection, row, shown, (&content, at), stamp).await?;
    publications::stand(row, after);
    article_rows::write(connection, row).await?;
    publications::record(connection, row, (Step::Publish, before), None, MadeBy::Schedule, stamp).await
}

async fn end_scheduled(
    connection: &mut Connection,
    row: &mut ArticleRow,
    stamp: &Stamp,
) -> Result<Option<Step>, ArticleFailure> {
    let before = row.standing();
    let Ok(after) = before.after(Step::Unpublish) else {
        // Readers do not see it any more, so that there is nothing to end.
        publications::call_off_end(connection, row.id).await?;
        return Ok(None);
    };
    publications::hide(connection, row).await?;
    publications::stand(row, after);
    article_rows::write(connection, row).await?;
    // Steps are listed by time, and the publication may have been due and recorded in this moment, too.
    let stamp = stamp.a_moment_later();
    publications::record(
        connection,
        row,
        (Step::Unpublish, before),
        None,
        MadeBy::Schedule,
        &stamp,
    )
    .await?;
    Ok(Some(Step::Unpublish))
}

async fn known_account(connection: &mut Connection, account: Uuid) -> Result<RowId, ArticleFailure> {
    match accounts::is_of_newsroom(connection, account).await? {
        true => Ok(RowId(account)),
        false => Err(ArticleFailure::ReferenceUnknown {
            kind: ReferenceKind::Assignee,
            pointer: "/assignee_id".to_owned(),
            named: account.to_string(),
        }),
    }
}
