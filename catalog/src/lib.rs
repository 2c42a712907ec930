//! The catalog service. It owns what the shop sells: products, the categories they are sorted
//! into, and how many units there are.
//!
//! Read the modules in this order; each uses only the ones above it.
//!
//! 1. [`model`]: what a product is, and what may be said about one.
//! 2. [`error`]: what can go wrong, and what the caller hears about it.
//! 3. [`store`]: the SQL of products and categories, one statement per function.
//! 4. [`stock`]: the SQL of reservations.
//! 5. [`events`]: what is announced to whom when something changes.
//! 6. [`transactions`]: what happens together or not at all.
//! 7. [`everything`]: the list of all products, encoded once.
//! 8. [`handlers`]: HTTP in, HTTP out.
//! 9. [`routes`]: the route table.
//! 10. [`books`]: what the lab shows of this service.
//! 11. [`program`]: settings, database, serve.
//!
//! This is the service to read first: the plain shape, SQL, reserving stock without a race,
//! and announcing changes.

use chassis::messaging::outbox;
use chassis::service::Blueprint;
use chassis::storage::{Migration, Owner, idempotency};

pub mod model;
pub mod error;
pub mod store;
pub mod stock;
pub mod events;
pub mod transactions;
pub mod everything;
pub mod handlers;
pub mod routes;
pub mod books;
pub mod config;
pub mod program;

/// What this service is.
pub const BLUEPRINT: Blueprint = Blueprint {
    name: "catalog",
    title: "Catalog service",
    openapi: include_str!("../openapi.json"),
    owner: Owner { mark: b"ctlg", table: "products" },
    migrations: MIGRATIONS,
    crash_points: &["catalog.reserved-before-reply"],
    ledger: books::ledger,
    announce_reset: Some(events::everything_updated),
};

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_products", sql: include_str!("../migrations/0001_products.sql") },
    Migration { name: "seed", sql: include_str!("../migrations/seed.sql") },
    idempotency::MIGRATION,
    outbox::MIGRATION,
    Migration {
        name: "0002_reservations",
        sql: include_str!("../migrations/0002_reservations.sql"),
    },
    outbox::TRIES,
    Migration {
        name: "0003_line_instants",
        sql: include_str!("../migrations/0003_line_instants.sql"),
    },
];
