//! `POST /orders` while all is well.

use chassis::testing::all_at_once;
use serde_json::{Value, json};

use crate::support::{Shop, TOTAL, id_of, laptop_and_mice, line};

#[tokio::test]
async fn an_order_is_placed_and_its_units_are_held() {
    let shop = Shop::open().await;

    let answer = shop.place("user1").await;

    let order = answer.expect_status(201);
    assert_eq!(order["user_id"], "user1");
    assert_eq!(order["id"], order["order_id"]);
    assert_eq!(order["items"], laptop_and_mice());
    assert_eq!(order["status"], "CREATED");
    assert_eq!(order["reservation"], "HELD");
    assert_eq!(order["payment_id"], Value::Null);
    assert_eq!(answer.header("x-degraded"), None);
}

#[tokio::test]
async fn the_location_of_an_order_shows_the_order() {
    let shop = Shop::open().await;

    let answer = shop.place("user1").await;

    let order = answer.expect_status(201);
    let location = answer.expect_header("location");
    assert_eq!(location, format!("/orders/{}", id_of(&order)));
    assert_eq!(shop.order.get(location).await.expect_status(200), order);
}

#[tokio::test]
async fn a_total_is_exact_to_the_cent() {
    let shop = Shop::open().await;

    for (lines, total) in [
        (
            "[{\"product_id\":1,\"quantity\":1,\"price\":999.99},{\"product_id\":2,\"quantity\":2,\"price\":29.99}]",
            TOTAL,
        ),
        ("[{\"product_id\":1,\"quantity\":3,\"price\":0.1}]", "0.30"),
        ("[{\"product_id\":1,\"quantity\":3,\"price\":0.07}]", "0.21"),
        ("[{\"product_id\":1,\"quantity\":1,\"price\":0}]", "0.00"),
        ("[{\"product_id\":1,\"quantity\":1000000,\"price\":900719.92}]", "900719920000.00"),
    ] {
        let post = shop.order.post("/orders?user_id=user1");
        let order = post.header("content-type", "application/json").body(lines).await;
        let text = order.expect_text(201);
        assert!(text.contains(&format!("\"total_amount\":{total},")), "{text}");
    }
}

#[tokio::test]
async fn the_catalog_is_asked_for_all_lines_at_their_prices() {
    let shop = Shop::open().await;

    let order = shop.placed().await;

    let path = format!("/internal/reservations/{order}");
    let [asked] = &shop.catalog.requests_to("PUT", &path)[..] else { panic!("one question") };
    let expected = r#"{"items":[{"product_id":1,"quantity":1,"price":999.99},{"product_id":2,"quantity":2,"price":29.99}]}"#;
    assert_eq!(String::from_utf8_lossy(&asked.body), expected);
    assert_eq!(asked.header("x-api-key"), Some("secret-key-123"));
    assert_eq!(shop.outbox().await, json!({ "pending": 0, "dead": 0 }));
}

#[tokio::test]
async fn an_order_has_1_to_100_lines() {
    let shop = Shop::open().await;
    let lines = |count| Value::from((1..=count).map(|id| line(id, 1, 0.01)).collect::<Vec<_>>());
    let sentence = "items: must hold 1 to 100 lines";

    shop.place_lines(&lines(0)).await.expect_problem(422, sentence);
    shop.place_lines(&lines(101)).await.expect_problem(422, sentence);
    assert_eq!(shop.orders(), "0");

    let order = shop.place_lines(&lines(100)).await.expect_status(201);
    assert_eq!(order["total_amount"], 1.00);
    assert_eq!(order["items"], lines(100));
    shop.place_lines(&lines(1)).await.expect_status(201);
}

#[tokio::test]
async fn an_order_lists_no_product_twice() {
    let shop = Shop::open().await;

    let answer =
        shop.place_lines(&json!([line(7, 1, 1.0), line(8, 1, 1.0), line(7, 2, 1.0)])).await;

    answer.expect_problem(422, "items: product 7 is listed twice");
    assert_eq!(shop.orders(), "0");
}

#[tokio::test]
async fn a_total_that_no_one_could_pay_is_refused() {
    let shop = Shop::open().await;

    let answer = shop.place_lines(&json!([line(1, 1_000_000, 900_720.0)])).await;

    answer.expect_problem(422, "items: the total is too large");
}

#[tokio::test]
async fn an_order_belongs_to_whoever_placed_it() {
    let shop = Shop::open().await;

    for user in ["a", "Ada.Lovelace_1-x@example.org", &"u".repeat(64)] {
        let order = shop.place(user).await.expect_status(201);
        assert_eq!(order["user_id"], user);
    }
}

#[tokio::test]
async fn an_order_begins_its_history_when_it_is_placed_and_when_its_units_are_held() {
    let shop = Shop::open().await;

    let order = shop.placed().await;

    let expected = [("CREATED", "Order placed"), ("CREATED", "Stock reserved")];
    assert_eq!(shop.history(order).await, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[tokio::test]
async fn an_order_expires_when_its_setting_says_so() {
    let shop = Shop::open_with(&[("ORDER_EXPIRES_S", "60")]).await;

    let order = shop.place("user1").await.expect_status(201);

    let instant = |field: &str| {
        let text = order[field].as_str().unwrap_or_default();
        serde_json::from_value::<chassis::time::Timestamp>(text.into()).unwrap()
    };
    assert_eq!(instant("expires_at").ms_since(instant("created_at")), 60_000);
}

#[tokio::test]
async fn a_hundred_orders_at_once_are_a_hundred_orders() {
    let shop = Shop::open().await;

    let answers = all_at_once((0..100).map(|_| shop.place("user1"))).await;

    let ids = answers.iter().map(|answer| id_of(&answer.expect_status(201)));
    assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 100);
    assert_eq!(shop.orders(), "100");
}
