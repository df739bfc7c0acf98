//! Requests that no route takes: an unknown path, a wrong method, a path that is written another way.

use std::collections::BTreeSet;

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::http::problem::Problem;
use crate::http::problem_codes;
use crate::state::AppState;

/// The paths that are served, with their methods, made from the `OpenAPI` document.
#[derive(Debug, Clone)]
pub struct RouteIndex {
    routes: Vec<(ResourceDef, BTreeSet<&'static str>)>,
}

impl RouteIndex {
    /// The index of a document.
    #[must_use]
    pub fn of(document: &OpenApi) -> Self {
        let documented = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)));
        let pages = ["/docs", "/subscriptions", "/subscriptions/page.js"]
            .map(|path| (ResourceDef::new(path), BTreeSet::from(["GET", "HEAD"])));
        Self {
            routes: documented.chain(pages).collect(),
        }
    }

    /// The methods of all routes that a path fits; empty when none does.
    #[must_use]
    pub fn methods_of(&self, path: &str) -> BTreeSet<&'static str> {
        self.routes
            .iter()
            .filter(|(pattern, _)| pattern.is_match(path))
            .flat_map(|(_, methods)| methods.iter().copied())
            .collect()
    }
}

fn methods(item: &PathItem) -> BTreeSet<&'static str> {
    let operations = [
        ("GET", &item.get),
        ("HEAD", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    operations
        .into_iter()
        .filter(|(_, operation)| operation.is_some())
        .map(|(method, _)| method)
        .collect()
}

/// Answers what no route answers.
///
/// # Errors
/// `method-not-allowed` with `Allow`, or `not-found`.
pub async fn answer(
    request: HttpRequest,
    state: Data<AppState>,
    index: Data<RouteIndex>,
) -> Result<HttpResponse, Problem> {
    let (path, methods) = (request.path(), index.methods_of(request.path()));
    let allow = methods
        .iter()
        .copied()
        .chain(["OPTIONS"])
        .collect::<Vec<_>>()
        .join(", ");
    match (methods.is_empty(), request.method()) {
        (false, &Method::OPTIONS) => Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish()),
        (false, method) => {
            let detail = format!("{path} has no {method}; it has {allow}.");
            Err(Problem::new(&problem_codes::METHOD_NOT_ALLOWED, detail).with_header(header::ALLOW, &allow))
        }
        (true, _) => elsewhere(&request, &state, &index),
    }
}

/// A path with a slash at its end is the one without.
fn elsewhere(request: &HttpRequest, state: &AppState, index: &RouteIndex) -> Result<HttpResponse, Problem> {
    let bare = request.path().trim_end_matches('/');
    if bare == request.path() || index.methods_of(bare).is_empty() {
        return Err(Problem::new(
            &problem_codes::NOT_FOUND,
            format!("There is no route {}.", request.path()),
        ));
    }
    let query = request
        .uri()
        .query()
        .map_or_else(String::new, |query| format!("?{query}"));
    let location = format!("{}{bare}{query}", state.settings.public_url);
    Ok(HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, location))
        .finish())
}
