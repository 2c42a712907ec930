//! The order service's part of the shop's books.

use chassis::storage::DbResult;
use chassis::storage::Sql;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Rows of the past that the books show.
const RECENT: u32 = 1_000;

/// What orders are worth, and which payment they believe to have paid them; latest first.
pub fn ledger(connection: &Connection) -> DbResult<Value> {
    let mut orders = connection.statement(
        "SELECT id, status, reservation, payment_id, total_cents, updated_at
         FROM orders ORDER BY id DESC LIMIT ?1",
    )?;
    let orders = orders.query_map([RECENT], |row| {
        Ok(json!({
            "order_id": row.get::<_, String>(0)?,
            "status": row.get::<_, String>(1)?,
            "reservation": row.get::<_, String>(2)?,
            "payment_id": row.get::<_, Option<String>>(3)?,
            "total_cents": row.get::<_, i64>(4)?,
            "updated_at": row.get::<_, String>(5)?,
        }))
    })?;
    let orders: Vec<Value> = orders.collect::<rusqlite::Result<_>>()?;
    Ok(json!({ "orders": orders }))
}
