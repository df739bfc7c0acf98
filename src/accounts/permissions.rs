//! The one table of what each role may do. The guards decide by it, tokens carry its scopes, the document shows them.

use std::fmt;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an account is in the newsroom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[deserr(rename_all = lowercase)]
pub enum Role {
    /// May do everything.
    Administrator,
    /// Runs the publication: all articles, authors and comments.
    Editor,
    /// Writes and publishes articles, and only their own.
    Author,
    /// Writes articles, and only their own; others publish them.
    Contributor,
    /// Decides about comments and threads.
    Moderator,
    /// Has an account and no part in the newsroom.
    Reader,
}

/// A right, as tokens name it (RFC 6749, section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `articles:read`: see working copies.
    ArticlesRead,
    /// `articles:write`: create and change working copies.
    ArticlesWrite,
    /// `articles:publish`: change what readers see.
    ArticlesPublish,
    /// `articles:delete`: remove articles.
    ArticlesDelete,
    /// `authors:write`: create, change and remove authors.
    AuthorsWrite,
    /// `taxonomy:write`: create, change and remove sections, tags and series.
    TaxonomyWrite,
    /// `media:write`: upload files, describe and remove them.
    MediaWrite,
    /// `comments:moderate`: decide about comments, open and close threads.
    CommentsModerate,
    /// `tokens:write`: make API tokens and revoke them.
    TokensWrite,
    /// `users:write`: invite people, change what they may do, shut them out.
    UsersWrite,
    /// `audit:read`: see who did what.
    AuditRead,
    /// `admin`: decide for the whole site, and against its rules.
    Admin,
}

/// How far a role has a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Over everything.
    All,
    /// Over what the account created.
    Own,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Administrator,
        Self::Editor,
        Self::Author,
        Self::Contributor,
        Self::Moderator,
        Self::Reader,
    ];

    /// The table: whether this role has `scope`, and how far.
    #[must_use]
    pub fn reach(self, scope: Scope) -> Option<Reach> {
        use Scope::{
            Admin, ArticlesDelete, ArticlesPublish, ArticlesRead, ArticlesWrite, AuditRead, AuthorsWrite,
            CommentsModerate, MediaWrite, TaxonomyWrite, TokensWrite, UsersWrite,
        };
        match (self, scope) {
            (Self::Administrator, _)
            | (
                Self::Editor,
                ArticlesRead | ArticlesWrite | ArticlesPublish | ArticlesDelete | AuthorsWrite | TaxonomyWrite
                | MediaWrite | CommentsModerate,
            )
            | (Self::Moderator, CommentsModerate) => Some(Reach::All),
            (
                Self::Author,
                ArticlesRead | ArticlesWrite | ArticlesPublish | ArticlesDelete | MediaWrite | TokensWrite,
            )
            | (Self::Contributor, ArticlesRead | ArticlesWrite | ArticlesDelete | MediaWrite | TokensWrite)
            | (Self::Editor | Self::Moderator, TokensWrite) => Some(Reach::Own),
            (Self::Author, AuthorsWrite | TaxonomyWrite | CommentsModerate)
            | (Self::Contributor, ArticlesPublish | AuthorsWrite | TaxonomyWrite | CommentsModerate)
            | (
                Self::Moderator,
                ArticlesRead | ArticlesWrite | ArticlesPublish | ArticlesDelete | AuthorsWrite | TaxonomyWrite
                | MediaWrite,
            )
            | (Self::Editor | Self::Author | Self::Contributor | Self::Moderator, UsersWrite | AuditRead | Admin)
            | (Self::Reader, _) => None,
        }
    }

    /// The scopes of this role, separated by blanks, as a token carries them.
    #[must_use]
    pub fn scopes(self) -> String {
        let scopes: Vec<&str> = Scope::ALL
            .into_iter()
            .filter(|scope| self.reach(*scope).is_some())
            .map(Scope::as_str)
            .collect();
        scopes.join(" ")
    }

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Editor => "editor",
            Self::Author => "author",
            Self::Contributor => "contributor",
            Self::Moderator => "moderator",
            Self::Reader => "reader",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 12] = [
        Self::ArticlesRead,
        Self::ArticlesWrite,
        Self::ArticlesPublish,
        Self::ArticlesDelete,
        Self::AuthorsWrite,
        Self::TaxonomyWrite,
        Self::MediaWrite,
        Self::CommentsModerate,
        Self::TokensWrite,
        Self::UsersWrite,
        Self::AuditRead,
        Self::Admin,
    ];

    /// The roles that have the scope, and whether only over their own things, for people.
    #[must_use]
    pub fn holders(self) -> String {
        let holders: Vec<String> = Role::ALL
            .into_iter()
            .filter_map(|role| match role.reach(self)? {
                Reach::All => Some(role.to_string()),
                Reach::Own => Some(format!("{role} (own)")),
            })
            .collect();
        holders.join(", ")
    }

    /// The scope of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }

    /// The name, as tokens have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArticlesRead => "articles:read",
            Self::ArticlesWrite => "articles:write",
            Self::ArticlesPublish => "articles:publish",
            Self::ArticlesDelete => "articles:delete",
            Self::AuthorsWrite => "authors:write",
            Self::TaxonomyWrite => "taxonomy:write",
            Self::MediaWrite => "media:write",
            Self::CommentsModerate => "comments:moderate",
            Self::TokensWrite => "tokens:write",
            Self::UsersWrite => "users:write",
            Self::AuditRead => "audit:read",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A permission that a handler names in its signature.
pub trait Permission {
    /// The scope that the token must carry and the role must have.
    const SCOPE: Scope;
}

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident: $scope:ident;)*) => {
        $(
            $(#[$meta])*
            pub struct $name;

            impl Permission for $name {
                const SCOPE: Scope = Scope::$scope;
            }
        )*
    };
}

permissions! {
    /// See working copies.
    ReadArticles: ArticlesRead;
    /// Create and change working copies.
    WriteArticles: ArticlesWrite;
    /// Change what readers see.
    PublishArticles: ArticlesPublish;
    /// Remove articles.
    DeleteArticles: ArticlesDelete;
    /// Create, change and remove authors.
    WriteAuthors: AuthorsWrite;
    /// Create, change and remove sections, tags and series.
    WriteTaxonomy: TaxonomyWrite;
    /// Upload files, describe and remove them.
    WriteMedia: MediaWrite;
    /// Decide about comments, open and close threads.
    ModerateComments: CommentsModerate;
    /// Make API tokens and revoke them.
    WriteTokens: TokensWrite;
    /// Invite people, change what they may do, shut them out.
    WriteUsers: UsersWrite;
    /// See who did what.
    ReadAudit: AuditRead;
    /// Decide for the whole site, and against its rules.
    Administer: Admin;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_what_the_documentation_says() {
        assert_eq!(
            Role::Editor.scopes(),
            "articles:read articles:write articles:publish articles:delete authors:write taxonomy:write media:write \
             comments:moderate tokens:write"
        );
        assert_eq!(
            Role::Administrator.scopes(),
            format!("{} users:write audit:read admin", Role::Editor.scopes())
        );
        assert_eq!(
            Role::Author.scopes(),
            "articles:read articles:write articles:publish articles:delete media:write tokens:write"
        );
        assert_eq!(
            Role::Contributor.scopes(),
            "articles:read articles:write articles:delete media:write tokens:write"
        );
        assert_eq!(Role::Moderator.scopes(), "comments:moderate tokens:write");
        assert_eq!(Role::Reader.scopes(), "");
        assert_eq!(Role::Author.reach(Scope::ArticlesPublish), Some(Reach::Own));
        assert_eq!(Role::Editor.reach(Scope::ArticlesPublish), Some(Reach::All));
    }

    #[test]
    fn names_are_read_back() {
        assert!(
            Role::ALL
                .into_iter()
                .all(|role| Role::from_name(role.as_str()) == Some(role))
        );
        assert_eq!(Role::from_name("root"), None);
    }
}
