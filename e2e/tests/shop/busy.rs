//! A busy minute: hundreds of shoppers at the same time, with all the habits that shoppers have.
//! Afterwards money and goods agree to the last cent and unit.

use std::sync::Arc;

use chassis::testing::{Answer, all_at_once};
use e2e::shopping::{Line, id_of};
use e2e::{Shop, audit};
use serde_json::Value;
use tokio::task::JoinSet;

/// Shoppers, 40 of each habit.
const SHOPPERS: usize = 320;

/// Shoppers in the shop at the same time. The others wait at the door.
const AT_ONCE: usize = 64;

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Paid(String),
    SoldOut,
    Cancelled,
    LeftUnpaid,
}

#[tokio::test]
async fn after_a_busy_minute_money_and_goods_agree() {
    let shop = Arc::new(Shop::plan().nginx().set_nginx("RATE_LIMIT", "off").start().await);
    let places = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let mut visits = JoinSet::new();
    for number in 0..SHOPPERS {
        let (shop, places) = (Arc::clone(&shop), Arc::clone(&places));
        visits.spawn(async move {
            let _place = places.acquire().await.expect("the shop is open");
            visit(&shop, number).await
        });
    }
    let outcomes = visits.join_all().await;

    let books = audit(&shop).await;

    let count = |wanted: &Outcome| outcomes.iter().filter(|outcome| *outcome == wanted).count();
    let mut paid: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| if let Outcome::Paid(id) = outcome { Some(id.clone()) } else { None })
        .collect();
    paid.sort();
    let booked: Vec<_> = books.paid_orders.iter().map(|[order, ..]| order.clone()).collect();
    assert_eq!(paid, booked, "who heard that an order is paid was told the truth");
    assert_eq!((count(&Outcome::Cancelled), count(&Outcome::LeftUnpaid)), (40, 40));
    // 25 chairs, two for each shopper who wants them.
    assert_eq!(books.units_sold["10"], 24);
    assert_eq!(count(&Outcome::SoldOut), 40 - 12);
}

/// One visit. Which habits a shopper has follows from the number.
async fn visit(shop: &Shop, number: usize) -> Outcome {
    let user = format!("user{number}");
    let product = [2, 3, 11][number % 3];
    shop.add(&user, product, 1).await.expect_status(200);
    match number % 8 {
        0 => Outcome::Paid(order_id(&shop.buy(&user, product).await)),
        1 => orders_twice_by_mistake(shop, &user).await,
        2 => clicks_pay_three_times(shop, &user).await,
        3 => cancels(shop, &user).await,
        4 => pays_the_wrong_amount_first(shop, &user).await,
        5 => retries_with_a_key(shop, &user).await,
        6 => wants_two_of_the_last_chairs(shop, &user).await,
        _ => {
            place(shop, &user, &[(11, 2, 6.49)]).await;
            Outcome::LeftUnpaid
        }
    }
}

async fn orders_twice_by_mistake(shop: &Shop, user: &str) -> Outcome {
    let clicks = (0..2).map(|_| {
        shop.place_order(user, &[(3, 1, 79.99)]).idempotency_key(&format!("order-of-{user}"))
    });
    let [first, second] = all_at_once(clicks).await.try_into().expect("two answers");
    let (first, second) = (first.expect_status(201), second.expect_status(201));
    assert_eq!(first["order_id"], second["order_id"]);
    paid(&first, &shop.pay(id_of(&first), 79.99).await)
}

async fn clicks_pay_three_times(shop: &Shop, user: &str) -> Outcome {
    let order = place(shop, user, &[(2, 1, 29.99), (3, 1, 79.99)]).await;
    let answers = all_at_once((0..3).map(|_| shop.pay(id_of(&order), 109.98))).await;
    assert!(answers.iter().all(|answer| [200, 202].contains(&answer.status)));
    let last = shop.pay(id_of(&order), 109.98).await;
    paid(&order, &last)
}

async fn cancels(shop: &Shop, user: &str) -> Outcome {
    let order = place(shop, user, &[(11, 3, 6.49)]).await;
    shop.cancel(id_of(&order)).await.expect_status(200);
    shop.pay(id_of(&order), 19.47).await.expect_status(409);
    Outcome::Cancelled
}

async fn pays_the_wrong_amount_first(shop: &Shop, user: &str) -> Outcome {
    let order = place(shop, user, &[(2, 2, 29.99)]).await;
    shop.pay(id_of(&order), 59.97).await.expect_status(422);
    paid(&order, &shop.pay(id_of(&order), 59.98).await)
}

async fn retries_with_a_key(shop: &Shop, user: &str) -> Outcome {
    let order = place(shop, user, &[(11, 1, 6.49), (2, 1, 29.99)]).await;
    let key = format!("payment-of-{user}");
    let pay = || shop.pay(id_of(&order), 36.48).idempotency_key(&key);
    all_at_once((0..3).map(|_| pay())).await;
    paid(&order, &pay().await)
}

async fn wants_two_of_the_last_chairs(shop: &Shop, user: &str) -> Outcome {
    let placed = shop.place_order(user, &[(10, 2, 329.00)]).await;
    if placed.status == 409 {
        return Outcome::SoldOut;
    }
    let order = placed.expect_status(201);
    paid(&order, &shop.pay(id_of(&order), 658).await)
}

async fn place(shop: &Shop, user: &str, lines: &[Line]) -> Value {
    shop.place_order(user, lines).await.expect_status(201)
}

#[track_caller]
fn paid(order: &Value, answer: &Answer) -> Outcome {
    assert_eq!(answer.expect_status(200)["status"], "PAID", "{answer}");
    Outcome::Paid(order_id(order))
}

fn order_id(order: &Value) -> String {
    id_of(order).to_owned()
}
