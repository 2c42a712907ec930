//! The cart's part of the shop's books.

use chassis::storage::DbResult;
use chassis::storage::Sql;
use rusqlite::Connection;
use serde_json::{Value, json};

/// Which products are in carts, how many of them, and what is known about them. One row per
/// product and not per line: a shop has far fewer products than carts.
pub fn ledger(connection: &Connection) -> DbResult<Value> {
    let mut products = connection.statement(
        "SELECT line.product_id, count(*), sum(line.quantity), sum(line.needs_check),
                missing.product_id IS NOT NULL, max(line.updated_at)
         FROM cart_lines AS line LEFT JOIN missing_products AS missing USING (product_id)
         GROUP BY line.product_id ORDER BY line.product_id",
    )?;
    let products = products.query_map([], |row| {
        Ok(json!({
            "product_id": row.get::<_, i64>(0)?,
            "carts": row.get::<_, i64>(1)?,
            "quantity": row.get::<_, i64>(2)?,
            "unchecked_carts": row.get::<_, i64>(3)?,
            "is_missing": row.get::<_, bool>(4)?,
            "updated_at": row.get::<_, String>(5)?,
        }))
    })?;
    let products: Vec<Value> = products.collect::<rusqlite::Result<_>>()?;
    Ok(json!({ "products": products }))
}
