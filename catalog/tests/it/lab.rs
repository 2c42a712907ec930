//! What the lab can do to the catalog, and what it shows of it.

use chassis::testing::LabSubject;
use serde_json::{Value, json};

use crate::support::{id_of, items, mug, program};

chassis::every_lab!(subject());

#[tokio::test]
async fn after_a_reset_ids_start_over() {
    let catalog = program().set("LAB", 1).start().await;
    let create = async || id_of(&catalog.post("/products").json(&mug(1)).await.expect_status(201));
    let first = create().await;
    assert_eq!(create().await, first + 1);

    catalog.post("/internal/reset").await.expect_status(204);

    catalog.get(&format!("/products/{first}")).await.expect_status(404);
    assert_eq!(create().await, first);
}

#[tokio::test]
async fn after_a_reset_everybody_sees_the_first_list() {
    let catalog = program().set("LAB", 1).start().await;
    let list = async || {
        let list = items(&catalog.get("/products").await);
        list.iter()
            .map(|it| [&it["id"], &it["name"], &it["stock"]].map(Value::clone))
            .collect::<Vec<_>>()
    };
    let first_day = list().await;
    catalog.delete("/products/1").await.expect_status(204);
    assert_ne!(list().await, first_day);

    catalog.post("/internal/reset").await.expect_status(204);

    assert_eq!(list().await, first_day);
}

pub fn subject() -> LabSubject {
    LabSubject {
        program: program(),
        service: "catalog",
        get: "/products/1",
        neighbor: ("CART_SERVICE_URL", "cart"),
        write: |catalog, number| catalog.put(&format!("/products/{number}")).json(&mug(7)),
        refused: (|catalog, _| catalog.delete("/products/999"), 404),
        crash: ("catalog.reserved-before-reply", |catalog, number| {
            let order = format!("019aa2f0-5c1d-7b3e-9f64-0d5a3c2b{number:04x}");
            let lines = json!([{ "product_id": 1, "quantity": 1, "price": 999.99 }]);
            let request = catalog.put(&format!("/internal/reservations/{order}"));
            request.json(&json!({ "items": lines }))
        }),
        policy: None,
        has_outbox: true,
    }
}
