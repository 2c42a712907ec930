//! Files that older versions of this program wrote. Each release adds a migration and never
//! edits one, so a file of every version can be made from the first so many.

use std::path::Path;

use chassis::id::Id;
use payment::BLUEPRINT;
use rusqlite::{Connection, params};

use crate::support::program;

#[tokio::test]
async fn a_file_of_every_older_version_is_brought_up_to_date_with_its_payments() {
    for version in 0..BLUEPRINT.migrations.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("payments.db");
        let orders = write_older_file(&path, version);

        let payment = program().set("DATABASE_PATH", path.display()).start().await;

        for (order, status) in &orders {
            let found = payment.get(&format!("/payments/{order}")).await.expect_status(200);
            assert_eq!(found["status"], *status, "version {version}");
            assert_eq!(found["amount"], 1059.97);
        }
        let (order, new) = (Id::new(), payment.sql_value("PRAGMA user_version"));
        assert_eq!(new, BLUEPRINT.migrations.len().to_string());
        let pay = payment.post(&format!("/pay?order_id={order}&amount=1.00"));
        pay.idempotency_key("k").await.expect_status(202);
    }
}

/// A notice that was written before notices named their order, and not delivered yet.
#[tokio::test]
async fn a_notice_that_an_older_version_wrote_names_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.db");
    let orders = write_older_file(&path, 3);
    let order = orders[3].0;
    let body = format!(r#"{{"payment_id":"{}","amount":1059.97}}"#, Id::new());
    let file = Connection::open(&path).unwrap();
    file.execute(
        "INSERT INTO outbox (id, peer, kind, subject, method, path, body, created_at,
             next_attempt_at, expires_at)
         VALUES (?1, 'order', 'payment.received', 'x', 'POST', ?2, ?3, ?4, ?4, ?4)",
        params![Id::new(), format!("/orders/{order}/payment"), body, "2099-01-01T00:00:00.000Z"],
    )
    .unwrap();

    let payment = program().set("DATABASE_PATH", path.display()).start().await;

    let body = payment.sql_value("SELECT body FROM outbox");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["order_id"], &body["amount"]), (&order.to_string().into(), &1059.97.into()));
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
        (Id::new(), "COMPLETED", None, None),
        (Id::new(), "FAILED", Some(409), Some("The order is already EXPIRED")),
        (Id::new(), "REFUNDED", None, Some("Out of stock after all")),
        (Id::new(), "PENDING", None, None),
    ];
    for (order, status, refusal_status, reason) in rows {
        file.execute(
            "INSERT INTO payments (id, order_id, amount_cents, status, refusal_status, reason,
                 created_at, updated_at)
             VALUES (?1, ?2, 105997, ?3, ?4, ?5, '2026-01-01T00:00:00.000Z',
                 '2026-01-01T00:00:00.000Z')",
            params![Id::new(), order, status, refusal_status, reason],
        )
        .unwrap();
    }
    rows.map(|(order, status, ..)| (order, status)).to_vec()
}
