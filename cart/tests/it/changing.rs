//! Reading, changing and emptying a cart.

use serde_json::{Value, json};

use crate::support::{Shop, line};

#[tokio::test]
async fn somebody_who_never_added_anything_has_an_empty_cart() {
    let shop = Shop::open().await;

    let cart = shop.cart.get("/cart/nobody").await.expect_status(200);

    let expected =
        json!({ "user_id": "nobody", "cart": [], "created_at": null, "updated_at": null });
    assert_eq!(cart, expected);
}

#[tokio::test]
async fn a_cart_tells_when_it_was_made_and_last_changed() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    let first = shop.cart.get("/cart/user1").await.expect_status(200);

    shop.add("user1", 2, 1).await.expect_status(200);
    let second = shop.cart.get("/cart/user1").await.expect_status(200);

    assert_eq!(first["created_at"], first["updated_at"]);
    assert_eq!(second["created_at"], first["created_at"]);
    assert!(second["updated_at"].as_str() > first["updated_at"].as_str(), "{second}");
}

#[tokio::test]
async fn the_quantity_of_a_line_can_be_set() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 5).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);

    let answer = shop.cart.put("/cart/user1/items/1?quantity=3").await;

    let expected = json!({ "message": "Quantity updated", "cart": [line(1, 3), line(2, 1)] });
    assert_eq!(answer.expect_status(200), expected);
    assert_eq!(shop.lines("user1").await, expected["cart"]);
}

#[tokio::test]
async fn setting_a_quantity_asks_nobody() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 5).await.expect_status(200);
    shop.catalog.refuse();

    let answer = shop.cart.put("/cart/user1/items/1?quantity=1000").await;

    assert_eq!(answer.expect_status(200)["cart"], json!([line(1, 1_000)]));
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn a_line_that_is_not_there_cannot_be_set() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);

    let absent = shop.cart.put("/cart/user1/items/5?quantity=3").await;
    let no_cart = shop.cart.put("/cart/nobody/items/1?quantity=3").await;

    absent.expect_problem(404, "Product 5 is not in the cart");
    no_cart.expect_problem(404, "Product 1 is not in the cart");
    assert_eq!(shop.lines("user1").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn removing_a_line_twice_is_the_same_as_once() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);

    let first = shop.cart.delete("/cart/user1/items/1").await;
    let second = shop.cart.delete("/cart/user1/items/1").await;

    let expected = json!({ "message": "Item removed", "cart": [line(2, 1)] });
    assert_eq!(first.expect_status(200), expected);
    assert_eq!(second.expect_status(200), expected);
}

#[tokio::test]
async fn a_line_can_be_removed_from_a_cart_that_is_not_there() {
    let shop = Shop::open().await;

    let answer = shop.cart.delete("/cart/nobody/items/1").await;

    assert_eq!(answer.expect_status(200)["cart"], json!([]));
    assert_eq!(shop.cart.sql_value("SELECT count(*) FROM carts"), "0");
}

#[tokio::test]
async fn a_line_that_is_added_again_comes_last() {
    let shop = Shop::open().await;
    for product_id in [1, 2] {
        shop.add("user1", product_id, 1).await.expect_status(200);
    }

    shop.cart.delete("/cart/user1/items/1").await.expect_status(200);
    shop.add("user1", 1, 1).await.expect_status(200);

    assert_eq!(shop.lines("user1").await, json!([line(2, 1), line(1, 1)]));
}

#[tokio::test]
async fn a_cart_can_be_emptied_again_and_again() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user2", 1, 1).await.expect_status(200);

    for _ in 0..2 {
        let answer = shop.cart.delete("/cart/user1/clear").await.expect_status(200);
        assert_eq!(answer, json!({ "message": "Cart cleared", "cart": [] }));
    }

    assert_eq!(shop.lines("user1").await, json!([]));
    assert_eq!(shop.lines("user2").await, json!([line(1, 1)]));
}

#[tokio::test]
async fn an_emptied_cart_remembers_when_it_was_emptied() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.cart.delete("/cart/user1/clear").await.expect_status(200);
    let emptied = shop.cart.get("/cart/user1").await.expect_status(200);

    shop.cart.delete("/cart/user1/clear").await.expect_status(200);

    assert_ne!(emptied["updated_at"], Value::Null);
    assert_eq!(shop.cart.get("/cart/user1").await.expect_status(200), emptied);
}
