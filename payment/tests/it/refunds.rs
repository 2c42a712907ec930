//! `POST /internal/refunds`: an order that cannot be delivered gets its money back.

use chassis::id::Id;
use serde_json::json;

use crate::support::Till;

#[tokio::test]
async fn a_completed_payment_is_refunded() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;

    let answer = till.refund(&payment_id, order).await;

    let expected = json!({ "payment_id": payment_id, "status": "REFUNDED" });
    assert_eq!(answer.expect_status(200), expected);
    let payment = till.payment_of(order).await;
    assert_eq!(payment["status"], "REFUNDED");
    assert_eq!(payment["reason"], "Out of stock after all");
    assert_eq!(payment["amount"], 999.99);
}

#[tokio::test]
async fn a_refund_that_arrives_twice_happens_once() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    till.refund(&payment_id, order).await.expect_status(200);
    let before = till.payment_of(order).await;

    let again = till.refund(&payment_id, order).await;

    assert_eq!(again.expect_status(200)["status"], "REFUNDED");
    assert_eq!(till.payment_of(order).await, before);
}

#[tokio::test]
async fn a_payment_that_the_order_accepted_without_our_hearing_it_is_refunded() {
    let till = Till::open().await;
    let (order, payment_id) = till.pending_payment().await;

    till.refund(&payment_id, order).await.expect_status(200);
    till.order.accept();

    // The webhook still goes out, is accepted, and does not bring the payment back to life.
    let told = async || till.outbox().await["pending"] == 0;
    chassis::testing::eventually("the webhook is answered", told).await;
    assert_eq!(till.status_of(order).await, "REFUNDED");
}

#[tokio::test]
async fn a_failed_payment_has_no_money_to_return() {
    let till = Till::open().await;
    till.order_refuses(409, "The order is already EXPIRED");
    let order = Id::new();
    till.pay(order, "999.99").await.expect_status(409);
    let payment_id = till.payment_of(order).await["payment_id"].clone();

    let answer = till.refund(&payment_id, order).await;

    let sentence = format!("Payment {} is already FAILED", payment_id.as_str().unwrap());
    answer.expect_problem(409, &sentence);
    assert_eq!(till.status_of(order).await, "FAILED");
}

#[tokio::test]
async fn an_unknown_payment_is_not_refunded() {
    let till = Till::open().await;

    till.refund(&json!(Id::new()), Id::new()).await.expect_problem(404, "Payment not found");
}

#[tokio::test]
async fn a_payment_of_another_order_is_not_refunded() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;

    till.refund(&payment_id, Id::new()).await.expect_problem(404, "Payment not found");

    assert_eq!(till.status_of(order).await, "COMPLETED");
}

#[tokio::test]
async fn a_refunded_payment_is_no_longer_joined() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    till.refund(&payment_id, order).await.expect_status(200);
    till.order_refuses(409, "The order is already REFUNDED");

    let answer = till.pay(order, "999.99").await;

    answer.expect_problem(409, "The order is already REFUNDED");
}

#[tokio::test]
async fn a_refund_that_cannot_be_understood_names_its_fault() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    let right = json!({ "payment_id": payment_id, "order_id": order, "reason": "Because" });

    for (field, values) in [
        ("payment_id", vec![json!("x"), json!(1), json!(null), json!("' OR 1=1 --")]),
        ("order_id", vec![json!("x"), json!(1), json!(null)]),
        ("reason", vec![json!(""), json!(1), json!("a\u{0}b"), json!("x".repeat(501))]),
        ("extra", vec![json!(1)]),
    ] {
        for value in values {
            let mut wrong = right.clone();
            wrong[field] = value;
            let answer = till.payment.post("/internal/refunds").json(&wrong).await;
            answer.expect_status(422);
            assert!(answer.detail().contains(field), "{answer}");
        }
    }
    for broken in ["", "{", "[]]", "\u{0}", "{\"payment_id\":NaN}"] {
        let post = till.payment.post("/internal/refunds");
        post.header("content-type", "application/json").body(broken).await.expect_status(400);
    }
    till.payment.post("/internal/refunds").body(right.to_string()).await.expect_status(415);

    assert_eq!(till.status_of(order).await, "COMPLETED");
}

#[tokio::test]
async fn a_refund_under_a_key_is_replayed() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    let draft = json!({ "payment_id": payment_id, "order_id": order, "reason": "Out of stock" });
    let refund = || till.payment.post("/internal/refunds").json(&draft).idempotency_key("r");

    refund().await.expect_status(200);
    let again = refund().await;

    assert_eq!(again.expect_status(200)["status"], "REFUNDED");
    assert_eq!(again.expect_header("idempotency-replayed"), "true");
}
