//! Files that older versions of this program wrote. Each release adds a migration and never
//! edits one, so a file of every version can be made from the first so many.

use std::path::Path;

use chassis::id::Id;
use order::BLUEPRINT;
use rusqlite::{Connection, params};
use serde_json::json;

use crate::support::{laptop_and_mice, program};

const THEN: &str = "2026-01-01T00:00:00.000Z";

/// So many migrations make the first file whose order lines have an instant.
const LINE_INSTANTS: usize = 5;

#[tokio::test]
async fn a_file_of_every_older_version_is_brought_up_to_date_with_its_orders() {
    for version in 0..BLUEPRINT.migrations.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let orders = write_older_file(&path, version);

        let order = program().set("DATABASE_PATH", path.display()).start().await;

        for (id, status) in &orders {
            let found = order.get(&format!("/orders/{id}")).await.expect_status(200);
            assert_eq!(found["status"], *status, "version {version}");
            assert_eq!(found["items"], json!([{ "product_id": 1, "quantity": 1, "price": 9.99 }]));
            assert_eq!(found["history"][0]["detail"], "Order placed");
        }
        let new = order.sql_value("PRAGMA user_version");
        assert_eq!(new, BLUEPRINT.migrations.len().to_string());
        let wrong = "SELECT count(*) FROM order_lines JOIN orders ON orders.id = order_id
                     WHERE order_lines.created_at <> orders.created_at";
        assert_eq!(order.sql_value(wrong), "0", "version {version}");
        let place = order.post("/orders?user_id=user1").json(&laptop_and_mice());
        place.idempotency_key("k").await.expect_status(201);
    }
}

/// A file as the program wrote it when it had only the first `version` migrations, and what
/// is in it.
fn write_older_file(path: &Path, version: usize) -> Vec<(Id, &'static str)> {
    let file = Connection::open(path).unwrap();
    for step in &BLUEPRINT.migrations[..version] {
        file.execute_batch(step.sql).unwrap();
    }
    file.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    if version == 0 {
        return Vec::new();
    }
    let rows = [
        (Id::new(), "PAID", "COMMITTED", Some(Id::new())),
        (Id::new(), "CANCELLED", "RELEASED", None),
        (Id::new(), "EXPIRED", "RELEASED", None),
    ];
    for (id, status, reservation, payment) in rows {
        file.execute(
            "INSERT INTO orders (id, user_id, status, reservation, total_cents, payment_id,
                 created_at, updated_at, expires_at)
             VALUES (?1, 'user1', ?2, ?3, 999, ?4, ?5, ?5, ?5)",
            params![id, status, reservation, payment, THEN],
        )
        .unwrap();
        file.execute(
            "INSERT INTO order_lines (order_id, position, product_id, quantity, unit_price_cents)
             VALUES (?1, 1, 1, 1, 999)",
            [id],
        )
        .unwrap();
        if version >= LINE_INSTANTS {
            let date = "UPDATE order_lines SET created_at = ?2 WHERE order_id = ?1";
            file.execute(date, params![id, THEN]).unwrap();
        }
        file.execute(
            "INSERT INTO order_history (order_id, position, at, status, detail)
             VALUES (?1, 1, ?2, 'CREATED', 'Order placed')",
            params![id, THEN],
        )
        .unwrap();
    }
    rows.map(|(id, status, ..)| (id, status)).to_vec()
}
