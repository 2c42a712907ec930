//! `Idempotency-Key` on `POST /pay`.

use chassis::id::Id;
use chassis::testing::Behavior;

use crate::support::{Till, expect_pending};

#[tokio::test]
async fn the_same_key_twice_pays_once_and_replays_the_receipt() {
    let till = Till::open().await;
    let order = Id::new();

    let first = till.pay(order, "999.99").idempotency_key("k").await;
    let second = till.pay(order, "999.99").idempotency_key("k").await;

    assert_eq!(first.expect_text(200), second.expect_text(200));
    assert_eq!(first.header("idempotency-replayed"), None);
    assert_eq!(second.expect_header("idempotency-replayed"), "true");
    assert_eq!(till.webhooks(order).len(), 1);
}

#[tokio::test]
async fn a_payment_that_was_recorded_is_replayed_as_it_was() {
    let till = Till::open().await;
    till.order.refuse();
    let order = Id::new();
    let first = till.pay(order, "999.99").idempotency_key("k").await;
    expect_pending(&first);
    till.order.accept();
    till.reaches(order, "COMPLETED").await;

    let repeat = till.pay(order, "999.99").idempotency_key("k").await;

    assert_eq!(repeat.expect_text(202), first.expect_text(202));
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert_eq!(repeat.expect_header("x-degraded"), "order-unavailable");
    // Whoever wants to know how it stands asks without the key.
    till.pay(order, "999.99").await.expect_status(200);
}

#[tokio::test]
async fn a_refusal_of_any_kind_is_replayed() {
    for status in [404, 409, 422] {
        let till = Till::open().await;
        till.order_refuses(status, "This is the sentence of the order");
        let order = Id::new();
        let first = till.pay(order, "999.99").idempotency_key("k").await;
        till.order_accepts();

        let repeat = till.pay(order, "999.99").idempotency_key("k").await;

        assert_eq!(repeat.expect_text(status), first.expect_text(status));
        assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
        assert_eq!(till.webhooks(order).len(), 1);
        till.pay(order, "999.99").idempotency_key("another").await.expect_status(200);
    }
}

#[tokio::test]
async fn the_refusal_of_another_amount_is_replayed() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    let first = till.pay(order, "1.00").idempotency_key("k").await;
    first.expect_status(409);
    till.refund(&payment_id, order).await.expect_status(200);

    let repeat = till.pay(order, "1.00").idempotency_key("k").await;

    assert_eq!(repeat.expect_text(409), first.expect_text(409));
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn the_same_key_for_another_request_is_refused() {
    let till = Till::open().await;
    let order = Id::new();
    till.pay(order, "999.99").idempotency_key("k").await.expect_status(200);

    for other in [till.pay(order, "999.98"), till.pay(Id::new(), "999.99")] {
        let answer = other.idempotency_key("k").await;
        answer.expect_status(422);
        assert!(answer.detail().starts_with("Idempotency-Key: "), "{answer}");
    }

    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn a_key_means_the_same_with_and_without_quotes() {
    let till = Till::open().await;
    let order = Id::new();

    till.pay(order, "999.99").idempotency_key("k").await.expect_status(200);
    let quoted = till.pay(order, "999.99").idempotency_key("\"k\"").await;

    assert_eq!(quoted.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_key_has_1_to_255_characters() {
    let till = Till::open().await;
    let order = Id::new();

    for wrong in ["", "\"\"", &"k".repeat(256)] {
        till.pay(order, "999.99").idempotency_key(wrong).await.expect_status(400);
    }
    let two = till.pay(order, "999.99").idempotency_key("a").idempotency_key("b");
    two.await.expect_status(400);
    assert_eq!(till.payments(), "0");

    for right in ["k", &"k".repeat(255)] {
        till.pay(Id::new(), "1.00").idempotency_key(right).await.expect_status(200);
    }
}

#[tokio::test]
async fn of_twenty_parallel_requests_with_one_key_all_but_the_first_are_replays() {
    let till = Till::open().await;
    let accepted = Behavior::answer(200, serde_json::json!({ "status": "PAID" }));
    till.order.set(accepted.after(std::time::Duration::from_millis(200)));
    let order = Id::new();

    let requests = (0..20).map(|_| till.pay(order, "999.99").idempotency_key("k"));
    let answers = chassis::testing::all_at_once(requests).await;

    let first = answers[0].expect_text(200);
    assert!(answers.iter().all(|answer| answer.expect_text(200) == first));
    let fresh = answers.iter().filter(|it| it.header("idempotency-replayed").is_none()).count();
    assert_eq!((fresh, till.payments().as_str()), (1, "1"));
}

#[tokio::test]
async fn two_keys_for_one_order_hear_of_one_payment() {
    let till = Till::open().await;
    let order = Id::new();

    let one = till.pay(order, "999.99").idempotency_key("a").await.expect_text(200);
    let other = till.pay(order, "999.99").idempotency_key("b").await.expect_text(200);

    assert_eq!(one, other);
    for key in ["a", "b"] {
        let repeat = till.pay(order, "999.99").idempotency_key(key).await;
        assert_eq!(repeat.expect_text(200), one);
        assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
    }
}

#[tokio::test]
async fn a_key_outlives_a_crash() {
    let mut till = Till::open().await;
    let order = Id::new();
    let first = till.pay(order, "999.99").idempotency_key("k").await.expect_text(200);

    till.payment.restart().await;
    let repeat = till.pay(order, "999.99").idempotency_key("k").await;

    assert_eq!(repeat.expect_text(200), first);
    assert_eq!(repeat.expect_header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_repeat_after_a_crash_in_the_middle_goes_on_with_the_same_payment() {
    let mut till = Till::open().await;
    till.order.set(Behavior::Hang);
    let order = Id::new();
    let cut_off = tokio::spawn(till.pay(order, "999.99").idempotency_key("k").try_send());
    let asked = async || !till.webhooks(order).is_empty();
    chassis::testing::eventually("the order is asked", asked).await;
    let payment_id = till.payment_of(order).await["payment_id"].clone();
    till.payment.kill().await;
    assert!(cut_off.await.unwrap().is_err());

    till.order_accepts();
    till.payment.restart().await;
    let repeat = till.pay(order, "999.99").idempotency_key("k").await;

    assert_eq!(repeat.expect_status(200)["payment_id"], payment_id);
    assert_eq!(till.payments(), "1");
}
