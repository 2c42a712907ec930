//! A breaker on an invented clock.

use super::*;

/// A breaker and the time it believes in.
struct Clock {
    breaker: Breaker,
    now: Instant,
}

impl Clock {
    fn new() -> Self {
        Self { breaker: Breaker::new("catalog"), now: Instant::now() }
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn acquire(&self) -> Result<Permit, Open> {
        self.breaker.try_acquire(self.now)
    }

    fn succeed(&self) {
        self.acquire().unwrap().succeed(self.now);
    }

    fn fail(&self, failure: Failure) {
        self.acquire().unwrap().fail(self.now, failure);
    }

    fn state(&self) -> State {
        self.breaker.state(self.now)
    }

    /// Opens the breaker and waits until it lets a probe through.
    fn half_open(&mut self) {
        self.fail(Failure::Timeout);
        self.pass(6_000);
        assert_eq!(self.state(), State::HalfOpen);
    }
}

#[test]
fn four_failures_are_not_enough_and_the_fifth_opens() {
    let clock = Clock::new();

    for _ in 0..4 {
        clock.fail(Failure::Quick);
    }
    assert_eq!(clock.state(), State::Closed);

    clock.fail(Failure::Quick);
    assert_eq!(clock.state(), State::Open);
}

#[test]
fn fewer_than_half_failing_does_not_open() {
    let clock = Clock::new();
    for _ in 0..5 {
        clock.succeed();
    }

    for _ in 0..4 {
        clock.fail(Failure::Quick);
    }
    assert_eq!(clock.state(), State::Closed);

    clock.fail(Failure::Quick);
    assert_eq!(clock.state(), State::Open);
}

#[test]
fn failures_are_forgotten_after_ten_seconds() {
    let mut clock = Clock::new();
    for _ in 0..4 {
        clock.fail(Failure::Quick);
    }

    clock.pass(10_000);
    clock.fail(Failure::Quick);

    assert_eq!(clock.state(), State::Closed);
}

#[test]
fn one_time_out_opens_at_once() {
    let clock = Clock::new();
    for _ in 0..100 {
        clock.succeed();
    }

    clock.fail(Failure::Timeout);

    assert_eq!(clock.state(), State::Open);
}

#[test]
fn an_open_breaker_says_when_to_come_back() {
    let mut clock = Clock::new();
    clock.fail(Failure::Timeout);

    let refusal = clock.acquire().unwrap_err();
    assert!((4_000..=6_000).contains(&refusal.retry_after.as_millis()), "{refusal:?}");

    clock.now += refusal.retry_after;
    assert!(clock.acquire().is_ok());
}

#[test]
fn only_one_probe_runs_at_a_time() {
    let mut clock = Clock::new();
    clock.half_open();

    let probe = clock.acquire().unwrap();

    assert_eq!(clock.acquire().unwrap_err(), Open { retry_after: PROBE_PAUSE });
    probe.succeed(clock.now);
    assert!(clock.acquire().is_ok());
}

#[test]
fn two_good_probes_close() {
    let mut clock = Clock::new();
    clock.half_open();

    clock.succeed();
    assert_eq!(clock.state(), State::HalfOpen);

    clock.succeed();
    assert_eq!(clock.state(), State::Closed);
}

#[test]
fn a_failed_probe_opens_again() {
    let mut clock = Clock::new();
    clock.half_open();

    clock.succeed();
    clock.fail(Failure::Quick);

    assert_eq!(clock.state(), State::Open);
}

#[test]
fn a_canceled_probe_counts_as_nothing_and_makes_room() {
    let mut clock = Clock::new();
    clock.half_open();

    drop(clock.acquire().unwrap());

    assert_eq!(clock.state(), State::HalfOpen);
    assert!(clock.acquire().is_ok());
}

#[test]
fn a_call_from_before_the_opening_cannot_judge_the_recovery() {
    let mut clock = Clock::new();
    let (early, slow, gone) =
        (clock.acquire().unwrap(), clock.acquire().unwrap(), clock.acquire().unwrap());
    clock.half_open();
    let probe = clock.acquire().unwrap();

    early.succeed(clock.now);
    slow.fail(clock.now, Failure::Timeout);
    drop(gone);

    assert_eq!(clock.state(), State::HalfOpen);
    assert!(clock.acquire().is_err(), "the probe still holds the only slot");
    probe.succeed(clock.now);
    clock.succeed();
    assert_eq!(clock.state(), State::Closed);
}

#[test]
fn the_past_is_forgotten_once_closed() {
    let mut clock = Clock::new();
    clock.half_open();
    clock.succeed();
    clock.succeed();

    for _ in 0..4 {
        clock.fail(Failure::Quick);
    }

    assert_eq!(clock.state(), State::Closed);
}

#[test]
fn clones_and_threads_share_one_state() {
    let clock = Clock::new();
    let (other, now) = (clock.breaker.clone(), clock.now);

    std::thread::spawn(move || other.try_acquire(now).unwrap().fail(now, Failure::Timeout))
        .join()
        .unwrap();

    assert_eq!(clock.state(), State::Open);
}

#[test]
fn a_panic_under_the_lock_does_not_spread() {
    let clock = Clock::new();
    let other = clock.breaker.clone();

    let panicked = std::thread::spawn(move || {
        let _guard = other.lock();
        panic!("while holding the lock");
    })
    .join();

    assert!(panicked.is_err());
    assert_eq!(clock.state(), State::Closed);
    clock.succeed();
}
