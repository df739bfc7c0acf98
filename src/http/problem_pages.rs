//! The table of problem codes, for people who met one.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::conditional::Caching;
use crate::http::page::PageInfo;
use crate::http::problem::{Problem, TYPE_PREFIX};
use crate::http::problem_codes::{ALL, ProblemCode};
use crate::problems;

/// One kind of problem.
#[derive(Serialize, ToSchema)]
pub struct ProblemCodeOut {
    /// The code, as in the member `code` of a problem.
    #[schema(example = "slug-taken")]
    pub code: &'static str,
    /// The URI, as in the member `type` of a problem.
    #[schema(example = "tag:galley,2026:problems/slug-taken")]
    pub r#type: String,
    /// The HTTP status code.
    #[schema(example = 409)]
    pub status: u16,
    /// A short summary.
    #[schema(example = "Something else has this slug")]
    pub title: &'static str,
    /// Why it happens.
    #[schema(example = "A slug is part of an address, so only one can have it.")]
    pub cause: &'static str,
    /// How to mend it.
    #[schema(example = "Send another slug; suggestion is one that is free.")]
    pub remedy: &'static str,
    /// A command that shows the mended request.
    #[schema(example = "curl http://127.0.0.1:8080/v1/articles")]
    pub example: &'static str,
}

/// Every kind of problem.
#[derive(Serialize, ToSchema)]
pub struct ProblemCodePage {
    /// The kinds, by status.
    pub data: Vec<ProblemCodeOut>,
    /// Where the page stands: it is the only one.
    pub page: PageInfo,
}

problems!(
    /// What looking up a kind of problem can answer with.
    ProblemPageProblems: NOT_FOUND
);

problems!(
    /// What listing the kinds of problems can answer with.
    ProblemListProblems:
);

/// List the kinds of problems.
#[utoipa::path(
    tag = "problems",
    operation_id = "list_problems",
    responses((status = 200, description = "Every kind there is", body = ProblemCodePage), ProblemListProblems),
)]
#[get("/problems")]
pub async fn list_problems() -> HttpResponse {
    let limit = u32::try_from(ALL.len()).unwrap_or(u32::MAX);
    let page = PageInfo {
        limit,
        next: None,
        prev: None,
    };
    let data = ALL.iter().map(|kind| ProblemCodeOut::from(*kind)).collect();
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, Caching::Public.header_value()))
        .json(ProblemCodePage { data, page })
}

/// Read about a kind of problem.
///
/// Cause, remedy and an example. A browser gets a page.
#[utoipa::path(
    tag = "problems",
    operation_id = "get_problem",
    params(("code" = String, Path, description = "The code", example = "slug-taken")),
    responses((status = 200, description = "The kind of problem", body = ProblemCodeOut), ProblemPageProblems),
)]
#[get("/problems/{code}")]
pub async fn get_problem(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let code = request.match_info().query("code");
    let kind = ALL
        .iter()
        .find(|kind| kind.code == code)
        .ok_or_else(|| Problem::not_found("problem code"))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, Caching::Public.header_value()));
    response.insert_header((header::VARY, "Accept"));
    match prefers_html(&request) {
        true => Ok(response.content_type("text/html; charset=utf-8").body(page(kind))),
        false => Ok(response.json(ProblemCodeOut::from(*kind))),
    }
}

fn prefers_html(request: &HttpRequest) -> bool {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.starts_with("text/html"))
}

fn page(kind: &ProblemCode) -> String {
    let text = |text: &str| ammonia::clean_text(text);
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{code}</title>\n<h1>{title}</h1>\n\
         <p><code>{code}</code>, status {status}</p>\n<h2>Cause</h2>\n<p>{cause}</p>\n<h2>Remedy</h2>\n<p>{remedy}</p>\n\
         <h2>Example</h2>\n<pre>{example}</pre>\n</html>\n",
        code = text(kind.code),
        title = text(kind.title),
        status = kind.status,
        cause = text(kind.cause),
        remedy = text(kind.remedy),
        example = text(kind.example),
    )
}

impl From<&ProblemCode> for ProblemCodeOut {
    fn from(kind: &ProblemCode) -> Self {
        let ProblemCode {
            code,
            status,
            title,
            cause,
            remedy,
            example,
        } = *kind;
        Self {
            code,
            r#type: format!("{TYPE_PREFIX}{code}"),
            status,
            title,
            cause,
            remedy,
            example,
        }
    }
}
