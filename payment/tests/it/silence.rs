//! `POST /pay` when the order service does not answer. Silence is never a refusal: the money
//! is taken, and the order hears of it as soon as it can, without anybody's help.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chassis::id::Id;
use chassis::testing::Behavior;
use serde_json::json;

use crate::support::{Till, acceptance, expect_pending};

/// How soon after its return an order must be paid.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_order_service_that_is_down_is_told_when_it_is_back() {
    let till = Till::open().await;
    till.order.refuse();
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    expect_pending(&answer);
    assert_eq!(answer.expect_header("x-degraded"), "order-unavailable");
    assert_eq!(till.status_of(order).await, "PENDING");
    assert_eq!(till.outbox().await, json!({ "pending": 1, "dead": 0 }));
    till.order.accept();
    completes_soon(&till, order).await;
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn many_payments_are_all_told_when_the_order_service_is_back() {
    let till = Till::open().await;
    let mut orders = Vec::new();
    for _ in 0..30 {
        orders.push(till.pending_payment().await.0);
    }

    till.order.accept();

    let back = Instant::now();
    for order in orders {
        till.reaches(order, "COMPLETED").await;
    }
    assert!(back.elapsed() < SOON, "it took {:?}", back.elapsed());
}

#[tokio::test]
async fn a_hanging_order_service_costs_one_time_out_and_is_told_when_it_is_back() {
    let till = Till::open().await;
    till.order.set(Behavior::Hang);
    let (first, second) = (Id::new(), Id::new());

    let started = Instant::now();
    expect_pending(&till.pay(first, "999.99").await);
    let took = started.elapsed();
    assert!((4..7).contains(&took.as_secs()), "it was given up after {took:?}");

    // The breaker is open: nobody is asked, and nobody waits.
    let started = Instant::now();
    expect_pending(&till.pay(second, "29.99").await);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(till.webhooks(second).is_empty());

    till.order_accepts();
    completes_soon(&till, first).await;
    completes_soon(&till, second).await;
}

#[tokio::test]
async fn an_order_service_that_fails_is_told_again() {
    tokio::join!(
        paid_later(Behavior::problem(500, "Something went wrong on our side")),
        paid_later(Behavior::problem(503, "The shop is stopping, try again shortly")),
    );
}

#[tokio::test]
async fn an_order_service_that_rejects_our_key_is_told_again() {
    tokio::join!(
        paid_later(Behavior::problem(401, "Invalid API Key")),
        paid_later(Behavior::problem(403, "Forbidden")),
    );
}

#[tokio::test]
async fn an_order_service_without_time_is_told_again() {
    tokio::join!(
        paid_later(Behavior::problem(429, "Too many requests")),
        paid_later(Behavior::problem(408, "The body took longer than 10 s to send")),
    );
}

#[tokio::test]
async fn an_order_service_that_resets_the_connection_is_told_again() {
    paid_later(Behavior::Reset).await;
}

#[tokio::test]
async fn an_order_service_that_closes_the_connection_after_reading_is_told_again() {
    paid_later(Behavior::Close).await;
}

#[tokio::test]
async fn an_order_service_that_dies_in_its_answer_is_told_again() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 40\r\n\r\n{";
    paid_later(Behavior::SendAndClose(half.to_vec())).await;
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    paid_later(Behavior::garbage()).await;
}

#[tokio::test]
async fn a_page_for_people_is_no_answer_whatever_its_status() {
    tokio::join!(
        paid_later(Behavior::page(200)),
        paid_later(Behavior::page(302)),
        paid_later(Behavior::page(404)),
        paid_later(Behavior::page(409)),
    );
}

#[tokio::test]
async fn a_stranger_without_our_route_is_no_answer() {
    paid_later(Behavior::problem(404, "Not found")).await;
}

#[tokio::test]
async fn an_endless_answer_is_no_answer() {
    paid_later(Behavior::flood(1_000_000)).await;
}

#[tokio::test]
async fn an_order_service_that_asks_for_a_pause_is_given_it() {
    let (busy, flooded) = tokio::join!(pause_after(503), pause_after(429));

    for pause in [busy, flooded] {
        assert!((1_990..4_000).contains(&pause.as_millis()), "{pause:?}");
    }
}

#[tokio::test]
async fn paying_again_while_the_order_is_away_joins_the_first_payment() {
    let till = Till::open().await;
    let (order, payment_id) = till.pending_payment().await;

    let again = till.pay(order, "999.99").await;

    expect_pending(&again);
    assert_eq!(again.expect_status(202)["payment_id"], payment_id);
    till.order.accept();
    completes_soon(&till, order).await;
    let paid = till.pay(order, "999.99").await.expect_status(200);
    assert_eq!(paid["payment_id"], payment_id);
    assert_eq!(till.payments(), "1");
}

/// Pays while the order service answers with this status and asks for a pause of 2 s; says how
/// long that pause was.
async fn pause_after(status: u16) -> Duration {
    let till = Till::open().await;
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    till.order.play(move |request| {
        let mut times = times.lock().unwrap();
        if request.path != "/health" {
            times.push(Instant::now());
        }
        let busy = json!({ "detail": "Busy" });
        match times.len() {
            1 => Behavior::answer_with(status, &[("retry-after", "2")], busy),
            _ => acceptance(),
        }
    });
    let order = Id::new();

    expect_pending(&till.pay(order, "999.99").await);
    till.reaches(order, "COMPLETED").await;

    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    asked[1] - asked[0]
}

/// Pays while the order service behaves like this, and lets it recover.
async fn paid_later(behavior: Behavior) {
    let till = Till::open().await;
    till.order.set(behavior.clone());
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    assert_eq!(answer.status, 202, "{behavior:?}: {answer}");
    expect_pending(&answer);
    assert_eq!(till.status_of(order).await, "PENDING");
    till.order_accepts();
    completes_soon(&till, order).await;
    assert_eq!(till.payments(), "1");
}

async fn completes_soon(till: &Till, order: Id) {
    let started = Instant::now();
    till.reaches(order, "COMPLETED").await;
    assert!(started.elapsed() < SOON, "it took {:?}", started.elapsed());
}
