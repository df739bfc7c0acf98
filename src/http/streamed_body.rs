//! A body that is too large to be held: it is taken piece by piece, as long as it keeps coming.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt as _};
use tokio::time::Instant;

use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::telemetry::{HandlerTime, TimeStandsStill};

/// The longest pause between two pieces.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The slowest that a body may come in the long run, in bytes a second, so that nobody can hold a connection and a place on
/// the disk for ever by sending one byte now and then.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;

/// A body on its way. While this is there, the time of the handler stands still.
pub struct StreamedBody {
    request: HttpRequest,
    payload: Payload,
    pace: Pace,
    _still: TimeStandsStill,
}

/// How fast a body comes.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    bytes: u64,
}

impl StreamedBody {
    /// The body of a request.
    #[must_use]
    pub fn new(request: HttpRequest, payload: Payload) -> Self {
        let still = HandlerTime::of(&request).stop();
        Self {
            request,
            payload,
            pace: Pace::begin(),
            _still: still,
        }
    }

    /// The media type that the client declares, in small letters and without parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let value = self.request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        (!essence.is_empty()).then_some(essence)
    }

    /// Refuses what can be refused before the first piece came: a body that is coded, or that will have more bytes than
    /// these.
    ///
    /// # Errors
    /// `unsupported-media-type` or `payload-too-large`.
    pub fn refuse_early(&self, most: u64, too_large: impl FnOnce() -> Problem) -> Result<(), Problem> {
        let headers = self.request.headers();
        let coding = headers.get(header::CONTENT_ENCODING);
        if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let detail = "Send the body without Content-Encoding: compressed bodies are not read.";
            let fault = ProblemFault::header("Content-Encoding", "unsupported", detail);
            return Err(Problem::new(&problem_codes::UNSUPPORTED_MEDIA_TYPE, detail).with_fault(fault));
        }
        let declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        match declared {
            Some(length) if length > most => Err(too_large()),
            _ => Ok(()),
        }
    }

    /// The next piece; nothing at the end.
    ///
    /// # Errors
    /// `request-timeout`, or `malformed-request` when the body breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = self.pace.within(self.payload.next()).await?;
        let piece = piece.transpose().map_err(|error| broken_off(&error))?;
        self.pace.count(piece.as_ref());
        Ok(piece)
    }

    /// The request, its pieces as they come, and the pace to hold them to.
    #[must_use]
    pub fn into_parts(self) -> (HttpRequest, Pieces, Pace) {
        let Self {
            request,
            payload,
            pace,
            _still: still,
        } = self;
        (request, Pieces { payload, _still: still }, pace)
    }
}

/// The pieces of a body. While this is there, the time of the handler stands still.
pub struct Pieces {
    payload: Payload,
    _still: TimeStandsStill,
}

impl Stream for Pieces {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.payload.poll_next_unpin(context)
    }
}

impl Pace {
    fn begin() -> Self {
        Self {
            began: Instant::now(),
            bytes: 0,
        }
    }

    /// Waits for something that a piece brings.
    ///
    /// # Errors
    /// `request-timeout`.
    pub async fn within<T>(&self, piece: impl Future<Output = T>) -> Result<T, Problem> {
        let end = (Instant::now() + LONGEST_PAUSE).min(self.began + allowance(self.bytes));
        tokio::time::timeout_at(end, piece).await.map_err(|_elapsed| {
            let detail = format!(
                "The body came too slowly: more than {} seconds without a byte, or fewer than {SLOWEST_BYTES_PER_SECOND} \
                 bytes a second in all. Nothing was stored.",
                LONGEST_PAUSE.as_secs()
            );
            Problem::new(&problem_codes::REQUEST_TIMEOUT, detail)
        })
    }

    /// Counts a piece that came.
    pub fn count(&mut self, piece: Option<&Bytes>) {
        let length = piece.map_or(0, |piece| u64::try_from(piece.len()).unwrap_or(u64::MAX));
        self.bytes = self.bytes.saturating_add(length);
    }
}

/// The problem of a body that ended before its time.
#[must_use]
pub fn broken_off(error: &impl std::fmt::Display) -> Problem {
    let detail = format!("The body broke off: {error}. Nothing was stored.");
    Problem::new(&problem_codes::MALFORMED_REQUEST, detail)
}

/// How long so many bytes may have taken, and the next piece may take.
fn allowance(bytes: u64) -> Duration {
    LONGEST_PAUSE + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_may_take_its_time_and_not_stop() {
        let mut pace = Pace::begin();
        let second = Bytes::from(vec![0; 1024]);
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            pace.count(Some(&second));
            pace.within(std::future::ready(())).await.unwrap();
        }
        let stopped = pace.within(std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(stopped.kind().code, "request-timeout");
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_does_not_keep_it_open() {
        let mut pace = Pace::begin();
        let byte = Bytes::from_static(b"x");
        let mut pieces = 0;
        while pace.within(tokio::time::sleep(Duration::from_secs(10))).await.is_ok() {
            pace.count(Some(&byte));
            pieces += 1;
            assert!(pieces < 10, "it is kept open");
        }
    }
}
