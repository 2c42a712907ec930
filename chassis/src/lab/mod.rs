//! The lab: breaking a service on purpose, and looking inside.
//!
//! Open only with `LAB=1`. Everything here can be limited to requests that carry a tag in
//! their `baggage` (`lab=ann`), so that thirty students can share one shop and each break
//! only their own requests.
//!
//! 1. [`scope`]: whom a thing in the lab is for.
//! 2. [`faults`]: being down, slow, wrong or silent.
//! 3. [`crash`]: dying at a chosen place between two commits.
//! 4. [`policy`]: choices of the business that can be changed while the service runs.
//! 5. `reset`: back to the first day.
//! 6. [`routes`]: all of it over HTTP, with the outbox and the ledger.

pub mod scope;
pub mod faults;
pub mod crash;
pub mod policy;
mod reset;
pub mod routes;

use crash::CrashPoints;
use faults::Faults;

/// The lab of one service. Cheap to clone; a closed lab does nothing.
#[derive(Clone, Debug)]
pub struct Lab {
    is_open: bool,
    /// What is broken on purpose.
    pub faults: Faults,
    crash: CrashPoints,
}

impl Lab {
    /// The lab of a service that names these crash points.
    pub fn new(is_open: bool, crash_points: &'static [&'static str]) -> Self {
        Self { is_open, faults: Faults::default(), crash: CrashPoints::new(crash_points) }
    }

    /// Whether its routes exist.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Dies here (`abort`, as sudden as `kill -9`) if somebody has asked for it. Written at the
    /// boundaries between two commits, where a crash is most instructive.
    pub fn crash_point(&self, name: &str) {
        if self.is_open {
            self.crash.pass(name);
        }
    }
}
