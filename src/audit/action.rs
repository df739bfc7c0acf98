//! Everything that the audit log can say was done, in one table: the filters, the document and the code know no other names.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

macro_rules! subject_kinds {
    ($($(#[$meta:meta])* $kind:ident = $name:tt;)*) => {
        /// The kind of a thing that something was done to.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr, Serialize, ToSchema)]
        pub enum SubjectKind {
            $(
                $(#[$meta])*
                #[deserr(rename = $name)]
                #[serde(rename = $name)]
                $kind,
            )*
        }

        impl SubjectKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The name, as the database and the wire have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

subject_kinds! {
    /// An article.
    Article = "article";
    /// A note of the newsroom on an article.
    Note = "note";
    /// A correction that readers see below an article.
    Correction = "correction";
    /// A link by which somebody without an account sees a revision.
    PreviewLink = "preview_link";
    /// The thread of an article; its id is that of the article.
    Thread = "thread";
    /// A comment.
    Comment = "comment";
    /// A mention of an article by another page.
    Mention = "mention";
    /// An author.
    Author = "author";
    /// A section.
    Section = "section";
    /// A series.
    Series = "series";
    /// A tag.
    Tag = "tag";
    /// The settings of the site, of which there is one.
    Settings = "settings";
    /// An account.
    User = "user";
    /// A log-in that lasts.
    Session = "session";
    /// A token for scripts.
    ApiToken = "api_token";
    /// A key that signs access tokens.
    SigningKey = "signing_key";
    /// A file that was uploaded.
    Media = "media";
}

macro_rules! actions {
    ($($(#[$meta:meta])* $action:ident: $kind:ident = $name:tt;)*) => {
        /// What can be done, as `kind.verb_in_the_past`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr, Serialize, ToSchema)]
        pub enum Action {
            $(
                $(#[$meta])*
                #[deserr(rename = $name)]
                #[serde(rename = $name)]
                $action,
            )*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The name, as the database and the wire have it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }

            /// What kind of thing it is done to.
            #[must_use]
            pub fn subject_kind(self) -> SubjectKind {
                match self {
                    $(Self::$action => SubjectKind::$kind,)*
                }
            }
        }
    };
}

actions! {
    /// An article was made.
    ArticleCreated: Article = "article.created";
    /// A working copy was saved and says something else than before.
    ArticleUpdated: Article = "article.updated";
    /// An earlier revision became the working copy again.
    ArticleRevisionRestored: Article = "article.revision_restored";
    /// What readers see became the working copy again.
    ArticleChangesDiscarded: Article = "article.changes_discarded";
    /// Another account is to work on the article, or nobody is.
    ArticleAssigned: Article = "article.assigned";
    /// It was handed to an editor.
    ArticleSubmitted: Article = "article.submitted";
    /// It was handed back to the writer.
    ArticleChangesRequested: Article = "article.changes_requested";
    /// Readers see it.
    ArticlePublished: Article = "article.published";
    /// Readers do not see it any more.
    ArticleUnpublished: Article = "article.unpublished";
    /// A time was set for its publication, for its end, or for both.
    ArticleScheduled: Article = "article.scheduled";
    /// What was scheduled was called off.
    ArticleUnscheduled: Article = "article.unscheduled";
    /// It was put into the archive.
    ArticleArchived: Article = "article.archived";
    /// It was thrown away.
    ArticleTrashed: Article = "article.trashed";
    /// It was taken up again from the archive or the trash.
    ArticleRestored: Article = "article.restored";
    /// It was removed for good.
    ArticlePurged: Article = "article.purged";
    /// A note was made.
    NoteCreated: Note = "note.created";
    /// A note was changed, settled or opened again.
    NoteUpdated: Note = "note.updated";
    /// A note was removed.
    NoteDeleted: Note = "note.deleted";
    /// A correction was made.
    CorrectionCreated: Correction = "correction.created";
    /// A correction was removed.
    CorrectionDeleted: Correction = "correction.deleted";
    /// A preview link was made.
    PreviewLinkCreated: PreviewLink = "preview_link.created";
    /// A preview link was ended.
    PreviewLinkRevoked: PreviewLink = "preview_link.revoked";
    /// A thread takes comments again.
    ThreadOpened: Thread = "thread.opened";
    /// A thread was closed.
    ThreadClosed: Thread = "thread.closed";
    /// A thread takes nothing for now.
    ThreadSetReadOnly: Thread = "thread.set_read_only";
    /// A thread was hidden from readers.
    ThreadHidden: Thread = "thread.hidden";
    /// What a thread says, how it is moderated, or when it closes by itself has changed.
    ThreadUpdated: Thread = "thread.updated";
    /// Comments came into a thread with a document.
    ThreadCommentsImported: Thread = "thread.comments_imported";
    /// Mentions came to an article with a document.
    ThreadMentionsImported: Thread = "thread.mentions_imported";
    /// A comment waits for a moderator again.
    CommentHeld: Comment = "comment.held";
    /// A comment was approved.
    CommentApproved: Comment = "comment.approved";
    /// A comment was rejected.
    CommentRejected: Comment = "comment.rejected";
    /// A comment was called spam.
    CommentMarkedSpam: Comment = "comment.marked_spam";
    /// A comment was removed.
    CommentRemoved: Comment = "comment.removed";
    /// A comment was pinned or featured, or is not any more.
    CommentMarked: Comment = "comment.marked";
    /// A mention waits for a moderator again.
    MentionHeld: Mention = "mention.held";
    /// A mention was approved.
    MentionApproved: Mention = "mention.approved";
    /// A mention was rejected.
    MentionRejected: Mention = "mention.rejected";
    /// A mention was called spam.
    MentionMarkedSpam: Mention = "mention.marked_spam";
    /// A mention was removed.
    MentionRemoved: Mention = "mention.removed";
    /// An author was made, by hand or by a byline.
    AuthorCreated: Author = "author.created";
    /// An author was changed.
    AuthorUpdated: Author = "author.updated";
    /// An author was removed.
    AuthorDeleted: Author = "author.deleted";
    /// A section was made.
    SectionCreated: Section = "section.created";
    /// A section was changed or moved.
    SectionUpdated: Section = "section.updated";
    /// A section was removed.
    SectionDeleted: Section = "section.deleted";
    /// A series was made.
    SeriesCreated: Series = "series.created";
    /// A series was changed.
    SeriesUpdated: Series = "series.updated";
    /// A series was removed.
    SeriesDeleted: Series = "series.deleted";
    /// A tag was made, by hand or by an article that names it.
    TagCreated: Tag = "tag.created";
    /// A tag was changed.
    TagUpdated: Tag = "tag.updated";
    /// A tag was merged into another one.
    TagMerged: Tag = "tag.merged";
    /// A tag was removed.
    TagDeleted: Tag = "tag.deleted";
    /// The settings of the site were changed.
    SettingsUpdated: Settings = "settings.updated";
    /// An account was made with a password.
    UserCreated: User = "user.created";
    /// Somebody was invited to have an account.
    UserInvited: User = "user.invited";
    /// The invitation was sent anew, and the old one ended.
    UserInvitedAgain: User = "user.invited_again";
    /// An account was changed.
    UserUpdated: User = "user.updated";
    /// An account was shut out.
    UserDisabled: User = "user.disabled";
    /// An account was let in again.
    UserEnabled: User = "user.enabled";
    /// An administrator ended a password and gave a link for a new one.
    UserPasswordReset: User = "user.password_reset";
    /// A password was set by a link, or at the command line.
    UserPasswordSet: User = "user.password_set";
    /// Somebody changed their own password.
    UserPasswordChanged: User = "user.password_changed";
    /// All sessions of an account were ended.
    UserSessionsEnded: User = "user.sessions_ended";
    /// Somebody logged in.
    SessionOpened: Session = "session.opened";
    /// A session was ended before its time.
    SessionEnded: Session = "session.ended";
    /// A refresh token was used twice, so its session was ended.
    SessionTokenReused: Session = "session.token_reused";
    /// A token for scripts was made.
    ApiTokenCreated: ApiToken = "api_token.created";
    /// A token for scripts was revoked.
    ApiTokenRevoked: ApiToken = "api_token.revoked";
    /// A signing key was replaced by a new one.
    SigningKeyRotated: SigningKey = "signing_key.rotated";
    /// A file was uploaded.
    MediaUploaded: Media = "media.uploaded";
    /// What is said about a file was changed.
    MediaUpdated: Media = "media.updated";
    /// A file was removed.
    MediaDeleted: Media = "media.deleted";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_action_is_called_after_what_it_is_done_to() {
        for action in Action::ALL {
            let (kind, verb) = action.as_str().split_once('.').unwrap();
            assert_eq!(kind, action.subject_kind().as_str());
            assert!(
                verb.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{verb}"
            );
        }
    }

    #[test]
    fn names_are_unique_and_those_of_the_wire() {
        let names: HashSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        for kind in SubjectKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
