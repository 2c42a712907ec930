//! `POST /pay` when the order service answers: it decides, and the payment follows.

use chassis::id::Id;
use chassis::testing::Behavior;
use serde_json::json;

use crate::support::Till;

#[tokio::test]
async fn an_accepted_payment_is_completed_and_the_order_updated() {
    let till = Till::open().await;
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    let receipt = answer.expect_status(200);
    let expected = json!({
        "payment_id": receipt["payment_id"],
        "order_id": order,
        "amount": 999.99,
        "status": "PAID",
        "message": "Payment successful and order updated",
    });
    assert_eq!(receipt, expected);
    assert_eq!(answer.header("x-degraded"), None);
    let payment = till.payment_of(order).await;
    assert_eq!(payment["payment_id"], receipt["payment_id"]);
    assert_eq!(payment["status"], "COMPLETED");
}

#[tokio::test]
async fn the_order_is_told_the_payment_and_the_exact_amount() {
    let till = Till::open().await;

    let (order, payment_id) = till.completed_payment().await;

    let [webhook] = &till.webhooks(order)[..] else { panic!("one webhook") };
    let expected = format!(r#"{{"payment_id":{payment_id},"order_id":"{order}","amount":999.99}}"#);
    assert_eq!(String::from_utf8_lossy(&webhook.body), expected);
    assert_eq!(webhook.header("content-type"), Some("application/json"));
    assert_eq!(webhook.header("x-api-key"), Some("secret-key-123"));
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn an_order_that_does_not_exist_cannot_be_paid() {
    let till = Till::open().await;
    till.order_refuses(404, "Order not found");
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    answer.expect_problem(404, &format!("Order {order} not found"));
    let payment = till.payment_of(order).await;
    assert_eq!(payment["status"], "FAILED");
    assert_eq!(payment["reason"], format!("Order {order} not found"));
}

#[tokio::test]
async fn a_wrong_amount_is_refused_in_the_words_of_the_order() {
    let till = Till::open().await;
    let sentence = "amount: the total of the order is 1059.97, not 999.99";
    till.order_refuses(422, sentence);
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    answer.expect_problem(422, sentence);
    assert_eq!(till.status_of(order).await, "FAILED");
}

#[tokio::test]
async fn an_order_that_is_over_is_refused_in_its_own_words() {
    let till = Till::open().await;
    till.order_refuses(409, "The order is already CANCELLED");
    let order = Id::new();

    let answer = till.pay(order, "999.99").await;

    answer.expect_problem(409, "The order is already CANCELLED");
    let payment = till.payment_of(order).await;
    assert_eq!(payment["status"], "FAILED");
    assert_eq!(payment["reason"], "The order is already CANCELLED");
}

#[tokio::test]
async fn a_refusal_is_final_and_not_sent_again() {
    let till = Till::open().await;
    till.order_refuses(409, "The order is already EXPIRED");
    let order = Id::new();
    till.pay(order, "999.99").await.expect_status(409);
    till.order_accepts();

    // A message that goes out afterwards shows that the relay had its chance.
    till.completed_payment().await;

    assert_eq!(till.webhooks(order).len(), 1);
    assert_eq!(till.status_of(order).await, "FAILED");
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn an_order_whose_payment_failed_can_be_paid_again() {
    let till = Till::open().await;
    till.order_refuses(422, "amount: something else");
    let order = Id::new();
    till.pay(order, "1.00").await.expect_status(422);

    till.order_accepts();
    let receipt = till.pay(order, "999.99").await.expect_status(200);

    let payment = till.payment_of(order).await;
    assert_eq!(payment["payment_id"], receipt["payment_id"]);
    assert_eq!(payment["status"], "COMPLETED");
    assert_eq!(till.payments(), "2");
}

#[tokio::test]
async fn the_payment_of_an_order_is_the_one_that_succeeded_and_not_a_later_failure() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    till.refund(&payment_id, order).await.expect_status(200);
    till.order_refuses(409, "The order is already REFUNDED");

    till.pay(order, "999.99").await.expect_status(409);

    let payment = till.payment_of(order).await;
    assert_eq!(payment["payment_id"], payment_id);
    assert_eq!(payment["status"], "REFUNDED");
}

#[tokio::test]
async fn an_answer_that_nobody_foresaw_is_kept_for_a_person_to_look_at() {
    let till = Till::open().await;
    till.order_refuses(400, "The body is not valid JSON");
    let order = Id::new();

    till.pay(order, "999.99").await.expect_status(202);

    assert_eq!(till.status_of(order).await, "PENDING");
    assert_eq!(till.outbox().await, json!({ "pending": 0, "dead": 1 }));
    let dead = till.payment.sql("SELECT kind, last_error FROM outbox WHERE dead_at IS NOT NULL");
    assert_eq!(dead, [["payment.received", "400 Bad Request The body is not valid JSON"]]);
}

#[tokio::test]
async fn nothing_is_paid_without_a_key() {
    let till = Till::open().await;
    till.order.set(Behavior::Hang);
    let order = Id::new();

    till.pay(order, "999.99").without_key().await.expect_problem(401, "Invalid API Key");

    assert_eq!(till.payments(), "0");
    assert!(till.webhooks(order).is_empty());
}
