//! What a comment would look like, before it is posted.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use crate::comments::comment::CommentFailure;
use crate::comments::flood::PreviewSender;
use crate::comments::rules::CommentRules;
use crate::comments::views::{CommentPreviewIn, CommentPreviewOut};
use crate::http::answer::Answer;
use crate::http::input::{InputFaults, UnreadBody};
use crate::http::problem::Problem;
use crate::markup::{Policy, Rendered};
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What a preview of a comment can answer with.
    CommentPreviewProblems: MALFORMED_JSON, MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, REQUEST_TIMEOUT, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, COMMENT_FLOOD
);

/// Preview a comment.
///
/// Shows what a text would look like as a comment, by the same rules as posting it. Nothing is stored. No token is asked for,
/// and one that is sent is not looked at.
#[utoipa::path(
    tag = "comments",
    operation_id = "preview_comment",
    request_body(content = CommentPreviewIn, content_type = "application/json"),
    responses((status = 200, description = "What it would look like", body = CommentPreviewOut,
        headers(("RateLimit" = String, description = "How many previews are left"),
            ("RateLimit-Policy" = String, description = "How many previews there are, and in which time"))),
        CommentPreviewProblems),
)]
#[post("/comments/preview")]
pub async fn preview_comment(
    _sender: PreviewSender,
    state: Data<AppState>,
    body: UnreadBody,
) -> Result<HttpResponse, Problem> {
    let CommentPreviewIn { body_markdown } = body.json().await?;
    let rules: Result<CommentRules, CommentFailure> = read!(&state.database, comments::rules_of_site());
    let text = Rendered::off_worker(body_markdown.into_string(), Policy::Comment);
    let text = text.await.map_err(Problem::internal)?;
    let figures = rules?.check(&text).map_err(InputFaults::into_body_problem)?;
    let answer = Answer::outcome(200, &CommentPreviewOut::new(text, figures))?;
    Ok(answer.into_response(&state.settings.public_url))
}
