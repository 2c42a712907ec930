//! Clients that are slow on purpose hold nobody up, and are cut off.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use chassis::testing::{RawConnection, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::support::{Gate, KEY, Reply};

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

/// A request from another address of this machine.
async fn ask_from(source: Ipv4Addr, gate: &Gate) -> Reply {
    let socket = TcpSocket::new_v4().expect("there are sockets");
    socket.bind(SocketAddr::from((source, 0))).expect("all of 127/8 is this machine");
    let mut stream = socket.connect(gate.nginx.address()).await.expect("nginx listens");
    let head = format!("GET /api/catalog HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n");
    stream
        .write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
        .await
        .expect("it is open");
    let mut heard = Vec::new();
    let end = timeout(Duration::from_secs(10), stream.read_to_end(&mut heard)).await;
    end.expect("nginx answers").expect("the connection stays open until then");
    Reply::parse(&heard)
}

/// A body that comes in drops keeps its connection for as long as it comes, so there may be
/// only so many of them.
#[tokio::test]
async fn one_address_cannot_have_all_connections() {
    let gate = Gate::open().await;
    let head = format!("POST /api/orders HTTP/1.1\r\nHost: a\r\nX-API-Key: {KEY}\r\n");
    let mut trickling = Vec::new();
    for _ in 0..400 {
        let mut connection = RawConnection::open(gate.nginx.address()).await;
        connection.send(format!("{head}Content-Length: 1000\r\n\r\n[")).await;
        trickling.push(connection);
    }

    let one_too_many = ask_from(Ipv4Addr::LOCALHOST, &gate).await;
    one_too_many.expect_problem(429, "Too many requests from your address, wait a second");
    assert_eq!(one_too_many.headers("retry-after"), ["1"]);
    assert_eq!(ask_from(Ipv4Addr::new(127, 0, 0, 2), &gate).await.status, 200);

    drop(trickling);
    eventually("the address is served again", async || {
        ask_from(Ipv4Addr::LOCALHOST, &gate).await.status == 200
    })
    .await;
}
