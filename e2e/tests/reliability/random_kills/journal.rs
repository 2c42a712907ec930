//! What clients were told, written down by the clients.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a client knows of something it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<T> {
    /// It happened.
    Yes(T),
    /// It did not, with this status.
    No(u16),
    /// No answer, and the client did not ask again.
    Nothing,
}

/// Units of a product in a cart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Units {
    pub acknowledged: i64,
    pub unanswered: i64,
}

/// An order that a client wanted. Each has a user of its own, by which it is found again.
#[derive(Clone, Debug)]
pub struct Wish {
    pub user: String,
    /// Product and quantity.
    pub lines: Vec<(i64, i64)>,
    pub cents: i64,
    pub told: Told<String>,
}

/// What a client was told when it paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    Paid,
    Pending,
}

/// One payment that a client wanted.
#[derive(Clone, Debug)]
pub struct Payment {
    pub order_id: String,
    pub cents: i64,
    pub told: Told<(Receipt, String)>,
}

/// One cancellation that a client wanted.
#[derive(Clone, Debug)]
pub struct Cancellation {
    pub order_id: String,
    pub told: Told<()>,
}

/// Everything that all clients were told.
#[derive(Debug, Default)]
pub struct Pages {
    /// By user and product.
    pub adds: BTreeMap<(String, i64), Units>,
    pub wishes: Vec<Wish>,
    pub payments: Vec<Payment>,
    pub cancellations: Vec<Cancellation>,
    /// Acknowledged writes: answers of 2xx to something that changes the shop.
    pub acknowledged: u64,
    /// Requests that got no decision at least once.
    pub unanswered: u64,
    /// Answers that were wrong in themselves.
    pub faults: Vec<String>,
}

/// The log that all clients share.
#[derive(Clone, Debug, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

impl Journal {
    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
