//! Many who pay one order: the money is taken once.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::id::Id;
use chassis::messaging::signature::ID_HEADER;
use chassis::testing::{Answer, Behavior, all_at_once};

use crate::support::{Till, acceptance};

/// Requests at the same time.
const STORM: usize = 200;

#[tokio::test]
async fn two_hundred_payments_of_one_order_without_a_key_are_one() {
    let till = signed_till().await;
    let order = Id::new();

    let answers = all_at_once((0..STORM).map(|_| till.pay(order, "999.99"))).await;

    is_paid_once(&till, order, &answers);
}

#[tokio::test]
async fn two_hundred_payments_of_one_order_with_one_key_are_one() {
    let till = signed_till().await;
    let order = Id::new();

    let storm = (0..STORM).map(|_| till.pay(order, "999.99").idempotency_key("one"));
    let answers = all_at_once(storm).await;

    is_paid_once(&till, order, &answers);
}

#[tokio::test]
async fn two_hundred_payments_of_one_order_with_many_keys_are_one() {
    let till = signed_till().await;
    let order = Id::new();

    let storm = (0..STORM).map(|n| till.pay(order, "999.99").idempotency_key(&format!("key-{n}")));
    let answers = all_at_once(storm).await;

    is_paid_once(&till, order, &answers);
}

#[tokio::test]
async fn a_storm_while_the_order_is_slow_is_one_payment() {
    let till = signed_till().await;
    till.order.set(acceptance().after(Duration::from_millis(500)));
    let order = Id::new();

    let answers = all_at_once((0..STORM).map(|_| till.pay(order, "999.99"))).await;

    is_paid_once(&till, order, &answers);
}

#[tokio::test]
async fn a_storm_while_the_order_is_away_is_one_payment() {
    let till = signed_till().await;
    till.order.refuse();
    let order = Id::new();

    let answers = all_at_once((0..STORM).map(|_| till.pay(order, "999.99"))).await;

    let ids = answers.iter().map(|answer| answer.expect_status(202)["payment_id"].to_string());
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), 1);
    till.order.accept();
    till.reaches(order, "COMPLETED").await;
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn a_storm_of_two_amounts_takes_one_of_them() {
    let till = signed_till().await;
    till.order.set(acceptance().after(Duration::from_millis(200)));
    let order = Id::new();
    let amounts = ["10.00", "20.00"];

    let storm = (0..100).map(|n| till.pay(order, amounts[n % 2]));
    let answers = all_at_once(storm).await;

    let (paid, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((paid.len(), refused.len()), (50, 50));
    for answer in refused {
        answer.expect_status(409);
    }
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn an_order_that_was_paid_is_not_paid_with_another_amount() {
    let till = Till::open().await;
    let (order, _) = till.completed_payment().await;

    let answer = till.pay(order, "1000.00").await;

    answer.expect_problem(409, &format!("Order {order} has a payment of 999.99 already"));
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn an_order_that_is_being_paid_is_not_paid_with_another_amount() {
    let till = Till::open().await;
    let (order, _) = till.pending_payment().await;

    let answer = till.pay(order, "1000.00").await;

    answer.expect_problem(409, &format!("Order {order} has a payment of 999.99 already"));
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn two_hundred_orders_at_once_have_two_hundred_payments() {
    let till = Till::open().await;
    till.order.play(|_| acceptance());
    let orders: Vec<Id> = (0..STORM).map(|_| Id::new()).collect();

    let answers = all_at_once(orders.iter().map(|order| till.pay(*order, "29.99"))).await;

    let ids = answers.iter().map(|answer| answer.expect_status(200)["payment_id"].to_string());
    assert_eq!(ids.collect::<BTreeSet<_>>().len(), STORM);
    assert_eq!(till.payments(), STORM.to_string());
}

#[tokio::test]
async fn a_storm_that_is_refused_leaves_nothing_alive() {
    let till = Till::open().await;
    till.order.set(Behavior::problem(409, "The order is already CANCELLED"));
    let order = Id::new();

    let answers = all_at_once((0..50).map(|_| till.pay(order, "999.99"))).await;

    for answer in answers {
        answer.expect_problem(409, "The order is already CANCELLED");
    }
    let alive = "SELECT count(*) FROM payments WHERE status <> 'FAILED'";
    assert_eq!(till.payment.sql_value(alive), "0");
}

/// Signed, because the id of the webhook tells a repeat from a second message.
async fn signed_till() -> Till {
    Till::open_with(&[("WEBHOOK_SECRET", "secret-of-this-test")]).await
}

/// Everybody heard of the same payment, there is only that one, and all webhooks about it are
/// one message.
#[track_caller]
fn is_paid_once(till: &Till, order: Id, answers: &[Answer]) {
    let receipts: BTreeSet<String> =
        answers.iter().map(|answer| answer.expect_status(200).to_string()).collect();
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    let webhooks = till.webhooks(order);
    let messages: BTreeSet<_> = webhooks.iter().map(|it| it.header(ID_HEADER)).collect();
    assert_eq!(messages.len(), 1);
    assert_eq!(till.payments(), "1");
}
