//! The clock against the payment: orders that are paid in the moment in which they expire.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chassis::testing::eventually;
use e2e::shopping::id_of;
use e2e::{Service, Shop, audit};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Doors, at_most, from_environment, insist, settle, text};

/// Orders of a usual run; `RELIABILITY_ROUNDS=20000` for a longer one.
const ROUNDS: u64 = 1_000;

/// Races at the same time. Few enough that nobody waits so long that the clock always wins.
const RACES: usize = 200;

/// Orders being placed at the same time.
const WIDTH: usize = 40;

const NOTEBOOK: i64 = 11;

#[tokio::test]
async fn an_order_paid_while_it_expires_is_paid_or_expired_and_never_both() {
    let rounds = from_environment("RELIABILITY_ROUNDS", ROUNDS);
    let shop = Shop::plan().set(Service::Order, "ORDER_EXPIRES_S", 1).start().await;
    shop.replace_product(NOTEBOOK, "Notebook", 6.49, 1_000_000).await.expect_status(200);
    let (doors, places) = (Doors::of(&shop), Arc::new(Semaphore::new(RACES)));
    let mut races = JoinSet::new();
    for _ in 0..rounds {
        races.spawn(race(doors.clone(), Arc::clone(&places)));
    }

    let mut told: BTreeMap<String, u16> = BTreeMap::new();
    while let Some(outcome) = races.join_next().await {
        told.extend([outcome.expect("a race ends")]);
    }
    settle(&shop).await;

    let [paid, refused, waiting] =
        [200, 409, 202].map(|status| told.values().filter(|told| **told == status).count());
    println!("{rounds} orders: {paid} paid, {refused} expired, {waiting} told later");
    assert!(paid > 0 && refused > 0, "they did not meet: {paid} paid, {refused} expired");
    let ends = ends(&shop);
    for (order, status) in &told {
        let fits = match ends[order].as_str() {
            "PAID COMMITTED COMPLETED" => *status != 409,
            "EXPIRED RELEASED FAILED" => *status != 200,
            _ => false,
        };
        assert!(fits, "order {order} is {}, and its payer was told {status}", ends[order]);
    }
    assert_eq!(ends.len(), told.len());
    let books = audit(&shop).await;
    assert_eq!(books.units_held, BTreeMap::new());
}

/// More than expire in one transaction. A shop that ends only so many a second never catches up
/// with one in which more of them are abandoned, and their units stay held.
#[tokio::test]
async fn five_hundred_orders_that_expire_together_are_over_within_three_seconds() {
    let shop = Shop::plan().set(Service::Order, "ORDER_EXPIRES_S", 5).start().await;
    let wishes = (0..500).map(|_| shop.place_order("user1", &[(NOTEBOOK, 1, 6.49)])).collect();
    for answer in at_most(WIDTH, wishes).await {
        answer.expect_status(201);
    }
    // The service was away when they expired, and finds all of them at once.
    shop.order.freeze();
    sleep(Duration::from_secs(5)).await;

    shop.order.thaw();
    let began = Instant::now();
    let left = "SELECT count(*) AS n FROM orders WHERE status = 'CREATED'";
    eventually("all have expired", async || shop.order.sql_value(left) == "0").await;

    assert!(began.elapsed() < Duration::from_secs(3), "{} ms", began.elapsed().as_millis());
    let books = audit(&shop).await;
    assert_eq!(books.units_held, BTreeMap::new());
}

/// Places an order and pays it in the second in which it expires. Returns what the payer was
/// told.
async fn race(doors: Doors, places: Arc<Semaphore>) -> (String, u16) {
    let lines = json!([{ "product_id": NOTEBOOK, "quantity": 1, "price": 6.49 }]);
    let _place = places.acquire().await.expect("it stays open");
    let placed = doors.order.post("/orders?user_id=user1").json(&lines).unchecked().await;
    let order: Value = placed.expect_status(201);
    let id = id_of(&order);
    // Expired ones are looked for every second, so it happens up to a second late.
    sleep(Duration::from_millis(fastrand::u64(900..2_100))).await;
    let path = format!("/pay?order_id={id}&amount=6.49");
    let answer = insist(&doors.payment.post(&path).unchecked()).await;
    assert!([200, 202, 409].contains(&answer.status), "{answer}");
    if answer.status == 409 {
        let detail = text(&answer.expect_status(409), "detail").to_owned();
        assert!(detail.contains("EXPIRED"), "{detail}");
    }
    (id.to_owned(), answer.status)
}

/// How each order ended: its status, its reservation and its payment's status.
fn ends(shop: &Shop) -> BTreeMap<String, String> {
    let orders = shop.order.sql("SELECT id, status, reservation FROM orders");
    let payments = shop.payment.sql("SELECT order_id, status FROM payments");
    let payments: BTreeMap<_, _> =
        payments.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let end = |row: Vec<String>| {
        let payment = payments.get(&row[0]).map_or("none", String::as_str);
        (row[0].clone(), format!("{} {} {payment}", row[1], row[2]))
    };
    orders.into_iter().map(end).collect()
}
