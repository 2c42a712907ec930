//! Being down, slow, wrong or silent on purpose.
//!
//! A fault meets the requests of the shop. It never meets `/health`, or the supervisor would
//! restart the service, nor the lab itself, or nobody could end it.

use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::Lab;
use super::scope::{Scoped, Tag, Ttl};
use crate::http::Problem;
use crate::http::guard::Traffic;
use crate::http::server::Hangup;
use crate::insight::recorder::{self, StepKind};
use crate::insight::telemetry::RequestContext;
use crate::storage::DbError;

/// How often a hanging request looks whether its fault is over.
const HANG_STEP: Duration = Duration::from_millis(100);

/// The longest artificial delay. The callers' own time-outs are far shorter.
const LATENCY_MAX_MS: u32 = 60_000;

/// The faults of a service.
pub type Faults = Scoped<Fault>;

/// One fault.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How slow `slow` is.
    pub latency_ms: Latency,
    /// The share of requests that it meets.
    pub probability: Probability,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// The connection breaks, as if nobody were there.
    Down,
    /// The answer comes late.
    Slow,
    /// The answer is 500.
    Error,
    /// There is no answer.
    Hang,
}

/// A delay in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "i64")]
pub struct Latency(u32);

impl TryFrom<i64> for Latency {
    type Error = &'static str;

    fn try_from(ms: i64) -> Result<Self, Self::Error> {
        let ms = u32::try_from(ms).ok().filter(|ms| *ms <= LATENCY_MAX_MS);
        ms.map(Self).ok_or("must be a whole number from 0 to 60000")
    }
}

impl Default for Latency {
    /// Noticed by every person, and within every time-out.
    fn default() -> Self {
        Self(1_000)
    }
}

/// A share of requests, from 0 to 1.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "f64")]
pub struct Probability(f64);

impl TryFrom<f64> for Probability {
    type Error = &'static str;

    fn try_from(share: f64) -> Result<Self, Self::Error> {
        if !(0.0..=1.0).contains(&share) {
            return Err("must be a number from 0 to 1");
        }
        Ok(Self(share))
    }
}

impl Default for Probability {
    fn default() -> Self {
        Self(1.0)
    }
}

/// What `PUT /internal/faults` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultDraft {
    kind: FaultKind,
    #[serde(default)]
    latency_ms: Latency,
    #[serde(default)]
    probability: Probability,
    #[serde(default)]
    ttl_s: Ttl,
    only_for: Option<Tag>,
}

impl FaultDraft {
    /// Sets the fault.
    pub(super) fn apply(self, faults: &Faults) {
        let Self { kind, latency_ms, probability, ttl_s, only_for } = self;
        faults.set(only_for, Fault { kind, latency_ms, probability }, ttl_s);
    }
}

/// Lets the fault that is meant for a request happen to it. Returns if the request is to be
/// served all the same.
///
/// # Errors
///
/// The answer in place of the service's own.
pub(crate) async fn meet(
    lab: &Lab,
    traffic: &Traffic,
    path: &str,
    hangup: Option<&Hangup>,
) -> Result<(), Problem> {
    let Some(fault) = lab.faults.current() else { return Ok(()) };
    if is_spared(path) || fastrand::f64() >= fault.probability.0 {
        return Ok(());
    }
    tracing::warn!(kind = ?fault.kind, "a fault happens on purpose");
    recorder::note(StepKind::Fault, || format!("A fault on purpose: {:?}", fault.kind));
    match fault.kind {
        FaultKind::Slow => {
            tokio::select! {
                () = sleep(Duration::from_millis(fault.latency_ms.0.into())) => Ok(()),
                () = RequestContext::epoch_over() => Err(DbError::Reset.into()),
            }
        }
        FaultKind::Error => {
            let detail = "This error happens on purpose: a fault is set in the lab";
            Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
        }
        FaultKind::Down => Err(hang_up(hangup).await),
        FaultKind::Hang => {
            let goes_on = || lab.faults.current().is_some_and(|now| now.kind == FaultKind::Hang);
            // A stop waits for those who are served, and this one never will be.
            while goes_on() && !traffic.is_draining() {
                sleep(HANG_STEP).await;
            }
            Err(hang_up(hangup).await)
        }
    }
}

/// Breaks the connection that the request came on.
async fn hang_up(hangup: Option<&Hangup>) -> Problem {
    if let Some(hangup) = hangup {
        hangup.now();
        std::future::pending::<()>().await;
    }
    Problem::unavailable("This service is down on purpose")
}

/// What the supervisor and the lab itself need.
pub(crate) fn is_spared(path: &str) -> bool {
    const SPARED: [&str; 9] = [
        "/internal/faults",
        "/internal/crash",
        "/internal/policy",
        "/internal/outbox",
        "/internal/ledger",
        "/internal/reset",
        "/internal/traces",
        "/internal/health",
        "/docs",
    ];
    matches!(path, "/health" | "/metrics" | "/openapi.json")
        || SPARED.iter().any(|spared| path.starts_with(spared))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Result<FaultDraft, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_kind_of_a_fault_must_be_said() {
        let draft = draft(r#"{"kind":"slow"}"#).unwrap();
        assert_eq!((draft.kind, draft.latency_ms.0), (FaultKind::Slow, 1_000));
        assert!((draft.probability.0 - 1.0).abs() < f64::EPSILON && draft.only_for.is_none());
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused() {
        let around = |rest: &str| format!(r#"{{"kind":"slow",{rest}}}"#);
        for (rest, sentence) in [
            (r#""latency_ms":60001"#, "from 0 to 60000"),
            (r#""probability":1.01"#, "from 0 to 1"),
            (r#""probability":-0.01"#, "from 0 to 1"),
            (r#""ttl_s":0"#, "from 1 to 3600"),
            (r#""only_for":"a b""#, "1 to 64 characters"),
            (r#""latency":5"#, "unknown field"),
        ] {
            let refusal = draft(&around(rest)).unwrap_err();
            assert!(refusal.contains(sentence), "{rest}: {refusal}");
        }
        assert!(draft(r#"{"kind":"explode"}"#).is_err() && draft("{}").is_err());
    }

    #[test]
    fn the_way_back_is_never_broken() {
        for path in ["/health", "/metrics", "/openapi.json", "/docs", "/docs/openapi.json"] {
            assert!(is_spared(path), "{path}");
        }
        for room in ["faults", "crash", "policy", "outbox/1/replay", "ledger", "reset", "traces/1"]
        {
            assert!(is_spared(&format!("/internal/{room}")), "{room}");
        }
        for path in ["/", "/orders", "/healthy", "/internal/events", "/internal/reservations/1"] {
            assert!(!is_spared(path), "{path}");
        }
    }
}
