//! A reader's own comment: seeing its state, changing it, taking it back.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, get, patch};
use secrecy::ExposeSecret as _;

use crate::accounts::guards::{bearer_token, invalid_token};
use crate::comments::comment::{CommentFailure, IdentifiedReader};
use crate::comments::delivery::standing_of;
use crate::comments::edit_token::EditToken;
use crate::comments::flood::ActionSender;
use crate::comments::own_comment::{CommentEdit, OwnComment, OwnCommentFailure, WriterClaim};
use crate::comments::own_views::{OwnCommentOut, OwnCommentPatchIn};
use crate::comments::reader::{Reader, ReaderCredential};
use crate::comments::rules::CommentRules;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfMatchHeader, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults};
use crate::http::patch::Patch;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::times;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::markup::{Policy, Rendered};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What reading an own comment can answer with.
    OwnCommentReadProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND
);

write_problems!(
    /// What changing an own comment can answer with.
    OwnCommentWriteProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, COMMENTS_CLOSED, EDIT_WINDOW_OVER, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, COMMENT_REFUSED, COMMENT_WITHDRAWN, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, COMMENT_FLOOD
);

write_problems!(
    /// What withdrawing a comment can answer with.
    WithdrawalProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, COMMENT_WITHDRAWN, PRECONDITION_FAILED, COMMENT_FLOOD
);

/// Whoever claims to have written a comment. A handler that takes it is not for strangers.
#[derive(Debug, Clone)]
pub struct Claimant(pub WriterClaim);

impl FromRequest for Claimant {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Self::Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (shown, reader) = (bearer_token(request).map(drop), Reader::from_request(request, payload));
        Box::pin(async move {
            shown?;
            claim_of(reader.await?.credential).map(Self)
        })
    }
}

fn claim_of(credential: ReaderCredential) -> Result<WriterClaim, Problem> {
    match credential {
        ReaderCredential::None => Err(unknown_token()),
        ReaderCredential::EditToken(text) => {
            let token = EditToken::parse(text.expose_secret()).map_err(|_fault| unknown_token())?;
            Ok(WriterClaim::EditToken {
                comment: token.comment(),
                secret_hash: token.secret_hash(),
            })
        }
        ReaderCredential::Identified(IdentifiedReader { issuer, subject, .. }) => {
            Ok(WriterClaim::Commenter { issuer, subject })
        }
        ReaderCredential::Staff(identity) => Ok(WriterClaim::Account {
            id: identity.account_id,
            standing: standing_of(&identity),
        }),
    }
}

/// Read a comment of your own.
///
/// Shows what became of it, also while readers do not see it. Send the `edit_token` that the post was answered with, or the
/// token of whoever posted it.
#[utoipa::path(
    tag = "comments",
    operation_id = "get_own_comment",
    security(("reader" = []), ("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 200, description = "The comment", body = OwnCommentOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), OwnCommentReadProblems),
)]
#[get("/comments/{id}/own")]
pub async fn get_own_comment(
    state: Data<AppState>,
    claimant: Claimant,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let own = existing(&state, &id, claimant.0).await?;
    let (now, revision) = (state.clock.now(), own.row.revision);
    resource_response(&conditions, revision, Caching::Private, &OwnCommentOut::at(now, own))
}

/// Edit a comment of your own.
///
/// A merge patch (RFC 7396): what is left out stays, null removes. For some minutes after posting, which the site sets, and
/// while the thread is open. Moderators see what it said before. Where comments wait for a moderator, an edited one waits
/// again. `If-Match` may be sent and need not be.
#[utoipa::path(
    tag = "comments",
    operation_id = "update_own_comment",
    security(("reader" = []), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    request_body(content = OwnCommentPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The comment", body = OwnCommentOut,
        headers(("ETag" = String, description = "The entity tag"))), OwnCommentWriteProblems),
)]
#[patch("/comments/{id}/own")]
pub async fn update_own_comment(
    _sender: ActionSender,
    state: Data<AppState>,
    claimant: Claimant,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (claim, expected, now) = (claimant.0, conditions.optional(), state.clock.now());
    let own = existing(&state, &id, claim.clone()).await?;
    own.require_editable(now)?;
    let body: OwnCommentPatchIn = write.body.json().await?;
    require_own_fields(&claim, &body)?;
    let OwnCommentPatchIn {
        body_markdown,
        author_name,
        author_url,
    } = body;
    let body = match body_markdown.0 {
        None => None,
        Some(text) => {
            let rules: Result<CommentRules, CommentFailure> = read!(&state.database, comments::rules_of_site());
            let rendered = Rendered::off_worker(text.into_string(), Policy::Comment);
            let rendered = rendered.await.map_err(Problem::internal)?;
            rules?.check(&rendered).map_err(InputFaults::into_body_problem)?;
            Some(rendered)
        }
    };
    let (id, edit) = (
        id.0,
        CommentEdit {
            body,
            author_name: author_name.0,
            author_url,
        },
    );
    carry_out!(
        state,
        write.mode,
        own_comments::edit(id, claim, expected, edit, now),
        |own: OwnComment| Answer::changed(own.row.revision, &OwnCommentOut::at(now, own))
    )
}

/// Withdraw a comment of your own.
///
/// At any time, also when the thread is closed. Its text, its former texts, and the name, page and e-mail address that were
/// given with it are erased. While replies to it are shown, its place stays. Nobody can bring it back. `If-Match` may be sent
/// and need not be.
#[utoipa::path(
    tag = "comments",
    operation_id = "withdraw_own_comment",
    security(("reader" = []), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, IfMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 204, description = "The comment is withdrawn"), WithdrawalProblems),
)]
#[delete("/comments/{id}/own")]
pub async fn withdraw_own_comment(
    _sender: ActionSender,
    state: Data<AppState>,
    claimant: Claimant,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (claim, expected, now) = (claimant.0, conditions.optional(), state.clock.now());
    existing(&state, &id, claim.clone()).await?;
    let id = id.0;
    carry_out!(
        state,
        write.mode,
        own_comments::withdraw(id, claim, expected, now),
        |()| Ok::<_, Problem>(Answer::removed())
    )
}

async fn existing(state: &AppState, id: &IdInPath, claim: WriterClaim) -> Result<OwnComment, Problem> {
    let id = id.0;
    let found: Result<OwnComment, OwnCommentFailure> = read!(&state.database, own_comments::find(id, claim));
    Ok(found?)
}

/// Who has an account is named by it.
fn require_own_fields(claim: &WriterClaim, body: &OwnCommentPatchIn) -> Result<(), Problem> {
    if matches!(claim, WriterClaim::EditToken { .. }) {
        return Ok(());
    }
    let named = [
        (body.author_name.0.is_some(), "/author_name"),
        (body.author_url != Patch::Absent, "/author_url"),
    ];
    let faults: Vec<ProblemFault> = named
        .into_iter()
        .filter(|(is_named, _)| *is_named)
        .map(|(_, pointer)| {
            ProblemFault::member(
                pointer,
                "read-only",
                "it comes from the account that posted; leave it out",
            )
        })
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let detail = "The name and the page of a comment that was posted with an account come from the account.";
    Err(Problem::new(&problem_codes::VALIDATION_FAILED, detail).with_faults(faults))
}

fn unknown_token() -> Problem {
    invalid_token("it is no edit token of a comment, or it was cut or changed")
}

impl From<OwnCommentFailure> for Problem {
    fn from(failure: OwnCommentFailure) -> Self {
        match failure {
            OwnCommentFailure::TokenInvalid => unknown_token(),
            OwnCommentFailure::Withdrawn => Self::new(
                &problem_codes::COMMENT_WITHDRAWN,
                "The comment was withdrawn; nothing of it is left to change.",
            ),
            OwnCommentFailure::Refused => Self::new(
                &problem_codes::COMMENT_REFUSED,
                "A moderator refused the comment or took it away. It can be withdrawn and not edited.",
            ),
            OwnCommentFailure::WindowOver { until: None } => Self::new(
                &problem_codes::EDIT_WINDOW_OVER,
                "Comments of this site cannot be edited. The comment can be withdrawn.",
            ),
            OwnCommentFailure::WindowOver { until: Some(until) } => Self::new(
                &problem_codes::EDIT_WINDOW_OVER,
                format!(
                    "The comment could be edited until {}. It can still be withdrawn.",
                    times::text(until)
                ),
            ),
            OwnCommentFailure::Comment(failure) => failure.into(),
        }
    }
}
