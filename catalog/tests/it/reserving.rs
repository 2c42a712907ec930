//! `PUT /internal/reservations/{order_id}`: all lines or none, at the right price, once.

use std::time::Duration;

use chassis::id::Id;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{Shelf, mug, refused};

#[tokio::test]
async fn units_are_held_and_cannot_be_bought_by_others() {
    let shelf = Shelf::open().await;
    let (id, order) = (shelf.mugs(10).await, Id::new());

    let answer = shelf.reserve(order, &[(id, 3, 9.99)]).await;

    assert_eq!(answer.expect_status(200), json!({ "order_id": order, "status": "HELD" }));
    assert_eq!(shelf.stock(id).await, 7);
    assert_eq!(shelf.units(id), [7, 3, 0, 10]);
}

#[tokio::test]
async fn a_product_says_when_its_units_moved() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let changed = async || {
        sleep(Duration::from_millis(2)).await; // instants are told to the millisecond
        shelf.find(id).await["updated_at"].to_string()
    };
    let mut instants = vec![changed().await];

    let sold = shelf.held(id, 1).await;
    instants.push(changed().await);
    shelf.commit(sold).await.expect_status(200);
    instants.push(changed().await);
    let returned = shelf.held(id, 1).await;
    instants.push(changed().await);
    shelf.release(returned).await.expect_status(200);
    instants.push(changed().await);

    assert!(instants.is_sorted_by(|before, after| before < after), "{instants:?}");
}

#[tokio::test]
async fn an_order_can_hold_the_last_unit() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;

    shelf.held(id, 10).await;

    assert_eq!(shelf.units(id), [0, 10, 0, 10]);
}

#[tokio::test]
async fn asking_again_holds_nothing_more() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;

    let again = shelf.reserve(order, &[(id, 3, 9.99)]).await;

    assert_eq!(again.expect_status(200)["status"], "HELD");
    assert_eq!(shelf.units(id), [7, 3, 0, 10]);
}

#[tokio::test]
async fn asking_again_in_another_order_of_lines_is_the_same() {
    let shelf = Shelf::open().await;
    let order = Id::new();

    shelf.reserve(order, &[(2, 1, 29.99), (1, 2, 999.99)]).await.expect_status(200);
    let again = shelf.reserve(order, &[(1, 2, 999.99), (2, 1, 29.99)]).await;

    assert_eq!(again.expect_status(200)["status"], "HELD");
}

#[tokio::test]
async fn an_order_cannot_reserve_something_else_later() {
    let shelf = Shelf::open().await;
    let (id, order) = (shelf.mugs(10).await, Id::new());
    shelf.reserve(order, &[(id, 3, 9.99)]).await.expect_status(200);

    for lines in [vec![(id, 4, 9.99)], vec![(1, 3, 999.99)], vec![(id, 3, 9.99), (1, 1, 999.99)]] {
        let answer = shelf.reserve(order, &lines).await;
        answer.expect_problem(409, "This order has reserved something else already");
    }

    assert_eq!(shelf.units(id), [7, 3, 0, 10]);
}

#[tokio::test]
async fn a_price_that_changed_later_does_not_take_back_what_is_held() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;
    let dearer = json!({ "name": "Mug", "price": 19.99, "stock": 7 });
    shelf.replace(id, &dearer).await.expect_status(200);

    let again = shelf.reserve(order, &[(id, 3, 9.99)]).await;

    assert_eq!(again.expect_status(200)["status"], "HELD");
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_what_is_left() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(2).await;

    let answer = shelf.reserve(Id::new(), &[(id, 3, 9.99)]).await;

    let sentence = format!("Product {id} (Mug) is out of stock: 2 left, 3 asked for");
    answer.expect_problem(409, &sentence);
    assert_eq!(shelf.units(id), [2, 0, 0, 2]);
}

#[tokio::test]
async fn another_price_is_refused_with_the_current_one() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(2).await;

    for wrong in [9.98, 10.0, 0.0] {
        let answer = shelf.reserve(Id::new(), &[(id, 1, wrong)]).await;
        let sentence = format!("The price of product {id} (Mug) is now 9.99, not {wrong:.2}");
        answer.expect_problem(422, &sentence);
    }

    assert_eq!(shelf.units(id), [2, 0, 0, 2]);
}

#[tokio::test]
async fn an_unknown_or_deleted_product_is_refused() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(2).await;
    shelf.delete(id).await.expect_status(204);

    for missing in [id, 999] {
        let answer = shelf.reserve(Id::new(), &[(missing, 1, 9.99)]).await;
        answer.expect_problem(404, &format!("Product {missing} does not exist"));
    }
}

#[tokio::test]
async fn one_line_that_is_refused_holds_none_of_the_others() {
    let shelf = Shelf::open().await;
    let (plenty, few) = (shelf.mugs(10).await, shelf.mugs(1).await);

    for (bad, status) in [((few, 2, 9.99), 409), ((few, 1, 9.98), 422), ((999, 1, 9.99), 404)] {
        shelf.reserve(Id::new(), &[(plenty, 5, 9.99), bad]).await.expect_status(status);
        shelf.reserve(Id::new(), &[bad, (plenty, 5, 9.99)]).await.expect_status(status);
    }

    assert_eq!((shelf.units(plenty), shelf.units(few)), ([10, 0, 0, 10], [1, 0, 0, 1]));
}

#[tokio::test]
async fn a_refusal_is_remembered() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(2).await;
    let sold_out = shelf.reserve(Id::new(), &[(id, 3, 9.99)]);
    let too_cheap = shelf.reserve(Id::new(), &[(id, 1, 1.0)]);
    let unknown = shelf.reserve(Id::new(), &[(id + 1, 1, 9.99)]);
    let mut before = Vec::new();
    for (wish, status) in [(sold_out, 409), (too_cheap, 422), (unknown, 404)] {
        before.push((wish.clone(), status, wish.await.expect_text(status)));
    }

    // Now they could have it.
    shelf.replace(id, &json!({ "name": "Mug", "price": 1, "stock": 9 })).await.expect_status(200);
    assert_eq!(shelf.mugs(9).await, id + 1);

    for (wish, status, refusal) in before {
        assert_eq!(wish.await.expect_text(status), refusal);
    }
    assert_eq!(shelf.units(id), [9, 0, 0, 9]);
}

#[tokio::test]
async fn units_that_are_held_outlive_a_new_stock() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 4).await;

    let product = shelf.replace(id, &mug(1)).await.expect_status(200);

    assert_eq!(product["stock"], 1);
    assert_eq!(shelf.units(id), [1, 4, 0, 5]);
    shelf.release(order).await.expect_status(200);
    assert_eq!(shelf.units(id), [5, 0, 0, 5]);
}

#[tokio::test]
async fn a_reservation_that_makes_no_sense_names_its_fault() {
    let shelf = Shelf::open().await;
    let put = |body: &Value| {
        shelf.catalog.put(&format!("/internal/reservations/{}", Id::new())).json(body)
    };
    let line = json!({ "product_id": 1, "quantity": 1, "price": 999.99 });

    for (field, wrong) in [
        ("product_id", json!(0)),
        ("product_id", json!("1")),
        ("quantity", json!(0)),
        ("quantity", json!(-1)),
        ("quantity", json!(1.5)),
        ("quantity", json!(1_000_001)),
        ("price", json!(-1)),
        ("price", json!("999.99")),
        ("extra", json!(1)),
    ] {
        let mut bad = line.clone();
        bad[field] = wrong;
        refused(&put(&json!({ "items": [bad] })).await, field);
    }
    let too_many: Vec<_> =
        (1..=101).map(|id| json!({ "product_id": id, "quantity": 1, "price": 1 })).collect();
    for (body, name) in [
        (json!({}), "items"),
        (json!({ "items": [] }), "items: must hold 1 to 100 lines"),
        (json!({ "items": too_many }), "items: must hold 1 to 100 lines"),
        (json!({ "items": [line, line] }), "items: product 1 is listed twice"),
        (json!({ "items": line }), "items"),
        (json!({ "items": [line], "ttl": 1 }), "ttl"),
    ] {
        refused(&put(&body).await, name);
    }

    assert_eq!(shelf.units(1), [50, 0, 0, 50]);
    assert_eq!(shelf.catalog.sql_value("SELECT count(*) FROM reservations"), "0");
}

#[tokio::test]
async fn what_is_no_order_id_has_reserved_nothing() {
    let shelf = Shelf::open().await;
    let body = json!({ "items": [{ "product_id": 1, "quantity": 1, "price": 999.99 }] });

    for wrong in ["1", "abc", "%00", "x%27%20OR%201=1--"] {
        let path = format!("/internal/reservations/{wrong}");
        let sentence = "Nothing is reserved for this order";
        shelf.catalog.put(&path).json(&body).await.expect_problem(404, sentence);
        shelf.catalog.post(&format!("{path}/commit")).await.expect_problem(404, sentence);
        shelf.catalog.post(&format!("{path}/release")).await.expect_problem(404, sentence);
    }
    shelf.catalog.put("/internal/reservations/%ff").json(&body).await.expect_status(400);
}
