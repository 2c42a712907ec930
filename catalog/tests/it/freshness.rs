//! The list of all products is kept encoded. It is never out of date, and a client that has it
//! already is not sent it again.

use std::time::Duration;

use chassis::id::Id;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Shelf, id_of, items, mug};

#[tokio::test]
async fn a_list_that_the_client_has_is_not_sent_again() {
    let shelf = Shelf::open().await;
    let first = shelf.catalog.get("/products").await;
    let etag = first.expect_header("etag");

    for tags in [etag, &format!("W/{etag}"), &format!("\"other\", {etag}"), "*"] {
        let again = shelf.catalog.get("/products").header("if-none-match", tags).await;
        assert_eq!(again.expect_text(304), "", "{tags}");
        assert_eq!(again.expect_header("etag"), etag);
    }
    for tags in ["\"other\"", "", etag.trim_matches('"')] {
        let whole = shelf.catalog.get("/products").header("if-none-match", tags).await;
        assert_eq!(items(&whole).len(), 12, "{tags}");
    }
}

#[tokio::test]
async fn every_change_changes_the_tag() {
    let shelf = Shelf::open().await;
    let mut tags = vec![tag(&shelf).await];

    let id = shelf.mugs(10).await;
    tags.push(tag(&shelf).await);
    shelf.replace(id, &mug(11)).await.expect_status(200);
    tags.push(tag(&shelf).await);
    shelf.catalog.put("/categories/1").json(&json!({ "name": "PCs" })).await.expect_status(200);
    tags.push(tag(&shelf).await);
    let order = shelf.held(id, 3).await;
    tags.push(tag(&shelf).await);
    shelf.delete(1).await.expect_status(204);
    tags.push(tag(&shelf).await);
    // A shopper sees no other number, but the row says that it has changed, to the millisecond.
    sleep(Duration::from_millis(2)).await;
    shelf.commit(order).await.expect_status(200);
    tags.push(tag(&shelf).await);

    let different: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(different.len(), 7, "{tags:?}");
}

#[tokio::test]
async fn a_tag_outlives_a_restart() {
    let mut shelf = Shelf::open().await;
    let before = tag(&shelf).await;

    shelf.catalog.restart().await;

    assert_eq!(tag(&shelf).await, before);
}

#[tokio::test]
async fn whoever_writes_finds_it_in_the_list_at_once_a_hundred_times() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(0).await;

    for stock in 1..=100 {
        shelf.replace(id, &mug(stock)).await.expect_status(200);
        let list = shelf.list().await;
        assert_eq!(list.last().unwrap()["stock"], stock);
    }
}

#[tokio::test]
async fn whoever_reserves_finds_it_in_the_list_at_once() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(50).await;

    for left in (0..50).rev() {
        shelf.reserve(Id::new(), &[(id, 1, 9.99)]).await.expect_status(200);
        assert_eq!(shelf.list().await.last().unwrap()["stock"], left);
    }
}

#[tokio::test]
async fn many_who_write_and_read_at_once_find_each_their_own() {
    let shelf = Shelf::open().await;
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let (id, catalog) = (shelf.mugs(0).await, (*shelf.catalog).clone());
        writers.spawn(async move {
            for stock in 1..=25 {
                let path = format!("/products/{id}");
                catalog.put(&path).json(&mug(stock)).await.expect_status(200);
                let list = items(&catalog.get("/products").await);
                let mine = list.iter().find(|product| id_of(product) == id).unwrap();
                assert_eq!(mine["stock"], stock, "an old list of product {id}");
            }
        });
    }

    writers.join_all().await;
}

#[tokio::test]
async fn many_who_add_and_remove_at_once_find_each_their_own() {
    let shelf = Shelf::open().await;
    let mut writers = JoinSet::new();
    for _ in 0..8 {
        let catalog = (*shelf.catalog).clone();
        writers.spawn(async move {
            for _ in 0..15 {
                let added = catalog.post("/products").json(&mug(1)).await.expect_status(201);
                let is_mine = |product: &serde_json::Value| product["id"] == added["id"];
                assert!(items(&catalog.get("/products").await).iter().any(is_mine));
                let path = format!("/products/{}", added["id"]);
                catalog.delete(&path).await.expect_status(204);
                assert!(!items(&catalog.get("/products").await).iter().any(is_mine));
            }
        });
    }

    writers.join_all().await;
}

async fn tag(shelf: &Shelf) -> String {
    shelf.catalog.get("/products").await.expect_header("etag").to_owned()
}
