//! The answer to a write, as data: it is made inside of the transaction, stored beside the effect when the request has an
//! idempotency key, and sent when the transaction has ended.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;

use crate::http::conditional::{Caching, EntityTag, Version, json_bytes};
use crate::http::problem::Problem;

/// The answer to a write that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status: 200, 201, 202 or 204.
    pub status: u16,
    /// Where the thing that was made is: a path of this API, such as `/v1/editorial/articles/…`.
    pub location: Option<String>,
    /// The entity tag of what was written, in its quotes.
    pub etag: Option<String>,
    /// The JSON that is sent; empty with 204.
    pub body: String,
    /// What is kept with an idempotency key in place of `body`, where that shows a secret: once is once.
    pub kept_body: Option<String>,
}

impl Answer {
    /// 201: something was made, and is found at this path.
    ///
    /// # Errors
    /// `internal-error` when the view cannot be written as JSON, which is a defect.
    pub fn created(path: String, version: impl Into<Version>, view: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self {
            status: 201,
            location: Some(path),
            ..Self::changed(version, view)?
        })
    }

    /// 200: something was changed, and is this now.
    ///
    /// # Errors
    /// `internal-error` when the view cannot be written as JSON, which is a defect.
    pub fn changed(version: impl Into<Version>, view: &impl Serialize) -> Result<Self, Problem> {
        let bytes = json_bytes(view)?;
        let etag = EntityTag::of(version, &bytes).header_value();
        Ok(Self {
            etag: Some(etag),
            ..Self::bare(200, bytes)?
        })
    }

    /// An answer without a tag: the outcome of something that is no resource.
    ///
    /// # Errors
    /// `internal-error` when the view cannot be written as JSON, which is a defect.
    pub fn outcome(status: u16, view: &impl Serialize) -> Result<Self, Problem> {
        Self::bare(status, json_bytes(view)?)
    }

    /// The same answer, of which `view` is kept with an idempotency key: without the secret that the body shows.
    ///
    /// # Errors
    /// `internal-error` when the view cannot be written as JSON, which is a defect.
    pub fn keeping(self, view: &impl Serialize) -> Result<Self, Problem> {
        let Self { body, .. } = Self::bare(self.status, json_bytes(view)?)?;
        Ok(Self {
            kept_body: Some(body),
            ..self
        })
    }

    /// 204: it is gone.
    #[must_use]
    pub fn removed() -> Self {
        Self {
            status: 204,
            location: None,
            etag: None,
            body: String::new(),
            kept_body: None,
        }
    }

    /// The response; `public_url` makes the location absolute.
    #[must_use]
    pub fn into_response(self, public_url: &str) -> HttpResponse {
        let Self {
            status,
            location,
            etag,
            body,
            kept_body: _,
        } = self;
        let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
        if let Some(path) = location {
            response.insert_header((header::LOCATION, format!("{public_url}{path}")));
        }
        if let Some(etag) = etag {
            response.insert_header((header::ETAG, etag));
        }
        response.insert_header((header::CACHE_CONTROL, Caching::Private.header_value()));
        match body.is_empty() {
            true => response.finish(),
            false => response.content_type("application/json").body(body),
        }
    }

    fn bare(status: u16, bytes: Vec<u8>) -> Result<Self, Problem> {
        let body = String::from_utf8(bytes).map_err(|error| Problem::internal(error.to_string()))?;
        Ok(Self {
            status,
            location: None,
            etag: None,
            body,
            kept_body: None,
        })
    }
}
