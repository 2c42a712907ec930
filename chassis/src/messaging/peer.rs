//! A service that messages are for: whether it is there, and whether it wants to be left alone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::call::NoAnswer;
use super::client::ServiceClient;

/// A receiver, as far as a relay knows.
pub(super) struct Peer {
    pub(super) client: ServiceClient,
    is_away: AtomicBool,
    /// The end of the pause that it asked for.
    rests_until: Mutex<Option<Instant>>,
}

impl Peer {
    /// One that is not known to be there. What waited when the process ended is then tried as
    /// soon as its receiver answers.
    pub(super) fn away(client: ServiceClient) -> Self {
        Self { client, is_away: true.into(), rests_until: Mutex::default() }
    }

    /// It has answered; `true` if it was away until now.
    pub(super) fn note_return(&self) -> bool {
        self.is_away.swap(false, Ordering::Relaxed)
    }

    /// It has not answered.
    pub(super) fn note_silence(&self, cause: &NoAnswer) {
        if cause.is_outage() {
            self.is_away.store(true, Ordering::Relaxed);
        }
        if let Some(pause) = cause.retry_after() {
            let mut until = self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
            *until = Instant::now().checked_add(pause);
        }
    }

    /// Whether it is away, and has not asked to be left alone.
    pub(super) fn is_missed(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        let rests = until.is_some_and(|until| Instant::now() < until);
        self.is_away.load(Ordering::Relaxed) && !rests
    }
}
