//! Input of every kind to `POST /pay`. What makes no sense is refused with a sentence that
//! names it, the order is not asked, and nothing is written.

use chassis::id::Id;

use crate::support::{Till, pay_path};

/// Not an amount of money, as it would stand in a query string.
const NO_AMOUNTS: [&str; 25] = [
    "",
    "abc",
    "NaN",
    "Infinity",
    "-1",
    "-0",
    "-0.00",
    "%2B1",
    "1e2",
    "1E2",
    "1e400",
    "1e-2",
    "0x10",
    "1.999",
    "1.000",
    "1.",
    ".5",
    "1,50",
    "1_000",
    "01",
    "1%20",
    "%201",
    "1%00",
    "%D9%A3",
    "1;DROP%20TABLE%20payments",
];

#[tokio::test]
async fn what_is_no_amount_is_refused() {
    let till = Till::open().await;
    let order = Id::new();

    for wrong in NO_AMOUNTS {
        let answer = till.pay(order, wrong).await;
        let sentence = "amount: must be an amount like 12.50: not negative, at most two decimals";
        answer.expect_problem(422, sentence);
    }
    for large in ["900719925474.10", "9223372036854775807", "99999999999999999999999999"] {
        let answer = till.pay(order, large).await;
        answer.expect_problem(422, "amount: must be at most 900719925474.09");
    }

    unharmed(&till).await;
}

#[tokio::test]
async fn an_amount_is_kept_to_the_cent() {
    let till = Till::open().await;

    for (sent, shown) in [
        ("0", "0.00"),
        ("0.1", "0.10"),
        ("0.07", "0.07"),
        ("12", "12.00"),
        ("12.5", "12.50"),
        ("999.99", "999.99"),
        ("1059.97", "1059.97"),
        ("900719925474.09", "900719925474.09"),
    ] {
        let order = Id::new();
        let amount = format!("\"amount\":{shown},");

        let receipt = till.pay(order, sent).await.expect_text(200);
        let payment = till.payment.get(&format!("/payments/{order}")).await.expect_text(200);

        assert!(receipt.contains(&amount), "{receipt}");
        assert!(payment.contains(&amount), "{payment}");
        let webhook = String::from_utf8_lossy(&till.webhooks(order)[0].body).into_owned();
        assert!(webhook.ends_with(&format!("\"amount\":{shown}}}")), "{webhook}");
    }
}

#[tokio::test]
async fn what_is_no_order_id_names_no_order() {
    let till = Till::open().await;
    let valid = Id::new().to_string();
    let (unhyphenated, braced) = (valid.replace('-', ""), format!("%7B{valid}%7D"));
    let pay = |order: &str| till.payment.post(&format!("/pay?order_id={order}&amount=1"));

    for order in ["1", "abc", "order_7", &unhyphenated] {
        pay(order).await.expect_problem(404, &format!("Order {order} not found"));
    }
    // An answer does not carry any text that somebody has put into a link.
    let long = "x".repeat(3_000);
    for order in
        ["", "x'%20OR%201=1--", "../../orders", "%E2%80%AE", "a%0Ab", "%00", &braced, &long]
    {
        pay(order).await.expect_problem(422, "order_id: must be the id of an order");
    }

    unharmed(&till).await;
}

#[tokio::test]
async fn an_order_id_in_capital_letters_is_the_same_order() {
    let till = Till::open().await;
    let (order, payment_id) = till.completed_payment().await;
    let capital = order.to_string().to_uppercase();

    let paid = till.payment.post(&format!("/pay?order_id={capital}&amount=999.99")).await;

    assert_eq!(paid.expect_status(200)["payment_id"], payment_id);
    assert_eq!(till.payments(), "1");
}

#[tokio::test]
async fn a_parameter_that_is_missing_unknown_or_doubled_is_named() {
    let till = Till::open().await;
    let right = pay_path(Id::new(), "1");

    for (path, name) in [
        ("/pay".to_owned(), "order_id"),
        ("/pay?amount=1".to_owned(), "order_id"),
        (format!("/pay?order_id={}", Id::new()), "amount"),
        (format!("{right}&amount=1"), "amount"),
        (format!("{right}&order_id={}", Id::new()), "order_id"),
        (format!("{right}&currency=EUR"), "currency"),
        (format!("{right}&AMOUNT=2"), "AMOUNT"),
    ] {
        let answer = till.payment.post(&path).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(name), "{answer}");
    }

    unharmed(&till).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_400() {
    let till = Till::open().await;
    let right = pay_path(Id::new(), "1");

    for tail in ["&%ff=1", "&x=%zz", "%", "%e2%82"] {
        till.payment.post(&format!("{right}{tail}")).await.expect_status(400);
    }

    unharmed(&till).await;
}

async fn unharmed(till: &Till) {
    assert_eq!(till.payments(), "0");
    assert!(till.order.requests().is_empty());
    till.payment.expect_no_error().await;
}
