//! `Idempotency-Key` on `POST /orders` and `POST /orders/{order_id}/cancel`.

use std::collections::BTreeSet;

use chassis::id::Id;
use chassis::testing::{Behavior, Request, all_at_once, eventually};
use serde_json::json;

use crate::support::{Shop, id_of, line};

#[tokio::test]
async fn the_same_key_twice_places_one_order_and_replays_the_answer() {
    let shop = Shop::open().await;

    let first = shop.place("user1").idempotency_key("k").await;
    let second = shop.place("user1").idempotency_key("k").await;

    assert_eq!(first.expect_text(201), second.expect_text(201));
    assert_eq!(first.expect_header("location"), second.expect_header("location"));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(shop.orders(), "1");
    assert_eq!(shop.catalog.requests().len(), 1);
}

#[tokio::test]
async fn twenty_parallel_requests_with_one_key_place_one_order() {
    let shop = Shop::open().await;

    let answers = all_at_once((0..20).map(|_| shop.place("user1").idempotency_key("k"))).await;

    let ids: BTreeSet<_> = answers.iter().map(|it| id_of(&it.expect_status(201))).collect();
    let fresh = answers.iter().filter(|it| it.header("idempotency-replayed").is_none()).count();
    assert_eq!((ids.len(), fresh), (1, 1));
    assert_eq!(shop.orders(), "1");
}

#[tokio::test]
async fn a_repeat_while_the_first_is_under_way_waits_for_its_answer() {
    let shop = Shop::open().await;
    let held = Behavior::answer(200, json!({ "status": "HELD" }));
    shop.catalog_answers(held.after(std::time::Duration::from_millis(500)));

    let answers = all_at_once((0..5).map(|_| shop.place("user1").idempotency_key("k"))).await;

    for answer in &answers {
        assert_eq!(answer.expect_status(201)["reservation"], "HELD");
        assert_eq!(answer.header("x-degraded"), None);
    }
    assert_eq!(shop.catalog.requests().len(), 1);
}

#[tokio::test]
async fn the_same_key_for_another_order_is_refused() {
    let shop = Shop::open().await;
    shop.place("user1").idempotency_key("k").await.expect_status(201);

    for other in [shop.place("user2"), shop.place_lines(&json!([line(1, 1, 999.99)]))] {
        let answer = other.idempotency_key("k").await;
        answer.expect_status(422);
        assert!(answer.detail().starts_with("Idempotency-Key: "), "{answer}");
    }

    assert_eq!(shop.orders(), "1");
}

#[tokio::test]
async fn a_refusal_of_the_catalog_is_replayed() {
    for status in [404, 409, 422] {
        let shop = Shop::open().await;
        shop.catalog_answers(Behavior::problem(status, "This is the sentence of the catalog"));
        let first = shop.place("user1").idempotency_key("k").await;
        shop.catalog_holds();

        let repeat = shop.place("user1").idempotency_key("k").await;

        assert_eq!(repeat.expect_text(status), first.expect_text(status));
        assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
        assert_eq!(shop.orders(), "1");
        shop.place("user1").idempotency_key("another").await.expect_status(201);
    }
}

#[tokio::test]
async fn an_order_that_was_placed_without_the_catalog_is_replayed_as_it_was() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    let first = shop.place("user1").idempotency_key("k").await;
    shop.catalog.accept();
    shop.reaches(id_of(&first.expect_status(201)), "CREATED HELD").await;

    let repeat = shop.place("user1").idempotency_key("k").await;

    assert_eq!(repeat.expect_text(201), first.expect_text(201));
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert_eq!(repeat.expect_header("x-degraded"), "catalog-unavailable");
}

#[tokio::test]
async fn a_repeat_after_a_crash_in_the_middle_goes_on_with_the_same_order() {
    let mut shop = Shop::open().await;
    shop.catalog.set(Behavior::Hang);
    let cut_off = tokio::spawn(shop.place("user1").idempotency_key("k").try_send());
    eventually("the catalog is asked", async || !shop.catalog.requests().is_empty()).await;
    shop.order.kill().await;
    assert!(cut_off.await.unwrap().is_err());

    shop.catalog_holds();
    shop.order.restart().await;
    let repeat = shop.place("user1").idempotency_key("k").await;

    let order = repeat.expect_status(201);
    assert_eq!(order["reservation"], "HELD");
    assert_eq!(shop.orders(), "1");
    let again = shop.place("user1").idempotency_key("k").await;
    assert_eq!(id_of(&again.expect_status(201)), id_of(&order));
}

#[tokio::test]
async fn a_key_outlives_a_crash() {
    let mut shop = Shop::open().await;
    let first = shop.place("user1").idempotency_key("k").await.expect_text(201);

    shop.order.restart().await;
    let repeat = shop.place("user1").idempotency_key("k").await;

    assert_eq!(repeat.expect_text(201), first);
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_key_means_the_same_with_and_without_quotes() {
    let shop = Shop::open().await;

    shop.place("user1").idempotency_key("k").await.expect_status(201);
    let quoted = shop.place("user1").idempotency_key("\"k\"").await;

    assert_eq!(quoted.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_key_has_1_to_255_characters() {
    let shop = Shop::open().await;

    for wrong in ["", "\"\"", &"k".repeat(256)] {
        shop.place("user1").idempotency_key(wrong).await.expect_status(400);
    }
    assert_eq!(shop.orders(), "0");

    shop.place("user1").idempotency_key(&"k".repeat(255)).await.expect_status(201);
}

#[tokio::test]
async fn the_same_key_twice_cancels_once_and_replays_the_answer() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    let cancel = || shop.order.post(&format!("/orders/{order}/cancel")).idempotency_key("k");

    let first = cancel().await;
    let second = cancel().await;

    assert_eq!(first.expect_text(200), second.expect_text(200));
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    shop.is_told(order, &["reserve", "release"]).await;
}

#[tokio::test]
async fn twenty_parallel_cancellations_with_one_key_all_hear_yes() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    let cancel =
        |_| -> Request { shop.order.post(&format!("/orders/{order}/cancel")).idempotency_key("k") };

    for answer in all_at_once((0..20).map(cancel)).await {
        assert_eq!(answer.expect_status(200)["status"], "CANCELLED");
    }

    shop.is_told(order, &["reserve", "release"]).await;
}

#[tokio::test]
async fn a_cancellation_that_was_refused_is_replayed() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.pay(order).await;
    let cancel = || shop.order.post(&format!("/orders/{order}/cancel")).idempotency_key("k");

    cancel().await.expect_status(409);
    let repeat = cancel().await;

    repeat.expect_problem(409, &format!("Order {order} is already PAID"));
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_webhook_under_a_key_is_answered_once_and_then_replayed() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    let payment = Id::new();

    let first = shop.report(order, payment, "1059.97").idempotency_key("w").await;
    let second = shop.report(order, payment, "1059.97").idempotency_key("w").await;
    let other = shop.report(order, Id::new(), "1059.97").idempotency_key("w").await;

    assert_eq!(first.expect_text(200), second.expect_text(200));
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    other.expect_status(422);
}
