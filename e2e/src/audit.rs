//! What must be true of money and goods in all files together, whatever has happened.
//!
//! No service can check this, because none sees another one's file. A test may: once nothing
//! is under way any more, it reads all of them and compares.

use std::collections::{BTreeMap, BTreeSet};

use chassis::testing::Process;

use crate::shop::Shop;

/// What the files of a shop say.
#[derive(Debug)]
pub struct Books {
    /// Order, payment and cents of every order that is paid.
    pub paid_orders: BTreeSet<[String; 3]>,
    /// Order, payment and cents of every payment that is completed.
    pub completed_payments: BTreeSet<[String; 3]>,
    /// Order, payment and cents of every order that was given up after its payment.
    pub refunded_orders: BTreeSet<[String; 3]>,
    /// Order, payment and cents of every payment that went back.
    pub refunded_payments: BTreeSet<[String; 3]>,
    /// Units per product in paid orders.
    pub units_paid: BTreeMap<String, i64>,
    /// Units per product in orders that wait for their payment.
    pub units_promised: BTreeMap<String, i64>,
    /// Per product what the catalog counts as sold.
    pub units_sold: BTreeMap<String, i64>,
    /// Per product what the catalog counts as held.
    pub units_held: BTreeMap<String, i64>,
    /// Per product that is on sale, the units there are, wherever they are now.
    pub units: BTreeMap<String, i64>,
    /// Per product, the units that the test has stocked.
    pub units_stocked: BTreeMap<String, i64>,
    /// Messages that still wait, or were given up.
    pub undelivered: usize,
}

impl Books {
    /// Reads the files. Services need not run for it.
    pub fn read(shop: &Shop) -> Self {
        let orders = |status: &str| {
            let query = "SELECT id, payment_id, total_cents FROM orders WHERE status = ";
            triples(&shop.order, &format!("{query}'{status}'"))
        };
        let payments = |status: &str| {
            let query = "SELECT order_id, id, amount_cents FROM payments WHERE status = ";
            triples(&shop.payment, &format!("{query}'{status}'"))
        };
        let units_in = |status: &str| {
            let query = "SELECT product_id, sum(quantity) FROM order_lines
                 JOIN orders ON orders.id = order_id";
            units(&shop.order, &format!("{query} WHERE status = '{status}' GROUP BY product_id"))
        };
        let units_that_are = |place: &str| {
            units(&shop.catalog, &format!("SELECT id, {place} FROM products WHERE {place} > 0"))
        };
        let undelivered = "SELECT id FROM outbox";
        Self {
            paid_orders: orders("PAID"),
            completed_payments: payments("COMPLETED"),
            refunded_orders: orders("REFUNDED"),
            refunded_payments: payments("REFUNDED"),
            units_paid: units_in("PAID"),
            units_promised: units_in("CREATED"),
            units_sold: units_that_are("sold"),
            units_held: units_that_are("held"),
            units: units(
                &shop.catalog,
                "SELECT id, stock + held + sold FROM products WHERE deleted_at IS NULL",
            ),
            units_stocked: shop.stocked(),
            undelivered: [&shop.catalog, &shop.order, &shop.payment]
                .map(|service| service.sql(undelivered).len())
                .iter()
                .sum(),
        }
    }

    /// What does not add up; empty if all is well.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut hold = |is_true: bool, fault: String| {
            if !is_true {
                faults.push(fault);
            }
        };
        hold(self.undelivered == 0, format!("{} messages are left", self.undelivered));
        hold(
            self.paid_orders == self.completed_payments,
            difference(
                "paid orders and completed payments",
                &self.paid_orders,
                &self.completed_payments,
            ),
        );
        hold(
            self.refunded_orders == self.refunded_payments,
            difference(
                "refunded orders and payments",
                &self.refunded_orders,
                &self.refunded_payments,
            ),
        );
        hold(
            self.units_paid == self.units_sold,
            format!("units paid {:?}, sold {:?}", self.units_paid, self.units_sold),
        );
        hold(
            self.units_promised == self.units_held,
            format!("units promised {:?}, held {:?}", self.units_promised, self.units_held),
        );
        for (product, stocked) in &self.units_stocked {
            // One that was taken off the shelf has no units that anybody counts.
            let there = self.units.get(product).unwrap_or(stocked);
            hold(there == stocked, format!("product {product}: {there} units of {stocked}"));
        }
        faults
    }
}

/// Waits until nothing is under way, then checks that everything adds up. Returns the books, so
/// that a test can also say how much was sold.
///
/// # Panics
///
/// If it does not.
pub async fn audit(shop: &Shop) -> Books {
    shop.settles().await;
    let books = Books::read(shop);
    let faults = books.faults();
    assert!(faults.is_empty(), "the books do not add up:\n{}", faults.join("\n"));
    books
}

fn triples(service: &Process, query: &str) -> BTreeSet<[String; 3]> {
    let triple = |row: Vec<String>| <[String; 3]>::try_from(row).expect("three columns");
    service.sql(query).into_iter().map(triple).collect()
}

fn units(service: &Process, query: &str) -> BTreeMap<String, i64> {
    let entry = |row: Vec<String>| (row[0].clone(), row[1].parse().expect("a number of units"));
    service.sql(query).into_iter().map(entry).collect()
}

fn difference(what: &str, left: &BTreeSet<[String; 3]>, right: &BTreeSet<[String; 3]>) -> String {
    let only: Vec<_> = left.symmetric_difference(right).collect();
    format!("{what} differ in {only:?}")
}
