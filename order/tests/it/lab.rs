//! What the lab can do to the order service, and what it shows of it.

use std::path::Path;
use std::time::{Duration, Instant};

use chassis::testing::{Behavior, Client, LabSubject, Request, all_at_once, eventually};
use rusqlite::Connection;
use serde_json::json;

use crate::support::{Shop, laptop_and_mice, program, well};

const RESET: &str = "The service was reset meanwhile, and nothing is left of this request";

chassis::every_lab!(subject());

#[tokio::test]
async fn failing_closed_loses_the_sale_and_keeps_the_shopper_informed() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    shop.catalog.refuse();
    let policy = json!({ "order_reservation": "fail-closed", "only_for": "ann" });
    shop.order.put("/internal/policy").json(&policy).await.expect_status(200);

    let refused = shop.place("user1").header("baggage", "lab=ann").await;
    let accepted = shop.place("user2").await.expect_status(201);

    refused.expect_status(503);
    refused.expect_header("retry-after");
    assert_eq!(accepted["reservation"], "PENDING");
    let orders = shop.order.get("/orders?user_id=user1").await.expect_status(200);
    assert_ne!(orders[0]["status"], "CREATED");
}

/// What one student has broken waits, however much of it there is, and holds up nobody else.
#[tokio::test]
async fn the_messages_of_a_tag_that_is_not_answered_hold_up_no_others() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    let other = shop.placed().await;
    let mut broken = Vec::new();
    for _ in 0..150 {
        let placed = shop.place("user1").header("baggage", "lab=ann").await.expect_status(201);
        broken.push(placed["order_id"].as_str().expect("it has an id").to_owned());
    }
    shop.catalog.play(|request| match request.header("baggage") {
        Some("lab=ann") => Behavior::problem(503, "Broken on purpose"),
        _ => well(request),
    });
    for id in broken {
        let cancel = shop.order.post(&format!("/orders/{id}/cancel"));
        cancel.header("baggage", "lab=ann").await.expect_status(200);
    }

    shop.cancel(other).await.expect_status(200);

    shop.reaches(other, "CANCELLED RELEASED").await;
    assert!(shop.outbox().await["pending"].as_u64() > Some(128));
}

#[tokio::test]
async fn failing_closed_says_the_same_to_all_who_wait_for_one_order() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    let policy = json!({ "order_reservation": "fail-closed" });
    shop.order.put("/internal/policy").json(&policy).await.expect_status(200);
    let busy = Behavior::problem(503, "Busy").after(Duration::from_millis(500));
    shop.catalog_answers(busy);
    let place = || shop.place("user1").idempotency_key("once");

    for answer in all_at_once((0..8).map(|_| place())).await {
        answer.expect_status(503);
    }

    let orders = shop.order.get("/orders?user_id=user1").await.expect_status(200);
    let order = &orders[0];
    assert_eq!(order["status"], "CANCELLED");
    assert!(order["updated_at"].as_str() > order["created_at"].as_str(), "{order}");
    shop.catalog_holds();
    eventually("it is placed", async || place().await.status == 201).await;
}

#[tokio::test]
async fn the_ledger_shows_what_orders_are_worth() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    let id = shop.placed().await;
    let payment = shop.pay(id).await;

    let ledger = shop.order.get("/internal/ledger").await.expect_status(200);

    let order = &ledger["orders"][0];
    assert_eq!(order["order_id"], json!(id));
    assert_eq!(order["payment_id"], json!(payment));
    assert_eq!((&order["status"], &order["total_cents"]), (&json!("PAID"), &json!(105_997)));
}

#[tokio::test]
async fn whoever_places_an_order_while_the_shop_is_reset_hears_that_nothing_is_left_of_it() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    shop.catalog.set(Behavior::Hang);
    let placing = tokio::spawn(shop.place("user1").into_future());
    eventually("the catalog is asked", async || !shop.catalog.requests().is_empty()).await;
    let began = Instant::now();

    shop.order.post("/internal/reset").await.expect_status(204);

    let answer = placing.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    answer.expect_problem(503, RESET);
    assert_eq!((shop.orders(), shop.outbox().await["pending"].clone()), ("0".into(), json!(0)));
}

#[tokio::test]
async fn a_reset_with_ten_thousand_orders_costs_less_than_100_ms() {
    let shop = Shop::open_with(&[("LAB", "1")]).await;
    fill(shop.order.database());
    assert_eq!(shop.orders(), "10000");
    let before = processor_time(shop.order.pid());

    shop.order.post("/internal/reset").await.expect_status(204);

    let cost = processor_time(shop.order.pid()) - before;
    println!("with 10,000 orders a reset costs {cost:?}");
    assert!(cost < Duration::from_millis(100), "{cost:?}");
    assert_eq!(shop.orders(), "0");
}

/// What all threads of a process have had of the processor. The clock on the wall would measure
/// what else this machine has to do.
fn processor_time(pid: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanoseconds = threads.map(|thread| {
        let path = thread.unwrap().path().join("schedstat");
        let line = std::fs::read_to_string(path).unwrap();
        line.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Ten thousand orders of two lines, with their history and their keys.
fn fill(path: &Path) {
    let mut file = Connection::open(path).unwrap();
    file.busy_timeout(Duration::from_secs(5)).unwrap();
    let tx = file.transaction().unwrap();
    tx.execute_batch(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
         INSERT INTO orders (id, user_id, status, reservation, total_cents, payment_id,
             created_at, updated_at, expires_at)
         SELECT lower(hex(randomblob(18))), 'user' || n % 30, 'PAID', 'COMMITTED', 1000,
             lower(hex(randomblob(18))), '2026-01-01T00:00:00.000Z',
             '2026-01-01T00:00:00.000Z', '2026-01-01T00:15:00.000Z' FROM number;
         INSERT INTO order_lines (order_id, position, product_id, quantity, unit_price_cents)
         SELECT id, column1, column1, 1, 500 FROM orders, (VALUES (1), (2));
         INSERT INTO order_history (order_id, position, at, status, detail)
         SELECT id, column1, created_at, 'PAID', 'Something that happened to it'
         FROM orders, (VALUES (1), (2), (3));
         INSERT INTO idempotency_keys (key, fingerprint, subject, status, headers, body, created_at)
         SELECT payment_id, hex(randomblob(32)), id, 201, '[]', hex(randomblob(300)), created_at
         FROM orders;",
    )
    .unwrap();
    tx.commit().unwrap();
}

fn place(order: &Client, number: u32) -> Request {
    order.post(&format!("/orders?user_id=user{number}")).json(&laptop_and_mice())
}

pub fn subject() -> LabSubject {
    LabSubject {
        program: program(),
        service: "order",
        get: "/orders",
        neighbor: ("CATALOG_SERVICE_URL", "catalog"),
        write: place,
        refused: (
            |order, _| order.post("/orders/019aa2f0-5c1d-7b3e-9f64-0d5a3c2b1e70/cancel"),
            404,
        ),
        crash: ("order.placed-before-reservation", place),
        policy: Some(["order_reservation", "fail-open", "fail-closed"]),
        has_outbox: true,
    }
}
