//! Whatever dies is started again; what is taken away stays away until it is given back.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use chassis::testing::eventually;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{PARTS, Site, signal};

#[tokio::test]
async fn a_part_that_dies_is_started_again() {
    let site = Site::open();

    for part in PARTS {
        let before = site.pid(part);
        site.succeed("service.sh", &["kill", part]);
        let what = format!("{part} is back");
        eventually(&what, async || site.pid(part) != before && site.is_healthy().await).await;
    }

    let log = std::fs::read_to_string(site.data().join("run/log")).expect("there is a log");
    assert!(log.contains(" WARN payment stopped (SIGKILL); starting it again in 0.1 s\n"), "{log}");
    site.succeed("demo.sh", &[]);
}

#[tokio::test]
async fn a_part_that_keeps_dying_is_started_again_and_again() {
    let site = Site::open();

    for _ in 0..3 {
        let before = site.pid("order");
        signal("KILL", &before.expect("it runs").to_string());
        let is_back = async || site.pid("order") != before && site.is_healthy().await;
        eventually("the order is back", is_back).await;
    }
}

#[tokio::test]
async fn a_part_that_is_taken_away_stays_away_until_it_is_given_back() {
    let site = Site::open();

    site.succeed("service.sh", &["stop", "catalog"]);
    let answer = site.client().post("/api/cart/user1/add?product_id=1").await;
    assert_eq!(answer.expect_status(200)["cart"][0]["validated"], false);
    let answer = site.client().get("/api/catalog").await;
    answer.expect_problem(503, "catalog service is unavailable");

    site.succeed("service.sh", &["start", "catalog"]);
    site.client().get("/api/catalog").await.expect_status(200);
    site.succeed("demo.sh", &[]);
}

#[tokio::test]
async fn only_parts_of_a_running_shop_can_be_taken_away() {
    let site = Site::open();

    let complaint = site.refuse("service.sh", &["stop", "stock"]);
    assert!(complaint.contains("there is no part named stock"), "{complaint}");
    site.refuse("service.sh", &["paint", "cart"]);
    assert!(site.is_healthy().await);

    site.succeed("down.sh", &[]);
    let complaint = site.refuse("service.sh", &["stop", "cart"]);
    assert!(complaint.contains("no shop is running"), "{complaint}");
}

#[tokio::test]
async fn nginx_is_taken_away_when_it_has_finished_what_it_does() {
    let site = Site::open();
    let slow = json!({ "kind": "slow", "latency_ms": 2_000 });
    site.client().put("/lab/catalog/faults").json(&slow).await.expect_status(200);
    let request = tokio::spawn(site.client().get("/api/catalog/products/1").into_future());
    sleep(Duration::from_millis(500)).await; // it is on its way, and takes 2 s

    site.succeed("service.sh", &["stop", "nginx"]);

    let answer = request.await.expect("it was not cut off");
    assert_eq!(answer.expect_status(200)["name"], "Laptop");
    site.succeed("service.sh", &["start", "nginx"]);
}

/// Somebody else has taken the port meanwhile, accepts connections and says nothing.
#[tokio::test]
async fn giving_a_part_back_that_never_answers_ends_in_time() {
    let site = Site::open();
    site.succeed("service.sh", &["stop", "catalog"]);
    let port = (Ipv4Addr::LOCALHOST, site.port("catalog"));
    let silent = TcpListener::bind(port).expect("the port is free");

    let started = Instant::now();
    let complaint = site.refuse("service.sh", &["start", "catalog"]);

    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(complaint.contains("catalog does not become healthy"), "{complaint}");
    drop(silent);
    eventually("the catalog is back", async || site.is_healthy().await).await;
}
