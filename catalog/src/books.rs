//! The catalog's part of the shop's books.

use chassis::storage::DbResult;
use chassis::storage::Sql;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Rows of the past that the books show.
const RECENT: u32 = 1_000;

/// Every unit that there ever was, and where it is; and what orders have reserved, latest
/// first.
pub fn ledger(connection: &Connection) -> DbResult<Value> {
    let mut products = connection.statement(
        "SELECT id, name, received, stock, held, sold, deleted_at IS NULL FROM products ORDER BY id",
    )?;
    let products = products.query_map([], |row| {
        let [received, stock, held, sold]: [i64; 4] =
            [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
        Ok(json!({
            "product_id": row.get::<_, i64>(0)?,
            "name": row.get::<_, String>(1)?,
            "received": received,
            "stock": stock,
            "held": held,
            "sold": sold,
            "is_sold": row.get::<_, bool>(6)?,
        }))
    })?;
    let products: Vec<Value> = products.collect::<rusqlite::Result<_>>()?;
    let mut reservations = connection.statement(
        "SELECT order_id, status, updated_at FROM reservations ORDER BY order_id DESC LIMIT ?1",
    )?;
    let reservations = reservations.query_map([RECENT], |row| {
        Ok(json!({
            "order_id": row.get::<_, String>(0)?,
            "status": row.get::<_, String>(1)?,
            "updated_at": row.get::<_, String>(2)?,
        }))
    })?;
    let reservations: Vec<Value> = reservations.collect::<rusqlite::Result<_>>()?;
    Ok(json!({ "products": products, "reservations": reservations }))
}
