//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chassis::lab::Lab;
use chassis::lab::policy::Switch;
use chassis::messaging::relay::Relay;
use chassis::messaging::signature::Secrets;
use chassis::storage::Db;

use crate::handlers;

/// What the handlers work with.
pub struct App {
    /// This service's file.
    pub db: Db,
    /// Where it can be broken on purpose.
    pub lab: Lab,
    /// Delivers the messages of the saga.
    pub relay: Relay,
    /// What to do with an order while the catalog does not answer.
    pub reservation: Switch,
    /// Who may say that an order was paid; `None` if any holder of an API key may.
    pub webhook_secrets: Option<Secrets>,
    /// How long an order waits for its payment, in milliseconds.
    pub expires_ms: i64,
}

/// The routes that need a key.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/orders", get(handlers::list_orders).post(handlers::place_order))
        .route("/orders/{order_id}", get(handlers::find_order))
        .route("/orders/{order_id}/cancel", post(handlers::cancel_order))
        .route("/orders/{order_id}/payment", post(handlers::receive_payment))
        .with_state(Arc::new(app))
}
