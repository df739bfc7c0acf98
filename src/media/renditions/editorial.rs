//! Addresses of renditions for the newsroom.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use crate::accounts::guards::Authorized;
use crate::accounts::permissions::ReadArticles;
use crate::database::failure::Failure;
use crate::http::conditional::{Caching, Conditions, IfNoneMatchHeader, resource_response};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::problem::Problem;
use crate::media::media::MediaRow;
use crate::media::renditions::delivery::wanted;
use crate::media::renditions::rendition::version_of;
use crate::media::renditions::views::{RenditionOut, RenditionUrlQuery};
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What asking for an address can answer with.
    RenditionUrlProblems: INVALID_PARAMETER, UNKNOWN_PARAMETER, MALFORMED_REQUEST, NOT_AUTHENTICATED, TOKEN_INVALID, INSUFFICIENT_SCOPE, NOT_FOUND, RENDITION_UNAVAILABLE
);

/// Get the address of a picture in any size.
///
/// The address is signed, so that everybody who has it may ask for this size of this picture, for ever. Nothing is made
/// before somebody does.
#[utoipa::path(
    tag = "editorial media",
    operation_id = "get_media_rendition_url",
    security(("bearer" = [])),
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the picture"), RenditionUrlQuery),
    responses((status = 200, description = "The address, and what is found there", body = RenditionOut,
        headers(("ETag" = String, description = "The entity tag"))),
        (status = 304, description = "The client has it already"), RenditionUrlProblems),
)]
#[get("/media/{id}/rendition-url")]
pub async fn get_media_rendition_url(
    state: Data<AppState>,
    _caller: Authorized<ReadArticles>,
    id: IdInPath,
    query: QueryParameters<RenditionUrlQuery>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, asked) = (id.0, query.0.request());
    let found: Result<Option<MediaRow>, Failure> = read!(&state.database, media::find(id));
    let media = found?.ok_or_else(|| Problem::not_found("picture"))?;
    let size = wanted(&media, asked)?.order.reduction.size;
    let address = asked.url(&state.settings.public_url, id, &version_of(&media));
    let signature = state.rendition_signer.sign(id, asked);
    let view = RenditionOut {
        url: format!("{address}&signature={signature}"),
        width: size.width.into(),
        height: size.height.into(),
        content_type: asked.format.content_type().to_owned(),
    };
    resource_response(&conditions, media.revision, Caching::Private, &view)
}
