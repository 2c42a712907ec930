//! The error body, the same for every failure of every service.
//!
//! A handler returns a [`Problem`]; the outermost layer ([`super::observe`]) writes it down,
//! short or in full (RFC 9457), as the client's `Accept` asks.

use std::borrow::Cow;
use std::fmt::Display;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::storage::DbError;
use crate::storage::idempotency::ClaimError;

/// The media type of the full form.
const FULL_FORM: &str = "application/problem+json";

/// What a 401 asks for, unless it says otherwise.
const API_KEY: &str = "ApiKey";

/// Seconds after which a busy or stopping service is worth another try.
pub(super) const RETRY_AFTER_S: u32 = 1;

/// To whoever was being served while the lab put everything back to the first day.
const RESET: &str = "The service was reset meanwhile, and nothing is left of this request";

/// To whoever wants to write to a file that was deleted or replaced under the service.
const GONE: &str = "The database file is gone, and the service has to be started again";

/// A failure, told to the caller in one sentence to act on.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    retry_after_s: Option<u32>,
    degraded: Option<&'static str>,
    challenge: &'static str,
}

impl Problem {
    /// A failure with any status.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { status, detail, retry_after_s: None, degraded: None, challenge: API_KEY }
    }

    /// 400: the request could not be read.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401: no key or a wrong one. Both get the same answer, so that nobody learns which.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid API Key")
    }

    /// 404: the thing or the route does not exist.
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 409: the request is fine, but not in the present state of things.
    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 422: readable, but the named field is not acceptable.
    pub fn invalid(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// 503: not now; the client is told when to come back.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        Self { retry_after_s: Some(RETRY_AFTER_S), ..problem }
    }

    /// 500: our fault. The only way there: the cause goes to the log and not to the caller.
    pub fn internal(cause: impl Display) -> Self {
        tracing::error!(%cause, "a request failed through our fault");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side")
    }

    /// Adds `X-Degraded`: the answer was found without a neighbor that did not help.
    #[must_use]
    pub fn degraded(self, by: &'static str) -> Self {
        Self { degraded: Some(by), ..self }
    }

    /// Makes a 401 ask for something else than a key. HTTP wants every 401 to say what would
    /// help.
    #[must_use]
    pub fn asking_for(self, challenge: &'static str) -> Self {
        Self { challenge, ..self }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Reset => Self::unavailable(RESET),
            DbError::Gone => {
                tracing::error!(%error, "nothing can be written");
                Self::unavailable(GONE)
            }
            _ if error.is_passing() => {
                tracing::warn!(%error, "the database cannot take this request now");
                Self::unavailable("The database is busy or full, try again shortly")
            }
            _ => Self::internal(error),
        }
    }
}

impl From<ClaimError> for Problem {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Reused => Self::invalid(format!("Idempotency-Key: {error}")),
            ClaimError::Database(cause) => cause.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ShortForm { detail: &self.detail })).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(self.challenge));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(by) = self.degraded {
            headers.insert("x-degraded", HeaderValue::from_static(by));
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
struct ShortForm<'a> {
    detail: &'a str,
}

#[derive(Serialize)]
struct FullForm<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

/// Gives a failure the form that the client accepts.
pub(super) fn shape(response: Response, wants_full_form: bool) -> Response {
    match response.extensions().get::<Problem>().cloned() {
        Some(problem) if wants_full_form => in_full(response, &problem),
        _ => response,
    }
}

/// Whether `Accept` names the full form, and does not rule it out with `q=0`.
pub(super) fn wants_full_form(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .flat_map(|accept| accept.split(','))
        .any(names_full_form)
}

fn names_full_form(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let is_named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(FULL_FORM));
    let mut weights = parts.filter_map(|part| part.split_once('=')).filter_map(|(name, weight)| {
        name.trim().eq_ignore_ascii_case("q").then_some(weight.trim())
    });
    // `0`, `0.0` and so on, up to three decimals.
    is_named && !weights.any(|weight| weight.bytes().all(|byte| b"0.".contains(&byte)))
}

fn in_full(response: Response, problem: &Problem) -> Response {
    let body = FullForm {
        r#type: "about:blank",
        title: problem.status.canonical_reason().unwrap_or("Error"),
        status: problem.status.as_u16(),
        detail: &problem.detail,
    };
    let (mut parts, _) = response.into_parts();
    let full = Json(body).into_response();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FULL_FORM));
    Response::from_parts(parts, full.into_body())
}
