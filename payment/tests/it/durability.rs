//! What was acknowledged is there, however the service ends, and who waits is told later.

use std::sync::{Arc, Mutex};

use chassis::id::Id;
use chassis::testing::{Behavior, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Till, pay_path};

/// Clients that pay at the same time.
const CLIENTS: usize = 16;

#[tokio::test]
async fn payments_outlive_an_orderly_stop() {
    let mut till = Till::open().await;
    let (completed, _) = till.completed_payment().await;
    let (pending, _) = till.pending_payment().await;
    let before = till.payment.get("/payments").await.expect_text(200);

    let status = till.payment.terminate().await;
    till.payment.restart().await;

    assert_eq!(status.code(), Some(0));
    assert_eq!(till.payment.get("/payments").await.expect_text(200), before);
    assert_eq!(till.status_of(completed).await, "COMPLETED");
    till.order.accept();
    till.reaches(pending, "COMPLETED").await;
}

#[tokio::test]
async fn every_acknowledged_payment_outlives_a_kill() {
    let mut till = Till::open().await;
    let acknowledged: Arc<Mutex<Vec<(Id, Value)>>> = Arc::default();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, acknowledged) = ((*till.payment).clone(), Arc::clone(&acknowledged));
        clients.spawn(async move {
            loop {
                let order = Id::new();
                let Ok(answer) = client.post(&pay_path(order, "999.99")).try_send().await else {
                    return;
                };
                let payment_id = answer.expect_status(200)["payment_id"].clone();
                acknowledged.lock().unwrap().push((order, payment_id));
            }
        });
    }
    let many = async || acknowledged.lock().unwrap().len() > 300;
    eventually("many payments are acknowledged", many).await;

    till.payment.kill().await;
    clients.join_all().await;
    till.payment.restart().await;

    let acknowledged = acknowledged.lock().unwrap().clone();
    for (order, payment_id) in &acknowledged {
        let payment = till.payment_of(*order).await;
        assert_eq!((&payment["payment_id"], &payment["status"]), (payment_id, &json!("COMPLETED")));
    }
    let settled = async || till.outbox().await["pending"] == 0;
    eventually("those that were cut off are settled as well", settled).await;
    let pending = "SELECT count(*) FROM payments WHERE status = 'PENDING'";
    assert_eq!(till.payment.sql_value(pending), "0");
}

#[tokio::test]
async fn a_payment_that_waited_while_both_were_dead_is_completed_without_help() {
    let mut till = Till::open().await;
    let (order, payment_id) = till.pending_payment().await;

    till.payment.kill().await;
    till.order.accept();
    till.payment.restart().await;

    till.reaches(order, "COMPLETED").await;
    assert_eq!(till.payment_of(order).await["payment_id"], payment_id);
    assert_eq!(till.webhooks(order).len(), 1);
}

#[tokio::test]
async fn a_payment_whose_service_dies_while_it_tells_the_order_is_told_again() {
    let mut till = Till::open_with(&[("WEBHOOK_SECRET", "secret-of-this-test")]).await;
    till.order.set(Behavior::Hang);
    let order = Id::new();
    let cut_off = tokio::spawn(till.pay(order, "999.99").try_send());
    eventually("the order is asked", async || till.webhooks(order).len() == 1).await;
    till.payment.kill().await;
    assert!(cut_off.await.unwrap().is_err());

    till.order_accepts();
    till.payment.restart().await;
    till.reaches(order, "COMPLETED").await;

    let ids: Vec<_> =
        till.webhooks(order).iter().map(|it| it.header("webhook-id").map(str::to_owned)).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_keep_the_order_from_hearing() {
    let till = Till::open().await;
    let slow = crate::support::acceptance().after(std::time::Duration::from_millis(500));
    till.order.set(slow);
    let order = Id::new();

    let impatient = tokio::spawn(till.pay(order, "999.99").try_send());
    eventually("the order is asked", async || !till.webhooks(order).is_empty()).await;
    impatient.abort();

    till.reaches(order, "COMPLETED").await;
    assert_eq!(till.webhooks(order).len(), 1);
}
