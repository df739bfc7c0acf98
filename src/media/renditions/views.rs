//! Wire types of renditions.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::field::Refusal;
use crate::http::input::InputFaults;
use crate::media::images::encoding::RenditionFormat;
use crate::media::images::geometry::Fit;
use crate::media::media::MediaRow;
use crate::media::renditions::rendition::{MAX_RENDITION_SIDE, RenditionRequest, offered, version_of};

/// What of a picture to show, in which size and format.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RenditionQuery {
    /// The width in pixels, or the most of it. Everybody may ask for the widths that the settings list.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 1, maximum = 4_096, example = 640)]
    pub width: Option<SideText>,
    /// The height in pixels, or the most of it. Without a signature only together with `fit=cover`, and only the height
    /// that makes the shape 1:1, 4:3, 3:2 or 16:9.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 1, maximum = 4_096, example = 360)]
    pub height: Option<SideText>,
    /// How the picture is fitted: `contain` (when it is left out) shows all of it, `cover` cuts it around its focal point to
    /// fill width and height. It is never enlarged.
    #[deserr(default)]
    #[param(value_type = Fit, required = false)]
    pub fit: Option<Fit>,
    /// The format: `webp` when it is left out.
    #[deserr(default)]
    #[param(value_type = RenditionFormat, required = false)]
    pub format: Option<RenditionFormat>,
    /// The mark of what the picture looks like now, from an address that the server gave. The answer may be kept for ever
    /// with it, and for five minutes without.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, max_length = 32, example = "3f9a01c2")]
    pub v: Option<String>,
    /// The signature of a size that is not listed, from `GET /v1/editorial/media/{id}/rendition-url`.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false, max_length = 64, example = "9sYbQ1v0mXkq8o3B2nT5rA")]
    pub signature: Option<String>,
}

/// The rendition that an address is wanted for.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RenditionUrlQuery {
    /// The width in pixels, or the most of it.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 1, maximum = 4_096, example = 700)]
    pub width: Option<SideText>,
    /// The height in pixels, or the most of it.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 1, maximum = 4_096, example = 300)]
    pub height: Option<SideText>,
    /// How the picture is fitted: `contain` (when it is left out) shows all of it, `cover` cuts it around its focal point to
    /// fill width and height. It is never enlarged.
    #[deserr(default)]
    #[param(value_type = Fit, required = false)]
    pub fit: Option<Fit>,
    /// The format: `webp` when it is left out.
    #[deserr(default)]
    #[param(value_type = RenditionFormat, required = false)]
    pub format: Option<RenditionFormat>,
}

/// A smaller version of a picture.
#[derive(Debug, Serialize, ToSchema)]
pub struct RenditionOut {
    /// Where it is. It is made when it is first asked for.
    #[schema(
        example = "http://127.0.0.1:8080/v1/media/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071/rendition?width=640&fit=contain&format=webp&v=3f9a01c2"
    )]
    pub url: String,
    /// The width in pixels.
    #[schema(example = 640)]
    pub width: i32,
    /// The height in pixels.
    #[schema(example = 427)]
    pub height: i32,
    /// The media type.
    #[schema(example = "image/webp")]
    pub content_type: String,
}

/// One side of a rendition in pixels: from 1 to [`MAX_RENDITION_SIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SideText(u16);

/// A text that is no such number.
#[derive(Debug)]
pub struct SideFault(String);

impl TryFrom<&String> for SideText {
    type Error = SideFault;

    fn try_from(text: &String) -> Result<Self, SideFault> {
        match text.parse() {
            Ok(side @ 1..=MAX_RENDITION_SIDE) => Ok(Self(side)),
            _ => Err(SideFault(text.clone())),
        }
    }
}

impl std::fmt::Display for SideFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:?} is not a number of pixels from 1 to {MAX_RENDITION_SIDE}",
            self.0
        )
    }
}

impl Refusal for SideFault {
    fn code(&self) -> &'static str {
        "out-of-range"
    }
}

crate::field::read_from_text!(SideText);

impl RenditionQuery {
    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> RenditionRequest {
        request(self.width, self.height, self.fit, self.format)
    }
}

impl RenditionUrlQuery {
    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> RenditionRequest {
        request(self.width, self.height, self.fit, self.format)
    }
}

/// The renditions that a front end should offer of a file, for `srcset`. None of a file of which there are none.
#[must_use]
pub fn offered_renditions(public_url: &str, media: &MediaRow, widths: &[u16]) -> Vec<RenditionOut> {
    let version = version_of(media);
    let offered = offered(media, widths).into_iter();
    let view = offered.map(|(request, size)| RenditionOut {
        url: request.url(public_url, media.id.0, &version),
        width: size.width.into(),
        height: size.height.into(),
        content_type: request.format.content_type().to_owned(),
    });
    view.collect()
}

fn request(
    width: Option<SideText>,
    height: Option<SideText>,
    fit: Option<Fit>,
    format: Option<RenditionFormat>,
) -> RenditionRequest {
    RenditionRequest {
        width: width.map(|side| side.0),
        height: height.map(|side| side.0),
        fit: fit.unwrap_or(Fit::Contain),
        format: format.unwrap_or(RenditionFormat::Webp),
    }
}
