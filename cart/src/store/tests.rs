//! What a query costs in a file with few carts and in one with many, and how old events go.

use chassis::storage::steps::{file_with, steps_of};

use super::*;
use crate::BLUEPRINT;
use crate::model::{Check, Quantity};

/// Shoppers with one line each, and one line of Ann's that nobody could check.
fn file_of(shoppers: u32) -> Connection {
    let mut file = file_with(BLUEPRINT.migrations);
    let now = Timestamp::now();
    let tx = file.transaction().unwrap();
    let add = |user: &str, product: i64, needs_check: bool| {
        let user_id: UserId = user.parse().unwrap();
        upsert_cart(&tx, &user_id, now).unwrap();
        let (product_id, quantity) = (ProductId::new(product).unwrap(), Quantity::new(1).unwrap());
        let addition = Addition { user_id, product_id, quantity, check: Check::NotMade };
        upsert_line(&tx, &addition, needs_check, now).unwrap();
        upsert_missing(&tx, product_id, now).unwrap();
    };
    add("ann", 1, true);
    for shopper in 2..shoppers {
        add(&format!("shopper-{shopper}"), shopper.into(), false);
    }
    tx.commit().unwrap();
    file
}

#[test]
fn a_cart_costs_the_same_however_many_carts_there_are() {
    let ann: UserId = "ann".parse().unwrap();
    let product_id = ProductId::new(1).unwrap();
    let look = |file: &Connection| {
        assert_eq!(find_cart(file, &ann).unwrap().lines.len(), 1);
        assert_eq!(find_product_to_check(file, 0).unwrap(), Some(1));
        let tx = file.unchecked_transaction().unwrap();
        doubt_missing(&tx, product_id).unwrap();
        assert!(!settle_lines(&tx, product_id, Timestamp::now()).unwrap());
        delete_cart(&tx, &ann).unwrap();
    };
    let [few, many] = [100, 5_000].map(|shoppers| steps_of(&file_of(shoppers), look));
    assert_eq!(few, many);
}

#[test]
fn old_events_go_two_at_a_time() {
    let mut file = Connection::open_in_memory().unwrap();
    file.execute_batch(include_str!("../../migrations/0002_received_events.sql")).unwrap();
    let now = Timestamp::now();
    let rows = "INSERT INTO received_events VALUES ('a', 't', ?1), ('b', 't', ?1),
                ('c', 't', ?1), ('new', 't', ?2)";
    file.execute(rows, params![now.plus_ms(-1), now]).unwrap();
    let tx = file.transaction().unwrap();
    let left = || {
        let count = "SELECT count(*) FROM received_events";
        tx.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };

    delete_old_events(&tx, now).unwrap();
    assert_eq!(left(), 2);
    delete_old_events(&tx, now).unwrap();
    delete_old_events(&tx, now).unwrap();
    assert_eq!(left(), 1);
}
