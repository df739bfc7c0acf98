//! The one table of paths. A path is here or does not exist; the `OpenAPI` document is made from the same lines.

use utoipa_actix_web::scope::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{accounts, articles, authors, comments, http, openapi};

/// Every route, by audience.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        // Public: no credentials, cacheable.
        .service(
            scope("/v1")
                .service(articles::delivery::list_articles)
                .service(articles::delivery::get_article_by_slug)
                .service(articles::delivery::get_article)
                .service(authors::delivery::list_authors)
                .service(authors::delivery::get_author_by_slug)
                .service(authors::delivery::get_author)
                .service(comments::delivery::list_comments)
                .service(comments::delivery::create_comment)
                .service(comments::delivery::get_comment)
                .service(http::problem_pages::list_problems)
                .service(http::problem_pages::get_problem)
                // Accounts.
                .service(accounts::handlers::login)
                .service(accounts::handlers::get_me)
                // Editorial: with a token.
                .service(
                    scope("/editorial")
                        .service(articles::editorial::list_editorial_articles)
                        .service(articles::editorial::create_article)
                        .service(articles::editorial::upsert_article)
                        .service(articles::editorial::get_editorial_article)
                        .service(articles::editorial::replace_article)
                        .service(articles::editorial::update_article)
                        .service(articles::editorial::delete_article)
                        .service(articles::editorial::publish_article)
                        .service(articles::editorial::unpublish_article)
                        .service(articles::document_uploads::create_document)
                        .service(articles::document_uploads::upsert_document)
                        .service(authors::editorial::list_editorial_authors)
                        .service(authors::editorial::create_author)
                        .service(authors::editorial::get_editorial_author)
                        .service(authors::editorial::replace_author)
                        .service(authors::editorial::update_author)
                        .service(authors::editorial::delete_author)
                        .service(comments::editorial::get_thread)
                        .service(comments::editorial::update_thread)
                        .service(comments::editorial::list_editorial_comments)
                        .service(comments::editorial::get_editorial_comment)
                        .service(comments::editorial::update_comment),
                ),
        )
        .service(accounts::handlers::get_jwks)
        // Operations.
        .service(http::operations::get_liveness)
        .service(http::operations::get_readiness)
        .service(http::operations::get_version)
        .service(openapi::get_openapi);
}
