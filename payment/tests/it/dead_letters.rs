//! Messages that were given up: how that happens, who learns of it, and what heals it.

use std::time::{Duration, Instant};

use chassis::id::Id;
use chassis::testing::{Behavior, eventually};
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::support::{Till, expect_pending};

#[tokio::test]
async fn paying_again_sends_a_message_that_was_given_up() {
    let till = Till::open().await;
    let (order, payment_id) = till.pending_payment().await;
    till.change_outbox("UPDATE outbox SET dead_at = created_at");
    till.order.accept();

    let receipt = till.pay(order, "999.99").await.expect_status(200);

    assert_eq!(receipt["payment_id"], payment_id);
    assert_eq!(till.status_of(order).await, "COMPLETED");
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn repeating_a_payment_with_its_key_sends_a_message_that_was_given_up() {
    let mut till = Till::open_with(&[("LAB", "1")]).await;
    let order = Id::new();
    let crash = json!({ "at": "payment.committed-before-webhook" });
    till.payment.post("/internal/crash").json(&crash).await.expect_status(204);
    assert!(till.pay(order, "999.99").idempotency_key("one").try_send().await.is_err());
    till.payment.wait().await;
    till.change_outbox("UPDATE outbox SET dead_at = created_at");
    till.payment.restart().await;

    till.pay(order, "999.99").idempotency_key("one").await.expect_status(200);

    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn a_message_without_an_answer_for_three_days_is_given_up_and_logged() {
    let till = Till::open().await;
    till.pending_payment().await;

    till.change_outbox("UPDATE outbox SET expires_at = created_at");

    till.gives_up(1).await;
    let why = till.payment.sql_value("SELECT last_error FROM outbox");
    assert!(why.contains("no connection"), "{why}");
    let says_so = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        line["level"] == "ERROR" && line["message"].to_string().contains("given up")
    };
    eventually("it is logged", async || till.payment.log_lines().iter().any(says_so)).await;
}

#[tokio::test]
async fn messages_that_could_not_even_be_tried_are_given_up_after_three_days_too() {
    let till = Till::open().await;
    till.order.set(Behavior::Hang);
    for _ in 0..3 {
        expect_pending(&till.pay(Id::new(), "999.99").await);
    }
    assert_eq!(till.payment.sql_value("SELECT count(*) FROM outbox WHERE attempts = 0"), "2");

    till.change_outbox("UPDATE outbox SET expires_at = created_at");

    till.gives_up(3).await;
}

#[tokio::test]
async fn a_message_that_is_given_up_while_it_is_sent_stays_given_up() {
    let till = Till::open().await;
    till.order.set(Behavior::problem(500, "Busy").after(Duration::from_secs(1)));
    let order = Id::new();
    let paying = tokio::spawn(till.pay(order, "999.99").into_future());
    eventually("it is sent", async || !till.webhooks(order).is_empty()).await;

    till.change_outbox("UPDATE outbox SET dead_at = created_at");

    expect_pending(&paying.await.unwrap());
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 1 }));
}

#[tokio::test]
async fn a_dead_letter_is_listed_however_many_messages_wait() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    let (_, payment_id) = till.pending_payment().await;
    till.change_outbox("UPDATE outbox SET dead_at = created_at");
    till.wait_in_line(300);

    let listed = till.payment.get("/internal/outbox").await.expect_status(200);

    assert_eq!(listed[0]["subject"], payment_id);
    assert_ne!(listed[0]["dead_at"], Value::Null);
    assert_eq!(listed.as_array().map(Vec::len), Some(200));
    let newest = listed.as_array().unwrap()[1..].iter().map(|message| message["id"].to_string());
    assert!(newest.clone().zip(newest.skip(1)).all(|(one, next)| one > next));
}

#[tokio::test]
async fn a_crowd_that_waits_for_a_silent_order_service_does_not_keep_the_disk_busy() {
    let till = Till::open().await;
    till.order.set(Behavior::Hang);
    expect_pending(&till.pay(Id::new(), "999.99").await);
    till.wait_in_line(300);

    // Several seconds, because what is wrong would be wrong once a second.
    let file = Connection::open(till.payment.database()).unwrap();
    let version = || file.pragma_query_value(None, "data_version", |row| row.get::<_, i64>(0));
    let (mut commits, mut last) = (0, version().unwrap());
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = version().unwrap();
        commits += i32::from(now != last);
        last = now;
    }

    // One call may have run into its time-out, and that is written down.
    assert!(commits <= 2, "{commits} commits");
}

impl Till {
    /// Changes the outbox behind the service's back.
    fn change_outbox(&self, statement: &str) {
        let file = Connection::open(self.payment.database()).unwrap();
        file.busy_timeout(Duration::from_secs(5)).unwrap();
        assert!(file.execute(statement, []).unwrap() > 0);
    }

    /// Adds messages that are due and have no payment, so that nothing is said about them.
    fn wait_in_line(&self, count: usize) {
        let mut file = Connection::open(self.payment.database()).unwrap();
        file.busy_timeout(Duration::from_secs(5)).unwrap();
        let tx = file.transaction().unwrap();
        for _ in 0..count {
            let (id, path) = (Id::new(), format!("/orders/{}/payment", Id::new()));
            tx.execute(
                "INSERT INTO outbox (id, peer, kind, subject, method, path, body, created_at,
                     next_attempt_at, expires_at)
                 VALUES (?1, 'order', 'payment.received', ?2, 'POST', ?3, '{}',
                     '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z',
                     '2999-01-01T00:00:00.000Z')",
                params![id, Id::new(), path],
            )
            .unwrap();
        }
        tx.commit().unwrap();
    }

    /// Waits until so many messages are dead letters.
    async fn gives_up(&self, count: u32) {
        let expected = json!({ "pending": 0, "dead": count });
        eventually("they are given up", async || self.outbox().await == expected).await;
    }
}
