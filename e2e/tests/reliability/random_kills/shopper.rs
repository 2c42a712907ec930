//! A client that does what people do: looks, picks, orders, pays, changes its mind, and asks
//! again when nobody answers. It writes down what it is told.

use chassis::testing::{Answer, Request};
use serde_json::{Value, json};

use super::journal::{Cancellation, Journal, Payment, Receipt, Told, Wish};
use crate::support::{Doors, amount, insist, price, text, try_once};

/// Cents of the products, by id. Nobody changes them here.
pub type Prices = std::collections::BTreeMap<i64, i64>;

#[derive(Clone, Debug)]
pub struct Shopper {
    pub name: String,
    pub doors: Doors,
    pub prices: Prices,
    pub journal: Journal,
}

impl Shopper {
    /// One visit.
    pub async fn visit(&self, number: u32) {
        let _ = try_once(self.doors.catalog.get("/products").unchecked()).await;
        for pick in 0..fastrand::u32(0..=2) {
            self.add(&format!("add-{}-{number}-{pick}", self.name)).await;
        }
        let Some((order_id, cents)) = self.order(&format!("{}-{number}", self.name)).await else {
            return;
        };
        let (first, second) = (format!("pay-{order_id}-1"), format!("pay-{order_id}-2"));
        match fastrand::u8(0..100) {
            0..15 => {} // walks away, and the order expires
            15..25 => self.cancel(&order_id).await,
            25..40 => {
                tokio::join!(self.cancel(&order_id), self.pay(&order_id, cents, &first));
            }
            40..55 => {
                tokio::join!(
                    self.pay(&order_id, cents, &first),
                    self.pay(&order_id, cents, &second)
                );
            }
            55..60 => self.pay(&order_id, cents + 1, &first).await,
            _ => self.pay(&order_id, cents, &first).await,
        }
    }

    /// Adds to the shopper's one cart.
    async fn add(&self, key: &str) {
        let product = self.some_product();
        let quantity = fastrand::i64(1..=3);
        let path = format!("/cart/{}/add?product_id={product}&quantity={quantity}", self.name);
        let told = self.ask(self.doors.cart.post(&path), key, false).await;
        let mut pages = self.journal.open();
        let units = pages.adds.entry((self.name.clone(), product)).or_default();
        match told {
            Some(answer) if answer.status == 200 => units.acknowledged += quantity,
            Some(answer) => pages.faults.push(format!("an add was answered:\n{answer}")),
            None => units.unanswered += quantity,
        }
    }

    /// Orders, and returns id and cents if that came to something.
    async fn order(&self, user: &str) -> Option<(String, i64)> {
        let mut lines = vec![(self.some_product(), fastrand::i64(1..=2))];
        let other = self.some_product();
        if other != lines[0].0 {
            lines.push((other, 1));
        }
        let items: Vec<Value> = lines.iter().map(|line| self.item(*line)).collect();
        let cents = lines.iter().map(|(product, quantity)| self.prices[product] * quantity).sum();
        let request = self.doors.order.post(&format!("/orders?user_id={user}")).json(&items);
        let told = match self.ask(request, &format!("order-{user}"), false).await {
            Some(answer) if answer.status == 201 => {
                Told::Yes(text(&answer.expect_status(201), "order_id").to_owned())
            }
            Some(answer) => Told::No(answer.status),
            None => Told::Nothing,
        };
        let made = if let Told::Yes(id) = &told { Some((id.clone(), cents)) } else { None };
        self.journal.open().wishes.push(Wish { user: user.to_owned(), lines, cents, told });
        made
    }

    /// Pays. Nobody who pays gives up without an answer.
    async fn pay(&self, order_id: &str, cents: i64, key: &str) {
        let path = format!("/pay?order_id={order_id}&amount={}", amount(cents));
        let answer = self.ask(self.doors.payment.post(&path), key, true).await;
        let told = match answer {
            Some(answer) if answer.status == 200 || answer.status == 202 => {
                let body = answer.expect_status(answer.status);
                let receipt = if answer.status == 200 { Receipt::Paid } else { Receipt::Pending };
                Told::Yes((receipt, text(&body, "payment_id").to_owned()))
            }
            Some(answer) => Told::No(answer.status),
            None => Told::Nothing,
        };
        let order_id = order_id.to_owned();
        self.journal.open().payments.push(Payment { order_id, cents, told });
    }

    async fn cancel(&self, order_id: &str) {
        let request = self.doors.order.post(&format!("/orders/{order_id}/cancel"));
        let told = match self.ask(request, &format!("cancel-{order_id}"), false).await {
            Some(answer) if answer.status == 200 => Told::Yes(()),
            Some(answer) => Told::No(answer.status),
            None => Told::Nothing,
        };
        self.journal
            .open()
            .cancellations
            .push(Cancellation { order_id: order_id.to_owned(), told });
    }

    /// Asks with a key until there is an answer, or without one: then once, unless the request
    /// may be repeated anyway.
    async fn ask(&self, request: Request, key: &str, is_repeatable: bool) -> Option<Answer> {
        let request = request.unchecked();
        let has_key = fastrand::u8(0..100) < 65;
        let request = if has_key { request.idempotency_key(key) } else { request };
        let first = try_once(request.clone()).await;
        let is_unanswered = first.is_none();
        let answer = match first {
            None if has_key || is_repeatable => Some(insist(&request).await),
            first => first,
        };
        if let Some(answer) = answer.as_ref().filter(|_| has_key && fastrand::u8(0..100) < 10) {
            self.repeat(&request, answer).await;
        }
        let mut pages = self.journal.open();
        pages.unanswered += u64::from(is_unanswered);
        pages.acknowledged += u64::from(answer.as_ref().is_some_and(|it| it.status < 300));
        answer
    }

    /// The same request with the same key has the same answer.
    async fn repeat(&self, request: &Request, first: &Answer) {
        let again = insist(request).await;
        let is_marked = again.header("idempotency-replayed") == Some("true");
        if !is_marked || again.status != first.status || again.body != first.body {
            let fault = format!("a repeat was answered differently:\n{first}\nand then\n{again}");
            self.journal.open().faults.push(fault);
        }
    }

    fn item(&self, (product, quantity): (i64, i64)) -> Value {
        let price = price(self.prices[&product]);
        json!({ "product_id": product, "quantity": quantity, "price": price })
    }

    fn some_product(&self) -> i64 {
        let products: Vec<i64> = self.prices.keys().copied().collect();
        products[fastrand::usize(0..products.len())]
    }
}
