//! The payment service. It owns the money: what was taken for which order, and whether the
//! order knows.
//!
//! Read the modules in this order; each uses only the ones above it.
//!
//! 1. [`model`]: what a payment is, and which moves are legal.
//! 2. [`error`]: what can go wrong, and what the caller hears about it.
//! 3. [`store`]: the SQL, one statement per function.
//! 4. [`webhook`]: the message that tells the order.
//! 5. [`transactions`]: what happens together or not at all.
//! 6. [`answers`]: what the order's answer means for a payment.
//! 7. [`handlers`]: HTTP in, HTTP out.
//! 8. [`routes`]: the route table.
//! 9. [`books`]: what the lab shows of this service.
//! 10. [`program`]: settings, database, serve.
//!
//! New here, compared with the order: telling somebody reliably who may be away for days, with
//! a signature, and the difference between a refusal and silence when money is involved.

use chassis::messaging::outbox;
use chassis::service::Blueprint;
use chassis::storage::{Migration, Owner, idempotency};

pub mod model;
pub mod error;
pub mod store;
pub mod webhook;
pub mod transactions;
pub mod answers;
pub mod handlers;
pub mod routes;
pub mod books;
pub mod config;
pub mod program;

/// What this service is.
pub const BLUEPRINT: Blueprint = Blueprint {
    name: "payment",
    title: "Payment service",
    openapi: include_str!("../openapi.json"),
    owner: Owner { mark: b"paym", table: "payments" },
    migrations: MIGRATIONS,
    crash_points: &["payment.committed-before-webhook", "payment.answered-before-reply"],
    ledger: books::ledger,
    announce_reset: None,
};

const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_payments", sql: include_str!("../migrations/0001_payments.sql") },
    idempotency::MIGRATION,
    outbox::MIGRATION,
    outbox::TRIES,
    Migration {
        name: "0002_notices_name_their_order",
        sql: include_str!("../migrations/0002_notices_name_their_order.sql"),
    },
];
