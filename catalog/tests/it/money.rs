//! Prices: a JSON number with at most two decimals, kept to the cent, shown with two.

use chassis::testing::Request;

use crate::support::{Shelf, refused};

#[tokio::test]
async fn a_price_is_kept_to_the_cent_and_shown_with_two_decimals() {
    let shelf = Shelf::open().await;

    for (sent, shown) in [
        ("0", "0.00"),
        ("0.0", "0.00"),
        ("0.1", "0.10"),
        ("0.07", "0.07"),
        ("1", "1.00"),
        ("1.5", "1.50"),
        ("29.99", "29.99"),
        ("999.99", "999.99"),
        ("1000", "1000.00"),
        ("900719925474.09", "900719925474.09"),
    ] {
        let answer = priced(&shelf, sent).await;
        let text = answer.expect_text(201);
        assert!(text.contains(&format!("\"price\":{shown},")), "{sent}: {text}");
        let path = answer.expect_header("location").to_owned();
        let found = shelf.catalog.get(&path).await.expect_text(200);
        assert!(found.contains(&format!("\"price\":{shown},")), "{sent}: {found}");
        let list = shelf.catalog.get("/products").await.expect_text(200);
        assert!(list.contains(&format!("\"price\":{shown},")), "{sent}");
    }
}

#[tokio::test]
async fn a_number_that_is_no_amount_is_refused() {
    let shelf = Shelf::open().await;
    let sentence = "price: must be an amount like 12.50: not negative, at most two decimals";

    for wrong in [
        "-1",
        "-0",
        "-0.00",
        "-0.01",
        "1.999",
        "1.000",
        "0.001",
        "0.070000000000000007",
        "1e2",
        "1E2",
        "1e+2",
        "1e-2",
        "1e400",
        "1.0e0",
    ] {
        let answer = priced(&shelf, wrong).await;
        assert_eq!(answer.status, 422, "{wrong}: {answer}");
        answer.expect_problem(422, sentence);
    }
    for large in [
        "900719925474.10",
        "9007199254740993",
        "9223372036854775808",
        "99999999999999999999999999999999",
    ] {
        let sentence = "price: must be at most 900719925474.09";
        priced(&shelf, large).await.expect_problem(422, sentence);
    }

    assert_eq!(shelf.list().await.len(), 12);
}

#[tokio::test]
async fn what_is_no_number_is_no_amount() {
    let shelf = Shelf::open().await;

    for wrong in ["\"1.50\"", "\"\"", "null", "true", "[]", "[1]", "{}", "{\"cents\":150}"] {
        let sentence = "price: must be a number like 12.50, without quotes";
        priced(&shelf, wrong).await.expect_problem(422, sentence);
    }
    for not_json in ["NaN", "-Infinity", "Infinity", "01", "+1", ".5", "1.", "0x10", "1_000", ""] {
        priced(&shelf, not_json).await.expect_status(400);
    }

    assert_eq!(shelf.list().await.len(), 12);
}

#[tokio::test]
async fn a_price_that_was_refused_changes_nothing() {
    let shelf = Shelf::open().await;

    for wrong in ["1e2", "-1", "1.999"] {
        let body = format!(r#"{{"name":"Laptop","price":{wrong},"stock":1}}"#);
        let put = shelf.catalog.put("/products/1").header("content-type", "application/json");
        refused(&put.body(body).await, "price");
    }

    assert_eq!(shelf.find(1).await["price"], 999.99);
    assert_eq!(shelf.stock(1).await, 50);
}

/// A request that adds a product with this price, as text because some prices are no JSON.
#[track_caller]
fn priced(shelf: &Shelf, price: &str) -> Request {
    let body = format!(r#"{{"name":"Mug","price":{price},"stock":1}}"#);
    shelf.catalog.post("/products").header("content-type", "application/json").body(body)
}
