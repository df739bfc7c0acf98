//! For the people and machines that run the server.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::database::migrate;
use crate::http::problem::Problem;
use crate::problems;
use crate::state::AppState;

/// That the server is well.
#[derive(Serialize, ToSchema)]
pub struct HealthOut {
    /// Always `ok`: a server that is not well answers with a problem, or not at all.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// What is running.
#[derive(Serialize, ToSchema)]
pub struct VersionOut {
    /// The name of the program.
    #[schema(example = "galley")]
    pub name: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// The database it runs on: `sqlite` or `postgres`.
    #[schema(example = "sqlite")]
    pub database: &'static str,
}

problems!(
    /// What a health check can answer with.
    HealthProblems:
);

/// Ask whether the process lives.
#[utoipa::path(
    tag = "operations",
    operation_id = "get_liveness",
    responses((status = 200, description = "It lives", body = HealthOut), HealthProblems),
)]
#[get("/livez")]
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(HealthOut { status: "ok" })
}

/// Ask whether requests can be served.
///
/// The database answers and has the schema of this version.
#[utoipa::path(
    tag = "operations",
    operation_id = "get_readiness",
    responses((status = 200, description = "They can", body = HealthOut), HealthProblems),
)]
#[get("/readyz")]
pub async fn get_readiness(state: Data<AppState>) -> Result<HttpResponse, Problem> {
    match migrate::is_current(&state.database).await? {
        true => Ok(HttpResponse::Ok().json(HealthOut { status: "ok" })),
        false => Err(Problem::unavailable(
            "The database has the schema of another version.",
            "migrations are pending",
        )),
    }
}

/// Ask what is running.
#[utoipa::path(
    tag = "operations",
    operation_id = "get_version",
    responses((status = 200, description = "What is running", body = VersionOut), HealthProblems),
)]
#[get("/version")]
pub async fn get_version(state: Data<AppState>) -> HttpResponse {
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    HttpResponse::Ok().json(VersionOut {
        name,
        version,
        database: state.database.kind(),
    })
}
