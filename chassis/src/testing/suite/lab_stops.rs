//! Faults, and what ends while they last: the day of the shop, or the process.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::lab::{LabSubject, set_fault};
use crate::testing::{Answer, Process, eventually};

/// More than a service lets in at once, and fewer than it has connections for.
const TOO_MANY: usize = 600;

/// What it wants to write rests on rows that are gone.
pub async fn a_request_that_is_delayed_over_a_reset_changes_nothing(subject: &LabSubject) {
    let service = subject.open().await;
    let first_day = service.get("/internal/ledger").await.expect_status(200);
    set_fault(&service, &json!({ "kind": "slow", "latency_ms": 60_000 })).await.expect_status(200);
    let delayed = tokio::spawn(subject.write(&service, 1).unchecked().into_future());
    are_in_flight(&service, 1).await;

    service.post("/internal/reset").await.expect_status(204);

    let refusal = delayed.await.expect("it is answered");
    let sentence = "The service was reset meanwhile, and nothing is left of this request";
    refusal.expect_problem(503, sentence);
    refusal.expect_header("retry-after");
    assert_eq!(service.get("/internal/ledger").await.expect_status(200), first_day);
}

/// They were let in, and get their answer.
pub async fn a_stop_waits_for_those_who_come_late_on_purpose(subject: &LabSubject) {
    let mut service = subject.open().await;
    set_fault(&service, &json!({ "kind": "slow", "latency_ms": 1_500 })).await.expect_status(200);
    let delayed = tokio::spawn(subject.write(&service, 1).into_future());
    are_in_flight(&service, 1).await;

    let status = service.terminate().await;

    let answer: Answer = delayed.await.expect("it is answered");
    assert!((200..300).contains(&answer.status), "{answer}");
    assert_eq!(status.code(), Some(0));
}

/// They will never be served, so nothing is gained by waiting.
pub async fn a_stop_does_not_wait_for_those_who_hang(subject: &LabSubject) {
    let mut service = subject.open().await;
    set_fault(&service, &json!({ "kind": "hang" })).await.expect_status(200);
    let hanging = tokio::spawn(service.get(subject.get).try_send());
    are_in_flight(&service, 1).await;
    let began = Instant::now();

    service.terminate().await;

    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(hanging.await.expect("no panic").is_err(), "it was answered");
}

/// Those who hang take up all the room there is, and the way back stays open.
pub async fn a_fault_can_be_ended_when_it_has_filled_the_service(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "hang" })).await.expect_status(200);
    let mut hanging = JoinSet::new();
    for _ in 0..TOO_MANY {
        hanging.spawn(service.get(subject.get).unchecked().try_send());
    }
    // Those for whom there is no room are told so; the others hang.
    let refused = hanging.join_next().await.expect("there are some").expect("no panic");
    refused.expect("it is answered").expect_status(503);

    service.delete("/internal/faults").await.expect_status(200);

    eventually("there is room", async || {
        service.get(subject.get).unchecked().try_send().await.is_ok_and(|it| it.status == 200)
    })
    .await;
}

/// Waits until so many requests are being served, besides the one that asks.
async fn are_in_flight(service: &Process, count: u64) {
    eventually("it is in flight", async || {
        let health = service.get("/internal/health").await.expect_status(200);
        health["requests_in_flight"] == count + 1
    })
    .await;
}
