//! Middleware, routes and document, put together in one place for the server, the tests and the command line.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, Error};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;

use crate::accounts::guards;
use crate::comments::subscriptions::page;
use crate::http::fallback::{self, RouteIndex};
use crate::http::{cors, explorer, telemetry};
use crate::openapi::{self, ServedDocument};
use crate::routes;
use crate::settings::CorsOrigins;
use crate::state::AppState;

/// What every worker's copy of the application shares. Cloning it is cheap.
#[derive(Clone)]
pub struct Shared {
    state: Data<AppState>,
    document: Data<ServedDocument>,
    routes: Data<RouteIndex>,
}

impl Shared {
    /// The shared parts around a state.
    #[must_use]
    pub fn new(state: AppState) -> Self {
        let document = document(&state.settings.public_url);
        Self {
            document: Data::new(ServedDocument::new(&document)),
            routes: Data::new(RouteIndex::of(&document)),
            state: Data::new(state),
        }
    }

    /// The state.
    #[must_use]
    pub fn state(&self) -> &Data<AppState> {
        &self.state
    }
}

/// The application.
pub fn app(
    shared: Shared,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let origins = &shared.state.settings.cors_origins;
    let (cors, takes_other_origins) = (cors::middleware(origins), *origins != CorsOrigins::None);
    let (app, _document) = App::new()
        .into_utoipa_app()
        .configure(routes::configure)
        .split_for_parts();
    app.service(explorer::open_explorer)
        .service(explorer::get_explorer_file)
        .service(page::get_subscription_page)
        .service(page::get_subscription_script)
        .default_service(web::to(fallback::answer))
        .app_data(shared.state)
        .app_data(shared.document)
        .app_data(shared.routes)
        .wrap(from_fn(guards::settle_sender))
        .wrap(Condition::new(takes_other_origins, cors))
        .wrap(from_fn(telemetry::observe))
}

/// The `OpenAPI` document of all routes; `public_url` is where the API is.
#[must_use]
pub fn document(public_url: &str) -> OpenApi {
    let (_app, document) = App::new()
        .into_utoipa_app()
        .openapi(openapi::base(public_url))
        .configure(routes::configure)
        .split_for_parts();
    document
}
