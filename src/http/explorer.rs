//! The explorer page at `/docs`: Swagger UI out of the binary, without a request to anywhere else.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa_swagger_ui::Config;

use crate::http::problem::Problem;

/// Swagger UI sets styles from its scripts and draws icons from data URLs.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    // The validator is a service of somebody else's, which would be sent the document.
    Arc::new(
        Config::from("/openapi.json")
            .validator_url("none")
            .try_it_out_enabled(true),
    )
});

/// The page itself, which needs the slash at its end for the names of its files.
#[get("/docs")]
pub async fn open_explorer() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

/// A file of the page.
#[get("/docs/{file:.*}")]
pub async fn get_explorer_file(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let name = request.match_info().query("file");
    let file =
        utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(|| Problem::not_found("file"))?;
    Ok(HttpResponse::Ok()
        .content_type(file.content_type)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .body(file.bytes.into_owned()))
}
