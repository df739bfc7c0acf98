//! Comments for readers: writing one, and reading one. Threads are read in [`reading`](crate::comments::reading).

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::accounts::claims::Identity;
use crate::accounts::guards::invalid_token;
use crate::accounts::permissions::{Role, Scope};
use crate::comments::comment::{
    CommentFailure, CommentRow, CommentState, CommentWriter, CommentsFrom, DUPLICATE_HOURS, IdentifiedReader,
    MOST_PINNED, NewComment, ReaderName, ThreadState, WriterStanding,
};
use crate::comments::edit_token::EditToken;
use crate::comments::flood::CommentSender;
use crate::comments::own_comment::edit_until;
use crate::comments::reader::{Reader, ReaderCredential};
use crate::comments::rules::CommentRules;
use crate::comments::thread_state::ThreadStanding;
use crate::comments::views::{CommentIn, CommentOut};
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, InputFaults};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::idempotency::record::Persistence;
use crate::markup::{Policy, Rendered};
use crate::state::AppState;
use crate::{carry_out, problems, read, write_problems};

problems!(
    /// What reading a comment can answer with.
    CommentProblems: INVALID_PARAMETER, MALFORMED_REQUEST, NOT_FOUND
);

write_problems!(
    /// What posting a comment can answer with.
    CommentCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, COMMENTS_CLOSED, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, DUPLICATE_COMMENT, PARENT_UNKNOWN, THREAD_TOO_DEEP, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, COMMENT_FLOOD
);

/// Post a comment.
///
/// Anybody may who gives a name, unless the settings of the site ask for an identity. It is shown at once (201), or held for a
/// moderator (202) if the thread says so. With a token of the identity provider of the site it is the comment of that reader;
/// with a token of an account of the newsroom it is marked as one of the staff. Who sends no token gets an `edit_token`, once, to
/// see, edit or withdraw the comment. Nothing is asked for twice within 24 hours: the same text of the same writer in the same
/// place is refused.
#[utoipa::path(
    tag = "comments",
    operation_id = "create_comment",
    security((), ("reader" = []), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the article")),
    request_body(content = CommentIn, content_type = "application/json"),
    responses((status = 201, description = "The comment, which is shown", body = CommentOut,
            headers(("Location" = String, description = "Where the comment is"),
                ("RateLimit" = String, description = "How many comments are left"),
                ("RateLimit-Policy" = String, description = "How many comments there are, and in which time"))),
        (status = 202, description = "The comment, which waits for a moderator", body = CommentOut),
        CommentCreateProblems),
)]
#[post("/articles/{id}/comments")]
pub async fn create_comment(
    // First: what is too much must not cost anything.
    sender: CommentSender,
    state: Data<AppState>,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let reader = sender.counted()?;
    let article = id.0;
    let rules: Result<CommentRules, CommentFailure> = read!(&state.database, comments::rules_of_thread(article));
    let rules = rules?;
    require_identity(rules.from, &reader.credential)?;
    require_no_edit_token(&reader.credential)?;
    let CommentIn {
        author_name,
        author_email,
        author_url,
        body_markdown,
        parent_id,
    } = write.body.json().await?;
    let parent_id = parent_id.map(|parent| parent.0);
    let body = Rendered::off_worker(body_markdown.into_string(), Policy::Comment);
    let body = body.await.map_err(Problem::internal)?;
    let writer = writer_of(&state, &reader.credential, author_name);
    let (writer, body) = match (writer, rules.check(&body)) {
        (Ok(writer), Ok(_figures)) => (writer, body),
        (writer, figures) => {
            let faults = InputFaults::together(writer.err().into_iter().chain(figures.err()));
            return Err(faults.unwrap_or_default().into_body_problem());
        }
    };
    let now = state.clock.now();
    let id = state.ids.next(now);
    let edit_token = edit_token_for(id, &reader.credential);
    let new = NewComment {
        id,
        parent_id,
        text_digest: text_digest(&state, &reader, &writer, (article, parent_id), &body.markdown),
        writer,
        author_email,
        author_url,
        body,
        network_key: reader.network_key,
        edit_token_hash: edit_token.as_ref().map(EditToken::secret_hash),
        now,
    };
    // The token of a rehearsal would open nothing.
    let shown = edit_token.filter(|_| write.mode.persistence == Persistence::Store);
    carry_out!(state, write.mode, own_comments::post(article, new), move |posted| {
        answered(posted, shown.as_ref())
    })
}

fn require_identity(from: CommentsFrom, credential: &ReaderCredential) -> Result<(), Problem> {
    let is_identified = matches!(credential, ReaderCredential::Identified(_) | ReaderCredential::Staff(_));
    if from == CommentsFrom::Everyone || is_identified {
        return Ok(());
    }
    let detail = "Comments are for readers who are logged in at this site. Send the token that its identity provider gave \
                  you: Authorization: Bearer TOKEN.";
    Err(Problem::new(&problem_codes::NOT_AUTHENTICATED, detail)
        .with_header(actix_web::http::header::WWW_AUTHENTICATE, "Bearer realm=\"galley\""))
}

/// Who writes; the fault is a name that is missing.
fn writer_of(
    state: &AppState,
    credential: &ReaderCredential,
    given: Option<ReaderName>,
) -> Result<CommentWriter, InputFaults> {
    match credential {
        ReaderCredential::None | ReaderCredential::EditToken(_) => {
            let name = given.ok_or_else(name_missing)?;
            Ok(CommentWriter::Anonymous { name })
        }
        ReaderCredential::Identified(IdentifiedReader { issuer, subject, name }) => Ok(CommentWriter::Identified {
            new_id: state.ids.next(state.clock.now()),
            issuer: issuer.clone(),
            subject: subject.clone(),
            name: name.clone().or(given).ok_or_else(name_missing)?,
        }),
        ReaderCredential::Staff(identity) => Ok(CommentWriter::Account {
            account_id: identity.account_id,
            name: given,
            standing: standing_of(identity),
        }),
    }
}

fn name_missing() -> InputFaults {
    InputFaults::at("/author_name", "required", "author_name is missing")
}

/// How far the newsroom trusts what an account writes.
#[must_use]
pub fn standing_of(identity: &Identity) -> WriterStanding {
    let moderates = identity.has(Scope::CommentsModerate) && identity.role.reach(Scope::CommentsModerate).is_some();
    match (identity.role, moderates) {
        (Role::Reader, _) => WriterStanding::Reader,
        (_, true) => WriterStanding::Moderator,
        (_, false) => WriterStanding::Staff,
    }
}

/// What is the same for the same text of the same writer in the same place. Who is known by nothing else is known by name and
/// network.
fn text_digest(
    state: &AppState,
    reader: &Reader,
    writer: &CommentWriter,
    (article, parent): (Uuid, Option<Uuid>),
    text: &str,
) -> Uuid {
    let name = match writer {
        CommentWriter::Anonymous { name } => folded(name.as_str()),
        CommentWriter::Identified { .. } | CommentWriter::Account { .. } => String::new(),
    };
    let (sender, text) = (reader.key(&state.client_keys), folded(text));
    let parts: [&[u8]; 5] = [
        sender.as_bytes(),
        name.as_bytes(),
        article.as_bytes(),
        parent.as_ref().map_or(&[], |parent| parent.as_bytes()),
        text.as_bytes(),
    ];
    state.client_keys.named("comment-text", &parts)
}

/// A text in lower case, with one blank for any number.
fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
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

fn require_no_edit_token(credential: &ReaderCredential) -> Result<(), Problem> {
    match credential {
        ReaderCredential::EditToken(_) => Err(invalid_token("an edit token is for its own comment only")),
        ReaderCredential::None | ReaderCredential::Identified(_) | ReaderCredential::Staff(_) => Ok(()),
    }
}

/// The edit token for a new comment: for readers who have nothing else to show that it is theirs.
fn edit_token_for(id: Uuid, credential: &ReaderCredential) -> Option<EditToken> {
    matches!(credential, ReaderCredential::None).then(|| EditToken::new(id))
}

fn answered((row, edit_minutes): (CommentRow, i32), token: Option<&EditToken>) -> Result<Answer, Problem> {
    let location = format!("/v1/comments/{}", row.id.0);
    // Until a moderator has approved it, its address answers 404.
    let (status, location) = match row.state() {
        CommentState::Approved => (201, Some(location)),
        _ => (202, None),
    };
    let edit_until = edit_until(row.created_at.utc(), edit_minutes);
    let kept = CommentOut {
        edit_until,
        ..CommentOut::posted(row)
    };
    let answer = match token {
        None => Answer::outcome(status, &kept)?,
        Some(token) => Answer::outcome(status, &kept.showing(token.reveal().expose_secret()))?.keeping(&kept)?,
    };
    Ok(Answer { location, ..answer })
}

fn closed(standing: ThreadStanding) -> Problem {
    let ThreadStanding { state, reason, message } = standing;
    let detail = match state {
        ThreadState::Open | ThreadState::Closed => "The discussion is closed: this thread takes no new comments.",
        ThreadState::ReadOnly => "This thread takes no comments for now.",
        ThreadState::Hidden => "This thread is not shown, and takes no comments.",
    };
    Problem::new(&problem_codes::COMMENTS_CLOSED, detail).with_members(|details| {
        details.message = message;
        details.thread_state = Some(state.as_str().to_owned());
        details.closed_reason = reason.map(|reason| reason.as_str().to_owned());
    })
}

impl From<CommentFailure> for Problem {
    fn from(failure: CommentFailure) -> Self {
        match failure {
            CommentFailure::Absent => Self::not_found("comment or thread"),
            CommentFailure::ArticleAbsent => Self::not_found("article"),
            CommentFailure::Closed(standing) => closed(standing),
            CommentFailure::ClosesAtOnce => InputFaults::at(
                "/close_after_days",
                "over",
                "the article is older than that, so that the thread would close at once; send more days, or 0 for never",
            )
            .into_body_problem(),
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
            CommentFailure::Duplicate { conflicting_id } => Self::new(
                &problem_codes::DUPLICATE_COMMENT,
                format!("You posted the same text here within the last {DUPLICATE_HOURS} hours."),
            )
            .with_members(|details| details.conflicting_id = conflicting_id),
            CommentFailure::TooManyPinned => Self::new(
                &problem_codes::TOO_MANY,
                format!("{MOST_PINNED} comments of this thread are pinned, which is the most. Unpin one first."),
            )
            .with_fault(ProblemFault::member(
                "/pinned",
                "too-many",
                format!("at most {MOST_PINNED} comments of a thread can be pinned"),
            )),
            CommentFailure::Withdrawn => Self::new(
                &problem_codes::COMMENT_WITHDRAWN,
                "The writer took the comment back, and nobody can bring it back.",
            ),
            CommentFailure::Stale(stale) => stale.into(),
            CommentFailure::Database(failure) => failure.into(),
        }
    }
}
