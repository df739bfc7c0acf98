//! Accounts on the wire, as administrators and their owners see them.

use chrono::{DateTime, Utc};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accounts::account::{AccountName, AccountRow, EmailAddress};
use crate::accounts::passwords::NewPassword;
use crate::accounts::permissions::Role;
use crate::accounts::users::password_link::{LinkToken, PasswordLinkRow};
use crate::accounts::users::user::{User, UserState};
use crate::authors::views::BylineAuthorOut;
use crate::http::input::{InputFaults, SlugOrId};
use crate::http::page::{ListLimit, PageInfo, SortOrder};
use crate::http::patch::{Kept, Patch};
use crate::http::times;
use crate::slug::Slug;

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Somebody was invited and has set no password yet.
    #[deserr(rename = "invited")]
    Invited,
    /// It can be logged in with.
    #[deserr(rename = "active")]
    Active,
    /// It is shut out.
    #[deserr(rename = "disabled")]
    Disabled,
}

/// A user account. Accounts are never deleted, since what they did names them: disabling is the end of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserOut {
    /// The id.
    pub id: Uuid,
    /// The address to log in with.
    #[schema(example = "ada@example.org")]
    pub email: String,
    /// The name.
    #[schema(example = "Ada Lovelace")]
    pub name: String,
    /// What the account may do.
    pub role: Role,
    /// Where the account stands.
    pub state: UserStatus,
    /// The author whom the account writes as.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<BylineAuthorOut>,
    /// The link by which the password of the account can be set now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_link: Option<PasswordLinkOut>,
    /// Counts the changes, from 1.
    #[schema(example = 1)]
    pub revision: i32,
    /// When the account was made.
    #[serde(with = "times")]
    pub created_at: DateTime<Utc>,
    /// The account that made it; left out when it was made at the command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_by: Option<Uuid>,
    /// When it was last changed.
    #[serde(with = "times")]
    pub updated_at: DateTime<Utc>,
    /// When it was disabled, if it is.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false, example = "2026-03-01T12:00:00.000Z")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// When somebody last logged in with it.
    #[serde(skip_serializing_if = "Option::is_none", with = "times::optional")]
    #[schema(nullable = false, example = "2026-03-01T12:00:00.000Z")]
    pub last_login_at: Option<DateTime<Utc>>,
}

/// A link by which the password of an account is set.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasswordLinkOut {
    /// What it is for: invitation or reset.
    #[schema(example = "invitation")]
    pub purpose: String,
    /// The token, to be handed to the owner of the account. Only the answer that made the link shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")]
    pub token: Option<String>,
    /// The page where the owner of the account chooses a password, with the token as its fragment; left out where the setting
    /// `GALLEY_PASSWORD_PAGE` names no page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        example = "https://newsroom.example.org/password#token=kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )]
    pub url: Option<String>,
    /// When it ends.
    #[serde(with = "times")]
    pub expires_at: DateTime<Utc>,
}

/// A page of user accounts.
#[derive(Serialize, ToSchema)]
pub struct UserPage {
    /// The accounts, in the order in which they were made.
    pub data: Vec<UserOut>,
    /// Where the page stands.
    pub page: PageInfo,
}

/// Somebody to invite.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct UserIn {
    /// The address to log in with; case does not count.
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.org")]
    pub email: EmailAddress,
    /// The name.
    #[schema(value_type = String, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace")]
    pub name: AccountName,
    /// What the account may do.
    pub role: Role,
    /// The slug of the author whom the account writes as, who must exist.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-lovelace")]
    pub author: Option<Slug>,
}

/// Changes to a user account (merge patch): what is left out stays.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct UserPatchIn {
    /// The name.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada King")]
    pub name: Kept<AccountName>,
    /// The address to log in with; case does not count.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, format = Email, max_length = 254, example = "ada.king@example.org")]
    pub email: Kept<EmailAddress>,
    /// What the account may do. It holds at once, also for tokens that were made before.
    #[deserr(default)]
    #[schema(value_type = Role, required = false, nullable = false)]
    pub role: Kept<Role>,
    /// The slug of the author whom the account writes as; null for nobody.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, min_length = 1, max_length = 120, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "ada-lovelace")]
    pub author: Patch<Slug>,
}

/// How to list user accounts.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserListQuery {
    /// The most accounts of the page.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 100, example = 25)]
    pub limit: ListLimit,
    /// The cursor of another page, from `page.next` or `page.prev`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The direction of the list, which is sorted by the time when accounts were made. Ascending when it is left out.
    #[deserr(default)]
    #[param(value_type = SortOrder, required = false)]
    pub order: Option<SortOrder>,
    /// Only accounts with this role.
    #[deserr(default)]
    #[param(value_type = Role, required = false, example = "author")]
    pub role: Option<Role>,
    /// Only accounts that stand here.
    #[deserr(default)]
    #[param(value_type = UserStatus, required = false, example = "active")]
    pub state: Option<UserStatus>,
    /// Only accounts that write as this author: a slug, or an id.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, example = "ada-lovelace")]
    pub author: Option<SlugOrId>,
}

/// A password to set by a link.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct LinkAcceptanceIn {
    /// The token of the link.
    #[schema(
        min_length = 1,
        max_length = 1024,
        example = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )]
    pub token: String,
    /// The password: at least 12 characters.
    #[schema(value_type = String, min_length = 12, max_length = 1024, example = "correct horse battery staple")]
    pub password: NewPassword,
    /// The name of the owner, where it is another than the one that was given with the invitation.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada Lovelace")]
    pub name: Option<AccountName>,
}

/// A password to put in place of the present one.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct PasswordChangeIn {
    /// The present password.
    #[schema(max_length = 1024, example = "correct horse battery staple")]
    pub current_password: String,
    /// The new password: at least 12 characters.
    #[schema(value_type = String, min_length = 12, max_length = 1024, example = "a stapled battery of horses")]
    pub new_password: NewPassword,
}

/// Changes to one's own account (merge patch). The address and the role are changed by administrators.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct OwnAccountPatchIn {
    /// The name.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$", example = "Ada King")]
    pub name: Kept<AccountName>,
}

/// A new token, and where its owner can use it, for the one answer that shows it.
pub struct ShownLink {
    /// The token.
    pub token: LinkToken,
    /// The page of the setting `GALLEY_PASSWORD_PAGE`.
    pub page: Option<String>,
}

impl UserOut {
    /// The account, with the token of its new link.
    #[must_use]
    pub fn showing(user: User, shown: &ShownLink) -> Self {
        let out = Self::from(user);
        let password_link = out.password_link.map(|link| PasswordLinkOut {
            token: Some(shown.token.expose().to_owned()),
            url: shown
                .page
                .as_ref()
                .map(|page| format!("{page}#token={}", shown.token.expose())),
            ..link
        });
        Self { password_link, ..out }
    }
}

impl From<User> for UserOut {
    fn from(user: User) -> Self {
        let User { row, author, link } = user;
        let (role, state) = (row.role(), UserState::of(&row));
        let AccountRow {
            id,
            email,
            name,
            role: _,
            password_hash: _,
            author_id: _,
            revision,
            created_at,
            created_by,
            updated_at,
            disabled_at,
            last_login_at,
        } = row;
        Self {
            id: id.0,
            email,
            name,
            role,
            state: state.into(),
            author: author.map(BylineAuthorOut::from),
            password_link: link.map(PasswordLinkOut::from),
            revision,
            created_at: created_at.utc(),
            created_by: created_by.map(|account| account.0),
            updated_at: updated_at.utc(),
            disabled_at: disabled_at.map(crate::database::timestamp::RowTime::utc),
            last_login_at: last_login_at.map(crate::database::timestamp::RowTime::utc),
        }
    }
}

impl From<PasswordLinkRow> for PasswordLinkOut {
    fn from(row: PasswordLinkRow) -> Self {
        let PasswordLinkRow {
            id: _,
            account_id: _,
            purpose,
            secret_hash: _,
            created_at: _,
            created_by: _,
            expires_at,
        } = row;
        Self {
            purpose,
            token: None,
            url: None,
            expires_at: expires_at.utc(),
        }
    }
}

impl From<UserState> for UserStatus {
    fn from(state: UserState) -> Self {
        match state {
            UserState::Invited => Self::Invited,
            UserState::Active => Self::Active,
            UserState::Disabled => Self::Disabled,
        }
    }
}

impl From<UserStatus> for UserState {
    fn from(status: UserStatus) -> Self {
        match status {
            UserStatus::Invited => Self::Invited,
            UserStatus::Active => Self::Active,
            UserStatus::Disabled => Self::Disabled,
        }
    }
}
