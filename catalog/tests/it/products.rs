//! `POST`, `GET`, `PUT` and `DELETE` of one product.

use serde_json::{Value, json};

use crate::support::{Shelf, id_of, mug};

#[tokio::test]
async fn a_product_is_added_and_found_where_the_answer_says() {
    let shelf = Shelf::open().await;

    let answer = shelf.create(&mug(5)).await;

    let product = answer.expect_status(201);
    let expected = json!({
        "id": 13,
        "name": "Mug",
        "price": 9.99,
        "stock": 5,
        "description": null,
        "category_id": null,
        "category_name": null,
        "image": null,
        "created_at": product["created_at"],
        "updated_at": product["created_at"],
    });
    assert_eq!(product, expected);
    let location = answer.expect_header("location");
    assert_eq!(location, "/products/13");
    assert_eq!(shelf.catalog.get(location).await.expect_status(200), product);
}

#[tokio::test]
async fn a_product_can_be_added_with_everything() {
    let shelf = Shelf::open().await;

    let product = shelf.create(&full_mug()).await.expect_status(201);

    assert_eq!(product["description"], "Holds coffee.\nHolds tea.");
    assert_eq!(product["category_id"], 4);
    assert_eq!(product["category_name"], "Home office");
    assert_eq!(product["image"], "images/mug-1.svg");
}

#[tokio::test]
async fn replacing_a_product_keeps_what_is_left_out() {
    let shelf = Shelf::open().await;
    let before = shelf.create(&full_mug()).await.expect_status(201);

    let answer =
        shelf.replace(id_of(&before), &json!({ "name": "Cup", "price": 12.5, "stock": 7 })).await;

    let after = answer.expect_status(200);
    let mut expected = before.clone();
    expected["name"] = json!("Cup");
    expected["price"] = json!(12.5);
    expected["stock"] = json!(7);
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected);
    assert!(after["updated_at"].as_str() >= before["updated_at"].as_str());
    assert_eq!(shelf.find(id_of(&before)).await, after);
}

#[tokio::test]
async fn replacing_a_product_clears_what_is_null() {
    let shelf = Shelf::open().await;
    let id = id_of(&shelf.create(&full_mug()).await.expect_status(201));

    for field in ["description", "category_id", "image"] {
        let mut draft = mug(5);
        draft[field] = Value::Null;
        let after = shelf.replace(id, &draft).await.expect_status(200);
        assert_eq!(after[field], Value::Null, "{field}");
    }

    let after = shelf.find(id).await;
    assert_eq!((&after["category_name"], &after["image"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn replacing_a_product_can_move_it_to_another_category() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(1).await;

    let mut draft = mug(1);
    draft["category_id"] = json!(3);
    let after = shelf.replace(id, &draft).await.expect_status(200);

    assert_eq!((&after["category_id"], &after["category_name"]), (&json!(3), &json!("Audio")));
}

#[tokio::test]
async fn required_fields_are_required_every_time() {
    let shelf = Shelf::open().await;

    for field in ["name", "price", "stock"] {
        let mut draft = mug(5);
        draft.as_object_mut().unwrap().remove(field);
        crate::support::refused(&shelf.create(&draft).await, field);
        crate::support::refused(&shelf.replace(1, &draft).await, field);
    }

    assert_eq!(shelf.list().await.len(), 12);
}

#[tokio::test]
async fn a_deleted_product_is_gone_for_good() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(5).await;

    let answer = shelf.delete(id).await;

    assert_eq!(answer.expect_text(204), "");
    let gone = "Product not found";
    shelf.catalog.get(&format!("/products/{id}")).await.expect_problem(404, gone);
    shelf.delete(id).await.expect_problem(404, gone);
    shelf.replace(id, &mug(5)).await.expect_problem(404, gone);
    assert_eq!(shelf.list().await.len(), 12);
}

#[tokio::test]
async fn the_id_of_a_deleted_product_is_never_given_again() {
    let mut shelf = Shelf::open().await;
    let id = shelf.mugs(5).await;
    shelf.delete(id).await.expect_status(204);

    shelf.catalog.restart().await;

    assert_eq!(shelf.mugs(5).await, id + 1);
}

#[tokio::test]
async fn an_unknown_product_is_not_found() {
    let shelf = Shelf::open().await;

    for id in [13, 999, 9_007_199_254_740_991_i64] {
        let path = format!("/products/{id}");
        shelf.catalog.get(&path).await.expect_problem(404, "Product not found");
        shelf.replace(id, &mug(1)).await.expect_problem(404, "Product not found");
        shelf.delete(id).await.expect_problem(404, "Product not found");
    }
}

#[tokio::test]
async fn a_product_cannot_be_in_a_category_that_does_not_exist() {
    let shelf = Shelf::open().await;
    let mut draft = mug(5);
    draft["category_id"] = json!(99);

    let sentence = "category_id: there is no category 99";
    shelf.create(&draft).await.expect_problem(422, sentence);
    shelf.replace(1, &draft).await.expect_problem(422, sentence);

    assert_eq!(shelf.find(1).await["name"], "Laptop");
    assert_eq!(shelf.list().await.len(), 12);
}

#[tokio::test]
async fn a_stock_goes_from_nothing_to_a_thousand_million() {
    let shelf = Shelf::open().await;

    for stock in [0, 1, 1_000_000_000] {
        let product = shelf.create(&mug(stock)).await.expect_status(201);
        assert_eq!(product["stock"], stock);
    }
}

fn full_mug() -> Value {
    json!({
        "name": "Mug",
        "price": 9.99,
        "stock": 5,
        "description": "Holds coffee.\nHolds tea.",
        "category_id": 4,
        "image": "images/mug-1.svg",
    })
}
