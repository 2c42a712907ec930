//! From a TCP connection to a handler and back.
//!
//! 1. [`server`]: the listener, the time-outs of a connection, the clean stop.
//! 2. [`observe`]: ids, the log line, metrics and the form of errors, around everything.
//! 3. [`guard`]: how many requests at once, and for how long.
//! 4. [`auth`]: the API key.
//! 5. [`body`]: the body, read once, under a limit and a deadline.
//! 6. [`extract`]: typed input, refused in words a person can act on.
//! 7. [`reply`]: an answer that can be kept and repeated; idempotency keys.
//! 8. [`problem`]: the error body.
//! 9. [`health`] and [`docs`]: what every service tells of itself.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;

pub mod server;
pub mod observe;
pub mod guard;
pub mod auth;
pub mod body;
pub mod extract;
pub mod reply;
pub mod problem;
pub mod health;
pub mod docs;

pub use problem::Problem;
pub use reply::Reply;

use auth::{ApiKeys, require_api_key};
use guard::Traffic;

use crate::lab::{Lab, faults};

/// Wraps a service's routes into everything that all services do around a request. `api`
/// needs a key; `public` does not.
pub fn wrap(api: Router, public: Router, keys: ApiKeys, traffic: Traffic, lab: Lab) -> Router {
    // Set before the layers, so that a stranger does not even learn which methods there are.
    let routes = api
        .method_not_allowed_fallback(async || guard::method_not_allowed())
        .route_layer(from_fn(guard::end_in_time))
        .route_layer(from_fn(body::read_body))
        .route_layer(from_fn_with_state(keys, require_api_key))
        .merge(public)
        .fallback(async || Problem::not_found("Not found"))
        .method_not_allowed_fallback(async || guard::method_not_allowed())
        .layer(from_fn_with_state(traffic.clone(), guard::limit))
        .layer(CatchPanicLayer::custom(guard::answer_panic));
    let routes =
        if lab.is_open() { routes.layer(from_fn_with_state(lab, faults::inject)) } else { routes };
    routes.layer(from_fn_with_state(traffic, observe::observe))
}
