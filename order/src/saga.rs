//! What is sent to whom in which state.
//!
//! An order spans three services, and no transaction does. Instead each step is a message in
//! the outbox, written together with the decision that causes it, and each step that may fail
//! later has one that makes up for it:
//!
//! ```text
//! placed                              -> catalog: reserve all lines or none
//! paid, once the units are held       -> catalog: they are sold
//! cancelled or expired                -> catalog: give them back
//! paid, and then the units refused    -> payment: return the money
//! ```

use axum::http::Method;
use chassis::id::Id;
use chassis::messaging::outbox::{self, Delivery, Message};
use chassis::storage::DbResult;
use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Serialize;

use crate::model::{NewOrder, OrderLine};

/// The service that keeps the stock.
pub const CATALOG: &str = "catalog";

/// The service that holds the money.
pub const PAYMENT: &str = "payment";

/// Keep units for an order.
pub const RESERVE: &str = "reservation.reserve";

/// They are sold.
pub const COMMIT: &str = "reservation.commit";

/// They are free again.
pub const RELEASE: &str = "reservation.release";

/// Return the money.
pub const REFUND: &str = "payment.refund";

#[derive(Serialize)]
struct Wanted<'a> {
    items: &'a [OrderLine],
}

#[derive(Serialize)]
struct RefundWanted<'a> {
    payment_id: Id,
    order_id: Id,
    reason: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

/// Asks for the units. The request that places the order delivers it, because its reply
/// depends on the answer.
pub fn reserve(tx: &Transaction<'_>, order: &NewOrder) -> DbResult<Message> {
    let target = (Method::PUT, format!("/internal/reservations/{}", order.id));
    let body = Wanted { items: &order.lines };
    let message = Message::new(Id::new(), CATALOG, RESERVE, order.id, target, &body, order.now)?;
    outbox::insert(tx, &message, Delivery::Caller)?;
    Ok(message)
}

/// Tells that the units are sold.
pub fn commit(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> DbResult<()> {
    let target = (Method::POST, format!("/internal/reservations/{order_id}/commit"));
    let message = Message::new(Id::new(), CATALOG, COMMIT, order_id, target, &Nothing {}, now)?;
    outbox::insert(tx, &message, Delivery::Relay)
}

/// Gives the units back. A wish for them that is still waiting no longer holds; one that is
/// under way will find the release before it, or be undone by it.
pub fn release(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> DbResult<()> {
    outbox::withdraw(tx, RESERVE, &order_id.to_string())?;
    let target = (Method::POST, format!("/internal/reservations/{order_id}/release"));
    let message = Message::new(Id::new(), CATALOG, RELEASE, order_id, target, &Nothing {}, now)?;
    outbox::insert(tx, &message, Delivery::Relay)
}

/// Returns the money.
pub fn refund(
    tx: &Transaction<'_>,
    order_id: Id,
    payment_id: Id,
    reason: &str,
    now: Timestamp,
) -> DbResult<()> {
    let target = (Method::POST, "/internal/refunds".to_owned());
    let body = RefundWanted { payment_id, order_id, reason };
    let message = Message::new(Id::new(), PAYMENT, REFUND, order_id, target, &body, now)?;
    outbox::insert(tx, &message, Delivery::Relay)
}
