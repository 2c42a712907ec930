//! Connections to the services are kept, and let go before the services let go of them.

use std::net::SocketAddr;
use std::time::Duration;

use chassis::testing::{Answer, all_at_once, eventually};
use e2e::Shop;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The states of a connection that matter here, as Linux numbers them.
const ESTABLISHED: &str = "01";
const TIME_WAIT: &str = "06";

/// The connections from somebody to `address`: the port at the other end, and the state. An end
/// that was closed first stays in the list for a minute.
fn connections_to(address: SocketAddr) -> Vec<(String, String)> {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux lists its connections");
    let port = format!(":{:04X}", address.port());
    let connection = |line: &str| {
        let mut words = line.split_whitespace().skip(1).map(ToOwned::to_owned);
        let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
        remote.ends_with(&port).then_some((local, state))
    };
    table.lines().filter_map(connection).collect()
}

#[tokio::test]
async fn three_hundred_requests_share_a_few_connections() {
    let shop = Shop::with_nginx().await;
    let of_others = connections_to(shop.catalog.address());
    let is_known = |port: &String| of_others.iter().any(|(other, _)| other == port);

    for _ in 0..300 {
        shop.outside().get("/api/catalog/products/1").await.expect_status(200);
    }

    // One, and some in case it was just busy.
    let mut of_nginx = connections_to(shop.catalog.address());
    of_nginx.retain(|(port, _)| !is_known(port));
    assert!((1..=10).contains(&of_nginx.len()), "for 300 requests: {of_nginx:?}");
}

/// Linux remembers which end of a connection was closed first. If it were the service's, nginx
/// could send a request into a connection that is just being closed.
#[tokio::test]
async fn nginx_lets_go_of_an_idle_connection_before_the_service_does() {
    let shop = Shop::with_nginx().await;
    let address = shop.catalog.address();
    let of_others = connections_to(address);
    let is_known = |port: &String| of_others.iter().any(|(other, _)| other == port);
    all_at_once((0..16).map(|_| shop.outside().get("/api/catalog/products/1"))).await;
    let mut of_nginx = connections_to(address);
    of_nginx.retain(|(port, _)| !is_known(port));
    assert!(of_nginx.iter().any(|(_, state)| state == ESTABLISHED), "{of_nginx:?}");

    let state_of = |port: &String| {
        let mut all = connections_to(address).into_iter();
        all.find(|(other, _)| other == port).map(|(_, state)| state)
    };
    let closed_first = async || {
        of_nginx.iter().all(|(port, _)| state_of(port).is_some_and(|state| state == TIME_WAIT))
    };
    eventually("nginx has closed its ends first", closed_first).await;
}

/// A service closes a connection that was idle for 5 s. Whoever asks just then must not get a
/// 503 for it, and nginx retries nothing.
#[tokio::test]
async fn a_pause_of_any_length_never_meets_a_closing_connection() {
    let shop = Shop::with_nginx().await;
    let path = "/api/cart/user1";
    // As many connections as nginx keeps.
    all_at_once((0..64).map(|_| shop.outside().get(path))).await;

    let mut tasks = JoinSet::new();
    for step in 0..60 {
        let pause = Duration::from_millis(3_700 + step * 30);
        let (read, write) = (shop.outside().get(path), shop.add("user1", 1, 1));
        tasks.spawn(async move {
            sleep(pause).await;
            (read.await, write.await)
        });
    }

    for (read, write) in tasks.join_all().await {
        let expect_fine = |answer: &Answer| assert_eq!(answer.status, 200, "{answer}");
        expect_fine(&read);
        expect_fine(&write);
    }
}
