//! The body, read once and in one place, under a limit and a deadline.
//!
//! Routes that need no body are treated alike, so that nobody can keep one of them busy by
//! trickling bytes at it.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::Problem;

/// The largest body that is read, in bytes. The largest honest one, an order of a hundred
/// lines, has about 8 KiB.
pub const BODY_MAX_BYTES: usize = 64 * 1024;

/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole body of the request that is being served, kept where extractors find it.
#[derive(Clone, Debug, Default)]
pub struct RequestBody(pub Bytes);

/// Reads the body before the handler starts.
pub(super) async fn read(request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let announced = parts.headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > BODY_MAX_BYTES as u64) {
        return Err(too_large());
    }
    let bytes = if body.is_end_stream() {
        Bytes::new()
    } else {
        tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, BODY_MAX_BYTES).collect())
            .await
            .map_err(|_| {
                Problem::new(StatusCode::REQUEST_TIMEOUT, "The body took longer than 10 s to send")
            })?
            .map_err(|cause| {
                if cause.is::<LengthLimitError>() {
                    too_large()
                } else {
                    Problem::bad_request("The body ended before it was complete")
                }
            })?
            .to_bytes()
    };
    parts.extensions.insert(RequestBody(bytes));
    Ok(Request::from_parts(parts, Body::empty()))
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 65536 bytes")
}
