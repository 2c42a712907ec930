//! The route table.

use axum::Router;
use axum::routing::{delete, get, post, put};
use chassis::storage::Db;

use crate::catalog_client::CatalogClient;
use crate::handlers;
use crate::policy::ValidationPolicy;

/// What the handlers work with. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// This service's file.
    pub db: Db,
    /// Knows which products exist.
    pub catalog: CatalogClient,
    /// What to do while it does not answer.
    pub validation: ValidationPolicy,
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
        .with_state(app)
}
