//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use chassis::lab::Lab;
use chassis::lab::policy::Switch;
use chassis::messaging::relay::Relay;
use chassis::storage::Db;

use crate::handlers;

/// What the handlers work with.
pub struct App {
    /// This service's file.
    pub db: Db,
    /// Where it can be broken on purpose.
    pub lab: Lab,
    /// Delivers the webhooks.
    pub relay: Relay,
    /// Whether a webhook is sent until it is answered, or once.
    pub delivery: Switch,
}

/// The routes that need a key.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/pay", post(handlers::pay))
        .route("/payments", get(handlers::list_payments))
        .route("/payments/{order_id}", get(handlers::find_payment))
        .route("/internal/refunds", post(handlers::refund))
        .with_state(Arc::new(app))
}
