//! Lines that were added unchecked are checked when the catalog is back.

use std::time::Duration;

use chassis::testing::{Behavior, all_at_once, eventually};
use serde_json::json;

use crate::support::{Shop, line, missing_line, unchecked_line};

#[tokio::test]
async fn unchecked_lines_are_checked_when_the_catalog_is_back() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.add("user2", 1, 1).await.expect_status(200);

    shop.catalog.accept();

    let is_checked = async || {
        shop.lines("user1").await == json!([line(1, 1), line(2, 1)])
            && shop.lines("user2").await == json!([line(1, 1)])
    };
    eventually("the lines are checked", is_checked).await;
    assert_eq!(shop.questions(1), 1);
}

#[tokio::test]
async fn a_line_whose_product_turns_out_not_to_exist_stays_and_says_so() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 999, 1).await.expect_status(200);
    shop.add("user1", 1, 1).await.expect_status(200);

    shop.catalog.accept();

    let lines = json!([missing_line(999, 1), line(1, 1)]);
    eventually("the lines are checked", async || shop.lines("user1").await == lines).await;
}

#[tokio::test]
async fn a_product_that_does_not_exist_is_not_asked_about_again_and_again() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 999, 1).await.expect_status(200);
    shop.catalog.accept();
    let lines = json!([missing_line(999, 1)]);
    eventually("the line is checked", async || shop.lines("user1").await == lines).await;

    // By the time another line has been checked, this one would have been asked about again.
    shop.catalog.refuse();
    shop.add("user2", 2, 1).await.expect_status(200);
    shop.catalog.accept();
    let lines = json!([line(2, 1)]);
    eventually("the other is checked", async || shop.lines("user2").await == lines).await;

    assert_eq!(shop.questions(999), 1);
}

#[tokio::test]
async fn a_product_that_comes_into_being_is_available_once_it_is_added() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 999, 1).await.expect_status(200);
    shop.catalog.accept();
    let lines = json!([missing_line(999, 1)]);
    eventually("the line is checked", async || shop.lines("user1").await == lines).await;

    shop.catalog_answers(Behavior::answer(200, json!({ "id": 999, "name": "New" })));
    let answer = shop.add("user1", 999, 1).await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(999, 2)]));
}

#[tokio::test]
async fn a_product_that_comes_into_being_is_available_in_every_cart_once_it_is_announced() {
    let shop = Shop::open().await;
    gives_up(&shop, &["user1", "user2"], 999).await;
    shop.catalog_answers(Behavior::answer(200, json!({ "id": 999, "name": "New" })));

    shop.announce("product.updated", json!({ "product_id": 999 })).await.expect_status(200);

    for user in ["user1", "user2"] {
        let is_there = async || shop.lines(user).await == json!([line(999, 1)]);
        eventually("the line is available", is_there).await;
    }
}

#[tokio::test]
async fn an_update_that_names_no_product_may_be_about_any() {
    let shop = Shop::open().await;
    gives_up(&shop, &["user1"], 999).await;
    shop.catalog_answers(Behavior::answer(200, json!({ "id": 999, "name": "New" })));

    shop.announce("product.updated", json!({})).await.expect_status(200);

    let is_there = async || shop.lines("user1").await == json!([line(999, 1)]);
    eventually("the line is available", is_there).await;
}

#[tokio::test]
async fn an_update_that_comes_after_the_deletion_brings_no_product_back() {
    let shop = Shop::open().await;
    gives_up(&shop, &["user1"], 999).await;

    shop.announce("product.updated", json!({ "product_id": 999 })).await.expect_status(200);

    eventually("the catalog is asked", async || shop.questions(999) == 2).await;
    let in_doubt = || shop.cart.sql_value("SELECT sum(needs_check) FROM missing_products");
    eventually("the doubt is over", async || in_doubt() == "0").await;
    assert_eq!(shop.lines("user1").await, json!([missing_line(999, 1)]));
}

/// The catalog is asked, says no, and announces the product before the answer was written down.
#[tokio::test]
async fn an_answer_that_an_announcement_has_overtaken_is_not_believed() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 999, 1).await.expect_status(200);
    let absent = Behavior::problem(404, "Product not found");
    shop.catalog_answers(absent.after(Duration::from_millis(500)));
    shop.catalog.accept();
    eventually("the catalog is asked", async || shop.questions(999) == 1).await;

    shop.announce("product.updated", json!({ "product_id": 999 })).await.expect_status(200);
    shop.catalog_answers(Behavior::answer(200, json!({ "id": 999, "name": "New" })));

    let is_there = async || shop.lines("user1").await == json!([line(999, 1)]);
    eventually("the line is available", is_there).await;
}

/// Shoppers have added a product while the catalog was away, and it does not exist.
async fn gives_up(shop: &Shop, users: &[&str], product_id: i64) {
    shop.catalog.refuse();
    for user in users {
        shop.add(user, product_id, 1).await.expect_status(200);
    }
    shop.catalog.accept();
    for user in users {
        let lines = json!([missing_line(product_id, 1)]);
        eventually("the line is checked", async || shop.lines(user).await == lines).await;
    }
}

#[tokio::test]
async fn one_product_without_an_answer_does_not_hold_up_the_others() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.catalog.play(|request| match request.path.as_str() {
        "/products/1" => Behavior::problem(500, "Something went wrong on our side"),
        path => crate::support::product_page(path),
    });

    shop.catalog.accept();

    let lines = json!([unchecked_line(1, 1), line(2, 1)]);
    eventually("the other is checked", async || shop.lines("user1").await == lines).await;
}

#[tokio::test]
async fn lines_from_before_a_crash_are_checked_after_it() {
    let mut shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.cart.kill().await;
    shop.catalog.accept();

    shop.cart.restart().await;

    let lines = json!([line(1, 1)]);
    eventually("the line is checked", async || shop.lines("user1").await == lines).await;
}

#[tokio::test]
async fn twelve_hundred_lines_of_one_product_are_checked_with_one_question() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    for hundred in 0..12 {
        let adds = (0..100).map(|user| shop.add(&format!("user{hundred}-{user}"), 1, 1));
        for answer in all_at_once(adds).await {
            answer.expect_status(200);
        }
    }

    shop.catalog.accept();

    let unchecked = || shop.cart.sql_value("SELECT count(*) FROM cart_lines WHERE needs_check = 1");
    eventually("all lines are checked", async || unchecked() == "0").await;
    assert_eq!(shop.questions(1), 1);
}

#[tokio::test]
async fn checking_changes_nothing_that_the_shopper_did() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    shop.add("user1", 1, 4).await.expect_status(200);
    let before = shop.cart.get("/cart/user1").await.expect_status(200);

    shop.catalog.accept();
    let lines = json!([line(1, 4)]);
    eventually("the line is checked", async || shop.lines("user1").await == lines).await;

    let after = shop.cart.get("/cart/user1").await.expect_status(200);
    assert_eq!(after["updated_at"], before["updated_at"]);
}
