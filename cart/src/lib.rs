//! The cart service. It owns what each shopper has picked: product ids and quantities, no names
//! and no prices, which belong to the catalog.
//!
//! Read the modules in this order; each uses only the ones above it.
//!
//! 1. [`model`]: what a cart is, and what may be done to one.
//! 2. [`error`]: what can go wrong, and what the caller hears about it.
//! 3. [`store`]: the SQL, one statement per function.
//! 4. [`transactions`]: what happens together or not at all.
//! 5. [`inbox`]: events from other services, each handled once.
//! 6. [`catalog_client`]: asking the catalog: look-up, cache, single flight.
//! 7. [`verifier`]: checking later what could not be checked when it was added.
//! 8. [`handlers`]: HTTP in, HTTP out.
//! 9. [`routes`]: the route table.
//! 10. [`books`]: what the lab shows of this service.
//! 11. [`program`]: settings, database, serve.
//!
//! New here, compared with the catalog: calling another service with time-outs, a cache and a
//! circuit breaker; going on without it (fail-open) and making up for that later; messages that
//! may arrive twice.

use chassis::service::Blueprint;
use chassis::storage::{Migration, Owner, idempotency};

pub mod model;
pub mod error;
pub mod store;
pub mod transactions;
pub mod inbox;
pub mod catalog_client;
pub mod verifier;
pub mod handlers;
pub mod routes;
pub mod books;
pub mod config;
pub mod program;

/// What this service is.
pub const BLUEPRINT: Blueprint = Blueprint {
    name: "cart",
    title: "Cart service",
    openapi: include_str!("../openapi.json"),
    owner: Owner { mark: b"cart", table: "carts" },
    migrations: MIGRATIONS,
    crash_points: &["cart.committed-before-reply"],
    ledger: books::ledger,
    announce_reset: None,
};

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_carts", sql: include_str!("../migrations/0001_carts.sql") },
    idempotency::MIGRATION,
    Migration {
        name: "0002_received_events",
        sql: include_str!("../migrations/0002_received_events.sql"),
    },
    Migration {
        name: "0003_missing_products_in_doubt",
        sql: include_str!("../migrations/0003_missing_products_in_doubt.sql"),
    },
];
