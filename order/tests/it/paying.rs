//! `POST /orders/{order_id}/payment`: the payment service says that it holds the money.

use chassis::id::Id;
use chassis::testing::all_at_once;
use serde_json::{Value, json};

use crate::support::{Shop, TOTAL};

#[tokio::test]
async fn an_order_is_paid_and_its_units_are_sold() {
    let shop = Shop::open().await;
    let (order, payment) = (shop.placed().await, Id::new());

    let answer = shop.report(order, payment, TOTAL).await;

    assert_eq!(answer.expect_status(200), json!({ "order_id": order, "status": "PAID" }));
    shop.reaches(order, "PAID COMMITTED").await;
    assert_eq!(shop.find(order).await["payment_id"], json!(payment));
    assert_eq!(shop.told(order), ["reserve", "commit"]);
    let paid = ("PAID".to_owned(), format!("Paid by payment {payment}"));
    assert!(shop.history(order).await.contains(&paid));
}

#[tokio::test]
async fn the_same_payment_again_is_fine_and_changes_nothing() {
    let shop = Shop::open().await;
    let (order, payment) = (shop.placed().await, Id::new());
    shop.report(order, payment, TOTAL).await.expect_status(200);
    shop.reaches(order, "PAID COMMITTED").await;
    let before = shop.find(order).await;

    let again = shop.report(order, payment, TOTAL).await;

    assert_eq!(again.expect_status(200), json!({ "order_id": order, "status": "PAID" }));
    assert_eq!(shop.find(order).await, before);
    assert_eq!(shop.told(order), ["reserve", "commit"]);
}

#[tokio::test]
async fn a_hundred_deliveries_of_one_payment_pay_once() {
    let shop = Shop::open().await;
    let (order, payment) = (shop.placed().await, Id::new());

    for answer in all_at_once((0..100).map(|_| shop.report(order, payment, TOTAL))).await {
        answer.expect_status(200);
    }

    shop.reaches(order, "PAID COMMITTED").await;
    assert_eq!(shop.told(order), ["reserve", "commit"]);
    assert_eq!(shop.history(order).await.len(), 3);
}

#[tokio::test]
async fn of_a_hundred_payments_one_is_accepted() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    let answers = all_at_once((0..100).map(|_| shop.report(order, Id::new(), TOTAL))).await;

    let (accepted, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((accepted.len(), refused.len()), (1, 99));
    for answer in refused {
        answer.expect_problem(409, &format!("Order {order} is already PAID"));
    }
}

#[tokio::test]
async fn another_payment_of_a_paid_order_is_refused() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    let payment = shop.pay(order).await;

    let other = shop.report(order, Id::new(), TOTAL).await;

    other.expect_problem(409, &format!("Order {order} is already PAID"));
    assert_eq!(shop.find(order).await["payment_id"], json!(payment));
}

#[tokio::test]
async fn a_payment_pays_one_order_and_no_second_one() {
    let shop = Shop::open().await;
    let (order, other) = (shop.placed().await, shop.placed().await);
    let payment = shop.pay(order).await;

    let again = shop.report(other, payment, TOTAL).await;

    again.expect_problem(409, &format!("Payment {payment} has paid another order"));
    assert_eq!(shop.state(other).await, "CREATED HELD");
}

#[tokio::test]
async fn a_wrong_amount_is_refused() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    for wrong in ["1059.96", "1059.98", "0", "105997"] {
        let answer = shop.report(order, Id::new(), wrong).await;
        answer.expect_status(422);
        let start = format!("amount: the total of order {order} is 1059.97, not ");
        assert!(answer.detail().starts_with(&start), "{answer}");
    }

    assert_eq!(shop.state(order).await, "CREATED HELD");
    shop.pay(order).await;
}

#[tokio::test]
async fn an_unknown_order_cannot_be_paid() {
    let shop = Shop::open().await;

    let unknown = shop.report(Id::new(), Id::new(), TOTAL).await;
    unknown.expect_problem(404, "Order not found");
    shop.order.post("/orders/nonsense/payment").await.expect_problem(404, "Order not found");
}

#[tokio::test]
async fn a_webhook_without_a_body_pays_as_in_the_original_design() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    let first = shop.order.post(&format!("/orders/{order}/payment")).await;
    let again = shop.order.post(&format!("/orders/{order}/payment")).await;

    assert_eq!(first.expect_status(200), json!({ "order_id": order, "status": "PAID" }));
    again.expect_status(200);
    shop.reaches(order, "PAID COMMITTED").await;
    assert_eq!(shop.find(order).await["payment_id"], Value::Null);
    assert_eq!(shop.history(order).await[2], ("PAID".to_owned(), "Paid".to_owned()));
    shop.report(order, Id::new(), TOTAL).await.expect_status(409);
}

#[tokio::test]
async fn a_free_order_is_paid_with_nothing() {
    let shop = Shop::open().await;
    let line = json!([crate::support::line(1, 1, 0.0)]);
    let order = crate::support::id_of(&shop.place_lines(&line).await.expect_status(201));

    shop.report(order, Id::new(), "0.00").await.expect_status(200);
}

#[tokio::test]
async fn a_payment_that_cannot_be_understood_changes_nothing() {
    let shop = Shop::open().await;
    let order = shop.placed().await;
    let post = |body: &str| {
        let request = shop.order.post(&format!("/orders/{order}/payment"));
        request.header("content-type", "application/json").body(body)
    };
    let payment = Id::new();

    for broken in ["{", "nonsense", "\u{0}", "{\"payment_id\":NaN}", "{}{}"] {
        post(broken).await.expect_status(400);
    }
    for (body, name) in [
        ("{}".to_owned(), "payment_id"),
        (format!("{{\"payment_id\":\"{payment}\"}}"), "amount"),
        ("{\"amount\":1059.97}".to_owned(), "payment_id"),
        ("{\"payment_id\":\"x\",\"amount\":1}".to_owned(), "payment_id"),
        (format!("{{\"payment_id\":\"{payment}\",\"amount\":\"1059.97\"}}"), "amount"),
        (format!("{{\"payment_id\":\"{payment}\",\"amount\":-1}}"), "amount"),
        (format!("{{\"payment_id\":\"{payment}\",\"amount\":1.05997e3}}"), "amount"),
        (format!("{{\"payment_id\":\"{payment}\",\"amount\":1059.970}}"), "amount"),
        (format!("{{\"payment_id\":\"{payment}\",\"amount\":1,\"x\":1}}"), "x"),
    ] {
        let answer = post(&body).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(name), "{answer}");
    }
    let unlabeled = shop.order.post(&format!("/orders/{order}/payment")).body("{}");
    unlabeled.await.expect_status(415);

    assert_eq!(shop.state(order).await, "CREATED HELD");
}
