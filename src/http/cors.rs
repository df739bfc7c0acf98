//! Which pages of other sites may call the API from a browser.

use actix_cors::Cors;
use actix_web::http::header;

use crate::settings::CorsOrigins;

/// Seconds that a browser may keep the answer to a preflight.
const MAX_AGE: usize = 3_600;

/// The middleware for a setting. Cookies are never used, so credentials are never allowed.
pub fn middleware(origins: &CorsOrigins) -> Cors {
    let base = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::HeaderName::from_static("idempotency-key"),
            header::HeaderName::from_static("last-event-id"),
            header::HeaderName::from_static("request-id"),
        ])
        .expose_headers([
            "ETag",
            "Idempotent-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Request-Id",
            "Retry-After",
            "Validate-Only",
        ])
        .block_on_origin_mismatch(false)
        .max_age(MAX_AGE);
    match origins {
        CorsOrigins::None => base,
        CorsOrigins::Any => base.allow_any_origin().send_wildcard(),
        CorsOrigins::Listed(origins) => origins.iter().fold(base, |cors, origin| cors.allowed_origin(origin)),
    }
}
