//! Renditions for readers.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use uuid::Uuid;

use crate::database::failure::Failure;
use crate::http::conditional::{Conditions, IfNoneMatchHeader};
use crate::http::input::{IdInPath, QueryParameters};
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::media::images::rendering::Order;
use crate::media::media::MediaRow;
use crate::media::renditions::answers::{Freshness, bytes_response};
use crate::media::renditions::making;
use crate::media::renditions::rendition::{
    RenditionFailure, RenditionRequest, RequestFault, WantedRendition, focal_point, listed_heights, renderable,
    version_of,
};
use crate::media::renditions::views::RenditionQuery;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading a rendition can answer with.
    RenditionProblems: INVALID_PARAMETER, UNKNOWN_PARAMETER, MALFORMED_REQUEST, RENDITION_NOT_ALLOWED, NOT_FOUND, RANGE_NOT_SATISFIABLE, RENDITION_UNAVAILABLE
);

/// Read a smaller version of a picture.
///
/// It is made when somebody first asks for it, and then kept. Everybody may ask for the widths that the settings list, whole
/// (`width=640`) or cut to one of four shapes (`width=640&height=360&fit=cover`); `renditions` of the picture lists ready
/// addresses. Any other size needs the signature of an address from `GET /v1/editorial/media/{id}/rendition-url`. Pictures
/// are turned upright, taken into sRGB and never enlarged; of an animation the first frame is shown.
#[utoipa::path(
    tag = "media",
    operation_id = "get_media_rendition",
    params(IfNoneMatchHeader, ("id" = Uuid, Path, description = "The id of the picture"), RenditionQuery,
        ("Range" = Option<String>, Header, description = "The part that is wanted (RFC 9110, section 14.2)", nullable = false, example = "bytes=0-1023"),
        ("If-Range" = Option<String>, Header, description = "The entity tag of the picture that the client has a part of", nullable = false, example = "\"9f86d081884c7d65\"")),
    responses((status = 200, description = "The picture, in the format that was asked for", body = Vec<u8>,
        content_type = "application/octet-stream",
        headers(("ETag" = String, description = "The entity tag"),
            ("Cache-Control" = String, description = "How long it may be kept"))),
        (status = 206, description = "The part of it that `Range` names", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("Content-Range" = String, description = "Which part"))),
        (status = 304, description = "The client has it already"),
        RenditionProblems),
)]
#[get("/media/{id}/rendition")]
pub async fn get_media_rendition(
    request: HttpRequest,
    state: Data<AppState>,
    id: IdInPath,
    query: QueryParameters<RenditionQuery>,
    conditions: Conditions,
) -> Result<HttpResponse, Problem> {
    let (id, query) = (id.0, query.0);
    let found: Result<Option<MediaRow>, Failure> = read!(&state.database, media::find(id));
    let media = found?.ok_or_else(|| Problem::not_found("picture"))?;
    let asked = query.request();
    let wanted = wanted(&media, asked)?;
    allowed(&state, id, asked, query.signature.as_deref())?;
    let rendition = making::get(&state, wanted)
        .await
        .map_err(|failure: Arc<RenditionFailure>| problem(&failure))?;
    let freshness = match query.v {
        Some(version) if version == version_of(&media) => Freshness::ForEver,
        _ => Freshness::Minutes,
    };
    bytes_response(&request, &conditions, &rendition, freshness)
}

/// What is to be made for a request.
///
/// # Errors
/// `rendition-unavailable` for what has no renditions, and `invalid-parameter` for a request without a size.
pub fn wanted(media: &MediaRow, asked: RenditionRequest) -> Result<WantedRendition, Problem> {
    let (kind, source) = renderable(media).ok_or_else(|| unavailable(&media.content_type))?;
    let reduction = asked
        .reduction(source, focal_point(media))
        .map_err(|fault| match fault {
            RequestFault::NoBox if asked.width.is_some() => Problem::parameter("height", format!("{fault}.")),
            RequestFault::NoBox | RequestFault::NoSize => Problem::parameter("width", format!("{fault}.")),
        })?;
    Ok(WantedRendition {
        media: media.id.0,
        original: media.storage_key(),
        order: Order {
            kind,
            reduction,
            format: asked.format,
        },
    })
}

/// Settles whether it may be asked for: a listed size, or a signed one.
fn allowed(state: &AppState, id: Uuid, asked: RenditionRequest, signature: Option<&str>) -> Result<(), Problem> {
    let widths = &state.settings.rendition_widths;
    match signature {
        Some(signature) if state.rendition_signer.verifies(id, asked, signature) => Ok(()),
        _ if asked.is_listed(widths) => Ok(()),
        Some(_forged) => Err(not_allowed(
            "signature",
            "it is not the signature of this size of this picture; take the whole address from GET /v1/editorial/media/{id}/rendition-url",
        )),
        None => Err(not_listed(asked, widths)),
    }
}

fn not_listed(asked: RenditionRequest, widths: &[u16]) -> Problem {
    let listed = |sides: &[u16]| {
        let sides: Vec<String> = sides.iter().map(u16::to_string).collect();
        sides.join(", ")
    };
    let (parameter, detail) = match (asked.width, asked.height) {
        (Some(width), Some(_height)) if widths.contains(&width) => (
            "height",
            format!(
                "without a signature, a picture of width {width} may have one of the heights {} with fit=cover, and no height with fit=contain",
                listed(&listed_heights(width))
            ),
        ),
        _ => (
            "width",
            format!("without a signature, it may be one of {}", listed(widths)),
        ),
    };
    not_allowed(parameter, &detail)
}

fn not_allowed(parameter: &str, detail: &str) -> Problem {
    Problem::new(
        &problem_codes::RENDITION_NOT_ALLOWED,
        format!("The parameter {parameter} is wrong: {detail}."),
    )
    .with_fault(ProblemFault::parameter(parameter, "not-allowed", detail.to_owned()))
}

fn unavailable(content_type: &str) -> Problem {
    let detail = format!("The file is {content_type}; only JPEG, PNG, GIF and WebP pictures can be made smaller.");
    Problem::new(&problem_codes::RENDITION_UNAVAILABLE, detail)
}

fn problem(failure: &RenditionFailure) -> Problem {
    match failure {
        RenditionFailure::Busy => Problem::unavailable(
            "Too many pictures are being made smaller just now.",
            failure.to_string(),
        ),
        RenditionFailure::Absent => Problem::not_found("picture"),
        RenditionFailure::Undecodable(reason) => Problem::new(
            &problem_codes::RENDITION_UNAVAILABLE,
            format!("The picture is damaged: {reason}."),
        ),
        RenditionFailure::Unavailable(cause) => {
            Problem::unavailable("The pictures cannot be reached just now.", cause.clone())
        }
        RenditionFailure::Defect(cause) => Problem::internal(cause.clone()),
    }
}
