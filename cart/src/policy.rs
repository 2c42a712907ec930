//! What to do with a product while the catalog does not answer. A choice of the business, not
//! of the code, so it is a setting, and one that can be changed while the service runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

/// The two ways to go on without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Validation {
    /// Add the product and mark the line; nobody loses a sale.
    FailOpen,
    /// Refuse; nobody ever has a product in the cart that does not exist.
    FailClosed,
}

/// The present choice. Clones share it.
#[derive(Clone, Debug)]
pub struct ValidationPolicy(Arc<AtomicBool>);

impl ValidationPolicy {
    /// Starts with this choice.
    pub fn new(validation: Validation) -> Self {
        Self(Arc::new(AtomicBool::new(validation == Validation::FailOpen)))
    }

    /// The choice that holds for a request which asks now.
    pub fn get(&self) -> Validation {
        if self.0.load(Ordering::Relaxed) { Validation::FailOpen } else { Validation::FailClosed }
    }

    /// From now on, this choice.
    pub fn set(&self, validation: Validation) {
        self.0.store(validation == Validation::FailOpen, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_by_everyone() {
        let policy = ValidationPolicy::new(Validation::FailOpen);
        let elsewhere = policy.clone();
        assert_eq!(elsewhere.get(), Validation::FailOpen);

        policy.set(Validation::FailClosed);

        assert_eq!(elsewhere.get(), Validation::FailClosed);
    }
}
