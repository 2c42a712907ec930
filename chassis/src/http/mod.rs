//! From a TCP connection to a handler and back.
//!
//! 1. [`server`]: the listener, the time-outs of a connection, the clean stop; `bare` completes
//!    what the HTTP library answers by itself.
//! 2. [`observe`]: ids, the log line, metrics and the form of errors, around everything.
//! 3. [`guard`]: how many requests at once, and for how long.
//! 4. [`auth`]: the API key.
//! 5. [`body`]: the body, read once, under a limit and a deadline.
//! 6. [`extract`]: typed input, refused in words a person can act on.
//! 7. [`reply`]: an answer that can be kept and repeated; idempotency keys.
//! 8. [`problem`]: the error body.
//! 9. [`etag`]: whether the client has the answer already.
//! 10. [`health`] and [`docs`]: what every service tells of itself.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;

pub mod server;
mod bare;
pub mod observe;
pub mod guard;
pub mod auth;
pub mod body;
pub mod extract;
pub mod reply;
pub mod problem;
pub mod etag;
pub mod health;
pub mod docs;

pub use problem::Problem;
pub use reply::Reply;

use auth::ApiKeys;
use guard::Traffic;

use crate::insight::metrics::RequestMeters;
use crate::lab::{Lab, faults};

/// What stands around every route.
struct House {
    keys: ApiKeys,
    traffic: Traffic,
    lab: Lab,
    meters: RequestMeters,
}

/// Wraps a service's routes into everything that all services do around a request.
pub fn wrap(routes: Router, keys: ApiKeys, traffic: Traffic, lab: Lab) -> Router {
    let house = Arc::new(House { keys, traffic, lab, meters: RequestMeters::default() });
    routes
        .fallback(async || Problem::not_found("Not found"))
        .method_not_allowed_fallback(async || guard::method_not_allowed())
        .layer(CatchPanicLayer::custom(guard::answer_panic))
        .layer(from_fn_with_state(house, serve))
}

/// What every request walks through, outermost first. This is one layer and not six, because
/// each layer copies all that is inside it for every request.
async fn serve(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    observe::observe(&house, request, async |request| house.admit(request, next).await).await
}

impl House {
    async fn admit(&self, request: Request, next: Next) -> Result<Response, Problem> {
        guard::require_host(&request)?;
        let path = request.uri().path();
        // Before the fault, so that a stop waits for those who only come late.
        let _ticket = self.traffic.enter(path)?;
        faults::meet(&self.lab, &self.traffic, path, request.extensions().get()).await?;
        // An unknown path is nobody's secret, and its body is of no interest.
        let Some(route) = request.extensions().get::<MatchedPath>() else {
            return Ok(next.run(request).await);
        };
        // Before the body is read, and before a stranger learns which methods there are.
        if !is_public(route.as_str()) {
            self.keys.require(request.headers())?;
        }
        let request = body::read(request).await?;
        guard::in_time(next.run(request)).await
    }
}

/// The routes that need no key. It is the route that is looked at and not the path of the
/// request, so no way of writing a path makes another route public.
fn is_public(route: &str) -> bool {
    #[cfg(feature = "trace-context-harness")]
    if route == crate::trace_context_harness::PATH {
        return true;
    }
    matches!(route, "/health" | "/metrics" | "/openapi.json" | "/docs")
        || route.starts_with("/docs/")
}
