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
use super::client::CONNECT_TIMEOUT;
use crate::time::Timestamp;

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
                let retry_after = retry_after(headers, Timestamp::now());
                Err(NoAnswer::Unwilling { status, retry_after })
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
    /// Nobody took the connection in time.
    #[error("no connection within {} ms", CONNECT_TIMEOUT.as_millis())]
    NotTaken,
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
    /// Whether the other side may have failed at this request and be fine otherwise. One that
    /// takes no connection, or asks for a pause, speaks for all requests.
    pub(super) fn may_be_about_the_message(&self) -> bool {
        match self {
            Self::TimedOut | Self::Garbled(_) => true,
            Self::Unwilling { retry_after, .. } => retry_after.is_none(),
            Self::Unreachable(_) | Self::NotTaken | Self::BreakerOpen(_) => false,
        }
    }

    /// The pause that the other side asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unwilling { retry_after, .. } => *retry_after,
            Self::Unreachable(_)
            | Self::NotTaken
            | Self::TimedOut
            | Self::BreakerOpen(_)
            | Self::Garbled(_) => None,
        }
    }

    /// How the breaker counts it; `None` for what is not the other side's failure.
    pub(super) fn as_failure(&self) -> Option<Failure> {
        match self {
            // Nobody picking up costs time as well, if less.
            Self::NotTaken | Self::TimedOut => Some(Failure::Timeout),
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

/// The pause that `Retry-After` asks for: in seconds, or as the date on which to come back.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let pause_ms = Timestamp::from_http_date(text)?.ms_since(now).max(0);
            Duration::from_millis(pause_ms.unsigned_abs())
        }
    };
    Some(pause.min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_for(text: &str) -> Option<u64> {
        let now = Timestamp::from_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let headers = [(header::RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
        retry_after(&headers, now).map(|pause| pause.as_secs())
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_as_a_date() {
        assert_eq!(asked_for("0"), Some(0));
        assert_eq!(asked_for("120"), Some(120));
        assert_eq!(asked_for("Sun, 06 Nov 1994 08:51:37 GMT"), Some(120));
        assert_eq!(asked_for("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0), "a date that is over");
    }

    #[test]
    fn no_pause_is_longer_than_an_hour() {
        assert_eq!(asked_for("18446744073709551615"), Some(3_600));
        assert_eq!(asked_for("Fri, 31 Dec 2399 23:59:59 GMT"), Some(3_600));
    }

    #[test]
    fn what_is_neither_asks_for_nothing() {
        for text in ["", "soon", "-5", "1.5", "18446744073709551616"] {
            assert_eq!(asked_for(text), None, "{text}");
        }
    }
}
