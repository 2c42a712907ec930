//! How often an order service that looks healthy and does not help is asked, and who waits for
//! whom meanwhile.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chassis::id::Id;
use chassis::testing::{Answer, Behavior, all_at_once, eventually};
use serde_json::json;

use crate::support::{Till, acceptance, expect_pending};

/// How soon after its recovery the order service must be told.
const SOON: Duration = Duration::from_secs(5);

/// A pause that outlasts every test.
const LONG_PAUSE: &str = "Fri, 31 Dec 2399 23:59:59 GMT";

#[tokio::test]
async fn one_payment_that_the_order_service_fails_at_holds_up_nobody() {
    let till = Till::open().await;
    let stuck = till.stuck_payment(Behavior::problem(500, "Something went wrong")).await;
    // As often as it takes for the breaker to open.
    till.is_asked_about(stuck, 5).await;

    let others: Vec<Id> = (0..10).map(|_| Id::new()).collect();
    let began = Instant::now();
    all_at_once(others.iter().map(|order| till.pay(*order, "29.99"))).await;

    till.complete(&others).await;
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
    assert_eq!(till.status_of(stuck).await, "PENDING");
}

#[tokio::test]
async fn one_payment_that_the_order_service_is_silent_about_holds_up_nobody() {
    let till = Till::open().await;
    let stuck = till.stuck_payment(Behavior::Hang).await;
    till.is_asked_about(stuck, 2).await;

    let others: Vec<Id> = (0..5).map(|_| Id::new()).collect();
    let began = Instant::now();
    all_at_once(others.iter().map(|order| till.pay(*order, "29.99"))).await;

    // The call that hangs may have to run into its time-out first.
    till.complete(&others).await;
    assert!(began.elapsed() < 2 * SOON, "it took {:?}", began.elapsed());
    assert_eq!(till.status_of(stuck).await, "PENDING");
}

#[tokio::test]
async fn a_payment_that_fails_among_others_that_do_not_is_tried_ever_more_rarely() {
    let till = Till::open().await;
    let stuck = till.stuck_payment(Behavior::problem(500, "Something went wrong")).await;
    let began = Instant::now();

    while began.elapsed() < Duration::from_secs(8) {
        till.pay(Id::new(), "29.99").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    // By the ladder it is tried after at most 1, 5 and 30 s; a few more are for finding out that
    // it is this payment, and not the order service.
    let attempts = till.webhooks(stuck).len();
    assert!((2..=6).contains(&attempts), "{attempts} attempts");
}

#[tokio::test]
async fn an_order_service_that_looks_healthy_and_fails_is_asked_less_often_with_time() {
    let till = Till::open().await;
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let times = Arc::clone(&asked);
    till.order.play(move |request| {
        if request.path != "/health" {
            times.lock().unwrap().push(Instant::now());
        }
        Behavior::problem(500, "Something went wrong")
    });

    expect_pending(&till.pay(Id::new(), "999.99").await);
    eventually("it is asked five times", async || asked.lock().unwrap().len() == 5).await;

    let asked = asked.lock().unwrap();
    assert!(asked[4] - asked[3] > Duration::from_secs(2), "{:?}", asked[4] - asked[3]);
}

#[tokio::test]
async fn a_hundred_payments_made_while_the_order_service_fails_are_told_soon_after() {
    let till = Till::open().await;
    till.completed_payment().await;
    till.order.set(Behavior::problem(500, "Something went wrong"));
    let orders: Vec<Id> = (0..100).map(|_| Id::new()).collect();
    for answer in all_at_once(orders.iter().map(|order| till.pay(*order, "29.99"))).await {
        expect_pending(&answer);
    }
    eventually("it is asked often", async || till.order.requests().len() >= 8).await;

    till.order_accepts();

    let began = Instant::now();
    till.complete(&orders).await;
    assert!(began.elapsed() < SOON, "it took {:?}", began.elapsed());
}

#[tokio::test]
async fn whatever_is_repaired_is_noticed_soon() {
    tokio::join!(
        told_soon_after(Behavior::problem(401, "Invalid API Key")),
        told_soon_after(Behavior::problem(403, "Forbidden")),
        told_soon_after(Behavior::problem(408, "The body took longer than 10 s to send")),
        told_soon_after(Behavior::problem(429, "Too many requests")),
        told_soon_after(Behavior::problem(404, "Not found")),
        told_soon_after(Behavior::page(200)),
        told_soon_after(Behavior::garbage()),
    );
}

#[tokio::test]
async fn whoever_asks_for_a_pause_is_left_alone_whoever_pays() {
    for pause in ["60", LONG_PAUSE] {
        let till = Till::open().await;
        till.completed_payment().await;
        till.order.forget();
        till.asks_for_a_pause_of(pause);
        let order = Id::new();
        expect_pending(&till.pay(order, "999.99").await);
        let wanted = till.next_attempt();

        for _ in 0..6 {
            expect_pending(&till.pay(order, "999.99").await);
            expect_pending(&till.pay(Id::new(), "29.99").await);
        }

        assert_eq!(till.order.requests().len(), 1, "{pause}");
        assert_eq!(till.next_attempt(), wanted, "{pause}");
        let later = "SELECT julianday(next_attempt_at) - julianday(created_at) > 55.0 / 86400
                     FROM outbox ORDER BY id LIMIT 1";
        assert_eq!(till.payment.sql_value(later), "1", "{pause}");
    }
}

#[tokio::test]
async fn impatience_does_not_lengthen_the_pause() {
    let till = Till::open().await;
    let (order, _) = till.pending_payment().await;
    for _ in 0..8 {
        expect_pending(&till.pay(order, "999.99").await);
    }

    // The first attempt, and perhaps two or three of the relay's own meanwhile.
    let attempts: u32 = till.payment.sql_value("SELECT attempts FROM outbox").parse().unwrap();
    assert!((1..=4).contains(&attempts), "{attempts} attempts");
}

#[tokio::test]
async fn what_could_not_be_tried_is_not_written_either() {
    let till = Till::open().await;
    till.order.set(Behavior::Hang);
    expect_pending(&till.pay(Id::new(), "999.99").await);
    let others: Vec<Id> = (0..5).map(|_| Id::new()).collect();
    for order in &others {
        expect_pending(&till.pay(*order, "29.99").await);
    }

    // They were inserted with a grace of 6 s, and nobody has touched them since.
    let rewritten = "SELECT count(*) FROM outbox WHERE attempts = 0 AND
        abs((julianday(next_attempt_at) - julianday(created_at)) * 86400000 - 6000) > 1";
    assert_eq!(till.payment.sql_value(rewritten), "0");
    till.order_accepts();
    till.complete(&others).await;
}

impl Till {
    /// A payment that meets this behavior, while the order service accepts all others.
    async fn stuck_payment(&self, behavior: Behavior) -> Id {
        let order = Id::new();
        let path = format!("/orders/{order}/payment");
        self.order.play(
            move |request| {
                if request.path == path { behavior.clone() } else { acceptance() }
            },
        );
        expect_pending(&self.pay(order, "999.99").await);
        order
    }

    /// Waits until the order service was told so often about an order.
    async fn is_asked_about(&self, order: Id, times: usize) {
        let what = format!("it is asked {times} times");
        eventually(&what, async || self.webhooks(order).len() >= times).await;
    }

    /// Waits until the payments of these orders are completed.
    async fn complete(&self, orders: &[Id]) {
        for order in orders {
            self.reaches(*order, "COMPLETED").await;
        }
    }

    fn asks_for_a_pause_of(&self, pause: &str) {
        let busy = json!({ "detail": "Busy" });
        self.order.set(Behavior::answer_with(503, &[("retry-after", pause)], busy));
    }

    /// When the oldest message is due.
    fn next_attempt(&self) -> String {
        self.payment.sql_value("SELECT next_attempt_at FROM outbox ORDER BY id LIMIT 1")
    }
}

/// Pays while an order service that was fine a moment ago behaves like this, and repairs it when
/// the pauses have begun to grow.
async fn told_soon_after(behavior: Behavior) {
    let till = Till::open().await;
    till.completed_payment().await;
    till.order.set(behavior.clone());
    let order = Id::new();
    let answer: Answer = till.pay(order, "999.99").await;
    assert_eq!(answer.status, 202, "{behavior:?}: {answer}");
    till.is_asked_about(order, 4).await;

    till.order_accepts();

    let began = Instant::now();
    till.reaches(order, "COMPLETED").await;
    assert!(began.elapsed() < SOON, "{behavior:?}: it took {:?}", began.elapsed());
}
