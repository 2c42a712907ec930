//! What was acknowledged is there, however the service ends.

use std::sync::{Arc, Mutex};

use chassis::id::Id;
use chassis::testing::eventually;
use tokio::task::JoinSet;

use crate::support::{Shop, TOTAL, id_of};

/// Clients that buy at the same time.
const CLIENTS: usize = 16;

#[tokio::test]
async fn orders_outlive_an_orderly_stop() {
    let mut shop = Shop::open().await;
    let (open, paid) = (shop.placed().await, shop.placed().await);
    shop.pay(paid).await;
    shop.reaches(paid, "PAID COMMITTED").await;
    let before = (shop.find(open).await, shop.find(paid).await);

    let status = shop.order.terminate().await;
    shop.order.restart().await;

    assert_eq!(status.code(), Some(0));
    assert_eq!((shop.find(open).await, shop.find(paid).await), before);
}

#[tokio::test]
async fn every_acknowledged_order_and_payment_outlives_a_kill() {
    let mut shop = Shop::open().await;
    let acknowledged: Arc<Mutex<Vec<(Id, &'static str)>>> = Arc::default();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (order, acknowledged) = ((*shop.order).clone(), Arc::clone(&acknowledged));
        clients.spawn(async move {
            loop {
                let place = order.post("/orders?user_id=user1");
                let Ok(placed) = place.json(&crate::support::laptop_and_mice()).try_send().await
                else {
                    return;
                };
                let id = id_of(&placed.expect_status(201));
                acknowledged.lock().unwrap().push((id, "CREATED"));
                let body = format!(r#"{{"payment_id":"{}","amount":{TOTAL}}}"#, Id::new());
                let pay = order.post(&format!("/orders/{id}/payment"));
                let pay = pay.header("content-type", "application/json").body(body);
                let Ok(paid) = pay.try_send().await else { return };
                paid.expect_status(200);
                acknowledged.lock().unwrap().push((id, "PAID"));
            }
        });
    }
    let many = async || acknowledged.lock().unwrap().len() > 300;
    eventually("many orders are acknowledged", many).await;

    shop.order.kill().await;
    clients.join_all().await;
    shop.order.restart().await;

    let acknowledged = acknowledged.lock().unwrap().clone();
    for (id, status) in acknowledged {
        // Of a payment whose answer was cut off, nobody knows; of every other, everybody.
        let found = shop.find(id).await["status"].clone();
        assert!(found == status || found == "PAID", "{id}: {found}, acknowledged as {status}");
    }
    let settled = async || shop.outbox().await["pending"] == 0;
    eventually("the catalog hears of all of them", settled).await;
    let unsold = "SELECT count(*) FROM orders WHERE status = 'PAID' AND reservation <> 'COMMITTED'";
    assert_eq!(shop.order.sql_value(unsold), "0");
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_an_order_that_is_settled_all_the_same() {
    let shop = Shop::open().await;
    let held = chassis::testing::Behavior::answer(200, serde_json::json!({ "status": "HELD" }));
    shop.catalog_answers(held.after(std::time::Duration::from_millis(500)));

    let impatient = tokio::spawn(shop.place("user1").try_send());
    eventually("the catalog is asked", async || !shop.catalog.requests().is_empty()).await;
    impatient.abort();

    let listed = shop.order.get("/orders").await.expect_status(200);
    shop.reaches(id_of(&listed[0]), "CREATED HELD").await;
    assert_eq!(shop.catalog.requests().len(), 1);
}
