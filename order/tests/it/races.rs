//! Payment, cancellation and the clock compete for an order. Exactly one wins, and the catalog
//! hears of that one.

use std::time::Duration;

use chassis::id::Id;
use chassis::testing::all_at_once;
use chassis::time::Timestamp;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Shop, TOTAL, id_of};

/// Orders that are fought over.
const ROUNDS: usize = 200;

#[tokio::test]
async fn of_a_payment_and_a_cancellation_exactly_one_wins() {
    let shop = Shop::open().await;
    let orders = place_many(&shop, ROUNDS).await;
    let fights = orders.iter().enumerate().flat_map(|(round, order)| {
        let pay = shop.report(*order, Id::new(), TOTAL);
        let cancel = shop.order.post(&format!("/orders/{order}/cancel"));
        // Whoever is sent first has an advantage, so they take turns.
        if round % 2 == 0 { [pay, cancel] } else { [cancel, pay] }
    });

    let answers = all_at_once(fights).await;

    for (round, (order, pair)) in orders.iter().zip(answers.chunks(2)).enumerate() {
        let [paid, cancelled] = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        let statuses = (pair[paid].status, pair[cancelled].status);
        let (state, told) = match statuses {
            (200, 409) => ("PAID COMMITTED", "commit"),
            (409, 200) => ("CANCELLED RELEASED", "release"),
            both => panic!("both won or both lost: {both:?}"),
        };
        shop.reaches(*order, state).await;
        shop.is_told(*order, &["reserve", told]).await;
    }
}

#[tokio::test]
async fn of_ten_cancellations_exactly_one_wins() {
    let shop = Shop::open().await;
    let order = shop.placed().await;

    let cancels = (0..10).map(|_| shop.order.post(&format!("/orders/{order}/cancel")));
    let answers = all_at_once(cancels).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 9);
    shop.is_told(order, &["reserve", "release"]).await;
}

#[tokio::test]
async fn of_a_payment_and_the_clock_exactly_one_wins() {
    // Long enough to place that many on a busy machine.
    let shop = Shop::open_with(&[("ORDER_EXPIRES_S", "8")]).await;
    let orders = place_many(&shop, ROUNDS).await;
    let mut fights = JoinSet::new();
    for (round, order) in (0..).zip(orders) {
        let pay = shop.report(order, Id::new(), TOTAL);
        let expires_at: Timestamp =
            serde_json::from_value(shop.find(order).await["expires_at"].clone()).expect("a time");
        // From well before the end of its own time until well after it.
        let in_ms = expires_at.ms_since(Timestamp::now()) - 1_000 + 15 * round;
        fights.spawn(async move {
            sleep(Duration::from_millis(in_ms.try_into().unwrap_or(0))).await;
            (order, pay.await)
        });
    }

    let (mut paid, mut expired) = (0, 0);
    for (order, answer) in fights.join_all().await {
        match answer.status {
            200 => {
                paid += 1;
                shop.reaches(order, "PAID COMMITTED").await;
                shop.is_told(order, &["reserve", "commit"]).await;
            }
            _ => {
                expired += 1;
                answer.expect_problem(409, &format!("Order {order} is already EXPIRED"));
                shop.reaches(order, "EXPIRED RELEASED").await;
                shop.is_told(order, &["reserve", "release"]).await;
            }
        }
    }
    assert!(paid > 0 && expired > 0, "{paid} were paid, {expired} expired");
}

#[tokio::test]
async fn of_a_payment_and_a_late_refusal_the_payment_is_returned_or_refused() {
    let shop = Shop::open().await;
    shop.catalog.refuse();
    let orders = place_many(&shop, 50).await;
    let no = chassis::testing::Behavior::problem(409, "Product 1 (Laptop) is out of stock");
    shop.catalog_answers(no);
    shop.catalog.accept();

    let answers =
        all_at_once(orders.iter().map(|order| shop.report(*order, Id::new(), TOTAL))).await;

    for (order, answer) in orders.iter().zip(answers) {
        match answer.status {
            200 => shop.reaches(*order, "REFUNDED REFUSED").await,
            _ => {
                answer.expect_problem(409, &format!("Order {order} is already REJECTED"));
                assert_eq!(shop.state(*order).await, "REJECTED REFUSED");
            }
        }
    }
}

async fn place_many(shop: &Shop, count: usize) -> Vec<Id> {
    let answers = all_at_once((0..count).map(|_| shop.place("user1"))).await;
    answers.iter().map(|answer| id_of(&answer.expect_status(201))).collect()
}
