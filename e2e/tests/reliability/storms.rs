//! Many who want the same thing at once.

use std::collections::BTreeSet;

use chassis::testing::{Answer, Request, all_at_once};
use e2e::shopping::id_of;
use e2e::{Service, Shop, audit};
use serde_json::Value;

use crate::support::{at_most, text};

/// Payments of one order at the same time.
const STORM: usize = 200;

/// Orders for the last ten units, and how many of them at the same time.
const WISHES: usize = 500;
const WIDTH: usize = 100;

const KEYBOARD: i64 = 3;
const PRICE: f64 = 79.99;
const LEFT: i64 = 10;

#[tokio::test]
async fn two_hundred_payments_of_one_order_without_a_key_are_one() {
    pay_at_once(|request, _| request).await;
}

#[tokio::test]
async fn two_hundred_payments_of_one_order_with_one_key_are_one() {
    pay_at_once(|request, _| request.idempotency_key("one")).await;
}

#[tokio::test]
async fn two_hundred_payments_of_one_order_with_many_keys_are_one() {
    pay_at_once(|request, number| request.idempotency_key(&format!("key-{number}"))).await;
}

#[tokio::test]
async fn of_five_hundred_orders_for_the_last_ten_units_ten_are_held() {
    let shop = almost_sold_out().await;
    let wishes = (0..WISHES).map(|number| wish(&shop, number)).collect();

    let answers = at_most(WIDTH, wishes).await;

    assert_eq!(orders_in(&answers).len(), 10);
    let books = audit(&shop).await;
    assert_eq!(books.units_held, [(KEYBOARD.to_string(), LEFT)].into());
    assert_eq!(count(&shop, "status = 'REJECTED' AND reservation = 'REFUSED'"), 490);
    assert_eq!(shop.product(KEYBOARD).await["stock"], 0);
}

#[tokio::test]
async fn the_last_ten_units_are_sold_to_ten_who_order_twice_with_a_key_and_pay_twice() {
    let shop = almost_sold_out().await;
    let keyed = |number| wish(&shop, number).idempotency_key(&format!("wish-{number}"));
    let wishes = (0..WISHES).map(|number| keyed(number / 2)).collect();
    let answers = at_most(WIDTH, wishes).await;
    let orders = orders_in(&answers);
    assert_eq!(orders.len(), 10);
    assert_eq!(count(&shop, "TRUE"), 250);

    let payments = orders.iter().flat_map(|id| [shop.pay(id, PRICE), shop.pay(id, PRICE)]);
    for answer in all_at_once(payments).await {
        assert_eq!(answer.expect_status(200)["status"], "PAID");
    }

    let books = audit(&shop).await;
    assert_eq!(books.units_sold, [(KEYBOARD.to_string(), LEFT)].into());
    assert_eq!(books.completed_payments.len(), 10);
    assert_eq!(shop.product(KEYBOARD).await["stock"], 0);
}

/// Everybody hears of the same payment, and it is the only one.
async fn pay_at_once(dress: impl Fn(Request, usize) -> Request) {
    let shop = Shop::start().await;
    let order = shop.order_one("user1", 1).await;
    let id = id_of(&order);

    let storm = (0..STORM).map(|number| dress(shop.pay(id, "999.99"), number));
    let answers = all_at_once(storm).await;

    let receipts: BTreeSet<String> =
        answers.iter().map(|answer| answer.expect_status(200).to_string()).collect();
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    let receipt = answers[0].expect_status(200);
    assert_eq!(shop.order(id).await["payment_id"], receipt["payment_id"]);
    audit(&shop).await;
    assert_eq!(shop.payment.sql_value("SELECT count(*) FROM payments"), "1");
}

async fn almost_sold_out() -> Shop {
    let shop = Shop::start().await;
    shop.replace_product(KEYBOARD, "Keyboard", PRICE, LEFT).await.expect_status(200);
    shop
}

fn wish(shop: &Shop, number: usize) -> Request {
    shop.place_order(&format!("user{number}"), &[(KEYBOARD, 1, PRICE)])
}

/// The ids of the orders that were accepted, all of them held; the others heard 409.
fn orders_in(answers: &[Answer]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for answer in answers {
        if answer.status == 409 {
            let detail = text(&answer.expect_status(409), "detail").to_owned();
            assert!(detail.contains("out of stock"), "{detail}");
            continue;
        }
        let order: Value = answer.expect_status(201);
        assert_eq!(order["reservation"], "HELD");
        ids.insert(id_of(&order).to_owned());
    }
    ids
}

fn count(shop: &Shop, condition: &str) -> usize {
    let query = format!("SELECT count(*) AS n FROM orders WHERE {condition}");
    shop.service(Service::Order).sql_value(&query).parse().expect("a number")
}
