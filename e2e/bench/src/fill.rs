//! Files that hold what a shop has after years: whatever is measured then must cost the same.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::load::Failure;

/// Rows that are written in one transaction.
const AT_ONCE: u32 = 100_000;

/// Carts with a line each.
const CARTS: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO carts (user_id, created_at, updated_at)
    SELECT printf('filler-%d', i), '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n";

const CART_LINES: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO cart_lines
        (user_id, product_id, quantity, position, needs_check, created_at, updated_at)
    SELECT printf('filler-%d', i), 1 + i % 12, 1, 1, 0,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n";

/// Orders that were paid, have expired or may still be paid, with ids of last January.
const ORDERS: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO orders
        (id, user_id, status, reservation, total_cents, created_at, updated_at, expires_at)
    SELECT printf('019b7000-%04x-7%03x-8000-%012x', i / 4096, i % 4096, i),
        printf('filler-%d', i % 100000),
        CASE i % 3 WHEN 0 THEN 'PAID' WHEN 1 THEN 'EXPIRED' ELSE 'CREATED' END,
        CASE i % 3 WHEN 0 THEN 'COMMITTED' WHEN 1 THEN 'RELEASED' ELSE 'HELD' END, 2999,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z',
        CASE i % 3 WHEN 2 THEN '2999-01-01T00:00:00.000Z' ELSE '2026-01-01T00:15:00.000Z' END
    FROM n";

const ORDER_LINES: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO order_lines
        (order_id, position, product_id, quantity, unit_price_cents, created_at)
    SELECT printf('019b7000-%04x-7%03x-8000-%012x', i / 4096, i % 4096, i), 1, 2, 1, 2999,
        '2026-01-01T00:00:00.000Z' FROM n";

const ORDER_HISTORY: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO order_history (order_id, position, at, status, detail)
    SELECT printf('019b7000-%04x-7%03x-8000-%012x', i / 4096, i % 4096, i), 1,
        '2026-01-01T00:00:00.000Z', 'CREATED', 'Order placed' FROM n";

/// Whether an order is one of these.
pub fn is_filler(order: &Value) -> bool {
    order["user_id"].as_str().is_some_and(|user| user.starts_with("filler-"))
}

/// Adds `rows` carts and `rows` orders to the files of a closed shop.
///
/// # Errors
///
/// If the files are not those of a shop.
pub fn fill(folder: &Path, rows: u32) -> Result<(), Failure> {
    insert(&folder.join("carts.db"), &[CARTS, CART_LINES], rows)?;
    insert(&folder.join("orders.db"), &[ORDERS, ORDER_LINES, ORDER_HISTORY], rows)
}

fn insert(file: &Path, statements: &[&str], rows: u32) -> Result<(), Failure> {
    let mut connection = Connection::open(file)?;
    for first in (0..rows).step_by(AT_ONCE as usize) {
        let tx = connection.transaction()?;
        for statement in statements {
            tx.execute(statement, &[(":first", &first), (":end", &(first + AT_ONCE).min(rows))])?;
        }
        tx.commit()?;
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// Products up to the number of ten thousand.
const PRODUCTS: &str = "
    WITH RECURSIVE n (i) AS (VALUES (:first) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :end)
    INSERT INTO products (name, price_cents, stock, received, created_at, updated_at)
    SELECT printf('Filler %d', i), 1999, 10, 10,
        '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM n";

/// Adds products to the file of a closed catalog until there are ten thousand.
///
/// # Errors
///
/// If the file is not that of a catalog.
pub fn fill_catalog(folder: &Path) -> Result<(), Failure> {
    insert(&folder.join("products.db"), &[PRODUCTS], 10_000 - 12)
}
