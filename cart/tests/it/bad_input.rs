//! Input of every bad kind. It is refused with a sentence that names what is wrong, nobody is
//! asked about it, and nothing is written.

use serde_json::json;

use crate::support::{Shop, event};

/// Not a whole number from 1 up, in a query string or a path.
const NO_NUMBERS: [&str; 18] = [
    "abc",
    "1.5",
    "1e3",
    "1e400",
    "NaN",
    "Infinity",
    "-1",
    "0",
    "0x1",
    "01",
    "%2B1",
    "+1",
    "99999999999999999999",
    "9223372036854775808",
    "%00",
    "1%00",
    "1%3B%20DROP%20TABLE%20carts",
    "1%27%20OR%20%271%27%3D%271",
];

#[tokio::test]
async fn a_number_that_is_none_is_refused_wherever_it_stands() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();

    for wrong in NO_NUMBERS.into_iter().chain([""]) {
        let product = shop.cart.post(&format!("/cart/user1/add?product_id={wrong}")).await;
        refused(&product, "product_id");
        let added = format!("/cart/user1/add?product_id=1&quantity={wrong}");
        refused(&shop.cart.post(&added).await, "quantity");
        let set = format!("/cart/user1/items/1?quantity={wrong}");
        refused(&shop.cart.put(&set).await, "quantity");
    }
    for wrong in NO_NUMBERS {
        let path = format!("/cart/user1/items/{wrong}");
        refused(&shop.cart.put(&format!("{path}?quantity=1")).await, "product_id");
        refused(&shop.cart.delete(&path).await, "product_id");
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_number_out_of_range_is_refused_with_the_range() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();
    let sentence = "quantity: must be a whole number from 1 to 1000";

    shop.add("user1", 1, 1_001).await.expect_problem(422, sentence);
    shop.add("user1", 1, 0).await.expect_problem(422, sentence);
    shop.cart.put("/cart/user1/items/1?quantity=1001").await.expect_problem(422, sentence);
    refused(&shop.add("user1", 9_007_199_254_740_992, 1).await, "product_id");

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_parameter_that_is_missing_unknown_or_doubled_is_named() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();

    for (path, name) in [
        ("/cart/user1/add", "product_id"),
        ("/cart/user1/add?quantity=1", "product_id"),
        ("/cart/user1/add?product_id=1&qty=2", "qty"),
        ("/cart/user1/add?product_id=1&product_id=2", "product_id"),
        ("/cart/user1/add?product_id=1&quantity=1&quantity=1", "quantity"),
        ("/cart/user1/add?PRODUCT_ID=1", "PRODUCT_ID"),
    ] {
        refused(&shop.cart.post(path).await, name);
    }
    refused(&shop.cart.put("/cart/user1/items/1").await, "quantity");
    refused(&shop.cart.put("/cart/user1/items/1?quantity=1&a=b").await, "a");
    refused(&shop.cart.delete("/cart/user1/items/1?quantity=1").await, "quantity");
    refused(&shop.cart.delete("/cart/user1/clear?sure=1").await, "sure");
    refused(&shop.cart.get("/cart/user1?limit=1").await, "limit");

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_user_id_has_64_sane_characters_at_most() {
    let shop = Shop::open().await;
    let wrong = [
        "a%20b".to_owned(),
        "%00".to_owned(),
        "user1%00".to_owned(),
        "a%2Fb".to_owned(),
        "%C3%A9".to_owned(),
        "user1%27%20OR%20%271%27%3D%271".to_owned(),
        "x'%3BDROP%20TABLE%20carts%3B--".to_owned(),
        "u".repeat(65),
        "u".repeat(10_000),
    ];

    for user in wrong {
        for request in [
            shop.cart.get(&format!("/cart/{user}")),
            shop.add(&user, 1, 1),
            shop.cart.put(&format!("/cart/{user}/items/1?quantity=1")),
            shop.cart.delete(&format!("/cart/{user}/items/1")),
            shop.cart.delete(&format!("/cart/{user}/clear")),
        ] {
            refused(&request.await, "user_id");
        }
    }

    for right in [&"u".repeat(64), "Ada.Lovelace_1-x@example.org"] {
        shop.cart.get(&format!("/cart/{right}")).await.expect_status(200);
    }
    assert!(shop.catalog.requests().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_400() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();

    for path in [
        "/cart/user1/add?product_id=%ff",
        "/cart/user1/add?product_id=1&%ff=1",
        "/cart/user1/add?product_id=%zz",
        "/cart/user1/add?product_id=1%",
        "/cart/%ff/add?product_id=1",
    ] {
        shop.cart.post(path).await.expect_status(400);
    }
    shop.cart.get("/cart/%ff%fe").await.expect_status(400);
    shop.cart.get("/cart/user1?%ff").await.expect_status(400);
    shop.cart.delete("/cart/user1/items/%ff").await.expect_status(400);

    unharmed(&shop).await;
}

#[tokio::test]
async fn an_event_that_is_no_json_is_refused() {
    let shop = Shop::open().await;
    let post = |body: &str| {
        let request = shop.cart.post("/internal/events").header("content-type", "application/json");
        request.body(body)
    };
    let deep = "[".repeat(10_000);

    for broken in ["", "{", "{\"event_id\":}", "{\"event_id\":NaN}", "\u{0}", "{}{}", &deep] {
        post(broken).await.expect_status(400);
    }
    let bytes = shop.cart.post("/internal/events").header("content-type", "application/json");
    bytes.body(vec![b'"', 0xff, b'"']).await.expect_status(400);
    let unlabeled =
        shop.cart.post("/internal/events").body(event("user.deleted", json!({})).to_string());
    unlabeled.await.expect_problem(415, "Content-Type must be application/json");
}

#[tokio::test]
async fn an_event_with_a_wrong_field_is_refused_and_the_field_named() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();
    let right = event("user.deleted", json!({ "user_id": "user1" }));

    for (field, values) in [
        (
            "event_id",
            vec![
                json!(""),
                json!(7),
                json!(null),
                json!("a b"),
                json!("\u{0}"),
                json!("x".repeat(129)),
            ],
        ),
        (
            "event_type",
            vec![json!("user.exploded"), json!(""), json!(null), json!(1), json!(["user.deleted"])],
        ),
        ("payload", vec![json!("user1"), json!(null), json!(1), json!([null, "user1"])]),
        ("timestamp", vec![json!("yesterday"), json!(1), json!(null)]),
        ("extra", vec![json!(1)]),
    ] {
        for value in values {
            let mut wrong = right.clone();
            wrong[field] = value;
            refused(&shop.deliver(&wrong).await, field);
        }
        let mut without = right.clone();
        if without.as_object_mut().and_then(|event| event.remove(field)).is_some() {
            refused(&shop.deliver(&without).await, field);
        }
    }
    for (payload, field) in [
        (json!({}), "payload.user_id"),
        (json!({ "user_id": "a b" }), "payload.user_id"),
        (json!({ "user_id": 1 }), "payload.user_id"),
        (json!({ "user_id": "user1", "product_id": "1" }), "payload.product_id"),
        (json!({ "user_id": "user1", "product_id": 1e300 }), "payload.product_id"),
        (json!({ "user_id": "user1", "product_id": -1 }), "payload.product_id"),
    ] {
        refused(&shop.announce("user.deleted", payload).await, field);
    }

    unharmed(&shop).await;
    assert_eq!(shop.cart.sql_value("SELECT count(*) FROM received_events"), "0");
}

#[tokio::test]
async fn a_list_is_not_taken_for_an_event() {
    let shop = Shop::open().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.catalog.forget();
    let values = json!(["e1", "user.deleted", [null, "user1"], "2026-01-01T00:00:00Z"]);

    shop.deliver(&values).await.expect_problem(422, "The body must be an object");

    unharmed(&shop).await;
}

#[track_caller]
fn refused(answer: &chassis::testing::Answer, name: &str) {
    answer.expect_status(422);
    assert!(answer.detail().contains(name), "expected {name} to be named:\n{answer}");
}

/// The cart holds the one line from before, the tables are there, and nobody was asked.
async fn unharmed(shop: &Shop) {
    assert_eq!(shop.lines("user1").await, json!([{ "product_id": 1, "quantity": 1 }]));
    assert!(shop.catalog.requests().is_empty());
    shop.cart.expect_no_error().await;
}
