//! The one table of paths. A path is here or does not exist; the `OpenAPI` document is made from the same lines.

use utoipa_actix_web::scope::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    accounts, articles, audit, authors, comments, http, media, mentions, openapi, sections, series, site, tags,
};

/// Every route, by audience.
pub fn configure(config: &mut ServiceConfig<'_>) {
    let editorial = scope("/editorial")
        .configure(articles_at_the_desk)
        .configure(things_of_articles)
        .configure(documents)
        .configure(taxonomy)
        .configure(files)
        .configure(people_and_threads)
        .configure(access)
        .configure(audit_log);
    config
        .service(scope("/v1").configure(public).configure(accounts).service(editorial))
        .configure(operations);
}

/// For readers: no credentials, cacheable.
fn public(config: &mut ServiceConfig<'_>) {
    config
        .service(articles::delivery::list_articles)
        .service(articles::delivery::get_article_by_slug)
        .service(articles::document_downloads::get_article_document)
        .service(articles::delivery::get_article)
        .service(articles::delivery::get_article_blocks)
        .service(articles::previews::delivery::get_preview)
        .service(authors::delivery::list_authors)
        .service(authors::delivery::get_author_by_slug)
        .service(authors::delivery::get_author)
        .service(sections::delivery::list_sections)
        .service(sections::delivery::get_section_by_slug)
        .service(sections::delivery::get_section)
        .service(series::delivery::list_series)
        .service(series::delivery::get_series_by_slug)
        .service(series::delivery::get_series)
        .service(tags::delivery::list_tags)
        .service(tags::delivery::get_tag_by_slug)
        .service(tags::delivery::get_tag)
        .service(media::delivery::get_media)
        .service(media::delivery::get_media_file)
        .service(comments::reading::list_comments)
        .service(comments::live::delivery::stream_comments)
        .service(comments::reading::list_comment_counts)
        .service(comments::reading::get_comment_context)
        .service(comments::own_comments::get_own_comment)
        .service(comments::own_comments::update_own_comment)
        .service(comments::own_comments::withdraw_own_comment)
        .service(comments::votes::cast_vote)
        .service(comments::votes::retract_vote)
        .service(comments::delivery::create_comment)
        .service(comments::previewing::preview_comment)
        .service(comments::delivery::get_comment)
        .service(comments::subscriptions::delivery::subscribe_to_replies)
        .service(comments::subscriptions::delivery::subscribe_to_article_comments)
        .service(comments::subscriptions::delivery::confirm_comment_subscription)
        .service(comments::subscriptions::delivery::end_comment_subscription)
        .service(comments::subscriptions::delivery::open_unsubscribe_page)
        .service(mentions::delivery::list_mentions)
        .service(media::renditions::delivery::get_media_rendition)
        .service(http::problem_pages::list_problems)
        .service(http::problem_pages::get_problem);
}

/// Logging in, and the own account.
fn accounts(config: &mut ServiceConfig<'_>) {
    config
        .service(accounts::handlers::login)
        .service(accounts::sessions::handlers::refresh_session)
        .service(accounts::sessions::handlers::logout)
        .service(accounts::sessions::handlers::logout_everywhere)
        .service(accounts::sessions::handlers::list_sessions)
        .service(accounts::sessions::handlers::end_session)
        .service(accounts::handlers::get_me)
        .service(accounts::users::own::update_me)
        .service(accounts::users::own::change_own_password)
        .service(accounts::users::own::accept_password_link);
}

/// Sessions of others, and tokens for scripts, with a token.
fn access(config: &mut ServiceConfig<'_>) {
    config
        .service(accounts::sessions::editorial::list_user_sessions)
        .service(accounts::sessions::editorial::end_user_sessions)
        .service(accounts::api_tokens::editorial::list_api_tokens)
        .service(accounts::api_tokens::editorial::create_api_token)
        .service(accounts::api_tokens::editorial::get_api_token)
        .service(accounts::api_tokens::editorial::revoke_api_token);
}

/// Working copies and the steps of their life, with a token.
fn articles_at_the_desk(config: &mut ServiceConfig<'_>) {
    config
        .service(articles::editorial::list_editorial_articles)
        .service(articles::editorial::create_article)
        .service(articles::bulk::editorial::bulk_articles)
        .service(articles::editorial::upsert_article)
        .service(articles::editorial::upsert_article_by_external_id)
        .service(articles::editorial::get_editorial_article)
        .service(articles::editorial::replace_article)
        .service(articles::editorial::update_article)
        .service(articles::editorial::delete_article)
        .service(articles::editorial::preflight_article)
        .service(articles::steps::submit_article)
        .service(articles::steps::request_article_changes)
        .service(articles::steps::publish_article)
        .service(articles::steps::unpublish_article)
        .service(articles::steps::schedule_article)
        .service(articles::steps::unschedule_article)
        .service(articles::steps::discard_article_changes)
        .service(articles::steps::archive_article)
        .service(articles::steps::trash_article)
        .service(articles::steps::restore_article)
        .service(articles::steps::assign_article);
}

/// What belongs to an article, with a token.
fn things_of_articles(config: &mut ServiceConfig<'_>) {
    config
        .service(articles::revisions::editorial::list_revisions)
        .service(articles::revisions::editorial::get_revision)
        .service(articles::revisions::editorial::restore_revision)
        .service(articles::revisions::editorial::diff_revisions)
        .service(articles::notes::editorial::list_article_notes)
        .service(articles::notes::editorial::create_article_note)
        .service(articles::notes::editorial::get_article_note)
        .service(articles::notes::editorial::update_article_note)
        .service(articles::notes::editorial::delete_article_note)
        .service(articles::corrections::editorial::list_corrections)
        .service(articles::corrections::editorial::create_correction)
        .service(articles::corrections::editorial::get_correction)
        .service(articles::corrections::editorial::delete_correction)
        .service(articles::previews::editorial::list_preview_links)
        .service(articles::previews::editorial::create_preview_link)
        .service(articles::previews::editorial::get_preview_link)
        .service(articles::previews::editorial::revoke_preview_link)
        .service(articles::transitions::editorial::list_article_transitions);
}

/// Articles as files, with a token.
fn documents(config: &mut ServiceConfig<'_>) {
    config
        .service(articles::document_downloads::get_editorial_document)
        .service(articles::document_uploads::create_document)
        .service(articles::document_uploads::upsert_document);
}

/// What articles are sorted by, with a token.
fn taxonomy(config: &mut ServiceConfig<'_>) {
    config
        .service(sections::editorial::list_editorial_sections)
        .service(sections::editorial::create_section)
        .service(sections::editorial::get_editorial_section)
        .service(sections::editorial::replace_section)
        .service(sections::editorial::update_section)
        .service(sections::editorial::delete_section)
        .service(series::editorial::list_editorial_series)
        .service(series::editorial::create_series)
        .service(series::editorial::get_editorial_series)
        .service(series::editorial::replace_series)
        .service(series::editorial::update_series)
        .service(series::editorial::delete_series)
        .service(tags::editorial::list_editorial_tags)
        .service(tags::editorial::create_tag)
        .service(tags::editorial::get_editorial_tag)
        .service(tags::editorial::replace_tag)
        .service(tags::editorial::update_tag)
        .service(tags::editorial::delete_tag)
        .service(tags::editorial::merge_tag);
}

/// Files that articles show, with a token.
fn files(config: &mut ServiceConfig<'_>) {
    config
        .service(media::editorial::list_editorial_media)
        .service(media::uploads::upload_media)
        .service(media::uploads::upload_media_file)
        .service(media::editorial::get_editorial_media)
        .service(media::editorial::update_media)
        .service(media::editorial::delete_media)
        .service(media::editorial::list_media_uses)
        .service(media::renditions::editorial::get_media_rendition_url);
}

/// Authors, user accounts, the settings of the site, and moderation, with a token.
fn people_and_threads(config: &mut ServiceConfig<'_>) {
    config
        .service(authors::editorial::list_editorial_authors)
        .service(authors::editorial::create_author)
        .service(authors::editorial::get_editorial_author)
        .service(authors::editorial::replace_author)
        .service(authors::editorial::update_author)
        .service(authors::editorial::delete_author)
        .service(accounts::users::editorial::list_users)
        .service(accounts::users::editorial::invite_user)
        .service(accounts::users::editorial::get_user)
        .service(accounts::users::editorial::update_user)
        .service(accounts::users::editorial::disable_user)
        .service(accounts::users::editorial::enable_user)
        .service(accounts::users::editorial::invite_user_again)
        .service(accounts::users::editorial::reset_user_password)
        .service(site::editorial::get_settings)
        .service(site::editorial::replace_settings)
        .service(site::editorial::update_settings)
        .service(comments::editorial::get_thread)
        .service(comments::editorial::update_thread)
        .service(comments::editorial::list_thread_transitions)
        .service(comments::editorial::list_editorial_comments)
        .service(comments::editorial::get_comment_state_counts)
        .service(comments::editorial::list_comment_revisions)
        .service(comments::editorial::get_editorial_comment)
        .service(comments::editorial::update_comment)
        .service(mentions::editorial::list_editorial_mentions)
        .service(mentions::editorial::update_mention);
}

/// Who did what, with a token.
fn audit_log(config: &mut ServiceConfig<'_>) {
    config
        .service(audit::editorial::list_audit_entries)
        .service(audit::editorial::get_audit_entry);
}

/// Keys, health, version and the document.
fn operations(config: &mut ServiceConfig<'_>) {
    config
        .service(accounts::handlers::get_jwks)
        .service(http::operations::get_liveness)
        .service(http::operations::get_readiness)
        .service(http::operations::get_version)
        .service(openapi::get_openapi);
}
