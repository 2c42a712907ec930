//! Fill a cart, place an order, pay it.

use chassis::testing::{all_at_once, eventually};
use e2e::shopping::id_of;
use e2e::{Service, Shop, audit};
use serde_json::json;

#[tokio::test]
async fn a_shopper_fills_a_cart_orders_it_and_pays() {
    let shop = Shop::with_nginx().await;
    shop.add("user1", 1, 1).await.expect_status(200);
    shop.add("user1", 2, 2).await.expect_status(200);
    let lines = json!([{ "product_id": 1, "quantity": 1 }, { "product_id": 2, "quantity": 2 }]);
    assert_eq!(shop.cart_of("user1").await, lines);

    let placed = shop.place_order("user1", &[(1, 1, 999.99), (2, 2, 29.99)]).await;
    let order = placed.expect_status(201);
    assert_eq!(order["total_amount"], 1059.97);
    assert_eq!((&order["status"], &order["reservation"]), (&json!("CREATED"), &json!("HELD")));
    assert_eq!(shop.product(1).await["stock"], 49);

    let paid = shop.pay(id_of(&order), 1059.97).await.expect_status(200);
    assert_eq!(paid["status"], "PAID");
    assert_eq!(paid["message"], "Payment successful and order updated");

    let order = shop.order(id_of(&order)).await;
    assert_eq!((&order["status"], &order["payment_id"]), (&json!("PAID"), &paid["payment_id"]));
    assert_eq!(shop.payment_of(id_of(&order)).await["status"], "COMPLETED");
    let books = audit(&shop).await;
    assert_eq!(books.units_sold, [("1".to_owned(), 1), ("2".to_owned(), 2)].into());
}

#[tokio::test]
async fn a_product_that_does_not_exist_never_gets_into_a_cart() {
    let shop = Shop::with_nginx().await;

    let answer = shop.add("user1", 999, 1).await;

    answer.expect_problem(404, "Product 999 not found in catalog");
    assert_eq!(shop.cart_of("user1").await, json!([]));
}

#[tokio::test]
async fn an_order_that_the_catalog_cannot_fill_is_refused_and_takes_nothing() {
    let shop = Shop::with_nginx().await;

    shop.place_order("user1", &[(2, 1, 29.99), (1, 51, 999.99)]).await.expect_status(409);
    let repriced = shop.place_order("user1", &[(2, 1, 1.00)]).await;
    let _ = repriced.expect_status(422);
    assert!(repriced.detail().contains("29.99"), "{repriced}");
    shop.place_order("user1", &[(2, 1, 29.99), (999, 1, 1.0)]).await.expect_status(404);

    assert_eq!(shop.product(1).await["stock"], 50);
    assert_eq!(shop.product(2).await["stock"], 200);
    let orders = shop.outside().get("/api/orders?status=REJECTED").await.expect_status(200);
    assert_eq!(orders.as_array().map(Vec::len), Some(3));
    audit(&shop).await;
}

#[tokio::test]
async fn a_payment_that_the_order_does_not_want_fails_for_a_reason() {
    let shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 2).await;
    let unknown = "01997f3e-7a51-7000-8000-000000000001";

    let answer = shop.pay(unknown, 1).await;
    answer.expect_problem(404, &format!("Order {unknown} not found"));
    let answer = shop.pay(id_of(&order), 29.98).await;
    let _ = answer.expect_status(422);
    assert_eq!(shop.payment_of(id_of(&order)).await["status"], "FAILED");
    shop.pay(id_of(&order), 29.99).await.expect_status(200);
    assert_eq!(shop.payment_of(id_of(&order)).await["status"], "COMPLETED");

    audit(&shop).await;
}

#[tokio::test]
async fn two_hundred_clicks_on_pay_take_the_money_once() {
    let shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;

    let clicks = (0..200).map(|_| shop.pay(id_of(&order), 999.99));
    let answers = all_at_once(clicks).await;

    let first = answers.iter().find(|answer| answer.status == 200).expect("one was paid");
    let payment = first.expect_status(200)["payment_id"].clone();
    for answer in &answers {
        assert!([200, 202].contains(&answer.status), "{answer}");
        assert_eq!(answer.expect_status(answer.status)["payment_id"], payment, "{answer}");
    }
    assert_eq!(audit(&shop).await.completed_payments.len(), 1);
}

#[tokio::test]
async fn a_cancelled_order_gives_its_units_back_and_cannot_be_paid() {
    let shop = Shop::with_nginx().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);

    assert_eq!(shop.cancel(id).await.expect_status(200)["status"], "CANCELLED");

    eventually("the unit is back", async || shop.product(1).await["stock"] == 50).await;
    shop.pay(id, 999.99).await.expect_status(409);
    assert_eq!(shop.order(id).await["status"], "CANCELLED");
    audit(&shop).await;
}

#[tokio::test]
async fn a_paid_order_cannot_be_cancelled() {
    let shop = Shop::with_nginx().await;
    let order = shop.buy("user1", 1).await;

    shop.cancel(id_of(&order)).await.expect_status(409);

    assert_eq!(shop.order(id_of(&order)).await["status"], "PAID");
    audit(&shop).await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_in_time_expires_and_gives_its_units_back() {
    let shop = Shop::plan().nginx().set(Service::Order, "ORDER_EXPIRES_S", 1).start().await;
    let order = shop.order_one("user1", 1).await;

    shop.order_becomes(id_of(&order), "EXPIRED").await;

    eventually("the unit is back", async || shop.product(1).await["stock"] == 50).await;
    shop.pay(id_of(&order), 999.99).await.expect_status(409);
    audit(&shop).await;
}

#[tokio::test]
async fn the_last_unit_is_sold_once() {
    let shop = Shop::with_nginx().await;
    shop.replace_product(1, "Laptop", 999.99, 1).await.expect_status(200);

    let orders = (0..50).map(|step| shop.place_order(&format!("user{step}"), &[(1, 1, 999.99)]));
    let answers = all_at_once(orders).await;

    let placed: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(placed.len(), 1);
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
    let order = placed[0].expect_status(201);
    shop.pay(id_of(&order), 999.99).await.expect_status(200);
    assert_eq!(audit(&shop).await.units_sold, [("1".to_owned(), 1)].into());
}
