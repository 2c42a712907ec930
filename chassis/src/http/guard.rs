//! How many requests at once, and for how long. A service that takes on more than it can
//! do helps nobody; one that says "busy" at once lets its callers decide.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::Notify;

use super::Problem;
use crate::insight::pace::{self, Pace};
use crate::lab::faults;

/// Requests in flight. At some hundred microseconds each, more than this only wait.
const IN_FLIGHT_MAX: usize = 512;

/// How long a handler may take. Longer than one outbound call with all its retries (5 s).
const HANDLER_TIMEOUT: Duration = Duration::from_secs(10);

/// The requests in flight, and whether the service is stopping.
#[derive(Clone, Debug)]
pub struct Traffic {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pace: Pace,
    in_flight: AtomicUsize,
    draining: AtomicBool,
    idle: Notify,
}

impl Default for Traffic {
    fn default() -> Self {
        let shared = Shared {
            pace: Pace::new(Instant::now()),
            in_flight: AtomicUsize::new(0),
            draining: AtomicBool::new(false),
            idle: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }
}

impl Traffic {
    /// How fast requests were answered in the last ten seconds.
    pub fn pace(&self) -> pace::Report {
        self.shared.pace.report(Instant::now())
    }

    /// Counts a request that has just been answered.
    pub fn record(&self, took: Duration) {
        self.shared.pace.record(took, Instant::now());
    }

    /// From now on `/health` says 503 and new requests are turned away.
    pub fn start_draining(&self) {
        self.shared.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service is stopping.
    pub fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Relaxed)
    }

    /// Requests being served right now.
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::Relaxed)
    }

    /// Returns when no request is being served.
    pub async fn idle(&self) {
        while self.in_flight() > 0 {
            self.shared.idle.notified().await;
        }
    }

    /// Lets a request in if there is room. `/health` always gets in: whoever asks whether the
    /// service is well must not be told that it is busy. So does whoever wants to end a fault
    /// that keeps all the others here.
    pub(super) fn enter(&self, path: &str) -> Result<Option<Ticket>, Problem> {
        if path == "/health" {
            return Ok(None);
        }
        if self.is_draining() {
            return Err(Problem::unavailable("The service is stopping, try again shortly"));
        }
        let before = self.shared.in_flight.fetch_add(1, Ordering::Relaxed);
        let ticket = Ticket(self.clone());
        if before < IN_FLIGHT_MAX || faults::is_spared(path) {
            Ok(Some(ticket))
        } else {
            Err(Problem::unavailable("The service is busy, try again shortly"))
        }
    }
}

/// Counts one request for as long as it lives, however it ends.
pub(super) struct Ticket(Traffic);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.shared.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.shared.idle.notify_one();
    }
}

/// Refuses a request that does not say once which host it is for, or whoever stands in front of us might
/// read another one than we do (RFC 9112, 3.2).
pub(super) fn require_host(request: &Request) -> Result<(), Problem> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    match (request.version(), hosts) {
        (_, 1) | (Version::HTTP_10, 0) => Ok(()),
        _ => Err(Problem::bad_request("The request needs one Host header")),
    }
}

/// Ends a request that takes too long. Its clock starts when the body is there, which has a
/// deadline of its own.
pub(super) async fn in_time(work: impl Future<Output = Response>) -> Result<Response, Problem> {
    tokio::time::timeout(HANDLER_TIMEOUT, work)
        .await
        .map_err(|_| Problem::unavailable("The service took longer than 10 s, try again"))
}

/// 405. The framework adds `Allow`.
pub fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
}

/// A panic ends one request and not the process, and tells the caller nothing.
#[expect(clippy::needless_pass_by_value, reason = "the signature is the layer's")]
pub fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Problem::internal(format!("panic: {text}")).into_response()
}
