//! A catalog that does not answer, in all the ways there are: the product is added, and
//! everything says that it was not checked.

use std::time::{Duration, Instant};

use chassis::testing::Behavior;
use serde_json::json;

use crate::support::{Shop, expect_unchecked, line, unchecked_line};

#[tokio::test]
async fn a_catalog_that_is_not_there_does_not_cost_a_sale() {
    let shop = Shop::open().await;
    shop.catalog.refuse();

    let answer = shop.add("user1", 1, 2).await;

    expect_unchecked(&answer, &json!([unchecked_line(1, 2)]));
    assert_eq!(shop.lines("user1").await, json!([unchecked_line(1, 2)]));
}

#[tokio::test]
async fn a_catalog_that_hangs_costs_five_seconds_and_no_sale() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::Hang);
    let started = Instant::now();

    let answer = shop.add("user1", 1, 1).await;

    expect_unchecked(&answer, &json!([unchecked_line(1, 1)]));
    let took = started.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(7), "{took:?}");
}

#[tokio::test]
async fn an_answer_that_decides_nothing_does_not_cost_a_sale() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    for behavior in [
        Behavior::Reset,
        Behavior::Close,
        Behavior::garbage(),
        Behavior::SendAndClose(half.to_vec()),
        Behavior::flood(100_000),
        Behavior::page(200),
        Behavior::page(302),
        Behavior::problem(400, "Bad request"),
        Behavior::problem(401, "Invalid API Key"),
        Behavior::problem(403, "Forbidden"),
        Behavior::problem(405, "Method not allowed"),
        Behavior::problem(429, "Too many requests"),
        Behavior::problem(500, "Something went wrong on our side"),
        Behavior::problem(503, "The service is busy, try again shortly"),
        Behavior::page(500),
    ] {
        adds_unchecked(behavior).await;
    }
}

#[tokio::test]
async fn a_404_of_somebody_else_refuses_nothing() {
    for behavior in [
        Behavior::page(404),
        Behavior::problem(404, "Not found"),
        Behavior::problem(404, "Order not found"),
        Behavior::answer(404, json!({ "error": "no such product" })),
        Behavior::answer(404, json!(null)),
    ] {
        adds_unchecked(behavior).await;
    }
}

#[tokio::test]
async fn a_200_about_something_else_confirms_nothing() {
    for body in [
        json!({ "id": 2, "name": "Mouse" }),
        json!({ "id": "1" }),
        json!({ "id": 1.5 }),
        json!({ "name": "Laptop" }),
        json!([{ "id": 1 }]),
        json!(1),
        json!(null),
    ] {
        adds_unchecked(Behavior::answer(200, body)).await;
    }
}

#[tokio::test]
async fn an_unchecked_add_is_counted_and_logged() {
    let shop = Shop::open().await;
    shop.catalog.refuse();

    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user2", 2, 1).await.expect_status(200);

    let metrics = shop.cart.get("/metrics").await.expect_text(200);
    assert!(metrics.contains("cart_unverified_adds_total 2"), "{metrics}");
    let is_warning = |line: &&String| line.contains("WARN") && line.contains("unchecked");
    assert_eq!(shop.cart.log_lines().iter().filter(is_warning).count(), 2);
}

#[tokio::test]
async fn a_line_that_was_checked_once_stays_checked() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.announce("product.updated", json!({ "product_id": 1 })).await.expect_status(200);
    shop.catalog.refuse();

    let answer = shop.add("user1", 1, 1).await;

    expect_unchecked(&answer, &json!([line(1, 2)]));
}

#[tokio::test]
async fn an_unchecked_line_is_checked_when_more_of_it_is_added() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::problem(500, "Something went wrong on our side"));
    expect_unchecked(&shop.add("user1", 1, 1).await, &json!([unchecked_line(1, 1)]));
    shop.catalog_works();

    let answer = shop.add("user1", 1, 1).await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 2)]));
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn a_cart_can_be_read_and_changed_while_the_catalog_is_away() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).await.expect_status(200);

    shop.cart.put("/cart/user1/items/1?quantity=7").await.expect_status(200);

    assert_eq!(shop.lines("user1").await, json!([unchecked_line(1, 7)]));
    shop.cart.delete("/cart/user1/clear").await.expect_status(200);
    shop.cart.get("/health").await.expect_status(200);
}

async fn adds_unchecked(behavior: Behavior) {
    let shop = Shop::open().await;
    shop.catalog_answers(behavior.clone());

    let answer = shop.add("user1", 1, 1).await;

    assert_eq!(answer.status, 200, "{behavior:?}");
    expect_unchecked(&answer, &json!([unchecked_line(1, 1)]));
}
