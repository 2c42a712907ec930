//! The SQL of orders, one statement or one tight group per function.

use chassis::id::Id;
use chassis::storage::DbResult;
use chassis::storage::{Run, Sql};
use chassis::time::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params, params};

use crate::model::{Filter, NewOrder, Order, OrderLine, OrderStatus, Reservation};
use crate::view::HistoryEntry;

/// A page that is not asked for in a size has this many rows.
const PAGE_SIZE: i64 = 100;

const ORDER_COLUMNS: &str = "id, user_id, status, reservation, total_cents, payment_id, \
    refusal_status, refusal_detail, created_at, updated_at, expires_at";

/// Writes an order and its lines.
///
/// Takes a [`Transaction`] rather than a [`Connection`] because it runs more than one
/// statement: half an order must never be visible.
pub fn insert_order(tx: &Transaction<'_>, order: &NewOrder) -> DbResult<()> {
    tx.statement(
        "INSERT INTO orders (id, user_id, status, reservation, total_cents, created_at,
             updated_at, expires_at)
         VALUES (:id, :user_id, 'CREATED', 'PENDING', :total_cents, :now, :now, :expires_at)",
    )?
    .run(named_params! {
        ":id": order.id,
        ":user_id": order.user_id,
        ":total_cents": order.total,
        ":now": order.now,
        ":expires_at": order.expires_at,
    })?;
    let mut insert_line = tx.statement(
        "INSERT INTO order_lines
             (order_id, position, product_id, quantity, unit_price_cents, created_at)
         VALUES (:order_id, :position, :product_id, :quantity, :unit_price_cents, :now)",
    )?;
    for (position, line) in (1_i64..).zip(&order.lines) {
        insert_line.run(named_params! {
            ":order_id": order.id,
            ":position": position,
            ":product_id": line.product_id,
            ":quantity": line.quantity,
            ":unit_price_cents": line.price,
            ":now": order.now,
        })?;
    }
    Ok(())
}

/// Adds an entry to an order's history.
pub fn insert_history(
    tx: &Transaction<'_>,
    order_id: Id,
    status: OrderStatus,
    detail: &str,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement(
        "INSERT INTO order_history (order_id, position, at, status, detail)
         VALUES (?1,
             (SELECT coalesce(max(position), 0) + 1 FROM order_history WHERE order_id = ?1),
             ?2, ?3, ?4)",
    )?
    .run(params![order_id, now, status.as_str(), detail])?;
    Ok(())
}

/// One order with its lines.
pub fn find_order(connection: &Connection, id: Id) -> DbResult<Option<Order>> {
    let mut query =
        connection.statement(&format!("SELECT {ORDER_COLUMNS} FROM orders WHERE id = ?1"))?;
    let order = query.query_row([id], order_from_row).optional()?;
    order.map(|order| with_lines(connection, order)).transpose()
}

/// What has happened to an order, oldest first.
pub fn list_history(connection: &Connection, id: Id) -> DbResult<Vec<HistoryEntry>> {
    let mut query = connection.statement(
        "SELECT at, status, detail FROM order_history WHERE order_id = ?1 ORDER BY position",
    )?;
    let entries = query.query_map([id], |row| {
        Ok(HistoryEntry { at: row.get(0)?, status: row.get(1)?, detail: row.get(2)? })
    })?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}

/// One page of orders, newest first, and whether there are more.
pub fn list_orders(connection: &Connection, filter: &Filter) -> DbResult<(Vec<Order>, bool)> {
    let limit = filter.limit.map_or(PAGE_SIZE, |limit| limit.get());
    let (after, status) = (filter.after, filter.status.map(OrderStatus::as_str));
    let index = match (&filter.user_id, status) {
        (Some(_), Some(_)) => "INDEXED BY orders_by_user_and_status",
        (Some(_), None) => "INDEXED BY orders_by_user",
        (None, Some(_)) => "INDEXED BY orders_by_status",
        (None, None) => "",
    };
    // Only the conditions that are asked for, or SQLite could not use the index for them.
    let mut conditions = vec!["TRUE"];
    // One more than wanted tells whether there are more.
    let limit_and_one = limit + 1;
    let mut parameters: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit_and_one)];
    if let Some(after) = &after {
        conditions.push("id < :after");
        parameters.push((":after", after));
    }
    if let Some(user_id) = &filter.user_id {
        conditions.push("user_id = :user_id");
        parameters.push((":user_id", user_id));
    }
    if let Some(status) = &status {
        conditions.push("status = :status");
        parameters.push((":status", status));
    }
    let mut query = connection.statement(&format!(
        "SELECT {ORDER_COLUMNS} FROM orders {index} WHERE {} ORDER BY id DESC LIMIT :limit",
        conditions.join(" AND ")
    ))?;
    let orders = query.query_map(parameters.as_slice(), order_from_row)?;
    let mut orders: Vec<Order> = orders.collect::<rusqlite::Result<_>>()?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = orders.len() > wanted;
    orders.truncate(wanted);
    let orders = orders.into_iter().map(|order| with_lines(connection, order));
    Ok((orders.collect::<DbResult<_>>()?, has_more))
}

/// Orders whose time is over, the longest over first; only those placed since then, if it is
/// said since when.
///
/// The index holds only orders that nobody has paid. It is named, because SQLite would rather read
/// every one of them by its status than begin at the first whose time is over.
pub fn list_expired(
    connection: &Connection,
    since: Option<Timestamp>,
    now: Timestamp,
    limit: u32,
) -> DbResult<Vec<Id>> {
    let mut query = connection.statement(
        "SELECT id FROM orders INDEXED BY orders_to_expire
         WHERE status = 'CREATED' AND expires_at BETWEEN ?1 AND ?2 AND created_at >= ?1
         ORDER BY expires_at LIMIT ?3",
    )?;
    let since = since.unwrap_or(Timestamp::EPOCH);
    let ids = query.query_map(params![since, now, limit], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Moves an order on, if it still stands where it did; `false` if somebody else was first.
/// SQL decides, so of several that compete for an order exactly one wins.
pub fn set_status(
    tx: &Transaction<'_>,
    id: Id,
    (from, to): (OrderStatus, OrderStatus),
    now: Timestamp,
) -> DbResult<bool> {
    let moved = tx
        .statement("UPDATE orders SET status = ?3, updated_at = ?4 WHERE id = ?1 AND status = ?2")?
        .run(params![id, from.as_str(), to.as_str(), now])?;
    Ok(moved == 1)
}

/// The order that a payment has paid, if any.
pub fn find_paid_by(connection: &Connection, payment_id: Id) -> DbResult<Option<Id>> {
    let mut query = connection.statement("SELECT id FROM orders WHERE payment_id = ?1")?;
    Ok(query.query_row([payment_id], |row| row.get(0)).optional()?)
}

/// Moves an order on with the payment that did it; `false` if somebody was first.
pub fn set_paid(
    tx: &Transaction<'_>,
    id: Id,
    (from, to): (OrderStatus, OrderStatus),
    payment_id: Option<Id>,
    now: Timestamp,
) -> DbResult<bool> {
    let paid = tx
        .statement(
            "UPDATE orders SET status = ?3, payment_id = ?4, updated_at = ?5
             WHERE id = ?1 AND status = ?2",
        )?
        .run(params![id, from.as_str(), to.as_str(), payment_id, now])?;
    Ok(paid == 1)
}

/// Notes what the catalog said.
pub fn set_reservation(
    tx: &Transaction<'_>,
    id: Id,
    reservation: Reservation,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement("UPDATE orders SET reservation = ?2, updated_at = ?3 WHERE id = ?1")?
        .run(params![id, reservation.as_str(), now])?;
    Ok(())
}

/// Notes that the catalog said no, how and why.
pub fn set_refusal(
    tx: &Transaction<'_>,
    id: Id,
    (status, detail): (u16, &str),
    now: Timestamp,
) -> DbResult<()> {
    tx.statement(
        "UPDATE orders SET reservation = 'REFUSED', refusal_status = ?2, refusal_detail = ?3,
             updated_at = ?4
         WHERE id = ?1",
    )?
    .run(params![id, status, detail, now])?;
    Ok(())
}

fn with_lines(connection: &Connection, mut order: Order) -> DbResult<Order> {
    let mut query = connection.statement(
        "SELECT product_id, quantity, unit_price_cents FROM order_lines
         WHERE order_id = ?1 ORDER BY position",
    )?;
    let lines = query.query_map([order.id], |row| {
        Ok(OrderLine { product_id: row.get(0)?, quantity: row.get(1)?, price: row.get(2)? })
    })?;
    order.lines = lines.collect::<rusqlite::Result<_>>()?;
    Ok(order)
}

/// Reads [`ORDER_COLUMNS`].
fn order_from_row(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: row.get(0)?,
        user_id: row.get(1)?,
        status: row.get(2)?,
        reservation: row.get(3)?,
        total: row.get(4)?,
        payment_id: row.get(5)?,
        refusal: Option::zip(row.get(6)?, row.get(7)?),
        lines: Vec::new(),
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
        expires_at: row.get(10)?,
    })
}

/// The CHECK of the table makes another word impossible.
impl FromSql for OrderStatus {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(|_| FromSqlError::InvalidType)
    }
}

/// The CHECK of the table makes another word impossible.
impl FromSql for Reservation {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or(FromSqlError::InvalidType)
    }
}

#[cfg(test)]
mod tests;
