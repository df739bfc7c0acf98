//! User accounts for administrators: inviting people, changing what they may do, shutting them out.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, patch, post};

use crate::accounts::guards::Authorized;
use crate::accounts::passwords;
use crate::accounts::permissions::WriteUsers;
use crate::accounts::users::password_link::{LinkPurpose, LinkToken, NewLink};
use crate::accounts::users::user::{Entrance, NewUser, User, UserChange, UserFailure, UserFilter, UserState};
use crate::accounts::users::views::{ShownLink, UserIn, UserListQuery, UserOut, UserPage, UserPatchIn};
use crate::articles::filters::{FilterIds, FilterNames};
use crate::authors::author::AuthorAudience;
use crate::authors::editorial::{EditorialListProblems, EditorialReadProblems};
use crate::database::failure::Failure;
use crate::http::answer::Answer;
use crate::http::conditional::{Caching, Conditions, Expected, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::page::{ListIdentity, Position, PositionKey, SortOrder, list_response};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::write::{IdempotencyKeyHeader, Write, WriteQuery};
use crate::state::{AppState, Stamp};
use crate::{carry_out, read, write_problems};

write_problems!(
    /// What inviting somebody can answer with.
    UserCreateProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, REQUEST_TIMEOUT, AUTHOR_UNKNOWN, EMAIL_TAKEN, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
);

write_problems!(
    /// What changing an account can answer with.
    UserChangeProblems: MALFORMED_JSON, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, REQUEST_TIMEOUT, AUTHOR_UNKNOWN, EMAIL_TAKEN, LAST_ADMINISTRATOR, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What shutting an account out or letting it in can answer with.
    UserStepProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, LAST_ADMINISTRATOR, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

write_problems!(
    /// What making a link for an account can answer with.
    UserLinkProblems: NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, USER_STATE, PRECONDITION_FAILED, PRECONDITION_REQUIRED
);

/// List the user accounts.
///
/// Those made first come first.
#[utoipa::path(
    tag = "users",
    operation_id = "list_users",
    security(("bearer" = [])),
    params(UserListQuery),
    responses((status = 200, description = "A page of user accounts", body = UserPage,
        headers(("Link" = String, description = "The neighbouring pages (RFC 8288)"))), EditorialListProblems),
)]
#[get("/users")]
pub async fn list_users(
    request: HttpRequest,
    state: Data<AppState>,
    _caller: Authorized<WriteUsers>,
    query: QueryParameters<UserListQuery>,
) -> Result<HttpResponse, Problem> {
    let UserListQuery {
        limit,
        cursor,
        order,
        role,
        state: status,
        author,
    } = query.0;
    let list = ListIdentity {
        name: "users by created_at",
        order: order.unwrap_or(SortOrder::Ascending),
        filter: format!("{role:?} {status:?} {author:?}"),
    };
    let page_request = state.cursors.request(list, limit.get(), cursor.as_deref())?;
    let names = FilterNames {
        author,
        ..FilterNames::default()
    };
    let FilterIds { author, .. } = names.resolve(&state, AuthorAudience::Newsroom).await?;
    let filter = UserFilter {
        role,
        state: status.map(UserState::from),
        author,
    };
    let slice = page_request.slice();
    let rows: Result<Vec<User>, Failure> = read!(&state.database, users::list(filter, slice));
    let page = state.cursors.page(&page_request, rows?, |user| Position {
        key: PositionKey::Time(user.row.created_at.micros()),
        id: user.row.id.0,
    });
    let envelope = UserPage {
        data: page.rows.into_iter().map(UserOut::from).collect(),
        page: page.info.clone(),
    };
    Ok(list_response(
        &request,
        &state.settings.public_url,
        Caching::Private,
        &page.info,
        &envelope,
    ))
}

/// Read a user account.
#[utoipa::path(
    tag = "users",
    operation_id = "get_user",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the account")),
    responses((status = 200, description = "The account", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))),
        (status = 304, description = "The client has it already"), EditorialReadProblems),
)]
#[get("/users/{id}")]
pub async fn get_user(
    state: Data<AppState>,
    _caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let user = existing(&state, &id).await?;
    resource_response(&conditions, version(&user), Caching::Private, &UserOut::from(user))
}

/// Invite somebody.
///
/// Makes an account without a password, and a link by which its owner sets one, within 7 days. The answer shows the token of
/// the link, once: hand it on, since no mail is sent. A request that is sent again with its `Idempotency-Key` gets the
/// answer without the token; `…/invite` makes another.
#[utoipa::path(
    tag = "users",
    operation_id = "invite_user",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader),
    request_body(content = UserIn, content_type = "application/json"),
    responses((status = 201, description = "The account, with the token of the invitation", body = UserOut,
        headers(("Location" = String, description = "Where the account is"),
            ("ETag" = String, description = "The entity tag, to send as If-Match"))), UserCreateProblems),
)]
#[post("/users")]
pub async fn invite_user(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let stamp = state.stamp(&caller);
    let UserIn {
        email,
        name,
        role,
        author,
    } = write.body.json().await?;
    let (link, shown) = new_link(&state, LinkPurpose::Invitation, &stamp);
    let new = NewUser {
        id: stamp.new_id(),
        email,
        name,
        role,
        author,
        entrance: Entrance::Invitation(link),
    };
    carry_out!(state, write.mode, users::create(new, stamp), move |user: User| {
        let path = format!("/v1/editorial/users/{}", user.row.id.0);
        let kept = UserOut::from(user.clone());
        Answer::created(path, version(&user), &UserOut::showing(user, &shown))?.keeping(&kept)
    })
}

/// Change a user account.
///
/// A merge patch (RFC 7396): what is left out stays. Also taken as `application/merge-patch+json`. A role holds at once,
/// also for tokens that were made before. The last active administrator keeps the role.
#[utoipa::path(
    tag = "users",
    operation_id = "update_user",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    request_body(content = UserPatchIn, content_type = "application/json"),
    responses((status = 200, description = "The account", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UserChangeProblems),
)]
#[patch("/users/{id}")]
pub async fn update_user(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = expected(&state, &id, &conditions).await?;
    let UserPatchIn {
        name,
        email,
        role,
        author,
    } = write.body.json().await?;
    let change = UserChange {
        name: name.0,
        email: email.0,
        role: role.0,
        author,
    };
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, users::update(id, expected, change, stamp), changed)
}

/// Shut an account out.
///
/// Its tokens are refused at once, its sessions end, and nobody can log in with it. Accounts are never deleted, since what
/// they did names them: this is the end of one. Disabling it again changes nothing.
#[utoipa::path(
    tag = "users",
    operation_id = "disable_user",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 200, description = "The account", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UserStepProblems),
)]
#[post("/users/{id}/disable")]
pub async fn disable_user(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = expected(&state, &id, &conditions).await?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, users::disable(id, expected, stamp), changed)
}

/// Let a disabled account in again.
///
/// With the password that it had. Enabling it again changes nothing.
#[utoipa::path(
    tag = "users",
    operation_id = "enable_user",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 200, description = "The account", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UserStepProblems),
)]
#[post("/users/{id}/enable")]
pub async fn enable_user(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = expected(&state, &id, &conditions).await?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    carry_out!(state, write.mode, users::enable(id, expected, stamp), changed)
}

/// Invite somebody again.
///
/// For an account whose owner has not set a password yet: makes another link, good for 7 days, and the one before leads
/// nowhere any more. The answer shows its token, once.
#[utoipa::path(
    tag = "users",
    operation_id = "invite_user_again",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 200, description = "The account, with the token of the invitation", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UserLinkProblems),
)]
#[post("/users/{id}/invite")]
pub async fn invite_user_again(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = expected(&state, &id, &conditions).await?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    let (link, shown) = new_link(&state, LinkPurpose::Invitation, &stamp);
    carry_out!(
        state,
        write.mode,
        users::invite_again(id, expected, link, stamp),
        move |user: User| showing(user, &shown)
    )
}

/// Reset the password of an account.
///
/// The password that it had is of no use any more, and its sessions end. The answer shows the token of a link by which the
/// owner sets another within 24 hours, once: hand it on, since no mail is sent.
#[utoipa::path(
    tag = "users",
    operation_id = "reset_user_password",
    security(("bearer" = [])),
    params(WriteQuery, IdempotencyKeyHeader, ("id" = Uuid, Path, description = "The id of the account"),
        ("If-Match" = String, Header, description = "The entity tag that was read, or *")),
    responses((status = 200, description = "The account, with the token of the link", body = UserOut,
        headers(("ETag" = String, description = "The entity tag, to send as If-Match"))), UserLinkProblems),
)]
#[post("/users/{id}/reset-password")]
pub async fn reset_user_password(
    state: Data<AppState>,
    caller: Authorized<WriteUsers>,
    id: IdInPath,
    conditions: Conditions,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let expected = expected(&state, &id, &conditions).await?;
    let (id, stamp) = (id.0, state.stamp(&caller));
    // A password that nobody knows, so that trying to log in takes as long as it did.
    let unknown = passwords::hash(passwords::random())
        .await
        .map_err(|fault| Problem::internal(fault.to_string()))?;
    let (link, shown) = new_link(&state, LinkPurpose::Reset, &stamp);
    carry_out!(
        state,
        write.mode,
        users::reset_password(id, expected, (unknown, link), stamp),
        move |user: User| showing(user, &shown)
    )
}

async fn existing(state: &AppState, id: &IdInPath) -> Result<User, Problem> {
    let id = id.0;
    let found: Result<Option<User>, Failure> = read!(&state.database, users::find(id));
    found?.ok_or_else(|| Problem::not_found("user"))
}

async fn expected(state: &AppState, id: &IdInPath, conditions: &Conditions) -> Result<Expected, Problem> {
    conditions.required(existing(state, id).await?.row.stale())
}

fn new_link(state: &AppState, purpose: LinkPurpose, stamp: &Stamp) -> (NewLink, ShownLink) {
    let token = LinkToken::random();
    let link = NewLink {
        id: stamp.new_id(),
        purpose,
        secret_hash: token.hash(),
    };
    let page = state.settings.password_page.clone();
    (link, ShownLink { token, page })
}

fn version(user: &User) -> (uuid::Uuid, i32) {
    (user.row.id.0, user.row.revision)
}

fn changed(user: User) -> Result<Answer, Problem> {
    Answer::changed(version(&user), &UserOut::from(user))
}

fn showing(user: User, shown: &ShownLink) -> Result<Answer, Problem> {
    let kept = UserOut::from(user.clone());
    Answer::changed(version(&user), &UserOut::showing(user, shown))?.keeping(&kept)
}

impl From<UserFailure> for Problem {
    fn from(failure: UserFailure) -> Self {
        match failure {
            UserFailure::Absent => Self::not_found("user"),
            UserFailure::Stale(stale) => stale.into(),
            UserFailure::EmailTaken { conflicting_id } => {
                let detail = "another account has this address; change that one, or give another address";
                Self::new(&problem_codes::EMAIL_TAKEN, format!("It cannot be stored: {detail}."))
                    .with_fault(ProblemFault::member("/email", "taken", detail))
                    .with_members(|details| details.conflicting_id = Some(conflicting_id))
            }
            UserFailure::AuthorUnknown(slug) => {
                let detail = format!("there is no author with the slug {slug}; create the author first");
                Self::new(
                    &problem_codes::AUTHOR_UNKNOWN,
                    format!("The account cannot be linked: {detail}."),
                )
                .with_fault(ProblemFault::member("/author", "unknown", detail))
            }
            UserFailure::LastAdministrator => Self::new(
                &problem_codes::LAST_ADMINISTRATOR,
                "The account is the last active administrator. Make another active account an administrator first.",
            ),
            UserFailure::WrongState { state, remedy } => {
                Self::new(&problem_codes::USER_STATE, format!("The account is {state}; {remedy}."))
                    .with_members(|details| details.current_status = Some(state.as_str().to_owned()))
            }
            UserFailure::Database(failure) => failure.into(),
        }
    }
}
