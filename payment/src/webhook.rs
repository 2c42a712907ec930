//! The message that tells the order about its payment.
//!
//! It is written in the transaction of the payment and sent at once. If nobody answers, the
//! relay goes on for three days; its id stays the same over all attempts, and so does the
//! payment's, by which the order knows a repeat.

use axum::http::Method;
use chassis::id::Id;
use chassis::messaging::outbox::{self, Delivery, Message};
use chassis::money::Cents;
use chassis::storage::DbResult;
use rusqlite::Transaction;
use serde::Serialize;

use crate::model::NewPayment;

/// The service that is told.
pub const ORDER: &str = "order";

/// What the message says.
pub const KIND: &str = "payment.received";

#[derive(Serialize)]
struct Notice {
    payment_id: Id,
    order_id: Id,
    amount: Cents,
}

/// How long the order is told of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Until it has answered.
    Outbox,
    /// Once: the naive way, for a lesson about what it loses.
    FireOnce,
}

/// Writes the message. The request that pays delivers it, because its reply depends on the
/// answer.
pub fn notify(tx: &Transaction<'_>, payment: &NewPayment, telling: Telling) -> DbResult<Message> {
    let target = (Method::POST, format!("/orders/{}/payment", payment.order_id));
    let NewPayment { id: payment_id, order_id, amount, .. } = *payment;
    let body = Notice { payment_id, order_id, amount };
    let message = Message::new(Id::new(), ORDER, KIND, payment.id, target, &body, payment.now)?;
    let message = match telling {
        Telling::Outbox => message,
        Telling::FireOnce => message.sent_once(),
    };
    outbox::insert(tx, &message, Delivery::Caller)?;
    Ok(message)
}
