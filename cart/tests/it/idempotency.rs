//! `Idempotency-Key` on `POST /cart/{user_id}/add`.

use chassis::testing::all_at_once;
use serde_json::json;

use crate::support::{Shop, line, product_page, unchecked_line};

#[tokio::test]
async fn the_same_key_twice_adds_once() {
    let shop = Shop::open().await;

    let first = shop.add("user1", 1, 2).idempotency_key("k").await;
    let second = shop.add("user1", 1, 2).idempotency_key("k").await;

    assert_eq!(first.expect_status(200), second.expect_status(200));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(shop.lines("user1").await, json!([line(1, 2)]));
}

#[tokio::test]
async fn a_key_means_the_same_with_and_without_quotes() {
    let shop = Shop::open().await;

    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);
    let quoted = shop.add("user1", 1, 1).idempotency_key("\"k\"").await;

    assert_eq!(quoted.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn the_same_key_for_another_request_is_refused() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);

    for other in [shop.add("user1", 1, 2), shop.add("user1", 2, 1), shop.add("user2", 1, 1)] {
        let answer = other.idempotency_key("k").await;
        answer.expect_status(422);
        assert!(answer.detail().starts_with("Idempotency-Key: "), "{answer}");
    }

    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
    assert_eq!(shop.lines("user2").await, json!([]));
}

#[tokio::test]
async fn twenty_parallel_requests_with_one_key_add_once() {
    let shop = Shop::open().await;

    let adds = (0..20).map(|_| shop.add("user1", 1, 1).idempotency_key("k"));
    for answer in all_at_once(adds).await {
        assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 1)]));
    }

    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn a_repeat_does_not_ask_the_catalog() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);
    shop.announce("product.updated", json!({ "product_id": 1 })).await.expect_status(200);
    shop.catalog.forget();

    let repeat = shop.add("user1", 1, 1).idempotency_key("k").await;

    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert!(shop.catalog.requests().is_empty());
}

#[tokio::test]
async fn a_refusal_is_repeated_as_it_was() {
    let shop = Shop::open().await;
    shop.add("user1", 999, 1).idempotency_key("k").await.expect_status(404);
    shop.catalog.play(|_| product_page("/products/1"));

    let repeat = shop.add("user1", 999, 1).idempotency_key("k").await;

    repeat.expect_problem(404, "Product 999 not found in catalog");
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_repeat_says_that_the_first_answer_was_degraded() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);

    let repeat = shop.add("user1", 1, 1).idempotency_key("k").await;

    assert_eq!(repeat.expect_header("x-degraded"), "catalog-unavailable");
    assert_eq!(repeat.expect_status(200)["cart"], json!([unchecked_line(1, 1)]));
}

#[tokio::test]
async fn a_key_outlives_a_crash() {
    let mut shop = Shop::open().await;
    shop.add("user1", 1, 1).idempotency_key("k").await.expect_status(200);

    shop.cart.restart().await;
    let repeat = shop.add("user1", 1, 1).idempotency_key("k").await;

    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let shop = Shop::open().await;

    for wrong in ["", "\"\"", &"k".repeat(256)] {
        shop.add("user1", 1, 1).idempotency_key(wrong).await.expect_status(400);
    }
    let two = shop.add("user1", 1, 1).idempotency_key("a").idempotency_key("b");
    two.await.expect_status(400);

    assert_eq!(shop.lines("user1").await, json!([]));
}
