//! The services' own transactions on three real files, with the test as the network.

mod picture;

use axum::http::StatusCode;
use catalog::model::{ProductDraft, ProductId, Reservation, ReservationLine};
use chassis::http::Problem;
use chassis::id::Id;
use chassis::messaging::client::Answer;
use chassis::messaging::outbox::{self, Message};
use chassis::messaging::relay::{OnAnswer, Verdict};
use chassis::money::Cents;
use chassis::service::Blueprint;
use chassis::storage::idempotency::Key;
use chassis::storage::migrate::{migrate, start_over};
use chassis::time::Timestamp;
use order::model::{Move, NewOrder, OrderLine};
use order::transactions::Placed;
use payment::model::NewPayment;
use payment::webhook::Telling;
use rusqlite::{Connection, Transaction};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::expected::{Expected, Letter};

/// As many messages as a sequence can write, and more.
const EVERYTHING: u32 = 1_000;

pub struct World {
    catalog: Connection,
    order: Connection,
    payment: Connection,
    now: Timestamp,
    orders: Vec<NewOrder>,
    payments: Vec<Id>,
    /// Messages on their way; their rows may be gone.
    travelling: Vec<Message>,
    _folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let open = |blueprint: Blueprint| {
            let path = folder.path().join(blueprint.name);
            let mut file = Connection::open(path).expect("a file opens");
            // Nobody pulls the plug here, and thousands of commits are quicker this way.
            let pragmas =
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON";
            file.execute_batch(pragmas).expect("they are known");
            migrate(&mut file, blueprint.owner, blueprint.migrations).expect("it migrates");
            file
        };
        Self {
            catalog: open(catalog::BLUEPRINT),
            order: open(order::BLUEPRINT),
            payment: open(payment::BLUEPRINT),
            now: Timestamp::now(),
            orders: Vec::new(),
            payments: Vec::new(),
            travelling: Vec::new(),
            _folder: folder,
        }
    }

    pub fn place(&mut self, product: usize, quantity: i64, cents: i64) {
        let line: OrderLine = parse(&json!({
            "product_id": product + 1, "quantity": quantity, "price": number(cents)
        }));
        let order = NewOrder {
            id: Id::new(),
            user_id: "user1".to_owned().try_into().expect("a user"),
            lines: vec![line],
            total: Cents::new(cents * quantity).expect("not too large"),
            now: self.now,
            expires_at: self.now.plus_ms(1),
        };
        let key = key(self.orders.len());
        let placed =
            commit(&mut self.order, |tx| order::transactions::place(tx, Some(&key), &order));
        assert!(matches!(placed, Ok(Placed::Waiting(id, Some(_))) if id == order.id));
        self.orders.push(order);
    }

    /// The same request again: never a second order, and no other answer than the first.
    pub fn repeat(&mut self, choice: usize) {
        let Some(number) = choice.checked_rem(self.orders.len()) else { return };
        let first = self.orders[number].id;
        let again = NewOrder { id: Id::new(), ..self.orders[number].clone() };
        let key = key(number);
        let placed =
            commit(&mut self.order, |tx| order::transactions::place(tx, Some(&key), &again));
        match placed.expect("it is no failure") {
            Placed::Waiting(id, _) | Placed::Joined(id, _) => assert_eq!(id, first),
            Placed::Replayed(reply) => {
                let is_its_own = reply.status != 201 || reply.body.contains(&first.to_string());
                assert!(is_its_own, "{reply:?}");
            }
        }
    }

    pub fn pay(&mut self, order: usize, cents: i64) {
        let amount = Cents::new(cents).expect("not too large");
        let payment =
            NewPayment { id: Id::new(), order_id: self.orders[order].id, amount, now: self.now };
        let pay =
            |tx: &Transaction<'_>| payment::transactions::pay(tx, None, &payment, Telling::Outbox);
        let begun = commit(&mut self.payment, pay);
        begun.expect("it is no failure");
        let find = |tx: &Transaction<'_>| payment::store::find_payment(tx, payment.id);
        if commit(&mut self.payment, find).expect("it is readable").is_some() {
            self.payments.push(payment.id);
        }
    }

    pub fn cancel(&mut self, order: usize) {
        let (id, now) = (self.orders[order].id, self.now);
        let step = (Move::Cancel, "Cancelled by the shopper");
        let _ = commit(&mut self.order, |tx| order::transactions::end(tx, id, step, now));
    }

    pub fn expire_all(&mut self) {
        let later = self.now.plus_ms(1);
        commit(&mut self.order, |tx| order::transactions::expire(tx, None, later, EVERYTHING))
            .expect("it is no failure");
    }

    pub fn replace(&mut self, product: usize, cents: i64, stock: i64) {
        let draft: ProductDraft =
            parse(&json!({ "name": "Thing", "price": number(cents), "stock": stock }));
        let id = ProductId::new(product as i64 + 1).expect("in range");
        let now = self.now;
        // One that was deleted stays so.
        let _ = commit(&mut self.catalog, |tx| {
            catalog::transactions::replace_product(tx, id, &draft, now)
        });
        self.forget_announcements();
    }

    pub fn delete(&mut self, product: usize) {
        let id = ProductId::new(product as i64 + 1).expect("in range");
        let now = self.now;
        let _ = commit(&mut self.catalog, |tx| catalog::transactions::delete_product(tx, id, now));
        self.forget_announcements();
    }

    /// The original webhook: no body, so it names no payment.
    pub fn pay_namelessly(&mut self, order: usize) {
        let (id, now) = (self.orders[order].id, self.now);
        let _ = commit(&mut self.order, |tx| order::transactions::settle(tx, id, None, now));
    }

    /// All three at once. What was on its way is not waited for, and comes too late to be taken.
    pub fn reset(&mut self) {
        let steps = [catalog::BLUEPRINT, order::BLUEPRINT, payment::BLUEPRINT];
        let files = [&mut self.catalog, &mut self.order, &mut self.payment];
        for (file, blueprint) in files.into_iter().zip(steps) {
            commit(file, |tx| start_over(tx, blueprint.migrations)).expect("it is no failure");
        }
        self.orders.clear();
        self.payments.clear();
        self.travelling.clear();
    }

    fn forget_announcements(&mut self) {
        // Announcements go to the cart, which has no part in this.
        self.catalog.execute("DELETE FROM outbox", []).expect("it is there");
    }

    /// Puts a copy of a waiting message on its way.
    pub fn send(&mut self, choice: usize) {
        let waiting = self.waiting();
        if let Some(position) = choice.checked_rem(waiting.len()) {
            self.travelling.push(waiting[position].clone());
        }
    }

    pub fn sends_anything(&self) -> bool {
        !self.travelling.is_empty() || !self.waiting().is_empty()
    }

    /// A message arrives at its receiver. The answer arrives, or nobody will ever know it.
    pub fn arrive(&mut self, choice: usize, is_heard: bool) -> Option<Letter> {
        let position = choice.checked_rem(self.travelling.len())?;
        let message = self.travelling.remove(position);
        let letter = self.letter(&message);
        let answer = self.receive(&message);
        if is_heard {
            self.hear(&message, &answer);
        }
        Some(letter)
    }

    /// Compares with the model.
    pub fn must_be(&self, expected: &Expected) {
        assert_eq!(self.picture(), expected.picture());
    }
}

impl World {
    /// What the receiver's handler does.
    fn receive(&mut self, message: &Message) -> Answer {
        let now = self.now;
        let subject = message.subject.parse::<Id>().expect("an id");
        let body: Value = serde_json::from_str(&message.body).expect("JSON");
        let problem = match message.kind.as_str() {
            order::saga::RESERVE => {
                let lines: Vec<ReservationLine> = parse(&body["items"]);
                let work =
                    |tx: &Transaction<'_>| catalog::transactions::reserve(tx, subject, &lines, now);
                match commit(&mut self.catalog, work) {
                    Ok(Reservation::Refused(refusal)) => {
                        Some(catalog::error::CatalogError::Refused(refusal).into())
                    }
                    Ok(_) => None,
                    Err(error) => Some(error.into()),
                }
            }
            order::saga::COMMIT => said(commit(&mut self.catalog, |tx| {
                catalog::transactions::commit(tx, subject, now)
            })),
            order::saga::RELEASE => said(commit(&mut self.catalog, |tx| {
                catalog::transactions::release(tx, subject, now)
            })),
            order::saga::REFUND => {
                let draft = parse(&body);
                said(commit(&mut self.payment, |tx| payment::transactions::refund(tx, &draft, now)))
            }
            _ => {
                let order_id = message.path.split('/').nth(2).expect("it is in the path");
                let order_id = order_id.parse().expect("an id");
                let notice = Some(parse(&body));
                said(commit(&mut self.order, |tx| {
                    order::transactions::settle(tx, order_id, notice, now)
                }))
            }
        };
        let (status, body) = problem.map_or((StatusCode::OK, json!({})), |problem: Problem| {
            (problem.status(), json!({ "detail": problem.detail() }))
        });
        Answer { status, body: body.to_string().into() }
    }

    /// What the sender's relay does.
    fn hear(&mut self, message: &Message, answer: &Answer) {
        let (file, on_answer): (_, OnAnswer) = match message.peer.as_str() {
            payment::webhook::ORDER => (&mut self.payment, payment::answers::on_answer),
            _ => (&mut self.order, order::answers::on_answer),
        };
        let now = self.now;
        let heard = commit(file, |tx| match on_answer(tx, message, answer, now)? {
            Verdict::Done(_) => outbox::delete(tx, message.id),
            Verdict::Dead(reason) => panic!("{} became a dead letter: {reason}", message.kind),
        });
        heard.expect("it is no failure");
    }
}

/// Runs a unit of work: an error undoes it.
fn commit<T, E>(
    file: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let tx = file.transaction().expect("nobody else writes");
    let done = work(&tx)?;
    tx.commit().expect("it commits");
    Ok(done)
}

/// What the caller hears, if it is not a yes.
fn said<T, E: Into<Problem>>(outcome: Result<T, E>) -> Option<Problem> {
    outcome.err().map(Into::into)
}

fn key(number: usize) -> Key {
    Key { text: format!("key-{number}"), fingerprint: format!("request-{number}") }
}

fn number(cents: i64) -> Value {
    crate::support::price(cents)
}

fn parse<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|cause| panic!("{value}: {cause}"))
}
