//! The payment service's part of the shop's books.

use chassis::storage::DbResult;
use chassis::storage::Sql;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Rows of the past that the books show.
const RECENT: u32 = 1_000;

/// The money that was taken and for which order; latest first.
pub fn ledger(connection: &Connection) -> DbResult<Value> {
    let mut payments = connection.statement(
        "SELECT id, order_id, amount_cents, status, updated_at
         FROM payments WHERE status <> 'FAILED' ORDER BY id DESC LIMIT ?1",
    )?;
    let payments = payments.query_map([RECENT], |row| {
        Ok(json!({
            "payment_id": row.get::<_, String>(0)?,
            "order_id": row.get::<_, String>(1)?,
            "amount_cents": row.get::<_, i64>(2)?,
            "status": row.get::<_, String>(3)?,
            "updated_at": row.get::<_, String>(4)?,
        }))
    })?;
    let payments: Vec<Value> = payments.collect::<rusqlite::Result<_>>()?;
    Ok(json!({ "payments": payments }))
}
