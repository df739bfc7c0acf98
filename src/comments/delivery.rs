//! Comments for readers: writing one, and reading one. Threads are read in [`reading`](crate::comments::reading).

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};

use crate::comments::comment::{CommentFailure, CommentRow, CommentState, MOST_PINNED, NewComment};
use crate::comments::reader::Reader;
use crate::comments::views::{CommentIn, CommentOut};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::IdInPath;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::markup::{Policy, Rendered};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What reading a comment can answer with.
    CommentProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND
);

write_problems!(
    /// What posting a comment can answer with.
    CommentCreateProblems: MALFORMED_JSON, COMMENTS_CLOSED, NOT_FOUND, REQUEST_TIMEOUT, PARENT_UNKNOWN, THREAD_TOO_DEEP, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

/// Post a comment.
///
/// Anybody may. It is shown at once (201), or held for a moderator (202) if the thread says so.
#[utoipa::path(
    tag = "comments",
    operation_id = "create_comment",
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = CommentIn, content_type = "application/json"),
    responses((status = 201, description = "The comment, which is shown", body = CommentOut,
            headers(("Location" = String, description = "Where the comment is"))),
        (status = 202, description = "The comment, which waits for a moderator", body = CommentOut),
        CommentCreateProblems),
)]
#[post("/articles/{id}/comments")]
pub async fn create_comment(
    state: Data<AppState>,
    reader: Reader,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let article = id.0;
    let is_published: Result<(), CommentFailure> = read!(&state.database, comments::require_published(article));
    is_published?;
    let CommentIn {
        author_name,
        author_email,
        author_url,
        body_markdown,
        parent_id,
    } = write.body.json().await?;
    let now = state.clock.now();
    let body = Rendered::off_worker(body_markdown.into_string(), Policy::Comment);
    let new = NewComment {
        id: state.ids.next(now),
        parent_id: parent_id.map(|parent| parent.0),
        author_name,
        author_email,
        author_url,
        body: body.await.map_err(Problem::internal)?,
        network_key: reader.network_key,
        now,
    };
    carry_out!(state, write.mode, comments::create(article, new), posted)
}

/// Read a comment.
#[utoipa::path(
    tag = "comments",
    operation_id = "get_comment",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 200, description = "The comment", body = CommentOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), CommentProblems),
)]
#[get("/comments/{id}")]
pub async fn get_comment(state: Data<AppState>, id: IdInPath, conditions: Conditions) -> Result<HttpResponse, Problem> {
    let id = id.0;
    let found: Result<CommentRow, CommentFailure> = read!(&state.database, comments::find_public(id));
    let row = found?;
    resource_response(&conditions, row.revision, Caching::Public, &CommentOut::public(row))
}

fn posted(row: CommentRow) -> Result<Answer, Problem> {
    let location = format!("/v1/comments/{}", row.id.0);
    // Until a moderator has approved it, its address answers 404.
    let (status, location) = match row.state() {
        CommentState::Approved => (201, Some(location)),
        _ => (202, None),
    };
    let answer = Answer::outcome(status, &CommentOut::posted(row))?;
    Ok(Answer { location, ..answer })
}

impl From<CommentFailure> for Problem {
    fn from(failure: CommentFailure) -> Self {
        match failure {
            CommentFailure::Absent => Self::not_found("comment or thread"),
            CommentFailure::ArticleAbsent => Self::not_found("article"),
            CommentFailure::Closed { message } => {
                Self::new(&problem_codes::COMMENTS_CLOSED, "This thread takes no new comments.")
                    .with_members(|details| details.message = message)
            }
            CommentFailure::ParentUnknown => {
                let detail = "parent_id names no comment of this article that readers can see.";
                Self::new(&problem_codes::PARENT_UNKNOWN, detail).with_fault(ProblemFault::member(
                    "/parent_id",
                    "unknown",
                    detail,
                ))
            }
            CommentFailure::TooDeep => {
                let detail = "Threads nest at most 32 levels; reply to a comment further up.";
                Self::new(&problem_codes::THREAD_TOO_DEEP, detail).with_fault(ProblemFault::member(
                    "/parent_id",
                    "too-deep",
                    detail,
                ))
            }
            CommentFailure::TooManyPinned => Self::new(
                &problem_codes::TOO_MANY,
                format!("{MOST_PINNED} comments of this thread are pinned, which is the most. Unpin one first."),
            )
            .with_fault(ProblemFault::member(
                "/pinned",
                "too-many",
                format!("at most {MOST_PINNED} comments of a thread can be pinned"),
            )),
            CommentFailure::Stale(stale) => stale.into(),
            CommentFailure::Database(failure) => failure.into(),
        }
    }
}
