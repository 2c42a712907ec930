//! Clients that are slow on purpose hold nobody up, and are cut off.

use std::time::{Duration, Instant};

use chassis::testing::RawConnection;

use crate::support::{Gate, KEY};

#[tokio::test]
async fn half_a_head_is_cut_off_after_five_seconds() {
    let gate = Gate::open().await;
    let started = Instant::now();
    let mut slow = RawConnection::open(gate.nginx.address()).await;
    slow.send("GET /api/catalog HTTP/1.1\r\nHost: sh").await;

    gate.client().get("/api/catalog").await.expect_status(200);
    let heard = slow.read_to_end().await;

    assert!(heard.is_empty(), "{}", String::from_utf8_lossy(&heard));
    let waited = started.elapsed();
    assert!((4..8).contains(&waited.as_secs()), "cut off after {waited:?}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_cut_off_after_ten_seconds() {
    let gate = Gate::open().await;
    let started = Instant::now();
    let mut slow = RawConnection::open(gate.nginx.address()).await;
    let head = format!("POST /api/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n");
    slow.send(format!("{head}Content-Length: 100\r\n\r\n[")).await;

    gate.client().get("/api/catalog").await.expect_status(200);
    slow.read_to_end().await;

    let waited = started.elapsed();
    assert!((9..13).contains(&waited.as_secs()), "cut off after {waited:?}");
    assert!(gate.heard().iter().all(|(name, _)| *name == "catalog"), "half a request came through");
}

#[tokio::test]
async fn five_hundred_half_requests_hold_nobody_up() {
    let gate = Gate::open().await;
    let mut slow = Vec::new();
    for _ in 0..500 {
        let mut connection = RawConnection::open(gate.nginx.address()).await;
        connection.send("GET /api/catalog HTTP/1.1\r\n").await;
        slow.push(connection);
    }

    let started = Instant::now();
    for _ in 0..20 {
        gate.client().get("/api/catalog").await.expect_status(200);
    }

    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}
