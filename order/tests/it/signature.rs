//! The payment webhook of a shop with `WEBHOOK_SECRET`: only the payment service can pay.

use axum::http::HeaderMap;
use chassis::id::Id;
use chassis::messaging::signature::{ID_HEADER, SIGNATURE_HEADER, Secrets, TIMESTAMP_HEADER};
use chassis::testing::Answer;
use chassis::time::Timestamp;

use crate::support::{Shop, TOTAL, program};

const SECRET: &str = "secret-of-this-test";

#[tokio::test]
async fn a_signed_payment_is_accepted() {
    let shop = strict_shop().await;
    let order = shop.placed().await;

    deliver(&shop, order, SECRET, 0).await.expect_status(200);

    shop.reaches(order, "PAID COMMITTED").await;
}

#[tokio::test]
async fn an_unsigned_payment_is_refused_even_with_a_key() {
    let shop = strict_shop().await;
    let order = shop.placed().await;

    refused(&shop.report(order, Id::new(), TOTAL).await);
    refused(&shop.order.post(&format!("/orders/{order}/payment")).await);

    assert_eq!(shop.state(order).await, "CREATED HELD");
}

#[tokio::test]
async fn a_signature_without_a_key_is_not_enough() {
    let shop = strict_shop().await;
    let order = shop.placed().await;
    let body = notice(order, Id::new());

    let headers = sign(SECRET, 0, &body);
    let mut request = shop.order.post(&format!("/orders/{order}/payment")).without_key();
    for (name, value) in &headers {
        request = request.header(name.as_str(), value);
    }
    let answer = request.header("content-type", "application/json").body(body).await;

    answer.expect_problem(401, "Invalid API Key");
}

#[tokio::test]
async fn a_payment_signed_with_another_secret_is_refused() {
    let shop = strict_shop().await;
    let order = shop.placed().await;

    refused(&deliver(&shop, order, "secret-of-a-stranger", 0).await);

    assert_eq!(shop.state(order).await, "CREATED HELD");
}

#[tokio::test]
async fn a_payment_whose_body_was_changed_is_refused() {
    let shop = strict_shop().await;
    let order = shop.placed().await;
    let body = notice(order, Id::new());
    let headers = sign(SECRET, 0, &body);

    refused(&send(&shop, order, &headers, &body.replace("1059.97", "1059.98")).await);
    refused(&send(&shop, order, &headers, &format!("{body} ")).await);
    refused(&send(&shop, order, &headers, "").await);

    send(&shop, order, &headers, &body).await.expect_status(200);
}

#[tokio::test]
async fn a_payment_whose_headers_were_changed_is_refused() {
    let shop = strict_shop().await;
    let order = shop.placed().await;
    let body = notice(order, Id::new());
    let right = sign(SECRET, 0, &body);

    for name in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
        let mut without = right.clone();
        without.remove(name);
        refused(&send(&shop, order, &without, &body).await);
        for value in ["", "1", "soon", "v1,AAAA", "99999999999999999999"] {
            let mut forged = right.clone();
            forged.insert(name, value.parse().unwrap());
            refused(&send(&shop, order, &forged, &body).await);
        }
    }

    assert_eq!(shop.state(order).await, "CREATED HELD");
}

#[tokio::test]
async fn a_payment_must_have_been_signed_just_now() {
    let shop = strict_shop().await;
    let order = shop.placed().await;

    // The clock goes on meanwhile, so what comes from the future is a second further away.
    for skew_s in [-301, 302, -86_400, 86_400] {
        refused(&deliver(&shop, order, SECRET, skew_s).await);
    }
    assert_eq!(shop.state(order).await, "CREATED HELD");

    for skew_s in [-298, 300] {
        let order = shop.placed().await;
        deliver(&shop, order, SECRET, skew_s).await.expect_status(200);
    }
}

#[tokio::test]
async fn a_recorded_payment_that_is_sent_again_changes_nothing() {
    let shop = strict_shop().await;
    let (order, other) = (shop.placed().await, shop.placed().await);
    let body = notice(order, Id::new());
    let headers = sign(SECRET, 0, &body);
    send(&shop, order, &headers, &body).await.expect_status(200);
    shop.reaches(order, "PAID COMMITTED").await;
    let before = shop.find(order).await;

    send(&shop, order, &headers, &body).await.expect_status(200);
    refused_for_another(&send(&shop, other, &headers, &body).await, order);

    assert_eq!(shop.find(order).await, before);
    assert_eq!(shop.state(other).await, "CREATED HELD");
}

#[tokio::test]
async fn a_payment_that_its_order_refused_cannot_be_sent_to_another_order() {
    let shop = strict_shop().await;
    let (cancelled, other) = (shop.placed().await, shop.placed().await);
    shop.cancel(cancelled).await.expect_status(200);
    let body = notice(cancelled, Id::new());
    let headers = sign(SECRET, 0, &body);
    send(&shop, cancelled, &headers, &body).await.expect_status(409);

    refused_for_another(&send(&shop, other, &headers, &body).await, cancelled);

    assert_eq!(shop.state(other).await, "CREATED HELD");
}

#[tokio::test]
async fn a_signed_payment_must_say_which_order_it_is_for() {
    let shop = strict_shop().await;
    let order = shop.placed().await;

    for body in [format!(r#"{{"payment_id":"{}","amount":{TOTAL}}}"#, Id::new()), String::new()] {
        let answer = send(&shop, order, &sign(SECRET, 0, &body), &body).await;
        answer.expect_problem(422, "order_id: must be given, because webhooks are signed here");
    }

    assert_eq!(shop.state(order).await, "CREATED HELD");
}

#[tokio::test]
async fn without_a_secret_a_payment_need_not_say_which_order_it_is_for_but_must_not_lie() {
    let shop = Shop::open().await;
    let (order, other) = (shop.placed().await, shop.placed().await);
    let body = notice(other, Id::new());

    refused_for_another(&send(&shop, order, &HeaderMap::new(), &body).await, other);
    shop.pay(order).await;

    send(&shop, other, &HeaderMap::new(), &body).await.expect_status(200);
}

#[tokio::test]
async fn while_a_secret_is_rotated_the_old_and_the_new_one_are_accepted() {
    let shop = Shop::open_with(&[("WEBHOOK_SECRET", "new-secret, old-secret")]).await;

    for secret in ["new-secret", "old-secret"] {
        let order = shop.placed().await;
        deliver(&shop, order, secret, 0).await.expect_status(200);
    }

    let order = shop.placed().await;
    refused(&deliver(&shop, order, "older-secret", 0).await);
}

#[tokio::test]
async fn a_payment_with_two_signatures_needs_one_that_fits() {
    let shop = strict_shop().await;
    let order = shop.placed().await;
    let body = notice(order, Id::new());
    let mut headers = sign(SECRET, 0, &body);
    let genuine = headers[SIGNATURE_HEADER].to_str().unwrap().to_owned();

    let both = format!("v1,AAAA v2,nonsense {genuine}");
    headers.insert(SIGNATURE_HEADER, both.parse().unwrap());

    send(&shop, order, &headers, &body).await.expect_status(200);
}

#[tokio::test]
async fn without_a_secret_a_signature_is_not_looked_at() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    deliver(&shop, order, "secret-of-a-stranger", 0).await.expect_status(200);
}

#[tokio::test]
async fn a_secret_with_a_typing_error_is_refused_and_not_shown() {
    let secret = "whsec_notbase64!topsecret";

    let refusal = program().set("WEBHOOK_SECRET", secret).refuse().await;

    assert!(refusal.text.contains("--webhook-secret"), "{}", refusal.text);
    assert!(!refusal.text.contains("topsecret"), "{}", refusal.text);
}

async fn strict_shop() -> Shop {
    Shop::open_with(&[("WEBHOOK_SECRET", SECRET)]).await
}

fn notice(order: Id, payment: Id) -> String {
    format!(r#"{{"payment_id":"{payment}","order_id":"{order}","amount":{TOTAL}}}"#)
}

/// The headers of a message that is sent `skew_s` seconds from now.
fn sign(secret: &str, skew_s: i64, body: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let sent_at = Timestamp::now().unix_seconds() + skew_s;
    let secrets = Secrets::parse(secret).unwrap();
    secrets.write_headers(&mut headers, &Id::new().to_string(), sent_at, body.as_bytes());
    headers
}

async fn send(shop: &Shop, order: Id, headers: &HeaderMap, body: &str) -> Answer {
    let mut request = shop.order.post(&format!("/orders/{order}/payment"));
    for (name, value) in headers {
        request = request.header(name.as_str(), value);
    }
    if body.is_empty() {
        return request.await;
    }
    request.header("content-type", "application/json").body(body).await
}

/// A new payment, signed with this secret, that many seconds from now.
async fn deliver(shop: &Shop, order: Id, secret: &str, skew_s: i64) -> Answer {
    let body = notice(order, Id::new());
    send(shop, order, &sign(secret, skew_s, &body), &body).await
}

#[track_caller]
fn refused_for_another(answer: &Answer, order: Id) {
    answer.expect_problem(422, &format!("order_id: this payment is for order {order}"));
}

#[track_caller]
fn refused(answer: &Answer) {
    answer.expect_problem(401, "Invalid webhook signature");
    // Another key would not help.
    assert_eq!(answer.expect_header("www-authenticate"), "WebhookSignature");
}
