//! Orders that end without a payment: the shopper cancels, or time runs out.

use std::time::Duration;

use chassis::id::Id;
use chassis::testing::Behavior;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{Shop, TOTAL};

#[tokio::test]
async fn a_cancelled_order_gives_its_units_back() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    let answer = shop.cancel(order).await;

    let cancelled = answer.expect_status(200);
    assert_eq!(cancelled["status"], "CANCELLED");
    assert_eq!(cancelled["order_id"], json!(order));
    shop.reaches(order, "CANCELLED RELEASED").await;
    assert_eq!(shop.told(order), ["reserve", "release"]);
    let last = shop.history(order).await.pop().unwrap();
    assert_eq!(last, ("CANCELLED".to_owned(), "Cancelled by the shopper".to_owned()));
}

#[tokio::test]
async fn an_order_is_cancelled_once() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.cancel(order).await.expect_status(200);

    let again = shop.cancel(order).await;

    again.expect_problem(409, &format!("Order {order} is already CANCELLED"));
    shop.is_told(order, &["reserve", "release"]).await;
}

#[tokio::test]
async fn a_paid_order_cannot_be_cancelled() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.pay(order).await;

    let answer = shop.cancel(order).await;

    answer.expect_problem(409, &format!("Order {order} is already PAID"));
    shop.reaches(order, "PAID COMMITTED").await;
}

#[tokio::test]
async fn an_unknown_order_cannot_be_cancelled() {
    let shop = Shop::open().await;

    shop.cancel(Id::new()).await.expect_problem(404, "Order not found");
    shop.order.post("/orders/x'%20OR%201=1/cancel").await.expect_problem(404, "Order not found");
}

#[tokio::test]
async fn a_cancelled_order_cannot_be_paid() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.cancel(order).await.expect_status(200);

    let answer = shop.report(order, Id::new(), TOTAL).await;

    answer.expect_problem(409, &format!("Order {order} is already CANCELLED"));
    assert_eq!(shop.find(order).await["payment_id"], json!(null));
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires_and_gives_its_units_back() {
    let shop = Shop::open_with(&[("ORDER_EXPIRES_S", "1")]).await;
    let order = shop.placed().await;

    shop.reaches(order, "EXPIRED RELEASED").await;

    assert_eq!(shop.told(order), ["reserve", "release"]);
    let last = shop.history(order).await.pop().unwrap();
    assert_eq!(last, ("EXPIRED".to_owned(), "Not paid in time".to_owned()));
    let sentence = format!("Order {order} is already EXPIRED");
    shop.cancel(order).await.expect_problem(409, &sentence);
    shop.report(order, Id::new(), TOTAL).await.expect_problem(409, &sentence);
}

#[tokio::test]
async fn an_order_that_was_paid_in_time_does_not_expire() {
    let shop = Shop::open_with(&[("ORDER_EXPIRES_S", "1")]).await;
    let (paid, unpaid) = (shop.placed().await, shop.placed().await);
    shop.pay(paid).await;

    shop.reaches(unpaid, "EXPIRED RELEASED").await;

    assert_eq!(shop.state(paid).await, "PAID COMMITTED");
}

#[tokio::test]
async fn an_order_whose_time_ran_out_while_the_service_was_down_expires_ten_seconds_after_its_start()
 {
    let mut shop = Shop::open_with(&[("ORDER_EXPIRES_S", "1")]).await;
    let order = shop.placed().await;
    shop.order.kill().await;

    shop.order.restart().await;

    let newer = shop.placed().await;
    let mut ends = Vec::new();
    for id in [newer, order] {
        shop.reaches(id, "EXPIRED RELEASED").await;
        let history = shop.find(id).await["history"].clone();
        let entry = history.as_array().into_iter().flatten().find(|it| it["status"] == "EXPIRED");
        ends.push(entry.expect("its end is in the history")["at"].to_string());
    }
    assert!(ends.is_sorted_by(|newer, order| newer < order), "{ends:?}");
}

#[tokio::test]
async fn a_payment_made_in_time_that_finds_the_service_down_is_told_after_its_start() {
    let mut shop = Shop::open_with(&[("ORDER_EXPIRES_S", "1")]).await;
    let order = shop.placed().await;
    shop.order.kill().await;
    sleep(Duration::from_secs(2)).await;
    shop.order.restart().await;
    // The payment service looks for us every second.
    sleep(Duration::from_secs(3)).await;

    shop.pay(order).await;

    shop.reaches(order, "PAID COMMITTED").await;
}

#[tokio::test]
async fn many_orders_expire_at_once() {
    let shop = Shop::open_with(&[("ORDER_EXPIRES_S", "1")]).await;
    let places = (0..250).map(|_| shop.place("user1"));
    for answer in chassis::testing::all_at_once(places).await {
        answer.expect_status(201);
    }

    let open = "SELECT count(*) FROM orders WHERE status <> 'EXPIRED' OR reservation <> 'RELEASED'";
    let all_over = async || shop.order.sql_value(open) == "0";
    chassis::testing::eventually("all are over", all_over).await;
}

#[tokio::test]
async fn units_are_given_back_as_soon_as_the_catalog_is_there_again() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.catalog.refuse();

    assert_eq!(shop.cancel(order).await.expect_status(200)["status"], "CANCELLED");
    assert_eq!(shop.state(order).await, "CANCELLED HELD");

    shop.catalog.accept();
    shop.reaches(order, "CANCELLED RELEASED").await;
}

#[tokio::test]
async fn a_catalog_that_will_not_take_units_back_leaves_a_message_for_a_person() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    shop.catalog.set(Behavior::problem(409, "The reservation of this order was committed"));

    shop.cancel(order).await.expect_status(200);

    let dead = async || shop.outbox().await == json!({ "pending": 0, "dead": 1 });
    chassis::testing::eventually("it is a dead letter", dead).await;
    assert_eq!(shop.state(order).await, "CANCELLED HELD");
}
