//! The page at `/subscriptions` that links in mails lead to where the site has none of its own: a button that confirms a
//! subscription or ends it. Opening it does neither, since programs open the links of mails before people do.
//!
//! The token is the fragment of the address, which only the script of the page reads, so the page is the same for everybody.

use actix_web::http::header;
use actix_web::{HttpResponse, get};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// The page.
#[get("/subscriptions")]
pub async fn get_subscription_page() -> HttpResponse {
    file("text/html; charset=utf-8", include_str!("page.html"))
}

/// Its script.
#[get("/subscriptions/page.js")]
pub async fn get_subscription_script() -> HttpResponse {
    file("text/javascript; charset=utf-8", include_str!("page.js"))
}

fn file(content_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(text)
}
