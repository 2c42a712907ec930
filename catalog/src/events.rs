//! What is announced to whom when something changes.
//!
//! The cart remembers products for a while, so that it need not ask for every click. In return
//! the catalog tells it of every change: the announcement is a row of the outbox, written in
//! the transaction of the change, so it exists if and only if the change does.

use axum::http::Method;
use chassis::id::Id;
use chassis::messaging::client::Answer;
use chassis::messaging::outbox::{self, Delivery, Message};
use chassis::messaging::relay::Verdict;
use chassis::storage::DbResult;
use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Serialize;
use serde_json::{Value, json};

use crate::model::{Category, Product, ProductId};

/// The service that listens.
pub const LISTENER: &str = "cart";

#[derive(Serialize)]
struct Event {
    event_id: Id,
    event_type: &'static str,
    payload: Value,
    timestamp: Timestamp,
}

/// A product is new, or has another name, price, stock or place.
pub fn product_updated(tx: &Transaction<'_>, product: &Product, now: Timestamp) -> DbResult<()> {
    let payload = json!({ "product_id": product.id, "name": product.name });
    announce(tx, "product.updated", product.id, payload, now)
}

/// All products may be others than before: names none, and so speaks of all.
pub fn everything_updated(tx: &Transaction<'_>) -> DbResult<()> {
    announce(tx, "product.updated", "all", json!({}), Timestamp::now())
}

/// A product is no longer sold.
pub fn product_deleted(tx: &Transaction<'_>, id: ProductId, now: Timestamp) -> DbResult<()> {
    announce(tx, "product.deleted", id.get(), json!({ "product_id": id.get() }), now)
}

/// A category has another name.
pub fn category_updated(tx: &Transaction<'_>, category: &Category, now: Timestamp) -> DbResult<()> {
    let payload = json!({ "category_id": category.id, "name": category.name });
    announce(tx, "category.updated", category.id, payload, now)
}

/// An event asks for nothing, so any yes will do. A no was not foreseen: somebody should look.
pub fn on_answer(
    _tx: &Transaction<'_>,
    _message: &Message,
    answer: &Answer,
    _now: Timestamp,
) -> DbResult<Verdict> {
    if answer.status.is_success() {
        return Ok(Verdict::Done(None));
    }
    Ok(Verdict::Dead(format!("{} {}", answer.status, answer.detail())))
}

fn announce(
    tx: &Transaction<'_>,
    event_type: &'static str,
    subject: impl ToString,
    payload: Value,
    now: Timestamp,
) -> DbResult<()> {
    let event = Event { event_id: Id::new(), event_type, payload, timestamp: now };
    let target = (Method::POST, "/internal/events".to_owned());
    let message = Message::new(event.event_id, LISTENER, event_type, subject, target, &event, now)?;
    outbox::insert(tx, &message, Delivery::Relay)
}
