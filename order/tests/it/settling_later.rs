//! Orders that were placed while the catalog was away are settled when it is back.

use std::time::{Duration, Instant};

use chassis::id::Id;
use chassis::testing::{Behavior, eventually};
use serde_json::json;

use crate::support::Shop;

/// How soon after its return the catalog must be told.
const SOON: Duration = Duration::from_secs(5);

const SOLD_OUT: &str = "Product 1 (Laptop) is out of stock: 0 left, 1 asked for";

#[tokio::test]
async fn a_pending_order_is_held_when_the_catalog_is_back() {
    let shop = Shop::open().await;
    let order = shop.pending().await;

    shop.catalog.accept();

    let back = Instant::now();
    shop.reaches(order, "CREATED HELD").await;
    assert!(back.elapsed() < SOON, "it took {:?}", back.elapsed());
    assert_eq!(shop.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn many_pending_orders_are_all_held_when_the_catalog_is_back() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for _ in 0..30 {
        orders.push(shop.pending().await);
    }

    shop.catalog.accept();

    let back = Instant::now();
    for order in orders {
        shop.reaches(order, "CREATED HELD").await;
    }
    assert!(back.elapsed() < SOON, "it took {:?}", back.elapsed());
}

#[tokio::test]
async fn a_pending_order_that_is_refused_later_is_rejected() {
    let shop = Shop::open().await;
    let order = shop.pending().await;

    shop.catalog_answers(Behavior::problem(409, SOLD_OUT));
    shop.catalog.accept();

    shop.reaches(order, "REJECTED REFUSED").await;
    let last = shop.history(order).await.pop().unwrap();
    assert_eq!(last, ("REJECTED".to_owned(), SOLD_OUT.to_owned()));
    assert!(shop.payment.requests().is_empty());
}

#[tokio::test]
async fn an_order_that_was_paid_while_it_was_pending_is_committed_once_its_units_are_held() {
    let shop = Shop::open().await;
    let order = shop.pending().await;
    shop.pay(order).await;
    assert_eq!(shop.state(order).await, "PAID PENDING");

    shop.catalog.accept();

    shop.reaches(order, "PAID COMMITTED").await;
    assert_eq!(shop.told(order), ["reserve", "commit"]);
}

#[tokio::test]
async fn an_order_that_was_paid_and_cannot_be_delivered_is_refunded() {
    let shop = Shop::open().await;
    let order = shop.pending().await;
    let payment = shop.pay(order).await;

    shop.catalog_answers(Behavior::problem(409, SOLD_OUT));
    shop.catalog.accept();

    shop.reaches(order, "REFUNDED REFUSED").await;
    eventually("the money is asked back", async || !refunds(&shop).is_empty()).await;
    let expected = json!({ "payment_id": payment, "order_id": order, "reason": SOLD_OUT });
    assert_eq!(refunds(&shop), [expected]);
    let returned = async || shop.history(order).await.last().unwrap().1 == "Money returned";
    eventually("the history ends with the money", returned).await;
}

#[tokio::test]
async fn a_refund_waits_for_a_payment_service_that_is_away() {
    let shop = Shop::open().await;
    let order = shop.pending().await;
    let payment = shop.pay(order).await;
    shop.payment.refuse();
    shop.catalog_answers(Behavior::problem(422, "The price of product 1 is now 2.00, not 1.00"));
    shop.catalog.accept();
    shop.reaches(order, "REFUNDED REFUSED").await;
    assert_eq!(shop.outbox().await["pending"], 1);

    shop.payment.accept();

    eventually("the money is asked back", async || !refunds(&shop).is_empty()).await;
    assert_eq!(refunds(&shop)[0]["payment_id"], json!(payment));
}

#[tokio::test]
async fn the_payment_that_paid_a_refunded_order_still_hears_yes_and_what_became_of_it() {
    let shop = Shop::open().await;
    let order = shop.pending().await;
    let payment = shop.pay(order).await;
    shop.catalog_answers(Behavior::problem(409, SOLD_OUT));
    shop.catalog.accept();
    shop.reaches(order, "REFUNDED REFUSED").await;

    let heard = shop.report(order, payment, "1059.97").await.expect_status(200);
    assert_eq!(heard, json!({ "order_id": order, "status": "REFUNDED" }));

    let sentence = format!("Order {order} is already REFUNDED");
    shop.report(order, Id::new(), "1059.97").await.expect_problem(409, &sentence);
}

#[tokio::test]
async fn an_order_that_was_cancelled_while_it_was_pending_asks_for_nothing_any_more() {
    let shop = Shop::open().await;
    let order = shop.pending().await;

    shop.cancel(order).await.expect_status(200);
    shop.catalog.accept();

    shop.reaches(order, "CANCELLED RELEASED").await;
    assert_eq!(shop.told(order), ["release"]);
}

#[tokio::test]
async fn a_pending_order_survives_a_crash_and_is_held() {
    let mut shop = Shop::open().await;
    let order = shop.pending().await;

    shop.order.kill().await;
    shop.catalog.accept();
    shop.order.restart().await;

    shop.reaches(order, "CREATED HELD").await;
}

fn refunds(shop: &Shop) -> Vec<serde_json::Value> {
    let requests = shop.payment.requests_to("POST", "/internal/refunds");
    requests.iter().map(chassis::testing::Recorded::json).collect()
}
