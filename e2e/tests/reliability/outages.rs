//! Services that are away at the worst moment. Once all are back, everything is settled within
//! five seconds, without anybody's help.

use std::time::{Duration, Instant};

use chassis::testing::eventually;
use e2e::shopping::id_of;
use e2e::{Service, Shop, audit};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{crash_at, text};

/// How long the shop may take to settle once everybody is back.
const PROMISED: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_order_placed_without_the_catalog_is_held_once_it_is_back() {
    let mut shop = Shop::start().await;
    shop.catalog.kill().await;
    let answer = shop.place_order("user1", &[(1, 2, 999.99)]).await;
    let order = answer.expect_status(201);
    assert_eq!(text(&order, "reservation"), "PENDING");
    assert_eq!(answer.expect_header("x-degraded"), "catalog-unavailable");

    shop.catalog.restart().await;

    reaches(&shop, &order, "CREATED", "HELD").await;
    let books = audit(&shop).await;
    assert_eq!(books.units_held, [("1".to_owned(), 2)].into());
}

#[tokio::test]
async fn an_order_whose_catalog_is_killed_while_it_reserves_is_held_once() {
    let mut shop = Shop::start().await;
    shop.catalog.freeze();
    let placing = tokio::spawn(shop.place_order("user1", &[(1, 2, 999.99)]).into_future());
    let is_placed = async || shop.order.sql_value("SELECT count(*) FROM orders") == "1";
    eventually("the order is placed", is_placed).await;

    shop.catalog.restart().await;

    let order = placing.await.expect("it is answered").expect_status(201);
    reaches(&shop, &order, "CREATED", "HELD").await;
    let books = audit(&shop).await;
    assert_eq!(books.units_held, [("1".to_owned(), 2)].into());
}

#[tokio::test]
async fn an_order_cancelled_while_its_units_are_being_reserved_keeps_none() {
    let shop = Shop::start().await;
    shop.catalog.freeze();
    let placing = tokio::spawn(shop.place_order("user1", &[(1, 2, 999.99)]).into_future());
    let ids = async || shop.order.get("/orders").await.expect_status(200);
    eventually("the order is placed", async || ids().await[0]["order_id"].is_string()).await;
    let order = ids().await[0].clone();
    shop.cancel(id_of(&order)).await.expect_status(200);

    shop.catalog.thaw();

    placing.await.expect("it is answered").expect_status(201);
    reaches(&shop, &order, "CANCELLED", "RELEASED").await;
    let books = audit(&shop).await;
    assert!(books.units_held.is_empty(), "{books:?}");
    assert_eq!(shop.product(1).await["stock"], 50);
}

#[tokio::test]
async fn an_order_that_expires_without_the_catalog_holds_nothing_afterwards() {
    let mut shop = Shop::plan().set(Service::Order, "ORDER_EXPIRES_S", 1).start().await;
    let held = shop.order_one("user1", 1).await;
    shop.catalog.kill().await;
    let pending = shop.place_order("user1", &[(1, 1, 999.99)]).await.expect_status(201);
    for order in [&held, &pending] {
        shop.order_becomes(id_of(order), "EXPIRED").await;
    }

    shop.catalog.restart().await;

    all_reach(&shop, &[held, pending], "EXPIRED", "RELEASED").await;
    let books = audit(&shop).await;
    assert!(books.units_held.is_empty(), "{books:?}");
}

#[tokio::test]
async fn an_order_paid_without_the_catalog_is_delivered_once_it_is_back() {
    let mut shop = Shop::start().await;
    shop.catalog.kill().await;
    let order = shop.place_order("user1", &[(1, 2, 999.99)]).await.expect_status(201);
    shop.pay(id_of(&order), "1999.98").await.expect_status(200);

    shop.catalog.restart().await;

    reaches(&shop, &order, "PAID", "COMMITTED").await;
    let books = audit(&shop).await;
    assert_eq!(books.units_sold, [("1".to_owned(), 2)].into());
}

#[tokio::test]
async fn an_order_paid_without_the_catalog_is_refunded_if_it_cannot_be_delivered() {
    let mut shop = Shop::start().await;
    shop.catalog.kill().await;
    let order = shop.place_order("user1", &[(1, 51, 999.99)]).await.expect_status(201);
    shop.pay(id_of(&order), "50999.49").await.expect_status(200);

    shop.catalog.restart().await;

    reaches(&shop, &order, "REFUNDED", "REFUSED").await;
    shop.payment_becomes(id_of(&order), "REFUNDED").await;
    let books = audit(&shop).await;
    assert_eq!((books.units_sold.len(), books.refunded_payments.len()), (0, 1));
}

#[tokio::test]
async fn a_refund_that_finds_the_payment_service_away_is_made_once_it_is_back() {
    let mut shop = Shop::plan().set_all("LAB", 1).start().await;
    shop.catalog.kill().await;
    let order = shop.place_order("user1", &[(1, 51, 999.99)]).await.expect_status(201);
    // The order is paid, and the payment service has not heard of it when it dies.
    crash_at(&shop, Service::Order, "order.paid-before-reply").await;
    shop.pay(id_of(&order), "50999.49").await.expect_status(202);
    shop.order.wait().await;
    shop.payment.kill().await;
    shop.order.restart().await;
    shop.catalog.restart().await;
    reaches(&shop, &order, "REFUNDED", "REFUSED").await;

    shop.payment.restart().await;

    shop.payment_becomes(id_of(&order), "REFUNDED").await;
    let books = audit(&shop).await;
    assert_eq!(books.refunded_payments.len(), 1);
}

#[tokio::test]
async fn a_payment_killed_before_its_webhook_pays_the_order_when_both_are_back() {
    let mut shop = Shop::plan().set_all("LAB", 1).start().await;
    let order = shop.order_one("user1", 1).await;
    crash_at(&shop, Service::Payment, "payment.committed-before-webhook").await;
    assert!(shop.pay(id_of(&order), "999.99").try_send().await.is_err());
    shop.payment.wait().await;
    shop.order.kill().await;
    shop.payment.restart().await;
    assert_eq!(shop.payment_of(id_of(&order)).await["status"], "PENDING");

    shop.order.restart().await;

    reaches(&shop, &order, "PAID", "COMMITTED").await;
    shop.payment_becomes(id_of(&order), "COMPLETED").await;
    audit(&shop).await;
}

#[tokio::test]
async fn many_payments_made_without_the_order_service_are_told_within_five_seconds() {
    let mut shop = Shop::start().await;
    let mut orders = Vec::new();
    for number in 0..40 {
        orders.push(shop.order_one(&format!("user{number}"), 11).await);
    }
    shop.order.kill().await;
    for order in &orders {
        shop.pay(id_of(order), "6.49").await.expect_status(202);
    }

    shop.order.restart().await;

    all_reach(&shop, &orders, "PAID", "COMMITTED").await;
    let books = audit(&shop).await;
    assert_eq!(books.completed_payments.len(), 40);
}

/// The order is not paid late; it is told late.
#[tokio::test]
async fn a_payment_made_in_time_counts_although_the_order_is_down_for_longer_than_it_lives() {
    let mut shop = Shop::plan().set(Service::Order, "ORDER_EXPIRES_S", 3).start().await;
    let order = shop.order_one("user1", 1).await;
    let unpaid = shop.order_one("user2", 1).await;
    shop.order.kill().await;
    shop.pay(id_of(&order), "999.99").await.expect_status(202);
    sleep(Duration::from_secs(4)).await;

    shop.order.restart().await;

    reaches(&shop, &order, "PAID", "COMMITTED").await;
    shop.payment_becomes(id_of(&order), "COMPLETED").await;
    assert_eq!(shop.order(id_of(&unpaid)).await["status"], "CREATED");
    sleep(Duration::from_secs(5)).await;
    shop.order_becomes(id_of(&unpaid), "EXPIRED").await;
    audit(&shop).await;
}

#[tokio::test]
async fn a_payment_made_while_the_order_service_fails_is_told_within_five_seconds_of_its_recovery()
{
    let shop = Shop::plan().set_all("LAB", 1).start().await;
    let order = shop.order_one("user1", 1).await;
    let fault = json!({ "kind": "error" });
    shop.order.put("/internal/faults").json(&fault).unchecked().await.expect_status(200);
    shop.pay(id_of(&order), "999.99").await.expect_status(202);
    // By then there are two seconds and more between two attempts.
    let attempts = async || {
        let rows = shop.payment.sql("SELECT attempts FROM outbox");
        rows.first().is_some_and(|row| row[0].parse::<u32>().is_ok_and(|count| count >= 4))
    };
    eventually("it is attempted four times", attempts).await;

    shop.order.delete("/internal/faults").unchecked().await.expect_status(200);

    reaches(&shop, &order, "PAID", "COMMITTED").await;
    audit(&shop).await;
}

/// Waits until an order is where it should be, and fails if that took longer than promised.
async fn reaches(shop: &Shop, order: &Value, status: &str, reservation: &str) {
    all_reach(shop, std::slice::from_ref(order), status, reservation).await;
}

/// The same for several orders, which have one deadline.
async fn all_reach(shop: &Shop, orders: &[Value], status: &str, reservation: &str) {
    let began = Instant::now();
    for order in orders {
        let what = format!("the order is {status} and {reservation}");
        let is_there = async || {
            let order = shop.order(id_of(order)).await;
            order["status"] == status && order["reservation"] == reservation
        };
        eventually(&what, is_there).await;
        let took = began.elapsed();
        assert!(took < PROMISED, "{what} after {} ms", took.as_millis());
    }
}
