//! One call to another service, and what can come of it.
//!
//! The types keep two things apart that are easily confused: an [`Answer`] is the other
//! service's decision, be it yes or no; [`NoAnswer`] is silence, whatever its cause. Silence
//! is never a refusal.

use std::time::Duration;

use axum::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::breaker::Failure;

/// How long a call may take in all, retries included.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest pause that another service can ask for. One wrong header must not silence us
/// for days.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// One request to another service.
#[derive(Clone, Debug)]
pub struct Call {
    /// GET, POST, PUT.
    pub method: Method,
    /// The path with its query, starting with a slash.
    pub path: String,
    /// Headers besides the key, the trace and the content type.
    pub headers: HeaderMap,
    /// A JSON body.
    pub body: Option<Bytes>,
}

impl Call {
    /// A GET.
    pub fn get(path: String) -> Self {
        let headers = HeaderMap::new();
        Self { method: Method::GET, path, headers, body: None }
    }
}

/// A decision of the other service: 2xx, or a 4xx that is about the request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body, at most 64 KiB.
    pub body: Bytes,
}

impl Answer {
    /// What a response decides, if anything.
    pub(super) fn read(
        status: StatusCode,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Self, NoAnswer> {
        let is_json = names_json(headers);
        match status.as_u16() {
            401 | 403 | 408 | 429 | 500..=599 => {
                Err(NoAnswer::Unwilling { status, retry_after: retry_after(headers) })
            }
            // Our services speak JSON. Another page, or a route that does not exist, says that
            // we asked somebody else, and that decides nothing.
            200..=299 if is_json || body.is_empty() => Ok(Self { status, body }),
            400..=499 if is_json => match (Self { status, body }) {
                answer if answer.detail() == "Not found" => {
                    Err(NoAnswer::Garbled("it has no such route".to_owned()))
                }
                answer => Ok(answer),
            },
            _ => Err(NoAnswer::Garbled(format!("status {status}"))),
        }
    }

    /// The body as a `T`.
    ///
    /// # Errors
    ///
    /// [`NoAnswer::Garbled`]: what cannot be understood decides nothing.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, NoAnswer> {
        serde_json::from_slice(&self.body).map_err(|cause| NoAnswer::Garbled(cause.to_string()))
    }

    /// The sentence of an error body; empty if it has none.
    pub fn detail(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Problem {
            detail: String,
        }
        self.json::<Problem>().map(|problem| problem.detail).unwrap_or_default()
    }
}

/// Silence: nothing was decided, as far as we know.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NoAnswer {
    /// No connection, or it broke.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// Nothing came in time.
    #[error("no answer within {} s", CALL_TIMEOUT.as_secs())]
    TimedOut,
    /// Not asked, because it has been failing.
    #[error("not asked: the breaker is open for another {} ms", .0.as_millis())]
    BreakerOpen(Duration),
    /// 5xx, 408 or 429, with the pause it asks for; or 401 and 403, which are about our key
    /// and not about the request.
    #[error("answered {status}")]
    Unwilling {
        /// The HTTP status.
        status: StatusCode,
        /// `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// Something that this service would not say.
    #[error("answered nonsense: {0}")]
    Garbled(String),
}

impl NoAnswer {
    /// Whether the other side turned out to be gone or broken, without a word on when it will
    /// be back.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::Unwilling { status, retry_after } => {
                status.is_server_error() && retry_after.is_none()
            }
            Self::BreakerOpen(_) | Self::Garbled(_) => false,
        }
    }

    /// The pause that the other side asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unwilling { retry_after, .. } => *retry_after,
            Self::Unreachable(_) | Self::TimedOut | Self::BreakerOpen(_) | Self::Garbled(_) => None,
        }
    }

    /// How the breaker counts it; `None` for what is not the other side's failure.
    pub(super) fn as_failure(&self) -> Option<Failure> {
        match self {
            Self::TimedOut => Some(Failure::Timeout),
            Self::Unreachable(_) | Self::Garbled(_) => Some(Failure::Quick),
            Self::Unwilling { status, .. } => status.is_server_error().then_some(Failure::Quick),
            Self::BreakerOpen(_) => None,
        }
    }
}

fn names_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/json"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(PAUSE_MAX))
}
