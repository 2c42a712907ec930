//! While the order service is away money is taken, and the order hears of it soon.

use std::time::{Duration, Instant};

use chassis::testing::all_at_once;
use e2e::shopping::id_of;
use e2e::{Shop, audit};

/// What the contract promises.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_order_that_was_away_while_it_was_paid_is_paid_soon_after() {
    let mut shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);
    shop.order.kill().await;

    let paid = shop.pay(id, 999.99).await.expect_status(202);
    assert_eq!(paid["status"], "PENDING");
    assert_eq!(paid["message"], "Payment recorded; the order will be updated");
    assert_eq!(shop.payment_of(id).await["status"], "PENDING");

    shop.order.restart().await;
    let back = Instant::now();

    shop.order_becomes(id, "PAID").await;
    assert!(back.elapsed() < SOON, "{:?}", back.elapsed());
    shop.payment_becomes(id, "COMPLETED").await;
    assert_eq!(shop.order(id).await["payment_id"], paid["payment_id"]);
    audit(&shop).await;
}

#[tokio::test]
async fn an_order_that_hung_while_it_was_paid_is_paid_soon_after() {
    let shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);
    shop.order.freeze();

    let started = Instant::now();
    let paid = shop.pay(id, 999.99).await.expect_status(202);
    assert_eq!(paid["status"], "PENDING");
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());

    shop.order.thaw();
    let back = Instant::now();

    shop.order_becomes(id, "PAID").await;
    assert!(back.elapsed() < SOON, "{:?}", back.elapsed());
    audit(&shop).await;
}

#[tokio::test]
async fn a_storm_of_payments_while_the_order_is_away_becomes_one() {
    let mut shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);
    shop.order.kill().await;

    let storm = (0..100).map(|step| {
        let request = shop.pay(id, 999.99);
        // Half of them from a page that sends the same key with every click.
        if step % 2 == 0 { request.idempotency_key("click-1") } else { request }
    });
    let answers = all_at_once(storm).await;
    let first = answers[0].expect_status(202)["payment_id"].clone();
    for answer in &answers {
        assert_eq!(answer.expect_status(202)["payment_id"], first, "{answer}");
    }
    shop.order.restart().await;

    shop.order_becomes(id, "PAID").await;
    assert_eq!(audit(&shop).await.completed_payments.len(), 1);
}

#[tokio::test]
async fn a_payment_survives_its_own_restart_while_the_order_is_away() {
    let mut shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);
    shop.order.kill().await;
    shop.pay(id, 999.99).await.expect_status(202);

    shop.payment.restart().await;
    shop.order.restart().await;

    shop.order_becomes(id, "PAID").await;
    audit(&shop).await;
}

#[tokio::test]
async fn with_another_secret_a_payment_waits_until_the_secrets_agree() {
    let mut shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);
    shop.order.restart_with("WEBHOOK_SECRET", "another-secret-of-the-order").await;

    shop.pay(id, 999.99).await.expect_status(202);
    assert_eq!(shop.order(id).await["status"], "CREATED");
    shop.payment.restart_with("WEBHOOK_SECRET", "another-secret-of-the-order").await;

    shop.order_becomes(id, "PAID").await;
    shop.payment_becomes(id, "COMPLETED").await;
    audit(&shop).await;
}
