//! What is remembered of the catalog, how it is asked once for many, and how it is forgotten.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chassis::testing::{all_at_once, eventually};
use serde_json::json;

use crate::support::{Shop, line, product_page};

#[tokio::test]
async fn a_product_is_asked_about_once() {
    let shop = Shop::open().await;

    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user2", 1, 1).await.expect_status(200);
    shop.add("user1", 1, 1).await.expect_status(200);

    assert_eq!(shop.questions(1), 1);
    assert_eq!(shop.vitals().await["cache"], json!({ "hits": 2, "misses": 1 }));
    let metrics = shop.cart.get("/metrics").await.expect_text(200);
    assert!(metrics.contains("catalog_cache_hits_total 2"), "{metrics}");
    assert!(metrics.contains("catalog_cache_misses_total 1"), "{metrics}");
}

#[tokio::test]
async fn a_product_is_asked_for_alone_and_never_as_part_of_the_list() {
    let shop = Shop::open().await;

    shop.add("user1", 7, 1).await.expect_status(200);

    let paths: Vec<String> = shop.catalog.requests().into_iter().map(|it| it.path).collect();
    assert_eq!(paths, ["/products/7"]);
}

#[tokio::test]
async fn a_remembered_product_needs_no_catalog() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.refuse();

    let answer = shop.add("user2", 1, 1).await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 1)]));
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn fifty_parallel_first_adds_ask_the_catalog_once() {
    let shop = Shop::open().await;
    shop.catalog.play(|request| product_page(&request.path).after(Duration::from_millis(300)));

    let adds = (1..=50).map(|user| shop.add(&format!("user{user}"), 1, 1));
    for answer in all_at_once(adds).await {
        assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 1)]));
    }

    assert_eq!(shop.questions(1), 1);
}

#[tokio::test]
async fn fifty_parallel_first_adds_hear_of_one_refusal() {
    let shop = Shop::open().await;
    shop.catalog.play(|request| product_page(&request.path).after(Duration::from_millis(300)));

    for answer in all_at_once((0..50).map(|_| shop.add("user1", 999, 1))).await {
        answer.expect_problem(404, "Product 999 not found in catalog");
    }

    assert_eq!(shop.questions(999), 1);
}

#[tokio::test]
async fn that_a_product_is_missing_is_not_remembered() {
    let shop = Shop::open().await;
    shop.add("user1", 999, 1).await.expect_status(404);

    shop.catalog.play(|_| product_page("/products/1"));
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 999, 1).await.expect_status(200);

    assert!(shop.questions(999) >= 2);
}

#[tokio::test]
async fn an_announced_change_is_asked_about_at_once() {
    let shop = Shop::open().await;
    for (asked, event_type) in
        [(2, "product.updated"), (3, "product.deleted"), (4, "category.updated")]
    {
        shop.add("user1", 1, 1).await.expect_status(200);
        let payload = json!({ "product_id": 1, "category_id": 2 });
        shop.announce(event_type, payload).await.expect_status(200);

        shop.add("user1", 1, 1).await.expect_status(200);

        assert_eq!(shop.questions(1), asked, "{event_type}");
    }
}

#[tokio::test]
async fn a_product_that_was_deleted_is_refused_as_soon_as_we_hear_of_it() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.play(|_| product_page("/products/999"));

    shop.announce("product.deleted", json!({ "product_id": 1 })).await.expect_status(200);

    let answer = shop.add("user2", 1, 1).await;
    answer.expect_problem(404, "Product 1 not found in catalog");
}

#[tokio::test]
async fn a_change_of_one_product_leaves_the_others_remembered() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);

    shop.announce("product.updated", json!({ "product_id": 1 })).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);

    assert_eq!(shop.questions(2), 1);
}

#[tokio::test]
async fn an_event_that_names_no_product_is_about_all_of_them() {
    let shop = Shop::open().await;
    for product_id in [1, 2] {
        shop.add("user1", product_id, 1).await.expect_status(200);
    }

    shop.announce("product.updated", json!({})).await.expect_status(200);
    for product_id in [1, 2] {
        shop.add("user1", product_id, 1).await.expect_status(200);
        assert_eq!(shop.questions(product_id), 2);
    }
}

#[tokio::test]
async fn an_answer_from_before_a_change_is_not_kept() {
    let shop = Shop::open().await;
    let asked = AtomicUsize::new(0);
    shop.catalog.play(move |request| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => product_page(&request.path).after(Duration::from_secs(1)),
        _ => product_page(&request.path),
    });
    let early = tokio::spawn(shop.add("user1", 1, 1).into_future());
    eventually("the catalog is asked", async || shop.questions(1) == 1).await;

    shop.announce("product.updated", json!({ "product_id": 1 })).await.expect_status(200);
    // Neither does this one wait for the outdated answer, nor does the next one find it.
    shop.add("user2", 1, 1).await.expect_status(200);
    assert_eq!(shop.questions(1), 2);
    early.await.expect("the first add is answered").expect_status(200);
    shop.add("user3", 1, 1).await.expect_status(200);

    assert_eq!(shop.questions(1), 2);
}
