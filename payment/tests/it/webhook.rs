//! The message that tells the order: who signs it, and what stays the same over its attempts.

use chassis::id::Id;
use chassis::messaging::signature::{
    ID_HEADER, SIGNATURE_HEADER, Secrets, SignatureError, TIMESTAMP_HEADER,
};
use chassis::testing::{Behavior, Recorded};
use chassis::time::Timestamp;
use serde_json::json;

use crate::support::{Till, acceptance};

/// The secret that the standard publishes.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn a_webhook_is_signed_as_the_standard_says() {
    let till = Till::open_with(&[("WEBHOOK_SECRET", SECRET)]).await;

    let (order, _) = till.completed_payment().await;

    let webhook = &till.webhooks(order)[0];
    assert_eq!(verify(webhook, SECRET), Ok(()));
    assert_eq!(verify(webhook, "another"), Err(SignatureError::NoMatch));
    let mut forged = webhook.clone();
    forged.body = String::from_utf8_lossy(&webhook.body).replace("999.99", "1.00").into();
    assert_eq!(verify(&forged, SECRET), Err(SignatureError::NoMatch));
}

#[tokio::test]
async fn a_webhook_names_its_order() {
    let till = Till::open().await;

    let (order, payment) = till.completed_payment().await;

    let notice = till.webhooks(order)[0].json();
    let expected = json!({ "payment_id": payment, "order_id": order, "amount": 999.99 });
    assert_eq!(notice, expected);
}

#[tokio::test]
async fn the_first_of_several_secrets_signs() {
    let till = Till::open_with(&[("WEBHOOK_SECRET", "new-secret,old-secret")]).await;

    let (order, _) = till.completed_payment().await;

    let webhook = &till.webhooks(order)[0];
    assert_eq!(verify(webhook, "new-secret"), Ok(()));
    assert_eq!(verify(webhook, "old-secret"), Err(SignatureError::NoMatch));
}

#[tokio::test]
async fn without_a_secret_a_webhook_is_not_signed() {
    let till = Till::open().await;

    let (order, _) = till.completed_payment().await;

    let webhook = &till.webhooks(order)[0];
    for name in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        assert_eq!(webhook.header(name), None);
    }
}

#[tokio::test]
async fn every_attempt_has_the_same_id_and_body_and_a_fresh_time() {
    let till = Till::open_with(&[("WEBHOOK_SECRET", SECRET)]).await;
    let busy = Behavior::answer_with(503, &[("retry-after", "2")], json!({ "detail": "Busy" }));
    till.order.set(busy);
    let order = Id::new();
    till.pay(order, "999.99").await.expect_status(202);

    till.order.set(acceptance());
    till.reaches(order, "COMPLETED").await;

    let webhooks = till.webhooks(order);
    let [first, second] = &webhooks[..] else { panic!("two attempts, not {}", webhooks.len()) };
    assert_eq!(first.header(ID_HEADER), second.header(ID_HEADER));
    assert_eq!(first.body, second.body);
    assert!(sent_at(second) >= sent_at(first) + 2);
    assert_eq!((verify(first, SECRET), verify(second, SECRET)), (Ok(()), Ok(())));
}

#[tokio::test]
async fn two_payments_have_two_webhook_ids() {
    let till = Till::open_with(&[("WEBHOOK_SECRET", SECRET)]).await;

    let (one, _) = till.completed_payment().await;
    let (other, _) = till.completed_payment().await;

    let id = |order| till.webhooks(order)[0].header(ID_HEADER).map(str::to_owned);
    assert_ne!(id(one), id(other));
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_refused_and_not_shown() {
    for wrong in ["whsec_no!", "good-secret,"] {
        let refusal = crate::support::program().set("WEBHOOK_SECRET", wrong).refuse().await;

        assert_eq!(refusal.text.lines().count(), 1, "{}", refusal.text);
        assert!(refusal.text.contains("webhook secret number"), "{}", refusal.text);
    }
}

fn verify(webhook: &Recorded, secret: &str) -> Result<(), SignatureError> {
    let now = Timestamp::now().unix_seconds();
    Secrets::parse(secret).unwrap().verify(
        webhook.header(ID_HEADER),
        webhook.header(TIMESTAMP_HEADER),
        webhook.header(SIGNATURE_HEADER),
        &webhook.body,
        now,
    )
}

fn sent_at(webhook: &Recorded) -> i64 {
    webhook.header(TIMESTAMP_HEADER).and_then(|seconds| seconds.parse().ok()).unwrap()
}
