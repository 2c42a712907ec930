//! Units of work: all of it happens or none of it does.

use chassis::http::{Problem, Reply};
use chassis::id::Id;
use chassis::messaging::outbox::{self, Message};
use chassis::storage::DbResult;
use chassis::storage::idempotency::{self, Claim, Key, StoredReply};
use chassis::time::Timestamp;
use rusqlite::Transaction;

use crate::error::PaymentError;
use crate::model::{Move, NewPayment, Payment, RefundDraft};
use crate::store;
use crate::webhook::{self, Telling};

/// What came of paying.
#[derive(Debug)]
pub enum Begun {
    /// There is a payment; its message is there as well, unless the order has answered.
    Waiting(Id, Option<Box<Message>>),
    /// The same, begun by an earlier request with the same key that has no answer yet.
    Joined(Id, Option<Box<Message>>),
    /// The order is being paid, or was, with another amount. A refusal is kept under its key
    /// like any other reply, so it is not an error that would undo the transaction.
    Refused(Problem),
    /// This request was made and answered before.
    Replayed(StoredReply),
}

/// Takes the money and writes the message to the order. Both commit together.
///
/// Whoever pays an order that has a living payment of the same amount joins that payment: a
/// storm of retries, with or without keys, takes the money once.
pub fn pay(
    tx: &Transaction<'_>,
    key: Option<&Key>,
    payment: &NewPayment,
    telling: Telling,
) -> Result<Begun, PaymentError> {
    let alive = store::find_alive(tx, payment.order_id)?;
    let id = alive.as_ref().map_or(payment.id, |alive| alive.id);
    if let Some(key) = key {
        match idempotency::claim(tx, key, &id.to_string(), payment.now)? {
            Claim::New => {}
            Claim::Finished(reply) => return Ok(Begun::Replayed(reply)),
            Claim::Unfinished { subject } => {
                let id = subject.parse().map_err(|_| PaymentError::NotFound)?;
                return Ok(Begun::Joined(id, message_of(tx, id, payment.now)?));
            }
        }
    }
    let Some(alive) = alive else {
        store::insert_payment(tx, payment)?;
        return Ok(Begun::Waiting(id, Some(Box::new(webhook::notify(tx, payment, telling)?))));
    };
    if alive.amount != payment.amount {
        let (order_id, amount) = (alive.order_id, alive.amount);
        let refusal = Problem::from(PaymentError::OtherAmount { order_id, amount });
        if let Some(key) = key {
            idempotency::finish(tx, &key.text, Reply::from(&refusal).stored())?;
        }
        return Ok(Begun::Refused(refusal));
    }
    Ok(Begun::Waiting(id, message_of(tx, id, payment.now)?))
}

/// The message of a payment that is there already. One that was given up is taken up again: the
/// money is here, and somebody who stands at the till asks for it to arrive.
fn message_of(tx: &Transaction<'_>, id: Id, now: Timestamp) -> DbResult<Option<Box<Message>>> {
    Ok(outbox::revive(tx, webhook::KIND, &id.to_string(), now)?.map(Box::new))
}

/// The order accepts. A payment that is over by now stays so.
pub fn complete(tx: &Transaction<'_>, payment: &Payment, now: Timestamp) -> DbResult<()> {
    if let Some(status) = payment.status.after(Move::Complete) {
        store::set_status(tx, payment.id, (payment.status, status), (None, None), now)?;
    }
    Ok(())
}

/// The order refuses. A payment that is over by now stays so.
pub fn fail(
    tx: &Transaction<'_>,
    payment: &Payment,
    (refusal_status, reason): (u16, &str),
    now: Timestamp,
) -> DbResult<()> {
    if let Some(status) = payment.status.after(Move::Fail) {
        let refusal = (Some(refusal_status), Some(reason));
        store::set_status(tx, payment.id, (payment.status, status), refusal, now)?;
    }
    Ok(())
}

/// The order cannot deliver what was paid: the money goes back. The same request again changes
/// nothing.
pub fn refund(
    tx: &Transaction<'_>,
    draft: &RefundDraft,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let payment = store::find_payment(tx, draft.payment_id)?
        .filter(|payment| payment.order_id == draft.order_id)
        .ok_or(PaymentError::NotFound)?;
    match payment.status.after(Move::Refund) {
        Some(status) => {
            let why = (None, Some(draft.reason.0.as_str()));
            store::set_status(tx, payment.id, (payment.status, status), why, now)?;
            Ok(())
        }
        None if payment.status == crate::model::PaymentStatus::Refunded => Ok(()),
        None => Err(PaymentError::AlreadyOver(payment.id, payment.status)),
    }
}
