//! The circuit breaker: stop asking a neighbor that keeps failing, and find out gently when it
//! is back.
//!
//! ```text
//! closed ── half of the last 10 s failed, or one time-out ──▶ open
//!    ▲                                                       │  ▲
//!    │                                           5 s later   │  │ the probe fails
//!    │                                                       ▼  │
//!    └────────────── two probes in a row succeed ────────── half-open
//! ```
//!
//! What it buys: a dead neighbor costs one time-out instead of one per request, and a neighbor
//! that is coming up again is not trampled by everyone at once.
//!
//! There is no I/O and no clock in here: every method is told what time it is, so the tests
//! jump through ten seconds without sleeping.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How far back we look. Long enough to see a pattern, short enough to forget last minute.
const WINDOW: Duration = Duration::from_secs(10);

/// The window moves in steps of this size, so that it needs ten counters, not one per call.
const BUCKET: Duration = Duration::from_secs(1);

/// With fewer calls in the window, half of them failing may be plain bad luck.
const MIN_CALLS: u32 = 5;

/// Percentage of failed calls that opens the breaker. At half, asking is a coin toss.
const MAX_FAILED_PERCENT: u32 = 50;

/// How long the breaker stays open: 5 s, give or take 20 %. A restart takes about that long,
/// and the spread keeps several callers from probing in the same instant.
const OPEN_MS: std::ops::RangeInclusive<u64> = 4_000..=6_000;

/// How many probes in a row must succeed. One could be luck.
const PROBES_TO_CLOSE: u32 = 2;

/// When to come back if a probe is under way: soon, its outcome decides.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// Guards the calls to one neighbor. Clones share one state.
#[derive(Clone, Debug)]
pub struct Breaker {
    name: &'static str,
    circuit: Arc<Mutex<Circuit>>,
}

/// What a breaker does with the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Lets it through.
    Closed,
    /// Refuses it.
    Open,
    /// Lets it through as a probe, if no other probe is under way.
    HalfOpen,
}

impl State {
    /// The state in lower case, as health answers and metrics show it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// The breaker refuses the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the circuit breaker is open")]
pub struct Open {
    /// When it is worth trying again, counted from now.
    pub retry_after: Duration,
}

/// How a call failed. An answer that blames the caller (4xx) is no failure: the neighbor works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Refused, reset, or answered with 5xx: bad, but it took no time to find out.
    Quick,
    /// No answer in time. This opens the breaker at once: it cost the caller five seconds, and
    /// waiting for the usual five calls would buy four more of those.
    Timeout,
}

impl Breaker {
    /// A closed breaker for the neighbor of this name.
    pub fn new(name: &'static str) -> Self {
        let circuit = Circuit { generation: 0, phase: Phase::Closed(Window::default()) };
        Self { name, circuit: Arc::new(Mutex::new(circuit)) }
    }

    /// The name of the neighbor.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the next call would meet.
    pub fn state(&self, now: Instant) -> State {
        match self.lock().phase {
            Phase::Closed(_) => State::Closed,
            Phase::Open { until } if now < until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// Whether a probe is under way, so that no other call is let through.
    pub fn is_probing(&self) -> bool {
        matches!(self.lock().phase, Phase::HalfOpen { is_probing: true, .. })
    }

    /// Asks for permission to make one call. Report its outcome to the [`Permit`].
    ///
    /// # Errors
    ///
    /// [`Open`] if the call is not worth making now.
    pub fn try_acquire(&self, now: Instant) -> Result<Permit, Open> {
        let generation = self.lock().admit(now)?;
        Ok(Permit { breaker: self.clone(), generation, is_settled: false })
    }

    /// Closes the breaker and forgets what has happened.
    pub fn reset(&self) {
        self.lock().enter(Phase::Closed(Window::default()));
    }

    /// Ends the pause early, because somebody has learned otherwise that the neighbor is back.
    /// The next call is then the first probe.
    pub fn end_pause(&self, now: Instant) {
        let mut circuit = self.lock();
        if let Phase::Open { until } = &mut circuit.phase {
            *until = now.min(*until);
        }
    }

    /// A panic while the lock was held leaves counters behind that are at worst a little off,
    /// and that is no reason to panic in every later call.
    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permission for one call.
///
/// Dropped without an outcome (the caller went away, so nobody knows how the call would have
/// ended), it counts as nothing and lets the next probe through.
#[derive(Debug)]
#[must_use = "report how the call went, or it counts as never made"]
pub struct Permit {
    breaker: Breaker,
    generation: u64,
    is_settled: bool,
}

impl Permit {
    /// The neighbor answered.
    pub fn succeed(self, now: Instant) {
        self.settle(now, None);
    }

    /// The neighbor did not answer, or not with sense.
    pub fn fail(self, now: Instant, failure: Failure) {
        self.settle(now, Some(failure));
    }

    fn settle(mut self, now: Instant, failure: Option<Failure>) {
        self.is_settled = true;
        self.breaker.lock().settle(self.generation, now, failure);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_settled {
            self.breaker.lock().release(self.generation);
        }
    }
}

#[derive(Debug)]
struct Circuit {
    /// Counts the changes of phase. A permit remembers the one it was given in; a call that
    /// began before the breaker opened has no say in what the probes find out.
    generation: u64,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Closed(Window),
    Open { until: Instant },
    HalfOpen { successes: u32, is_probing: bool },
}

impl Circuit {
    fn enter(&mut self, phase: Phase) {
        self.generation += 1;
        self.phase = phase;
    }

    fn open(&mut self, now: Instant) {
        let pause = Duration::from_millis(fastrand::u64(OPEN_MS));
        self.enter(Phase::Open { until: now + pause });
    }

    fn admit(&mut self, now: Instant) -> Result<u64, Open> {
        match &mut self.phase {
            Phase::Closed(_) => {}
            Phase::Open { until } if now < *until => {
                return Err(Open { retry_after: until.duration_since(now) });
            }
            Phase::Open { .. } => self.enter(Phase::HalfOpen { successes: 0, is_probing: true }),
            Phase::HalfOpen { is_probing: true, .. } => {
                return Err(Open { retry_after: PROBE_PAUSE });
            }
            Phase::HalfOpen { is_probing, .. } => *is_probing = true,
        }
        Ok(self.generation)
    }

    fn settle(&mut self, generation: u64, now: Instant, failure: Option<Failure>) {
        if generation != self.generation {
            return;
        }
        match &mut self.phase {
            Phase::Closed(window) => {
                window.record(now, failure.is_some());
                if failure == Some(Failure::Timeout) || window.is_failing() {
                    self.open(now);
                }
            }
            Phase::HalfOpen { .. } if failure.is_some() => self.open(now),
            Phase::HalfOpen { successes, is_probing } => {
                *successes += 1;
                *is_probing = false;
                if *successes >= PROBES_TO_CLOSE {
                    self.enter(Phase::Closed(Window::default()));
                }
            }
            Phase::Open { .. } => {} // nobody holds a permit of this generation
        }
    }

    fn release(&mut self, generation: u64) {
        if let Phase::HalfOpen { is_probing, .. } = &mut self.phase
            && generation == self.generation
        {
            *is_probing = false;
        }
    }
}

/// The calls of the last ten seconds, one bucket per second.
#[derive(Debug, Default)]
struct Window {
    buckets: VecDeque<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    begins_at: Instant,
    calls: u32,
    failures: u32,
}

impl Window {
    fn record(&mut self, now: Instant, is_failure: bool) {
        while self.buckets.front().is_some_and(|oldest| age(oldest, now) >= WINDOW) {
            self.buckets.pop_front();
        }
        if self.buckets.back().is_none_or(|newest| age(newest, now) >= BUCKET) {
            self.buckets.push_back(Bucket { begins_at: now, calls: 0, failures: 0 });
        }
        if let Some(newest) = self.buckets.back_mut() {
            newest.calls += 1;
            newest.failures += u32::from(is_failure);
        }
    }

    fn is_failing(&self) -> bool {
        let calls: u32 = self.buckets.iter().map(|bucket| bucket.calls).sum();
        let failures: u32 = self.buckets.iter().map(|bucket| bucket.failures).sum();
        calls >= MIN_CALLS && failures * 100 >= calls * MAX_FAILED_PERCENT
    }
}

/// Zero if `now` is earlier: two threads may read the clock in one order and take the lock in
/// the other.
fn age(bucket: &Bucket, now: Instant) -> Duration {
    now.saturating_duration_since(bucket.begins_at)
}

#[cfg(test)]
mod tests;
