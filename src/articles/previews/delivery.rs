//! Previews for those who have the link: one revision of one article, without an account.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};

use crate::accounts::keys::TokenFault;
use crate::articles::article::{PublishedArticle, PublishedArticleRow};
use crate::articles::previews::preview_reading::PreviewReadFailure;
use crate::articles::views::reader::ArticleOut;
use crate::http::conditional::{Caching, Conditions, resource_response};
use crate::http::problem::Problem;
use crate::state::AppState;
use crate::{problems, read};

problems!(
    /// What reading a preview can answer with.
    PreviewReadProblems: MALFORMED_REQUEST, NOT_FOUND, GONE, PREVIEW_ENDED
);

/// Read a preview.
///
/// The revision that the link was made for, in the shape in which readers get articles. Nobody may keep the answer.
#[utoipa::path(
    tag = "articles",
    operation_id = "get_preview",
    params(("token" = String, Path, description = "The token of the link", max_length = 8_192)),
    responses((status = 200, description = "The article as it would be published", body = ArticleOut), PreviewReadProblems),
)]
#[get("/previews/{token}")]
pub async fn get_preview(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, Problem> {
    let now = state.clock.now();
    let mut verdict = state.keys.verify_preview(&token, now);
    if verdict == Err(TokenFault::UnknownKey) {
        // Another instance may have signed it with a key that we have not seen yet.
        state.refresh_keys().await?;
        verdict = state.keys.verify_preview(&token, now);
    }
    let link = match verdict {
        Ok(claims) => (claims.sub, claims.jti),
        Err(TokenFault::Expired) => return Err(PreviewReadFailure::Expired.into()),
        Err(_forged) => return Err(PreviewReadFailure::Absent.into()),
    };
    let now = now.into();
    let public_url = state.settings.public_url.clone();
    let found: Result<PublishedArticle<PublishedArticleRow>, PreviewReadFailure> =
        read!(&state.database, previews::read(link, public_url, now));
    let article = found?;
    let mut response = resource_response(
        &Conditions::default(),
        article.row.revision,
        Caching::Private,
        &ArticleOut::from(article),
    )?;
    response.headers_mut().insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow"),
    );
    Ok(response)
}
