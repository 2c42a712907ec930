//! What a query costs in a file with few payments and in one with many.

use chassis::storage::steps::{file_with, steps_of};

use super::*;
use crate::BLUEPRINT;
use crate::model::PageSize;

const ORDER: &str = "019b7000-0000-7000-9000-000000000000";

/// Payments of many orders, every second one refused, and three of [`ORDER`]: the first two were
/// refused.
fn file_of(payments: u32) -> Connection {
    let file = file_with(BLUEPRINT.migrations);
    let insert = "
        INSERT INTO payments (id, order_id, amount_cents, status, refusal_status, reason,
            created_at, updated_at)
        VALUES (printf('019b7000-0000-7000-8000-%012x', ?1), ?2, 100,
            iif(?3, 'FAILED', 'COMPLETED'), iif(?3, 409, NULL), iif(?3, 'too late', NULL),
            '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')";
    let mut insert = file.prepare(insert).unwrap();
    for number in 0..payments {
        let order = if number < 3 { 0 } else { number };
        let order_id = format!("019b7000-0000-7000-9000-{order:012x}");
        insert.execute(params![number, order_id, number < 2 || number % 2 == 1]).unwrap();
    }
    drop(insert);
    file
}

#[test]
fn a_page_costs_the_same_however_many_payments_there_are() {
    let order: Option<Id> = Some(ORDER.parse().unwrap());
    let (failed, completed) = (Some(PaymentStatus::Failed), Some(PaymentStatus::Completed));
    let after = Some("019b7000-0000-7000-8000-000000000040".parse().unwrap());
    for (order_id, status, after, found) in [
        (None, None, None, 10),
        (None, None, after, 10),
        (None, failed, None, 10),
        (None, completed, after, 10),
        (order, None, None, 3),
        (order, failed, None, 2),
        (order, completed, after, 1),
    ] {
        let filter = Filter { order_id, status, after, limit: PageSize::new(10) };
        let look = |file: &Connection| {
            assert_eq!(list_payments(file, &filter).unwrap().0.len(), found, "{filter:?}");
        };
        let [few, many] = [100, 5_000].map(|payments| steps_of(&file_of(payments), look));
        assert_eq!(few, many, "{filter:?}");
    }
}

#[test]
fn the_payment_of_an_order_is_found_by_the_order() {
    let order = ORDER.parse().unwrap();
    let look = |file: &Connection| {
        let alive = find_alive(file, order).unwrap().unwrap();
        assert_eq!(find_of_order(file, order).unwrap().unwrap().id, alive.id);
    };
    let [few, many] = [100, 5_000].map(|payments| steps_of(&file_of(payments), look));
    assert_eq!(few, many);
}

#[test]
fn a_payment_that_is_alive_is_found_however_many_attempts_failed() {
    let order: Id = ORDER.parse().unwrap();
    let cost = |attempts: u32| {
        let file = file_of(3);
        let insert = "
            INSERT INTO payments (id, order_id, amount_cents, status, refusal_status, reason,
                created_at, updated_at)
            VALUES (?1, ?2, 100, 'FAILED', 409, 'paid already', '', '')";
        for _ in 0..attempts {
            file.execute(insert, params![Id::new(), order]).unwrap();
        }
        steps_of(&file, |file| assert!(find_alive(file, order).unwrap().is_some()))
    };
    assert_eq!(cost(1), cost(500));
}
