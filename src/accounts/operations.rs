//! What every operation of the API asks of its caller: the one table by which the document names scopes and the
//! documentation lists permissions. The guards in the handlers' signatures are held against it by a test that sends every
//! operation as every role.

use crate::accounts::permissions::Scope;

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is for everybody.
    Nothing,
    /// An account, whatever its role.
    Account,
    /// The edit token of the comment, or a token of whoever wrote it.
    Writer,
    /// A scope that the token carries and the role has.
    Scope(Scope),
}

/// The table: what the operation with this id asks of its caller. `None` for one that is not in it yet, which a test finds.
#[must_use]
#[expect(clippy::too_many_lines, reason = "it is one table")]
pub fn need_of(operation: &str) -> Option<Need> {
    Some(match operation {
        "list_articles"
        | "get_article"
        | "get_article_by_slug"
        | "list_authors"
        | "get_author"
        | "get_author_by_slug"
        | "get_article_document"
        | "get_article_blocks"
        | "get_preview"
        | "list_sections"
        | "get_section"
        | "get_section_by_slug"
        | "list_series"
        | "get_series"
        | "get_series_by_slug"
        | "list_tags"
        | "get_tag"
        | "get_tag_by_slug"
        | "get_media"
        | "get_media_file"
        | "get_media_rendition"
        | "list_comments"
        | "stream_comments"
        | "create_comment"
        | "preview_comment"
        | "get_comment"
        | "get_comment_context"
        | "cast_vote"
        | "retract_vote"
        | "list_comment_counts"
        | "subscribe_to_replies"
        | "subscribe_to_article_comments"
        | "confirm_comment_subscription"
        | "end_comment_subscription"
        | "open_unsubscribe_page"
        | "list_mentions"
        | "list_problems"
        | "get_problem"
        | "login"
        | "refresh_session"
        | "accept_password_link"
        | "get_jwks"
        | "get_liveness"
        | "get_readiness"
        | "get_version"
        | "get_openapi" => Need::Nothing,
        "get_me"
        | "update_me"
        | "change_own_password"
        | "logout"
        | "logout_everywhere"
        | "list_sessions"
        | "end_session" => Need::Account,
        "get_own_comment" | "update_own_comment" | "withdraw_own_comment" => Need::Writer,
        "list_editorial_articles"
        | "get_editorial_article"
        | "get_editorial_document"
        | "preflight_article"
        | "list_revisions"
        | "get_revision"
        | "diff_revisions"
        | "list_article_notes"
        | "get_article_note"
        | "list_corrections"
        | "get_correction"
        | "list_preview_links"
        | "get_preview_link"
        | "list_article_transitions"
        | "list_editorial_authors"
        | "get_editorial_author"
        | "list_editorial_sections"
        | "get_editorial_section"
        | "list_editorial_series"
        | "get_editorial_series"
        | "list_editorial_tags"
        | "get_editorial_tag"
        | "get_media_rendition_url"
        | "get_settings" => Need::Scope(Scope::ArticlesRead),
        "create_article"
        | "replace_article"
        | "update_article"
        | "upsert_article"
        | "upsert_article_by_external_id"
        | "bulk_articles"
        | "submit_article"
        | "request_article_changes"
        | "discard_article_changes"
        | "assign_article"
        | "restore_revision"
        | "create_article_note"
        | "update_article_note"
        | "delete_article_note"
        | "create_preview_link"
        | "revoke_preview_link"
        | "create_document"
        | "upsert_document" => Need::Scope(Scope::ArticlesWrite),
        "publish_article" | "unpublish_article" | "schedule_article" | "unschedule_article" | "archive_article"
        | "create_correction" | "delete_correction" => Need::Scope(Scope::ArticlesPublish),
        "delete_article" | "trash_article" | "restore_article" => Need::Scope(Scope::ArticlesDelete),
        "create_section" | "replace_section" | "update_section" | "delete_section" | "create_series"
        | "replace_series" | "update_series" | "delete_series" | "create_tag" | "replace_tag" | "update_tag"
        | "delete_tag" | "merge_tag" => Need::Scope(Scope::TaxonomyWrite),
        "list_users"
        | "get_user"
        | "invite_user"
        | "update_user"
        | "disable_user"
        | "enable_user"
        | "invite_user_again"
        | "reset_user_password"
        | "list_user_sessions"
        | "end_user_sessions" => Need::Scope(Scope::UsersWrite),
        "list_api_tokens" | "create_api_token" | "get_api_token" | "revoke_api_token" => {
            Need::Scope(Scope::TokensWrite)
        }
        "list_audit_entries" | "get_audit_entry" => Need::Scope(Scope::AuditRead),
        "list_editorial_media"
        | "get_editorial_media"
        | "list_media_uses"
        | "upload_media"
        | "upload_media_file"
        | "update_media"
        | "delete_media" => Need::Scope(Scope::MediaWrite),
        "replace_settings" | "update_settings" => Need::Scope(Scope::Admin),
        "create_author" | "replace_author" | "update_author" | "delete_author" => Need::Scope(Scope::AuthorsWrite),
        "get_thread"
        | "update_thread"
        | "list_editorial_mentions"
        | "update_mention"
        | "list_thread_transitions"
        | "list_editorial_comments"
        | "get_comment_state_counts"
        | "get_editorial_comment"
        | "list_comment_revisions"
        | "update_comment" => Need::Scope(Scope::CommentsModerate),
        _ => return None,
    })
}
