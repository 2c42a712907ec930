//! The circuit breaker: a dead catalog costs one time-out, not one per click.

use std::time::{Duration, Instant};

use chassis::testing::{Behavior, all_at_once, eventually};
use serde_json::json;

use crate::support::{Shop, expect_unchecked, line, unchecked_line};

/// What a click takes when nobody is waited for, with a lot to spare.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_hanging_catalog_costs_one_time_out_and_not_one_per_click() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::Hang);
    assert_eq!(shop.breaker().await, "closed");
    shop.add("user1", 1, 1).await.expect_status(200);

    let started = Instant::now();
    let answer = shop.add("user1", 2, 1).await;

    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    expect_unchecked(&answer, &json!([unchecked_line(1, 1), unchecked_line(2, 1)]));
    assert_eq!(shop.breaker().await, "open");
    assert_eq!(shop.questions(2), 0);

    shop.catalog_works();
    let is_checked = async || shop.lines("user1").await == json!([line(1, 1), line(2, 1)]);
    eventually("the catalog is asked again", is_checked).await;
    eventually("the breaker closes", async || shop.breaker().await == "closed").await;
}

#[tokio::test]
async fn clients_that_hang_up_do_not_keep_the_breaker_from_opening() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::Hang);
    let impatient =
        tokio::time::timeout(Duration::from_millis(300), shop.add("user1", 1, 1).try_send());
    assert!(impatient.await.is_err());

    eventually("the breaker opens", async || shop.breaker().await == "open").await;

    assert_eq!(shop.lines("user1").await, json!([]));
}

#[tokio::test]
async fn a_catalog_that_fails_quickly_is_left_alone_after_five_calls() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::problem(500, "Something went wrong on our side"));
    for product_id in 1..=5 {
        shop.add("user1", product_id, 1).await.expect_status(200);
    }
    assert_eq!(shop.breaker().await, "open");
    shop.catalog.forget();

    let clicks = (6..=50).map(|product_id| shop.add("user2", product_id, 1));
    for answer in all_at_once(clicks).await {
        assert_eq!(answer.expect_header("x-degraded"), "catalog-unavailable");
        answer.expect_status(200);
    }

    assert!(shop.catalog.requests().is_empty());
}

#[tokio::test]
async fn a_catalog_that_talks_nonsense_is_left_alone_too() {
    let shop = Shop::open().await;
    shop.catalog_answers(Behavior::answer(200, json!({ "id": 4711 })));

    for product_id in 1..=5 {
        shop.add("user1", product_id, 1).await.expect_status(200);
    }

    assert_eq!(shop.breaker().await, "open");
}

#[tokio::test]
async fn a_product_that_does_not_exist_is_no_failure_of_the_catalog() {
    let shop = Shop::open().await;

    for product_id in 901..=920 {
        shop.add("user1", product_id, 1).await.expect_status(404);
    }

    assert_eq!(shop.breaker().await, "closed");
}
