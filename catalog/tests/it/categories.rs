//! `/categories`, and the copies of their names in products.

use chassis::testing::all_at_once;
use serde_json::json;

use crate::support::{Shelf, id_of, mug, names, refused};

#[tokio::test]
async fn a_category_is_added_and_found_where_the_answer_says() {
    let shelf = Shelf::open().await;

    let answer = shelf.catalog.post("/categories").json(&json!({ "name": "Garden" })).await;

    let category = answer.expect_status(201);
    assert_eq!((&category["id"], &category["name"]), (&json!(5), &json!("Garden")));
    let location = answer.expect_header("location");
    assert_eq!(location, "/categories/5");
    assert_eq!(shelf.catalog.get(location).await.expect_status(200), category);
    let listed = shelf.catalog.get("/categories").await;
    assert_eq!(names(&listed).last().map(String::as_str), Some("Garden"));
}

#[tokio::test]
async fn renaming_a_category_renames_every_copy() {
    let shelf = Shelf::open().await;
    let mut draft = mug(5);
    draft["category_id"] = json!(3);
    let id = id_of(&shelf.create(&draft).await.expect_status(201));

    let renamed = shelf.catalog.put("/categories/3").json(&json!({ "name": "Sound" })).await;

    assert_eq!(renamed.expect_status(200)["name"], "Sound");
    for product in shelf.list().await {
        let expected = if product["category_id"] == 3 { "Sound" } else { "not that" };
        assert_eq!(product["category_name"] == "Sound", expected == "Sound", "{product}");
    }
    assert_eq!(shelf.find(id).await["category_name"], "Sound");
    assert_eq!(shelf.find(1).await["category_name"], "Computers");
}

#[tokio::test]
async fn a_copy_is_never_seen_with_an_old_name() {
    let shelf = Shelf::open().await;

    for round in 0..30 {
        let name = format!("Sound {round}");
        let rename = shelf.catalog.put("/categories/3").json(&json!({ "name": name }));
        rename.await.expect_status(200);
        for product in shelf.list().await {
            assert!(product["category_id"] != 3 || product["category_name"] == *name, "{product}");
        }
    }
}

#[tokio::test]
async fn a_rename_and_a_new_product_at_once_leave_no_old_copy() {
    let shelf = Shelf::open().await;
    let mut draft = mug(5);
    draft["category_id"] = json!(3);
    let requests = (0..60).map(|n| match n % 3 {
        0 => shelf.catalog.put("/categories/3").json(&json!({ "name": format!("Sound {n}") })),
        _ => shelf.create(&draft),
    });

    all_at_once(requests).await;

    let wrong = "SELECT count(*) FROM products p JOIN categories c ON c.id = p.category_id \
         WHERE p.category_name <> c.name";
    assert_eq!(shelf.catalog.sql_value(wrong), "0");
}

#[tokio::test]
async fn two_categories_cannot_have_the_same_name() {
    let shelf = Shelf::open().await;

    for name in ["Audio", "AUDIO", "  audio  "] {
        let shown = name.trim();
        let sentence = format!("A category named {shown} exists already");
        let draft = json!({ "name": name });
        shelf.catalog.post("/categories").json(&draft).await.expect_problem(409, &sentence);
        shelf.catalog.put("/categories/1").json(&draft).await.expect_problem(409, &sentence);
    }

    // It is no conflict with itself.
    let own = shelf.catalog.put("/categories/3").json(&json!({ "name": "AUDIO" })).await;
    assert_eq!(own.expect_status(200)["name"], "AUDIO");
}

#[tokio::test]
async fn of_twenty_who_add_the_same_category_one_does() {
    let shelf = Shelf::open().await;
    let adds =
        (0..20).map(|_| shelf.catalog.post("/categories").json(&json!({ "name": "Garden" })));

    let answers = all_at_once(adds).await;

    let added = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((added, refused), (1, 19));
}

#[tokio::test]
async fn an_unknown_category_is_not_found() {
    let shelf = Shelf::open().await;

    shelf.catalog.get("/categories/99").await.expect_problem(404, "Category not found");
    let rename = shelf.catalog.put("/categories/99").json(&json!({ "name": "Garden" }));
    rename.await.expect_problem(404, "Category not found");
    for wrong in ["0", "-1", "abc", "1.5", "%00", "1%20OR%201=1"] {
        let path = format!("/categories/{wrong}");
        refused(&shelf.catalog.get(&path).await, "category_id");
        let rename = shelf.catalog.put(&path).json(&json!({ "name": "Garden" }));
        refused(&rename.await, "category_id");
    }
}

#[tokio::test]
async fn a_category_that_makes_no_sense_names_its_fault() {
    let shelf = Shelf::open().await;

    for (draft, name) in [
        (json!({}), "name"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "  " }), "name"),
        (json!({ "name": null }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "name": "x".repeat(201) }), "name"),
        (json!({ "name": "Garden", "id": 9 }), "id"),
    ] {
        refused(&shelf.catalog.post("/categories").json(&draft).await, name);
        refused(&shelf.catalog.put("/categories/1").json(&draft).await, name);
    }

    let listed = shelf.catalog.get("/categories").await;
    assert_eq!(names(&listed), ["Computers", "Accessories", "Audio", "Home office"]);
}
