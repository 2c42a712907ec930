//! What the catalog's answer makes of an order while whoever placed it waits.

use std::time::{Duration, Instant};

use chassis::testing::Behavior;
use serde_json::{Value, json};

use crate::support::{Shop, id_of};

#[tokio::test]
async fn an_order_that_is_out_of_stock_is_rejected_in_the_words_of_the_catalog() {
    refused(409, "Product 1 (Laptop) is out of stock: 0 left, 1 asked for").await;
}

#[tokio::test]
async fn an_order_with_an_old_price_is_rejected_with_the_current_one() {
    refused(422, "The price of product 1 (Laptop) is now 1099.99, not 999.99").await;
}

#[tokio::test]
async fn an_order_of_an_unknown_product_is_rejected() {
    refused(404, "Product 1 does not exist").await;
}

#[tokio::test]
async fn a_rejected_order_is_over() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::problem(409, "Product 1 is out of stock"));
    shop.place("user1").await.expect_status(409);
    let order = newest(&shop).await;
    let id = id_of(&order);

    let sentence = format!("Order {id} is already REJECTED");
    shop.cancel(id).await.expect_problem(409, &sentence);
    let paid = shop.report(id, chassis::id::Id::new(), "1059.97").await;
    paid.expect_problem(409, &sentence);

    assert_eq!(shop.told(id), ["reserve"]);
}

#[tokio::test]
async fn without_the_catalog_an_order_stands_and_says_so() {
    let shop = Shop::open().await;
    shop.catalog.refuse();

    let answer = shop.place("user1").await;

    let order = answer.expect_status(201);
    assert_eq!(order["status"], "CREATED");
    assert_eq!(order["reservation"], "PENDING");
    assert_eq!(answer.expect_header("x-degraded"), "catalog-unavailable");
    assert_eq!(shop.find(id_of(&order)).await["reservation"], "PENDING");
    assert_eq!(shop.outbox().await, json!({ "pending": 1, "dead": 0 }));
}

#[tokio::test]
async fn a_hanging_catalog_costs_one_time_out_and_not_one_per_order() {
    let shop = Shop::open().await;
    shop.catalog.set(Behavior::Hang);

    let started = Instant::now();
    expect_degraded(&shop).await;
    let took = started.elapsed();
    assert!((4..7).contains(&took.as_secs()), "it was given up after {took:?}");
    let started = Instant::now();
    expect_degraded(&shop).await;
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());

    shop.catalog_holds();
    for order in listed(&shop).await {
        shop.reaches(id_of(&order), "CREATED HELD").await;
    }
}

#[tokio::test]
async fn a_catalog_that_makes_no_sense_has_not_answered() {
    for behavior in [
        Behavior::problem(500, "Something went wrong on our side"),
        Behavior::problem(503, "Busy"),
        Behavior::problem(429, "Too many requests"),
        Behavior::problem(401, "Invalid API Key"),
        Behavior::problem(404, "Not found"),
        Behavior::page(200),
        Behavior::page(404),
        Behavior::garbage(),
        Behavior::Close,
        Behavior::Reset,
    ] {
        let shop = Shop::open().await;
        shop.catalog.set(behavior);

        let id = expect_degraded(&shop).await;

        shop.catalog_holds();
        shop.reaches(id, "CREATED HELD").await;
    }
}

#[tokio::test]
async fn a_refusal_that_nobody_foresaw_is_kept_for_a_person_to_look_at() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::problem(400, "The body is not valid JSON"));

    let id = expect_degraded(&shop).await;

    assert_eq!(shop.state(id).await, "CREATED PENDING");
    assert_eq!(shop.outbox().await, json!({ "pending": 0, "dead": 1 }));
}

#[tokio::test]
async fn units_that_come_late_do_not_wake_an_order_that_was_cancelled() {
    let shop = Shop::open().await;
    let held = Behavior::answer(200, json!({ "status": "HELD" }));
    shop.catalog_answers(held.after(Duration::from_secs(1)));
    let placing = tokio::spawn(shop.place("user1").into_future());
    chassis::testing::eventually("it is there", async || !listed(&shop).await.is_empty()).await;
    let id = id_of(&newest(&shop).await);

    shop.cancel(id).await.expect_status(200);
    let answer = placing.await.unwrap();

    answer.expect_status(201);
    shop.reaches(id, "CANCELLED RELEASED").await;
    shop.is_told(id, &["reserve", "release"]).await;
}

async fn refused(status: u16, sentence: &str) {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::problem(status, sentence));

    let answer = shop.place("user1").await;

    answer.expect_problem(status, sentence);
    let order = newest(&shop).await;
    let id = id_of(&order);
    assert_eq!(shop.state(id).await, "REJECTED REFUSED");
    let last = shop.history(id).await.pop().unwrap();
    assert_eq!(last, ("REJECTED".to_owned(), sentence.to_owned()));
    assert_eq!(shop.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

async fn expect_degraded(shop: &Shop) -> chassis::id::Id {
    let answer = shop.place("user1").await;
    let order = answer.expect_status(201);
    assert_eq!(order["reservation"], "PENDING", "{answer}");
    assert_eq!(answer.header("x-degraded"), Some("catalog-unavailable"), "{answer}");
    id_of(&order)
}

async fn listed(shop: &Shop) -> Vec<Value> {
    serde_json::from_value(shop.order.get("/orders").await.expect_status(200)).unwrap()
}

async fn newest(shop: &Shop) -> Value {
    listed(shop).await.swap_remove(0)
}
