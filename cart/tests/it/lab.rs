//! What the lab can do to the cart, and what it shows of it.

use chassis::testing::{Client, LabSubject, Request};
use serde_json::{Value, json};

use crate::support::{Shop, add_path, expect_unchecked, line, program, unchecked_line};

const LAB: (&str, &str) = ("LAB", "1");

chassis::every_lab!(subject());

#[tokio::test]
async fn failing_closed_can_be_tried_out_while_the_service_runs() {
    let shop = Shop::open_with(&[LAB]).await;
    shop.catalog.refuse();
    let policy = "/internal/policy";
    let fail_closed = json!({ "cart_validation": "fail-closed" });

    shop.cart.put(policy).json(&fail_closed).await.expect_status(200);
    shop.add("user1", 1, 1).await.expect_status(503);
    shop.cart.delete(policy).await.expect_status(200);

    expect_unchecked(&shop.add("user1", 1, 1).await, &json!([unchecked_line(1, 1)]));
}

#[tokio::test]
async fn an_add_that_was_committed_outlives_a_crash_before_its_reply() {
    let mut shop = Shop::open_with(&[LAB]).await;
    let crash = shop.cart.post("/internal/crash");
    let crash = crash.json(&json!({ "at": "cart.committed-before-reply" }));
    crash.await.expect_status(204);

    let lost = shop.add("user1", 1, 1).idempotency_key("k").try_send().await;
    shop.cart.wait().await;
    shop.cart.restart().await;
    let repeat = shop.add("user1", 1, 1).idempotency_key("k").await;

    assert!(lost.is_err());
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn the_ledger_names_products_that_do_not_exist() {
    let shop = Shop::open_with(&[LAB]).await;
    shop.add("user1", 1, 2).await.expect_status(200);
    shop.add("user2", 1, 3).await.expect_status(200);
    shop.announce("product.deleted", json!({ "product_id": 1 })).await.expect_status(200);

    let ledger = shop.cart.get("/internal/ledger").await.expect_status(200);

    let product = &ledger["products"][0];
    let facts = ["product_id", "carts", "quantity", "unchecked_carts", "is_missing"];
    let facts: Vec<&Value> = facts.iter().map(|fact| &product[fact]).collect();
    assert_eq!(json!(facts), json!([1, 2, 5, 0, true]));
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let shop = Shop::open_with(&[LAB]).await;
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);
    shop.announce("product.deleted", json!({ "product_id": 2 })).await.expect_status(200);

    shop.cart.post("/internal/reset").await.expect_status(204);

    assert_eq!(shop.lines("user1").await, json!([]));
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);
    assert_eq!(shop.questions(1), 2);
    shop.add("user1", 2, 1).await.expect_status(200);
    assert_eq!(shop.lines("user1").await, json!([line(1, 1), line(2, 1)]));
}

pub fn subject() -> LabSubject {
    LabSubject {
        program: program(),
        service: "cart",
        get: "/cart/user1",
        neighbor: ("CATALOG_SERVICE_URL", "catalog"),
        write: add,
        refused: (|cart, _| cart.put("/cart/user1/items/1?quantity=3"), 404),
        crash: ("cart.committed-before-reply", add),
        policy: Some(["cart_validation", "fail-open", "fail-closed"]),
        has_outbox: false,
    }
}

fn add(cart: &Client, number: u32) -> Request {
    cart.post(&add_path(&format!("user{number}"), number.into(), 1))
}
