//! What the order's answer means for a payment.
//!
//! Only an explicit no voids a payment. Whatever else happens (no connection, a time-out, a
//! server error) is silence, and the relay goes on asking.

use axum::http::StatusCode;
use chassis::http::{Problem, Reply};
use chassis::id::Id;
use chassis::messaging::client::Answer;
use chassis::messaging::outbox::Message;
use chassis::messaging::relay::Verdict;
use chassis::money::Cents;
use chassis::storage::{DbResult, idempotency};
use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Serialize;

use crate::error::PaymentError;
use crate::model::{Payment, PaymentStatus};
use crate::{store, transactions};

#[derive(Serialize)]
struct Receipt {
    payment_id: Id,
    order_id: Id,
    amount: Cents,
    status: &'static str,
    message: &'static str,
}

/// Takes the order's answer, in the transaction that removes the message.
pub fn on_answer(
    tx: &Transaction<'_>,
    message: &Message,
    answer: &Answer,
    now: Timestamp,
) -> DbResult<Verdict> {
    let id = message.subject.parse::<Id>().ok();
    let Some(payment) = id.map(|id| store::find_payment(tx, id)).transpose()?.flatten() else {
        return Ok(Verdict::Dead("the payment of this message is gone".to_owned()));
    };
    match answer.status {
        status if status.is_success() => transactions::complete(tx, &payment, now)?,
        StatusCode::NOT_FOUND => {
            let reason = PaymentError::NoSuchOrder(payment.order_id.to_string()).to_string();
            transactions::fail(tx, &payment, (404, &reason), now)?;
        }
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY => {
            let reason = match answer.detail() {
                detail if detail.is_empty() => "The order refused".to_owned(),
                detail => detail,
            };
            transactions::fail(tx, &payment, (answer.status.as_u16(), &reason), now)?;
        }
        // Any other no is a mistake of ours and decides nothing.
        _ => return Ok(Verdict::Dead(format!("{} {}", answer.status, answer.detail()))),
    }
    Ok(Verdict::Done(finish_paying(tx, payment.id)?))
}

/// What whoever paid hears, as far as it is decided.
pub fn paying_reply(payment: &Payment) -> DbResult<Reply> {
    let (http_status, status, message) = match payment.status {
        PaymentStatus::Completed => {
            (StatusCode::OK, "PAID", "Payment successful and order updated")
        }
        PaymentStatus::Pending => {
            (StatusCode::ACCEPTED, "PENDING", "Payment recorded; the order will be updated")
        }
        PaymentStatus::Failed => {
            let (status, reason) = (payment.refusal_status, payment.reason.clone());
            let refusal = PaymentError::Refused(status.unwrap_or(409), reason.unwrap_or_default());
            return Ok(Reply::from(&Problem::from(refusal)));
        }
        PaymentStatus::Refunded => {
            let over = PaymentError::AlreadyOver(payment.id, payment.status);
            return Ok(Reply::from(&Problem::from(over)));
        }
    };
    let Payment { id: payment_id, order_id, amount, .. } = *payment;
    let receipt = Receipt { payment_id, order_id, amount, status, message };
    let is_pending = payment.status == PaymentStatus::Pending;
    Ok(Reply::new(http_status, &receipt)?.degraded(is_pending.then_some("order-unavailable")))
}

/// The reply to whoever paid, written down for those who repeat the request with their idempotency
/// key. `None` if the payment is gone.
pub fn finish_paying(tx: &Transaction<'_>, id: Id) -> DbResult<Option<Reply>> {
    let Some(payment) = store::find_payment(tx, id)? else { return Ok(None) };
    let reply = paying_reply(&payment)?;
    idempotency::finish_for(tx, &id.to_string(), reply.stored())?;
    Ok(Some(reply))
}
