//! What a query costs in a file with few orders and in one with many.

use chassis::id::UserId;
use chassis::storage::steps::{file_with, steps_of};

use super::*;
use crate::BLUEPRINT;
use crate::model::PageSize;

/// Orders that others have placed, unpaid for years to come, and three orders of Ann: two are over
/// their time, the last is paid.
fn file_of(others: u32) -> Connection {
    let file = file_with(BLUEPRINT.migrations);
    let insert = "
        INSERT INTO orders
            (id, user_id, status, reservation, total_cents, created_at, updated_at, expires_at)
        VALUES (printf('019b7000-0000-7000-8000-%012x', ?1), ?2, ?3, 'HELD', 100,
            '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', ?4)";
    let mut insert = file.prepare(insert).unwrap();
    let mut place = |number: u32, user: &str, status: &str, expires_at: &str| {
        insert.execute(params![number, user, status, expires_at]).unwrap();
    };
    place(0, "ann", "CREATED", "2026-01-01T00:15:00.000Z");
    place(1, "ann", "CREATED", "2026-01-01T00:15:00.000Z");
    place(2, "ann", "PAID", "2026-01-01T00:15:00.000Z");
    for number in 3..others {
        let status = if number % 2 == 0 { "CREATED" } else { "PAID" };
        place(number, &format!("user-{number}"), status, "2999-01-01T00:00:00.000Z");
    }
    drop(insert);
    file
}

fn costs_the_same(work: impl Fn(&Connection)) {
    let [few, many] = [100, 5_000].map(|others| steps_of(&file_of(others), &work));
    assert_eq!(few, many);
}

#[test]
fn looking_for_orders_that_are_over_does_not_read_those_that_are_not() {
    let now = Timestamp::now();
    for (since, over) in [(None, 2), (Some(now), 0)] {
        costs_the_same(|file| {
            assert_eq!(list_expired(file, since, now, 100).unwrap().len(), over);
        });
    }
}

#[test]
fn a_page_costs_the_same_however_many_orders_there_are() {
    let ann: UserId = "ann".parse().unwrap();
    let (created, paid) = (Some(OrderStatus::Created), Some(OrderStatus::Paid));
    let after = Some("019b7000-0000-7000-8000-000000000040".parse().unwrap());
    for (user_id, status, after, found) in [
        (None, None, None, 10),
        (None, None, after, 10),
        (None, paid, None, 10),
        (None, created, after, 10),
        (Some(&ann), None, None, 3),
        (Some(&ann), None, after, 3),
        (Some(&ann), created, None, 2),
        (Some(&ann), paid, after, 1),
    ] {
        let limit = PageSize::new(10);
        let filter = Filter { user_id: user_id.cloned(), status, after, limit };
        costs_the_same(|file| {
            assert_eq!(list_orders(file, &filter).unwrap().0.len(), found, "{filter:?}");
        });
    }
}

#[test]
fn the_few_unpaid_orders_of_a_user_cost_the_same_however_many_are_paid() {
    let filter = Filter {
        user_id: Some("ann".parse().unwrap()),
        status: Some(OrderStatus::Created),
        after: None,
        limit: PageSize::new(10),
    };
    let [few, many] = [100, 5_000].map(|others| {
        let file = file_of(others);
        let all_hers = "UPDATE orders SET user_id = 'ann', status = 'PAID' WHERE user_id <> 'ann'";
        file.execute(all_hers, []).unwrap();
        steps_of(&file, |file| assert_eq!(list_orders(file, &filter).unwrap().0.len(), 2))
    });
    assert_eq!(few, many);
}
