//! Files that older versions of this program wrote. Each release adds a migration and never
//! edits one, so a file of every version can be made from the first so many.

use std::path::Path;

use catalog::BLUEPRINT;
use chassis::id::Id;
use rusqlite::Connection;
use serde_json::json;

use crate::support::{mug, program};

/// The version that has the seed. An older file ends in the middle of the first start ever, and
/// has no products.
const SEEDED: usize = 2;

#[tokio::test]
async fn a_file_of_every_older_version_is_brought_up_to_date_with_its_products() {
    for version in 0..BLUEPRINT.migrations.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("products.db");
        write_older_file(&path, version);

        let catalog = program().set("DATABASE_PATH", path.display()).start().await;

        let new = catalog.sql_value("PRAGMA user_version");
        assert_eq!(new, BLUEPRINT.migrations.len().to_string());
        let laptop = catalog.get("/products/1").await.expect_status(200);
        assert_eq!(laptop["name"], if version < SEEDED { "Laptop" } else { "Old laptop" });
        if version >= SEEDED {
            let teapot = catalog.get("/products/13").await.expect_status(200);
            assert_eq!(teapot["name"], "Teapot", "version {version}");
            assert_eq!((&teapot["price"], &teapot["stock"]), (&json!(12.34), &json!(7)));
        }
        let create = catalog.post("/products").json(&mug(1)).idempotency_key("k");
        create.await.expect_status(201);
        let line = json!({ "product_id": 2, "quantity": 1, "price": 29.99 });
        let reserve = catalog.put(&format!("/internal/reservations/{}", Id::new()));
        reserve.json(&json!({ "items": [line] })).await.expect_status(200);
    }
}

/// A file as the program wrote it when it had only the first `version` migrations, with a
/// product that was added and one that was changed.
fn write_older_file(path: &Path, version: usize) {
    let file = Connection::open(path).unwrap();
    for step in &BLUEPRINT.migrations[..version] {
        file.execute_batch(step.sql).unwrap();
    }
    file.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    if version >= SEEDED {
        file.execute_batch(
            "INSERT INTO products (name, price_cents, stock, received, created_at, updated_at)
             VALUES ('Teapot', 1234, 7, 7, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
             UPDATE products SET name = 'Old laptop' WHERE id = 1;",
        )
        .unwrap();
    }
}
