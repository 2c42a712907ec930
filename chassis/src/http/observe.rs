//! Around every request: its ids, one log line, its metrics, and the form of its errors.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use metrics::{counter, histogram};
use tracing::{Instrument, debug, info, info_span};

use super::guard::Traffic;
use super::problem::{self, Problem};
use crate::id::Id;
use crate::insight::recorder::{Span, SpanKind, whole_us};
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::{TRACEPARENT, TraceContext};
use crate::lab::faults;

/// Ties a client's request to our log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id taken over from a client.
const REQUEST_ID_MAX: usize = 128;

/// Sees a request come, `serve`s it, and sees its answer go.
pub(super) async fn observe(
    traffic: &Traffic,
    request: Request,
    serve: impl AsyncFnOnce(Request) -> Result<Response, Problem>,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // The route and not the path, or every order would be a time series of its own.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let wants_full_form = problem::wants_full_form(request.headers());
    let context = context_of(&request, route.as_ref());
    let recorded = context.span.clone();
    let span = info_span!(
        "request",
        request_id = %context.request_id,
        trace_id = %context.trace.trace_id_hex()
    );
    let request_id = HeaderValue::from_str(&context.request_id);
    let served = context.scope(serve(request).instrument(span.clone())).await;
    let response = served.unwrap_or_else(IntoResponse::into_response);

    if let Some(recorded) = recorded {
        recorded.finish(Some(response.status().as_u16()), None);
    }
    let mut response = problem::shape(response, wants_full_form);
    if let Ok(request_id) = request_id {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    // Looking at the shop is not shopping. A fault on purpose is: its delay has to show.
    if !faults::is_spared(&path) {
        traffic.record(started.elapsed());
    }
    let _entered = span.enter();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    report(&method, &path, route, response.status(), started);
    response
}

fn report(method: &Method, path: &str, route: &str, status: StatusCode, started: Instant) {
    let elapsed = started.elapsed();
    let (code, ms) = (status.as_u16(), whole_us(elapsed) / 1_000);
    // A supervisor asks for health all day long.
    if path == "/health" {
        debug!(%method, path, status = code, ms, "served");
    } else {
        info!(%method, path, status = code, ms, "served");
    }
    // Other methods than the known ones would be labels that a client invents.
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        _ => "other",
    };
    let labels = [("method", method.to_owned()), ("route", route.to_owned())];
    histogram!("http_request_duration_seconds", &labels).record(elapsed);
    let [method, route] = labels;
    counter!("http_requests_total", &[method, route, ("status", status.as_u16().to_string())])
        .increment(1);
}

fn context_of(request: &Request, route: Option<&MatchedPath>) -> RequestContext {
    let caller = TraceContext::from_headers(request.headers());
    let parent_id = request.headers().contains_key(TRACEPARENT).then_some(caller.span_id());
    let trace = caller.child();
    let span = Span::begin(SpanKind::Server, &trace, parent_id, || {
        let path = route.map_or(request.uri().path(), MatchedPath::as_str);
        format!("{} {path}", request.method())
    });
    RequestContext { request_id: request_id(request.headers()), trace, span }
}

/// The client's id if it is sane, else a new one. A sane id cannot break a log line.
fn request_id(headers: &HeaderMap) -> Arc<str> {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let sane = given.filter(|id| {
        (1..=REQUEST_ID_MAX).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    });
    sane.map_or_else(|| Id::new().to_string().into(), Into::into)
}
