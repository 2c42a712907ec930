//! Input of every bad kind to `POST /orders`. It is refused with a sentence that names what is
//! wrong, the catalog is not asked, and nothing is written.

use chassis::testing::Request;
use serde_json::{Value, json};

use crate::support::{Shop, laptop_and_mice};

#[tokio::test]
async fn a_user_id_has_64_sane_characters_at_most() {
    let shop = Shop::open().await;
    let wrong = [
        "".to_owned(),
        "a%20b".to_owned(),
        "a+b".to_owned(),
        "%00".to_owned(),
        "a%2Fb".to_owned(),
        "%C3%A9".to_owned(),
        "x%27;DROP%20TABLE%20orders;--".to_owned(),
        "%3Cscript%3E".to_owned(),
        "u".repeat(65),
    ];

    for user in wrong {
        let answer = shop.place(&user).await;
        answer.expect_problem(422, "user_id: must be 1 to 64 characters of A-Z a-z 0-9 . _ - @");
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_parameter_that_is_missing_unknown_or_doubled_is_named() {
    let shop = Shop::open().await;

    for (query, name) in [
        ("", "user_id"),
        ("?user=1", "user"),
        ("?user_id=a&user_id=b", "user_id"),
        ("?user_id=a&total=1", "total"),
    ] {
        let answer = shop.order.post(&format!("/orders{query}")).json(&laptop_and_mice()).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(name), "{answer}");
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn whoever_sends_a_parameter_elsewhere_hears_where_it_belongs() {
    let shop = Shop::open().await;

    let answer = shop.order.post("/orders").json(&laptop_and_mice()).await;

    answer.expect_problem(422, "user_id: is required in the query string");
    let twice = shop.order.post("/orders?user_id=a&user_id=b").json(&laptop_and_mice()).await;
    twice.expect_problem(422, "user_id: is given twice");
    let misspelled = shop.order.post("/orders?user=a").json(&laptop_and_mice()).await;
    misspelled.expect_problem(422, "user: there is no such parameter; there is user_id");
    unharmed(&shop).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_400() {
    let shop = Shop::open().await;
    let deep = "[".repeat(10_000);

    for broken in ["", "[", "[{]", "nonsense", "\u{0}", "[]]", "[NaN]", &deep] {
        post(&shop, broken).await.expect_status(400);
    }
    let bytes = b"[{\"product_id\":1,\"quantity\":1,\"price\":1,\"\xff\":1}]".to_vec();
    post(&shop, bytes).await.expect_status(400);
    shop.order.post("/orders?user_id=%ff").json(&laptop_and_mice()).await.expect_status(400);
    shop.order.post("/orders?user_id=%zz").json(&laptop_and_mice()).await.expect_status(400);

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_body_that_is_not_labeled_as_json_is_refused() {
    let shop = Shop::open().await;
    let lines = laptop_and_mice().to_string();

    let unlabeled = shop.order.post("/orders?user_id=user1").body(lines.clone());
    let form = unlabeled.clone().header("content-type", "application/x-www-form-urlencoded");

    for request in [unlabeled, form] {
        request.await.expect_problem(415, "Content-Type must be application/json");
    }
    unharmed(&shop).await;
}

#[tokio::test]
async fn a_body_that_is_no_list_of_lines_is_refused() {
    let shop = Shop::open().await;

    for wrong in [json!({}), json!(null), json!("[]"), json!(1)] {
        shop.place_lines(&wrong).await.expect_problem(422, "The body must be a list");
    }
    for wrong in [json!([1]), json!([[]]), json!([[2, 1, 29.99]]), json!([null])] {
        shop.place_lines(&wrong).await.expect_problem(422, "[0]: must be an object");
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_line_with_a_wrong_field_is_refused_and_the_field_named() {
    let shop = Shop::open().await;

    for (field, values) in [
        ("product_id", vec!["0", "-1", "1.5", "1.0", "\"1\"", "null", "9007199254740992", "[]"]),
        ("quantity", vec!["0", "-1", "1.5", "1e2", "\"2\"", "null", "1000001", "1e400", "true"]),
        ("extra", vec!["1"]),
    ] {
        for value in values {
            let answer = post(&shop, line_with(field, value)).await;
            answer.expect_status(422);
            assert!(answer.detail().contains(field), "{value}: {answer}");
        }
    }
    for field in ["product_id", "quantity", "price"] {
        let mut line = json!({ "product_id": 1, "quantity": 1, "price": 1 });
        line.as_object_mut().unwrap().remove(field);
        let answer = shop.place_lines(&json!([line])).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(field), "{answer}");
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_price_that_is_no_amount_is_refused() {
    let shop = Shop::open().await;

    for wrong in [
        "-1",
        "-0.01",
        "1.999",
        "1.000",
        "1e2",
        "1E2",
        "1e400",
        "\"1.50\"",
        "null",
        "[]",
        "900719925474.10",
        "99999999999999999999",
    ] {
        let answer = post(&shop, line_with("price", wrong)).await;
        answer.expect_status(422);
        assert!(answer.detail().contains("price"), "{wrong}: {answer}");
    }
    for not_json in ["NaN", "Infinity", "01", "+1", ".5", "1.", "0x1"] {
        post(&shop, line_with("price", not_json)).await.expect_status(400);
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_field_that_is_said_twice_is_refused() {
    let shop = Shop::open().await;

    for twice in ["\"price\":1", "\"quantity\":1", "\"product_id\":2"] {
        let line = format!("[{{\"product_id\":1,\"quantity\":1,\"price\":1,{twice}}}]");
        let answer = post(&shop, line).await;
        answer.expect_status(422);
        let name = twice.split('"').nth(1).unwrap();
        answer.expect_problem(422, &format!("[0].{name}: is given twice"));
    }

    unharmed(&shop).await;
}

#[tokio::test]
async fn a_fault_in_a_later_line_is_named_with_its_place() {
    let shop = Shop::open().await;
    let mut lines = laptop_and_mice();
    lines[1]["quantity"] = Value::from(0);

    let answer = shop.place_lines(&lines).await;

    answer.expect_problem(422, "[1].quantity: must be a whole number from 1 to 1000000");
}

fn post(shop: &Shop, body: impl Into<Vec<u8>>) -> Request {
    let request = shop.order.post("/orders?user_id=user1");
    request.header("content-type", "application/json").body(body)
}

/// One line in which a field has this value, as text because some values are no JSON.
fn line_with(field: &str, value: &str) -> String {
    let mut line = vec![("product_id", "1"), ("quantity", "1"), ("price", "1.00")];
    line.retain(|(name, _)| *name != field);
    line.push((field, value));
    let fields: Vec<String> =
        line.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("[{{{}}}]", fields.join(","))
}

async fn unharmed(shop: &Shop) {
    assert_eq!(shop.orders(), "0");
    assert!(shop.catalog.requests().is_empty());
    shop.order.expect_no_error().await;
}
