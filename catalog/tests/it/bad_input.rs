//! Requests that cannot be read at all. Nothing is written, and nothing is our fault.

use chassis::id::Id;
use chassis::testing::Request;
use serde_json::{Value, json};

use crate::support::{Shelf, mug, refused};

/// Not a whole number from 1 up in its one spelling, in a path.
const NO_IDS: [&str; 15] = [
    "007",
    "+2",
    "%2B2",
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
    // Half of a pair of surrogates looks like JSON, but is no text.
    let half_a_pair = b"{\"name\":\"\\ud800\",\"price\":1,\"stock\":1}";

    for broken in [&in_name[..], in_key, overlong, half_a_pair] {
        post(&shelf, broken).await.expect_status(400);
    }
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
        shelf.create(&wrong).await.expect_problem(422, "The body must be an object");
    }

    unharmed(&shelf).await;
}

/// A list of the values in the order of our fields is no second way to say the same.
#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let shelf = Shelf::open().await;
    let (catalog, order) = (&shelf.catalog, Id::new());
    let product = json!(["Array", 1.5, 3, null, null, null]);
    let sentence = "The body must be an object";

    shelf.create(&json!(["Array", 1.5, 3])).await.expect_problem(422, sentence);
    shelf.create(&product).await.expect_problem(422, sentence);
    shelf.replace(1, &product).await.expect_problem(422, sentence);
    let named = json!(["Array"]);
    catalog.post("/categories").json(&named).await.expect_problem(422, sentence);
    catalog.put("/categories/1").json(&named).await.expect_problem(422, sentence);
    let reserve = |body: Value| catalog.put(&format!("/internal/reservations/{order}")).json(&body);
    reserve(json!([[[2, 1, 29.99]]])).await.expect_problem(422, sentence);
    let line = reserve(json!({ "items": [[2, 1, 29.99]] })).await;
    line.expect_problem(422, "items[0]: must be an object");

    unharmed(&shelf).await;
    let categories = catalog.get("/categories").await.expect_status(200);
    assert_eq!(categories[0]["name"], "Computers");
    assert_eq!(shelf.units(2), [200, 0, 0, 200]);
}

/// The words of the programming language help nobody who sends a request.
#[tokio::test]
async fn a_refusal_names_the_field_and_says_what_it_must_be() {
    let shelf = Shelf::open().await;
    let fields = "name, price, stock, description, category_id, image";

    for (body, sentence) in [
        (r#"{"price":1,"stock":1}"#, "name: is required".to_owned()),
        (r#"{"name":"Mug","stock":1}"#, "price: is required".to_owned()),
        (r#"{"name":"Mug","price":1}"#, "stock: is required".to_owned()),
        (r#"{"name":7}"#, "name: must be text".to_owned()),
        (r#"{"name":{}}"#, "name: must be text".to_owned()),
        (r#"{"cost":7}"#, format!("cost: there is no such field; there are {fields}")),
        (r#"{"":7}"#, format!("\"\": there is no such field; there are {fields}")),
    ] {
        post(&shelf, body).await.expect_problem(422, &sentence);
    }
    let items = shelf.catalog.put(&format!("/internal/reservations/{}", Id::new()));
    let items = items.json(&json!({ "items": {} })).await;
    items.expect_problem(422, "items: must be a list");
    let long = post(&shelf, format!(r#"{{"{}":1}}"#, "x".repeat(10_000))).await;
    refused(&long, &format!("{}...: there is no such field", "x".repeat(64)));
    let query = shelf.catalog.get("/products?=1").await;
    let parameters = "q, category_id, limit, after";
    let sentence = format!("\"\": there is no such parameter; there are {parameters}");
    query.expect_problem(422, &sentence);

    unharmed(&shelf).await;
}

#[tokio::test]
async fn a_compressed_body_is_refused_as_such() {
    let shelf = Shelf::open().await;

    let request = shelf.create(&mug(1)).header("content-encoding", "gzip");
    let answer = request.body(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).await;

    answer.expect_problem(415, "Content-Encoding is not supported: send the JSON as it is");
    let plain = shelf.create(&mug(1)).header("content-encoding", "identity");
    plain.await.expect_status(201);
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
        let name = twice.split('"').nth(1).unwrap();
        answer.expect_problem(422, &format!("{name}: is given twice"));
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
    shelf.catalog.expect_no_error().await;
}
