//! Many orders at once: no unit is sold twice, and none is lost.

use chassis::id::Id;
use chassis::testing::{Request, all_at_once};

use crate::support::Shelf;

#[tokio::test]
async fn sixty_orders_for_the_last_ten_units_hold_exactly_ten() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(10).await;

    let answers = all_at_once((0..60).map(|_| shelf.reserve(Id::new(), &[(id, 1, 9.99)]))).await;

    let held = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((held, refused), (10, 50));
    assert_eq!(shelf.units(id), [0, 10, 0, 10]);
}

#[tokio::test]
async fn one_order_that_asks_fifty_times_at_once_holds_once() {
    let shelf = Shelf::open().await;
    let (id, order) = (shelf.mugs(10).await, Id::new());

    for answer in all_at_once((0..50).map(|_| shelf.reserve(order, &[(id, 3, 9.99)]))).await {
        assert_eq!(answer.expect_status(200)["status"], "HELD");
    }

    assert_eq!(shelf.units(id), [7, 3, 0, 10]);
}

#[tokio::test]
async fn orders_of_two_products_in_either_order_do_not_get_in_each_others_way() {
    let shelf = Shelf::open().await;
    let (a, b) = (shelf.mugs(30).await, shelf.mugs(30).await);
    let orders = (0..40).map(|n| {
        let (first, second) = if n % 2 == 0 { (a, b) } else { (b, a) };
        shelf.reserve(Id::new(), &[(first, 1, 9.99), (second, 1, 9.99)])
    });

    let answers = all_at_once(orders).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 30);
    assert_eq!((shelf.units(a), shelf.units(b)), ([0, 30, 0, 30], [0, 30, 0, 30]));
}

#[tokio::test]
async fn of_a_commit_and_a_release_exactly_one_wins() {
    let shelf = Shelf::open().await;
    let id = shelf.mugs(100).await;
    let mut orders = Vec::new();
    for _ in 0..50 {
        orders.push(shelf.held(id, 1).await);
    }
    let fights = orders.iter().enumerate().flat_map(|(round, order)| {
        let (commit, release) = (shelf.commit(*order), shelf.release(*order));
        // Whoever is sent first has an advantage, so they take turns.
        if round % 2 == 0 { [commit, release] } else { [release, commit] }
    });

    let answers = all_at_once(fights).await;

    let mut sold = 0;
    for (round, pair) in answers.chunks(2).enumerate() {
        let (commit, release) = if round % 2 == 0 { (0, 1) } else { (1, 0) };
        match (pair[commit].status, pair[release].status) {
            (200, 409) => sold += 1,
            (409, 200) => {}
            both => panic!("both won or both lost: {both:?}"),
        }
    }
    assert_eq!(shelf.units(id), [100 - sold, 0, sold, 100]);
}

#[tokio::test]
async fn after_any_sequence_every_unit_is_in_exactly_one_place() {
    let shelf = Shelf::open().await;
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let products = [shelf.mugs(40).await, shelf.mugs(60).await, shelf.mugs(80).await];
    let orders: Vec<Id> = (0..60).map(|_| Id::new()).collect();

    for _ in 0..12 {
        let steps: Vec<_> =
            (0..40).map(|_| step(&shelf, &mut random, &products, &orders)).collect();
        for answer in all_at_once(steps).await {
            assert!(matches!(answer.status, 200 | 404 | 409), "seed {seed}: {answer}");
        }
    }

    for (product, received) in products.into_iter().zip([40, 60, 80]) {
        let [stock, held, sold, total] = shelf.units(product);
        assert_eq!(total, received, "seed {seed}");
        assert_eq!(stock + held + sold, received, "seed {seed}");
        assert_eq!(held, reserved(&shelf, product, "HELD"), "seed {seed}");
        assert_eq!(sold, reserved(&shelf, product, "COMMITTED"), "seed {seed}");
        assert_eq!(shelf.stock(product).await, stock, "seed {seed}");
    }
}

/// Reserves, commits or releases for one of the orders. What an order wants is a function of
/// its position, so that a repeat asks for the same.
fn step(shelf: &Shelf, random: &mut fastrand::Rng, products: &[i64; 3], orders: &[Id]) -> Request {
    let position = random.usize(..orders.len());
    let order = orders[position];
    match random.u8(..4) {
        0 => shelf.commit(order),
        1 => shelf.release(order),
        _ => {
            let quantity = 1 + i64::try_from(position % 5).unwrap_or(0);
            let first = position % 3;
            let lines = [(products[first], quantity, 9.99), (products[(first + 1) % 3], 1, 9.99)];
            shelf.reserve(order, &lines[..1 + position % 2])
        }
    }
}

/// The units of a product in all reservations of a status.
fn reserved(shelf: &Shelf, product: i64, status: &str) -> i64 {
    let query = format!(
        "SELECT coalesce(sum(quantity), 0) FROM reservation_lines JOIN reservations USING (order_id)
         WHERE product_id = {product} AND status = '{status}'"
    );
    shelf.catalog.sql_value(&query).parse().unwrap()
}
