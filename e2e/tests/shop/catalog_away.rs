//! While the catalog is away the shop goes on selling, says so, and settles later.

use std::time::{Duration, Instant};

use chassis::testing::{Answer, eventually};
use e2e::shopping::id_of;
use e2e::{Shop, audit};
use serde_json::json;

#[track_caller]
fn expect_degraded(answer: &Answer, status: u16) {
    let _ = answer.expect_status(status);
    assert_eq!(answer.expect_header("x-degraded"), "catalog-unavailable");
}

#[tokio::test]
async fn what_was_added_without_the_catalog_is_checked_when_it_is_back() {
    let mut shop = Shop::with_nginx().await;
    shop.catalog.kill().await;

    let answer = shop.add("user1", 1, 2).await;
    expect_degraded(&answer, 200);
    assert_eq!(
        shop.cart_of("user1").await,
        json!([{ "product_id": 1, "quantity": 2, "validated": false }])
    );
    expect_degraded(&shop.add("user1", 999, 1).await, 200);

    shop.catalog.restart().await;

    let checked = json!([
        { "product_id": 1, "quantity": 2 },
        { "product_id": 999, "quantity": 1, "validated": false, "available": false },
    ]);
    eventually("the lines are checked", async || shop.cart_of("user1").await == checked).await;
}

#[tokio::test]
async fn a_catalog_that_hangs_costs_one_timeout_and_not_one_per_click() {
    let shop = Shop::with_nginx().await;
    shop.catalog.freeze();

    let started = Instant::now();
    expect_degraded(&shop.add("user1", 1, 1).await, 200);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    let started = Instant::now();
    for product in 2..=12 {
        expect_degraded(&shop.add("user1", product, 1).await, 200);
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());

    shop.catalog.thaw();

    let is_checked = async || {
        let cart = shop.cart_of("user1").await;
        let mut lines = cart.as_array().into_iter().flatten();
        lines.all(|line| line.get("validated").is_none())
    };
    eventually("the lines are checked", is_checked).await;
    let answer = shop.add("user1", 1, 1).await;
    answer.expect_status(200);
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn what_the_cart_has_learned_outlives_the_catalog() {
    let mut shop = Shop::with_nginx().await;
    shop.add("user1", 1, 1).await.expect_status(200);

    shop.catalog.kill().await;

    let answer = shop.add("user2", 1, 1).await;
    assert_eq!(answer.expect_status(200)["cart"], json!([{ "product_id": 1, "quantity": 1 }]));
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn an_order_without_the_catalog_is_paid_and_gets_its_units_later() {
    let mut shop = Shop::with_nginx().await;
    shop.catalog.kill().await;

    let placed = shop.place_order("user1", &[(1, 2, 999.99)]).await;
    expect_degraded(&placed, 201);
    let order = placed.expect_status(201);
    let id = id_of(&order);
    assert_eq!((&order["status"], &order["reservation"]), (&json!("CREATED"), &json!("PENDING")));
    shop.pay(id, 1999.98).await.expect_status(200);
    assert_eq!(shop.order(id).await["status"], "PAID");

    shop.catalog.restart().await;

    let is_sold = async || shop.order(id).await["reservation"] == "COMMITTED";
    eventually("the units are sold", is_sold).await;
    assert_eq!(shop.product(1).await["stock"], 48);
    assert_eq!(audit(&shop).await.units_sold, [("1".to_owned(), 2)].into());
}

#[tokio::test]
async fn money_for_what_turns_out_not_to_be_there_goes_back() {
    let mut shop = Shop::with_nginx().await;
    shop.catalog.kill().await;
    let order = shop.place_order("user1", &[(1, 51, 999.99)]).await.expect_status(201);
    let id = id_of(&order);
    shop.pay(id, &order["total_amount"]).await.expect_status(200);

    shop.catalog.restart().await;

    shop.order_becomes(id, "REFUNDED").await;
    shop.payment_becomes(id, "REFUNDED").await;
    assert_eq!(shop.product(1).await["stock"], 50);
    let books = audit(&shop).await;
    assert_eq!((books.refunded_orders.len(), books.units_sold.len()), (1, 0));
}

#[tokio::test]
async fn an_unpaid_order_for_what_is_not_there_is_rejected_later() {
    let mut shop = Shop::with_nginx().await;
    shop.catalog.kill().await;
    let order = shop.place_order("user1", &[(1, 1, 1.0)]).await.expect_status(201);

    shop.catalog.restart().await;

    shop.order_becomes(id_of(&order), "REJECTED").await;
    shop.pay(id_of(&order), 1).await.expect_status(409);
    audit(&shop).await;
}

#[tokio::test]
async fn an_order_that_was_cancelled_without_the_catalog_holds_nothing_later() {
    let mut shop = Shop::with_nginx().await;
    let held = shop.order_one("user1", 1).await;
    shop.catalog.kill().await;
    let pending = shop.place_order("user1", &[(1, 1, 999.99)]).await.expect_status(201);
    shop.cancel(id_of(&held)).await.expect_status(200);
    shop.cancel(id_of(&pending)).await.expect_status(200);

    shop.catalog.restart().await;

    eventually("all units are back", async || shop.product(1).await["stock"] == 50).await;
    assert!(audit(&shop).await.units_held.is_empty());
}
