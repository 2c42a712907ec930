//! The SQL of reservations: moving units between `stock`, `held` and `sold`.

use chassis::id::Id;
use chassis::money::Cents;
use chassis::storage::DbResult;
use chassis::storage::{Run, Sql};
use chassis::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::model::{Refusal, RefusalReason, Reservation, ReservationLine};

/// Price and stock of a product that is for sale.
pub fn find_offer(
    connection: &Connection,
    product_id: i64,
) -> DbResult<Option<(String, Cents, i64)>> {
    let mut query = connection.statement(
        "SELECT name, price_cents, stock FROM products WHERE id = ?1 AND deleted_at IS NULL",
    )?;
    Ok(query
        .query_row([product_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?)
}

/// What became of an order's wish, if it was ever heard.
pub fn find_reservation(connection: &Connection, order_id: Id) -> DbResult<Option<Reservation>> {
    let mut query = connection
        .statement("SELECT status, refusal, detail FROM reservations WHERE order_id = ?1")?;
    let found = query.query_row([order_id], |row| {
        let (status, reason, detail): (String, Option<String>, Option<String>) = row.try_into()?;
        Ok(match (status.as_str(), reason.as_deref()) {
            ("HELD", _) => Reservation::Held,
            ("COMMITTED", _) => Reservation::Committed,
            ("RELEASED", _) => Reservation::Released,
            (_, reason) => Reservation::Refused(Refusal {
                reason: match reason {
                    Some("price-changed") => RefusalReason::PriceChanged,
                    Some("no-such-product") => RefusalReason::NoSuchProduct,
                    _ => RefusalReason::OutOfStock,
                },
                detail: detail.unwrap_or_default(),
            }),
        })
    });
    Ok(found.optional()?)
}

/// What an order has reserved: product and quantity, by product.
pub fn list_reserved(connection: &Connection, order_id: Id) -> DbResult<Vec<(i64, i64)>> {
    let mut query = connection.statement(
        "SELECT product_id, quantity FROM reservation_lines WHERE order_id = ?1 ORDER BY product_id",
    )?;
    let lines = query.query_map([order_id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}

/// Writes down what became of an order's wish when it was heard first.
pub fn insert_reservation(
    tx: &Transaction<'_>,
    order_id: Id,
    reservation: &Reservation,
    now: Timestamp,
) -> DbResult<()> {
    let refusal = match reservation {
        Reservation::Refused(refusal) => Some(refusal),
        Reservation::Held | Reservation::Committed | Reservation::Released => None,
    };
    tx.statement(
        "INSERT INTO reservations (order_id, status, refusal, detail, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?
    .run(params![
        order_id,
        status_word(reservation),
        refusal.map(|refusal| refusal.reason.as_str()),
        refusal.map(|refusal| &refusal.detail),
        now
    ])?;
    Ok(())
}

/// Moves units from `stock` to `held`; `false` if there are not enough. SQL decides, in the
/// statement that takes them, so two orders can never both get the last one.
pub fn hold_units(
    tx: &Transaction<'_>,
    order_id: Id,
    line: &ReservationLine,
    now: Timestamp,
) -> DbResult<bool> {
    let held = tx
        .statement(
            "UPDATE products SET stock = stock - ?2, held = held + ?2, updated_at = ?3
             WHERE id = ?1 AND stock >= ?2 AND deleted_at IS NULL",
        )?
        .run(params![line.product_id, line.quantity, now])?;
    if held == 1 {
        tx.statement(
            "INSERT INTO reservation_lines (order_id, product_id, quantity, created_at)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .run(params![order_id, line.product_id, line.quantity, now])?;
    }
    Ok(held == 1)
}

/// Moves an order's units from `held` to `sold`.
pub fn sell_held(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> DbResult<()> {
    let mut sell = tx.statement(
        "UPDATE products SET held = held - ?2, sold = sold + ?2, updated_at = ?3 WHERE id = ?1",
    )?;
    for (product_id, quantity) in list_reserved(tx, order_id)? {
        sell.run(params![product_id, quantity, now])?;
    }
    Ok(())
}

/// Moves an order's units from `held` back to `stock`. Units of a product that was deleted in
/// the meantime are written off instead.
pub fn return_held(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> DbResult<()> {
    let mut give_back = tx.statement(
        "UPDATE products SET held = held - ?2, updated_at = ?3,
             stock = CASE WHEN deleted_at IS NULL THEN stock + ?2 ELSE stock END,
             received = CASE WHEN deleted_at IS NULL THEN received ELSE received - ?2 END
         WHERE id = ?1",
    )?;
    for (product_id, quantity) in list_reserved(tx, order_id)? {
        give_back.run(params![product_id, quantity, now])?;
    }
    Ok(())
}

/// Notes that a held reservation was committed or released.
pub fn set_status(
    tx: &Transaction<'_>,
    order_id: Id,
    reservation: &Reservation,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement("UPDATE reservations SET status = ?2, updated_at = ?3 WHERE order_id = ?1")?
        .run(params![order_id, status_word(reservation), now])?;
    Ok(())
}

fn status_word(reservation: &Reservation) -> &'static str {
    match reservation {
        Reservation::Held => "HELD",
        Reservation::Committed => "COMMITTED",
        Reservation::Released => "RELEASED",
        Reservation::Refused(_) => "REFUSED",
    }
}
