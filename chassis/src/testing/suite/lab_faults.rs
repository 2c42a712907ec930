//! Being down, slow, wrong or silent on purpose.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;

use super::lab::{LabSubject, set_fault};
use crate::testing::{Process, eventually};

/// What a request takes at most that meets no fault.
const SOON: Duration = Duration::from_secs(2);

/// Long enough to tell a request that waits from one that is served.
const A_WHILE: Duration = Duration::from_millis(300);

/// As if nobody were there.
pub async fn a_service_that_is_down_breaks_the_connection(subject: &LabSubject) {
    let service = subject.open().await;

    set_fault(&service, &json!({ "kind": "down" })).await.expect_status(200);

    assert!(service.get(subject.get).try_send().await.is_err());
    assert!(subject.write(&service, 1).try_send().await.is_err());
    repair(&service).await;
    service.get(subject.get).await.expect_status(200);
}

/// It does all that it is asked, only later.
pub async fn a_slow_service_answers_late(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "slow", "latency_ms": 400 })).await.expect_status(200);
    let started = Instant::now();

    service.get(subject.get).await.expect_status(200);

    let took = started.elapsed();
    assert!((Duration::from_millis(400)..SOON).contains(&took), "it took {took:?}");
}

/// So that nobody looks for the mistake in the wrong place.
pub async fn an_error_is_a_500_that_says_that_it_is_on_purpose(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "error" })).await.expect_status(200);

    let answer = service.get(subject.get).unchecked().await;

    answer.expect_problem(500, "This error happens on purpose: a fault is set in the lab");
    answer.expect_header("x-request-id");
}

/// The worst kind of failure, and it can be ended.
pub async fn a_hanging_request_ends_with_its_fault(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "hang" })).await.expect_status(200);
    let mut hanging = tokio::spawn(service.get(subject.get).try_send());
    assert!(timeout(A_WHILE, &mut hanging).await.is_err(), "it did not hang");

    repair(&service).await;

    let end = timeout(SOON, hanging).await.expect("it is let go");
    assert!(end.expect("no panic").is_err(), "it was answered");
    service.get(subject.get).await.expect_status(200);
}

/// There is always a way back, and the supervisor sees a healthy process.
pub async fn nobody_is_kept_from_looking_or_from_ending_a_fault(subject: &LabSubject) {
    let service = subject.open().await;

    for kind in ["down", "slow", "error", "hang"] {
        let fault = json!({ "kind": kind, "latency_ms": 60_000 });
        set_fault(&service, &fault).await.expect_status(200);
        for path in ["/health", "/metrics", "/openapi.json", "/docs/"] {
            let asked = timeout(SOON, service.get(path).without_key().try_send()).await;
            asked.expect(path).expect(path).expect_status(200);
        }
        for path in ["health", "faults", "crash", "policy", "ledger", "traces/1"] {
            let path = format!("/internal/{path}");
            let asked = timeout(SOON, service.get(&path).try_send()).await;
            asked.expect(&path).expect(&path).expect_status(200);
        }
    }
    repair(&service).await;
    service.get(subject.get).await.expect_status(200);
}

/// None, all, or about half.
pub async fn a_fault_meets_its_share_of_the_requests(subject: &LabSubject) {
    let service = subject.open().await;

    for (probability, met) in [(0.0, 0..=0), (0.5, 20..=80), (1.0, 100..=100)] {
        let fault = json!({ "kind": "error", "probability": probability });
        set_fault(&service, &fault).await.expect_status(200);
        let mut count = 0;
        for _ in 0..100 {
            count += u32::from(service.get(subject.get).unchecked().await.status == 500);
        }
        assert!(met.contains(&count), "probability {probability}: {count} of 100");
    }
}

/// Nobody has to remember to repair what was broken for a lesson.
pub async fn a_fault_ends_by_itself(subject: &LabSubject) {
    let service = subject.open().await;
    let started = Instant::now();
    let fault = json!({ "kind": "error", "ttl_s": 1 });
    let faults = set_fault(&service, &fault).await.expect_status(200);
    assert_eq!(faults["faults"][0]["remaining_s"], 0);

    let is_over = async || service.get(subject.get).unchecked().await.status == 200;
    eventually("the fault is over", is_over).await;

    let took = started.elapsed();
    assert!((900..3_000).contains(&took.as_millis()), "it was over after {took:?}");
    assert_eq!(faults_of(&service).await, json!([]));
}

/// A page that shows how fast a service answers shows that somebody has slowed it down.
pub async fn a_delay_on_purpose_shows_in_the_pace(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "slow", "latency_ms": 200 })).await.expect_status(200);

    service.get(subject.get).await.expect_status(200);

    let health = service.get("/internal/health").await.expect_status(200);
    let p50_us = health["requests"]["p50_us"].as_u64().unwrap_or_default();
    assert!(p50_us >= 200_000, "{health}");
}

/// Each refusal names the field.
pub async fn a_fault_that_makes_no_sense_is_refused_and_changes_nothing(subject: &LabSubject) {
    let service = subject.open().await;

    for (field, draft) in [
        ("kind", json!({})),
        ("kind", json!({ "kind": "explode" })),
        ("latency_ms", json!({ "kind": "slow", "latency_ms": 60_001 })),
        ("latency_ms", json!({ "kind": "slow", "latency_ms": -1 })),
        ("probability", json!({ "kind": "down", "probability": 1.1 })),
        ("probability", json!({ "kind": "down", "probability": "often" })),
        ("ttl_s", json!({ "kind": "down", "ttl_s": 0 })),
        ("ttl_s", json!({ "kind": "down", "ttl_s": 3_601 })),
        ("only_for", json!({ "kind": "down", "only_for": "a b" })),
        ("only_for", json!({ "kind": "down", "only_for": "" })),
        ("latency", json!({ "kind": "down", "latency": 5 })),
        ("kind: must be one of down, slow, error, hang", json!({ "kind": { "down": null } })),
        ("latency_ms: must be a whole number", json!({ "kind": "slow", "latency_ms": 1.5 })),
        ("latency_ms: must be a whole number", json!({ "kind": "slow", "latency_ms": u64::MAX })),
        ("probability: must be a number", json!({ "kind": "down", "probability": null })),
        ("The body must be an object", json!(["down", 5, 1.0, 60, null])),
    ] {
        let answer = set_fault(&service, &draft).await;
        answer.expect_status(422);
        assert!(answer.detail().contains(field), "{draft}: {answer}");
    }
    let broken = service.put("/internal/faults").header("content-type", "application/json");
    broken.body("{").await.expect_status(400);
    service.put("/internal/faults").body(r#"{"kind":"down"}"#).await.expect_status(415);
    service.delete("/internal/faults?only_for=a%20b").await.expect_status(422);
    service.delete("/internal/faults?for=ann").await.expect_status(422);

    assert_eq!(faults_of(&service).await, json!([]));
}

async fn repair(service: &Process) {
    service.delete("/internal/faults").await.expect_status(200);
}

async fn faults_of(service: &Process) -> Value {
    service.get("/internal/faults").await.expect_status(200)["faults"].clone()
}
