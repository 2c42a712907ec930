//! What was acknowledged is there, however the service ends.

use std::sync::{Arc, Mutex};

use chassis::testing::eventually;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Shelf, mug};

/// Clients that add products at the same time.
const CLIENTS: usize = 16;

#[tokio::test]
async fn products_outlive_an_orderly_stop() {
    let mut shelf = Shelf::open().await;
    let id = shelf.mugs(5).await;
    shelf.replace(1, &mug(7)).await.expect_status(200);
    let before = shelf.catalog.get("/products").await.expect_text(200);

    let status = shelf.catalog.terminate().await;
    shelf.catalog.restart().await;

    assert_eq!(status.code(), Some(0));
    assert_eq!(shelf.catalog.get("/products").await.expect_text(200), before);
    assert_eq!(shelf.stock(id).await, 5);
}

#[tokio::test]
async fn every_acknowledged_product_outlives_a_kill() {
    let mut shelf = Shelf::open().await;
    let acknowledged: Arc<Mutex<Vec<Value>>> = Arc::default();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (catalog, acknowledged) = ((*shelf.catalog).clone(), Arc::clone(&acknowledged));
        clients.spawn(async move {
            for number in 0.. {
                let name = format!("Product {number} of client {client}");
                let draft = json!({ "name": name, "price": 9.99, "stock": number });
                let Ok(answer) = catalog.post("/products").json(&draft).try_send().await else {
                    return;
                };
                acknowledged.lock().unwrap().push(answer.expect_status(201));
            }
        });
    }
    let many = async || acknowledged.lock().unwrap().len() > 500;
    eventually("many products are acknowledged", many).await;

    shelf.catalog.kill().await;
    clients.join_all().await;
    shelf.catalog.restart().await;

    let list = shelf.list().await;
    let acknowledged = acknowledged.lock().unwrap().clone();
    for product in &acknowledged {
        assert!(list.contains(product), "{product} is lost");
    }
    // One request of each client may have been cut off after its commit.
    assert!(list.len() <= 12 + acknowledged.len() + CLIENTS);
}

#[tokio::test]
async fn every_acknowledged_change_outlives_a_kill_together_with_its_announcement() {
    let mut shelf = Shelf::open().await;
    shelf.cart.refuse();
    for id in 1..=12 {
        shelf.replace(id, &mug(id)).await.expect_status(200);
    }

    shelf.catalog.restart().await;

    for product in shelf.list().await {
        assert_eq!(product["stock"], product["id"]);
    }
    assert_eq!(shelf.outbox().await, json!({ "pending": 12, "dead": 0 }));
}
