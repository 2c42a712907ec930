//! `POST /internal/events`: every event is handled once.

use chassis::testing::all_at_once;
use serde_json::json;

use crate::support::{Shop, event, line, missing_line};

#[tokio::test]
async fn a_deleted_user_loses_the_cart_and_nobody_else_does() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user2", 1, 1).await.expect_status(200);

    let answer = shop.announce("user.deleted", json!({ "user_id": "user1" })).await;

    assert_eq!(answer.expect_status(200), json!({ "status": "handled" }));
    let cart = shop.cart.get("/cart/user1").await.expect_status(200);
    assert_eq!((&cart["cart"], &cart["created_at"]), (&json!([]), &json!(null)));
    assert_eq!(shop.lines("user2").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn an_event_that_is_delivered_twice_is_handled_once() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    let event = event("user.deleted", json!({ "user_id": "user1" }));
    assert_eq!(shop.deliver(&event).await.expect_status(200)["status"], "handled");
    shop.add("user1", 2, 1).await.expect_status(200);

    let again = shop.deliver(&event).await;

    assert_eq!(again.expect_status(200), json!({ "status": "duplicate" }));
    assert_eq!(shop.lines("user1").await, json!([line(2, 1)]));
}

#[tokio::test]
async fn twenty_parallel_deliveries_of_one_event_are_handled_once() {
    let shop = Shop::open().await;
    let event = event("product.updated", json!({ "product_id": 1 }));

    let deliveries = (0..20).map(|_| shop.cart.post("/internal/events").json(&event));
    let answers = all_at_once(deliveries).await;

    let receipts: Vec<_> =
        answers.iter().map(|it| it.expect_status(200)["status"].clone()).collect();
    assert_eq!(receipts.iter().filter(|receipt| **receipt == "handled").count(), 1);
    assert_eq!(receipts.iter().filter(|receipt| **receipt == "duplicate").count(), 19);
}

#[tokio::test]
async fn an_event_is_remembered_over_a_crash() {
    let mut shop = Shop::open().await;
    let event = event("product.updated", json!({ "product_id": 1 }));
    shop.deliver(&event).await.expect_status(200);

    shop.cart.restart().await;

    assert_eq!(shop.deliver(&event).await.expect_status(200)["status"], "duplicate");
}

#[tokio::test]
async fn a_refused_event_may_come_again_in_order() {
    let shop = Shop::open().await;
    let mut event = event("user.deleted", json!({}));
    let answer = shop.deliver(&event).await;
    answer.expect_problem(422, "payload.user_id: must be given for user.deleted");

    event["payload"] = json!({ "user_id": "user1" });

    assert_eq!(shop.deliver(&event).await.expect_status(200)["status"], "handled");
}

#[tokio::test]
async fn an_unknown_event_is_refused_with_the_known_ones() {
    let shop = Shop::open().await;

    let answer = shop.announce("product.exploded", json!({ "product_id": 1 })).await;

    answer.expect_problem(
        422,
        "event_type: must be one of product.updated, product.deleted, category.updated, \
         user.deleted",
    );
}

#[tokio::test]
async fn a_sender_may_say_more_than_we_understand() {
    let shop = Shop::open().await;

    let payload = json!({ "product_id": 1, "name": "Mug", "colors": ["blue"] });
    let answer = shop.announce("product.updated", payload).await;

    answer.expect_status(200);
}

#[tokio::test]
async fn a_deleted_product_is_marked_in_every_cart() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 2).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.add("user2", 1, 1).await.expect_status(200);

    shop.announce("product.deleted", json!({ "product_id": 1 })).await.expect_status(200);

    assert_eq!(shop.lines("user1").await, json!([missing_line(1, 2), line(2, 1)]));
    assert_eq!(shop.lines("user2").await, json!([missing_line(1, 1)]));
    let answer = shop.cart.put("/cart/user1/items/1?quantity=1").await.expect_status(200);
    assert_eq!(answer["cart"], json!([missing_line(1, 1), line(2, 1)]));
}

#[tokio::test]
async fn an_event_under_a_key_is_replayed() {
    let shop = Shop::open().await;
    let event = event("product.updated", json!({ "product_id": 1 }));
    let deliver = || shop.cart.post("/internal/events").json(&event).idempotency_key("e");

    deliver().await.expect_status(200);
    let again = deliver().await;

    assert_eq!(again.expect_status(200), json!({ "status": "handled" }));
    assert_eq!(again.expect_header("idempotency-replayed"), "true");
}
