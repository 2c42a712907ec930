//! Asking another service: one call with the key, the trace, time-outs and a breaker.
//!
//! The types keep two things apart that are easily confused: an [`Answer`] is the other
//! service's decision, be it yes or no; [`NoAnswer`] is silence, whatever its cause. Silence
//! is never a refusal.

use std::fmt::Display;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;

use super::breaker::{Breaker, Failure};
use crate::config::ServiceUrl;
use crate::http::auth::API_KEY_HEADER;
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;

/// How long a connection may take. On the same network it takes a millisecond or fails.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a call may take in all, retries included.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question for health may take: it is asked every second while a service is away.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a connection may idle. Shorter than a service waits (5 s), see `http::server`.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// The largest answer that is read, in bytes; an honest one has less than 1 KiB.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// How often a GET is asked again. Other methods are retried by the relay or not at all.
const GET_RETRIES: u32 = 2;

/// The pause before the first retry; it doubles, is capped, and its length is random (full
/// jitter), so that many callers do not come back at the same moment.
const RETRY_BASE_MS: u64 = 50;
const RETRY_CAP_MS: u64 = 500;

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
    /// The trace to continue; by default the one of the request that is being served.
    pub trace: Option<TraceContext>,
}

impl Call {
    /// A GET.
    pub fn get(path: String) -> Self {
        let headers = HeaderMap::new();
        Self { method: Method::GET, path, headers, body: None, trace: None }
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
    /// Whether the other side turned out to be gone, rather than there and unwilling.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut => true,
            Self::BreakerOpen(_) | Self::Unwilling { .. } | Self::Garbled(_) => false,
        }
    }

    /// How the breaker counts it; `None` for what is not the other side's failure.
    fn as_failure(&self) -> Option<Failure> {
        match self {
            Self::TimedOut => Some(Failure::Timeout),
            Self::Unreachable(_) | Self::Garbled(_) => Some(Failure::Quick),
            Self::Unwilling { status, .. } => status.is_server_error().then_some(Failure::Quick),
            Self::BreakerOpen(_) => None,
        }
    }
}

/// Connections to other services, shared by all clients of a process.
///
/// # Errors
///
/// If the resolver cannot be set up.
pub fn connector() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .build()
}

/// A client of one other service.
#[derive(Clone, Debug)]
pub struct ServiceClient {
    name: &'static str,
    url: ServiceUrl,
    key: HeaderValue,
    http: reqwest::Client,
    breaker: Breaker,
}

impl ServiceClient {
    /// A client of the service `name` at `url`, which sends `key`.
    pub fn new(
        name: &'static str,
        url: &ServiceUrl,
        key: HeaderValue,
        http: reqwest::Client,
    ) -> Self {
        Self { name, url: url.clone(), key, http, breaker: Breaker::new(name) }
    }

    /// The name of the other service.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The breaker, for reports.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Sends a call and returns the other service's decision.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`], after at most 5 s.
    pub async fn send(&self, call: Call) -> Result<Answer, NoAnswer> {
        self.ask(call, Ok).await
    }

    /// Sends a call and returns what `read` makes of the answer. One that `read` cannot make
    /// sense of is retried, and counted by the breaker, like any other failure.
    ///
    /// # Errors
    ///
    /// [`NoAnswer`], after at most 5 s.
    pub async fn ask<T>(
        &self,
        call: Call,
        read: impl Fn(Answer) -> Result<T, NoAnswer>,
    ) -> Result<T, NoAnswer> {
        let permit = self
            .breaker
            .try_acquire(Instant::now())
            .map_err(|open| NoAnswer::BreakerOpen(open.retry_after))?;
        let outcome = tokio::time::timeout(CALL_TIMEOUT, self.send_with_retries(&call, read))
            .await
            .unwrap_or(Err(NoAnswer::TimedOut));
        let now = Instant::now();
        let told = match outcome.as_ref().err().and_then(NoAnswer::as_failure) {
            Some(failure) => {
                permit.fail(now, failure);
                "failed"
            }
            None => {
                permit.succeed(now);
                "answered"
            }
        };
        metrics::counter!("outbound_calls_total", "peer" => self.name, "outcome" => told)
            .increment(1);
        outcome
    }

    /// Whether the other service says that it is healthy. Asked past the breaker, because
    /// this is how the relay learns that an outage is over; the breaker learns it too.
    pub async fn is_healthy(&self) -> bool {
        let url = format!("{}/health", self.url.as_str());
        let asked = self.http.get(url).timeout(HEALTH_TIMEOUT).send().await;
        let healthy = asked.is_ok_and(|answer| answer.status().is_success());
        if healthy {
            self.breaker.end_pause(Instant::now());
        }
        healthy
    }

    async fn send_with_retries<T>(
        &self,
        call: &Call,
        read: impl Fn(Answer) -> Result<T, NoAnswer>,
    ) -> Result<T, NoAnswer> {
        let retries = if call.method == Method::GET { GET_RETRIES } else { 0 };
        let mut attempt = 0;
        loop {
            let outcome = self.send_once(call).await.and_then(&read);
            let worth_another = outcome.as_ref().err().and_then(NoAnswer::as_failure).is_some();
            if !worth_another || attempt == retries {
                return outcome;
            }
            let longest_ms = RETRY_CAP_MS.min(RETRY_BASE_MS << attempt);
            tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=longest_ms))).await;
            attempt += 1;
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let url = format!("{}{}", self.url.as_str(), call.path);
        let mut request = self.http.request(call.method.clone(), url).headers(self.headers(call));
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = request.send().await.map_err(|cause| unreachable(&cause))?;
        let status = answer.status();
        let is_json = names_json(answer.headers());
        let retry_after = retry_after(answer.headers());
        let body = read_capped(answer).await?;
        match status.as_u16() {
            401 | 403 | 408 | 429 | 500..=599 => Err(NoAnswer::Unwilling { status, retry_after }),
            200..=299 => Ok(Answer { status, body }),
            // Our services say no in JSON. Another page, or a route that does not exist, says
            // that we asked somebody else, and that decides nothing.
            400..=499 if is_json => {
                let answer = Answer { status, body };
                match answer.detail().as_str() {
                    "Not found" => Err(NoAnswer::Garbled("it has no such route".to_owned())),
                    _ => Ok(answer),
                }
            }
            _ => Err(NoAnswer::Garbled(format!("status {status}"))),
        }
    }

    fn headers(&self, call: &Call) -> HeaderMap {
        let context = RequestContext::current();
        let mut headers = call.headers.clone();
        headers.insert(API_KEY_HEADER, self.key.clone());
        let trace = call.trace.as_ref().or(context.as_ref().map(|context| &context.trace));
        if let Some(trace) = trace {
            trace.child().write_headers(&mut headers);
        }
        if let Some(context) = context
            && let Ok(request_id) = HeaderValue::from_str(&context.request_id)
        {
            headers.insert(HeaderName::from_static("x-request-id"), request_id);
        }
        headers
    }
}

async fn read_capped(mut answer: reqwest::Response) -> Result<Bytes, NoAnswer> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|cause| unreachable(&cause))? {
        if body.len() + chunk.len() > ANSWER_MAX_BYTES {
            return Err(NoAnswer::Garbled("more than 64 KiB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn names_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.starts_with("application/json"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn unreachable(cause: &dyn Display) -> NoAnswer {
    NoAnswer::Unreachable(cause.to_string())
}
