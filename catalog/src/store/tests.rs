//! What a query costs in a file with few products and in one with many.

use chassis::storage::steps::{file_with, steps_of};

use super::*;
use crate::BLUEPRINT;
use crate::model::PageSize;

/// Products in the first category, and two in the second.
fn file_of(products: u32) -> Connection {
    let mut file = file_with(BLUEPRINT.migrations);
    let tx = file.transaction().unwrap();
    tx.execute_batch("DELETE FROM products").unwrap();
    let insert = "
        INSERT INTO products (id, name, price_cents, stock, received, category_id, category_name,
            created_at, updated_at)
        VALUES (?1, 'Thing', 100, 1, 1, ?2, 'x', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')";
    let mut insert = tx.prepare(insert).unwrap();
    for id in 1..=products {
        let category = if id == 7 || id == products { 2 } else { 1 };
        insert.execute(params![id, category]).unwrap();
    }
    drop(insert);
    tx.commit().unwrap();
    file
}

#[test]
fn a_page_costs_the_same_however_many_products_there_are() {
    let [first, second] = [1, 2].map(CategoryId::new);
    let after = "20".parse().ok();
    for (category_id, after, found) in
        [(None, None, 10), (None, after, 10), (first, after, 10), (second, None, 2)]
    {
        let limit = PageSize::new(10);
        let filter = Filter { name_part: None, category_id, after, limit };
        let look = |file: &Connection| {
            assert_eq!(list_page(file, &filter).unwrap().0.len(), found, "{filter:?}");
        };
        let [few, many] = [100, 5_000].map(|products| steps_of(&file_of(products), look));
        assert_eq!(few, many, "{filter:?}");
    }
}
