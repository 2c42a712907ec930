//! Asking another service: one call with the key, the trace, time-outs and a breaker.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};

use super::breaker::Breaker;
use super::call::CALL_TIMEOUT;
pub use super::call::{Answer, Call, NoAnswer};
use crate::config::ServiceUrl;
use crate::http::auth::API_KEY_HEADER;
use crate::insight::metrics::Counter;
use crate::insight::recorder::{self, Span, SpanKind, StepKind};
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;
use crate::lab::Lab;
use crate::lab::scope::Tag;

/// How long a connection may take. On the same network it takes a millisecond or fails.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a question for health may take: it is asked every second while a service is away.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a connection may idle. Shorter than a service waits (5 s), see `http::server`.
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// The largest answer that is read, in bytes; an honest one has less than 1 KiB.
const ANSWER_MAX_BYTES: usize = 64 * 1024;

/// How often a GET is asked again. Other methods are retried by the relay or not at all.
const GET_RETRIES: u32 = 2;

/// Tags with a breaker of their own; a class has thirty.
const TAGS_MAX: usize = 256;

/// The pause before the first retry; it doubles, is capped, and its length is random (full
/// jitter), so that many callers do not come back at the same moment.
const RETRY_BASE_MS: u64 = 50;
const RETRY_CAP_MS: u64 = 500;

static CALLS: Counter =
    Counter::new("outbound_calls_total", "Calls of other services", &["peer", "outcome"]);

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
    tagged: Option<Arc<Mutex<HashMap<Tag, Breaker>>>>,
}

impl ServiceClient {
    /// A client of the service `name` at `url`, which sends `key`.
    pub fn new(
        name: &'static str,
        url: &ServiceUrl,
        key: HeaderValue,
        http: reqwest::Client,
        lab: &Lab,
    ) -> Self {
        let tagged = lab.is_open().then(Arc::default);
        Self { name, url: url.clone(), key, http, breaker: Breaker::new(name), tagged }
    }

    /// Forgets how earlier calls went.
    pub fn forget(&self) {
        self.breaker.reset();
        if let Some(tagged) = &self.tagged {
            tagged.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(Breaker::reset);
        }
    }

    /// Whether the tags of the lab make a difference.
    pub(super) fn knows_tags(&self) -> bool {
        self.tagged.is_some()
    }

    /// The name of the other service.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The breaker that the current request meets. In an open lab every tag has its own, so
    /// that one student's broken catalog is not everybody's.
    pub fn breaker(&self) -> Breaker {
        if self.knows_tags() { self.breaker_of(&Tag::current()) } else { self.breaker.clone() }
    }

    fn breaker_of(&self, tag: &Option<Tag>) -> Breaker {
        let Some(tagged) = &self.tagged else { return self.breaker.clone() };
        let Some(tag) = tag.clone() else { return self.breaker.clone() };
        let mut tagged = tagged.lock().unwrap_or_else(PoisonError::into_inner);
        if tagged.len() >= TAGS_MAX && !tagged.contains_key(&tag) {
            tagged.clear();
        }
        tagged.entry(tag).or_insert_with(|| Breaker::new(self.name)).clone()
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
        let breaker = self.breaker();
        let permit = breaker.try_acquire(Instant::now()).map_err(|open| {
            let pause = open.retry_after;
            recorder::note(StepKind::Breaker, || {
                format!(
                    "{} is not asked: the breaker is open for {} ms",
                    self.name,
                    pause.as_millis()
                )
            });
            NoAnswer::BreakerOpen(pause)
        })?;
        let outcome = tokio::time::timeout(CALL_TIMEOUT, self.send_with_retries(&call, read))
            .await
            .unwrap_or(Err(NoAnswer::TimedOut));
        let now = Instant::now();
        let told = match outcome.as_ref().err().and_then(NoAnswer::as_failure) {
            Some(failure) => {
                permit.fail(now, failure);
                recorder::note(StepKind::Breaker, || {
                    format!(
                        "{} did not help; its breaker is {}",
                        self.name,
                        breaker.state(now).as_str()
                    )
                });
                "failed"
            }
            None => {
                permit.succeed(now);
                "answered"
            }
        };
        CALLS.add(1, &[self.name, told]);
        outcome
    }

    /// Whether the other service says that it is healthy. Asked past the breaker, because this
    /// is how the relay learns that an outage is over.
    pub async fn is_healthy(&self) -> bool {
        let url = format!("{}/health", self.url.as_str());
        let asked = self.http.get(url).timeout(HEALTH_TIMEOUT).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Lets the breaker of a tag admit a call, which is then its probe; `false` if a probe is
    /// under way already.
    pub(super) fn make_way(&self, tag: &Option<Tag>) -> bool {
        let breaker = self.breaker_of(tag);
        breaker.end_pause(Instant::now());
        !breaker.is_probing()
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
            recorder::note(StepKind::Retry, || {
                format!("asking {} again, retry {attempt}", self.name)
            });
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, NoAnswer> {
        let caller = RequestContext::current();
        let trace = caller.as_ref().map(|caller| caller.trace.child());
        let span = trace.as_ref().zip(caller.as_ref()).and_then(|(trace, caller)| {
            Span::begin(SpanKind::Client, trace, Some(caller.trace.span_id()), || {
                format!("{} {} {}", call.method, self.name, call.path)
            })
        });
        let headers = self.headers(call, trace, caller);
        let outcome = self.exchange(call, headers).await;
        if let Some(span) = span {
            let status = match &outcome {
                Ok(answer) => Some(answer.status.as_u16()),
                Err(NoAnswer::Unwilling { status, .. }) => Some(status.as_u16()),
                Err(_) => None,
            };
            span.finish(status, outcome.as_ref().err().map(ToString::to_string));
        }
        outcome
    }

    async fn exchange(&self, call: &Call, headers: HeaderMap) -> Result<Answer, NoAnswer> {
        let url = format!("{}{}", self.url.as_str(), call.path);
        let mut request = self.http.request(call.method.clone(), url).headers(headers);
        if let Some(body) = &call.body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
        }
        let answer = request.send().await.map_err(|cause| unreachable(&cause))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer::read(status, &headers, read_capped(answer).await?)
    }

    fn headers(
        &self,
        call: &Call,
        trace: Option<TraceContext>,
        caller: Option<RequestContext>,
    ) -> HeaderMap {
        let mut headers = call.headers.clone();
        headers.insert(API_KEY_HEADER, self.key.clone());
        if let Some(trace) = trace {
            trace.write_headers(&mut headers);
        }
        if let Some(caller) = caller
            && let Ok(request_id) = HeaderValue::from_str(&caller.request_id)
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

/// The innermost cause says most: "connection refused" rather than "error sending request".
fn unreachable(error: &reqwest::Error) -> NoAnswer {
    if error.is_timeout() {
        return if error.is_connect() { NoAnswer::NotTaken } else { NoAnswer::TimedOut };
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    NoAnswer::Unreachable(cause.to_string())
}
