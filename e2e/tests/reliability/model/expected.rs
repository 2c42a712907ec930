//! The model: what the contract says, in plain Rust, with words for states.

mod seen;

use std::collections::{BTreeMap, BTreeSet};

/// A message, as the model knows it: orders and payments are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Letter {
    Reserve(usize),
    Commit(usize),
    Release(usize),
    Refund(usize),
    Webhook(usize),
}

#[derive(Debug)]
struct Product {
    cents: i64,
    stock: i64,
    held: i64,
    sold: i64,
    received: i64,
    is_deleted: bool,
}

#[derive(Debug)]
struct Order {
    product: usize,
    quantity: i64,
    cents: i64,
    status: &'static str,
    reservation: &'static str,
    paid_by: Option<usize>,
    /// The status after each thing that has happened to it.
    history: Vec<&'static str>,
}

#[derive(Debug)]
struct Payment {
    order: usize,
    is_right: bool,
    status: &'static str,
}

#[derive(Debug)]
pub struct Expected {
    products: [Product; 2],
    orders: Vec<Order>,
    payments: Vec<Payment>,
    /// What the catalog remembers of an order.
    kept: BTreeMap<usize, &'static str>,
    outbox: BTreeSet<Letter>,
}

impl Expected {
    /// Two products of the seed: laptops and mice.
    pub fn new() -> Self {
        let product = |cents, stock| {
            let (held, sold, received, is_deleted) = (0, 0, stock, false);
            Product { cents, stock, held, sold, received, is_deleted }
        };
        Self {
            products: [product(99_999, 50), product(2_999, 200)],
            orders: Vec::new(),
            payments: Vec::new(),
            kept: BTreeMap::new(),
            outbox: BTreeSet::new(),
        }
    }

    pub fn place(&mut self, product: usize, quantity: i64, cents: i64) {
        self.outbox.insert(Letter::Reserve(self.orders.len()));
        self.orders.push(Order {
            product,
            quantity,
            cents,
            status: "CREATED",
            reservation: "PENDING",
            paid_by: None,
            history: vec!["CREATED"],
        });
    }

    /// A second payment joins the first as long as that is alive.
    pub fn pay(&mut self, order: usize, is_right: bool) {
        let is_alive =
            |it: &Payment| it.order == order && ["PENDING", "COMPLETED"].contains(&it.status);
        if !self.payments.iter().any(is_alive) {
            self.outbox.insert(Letter::Webhook(self.payments.len()));
            self.payments.push(Payment { order, is_right, status: "PENDING" });
        }
    }

    pub fn end(&mut self, order: usize, status: &'static str) {
        if self.orders[order].status == "CREATED" {
            self.orders[order].goes_to(status);
            self.outbox.remove(&Letter::Reserve(order));
            self.outbox.insert(Letter::Release(order));
        }
    }

    pub fn expire_all(&mut self) {
        (0..self.orders.len()).for_each(|order| self.end(order, "EXPIRED"));
    }

    pub fn reprice(&mut self, product: usize, cents: i64) {
        if !self.products[product].is_deleted {
            self.products[product].cents = cents;
        }
    }

    pub fn restock(&mut self, product: usize, stock: i64) {
        let product = &mut self.products[product];
        if !product.is_deleted {
            product.stock = stock;
            product.received = stock + product.held + product.sold;
        }
    }

    /// What is on the shelf is written off; what is promised or sold stays so.
    pub fn delete(&mut self, product: usize) {
        self.restock(product, 0);
        self.products[product].is_deleted = true;
    }

    /// Paid by nobody that we know.
    pub fn pay_namelessly(&mut self, order: usize) {
        self.be_paid(order, None);
    }

    /// A message arrives, and its sender hears the answer or not.
    pub fn arrive(&mut self, letter: Letter, is_heard: bool) {
        let is_yes = match letter {
            Letter::Reserve(order) => self.reserve(order),
            Letter::Commit(order) => self.settle(order, "COMMITTED"),
            Letter::Release(order) => self.settle(order, "RELEASED"),
            Letter::Refund(order) => self.refund(order),
            Letter::Webhook(payment) => self.receive(payment),
        };
        if is_heard {
            self.hear(letter, is_yes);
        }
    }

    fn reserve(&mut self, id: usize) -> bool {
        let order = &self.orders[id];
        let product = &mut self.products[order.product];
        let kept = *self.kept.entry(id).or_insert_with(|| {
            let is_offered = product.cents == order.cents && !product.is_deleted;
            if !is_offered || product.stock < order.quantity {
                return "REFUSED";
            }
            product.stock -= order.quantity;
            product.held += order.quantity;
            "HELD"
        });
        matches!(kept, "HELD" | "COMMITTED")
    }

    fn settle(&mut self, id: usize, end: &'static str) -> bool {
        let order = &self.orders[id];
        let product = &mut self.products[order.product];
        let kept = self.kept.entry(id).or_insert("RELEASED");
        if *kept == "HELD" {
            product.held -= order.quantity;
            match (end, product.is_deleted) {
                ("COMMITTED", _) => product.sold += order.quantity,
                (_, false) => product.stock += order.quantity,
                (_, true) => product.received -= order.quantity,
            }
            *kept = end;
        }
        true
    }

    fn receive(&mut self, id: usize) -> bool {
        let Payment { order, is_right, .. } = self.payments[id];
        if is_right {
            self.be_paid(order, Some(id));
        }
        self.orders[order].paid_by == Some(id)
    }

    fn be_paid(&mut self, id: usize, payment: Option<usize>) {
        let order = &mut self.orders[id];
        if order.status == "CREATED" {
            order.goes_to("PAID");
            order.paid_by = payment;
            if order.reservation == "HELD" {
                self.outbox.insert(Letter::Commit(id));
            }
        }
    }

    fn refund(&mut self, order: usize) -> bool {
        let payment = self.orders[order].paid_by.expect("it was paid");
        self.payments[payment].status = "REFUNDED";
        true
    }

    fn hear(&mut self, letter: Letter, is_yes: bool) {
        self.outbox.remove(&letter);
        match letter {
            Letter::Reserve(id) => self.hear_of_units(id, is_yes),
            Letter::Commit(id) => self.orders[id].reservation = "COMMITTED",
            Letter::Release(id) => self.orders[id].reservation = "RELEASED",
            Letter::Refund(id) => self.orders[id].goes_to("REFUNDED"),
            Letter::Webhook(id) if self.payments[id].status == "PENDING" => {
                self.payments[id].status = if is_yes { "COMPLETED" } else { "FAILED" };
            }
            Letter::Webhook(_) => {}
        }
    }

    fn hear_of_units(&mut self, id: usize, is_yes: bool) {
        let order = &mut self.orders[id];
        match (order.reservation, order.status, is_yes) {
            ("PENDING", "CREATED" | "PAID", true) => {
                order.reservation = "HELD";
                order.goes_to(order.status);
                if order.status == "PAID" {
                    self.outbox.insert(Letter::Commit(id));
                }
            }
            ("PENDING", "CREATED", false) => {
                order.reservation = "REFUSED";
                order.goes_to("REJECTED");
            }
            ("PENDING", "PAID", false) => {
                order.reservation = "REFUSED";
                order.goes_to("REFUNDED");
                // There is nobody to give the money back to who has paid without a name.
                if order.paid_by.is_some() {
                    self.outbox.insert(Letter::Refund(id));
                }
            }
            _ => {}
        }
    }
}

impl Order {
    fn goes_to(&mut self, status: &'static str) {
        self.status = status;
        self.history.push(status);
    }
}
