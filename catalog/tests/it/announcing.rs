//! Every change is announced to the cart, until the cart has heard it.

use std::collections::BTreeSet;

use chassis::testing::{Behavior, all_at_once, eventually};
use serde_json::{Value, json};

use crate::support::{Shelf, mug};

#[tokio::test]
async fn a_changed_product_is_announced() {
    let shelf = Shelf::open().await;
    let before = shelf.find(1).await;

    let draft = json!({ "name": "Notebook 14", "price": 899.99, "stock": 9 });
    let after = shelf.replace(1, &draft).await.expect_status(200);

    let event = only_event(&shelf).await;
    assert_eq!(event["event_type"], "product.updated");
    assert_eq!(event["payload"], json!({ "product_id": 1, "name": "Notebook 14" }));
    assert_eq!(event["timestamp"], after["updated_at"]);
    assert_ne!(event["timestamp"], before["updated_at"]);
    let id = event["event_id"].as_str().unwrap_or_default();
    assert!(id.parse::<chassis::id::Id>().is_ok(), "{event}");
}

/// Somebody may have asked for its id before, and heard that there is no such product.
#[tokio::test]
async fn a_new_product_is_announced() {
    let shelf = Shelf::open().await;

    let id = shelf.mugs(5).await;

    let event = only_event(&shelf).await;
    assert_eq!(event["event_type"], "product.updated");
    assert_eq!(event["payload"], json!({ "product_id": id, "name": "Mug" }));
}

#[tokio::test]
async fn a_reset_is_announced_as_an_update_of_everything() {
    let shelf = Shelf::open_with(&[("LAB", "1")]).await;

    shelf.catalog.post("/internal/reset").await.expect_status(204);

    let event = only_event(&shelf).await;
    assert_eq!((&event["event_type"], &event["payload"]), (&json!("product.updated"), &json!({})));
}

#[tokio::test]
async fn a_deleted_product_is_announced() {
    let shelf = Shelf::open().await;

    shelf.delete(7).await.expect_status(204);

    let event = only_event(&shelf).await;
    assert_eq!(event["event_type"], "product.deleted");
    assert_eq!(event["payload"], json!({ "product_id": 7 }));
}

#[tokio::test]
async fn a_renamed_category_is_announced() {
    let shelf = Shelf::open().await;

    let sound = json!({ "name": "Sound" });
    shelf.catalog.put("/categories/3").json(&sound).await.expect_status(200);

    let event = only_event(&shelf).await;
    assert_eq!(event["event_type"], "category.updated");
    assert_eq!(event["payload"], json!({ "category_id": 3, "name": "Sound" }));
}

#[tokio::test]
async fn what_changes_nothing_is_not_announced() {
    let shelf = Shelf::open().await;

    shelf.replace(999, &mug(1)).await.expect_status(404);
    shelf.delete(999).await.expect_status(404);
    shelf.create(&json!({})).await.expect_status(422);
    shelf.catalog.post("/categories").json(&json!({ "name": "New" })).await.expect_status(201);

    assert_eq!(shelf.catalog.sql_value("SELECT count(*) FROM outbox"), "0");
    assert!(shelf.events().is_empty());
}

#[tokio::test]
async fn a_cart_that_is_away_hears_of_it_when_it_is_back() {
    let shelf = Shelf::open().await;
    shelf.cart.refuse();

    shelf.replace(1, &mug(5)).await.expect_status(200);
    shelf.delete(2).await.expect_status(204);
    assert_eq!(shelf.outbox().await, json!({ "pending": 2, "dead": 0 }));
    shelf.cart.accept();

    delivered(&shelf).await;
    let kinds: BTreeSet<String> =
        shelf.events().iter().map(|event| event["event_type"].to_string()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
}

#[tokio::test]
async fn an_event_that_is_sent_again_has_the_same_id() {
    let shelf = Shelf::open().await;
    shelf.cart.set(Behavior::Close);

    shelf.replace(1, &mug(5)).await.expect_status(200);
    eventually("it is sent", async || !shelf.events().is_empty()).await;
    shelf.cart.set(Behavior::answer(200, json!({ "status": "handled" })));

    delivered(&shelf).await;
    let events = shelf.events();
    assert!(events.len() >= 2);
    assert!(events.iter().all(|event| event == &events[0]), "{events:?}");
}

#[tokio::test]
async fn an_event_outlives_a_crash() {
    let mut shelf = Shelf::open().await;
    shelf.cart.refuse();
    shelf.delete(7).await.expect_status(204);

    shelf.catalog.kill().await;
    shelf.cart.accept();
    shelf.catalog.restart().await;

    delivered(&shelf).await;
    assert_eq!(only_event(&shelf).await["payload"], json!({ "product_id": 7 }));
}

#[tokio::test]
async fn a_listener_that_does_not_know_the_event_leaves_a_dead_letter() {
    let shelf = Shelf::open().await;
    shelf.cart.set(Behavior::problem(422, "event_type: unknown"));

    shelf.replace(1, &mug(5)).await.expect_status(200);

    let is_dead = async || shelf.outbox().await == json!({ "pending": 0, "dead": 1 });
    eventually("it is a dead letter", is_dead).await;
    let dead = shelf.catalog.sql("SELECT kind, last_error FROM outbox WHERE dead_at IS NOT NULL");
    assert_eq!(dead, [["product.updated", "422 Unprocessable Entity event_type: unknown"]]);
    assert_eq!(shelf.events().len(), 1);
}

#[tokio::test]
async fn a_hundred_changes_at_once_are_as_many_events() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(0).await;

    for answer in all_at_once((0..100).map(|stock| shelf.replace(id, &mug(stock)))).await {
        answer.expect_status(200);
    }

    delivered(&shelf).await;
    let ids: BTreeSet<String> =
        shelf.events().iter().map(|event| event["event_id"].to_string()).collect();
    assert_eq!(ids.len(), 1 + 100);
}

#[tokio::test]
async fn an_event_belongs_to_the_trace_of_the_change() {
    let shelf = Shelf::open().await;
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";

    let change = shelf.replace(1, &mug(5)).header("baggage", "lab=alice");
    let change = change.header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"));
    change.await.expect_status(200);

    delivered(&shelf).await;
    let request = &shelf.cart.requests_to("POST", "/internal/events")[0];
    assert!(request.header("traceparent").is_some_and(|it| it.contains(trace_id)));
    assert_eq!(request.header("baggage"), Some("lab=alice"));
    assert_eq!(request.header("x-api-key"), Some("secret-key-123"));
}

#[tokio::test]
async fn a_cart_that_hangs_keeps_nobody_waiting_who_changes_products() {
    let shelf = Shelf::open().await;
    shelf.cart.set(Behavior::Hang);

    let started = std::time::Instant::now();
    for stock in 0..20 {
        shelf.replace(1, &mug(stock)).await.expect_status(200);
    }

    assert!(started.elapsed() < std::time::Duration::from_secs(3), "{:?}", started.elapsed());
}

/// Waits until nothing waits to be announced.
async fn delivered(shelf: &Shelf) {
    let expected = json!({ "pending": 0, "dead": 0 });
    eventually("everything is announced", async || shelf.outbox().await == expected).await;
}

async fn only_event(shelf: &Shelf) -> Value {
    eventually("it is announced", async || !shelf.events().is_empty()).await;
    let [event] = &shelf.events()[..] else { panic!("one event") };
    event.clone()
}
