//! How busy a service is, and how fast it answers: the last ten seconds, for a glance.
//!
//! Prometheus has the full story; this is for a page that shows a number now. Durations are
//! counted in buckets, four to each doubling, so a percentile is right within a fifth.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::recorder::whole_us;

/// Seconds in the window.
const SECONDS: usize = 10;

/// Buckets: four for each of the doublings from 1 us to some minutes.
const BUCKETS: usize = 112;

/// The requests of the last ten seconds. Clones share them.
#[derive(Clone, Debug)]
pub struct Pace {
    started: Instant,
    window: Arc<Mutex<Window>>,
}

#[derive(Debug)]
struct Window {
    seconds: [Second; SECONDS],
    total: u64,
}

#[derive(Clone, Copy, Debug)]
struct Second {
    number: u64,
    counts: [u32; BUCKETS],
}

/// What the window holds, and how many requests there ever were.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Report {
    /// Requests since the start: what two looks differ by has happened between them.
    pub total: u64,
    /// Requests per second, in tenths: one in the window is 0.1.
    pub per_second: f64,
    /// Half of them took at most this long, in microseconds.
    pub p50_us: u64,
    /// Ninety-nine of a hundred took at most this long, in microseconds.
    pub p99_us: u64,
}

impl Pace {
    /// An empty window that starts now.
    pub fn new(now: Instant) -> Self {
        let empty = Second { number: 0, counts: [0; BUCKETS] };
        let window = Window { seconds: [empty; SECONDS], total: 0 };
        Self { started: now, window: Arc::new(Mutex::new(window)) }
    }

    /// Counts a request that ends now.
    pub fn record(&self, took: Duration, now: Instant) {
        let number = self.number(now);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        window.total += 1;
        let second = &mut window.seconds[slot(number)];
        if second.number != number {
            *second = Second { number, counts: [0; BUCKETS] };
        }
        second.counts[bucket(whole_us(took))] += 1;
    }

    /// What the window holds now.
    pub fn report(&self, now: Instant) -> Report {
        let number = self.number(now);
        let mut sums = [0_u64; BUCKETS];
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = |second: &&Second| second.number + SECONDS as u64 > number;
        for second in window.seconds.iter().filter(is_current) {
            for (sum, count) in sums.iter_mut().zip(second.counts) {
                *sum += u64::from(count);
            }
        }
        let count: u64 = sums.iter().sum();
        Report {
            total: window.total,
            per_second: per_second(count),
            p50_us: percentile(&sums, count, 50),
            p99_us: percentile(&sums, count, 99),
        }
    }

    /// Seconds since the start, counted from one, so that an unused slot is never current.
    fn number(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_secs() + SECONDS as u64
    }
}

#[expect(clippy::float_arithmetic, reason = "a rate is no money")]
fn per_second(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / SECONDS as f64
}

fn slot(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0) % SECONDS
}

/// The doubling, and which quarter of it.
fn bucket(us: u64) -> usize {
    let us = us.max(4);
    let doubling = us.ilog2();
    let quarter = (us >> (doubling - 2)) & 3;
    let index = u64::from(doubling) * 4 + quarter;
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The largest duration that falls into a bucket.
fn upper_us(bucket: usize) -> u64 {
    let next = bucket as u64 + 1;
    let (doubling, quarter) = (next / 4, next % 4);
    ((4 + quarter) << doubling >> 2) - 1
}

fn percentile(sums: &[u64; BUCKETS], total: u64, percent: u64) -> u64 {
    let wanted = (total * percent).div_ceil(100);
    let mut seen = 0;
    for (bucket, count) in sums.iter().enumerate() {
        seen += count;
        if total > 0 && seen >= wanted {
            return upper_us(bucket);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(report: Report) -> Value {
        serde_json::to_value(report).expect("a report is JSON")
    }

    #[test]
    fn percentiles_are_right_within_a_fifth() {
        let now = Instant::now();
        let pace = Pace::new(now);
        for ms in 1..=100 {
            pace.record(Duration::from_millis(ms), now);
        }
        let report = pace.report(now);
        assert_eq!(told(report)["per_second"], json!(10.0));
        assert!((50_000..=62_500).contains(&report.p50_us), "{report:?}");
        assert!((99_000..=123_750).contains(&report.p99_us), "{report:?}");
    }

    #[test]
    fn what_is_older_than_ten_seconds_is_forgotten() {
        let now = Instant::now();
        let pace = Pace::new(now);
        pace.record(Duration::from_micros(7), now);
        assert_eq!(pace.report(now + Duration::from_secs(9)).p50_us, 7);
        let later = now + Duration::from_secs(10);
        let report = json!({ "total": 1, "per_second": 0.0, "p50_us": 0, "p99_us": 0 });
        assert_eq!(told(pace.report(later)), report);
    }

    #[test]
    fn one_request_in_ten_seconds_is_a_tenth_per_second() {
        let now = Instant::now();
        let pace = Pace::new(now);
        for rate in ["0.1", "0.2", "0.3"] {
            pace.record(Duration::from_micros(7), now);
            assert_eq!(told(pace.report(now))["per_second"].to_string(), rate);
        }
        assert_eq!(pace.report(now).total, 3);
    }

    #[test]
    fn every_duration_has_a_bucket_that_holds_it() {
        for us in [0, 1, 3, 4, 5, 7, 8, 1_000, 65_535, 1 << 27, u64::MAX] {
            let upper = upper_us(bucket(us));
            assert!(us <= upper || bucket(us) == BUCKETS - 1, "{us} is not within {upper}");
        }
    }
}
