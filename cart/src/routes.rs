//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};
use chassis::lab::Lab;
use chassis::lab::policy::{FAIL_CLOSED, FAIL_OPEN, Switch};
use chassis::storage::Db;

use crate::catalog_client::CatalogClient;
use crate::handlers;

/// A validator that hides its own mistake, for the lesson about it.
pub const SWALLOW: &str = "swallow";

/// What to do while the catalog does not answer.
pub const VALIDATION: &[&str] = &[FAIL_OPEN, FAIL_CLOSED, SWALLOW];

/// What the handlers work with.
pub struct App {
    /// This service's file.
    pub db: Db,
    /// Where it can be broken on purpose.
    pub lab: Lab,
    /// Knows which products exist.
    pub catalog: CatalogClient,
    /// What to do while it does not answer.
    pub validation: Switch,
}

/// The routes that need a key.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/cart/{user_id}", get(handlers::find_cart))
        .route("/cart/{user_id}/add", post(handlers::add_item))
        .route("/cart/{user_id}/clear", delete(handlers::clear_cart))
        .route(
            "/cart/{user_id}/items/{product_id}",
            put(handlers::set_quantity).delete(handlers::remove_item),
        )
        .route("/internal/events", post(handlers::receive_event))
        .with_state(Arc::new(app))
}
