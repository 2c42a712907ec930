//! What the other services' answers mean for an order.

use axum::http::StatusCode;
use chassis::http::{Problem, Reply};
use chassis::id::Id;
use chassis::messaging::client::Answer;
use chassis::messaging::outbox::Message;
use chassis::messaging::relay::Verdict;
use chassis::storage::{DbResult, idempotency};
use chassis::time::Timestamp;
use rusqlite::{Connection, Transaction};

use crate::error::{DEGRADED, OrderError};
use crate::model::{Order, Reservation};
use crate::{saga, store, transactions};

/// Takes an answer to one of our messages, in the transaction that removes the message.
pub fn on_answer(
    tx: &Transaction<'_>,
    message: &Message,
    answer: &Answer,
    now: Timestamp,
) -> DbResult<Verdict> {
    let dead = || Verdict::Dead(format!("{} {}", answer.status, answer.detail()));
    let order_id = message.subject.parse::<Id>().ok();
    let Some(order) = order_id.map(|id| store::find_order(tx, id)).transpose()?.flatten() else {
        return Ok(Verdict::Dead("the order of this message is gone".to_owned()));
    };
    let is_yes = answer.status.is_success();
    match message.kind.as_str() {
        saga::RESERVE => {
            if is_yes {
                transactions::hold(tx, &order, now)?;
            } else if is_refusal(answer.status) {
                let reason = match answer.detail() {
                    detail if detail.is_empty() => "The catalog refused".to_owned(),
                    detail => detail,
                };
                let refusal = (answer.status.as_u16(), reason.as_str());
                match transactions::refuse(tx, &order, refusal, now) {
                    Ok(()) | Err(OrderError::AlreadyOver(..)) => {}
                    Err(OrderError::Database(cause)) => return Err(cause),
                    Err(other) => return Ok(Verdict::Dead(other.to_string())),
                }
            } else {
                return Ok(dead());
            }
            return Ok(Verdict::Done(finish_placing(tx, order.id)?));
        }
        saga::COMMIT if is_yes => {
            store::set_reservation(tx, order.id, Reservation::Committed, now)?;
        }
        saga::RELEASE if is_yes => {
            store::set_reservation(tx, order.id, Reservation::Released, now)?;
        }
        saga::REFUND if is_yes => {
            store::insert_history(tx, order.id, order.status, "Money returned", now)?;
        }
        _ => return Ok(dead()),
    }
    Ok(Verdict::Done(None))
}

/// What whoever placed an order hears, as far as it is decided.
///
/// # Errors
///
/// [`chassis::storage::DbError`].
pub fn placing_reply(connection: &Connection, order: &Order) -> DbResult<Reply> {
    if let Some((status, detail)) = &order.refusal {
        return Ok(Reply::from(&Problem::from(OrderError::Refused(*status, detail.clone()))));
    }
    let history = store::list_history(connection, order.id)?;
    let reply = Reply::created(format!("/orders/{}", order.id), &order.view(Some(&history)))?;
    let is_pending = order.reservation == Reservation::Pending;
    Ok(reply.degraded(is_pending.then_some(DEGRADED)))
}

/// The reply to whoever placed an order, written down for those who repeat the request with their
/// idempotency key. `None` if the order is gone.
///
/// # Errors
///
/// [`chassis::storage::DbError`].
pub fn finish_placing(tx: &Transaction<'_>, order_id: Id) -> DbResult<Option<Reply>> {
    let Some(order) = store::find_order(tx, order_id)? else { return Ok(None) };
    let reply = placing_reply(tx, &order)?;
    idempotency::finish_for(tx, &order_id.to_string(), reply.stored())?;
    Ok(Some(reply))
}

/// The refusals that the catalog may give. Any other is a mistake of ours and decides nothing.
fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY
    )
}
