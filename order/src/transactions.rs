//! Units of work: all of it happens or none of it does.

use chassis::id::Id;
use chassis::messaging::outbox::{self, Message};
use chassis::storage::idempotency::{self, Claim, Key, StoredReply};
use chassis::storage::{DbError, DbResult};
use chassis::time::Timestamp;
use rusqlite::Transaction;

use crate::error::OrderError;
use crate::model::{Move, NewOrder, Order, OrderStatus, PaymentNotice, Reservation};
use crate::{saga, store};

/// What the history says of an order that was given up.
const GIVEN_UP: &str = "The catalog did not answer";

/// What came of placing an order.
#[derive(Debug)]
pub enum Placed {
    /// It is there, and its units are still to be asked for.
    Waiting(Id, Option<Box<Message>>),
    /// An earlier request with the same key has placed it, and has no answer yet.
    Joined(Id, Option<Box<Message>>),
    /// This request was made and answered before.
    Replayed(StoredReply),
}

/// Places an order. Key, order and the wish for its units commit together.
///
/// A repeat of a request that got no reply (the process died, or it is still under way) finds
/// the order of the first and goes on from there.
pub fn place(
    tx: &Transaction<'_>,
    key: Option<&Key>,
    order: &NewOrder,
) -> Result<Placed, OrderError> {
    if let Some(key) = key {
        match idempotency::claim(tx, key, &order.id.to_string(), order.now)? {
            Claim::New => {}
            Claim::Finished(reply) => return Ok(Placed::Replayed(reply)),
            Claim::Unfinished { subject } => {
                let id = subject.parse().map_err(|_| OrderError::NotFound)?;
                return Ok(Placed::Joined(
                    id,
                    outbox::find_waiting(tx, saga::RESERVE, &subject)?.map(Box::new),
                ));
            }
        }
    }
    store::insert_order(tx, order)?;
    store::insert_history(tx, order.id, OrderStatus::Created, "Order placed", order.now)?;
    let message = saga::reserve(tx, order)?;
    Ok(Placed::Waiting(order.id, Some(Box::new(message))))
}

/// Takes note of a payment. The first one wins; the same one again changes nothing, because a
/// sender that repeats itself needs to hear "stop", not "wrong". Returns where the order stands.
pub fn settle(
    tx: &Transaction<'_>,
    order_id: Id,
    notice: Option<PaymentNotice>,
    now: Timestamp,
) -> Result<OrderStatus, OrderError> {
    let order = store::find_order(tx, order_id)?.ok_or(OrderError::NotFound)?;
    if let Some(other) = notice.and_then(|it| it.order_id).filter(|named| *named != order_id) {
        return Err(OrderError::ForAnother(other));
    }
    let payment_id = notice.map(|notice| notice.payment_id);
    let is_paid = matches!(order.status, OrderStatus::Paid | OrderStatus::Refunded);
    if is_paid && order.payment_id == payment_id {
        return Ok(order.status);
    }
    if let Some(paid) = notice.map(|notice| notice.amount)
        && paid != order.total
    {
        return Err(OrderError::WrongAmount { order_id, total: order.total, paid });
    }
    if let Some(payment_id) = payment_id
        && store::find_paid_by(tx, payment_id)?.is_some()
    {
        return Err(OrderError::PaidAnother(payment_id));
    }
    let over = || OrderError::AlreadyOver(order_id, order.status);
    let status = order.status.after(Move::Pay).ok_or_else(over)?;
    if !store::set_paid(tx, order_id, (order.status, status), payment_id, now)? {
        return Err(over());
    }
    let detail = match payment_id {
        Some(payment_id) => format!("Paid by payment {payment_id}"),
        None => "Paid".to_owned(),
    };
    store::insert_history(tx, order_id, status, &detail, now)?;
    // Units that are not held yet are committed when they are, see `hold`.
    if order.reservation == Reservation::Held {
        saga::commit(tx, order_id, now)?;
    }
    Ok(OrderStatus::Paid)
}

/// Ends an order that is not paid: the shopper cancels it, or its time is over.
pub fn end(
    tx: &Transaction<'_>,
    order_id: Id,
    (step, detail): (Move, &str),
    now: Timestamp,
) -> Result<(), OrderError> {
    let order = store::find_order(tx, order_id)?.ok_or(OrderError::NotFound)?;
    advance(tx, &order, step, detail, now)?;
    saga::release(tx, order_id, now)?;
    Ok(())
}

/// Takes an order back that the catalog has not answered, for a shop that sells only what it is
/// sure to have. Whoever placed it hears that nothing was ordered, and may try anew. `false` if
/// something else came first: an answer, a payment or another end.
pub fn give_up(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> Result<bool, OrderError> {
    // Nothing but a reset removes an order.
    let order = store::find_order(tx, order_id)?.ok_or(DbError::Reset)?;
    if order.status == OrderStatus::Created && order.reservation == Reservation::Pending {
        end(tx, order_id, (Move::Cancel, GIVEN_UP), now)?;
        idempotency::forget_for(tx, &order_id.to_string())?;
        return Ok(true);
    }
    // Another request with the same key has waited for the same order, and was faster.
    Ok(store::list_history(tx, order_id)?.iter().any(|entry| entry.detail == GIVEN_UP))
}

/// Ends every order whose time is over and that was placed since then, at most `limit` of them,
/// and says how many.
pub fn expire(
    tx: &Transaction<'_>,
    since: Option<Timestamp>,
    now: Timestamp,
    limit: u32,
) -> Result<usize, OrderError> {
    let due = store::list_expired(tx, since, now, limit)?;
    for order_id in &due {
        end(tx, *order_id, (Move::Expire, "Not paid in time"), now)?;
    }
    Ok(due.len())
}

/// The catalog keeps the units. If the order is over by now, their release is under way.
pub fn hold(tx: &Transaction<'_>, order: &Order, now: Timestamp) -> DbResult<()> {
    if order.reservation != Reservation::Pending {
        return Ok(());
    }
    match order.status {
        OrderStatus::Created | OrderStatus::Paid => {
            store::set_reservation(tx, order.id, Reservation::Held, now)?;
            store::insert_history(tx, order.id, order.status, "Stock reserved", now)?;
        }
        OrderStatus::Rejected
        | OrderStatus::Cancelled
        | OrderStatus::Expired
        | OrderStatus::Refunded => {}
    }
    if order.status == OrderStatus::Paid {
        saga::commit(tx, order.id, now)?;
    }
    Ok(())
}

/// The catalog cannot deliver. An order that is paid already gets its money back.
pub fn refuse(
    tx: &Transaction<'_>,
    order: &Order,
    (status, reason): (u16, &str),
    now: Timestamp,
) -> Result<(), OrderError> {
    if order.reservation != Reservation::Pending {
        return Ok(());
    }
    let step = match order.status {
        OrderStatus::Created => Move::Reject,
        OrderStatus::Paid => Move::Refund,
        OrderStatus::Rejected
        | OrderStatus::Cancelled
        | OrderStatus::Expired
        | OrderStatus::Refunded => return Ok(()),
    };
    advance(tx, order, step, reason, now)?;
    store::set_refusal(tx, order.id, (status, reason), now)?;
    if let (Move::Refund, Some(payment_id)) = (step, order.payment_id) {
        saga::refund(tx, order.id, payment_id, reason, now)?;
    }
    Ok(())
}

/// Makes one move, if it is legal and nobody else was first.
fn advance(
    tx: &Transaction<'_>,
    order: &Order,
    step: Move,
    detail: &str,
    now: Timestamp,
) -> Result<(), OrderError> {
    let over = || OrderError::AlreadyOver(order.id, order.status);
    let status = order.status.after(step).ok_or_else(over)?;
    if !store::set_status(tx, order.id, (order.status, status), now)? {
        return Err(over());
    }
    store::insert_history(tx, order.id, status, detail, now)?;
    Ok(())
}
