//! Every named place between two commits: the process dies there while somebody waits, is
//! started again, and the flow completes by itself, or when the same request is made again.

use chassis::testing::{Request, eventually};
use e2e::shopping::id_of;
use e2e::{SERVICES, Service, Shop, audit};
use serde_json::{Value, json};

use crate::support::{crash_at, insist, settle, text};

#[tokio::test]
async fn every_crash_point_has_a_test_here() {
    let shop = lab().await;
    let mut points = Vec::new();
    for service in SERVICES {
        let answer =
            shop.service(service).get("/internal/crash").unchecked().await.expect_status(200);
        points.extend(answer["points"].as_array().expect("a list").clone());
    }

    let tested = [
        "cart.committed-before-reply",
        "catalog.reserved-before-reply",
        "order.placed-before-reservation",
        "order.committed-before-reply",
        "order.paid-before-reply",
        "payment.committed-before-webhook",
        "payment.answered-before-reply",
    ];
    assert_eq!(Value::from(points), json!(tested));
}

#[tokio::test]
async fn an_add_cut_off_after_its_commit_is_there_once_when_it_is_repeated_with_its_key() {
    let mut shop = lab().await;
    crash_at(&shop, Service::Cart, "cart.committed-before-reply").await;
    let request = shop.add("user1", 1, 2).idempotency_key("mine");

    die_and_return(&mut shop, Service::Cart, &request).await;

    assert_eq!(shop.cart_of("user1").await, json!([{ "product_id": 1, "quantity": 2 }]));
    let answer = insist(&request).await;
    assert_eq!(answer.expect_header("idempotency-replayed"), "true");
    assert_eq!(answer.expect_status(200)["cart"][0]["quantity"], 2);
    assert_eq!(shop.cart_of("user1").await[0]["quantity"], 2);
}

#[tokio::test]
async fn an_order_whose_catalog_dies_after_reserving_is_held_once() {
    let mut shop = lab().await;
    crash_at(&shop, Service::Catalog, "catalog.reserved-before-reply").await;
    let request = shop.place_order("user1", &[(1, 2, 999.99)]).idempotency_key("mine");

    let answer = request.clone().await;
    let order = answer.expect_status(201);
    assert_eq!(
        (&order["reservation"], answer.header("x-degraded")),
        (&json!("PENDING"), Some("catalog-unavailable"))
    );
    shop.catalog.wait().await;
    shop.catalog.restart().await;

    is_held_once(&shop, 2).await;
    assert_eq!(id_of(&request.await.expect_status(201)), id_of(&order));
    is_held_once(&shop, 2).await;
}

#[tokio::test]
async fn an_order_cut_off_before_its_reservation_goes_on_by_itself() {
    order_completes("order.placed-before-reservation", false).await;
}

#[tokio::test]
async fn an_order_cut_off_before_its_reservation_is_the_same_when_it_is_repeated_with_its_key() {
    order_completes("order.placed-before-reservation", true).await;
}

#[tokio::test]
async fn an_order_cut_off_before_its_reply_goes_on_by_itself() {
    order_completes("order.committed-before-reply", false).await;
}

#[tokio::test]
async fn an_order_cut_off_before_its_reply_is_the_same_when_it_is_repeated_with_its_key() {
    order_completes("order.committed-before-reply", true).await;
}

#[tokio::test]
async fn an_order_cancelled_before_its_reservation_gives_every_repeat_the_same_reply() {
    let mut shop = lab().await;
    crash_at(&shop, Service::Order, "order.placed-before-reservation").await;
    let request = shop.place_order("user1", &[(1, 2, 999.99)]).idempotency_key("mine");
    shop.catalog.kill().await;
    die_and_return(&mut shop, Service::Order, &request).await;
    shop.cancel(&only_order(&shop)).await.expect_status(200);

    let first = insist(&request).await;
    shop.catalog.restart().await;
    settle(&shop).await;
    let second = insist(&request).await;

    assert_eq!(first.expect_status(201), second.expect_status(201));
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(id_of(&second.expect_status(201)), only_order(&shop));
}

#[tokio::test]
async fn a_payment_whose_order_dies_before_its_reply_is_completed_once() {
    let mut shop = lab().await;
    let order = shop.order_one("user1", 1).await;
    crash_at(&shop, Service::Order, "order.paid-before-reply").await;

    let request = shop.pay(id_of(&order), "999.99");
    let receipt = request.clone().await.expect_status(202);
    assert_eq!(receipt["status"], "PENDING");
    shop.order.wait().await;
    shop.order.restart().await;

    is_paid_once(&shop, &order).await;
    assert_eq!(request.await.expect_status(200)["payment_id"], receipt["payment_id"]);
}

#[tokio::test]
async fn a_payment_cut_off_before_its_webhook_goes_on_by_itself() {
    payment_completes("payment.committed-before-webhook", false).await;
}

#[tokio::test]
async fn a_payment_cut_off_before_its_webhook_is_the_same_when_it_is_repeated_with_its_key() {
    payment_completes("payment.committed-before-webhook", true).await;
}

#[tokio::test]
async fn a_payment_cut_off_before_its_reply_is_there() {
    payment_completes("payment.answered-before-reply", false).await;
}

#[tokio::test]
async fn a_payment_cut_off_before_its_reply_is_the_same_when_it_is_repeated_with_its_key() {
    payment_completes("payment.answered-before-reply", true).await;
}

async fn order_completes(point: &str, repeat: bool) {
    let mut shop = lab().await;
    crash_at(&shop, Service::Order, point).await;
    let request = shop.place_order("user1", &[(1, 2, 999.99)]).idempotency_key("mine");

    die_and_return(&mut shop, Service::Order, &request).await;

    if repeat {
        let order = insist(&request).await.expect_status(201);
        assert_eq!(id_of(&order), only_order(&shop));
    }
    is_held_once(&shop, 2).await;
}

async fn payment_completes(point: &str, repeat: bool) {
    let mut shop = lab().await;
    let order = shop.order_one("user1", 1).await;
    crash_at(&shop, Service::Payment, point).await;
    let request = shop.pay(id_of(&order), "999.99").idempotency_key("mine");

    die_and_return(&mut shop, Service::Payment, &request).await;

    if repeat {
        let receipt = insist(&request).await.expect_status(200);
        assert_eq!(receipt["payment_id"], shop.order(id_of(&order)).await["payment_id"]);
    }
    is_paid_once(&shop, &order).await;
}

async fn lab() -> Shop {
    Shop::plan().set_all("LAB", 1).start().await
}

/// Sends a request of which its service dies, and starts the service again.
async fn die_and_return(shop: &mut Shop, service: Service, request: &Request) {
    let outcome = request.clone().try_send().await;
    assert!(outcome.is_err(), "it was to die, and said: {outcome:?}");
    let status = shop.service_mut(service).wait().await;
    assert_eq!(status.code(), None, "it was to be ended by a signal");
    shop.service_mut(service).restart().await;
}

async fn is_held_once(shop: &Shop, quantity: i64) {
    let id = only_order(shop);
    let is_held = async || shop.order(&id).await["reservation"] == "HELD";
    eventually("the catalog keeps the units", is_held).await;
    let books = audit(shop).await;
    assert_eq!(books.units_held, [("1".to_owned(), quantity)].into());
}

async fn is_paid_once(shop: &Shop, order: &Value) {
    shop.order_becomes(id_of(order), "PAID").await;
    settle(shop).await;
    let payment = shop.payment_of(id_of(order)).await;
    assert_eq!(text(&payment, "status"), "COMPLETED");
    let books = audit(shop).await;
    assert_eq!(books.completed_payments.len(), 1);
    assert_eq!(shop.payment.sql_value("SELECT count(*) FROM payments"), "1");
}

fn only_order(shop: &Shop) -> String {
    let ids = shop.order.sql("SELECT id FROM orders");
    assert_eq!(ids.len(), 1, "{ids:?}");
    ids[0][0].clone()
}
