//! The model: what the contract says, in plain Rust, with words for states.

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
}

#[derive(Debug)]
struct Order {
    product: usize,
    quantity: i64,
    cents: i64,
    status: &'static str,
    reservation: &'static str,
    paid_by: Option<usize>,
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
        let product = |cents, stock| Product { cents, stock, held: 0, sold: 0 };
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
        let (status, reservation) = ("CREATED", "PENDING");
        self.orders.push(Order { product, quantity, cents, status, reservation, paid_by: None });
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
            self.orders[order].status = status;
            self.outbox.remove(&Letter::Reserve(order));
            self.outbox.insert(Letter::Release(order));
        }
    }

    pub fn expire_all(&mut self) {
        (0..self.orders.len()).for_each(|order| self.end(order, "EXPIRED"));
    }

    pub fn reprice(&mut self, product: usize, cents: i64) {
        self.products[product].cents = cents;
    }

    pub fn restock(&mut self, product: usize, stock: i64) {
        self.products[product].stock = stock;
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
            if product.cents != order.cents || product.stock < order.quantity {
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
            let place = if end == "COMMITTED" { &mut product.sold } else { &mut product.stock };
            *place += order.quantity;
            *kept = end;
        }
        true
    }

    fn receive(&mut self, id: usize) -> bool {
        let payment = &self.payments[id];
        let order = &mut self.orders[payment.order];
        if order.status == "CREATED" && payment.is_right {
            (order.status, order.paid_by) = ("PAID", Some(id));
            if order.reservation == "HELD" {
                self.outbox.insert(Letter::Commit(payment.order));
            }
        }
        order.paid_by == Some(id)
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
            Letter::Refund(_) => {}
            Letter::Webhook(id) if self.payments[id].status == "PENDING" => {
                self.payments[id].status = if is_yes { "COMPLETED" } else { "FAILED" };
            }
            Letter::Webhook(_) => {}
        }
    }

    fn hear_of_units(&mut self, id: usize, is_yes: bool) {
        let order = &mut self.orders[id];
        match (order.reservation, order.status, is_yes) {
            ("PENDING", "CREATED", true) => order.reservation = "HELD",
            ("PENDING", "PAID", true) => {
                order.reservation = "HELD";
                self.outbox.insert(Letter::Commit(id));
            }
            ("PENDING", "CREATED", false) => {
                (order.status, order.reservation) = ("REJECTED", "REFUSED");
            }
            ("PENDING", "PAID", false) => {
                (order.status, order.reservation) = ("REFUNDED", "REFUSED");
                self.outbox.insert(Letter::Refund(id));
            }
            _ => {}
        }
    }
}

/// What is seen of the model.
impl Expected {
    pub fn some_order(&self, choice: usize) -> Option<usize> {
        choice.checked_rem(self.orders.len())
    }

    pub fn price(&self, product: usize) -> i64 {
        self.products[product].cents
    }

    pub fn stock(&self, product: usize) -> i64 {
        self.products[product].stock
    }

    pub fn total(&self, order: usize) -> i64 {
        self.orders[order].cents * self.orders[order].quantity
    }

    /// Everything, in the form in which the world shows it.
    pub fn picture(&self) -> Vec<String> {
        let products =
            self.products.iter().map(|it| format!("{} {} {}", it.stock, it.held, it.sold));
        let orders = self.orders.iter().map(|it| {
            let paid_by = it.paid_by.map_or("nobody".to_owned(), |payment| payment.to_string());
            format!("{} {} paid by {paid_by}", it.status, it.reservation)
        });
        let payments = self.payments.iter().map(|it| format!("{} of {}", it.status, it.order));
        let outbox = self.outbox.iter().map(|letter| format!("{letter:?}"));
        products.chain(orders).chain(payments).chain(outbox).collect()
    }

    /// Nothing waits, and money and goods agree: checked on the model, which the files equal.
    pub fn must_be_settled(&self) {
        assert!(self.outbox.is_empty(), "{self:#?}");
        for (id, order) in self.orders.iter().enumerate() {
            let fits = matches!(
                (order.status, order.reservation),
                ("CREATED", "HELD")
                    | ("PAID", "COMMITTED")
                    | ("REJECTED" | "REFUNDED", "REFUSED")
                    | ("CANCELLED" | "EXPIRED", "RELEASED")
            );
            assert!(fits, "order {id} is {} and {}", order.status, order.reservation);
        }
        for (id, payment) in self.payments.iter().enumerate() {
            let order = &self.orders[payment.order];
            let is_its_own = order.paid_by == Some(id);
            let fits = match payment.status {
                "COMPLETED" => is_its_own && order.status == "PAID",
                "REFUNDED" => is_its_own && order.status == "REFUNDED",
                "FAILED" => !is_its_own,
                _ => false,
            };
            assert!(fits, "payment {id} is {}, its order {}", payment.status, order.status);
        }
        for (number, product) in self.products.iter().enumerate() {
            let units_in = |status| {
                let orders = self.orders.iter().filter(|it| it.product == number);
                orders.filter(|it| it.status == status).map(|it| it.quantity).sum::<i64>()
            };
            assert_eq!((product.held, product.sold), (units_in("CREATED"), units_in("PAID")));
        }
    }
}
