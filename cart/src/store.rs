//! The SQL, one statement or one tight group per function.

use chassis::id::UserId;
use chassis::storage::DbResult;
use chassis::storage::{Run, Sql};
use chassis::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use crate::model::{Addition, Cart, Event, LINE_QUANTITY_MAX, Line, ProductId};

/// Lines that are settled in one transaction. After a long outage there may be very many, and
/// shoppers should not have to wait for all of them.
const SETTLED_AT_ONCE: u32 = 500;

/// A shopper's cart, empty if nothing was ever written.
pub fn find_cart(connection: &Connection, user_id: &UserId) -> DbResult<Cart> {
    let mut query =
        connection.statement("SELECT created_at, updated_at FROM carts WHERE user_id = ?1")?;
    let instants = query.query_row([user_id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let lines = if instants.is_some() { list_lines(connection, user_id)? } else { Vec::new() };
    let (created_at, updated_at) = instants.unzip();
    Ok(Cart { user_id: user_id.clone(), lines, created_at, updated_at })
}

/// The lines of a cart, in the order in which they were first added.
pub fn list_lines(connection: &Connection, user_id: &UserId) -> DbResult<Vec<Line>> {
    let mut query = connection.statement(
        "SELECT line.position, line.product_id, line.quantity, line.needs_check,
                missing.product_id IS NOT NULL
         FROM cart_lines AS line LEFT JOIN missing_products AS missing USING (product_id)
         WHERE line.user_id = ?1",
    )?;
    let lines = query.query_map([user_id], line_from_row)?;
    Ok(in_order(lines.collect::<rusqlite::Result<_>>()?))
}

/// Notes that the shopper has changed something, in a new cart if there was none.
pub fn upsert_cart(tx: &Transaction<'_>, user_id: &UserId, now: Timestamp) -> DbResult<()> {
    tx.statement(
        "INSERT INTO carts (user_id, created_at, updated_at) VALUES (?1, ?2, ?2)
         ON CONFLICT (user_id) DO UPDATE SET updated_at = excluded.updated_at",
    )?
    .run(params![user_id, now])?;
    Ok(())
}

/// Adds units to a line, a new one if there was none; `false` if it would hold too many.
///
/// A line that was checked once stays checked: the product does not cease to exist because
/// the catalog is silent.
pub fn upsert_line(
    tx: &Transaction<'_>,
    addition: &Addition,
    needs_check: bool,
    now: Timestamp,
) -> DbResult<bool> {
    let written = tx
        .statement(
            "INSERT INTO cart_lines (user_id, product_id, quantity, position, needs_check,
                 created_at, updated_at)
             VALUES (:user_id, :product_id, :quantity,
                 (SELECT coalesce(max(position), 0) + 1 FROM cart_lines WHERE user_id = :user_id),
                 :needs_check, :now, :now)
             ON CONFLICT (user_id, product_id) DO UPDATE SET
                 quantity = quantity + excluded.quantity,
                 needs_check = min(needs_check, excluded.needs_check),
                 updated_at = excluded.updated_at
             WHERE quantity + excluded.quantity <= :quantity_max",
        )?
        .run(named_params! {
            ":user_id": addition.user_id,
            ":product_id": addition.product_id,
            ":quantity": addition.quantity,
            ":needs_check": needs_check,
            ":now": now,
            ":quantity_max": LINE_QUANTITY_MAX,
        })?;
    Ok(written == 1)
}

/// Sets the quantity of a line; `false` if there is none.
pub fn set_quantity(
    tx: &Transaction<'_>,
    user_id: &UserId,
    product_id: ProductId,
    quantity: i64,
    now: Timestamp,
) -> DbResult<bool> {
    let updated = tx
        .statement(
            "UPDATE cart_lines SET quantity = :quantity, updated_at = :now
             WHERE user_id = :user_id AND product_id = :product_id",
        )?
        .run(named_params! {
            ":user_id": user_id,
            ":product_id": product_id,
            ":quantity": quantity,
            ":now": now,
        })?;
    Ok(updated == 1)
}

/// Removes a line; `false` if there was none.
pub fn delete_line(
    tx: &Transaction<'_>,
    user_id: &UserId,
    product_id: ProductId,
) -> DbResult<bool> {
    let deleted = tx
        .statement("DELETE FROM cart_lines WHERE user_id = ?1 AND product_id = ?2")?
        .run(params![user_id, product_id])?;
    Ok(deleted == 1)
}

/// Removes all lines of a cart; `false` if there were none.
pub fn delete_lines(tx: &Transaction<'_>, user_id: &UserId) -> DbResult<bool> {
    let deleted = tx.statement("DELETE FROM cart_lines WHERE user_id = ?1")?.run([user_id])?;
    Ok(deleted > 0)
}

/// Removes a cart with all that was in it.
pub fn delete_cart(tx: &Transaction<'_>, user_id: &UserId) -> DbResult<()> {
    delete_lines(tx, user_id)?;
    tx.statement("DELETE FROM carts WHERE user_id = ?1")?.run([user_id])?;
    Ok(())
}

/// The lowest product id above `after` that is to be checked: some line was added without asking,
/// or the product is said to be missing and may have come into being.
pub fn find_product_to_check(connection: &Connection, after: i64) -> DbResult<Option<i64>> {
    let mut query = connection.statement(
        "SELECT min(product_id) FROM (
             SELECT min(product_id) AS product_id FROM cart_lines
             WHERE needs_check = 1 AND product_id > ?1
             UNION ALL
             SELECT min(product_id) FROM missing_products
             WHERE needs_check = 1 AND product_id > ?1)",
    )?;
    Ok(query.query_row([after], |row| row.get(0))?)
}

/// Notes that the lines of a product need no check any more; `true` if some are left.
pub fn settle_lines(tx: &Transaction<'_>, product_id: ProductId, now: Timestamp) -> DbResult<bool> {
    let settled = tx
        .statement(
            "UPDATE cart_lines SET needs_check = 0, updated_at = ?2
             WHERE (user_id, product_id) IN
                 (SELECT user_id, product_id FROM cart_lines
                  WHERE needs_check = 1 AND product_id = ?1 LIMIT ?3)",
        )?
        .run(params![product_id, now, SETTLED_AT_ONCE])?;
    Ok(u32::try_from(settled).is_ok_and(|settled| settled == SETTLED_AT_ONCE))
}

/// Notes that a product does not exist.
pub fn upsert_missing(tx: &Transaction<'_>, id: ProductId, noticed_at: Timestamp) -> DbResult<()> {
    tx.statement(
        "INSERT INTO missing_products (product_id, noticed_at) VALUES (?1, ?2)
         ON CONFLICT (product_id) DO UPDATE SET
             noticed_at = max(noticed_at, excluded.noticed_at), needs_check = 0",
    )?
    .run(params![id, noticed_at])?;
    Ok(())
}

/// Notes that a missing product may exist after all.
pub fn doubt_missing(tx: &Transaction<'_>, id: ProductId) -> DbResult<()> {
    tx.statement("UPDATE missing_products SET needs_check = 1 WHERE product_id = ?1")?.run([id])?;
    Ok(())
}

/// Notes that any missing product may exist after all.
pub fn doubt_all_missing(tx: &Transaction<'_>) -> DbResult<()> {
    tx.statement("UPDATE missing_products SET needs_check = 1")?.run([])?;
    Ok(())
}

/// Notes that a product exists, unless the opposite was learned since `asked_at`.
pub fn delete_missing(tx: &Transaction<'_>, id: ProductId, asked_at: Timestamp) -> DbResult<()> {
    tx.statement("DELETE FROM missing_products WHERE product_id = ?1 AND noticed_at < ?2")?
        .run(params![id, asked_at])?;
    Ok(())
}

/// Remembers an event; `false` if it is known already.
pub fn insert_event(tx: &Transaction<'_>, event: &Event, now: Timestamp) -> DbResult<bool> {
    let inserted = tx
        .statement(
            "INSERT INTO received_events (event_id, event_type, received_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (event_id) DO NOTHING",
        )?
        .run(params![event.event_id.0, event.event_type.as_str(), now])?;
    Ok(inserted == 1)
}

/// Forgets up to two events that were received before `oldest`. Two for each new one means
/// that the table shrinks faster than it grows, without ever deleting many at once.
pub fn delete_old_events(tx: &Transaction<'_>, oldest: Timestamp) -> DbResult<()> {
    for _ in 0..2 {
        let deleted = tx
            .statement(
                "DELETE FROM received_events WHERE event_id =
                     (SELECT event_id FROM received_events WHERE received_at < ?1 LIMIT 1)",
            )?
            .run([oldest])?;
        if deleted == 0 {
            break;
        }
    }
    Ok(())
}

/// A line and its position.
fn line_from_row(row: &Row<'_>) -> rusqlite::Result<(i64, Line)> {
    let (position, product_id, quantity, needs_check, is_missing) = row.try_into()?;
    Ok((position, Line::new(product_id, quantity, needs_check, is_missing)))
}

/// Lines by their positions. Sorted here, because for the few lines of a cart SQLite would set up
/// a sorter with memory of its own.
fn in_order(mut lines: Vec<(i64, Line)>) -> Vec<Line> {
    lines.sort_unstable_by_key(|(position, _)| *position);
    lines.into_iter().map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests;
