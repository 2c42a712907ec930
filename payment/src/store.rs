//! The SQL of payments, one statement per function.

use chassis::id::Id;
use chassis::storage::DbResult;
use chassis::storage::{Run, Sql};
use chassis::time::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params, params};

use crate::model::{Filter, NewPayment, Payment, PaymentStatus};

/// A page that is not asked for in a size has this many rows.
const PAGE_SIZE: i64 = 100;

const PAYMENT_COLUMNS: &str = "id, order_id, amount_cents, status, refusal_status, reason, \
    created_at, updated_at";

/// Writes a payment that the order does not know of yet. The unique index refuses a second one
/// that is alive.
pub fn insert_payment(tx: &Transaction<'_>, payment: &NewPayment) -> DbResult<()> {
    tx.statement(
        "INSERT INTO payments (id, order_id, amount_cents, status, created_at, updated_at)
         VALUES (:id, :order_id, :amount_cents, 'PENDING', :now, :now)",
    )?
    .run(named_params! {
        ":id": payment.id,
        ":order_id": payment.order_id,
        ":amount_cents": payment.amount,
        ":now": payment.now,
    })?;
    Ok(())
}

/// One payment.
pub fn find_payment(connection: &Connection, id: Id) -> DbResult<Option<Payment>> {
    let mut query =
        connection.statement(&format!("SELECT {PAYMENT_COLUMNS} FROM payments WHERE id = ?1"))?;
    Ok(query.query_row([id], payment_from_row).optional()?)
}

/// The payment of an order that is pending or completed; there is at most one.
pub fn find_alive(connection: &Connection, order_id: Id) -> DbResult<Option<Payment>> {
    let mut query = connection.statement(&format!(
        "SELECT {PAYMENT_COLUMNS} FROM payments
         WHERE order_id = ?1 AND status IN ('PENDING', 'COMPLETED')"
    ))?;
    Ok(query.query_row([order_id], payment_from_row).optional()?)
}

/// The payment that says most about an order: the one that is alive or was refunded, else the
/// latest that failed.
pub fn find_of_order(connection: &Connection, order_id: Id) -> DbResult<Option<Payment>> {
    let mut query = connection.statement(&format!(
        "SELECT {PAYMENT_COLUMNS} FROM payments
         WHERE order_id = ?1 ORDER BY status = 'FAILED', id DESC LIMIT 1"
    ))?;
    Ok(query.query_row([order_id], payment_from_row).optional()?)
}

/// One page of payments, newest first, and whether there are more.
pub fn list_payments(connection: &Connection, filter: &Filter) -> DbResult<(Vec<Payment>, bool)> {
    let limit = filter.limit.map_or(PAGE_SIZE, |limit| limit.get());
    let status = filter.status.map(PaymentStatus::as_str);
    // With an order and a status, SQLite would rather read all payments in that status.
    let index = match (filter.order_id, status) {
        (Some(_), _) => "INDEXED BY payments_by_order",
        (None, Some(_)) => "INDEXED BY payments_by_status",
        (None, None) => "",
    };
    // Only the conditions that are asked for, or SQLite could not use the index for them.
    let mut conditions = vec!["TRUE"];
    // One more than wanted tells whether there are more.
    let limit_and_one = limit + 1;
    let mut parameters: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit_and_one)];
    if let Some(after) = &filter.after {
        conditions.push("id < :after");
        parameters.push((":after", after));
    }
    if let Some(order_id) = &filter.order_id {
        conditions.push("order_id = :order_id");
        parameters.push((":order_id", order_id));
    }
    if let Some(status) = &status {
        conditions.push("status = :status");
        parameters.push((":status", status));
    }
    let mut query = connection.statement(&format!(
        "SELECT {PAYMENT_COLUMNS} FROM payments {index} WHERE {} ORDER BY id DESC LIMIT :limit",
        conditions.join(" AND ")
    ))?;
    let payments = query.query_map(parameters.as_slice(), payment_from_row)?;
    let mut payments: Vec<Payment> = payments.collect::<rusqlite::Result<_>>()?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = payments.len() > wanted;
    payments.truncate(wanted);
    Ok((payments, has_more))
}

/// Moves a payment on, if it still stands where it did; `false` if somebody else was first.
pub fn set_status(
    tx: &Transaction<'_>,
    id: Id,
    (from, to): (PaymentStatus, PaymentStatus),
    (refusal_status, reason): (Option<u16>, Option<&str>),
    now: Timestamp,
) -> DbResult<bool> {
    let moved = tx
        .statement(
            "UPDATE payments SET status = ?3, refusal_status = ?4, reason = ?5, updated_at = ?6
             WHERE id = ?1 AND status = ?2",
        )?
        .run(params![id, from.as_str(), to.as_str(), refusal_status, reason, now])?;
    Ok(moved == 1)
}

/// Reads [`PAYMENT_COLUMNS`].
fn payment_from_row(row: &Row<'_>) -> rusqlite::Result<Payment> {
    let (id, order_id, amount, status, refusal_status, reason, created_at, updated_at) =
        row.try_into()?;
    Ok(Payment { id, order_id, amount, status, refusal_status, reason, created_at, updated_at })
}

/// The CHECK of the table makes another word impossible.
impl FromSql for PaymentStatus {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|_| FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests;
