//! Whatever dies is started again; what is taken away stays away until it is given back.

use chassis::testing::eventually;

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
    assert!(log.contains("payment stopped (SIGKILL); starting it again in 0.1 s"), "{log}");
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
