//! The lab puts the shop back to its first day while somebody is shopping. Nothing of what was
//! under way may reach into the new day.

use std::time::{Duration, Instant};

use chassis::testing::{Answer, eventually};
use e2e::shopping::id_of;
use e2e::{Service, Shop};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::crash_at;

/// In the order of `scripts/reset.sh`: who sends messages goes first.
const SENDERS_FIRST: [Service; 4] =
    [Service::Payment, Service::Order, Service::Catalog, Service::Cart];

const RESET: &str = "The service was reset meanwhile, and nothing is left of this request";

/// Longer than anybody waits who is not slowed down.
const SLOW_MS: u64 = 3_000;

#[tokio::test]
async fn a_reservation_under_way_holds_nothing_after_a_reset() {
    let shop = Shop::plan().set_all("LAB", 1).start().await;
    let first_day = ledgers(&shop).await;
    slow_down(&shop, Service::Catalog).await;
    let order = shop.place_order("user1", &[(11, 1, 6.49)]).unchecked();
    let placing = tokio::spawn(order.into_future());
    is_slowed_down(&shop, Service::Catalog).await;

    reset(&shop).await;

    let answer: Answer = placing.await.expect("it is answered");
    answer.expect_problem(503, RESET);
    is_as_on(&shop, &first_day).await;
}

#[tokio::test]
async fn a_payment_under_way_is_forgotten_by_a_reset() {
    let shop = Shop::plan().set_all("LAB", 1).start().await;
    let first_day = ledgers(&shop).await;
    let order = shop.order_one("user1", 11).await;
    slow_down(&shop, Service::Order).await;
    let paying = tokio::spawn(shop.pay(id_of(&order), "6.49").unchecked().into_future());
    is_slowed_down(&shop, Service::Order).await;

    reset(&shop).await;

    let answer: Answer = paying.await.expect("it is answered");
    answer.expect_problem(503, RESET);
    is_as_on(&shop, &first_day).await;
}

/// A message that the relay delivers, with nobody waiting for it.
#[tokio::test]
async fn a_message_under_way_changes_nothing_after_a_reset() {
    let mut shop = Shop::plan().set_all("LAB", 1).start().await;
    let first_day = ledgers(&shop).await;
    crash_at(&shop, Service::Order, "order.placed-before-reservation").await;
    let lost = shop.place_order("user1", &[(11, 1, 6.49)]).try_send().await;
    assert!(lost.is_err(), "{lost:?}");
    shop.order.wait().await;
    slow_down(&shop, Service::Catalog).await;
    shop.order.restart().await;
    is_slowed_down(&shop, Service::Catalog).await;

    reset(&shop).await;

    is_as_on(&shop, &first_day).await;
}

/// Somebody resets the catalog and nothing else. Carts hear of it.
#[tokio::test]
async fn carts_hear_that_the_catalog_alone_was_reset() {
    let shop = Shop::plan().set_all("LAB", 1).start().await;
    let mug = json!({ "name": "Mug", "price": 9.99, "stock": 5 });
    let mug = shop.catalog.post("/products").json(&mug).await.expect_status(201);
    let mug = mug["id"].as_i64().expect("an id");
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", mug, 1).await.expect_status(200);
    shop.delete_product(1).await.expect_status(204);
    let lines = async || shop.cart_of("user1").await;
    eventually("the laptop is gone", async || lines().await[0]["available"] == false).await;

    shop.catalog.post("/internal/reset").await.expect_status(204);

    eventually("the laptop is back", async || lines().await[0]["available"].is_null()).await;
    let gone = format!("Product {mug} not found in catalog");
    shop.add("user2", mug, 1).await.expect_problem(404, &gone);
}

async fn slow_down(shop: &Shop, service: Service) {
    let fault = json!({ "kind": "slow", "latency_ms": SLOW_MS });
    shop.service(service).put("/internal/faults").json(&fault).await.expect_status(200);
}

/// Waits until somebody is being slowed down.
async fn is_slowed_down(shop: &Shop, service: Service) {
    eventually("somebody waits", async || {
        let health = shop.service(service).get("/internal/health").await.expect_status(200);
        health["requests_in_flight"] == 2
    })
    .await;
}

async fn reset(shop: &Shop) {
    for service in SENDERS_FIRST {
        shop.service(service).post("/internal/reset").await.expect_status(204);
    }
}

/// Money and goods, as all services see them.
async fn ledgers(shop: &Shop) -> Value {
    let mut ledgers = Vec::new();
    for service in SENDERS_FIRST {
        ledgers.push(shop.service(service).get("/internal/ledger").await.expect_status(200));
    }
    ledgers.into()
}

/// Now and for as long as anything that was slowed down could still come.
async fn is_as_on(shop: &Shop, first_day: &Value) {
    let until = Instant::now() + Duration::from_millis(SLOW_MS + 1_000);
    while Instant::now() < until {
        assert_eq!(ledgers(shop).await, *first_day);
        sleep(Duration::from_millis(100)).await;
    }
    shop.settles().await;
    assert_eq!(shop.product(11).await["stock"], 500);
}
