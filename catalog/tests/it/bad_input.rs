//! Requests that cannot be read at all. Nothing is written, and nothing is our fault.

use chassis::testing::Request;
use serde_json::json;

use crate::support::{Shelf, mug, refused};

/// Not a whole number from 1 up, in a path.
const NO_IDS: [&str; 12] = [
    "0",
    "-1",
    "abc",
    "1.5",
    "1e3",
    "%00",
    "1%00",
    "1%20",
    "9007199254740992",
    "99999999999999999999",
    "1%27%20OR%20%271%27=%271",
    "1%3B%20DROP%20TABLE%20products",
];

#[tokio::test]
async fn an_id_that_is_none_is_refused() {
    let shelf = Shelf::open().await;

    for wrong in NO_IDS {
        let path = format!("/products/{wrong}");
        refused(&shelf.catalog.get(&path).await, "product_id");
        refused(&shelf.catalog.put(&path).json(&mug(1)).await, "product_id");
        refused(&shelf.catalog.delete(&path).await, "product_id");
    }
    shelf.catalog.get("/products/%ff").await.expect_status(400);

    unharmed(&shelf).await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let shelf = Shelf::open().await;
    let deep = "[".repeat(10_000);
    let deep_in_place = format!("{{\"name\":{}", "[".repeat(10_000));

    for broken in
        ["", "{", "{\"name\":}", "nonsense", "\u{0}", "{}{}", "\u{feff}{}", &deep, &deep_in_place]
    {
        post(&shelf, broken).await.expect_status(400);
        let put = shelf.catalog.put("/products/1").header("content-type", "application/json");
        put.body(broken).await.expect_status(400);
    }

    unharmed(&shelf).await;
}

#[tokio::test]
async fn a_body_that_is_no_utf_8_is_refused() {
    let shelf = Shelf::open().await;

    let in_name = b"{\"name\":\"M\xffg\",\"price\":1,\"stock\":1}";
    let in_key = b"{\"name\":\"Mug\",\"price\":1,\"stock\":1,\"\xc3\":1}";
    let overlong = b"{\"name\":\"M\xc0\xafg\",\"price\":1,\"stock\":1}";
    // This is JSON, but no text.
    let half_a_pair = b"{\"name\":\"\\ud800\",\"price\":1,\"stock\":1}";

    for broken in [&in_name[..], in_key, overlong] {
        post(&shelf, broken).await.expect_status(400);
    }
    refused(&post(&shelf, half_a_pair).await, "name");
    unharmed(&shelf).await;
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let shelf = Shelf::open().await;
    let body = mug(1).to_string();

    let request = |kind: &str| shelf.catalog.post("/products").header("content-type", kind);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "", "json", "text/json"] {
        let answer = request(kind).body(body.clone()).await;
        answer.expect_problem(415, "Content-Type must be application/json");
    }
    shelf.catalog.post("/products").body(body.clone()).await.expect_status(415);
    unharmed(&shelf).await;

    request("Application/JSON; charset=utf-8").body(body).await.expect_status(201);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused() {
    let shelf = Shelf::open().await;

    for wrong in [json!(null), json!(1), json!("Mug"), json!([]), json!([mug(1)]), json!(true)] {
        shelf.create(&wrong).await.expect_status(422);
    }

    unharmed(&shelf).await;
}

#[tokio::test]
async fn a_field_that_is_unknown_or_said_twice_is_named() {
    let shelf = Shelf::open().await;

    for extra in ["id", "held", "deleted_at", "Price", "category_name", "__proto__", ""] {
        let mut draft = mug(1);
        draft[extra] = json!(1);
        refused(&shelf.create(&draft).await, extra);
    }
    for twice in ["\"name\":\"Cup\"", "\"price\":0.01", "\"stock\":9", "\"name\":null"] {
        let body = format!(r#"{{"name":"Mug","price":9.99,"stock":1,{twice}}}"#);
        let answer = post(&shelf, body).await;
        refused(&answer, "duplicate field");
    }

    unharmed(&shelf).await;
}

#[track_caller]
fn post(shelf: &Shelf, body: impl Into<Vec<u8>>) -> Request {
    shelf.catalog.post("/products").header("content-type", "application/json").body(body)
}

/// The seed is what it was.
async fn unharmed(shelf: &Shelf) {
    let list = shelf.list().await;
    assert_eq!(list.len(), 12);
    assert_eq!((&list[0]["name"], &list[0]["stock"]), (&json!("Laptop"), &json!(50)));
    assert!(!shelf.catalog.has_logged("ERROR"));
}
