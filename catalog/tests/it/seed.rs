//! What a new shop sells.

use std::path::Path;

use serde_json::json;

use crate::support::{Shelf, items, names};

#[tokio::test]
async fn a_new_shop_has_twelve_products_in_four_categories() {
    let shelf = Shelf::open().await;

    let products = shelf.list().await;
    let categories = shelf.catalog.get("/categories").await;

    let ids: Vec<i64> = products.iter().map(crate::support::id_of).collect();
    assert_eq!(ids, (1..=12).collect::<Vec<_>>());
    assert_eq!(names(&categories), ["Computers", "Accessories", "Audio", "Home office"]);
    for category in items(&categories) {
        let has_products = products.iter().any(|product| product["category_id"] == category["id"]);
        assert!(has_products, "{category} is empty");
    }
}

#[tokio::test]
async fn the_first_three_products_are_the_ones_that_everybody_knows() {
    let shelf = Shelf::open().await;

    let list = shelf.catalog.get("/products").await.expect_text(200);

    for product in [
        r#"{"id":1,"name":"Laptop","price":999.99,"stock":50,"#,
        r#"{"id":2,"name":"Mouse","price":29.99,"stock":200,"#,
        r#"{"id":3,"name":"Keyboard","price":79.99,"stock":150,"#,
    ] {
        assert!(list.contains(product), "{product} is not in {list}");
    }
}

#[tokio::test]
async fn every_product_has_a_description_and_a_picture_that_the_page_ships() {
    let shelf = Shelf::open().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend");

    for product in shelf.list().await {
        let picture = page.join(product["image"].as_str().unwrap());
        assert!(picture.is_file(), "{} is missing", picture.display());
        assert!(product["description"].as_str().is_some_and(|text| text.len() > 10), "{product}");
        assert_eq!(product["created_at"], product["updated_at"]);
    }
}

#[tokio::test]
async fn a_copied_category_name_is_that_of_the_category() {
    let shelf = Shelf::open().await;
    let categories = items(&shelf.catalog.get("/categories").await);

    for product in shelf.list().await {
        let same = |category: &&serde_json::Value| category["id"] == product["category_id"];
        let category = categories.iter().find(same).unwrap();
        assert_eq!(product["category_name"], category["name"]);
    }
}

#[tokio::test]
async fn what_was_deleted_does_not_come_back_with_the_next_start() {
    let mut shelf = Shelf::open().await;
    shelf.delete(1).await.expect_status(204);

    shelf.catalog.restart().await;

    shelf.catalog.get("/products/1").await.expect_problem(404, "Product not found");
    assert_eq!(shelf.list().await.len(), 11);
    assert_eq!(shelf.list().await[0]["name"], json!("Mouse"));
}
