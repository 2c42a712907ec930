//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};
use chassis::lab::Lab;
use chassis::messaging::relay::Relay;
use chassis::storage::Db;

use crate::everything::Everything;
use crate::handlers;

/// What the handlers work with.
pub struct App {
    /// This service's file.
    pub db: Db,
    /// Where it can be broken on purpose.
    pub lab: Lab,
    /// The list of all products, encoded.
    pub everything: Everything,
    /// Delivers the announcements.
    pub relay: Relay,
}

/// The routes that need a key.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/products", get(handlers::list_products).post(handlers::create_product))
        .route(
            "/products/{product_id}",
            get(handlers::find_product)
                .put(handlers::replace_product)
                .delete(handlers::delete_product),
        )
        .route("/categories", get(handlers::list_categories).post(handlers::create_category))
        .route(
            "/categories/{category_id}",
            get(handlers::find_category).put(handlers::rename_category),
        )
        .route("/internal/reservations/{order_id}", put(handlers::reserve))
        .route("/internal/reservations/{order_id}/commit", post(handlers::commit))
        .route("/internal/reservations/{order_id}/release", post(handlers::release))
        .with_state(Arc::new(app))
}
