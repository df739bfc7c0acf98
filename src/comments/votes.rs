//! Voting on comments.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::guards::invalid_token;
use crate::comments::comment::{CommentFailure, IdentifiedReader};
use crate::comments::delivery::standing_of;
use crate::comments::flood::ActionSender;
use crate::comments::own_comment::WriterClaim;
use crate::comments::reader::{Reader, ReaderCredential};
use crate::comments::vote::{Ballot, CastVote, VoteChange, VoteFailure, VoteValue, Voter};
use crate::http::answer::Answer;
use crate::http::input::{IdInPath, InputFaults};
use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::AppState;
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What voting can answer with.
    VoteProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, COMMENTS_CLOSED, VOTES_OFF, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, ALREADY_VOTED, OWN_COMMENT, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, COMMENT_FLOOD
);

write_problems!(
    /// What taking a vote back can answer with.
    VoteRetractionProblems: NOT_AUTHENTICATED, TOKEN_INVALID, COMMENTS_CLOSED, VOTES_OFF, INSUFFICIENT_SCOPE, NOT_FOUND, COMMENT_FLOOD
);

/// A vote on a comment.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct VoteIn {
    /// What it says: 1 for a comment that is worth reading, -1 for one that is not.
    #[schema(value_type = i32, minimum = -1, maximum = 1, example = 1)]
    pub value: VoteValue,
}

/// A vote that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VoteOut {
    /// The comment.
    pub comment_id: Uuid,
    /// What the vote says: 1 or -1.
    #[schema(example = 1)]
    pub value: i32,
    /// What all votes on the comment make of it.
    #[schema(example = 4)]
    pub score: i32,
}

/// Vote on a comment.
///
/// Every reader has one vote on each comment of others: known by their account or by the identity provider of the site, or
/// else by the network that they call from. A vote the other way changes it. While the thread is open or
/// closed; not while it is read-only or hidden.
#[utoipa::path(
    tag = "comments",
    operation_id = "cast_vote",
    security((), ("reader" = []), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    request_body(content = VoteIn, content_type = "application/json"),
    responses((status = 201, description = "The vote, which is the first of this reader", body = VoteOut),
        (status = 200, description = "The vote, which was another one", body = VoteOut), VoteProblems),
)]
#[post("/comments/{id}/votes")]
pub async fn cast_vote(
    _sender: ActionSender,
    state: Data<AppState>,
    reader: Reader,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let (voter, now) = (voter(&state, reader)?, state.clock.now());
    require_votable(&state, &id).await?;
    let VoteIn { value } = write.body.json().await?;
    let (id, ballot) = (id.0, Ballot { voter, value, now });
    carry_out!(state, write.mode, comment_votes::cast(id, ballot), taken)
}

/// Take a vote back.
///
/// While the thread is open or closed; not while it is read-only or hidden.
#[utoipa::path(
    tag = "comments",
    operation_id = "retract_vote",
    security((), ("reader" = []), ("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the comment")),
    responses((status = 204, description = "The vote is gone"), VoteRetractionProblems),
)]
#[delete("/comments/{id}/votes")]
pub async fn retract_vote(
    _sender: ActionSender,
    state: Data<AppState>,
    reader: Reader,
    id: IdInPath,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let voter = voter(&state, reader)?;
    require_votable(&state, &id).await?;
    let id = id.0;
    let now = state.clock.now();
    carry_out!(state, write.mode, comment_votes::retract(id, voter, now), |()| Ok::<
        _,
        Problem,
    >(
        Answer::removed()
    ))
}

async fn require_votable(state: &AppState, id: &IdInPath) -> Result<(), Problem> {
    let id = id.0;
    let found: Result<(), CommentFailure> = read!(&state.database, comment_votes::require_votable(id));
    Ok(found?)
}

fn voter(state: &AppState, reader: Reader) -> Result<Voter, Problem> {
    let key = reader.key(&state.client_keys);
    let claim = match reader.credential {
        ReaderCredential::None => None,
        ReaderCredential::EditToken(_) => return Err(invalid_token("an edit token is for its own comment only")),
        ReaderCredential::Identified(IdentifiedReader { issuer, subject, .. }) => {
            Some(WriterClaim::Commenter { issuer, subject })
        }
        ReaderCredential::Staff(identity) => Some(WriterClaim::Account {
            id: identity.account_id,
            standing: standing_of(&identity),
        }),
    };
    Ok(Voter { key, claim })
}

fn taken(vote: CastVote) -> Result<Answer, Problem> {
    let CastVote {
        comment_id,
        value,
        score,
        change,
    } = vote;
    let status = match change {
        VoteChange::Cast => 201,
        VoteChange::Turned => 200,
    };
    let view = VoteOut {
        comment_id,
        value: value.number(),
        score,
    };
    Answer::outcome(status, &view)
}

impl From<VoteFailure> for Problem {
    fn from(failure: VoteFailure) -> Self {
        match failure {
            VoteFailure::Off => Self::new(&problem_codes::VOTES_OFF, "This site takes no votes on comments."),
            VoteFailure::IdentificationNeeded => Self::new(
                &problem_codes::NOT_AUTHENTICATED,
                "This site takes votes of readers who are logged in. Send their token: Authorization: Bearer TOKEN.",
            )
            .with_header(header::WWW_AUTHENTICATE, "Bearer realm=\"galley\""),
            VoteFailure::OwnComment => Self::new(
                &problem_codes::OWN_COMMENT,
                "The comment is your own, or comes from your network.",
            ),
            VoteFailure::AlreadyVoted => Self::new(
                &problem_codes::ALREADY_VOTED,
                "You have voted like this before. Send the other value to change the vote, or DELETE to take it back.",
            ),
            VoteFailure::NoVote => Self::not_found("vote"),
            VoteFailure::Comment(failure) => failure.into(),
        }
    }
}
