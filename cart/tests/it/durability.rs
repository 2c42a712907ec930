//! What was acknowledged is there, however the service ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chassis::testing::eventually;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Shop, add_path, line};

/// Clients that add at the same time. One request of each may be under way at the end.
const CLIENTS: i64 = 16;

#[tokio::test]
async fn a_cart_outlives_an_orderly_stop() {
    let mut shop = Shop::open().await;
    shop.add("user1", 1, 2).await.expect_status(200);
    let before = shop.cart.get("/cart/user1").await.expect_status(200);

    let status = shop.cart.terminate().await;
    shop.cart.restart().await;

    assert_eq!(status.code(), Some(0));
    assert_eq!(shop.cart.get("/cart/user1").await.expect_status(200), before);
}

#[tokio::test]
async fn every_acknowledged_add_outlives_a_kill() {
    let mut shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    let acknowledged = Arc::new(AtomicI64::new(1));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, acknowledged) = ((*shop.cart).clone(), Arc::clone(&acknowledged));
        clients.spawn(async move {
            while let Ok(answer) = client.post(&add_path("user1", 1, 1)).try_send().await {
                answer.expect_status(200);
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let added = async || acknowledged.load(Ordering::SeqCst) > 500;
    eventually("many adds are acknowledged", added).await;

    shop.cart.kill().await;
    clients.join_all().await;
    shop.cart.restart().await;

    let acknowledged = acknowledged.load(Ordering::SeqCst);
    let lines = shop.lines("user1").await;
    let quantity = lines[0]["quantity"].as_i64().unwrap_or_default();
    let expected = acknowledged..=acknowledged + CLIENTS;
    assert!(expected.contains(&quantity), "{quantity} of {acknowledged} acknowledged");
}

#[tokio::test]
async fn a_killed_service_is_back_with_all_carts() {
    let mut shop = Shop::open().await;
    for user in ["user1", "user2"] {
        shop.add(user, 1, 2).await.expect_status(200);
        shop.add(user, 2, 1).await.expect_status(200);
    }

    shop.cart.restart().await;

    for user in ["user1", "user2"] {
        assert_eq!(shop.lines(user).await, json!([line(1, 2), line(2, 1)]));
    }
}
