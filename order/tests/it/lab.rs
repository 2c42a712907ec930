//! What the lab can do to the order service, and what it shows of it.

use chassis::testing::{Client, LabSubject, Request};
use serde_json::json;

use crate::support::{Shop, laptop_and_mice, program};

chassis::every_lab!(subject());

#[tokio::test]
async fn failing_closed_loses_the_sale_and_keeps_the_shopper_informed() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    shop.catalog.refuse();
    let policy = json!({ "order_reservation": "fail-closed", "only_for": "ann" });
    shop.order.put("/internal/policy").json(&policy).await.expect_status(200);

    let refused = shop.place("user1").header("baggage", "lab=ann").await;
    let accepted = shop.place("user2").await.expect_status(201);

    refused.expect_status(503);
    refused.expect_header("retry-after");
    assert_eq!(accepted["reservation"], "PENDING");
    let orders = shop.order.get("/orders?user_id=user1").await.expect_status(200);
    assert_ne!(orders[0]["status"], "CREATED");
}

#[tokio::test]
async fn the_ledger_shows_what_orders_are_worth() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    let id = shop.placed().await;
    let payment = shop.pay(id).await;

    let ledger = shop.order.get("/internal/ledger").await.expect_status(200);

    let order = &ledger["orders"][0];
    assert_eq!(order["order_id"], json!(id));
    assert_eq!(order["payment_id"], json!(payment));
    assert_eq!((&order["status"], &order["total_cents"]), (&json!("PAID"), &json!(105_997)));
}

fn place(order: &Client, number: u32) -> Request {
    order.post(&format!("/orders?user_id=user{number}")).json(&laptop_and_mice())
}

pub fn subject() -> LabSubject {
    LabSubject {
        program: program(),
        service: "order",
        get: "/orders",
        neighbor: ("CATALOG_SERVICE_URL", "catalog"),
        write: place,
        refused: (
            |order, _| order.post("/orders/019aa2f0-5c1d-7b3e-9f64-0d5a3c2b1e70/cancel"),
            404,
        ),
        crash: ("order.placed-before-reservation", place),
        policy: Some(["order_reservation", "fail-open", "fail-closed"]),
        has_outbox: true,
    }
}
