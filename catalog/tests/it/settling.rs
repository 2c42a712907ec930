//! What becomes of units that are held: sold or given back, once, and never both.

use chassis::id::Id;
use serde_json::json;

use crate::support::Shelf;

#[tokio::test]
async fn units_of_a_paid_order_are_sold() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;

    let answer = shelf.commit(order).await;

    assert_eq!(answer.expect_status(200), json!({ "order_id": order, "status": "COMMITTED" }));
    assert_eq!(shelf.units(id), [7, 0, 3, 10]);
    assert_eq!(shelf.stock(id).await, 7);
}

#[tokio::test]
async fn units_of_an_order_that_is_over_can_be_bought_again() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;

    let answer = shelf.release(order).await;

    assert_eq!(answer.expect_status(200), json!({ "order_id": order, "status": "RELEASED" }));
    assert_eq!(shelf.units(id), [10, 0, 0, 10]);
    assert_eq!(shelf.stock(id).await, 10);
}

#[tokio::test]
async fn units_are_sold_and_given_back_once_however_often_it_is_said() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let (sold, returned) = (shelf.held(id, 3).await, shelf.held(id, 4).await);

    for _ in 0..3 {
        assert_eq!(shelf.commit(sold).await.expect_status(200)["status"], "COMMITTED");
        assert_eq!(shelf.release(returned).await.expect_status(200)["status"], "RELEASED");
    }

    assert_eq!(shelf.units(id), [7, 0, 3, 10]);
}

#[tokio::test]
async fn sold_units_are_not_given_back() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;
    shelf.commit(order).await.expect_status(200);

    let answer = shelf.release(order).await;

    answer.expect_problem(409, "The reservation of this order was committed");
    assert_eq!(shelf.units(id), [7, 0, 3, 10]);
    let again = shelf.reserve(order, &[(id, 3, 9.99)]).await;
    assert_eq!(again.expect_status(200)["status"], "COMMITTED");
}

#[tokio::test]
async fn units_that_were_given_back_are_not_sold() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;
    shelf.release(order).await.expect_status(200);

    let answer = shelf.commit(order).await;

    answer.expect_problem(409, "The reservation of this order was released");
    assert_eq!(shelf.units(id), [10, 0, 0, 10]);
}

#[tokio::test]
async fn a_release_of_an_unknown_order_keeps_its_late_reservation_out() {
    let shelf = Shelf::open().await;
    let (id, order) = (shelf.mugs(10).await, Id::new());

    let released = shelf.release(order).await;
    let late = shelf.reserve(order, &[(id, 3, 9.99)]).await;

    assert_eq!(released.expect_status(200)["status"], "RELEASED");
    late.expect_problem(409, "The reservation of this order was released");
    assert_eq!(shelf.units(id), [10, 0, 0, 10]);
}

#[tokio::test]
async fn a_reservation_that_was_released_cannot_be_made_again() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let order = shelf.held(id, 3).await;
    shelf.release(order).await.expect_status(200);

    let again = shelf.reserve(order, &[(id, 3, 9.99)]).await;

    again.expect_problem(409, "The reservation of this order was released");
    assert_eq!(shelf.units(id), [10, 0, 0, 10]);
}

#[tokio::test]
async fn nothing_is_sold_to_an_order_that_reserved_nothing() {
    let shelf = Shelf::open().await;

    shelf.commit(Id::new()).await.expect_problem(404, "Nothing is reserved for this order");
}

#[tokio::test]
async fn an_order_that_was_refused_is_not_sold_and_has_nothing_to_give_back() {
    let shelf = Shelf::open().await;
    let (id, order) = (shelf.mugs(2).await, Id::new());
    let refused = shelf.reserve(order, &[(id, 3, 9.99)]).await.expect_text(409);

    let committed = shelf.commit(order).await;
    let released = shelf.release(order).await;

    assert_eq!(committed.expect_text(409), refused);
    assert_eq!(released.expect_status(200)["status"], "RELEASED");
    assert_eq!(shelf.reserve(order, &[(id, 3, 9.99)]).await.expect_text(409), refused);
    assert_eq!(shelf.units(id), [2, 0, 0, 2]);
}

#[tokio::test]
async fn units_of_a_deleted_product_are_still_sold_to_whoever_holds_them() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let (sold, returned) = (shelf.held(id, 3).await, shelf.held(id, 4).await);

    shelf.delete(id).await.expect_status(204);
    assert_eq!(shelf.units(id), [0, 7, 0, 7]);

    shelf.commit(sold).await.expect_status(200);
    assert_eq!(shelf.units(id), [0, 4, 3, 7]);
    // What comes back of a product that is no longer sold is written off.
    shelf.release(returned).await.expect_status(200);
    assert_eq!(shelf.units(id), [0, 0, 3, 3]);
    shelf.catalog.get(&format!("/products/{id}")).await.expect_problem(404, "Product not found");
}

#[tokio::test]
async fn reservations_outlive_a_crash() {
    let mut shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let (held, sold) = (shelf.held(id, 3).await, shelf.held(id, 4).await);
    let tombstone = Id::new();
    shelf.commit(sold).await.expect_status(200);
    shelf.release(tombstone).await.expect_status(200);

    shelf.catalog.restart().await;

    assert_eq!(shelf.units(id), [3, 3, 4, 10]);
    shelf.reserve(tombstone, &[(id, 1, 9.99)]).await.expect_status(409);
    shelf.release(held).await.expect_status(200);
    assert_eq!(shelf.units(id), [6, 0, 4, 10]);
}

#[tokio::test]
async fn a_commit_and_a_release_under_a_key_are_replayed() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;
    let (sold, returned) = (shelf.held(id, 3).await, shelf.held(id, 4).await);
    shelf.commit(sold).idempotency_key("c").await.expect_status(200);
    shelf.release(returned).idempotency_key("r").await.expect_status(200);

    let commit = shelf.commit(sold).idempotency_key("c").await;
    let release = shelf.release(returned).idempotency_key("r").await;

    assert_eq!(commit.expect_status(200)["status"], "COMMITTED");
    assert_eq!(commit.expect_header("idempotency-replayed"), "true");
    assert_eq!(release.expect_header("idempotency-replayed"), "true");
    shelf.commit(returned).idempotency_key("c").await.expect_status(422);
}
