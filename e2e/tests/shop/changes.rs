//! A change in the catalog is known everywhere at once.

use chassis::testing::eventually;
use e2e::{Service, Shop, audit};
use serde_json::{Value, json};

/// How often the cart has had to ask the catalog.
async fn questions(shop: &Shop) -> Value {
    shop.cart.get("/internal/health").await.expect_status(200)["cache"]["misses"].clone()
}

#[tokio::test]
async fn the_cart_asks_again_after_a_product_was_renamed_or_repriced() {
    let shop = Shop::with_nginx().await;
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.add("user1", 2, 1).await.expect_status(200);
    assert_eq!(questions(&shop).await, 1);

    for (step, (name, price)) in [("Rat", 29.99), ("Rat", 31.50)].into_iter().enumerate() {
        shop.replace_product(2, name, price, 200).await.expect_status(200);
        shop.settles().await;
        shop.add("user1", 2, 1).await.expect_status(200);
        assert_eq!(questions(&shop).await, 2 + step);
    }

    let products = shop.outside().get("/api/catalog?q=rat").await.expect_status(200);
    assert_eq!((&products[0]["id"], &products[0]["price"]), (&json!(2), &json!(31.50)));
}

#[tokio::test]
async fn a_deleted_product_can_no_longer_be_added_and_says_so_in_carts() {
    let shop = Shop::with_nginx().await;
    shop.add("user1", 2, 1).await.expect_status(200);

    shop.delete_product(2).await.expect_status(204);
    shop.settles().await;

    let answer = shop.add("user2", 2, 1).await;
    answer.expect_problem(404, "Product 2 not found in catalog");
    let line = shop.cart_of("user1").await[0].clone();
    assert_eq!((&line["product_id"], &line["available"]), (&json!(2), &json!(false)));
    shop.place_order("user1", &[(2, 1, 29.99)]).await.expect_status(404);
}

#[tokio::test]
async fn a_change_reaches_a_cart_that_was_away() {
    let mut shop = Shop::with_nginx().await;
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.cart.kill().await;
    shop.delete_product(2).await.expect_status(204);

    shop.cart.restart().await;

    let knows = async || shop.cart_of("user1").await[0]["available"] == json!(false);
    eventually("the cart knows", knows).await;
}

#[tokio::test]
async fn a_renamed_category_has_its_new_name_in_every_product() {
    let shop = Shop::with_nginx().await;
    let name = json!({ "name": "Small things" });

    shop.outside().put("/api/catalog/categories/2").json(&name).await.expect_status(200);

    let products = shop.outside().get("/api/catalog?category_id=2").await.expect_status(200);
    let products = products.as_array().expect("a list");
    assert!(products.len() >= 3);
    assert!(products.iter().all(|product| product["category_name"] == "Small things"));
}

#[tokio::test]
async fn a_price_that_changes_before_the_order_is_named_in_the_refusal() {
    let shop = Shop::with_nginx().await;
    shop.add("user1", 2, 1).await.expect_status(200);
    shop.replace_product(2, "Mouse", 31.50, 200).await.expect_status(200);

    let refused = shop.place_order("user1", &[(2, 1, 29.99)]).await;
    let _ = refused.expect_status(422);
    assert!(refused.detail().contains("31.50"), "{refused}");

    assert_eq!(shop.buy("user1", 2).await["total_amount"], 31.50);
    audit(&shop).await;
}

#[tokio::test]
async fn a_price_that_changes_after_the_order_changes_no_receipt() {
    let shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 2).await;
    let id = e2e::shopping::id_of(&order);

    // One of 200 is promised.
    let body = json!({ "name": "Mouse", "price": 31.50, "stock": 199 });
    let change = shop.request(Service::Catalog, "PUT", "/products/2").json(&body);
    change.await.expect_status(200);

    shop.pay(id, 29.99).await.expect_status(200);
    assert_eq!(shop.order(id).await["total_amount"], 29.99);
    audit(&shop).await;
}
