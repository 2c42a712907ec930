//! Which life of its file a piece of work belongs to.
//!
//! The lab can put a service back to its first day. Whatever was under way at that moment was
//! asked for by people and services whose rows are gone: a reservation for an order that exists
//! no more would hold units for ever. So a reset begins a new epoch, and the writer takes nothing
//! from work that began in an earlier one.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// A process has one file, so one counter is enough.
static CURRENT: AtomicU64 = AtomicU64::new(0);

/// Rings when a new epoch begins.
static NEXT: Notify = Notify::const_new();

/// The time from one reset to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epoch(u64);

impl Epoch {
    /// The one that we live in.
    pub fn current() -> Self {
        Self(CURRENT.load(Ordering::Acquire))
    }

    /// Ends the current one. Called within the transaction of the reset: the jobs that wait
    /// behind it in the same batch are late already.
    pub(crate) fn begin_next() {
        CURRENT.fetch_add(1, Ordering::AcqRel);
        NEXT.notify_waiters();
    }

    /// Whether there was a reset since.
    pub fn is_over(self) -> bool {
        self != Self::current()
    }

    /// Returns when it is over.
    pub async fn over(self) {
        loop {
            // Made before the look: it hears of whatever happens from here on.
            let next = NEXT.notified();
            if self.is_over() {
                return;
            }
            next.await;
        }
    }
}
