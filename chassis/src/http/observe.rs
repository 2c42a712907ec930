//! Around every request: its ids, one log line, its metrics, and the form of its errors.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tracing::{debug, info};

use super::House;
use super::problem::{self, Problem};
use crate::epoch::Epoch;
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
    house: &House,
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
    let request_id = HeaderValue::from_str(&context.request_id);
    let (response, took) = RequestContext::scope(Some(context), async {
        let response = serve(request).await.unwrap_or_else(IntoResponse::into_response);
        let took = started.elapsed();
        write_log_line(&method, &path, response.status(), took);
        (response, took)
    })
    .await;

    if let Some(recorded) = recorded {
        recorded.finish(Some(response.status().as_u16()), None);
    }
    // Looking at the shop is not shopping. A fault on purpose is: its delay has to show.
    if !faults::is_spared(&path) {
        house.traffic.record(took);
    }
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    house.meters.record(&method, route, response.status(), took);
    let mut response = problem::shape(response, wants_full_form);
    if let Ok(request_id) = request_id {
        response.headers_mut().insert(REQUEST_ID, request_id);
    }
    response
}

fn write_log_line(method: &Method, path: &str, status: StatusCode, took: Duration) {
    let (code, ms) = (status.as_u16(), whole_us(took) / 1_000);
    // A supervisor asks for health all day long.
    if path == "/health" {
        debug!(%method, path, status = code, ms, "served");
    } else {
        info!(%method, path, status = code, ms, "served");
    }
}

fn context_of(request: &Request, route: Option<&MatchedPath>) -> RequestContext {
    let caller = TraceContext::from_headers(request.headers());
    let parent_id = request.headers().contains_key(TRACEPARENT).then_some(caller.span_id());
    let trace = caller.child();
    let span = Span::begin(SpanKind::Server, &trace, parent_id, || {
        let path = route.map_or(request.uri().path(), MatchedPath::as_str);
        format!("{} {path}", request.method())
    });
    let request_id = request_id(request.headers());
    RequestContext { request_id, trace, span, epoch: Epoch::current() }
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
