//! The order service. It owns an order from the moment a shopper checks out until it is paid,
//! or over without a payment.
//!
//! Read the modules in this order; each uses only the ones above it.
//!
//! 1. [`model`]: what an order is, and which moves are legal.
//! 2. [`view`]: an order as the API shows it.
//! 3. [`error`]: what can go wrong, and what the caller hears about it.
//! 4. [`store`]: the SQL, one statement or one tight group per function.
//! 5. [`saga`]: what is sent to whom in which state.
//! 6. [`transactions`]: what happens together or not at all.
//! 7. [`answers`]: what the other services' answers mean for an order.
//! 8. [`signed`]: the webhook's signature, as an argument type.
//! 9. [`handlers`]: HTTP in, HTTP out.
//! 10. [`routes`]: the route table.
//! 11. [`expiry`]: orders that nobody paid in time.
//! 12. [`books`]: what the lab shows of this service.
//! 13. [`program`]: settings, database, serve.
//!
//! New here, compared with the cart: a status machine, a decision that three parties compete
//! for, messages to two services, compensation, and a webhook that may arrive twice.

use chassis::messaging::outbox;
use chassis::service::Blueprint;
use chassis::storage::{Migration, Owner, idempotency};

pub mod model;
pub mod view;
pub mod error;
pub mod store;
pub mod saga;
pub mod transactions;
pub mod answers;
pub mod signed;
pub mod handlers;
pub mod routes;
pub mod expiry;
pub mod books;
pub mod config;
pub mod program;

/// What this service is.
pub const BLUEPRINT: Blueprint = Blueprint {
    name: "order",
    title: "Order service",
    openapi: include_str!("../openapi.json"),
    owner: Owner { mark: b"ordr", table: "orders" },
    migrations: MIGRATIONS,
    crash_points: &[
        "order.placed-before-reservation",
        "order.committed-before-reply",
        "order.paid-before-reply",
    ],
    ledger: books::ledger,
    announce_reset: None,
};

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_orders", sql: include_str!("../migrations/0001_orders.sql") },
    idempotency::MIGRATION,
    outbox::MIGRATION,
    outbox::TRIES,
    Migration {
        name: "0002_line_instants",
        sql: include_str!("../migrations/0002_line_instants.sql"),
    },
    Migration {
        name: "0003_orders_by_user_and_status",
        sql: include_str!("../migrations/0003_orders_by_user_and_status.sql"),
    },
];
