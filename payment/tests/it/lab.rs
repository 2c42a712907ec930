//! What the lab can do to the payment service, and what it shows of it.

use chassis::id::Id;
use chassis::testing::{Behavior, Client, LabSubject, Request, eventually};
use serde_json::json;

use crate::support::{Till, expect_pending, pay_path, program};

chassis::every_lab!(subject());

#[tokio::test]
async fn fire_once_loses_the_message_that_the_outbox_would_have_kept() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    let policy = json!({ "webhook_delivery": "fire-once", "only_for": "ann" });
    till.payment.put("/internal/policy").json(&policy).await.expect_status(200);
    till.order.refuse();
    let (naive, careful) = (Id::new(), Id::new());
    expect_pending(&till.pay(naive, "999.99").header("baggage", "lab=ann").await);
    expect_pending(&till.pay(careful, "999.99").await);

    till.order.accept();

    till.reaches(careful, "COMPLETED").await;
    assert_eq!(till.status_of(naive).await, "PENDING");
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 1 }));
    let letter = &till.payment.get("/internal/outbox").await.expect_status(200)[0];
    let why = letter["last_error"].as_str().unwrap_or_default();
    assert!(why.starts_with("sent once, and then: "), "{letter}");
    // Somebody has to notice it and send it again.
    let replay = format!("/internal/outbox/{}/replay", letter["id"].as_str().unwrap_or_default());
    till.payment.post(&replay).await.expect_status(204);
    till.reaches(naive, "COMPLETED").await;
}

/// What waits from before a restart is tried as soon as its receiver is there, with or without a tag.
#[tokio::test]
async fn a_message_with_a_tag_does_not_wait_out_its_pause_after_a_restart() {
    let mut till = Till::open_with(&[("LAB", "1")]).await;
    let busy = json!({ "detail": "Busy" });
    till.order.set(Behavior::answer_with(503, &[("retry-after", "3600")], busy));
    let order = Id::new();
    expect_pending(&till.pay(order, "999.99").header("baggage", "lab=ann").await);
    till.payment.kill().await;

    till.order_accepts();
    till.payment.restart().await;

    till.reaches(order, "COMPLETED").await;
}

#[tokio::test]
async fn fire_once_loses_a_payment_in_a_crash_that_the_outbox_survives() {
    let mut till = Till::open_with(&[("LAB", "1")]).await;
    let policy = json!({ "webhook_delivery": "fire-once", "only_for": "ann" });
    till.payment.put("/internal/policy").json(&policy).await.expect_status(200);
    let (naive, careful) = (Id::new(), Id::new());
    for (order, tag) in [(naive, "ann"), (careful, "bob")] {
        let point = json!({ "at": "payment.committed-before-webhook" });
        till.payment.post("/internal/crash").json(&point).await.expect_status(204);
        let dying = till.pay(order, "999.99").header("baggage", format!("lab={tag}")).try_send();
        assert!(dying.await.is_err());
        till.payment.wait().await;
        till.payment.restart().await;
    }

    till.reaches(careful, "COMPLETED").await;

    assert_eq!(till.status_of(naive).await, "PENDING");
    assert!(till.webhooks(naive).is_empty());
    let letter = &till.payment.get("/internal/outbox").await.expect_status(200)[0];
    assert_eq!(letter["last_error"], "sent once, and never answered", "{letter}");
    assert_ne!(letter["dead_at"], json!(null));
}

#[tokio::test]
async fn fire_once_is_over_when_the_order_answers() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    let policy = json!({ "webhook_delivery": "fire-once" });
    till.payment.put("/internal/policy").json(&policy).await.expect_status(200);

    let (order, _) = till.completed_payment().await;
    till.order_refuses(409, "Order is cancelled");
    till.pay(Id::new(), "5.00").await.expect_status(409);

    assert_eq!(till.status_of(order).await, "COMPLETED");
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn fire_once_is_for_new_payments_and_gives_up_no_older_one() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    let (order, _) = till.pending_payment().await;
    let policy = json!({ "webhook_delivery": "fire-once" });
    till.payment.put("/internal/policy").json(&policy).await.expect_status(200);
    let attempts = "SELECT attempts FROM outbox";
    let again = async || till.payment.sql_value(attempts).parse::<u32>().is_ok_and(|it| it > 1);
    eventually("it is tried again", again).await;

    till.order.accept();

    till.reaches(order, "COMPLETED").await;
}

#[tokio::test]
async fn whoever_pays_while_the_shop_is_reset_hears_that_nothing_is_left_of_it() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    till.order.set(Behavior::Hang);
    let paying = tokio::spawn(till.pay(Id::new(), "999.99").into_future());
    eventually("the order is told", async || !till.order.requests().is_empty()).await;

    till.payment.post("/internal/reset").await.expect_status(204);

    let sentence = "The service was reset meanwhile, and nothing is left of this request";
    paying.await.unwrap().expect_problem(503, sentence);
    assert_eq!(till.payments(), "0");
}

#[tokio::test]
async fn the_ledger_shows_the_money_that_was_taken() {
    let till = Till::open_with(&[("LAB", "1")]).await;
    let (order, payment) = till.completed_payment().await;
    till.order_refuses(409, "Order is cancelled");
    till.pay(Id::new(), "5.00").await.expect_status(409);

    let ledger = till.payment.get("/internal/ledger").await.expect_status(200);

    assert_eq!(ledger["payments"].as_array().map(Vec::len), Some(1));
    let entry = &ledger["payments"][0];
    assert_eq!((&entry["order_id"], &entry["payment_id"]), (&json!(order), &payment));
    assert_eq!((&entry["amount_cents"], &entry["status"]), (&json!(99_999), &json!("COMPLETED")));
}

fn pay(payment: &Client, number: u32) -> Request {
    let order = format!("019aa2f0-5c1d-7b3e-9f64-0d5a3c2b{number:04x}");
    let order: Id = order.parse().unwrap_or_else(|_| panic!("no order: {order}"));
    payment.post(&pay_path(order, "999.99"))
}

pub fn subject() -> LabSubject {
    LabSubject {
        program: program(),
        service: "payment",
        get: "/payments",
        neighbor: ("ORDER_SERVICE_URL", "order"),
        write: pay,
        refused: (
            |payment, _| {
                let id = "019aa2f0-5c1d-7b3e-9f64-0d5a3c2b1e70";
                let draft = json!({ "payment_id": id, "order_id": id, "reason": "Out of stock" });
                payment.post("/internal/refunds").json(&draft)
            },
            404,
        ),
        crash: ("payment.committed-before-webhook", pay),
        policy: Some(["webhook_delivery", "outbox", "fire-once"]),
        has_outbox: true,
    }
}
