//! `POST /cart/{user_id}/add` while all is well.

use chassis::testing::all_at_once;
use serde_json::json;

use crate::support::{Shop, line};

#[tokio::test]
async fn a_product_is_added_once_unless_more_are_asked_for() {
    let shop = Shop::open().await;

    let answer = shop.cart.post("/cart/user1/add?product_id=1").await;

    let expected = json!({ "message": "Item added", "cart": [line(1, 1)] });
    assert_eq!(answer.expect_status(200), expected);
    assert_eq!(answer.header("x-degraded"), None);
    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn adding_a_product_again_raises_its_line() {
    let shop = Shop::open().await;

    shop.add("user1", 1, 2).await.expect_status(200);
    let answer = shop.add("user1", 1, 3).await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 5)]));
}

#[tokio::test]
async fn lines_stay_in_the_order_in_which_they_were_first_added() {
    let shop = Shop::open().await;

    for product_id in [9, 2, 5, 2, 9] {
        shop.add("user1", product_id, 1).await.expect_status(200);
    }

    assert_eq!(shop.lines("user1").await, json!([line(9, 2), line(2, 2), line(5, 1)]));
}

#[tokio::test]
async fn shoppers_do_not_see_each_others_carts() {
    let shop = Shop::open().await;

    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("USER1", 2, 1).await.expect_status(200);

    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
    assert_eq!(shop.lines("USER1").await, json!([line(2, 1)]));
}

#[tokio::test]
async fn an_unknown_product_is_refused_and_the_cart_stays() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    let before = shop.cart.get("/cart/user1").await.expect_status(200);

    let answer = shop.add("user1", 999, 1).await;

    answer.expect_problem(404, "Product 999 not found in catalog");
    assert_eq!(shop.cart.get("/cart/user1").await.expect_status(200), before);
}

#[tokio::test]
async fn an_unknown_product_makes_no_cart() {
    let shop = Shop::open().await;

    shop.add("user1", 999, 1).await.expect_status(404);

    assert_eq!(shop.cart.sql_value("SELECT count(*) FROM carts"), "0");
}

#[tokio::test]
async fn a_cart_holds_a_hundred_products_and_not_one_more() {
    let shop = Shop::open().await;
    let fill = (1..=100).map(|product_id| shop.add("user1", product_id, 1));
    for answer in all_at_once(fill).await {
        answer.expect_status(200);
    }

    let answer = shop.add("user1", 101, 1).await;

    answer.expect_problem(409, "A cart holds at most 100 different products");
    assert_eq!(shop.lines("user1").await.as_array().map(Vec::len), Some(100));
    shop.add("user1", 100, 1).await.expect_status(200);
}

#[tokio::test]
async fn a_line_holds_a_million_and_not_one_more() {
    let shop = Shop::open().await;
    for _ in 0..10 {
        let thousands = (0..100).map(|_| shop.add("user1", 1, 1_000));
        for answer in all_at_once(thousands).await {
            answer.expect_status(200);
        }
    }

    let answer = shop.add("user1", 1, 1).await;

    answer.expect_problem(422, "quantity: a line holds at most 1000000");
    assert_eq!(shop.lines("user1").await, json!([line(1, 1_000_000)]));
}

#[tokio::test]
async fn two_hundred_parallel_adds_to_one_cart_sum_exactly() {
    let shop = Shop::open().await;

    let answers = all_at_once((0..200).map(|_| shop.add("user1", 1, 3))).await;

    for answer in &answers {
        answer.expect_status(200);
    }
    assert_eq!(shop.lines("user1").await, json!([line(1, 600)]));
}
