//! Thirty students share one shop, and each breaks only their own requests.

use serde_json::{Value, json};

use super::lab::{LabSubject, set_fault, tagged};
use crate::testing::{Process, eventually};

/// Failures after which a breaker opens, and some more.
const OFTEN: u32 = 8;

/// Neither those of somebody else nor those of nobody.
pub async fn a_fault_for_a_tag_meets_only_its_requests(subject: &LabSubject) {
    let service = subject.open().await;

    break_for(&service, "error", "ann").await;

    assert_eq!(status_for(&service, subject, "ann").await, 500);
    assert_eq!(status_for(&service, subject, "anna").await, 200);
    assert_eq!(status_for(&service, subject, "Ann").await, 200);
    service.get(subject.get).await.expect_status(200);
    let bare = service.get(subject.get).header("baggage", "lab,ann,=ann,label=ann");
    bare.await.expect_status(200);
}

/// Whoever sets something for themselves sees that happen.
pub async fn a_tags_own_fault_goes_before_everybodys(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "error" })).await.expect_status(200);

    let harmless = json!({ "kind": "slow", "latency_ms": 0, "only_for": "ann" });
    set_fault(&service, &harmless).await.expect_status(200);

    assert_eq!(status_for(&service, subject, "ann").await, 200);
    assert_eq!(status_for(&service, subject, "bob").await, 500);
}

/// One student's repair is not everybody's.
pub async fn the_faults_of_one_tag_can_be_ended_alone(subject: &LabSubject) {
    let service = subject.open().await;
    for tag in ["bob", "ann"] {
        break_for(&service, "error", tag).await;
    }
    let fault = set_fault(&service, &json!({ "kind": "slow", "latency_ms": 0 })).await;
    assert_eq!(tags(&fault.expect_status(200)), [json!(null), json!("ann"), json!("bob")]);

    let left = service.delete("/internal/faults?only_for=ann").await.expect_status(200);
    assert_eq!(tags(&left), [json!(null), json!("bob")]);
    assert_eq!(status_for(&service, subject, "ann").await, 200);
    assert_eq!(status_for(&service, subject, "bob").await, 500);

    let left = service.delete("/internal/faults").await.expect_status(200);
    assert!(tags(&left).is_empty());
}

/// A teacher ends the demonstration, and the students go on with theirs.
pub async fn the_fault_for_everybody_can_be_ended_alone(subject: &LabSubject) {
    let service = subject.open().await;
    break_for(&service, "error", "ann").await;
    set_fault(&service, &json!({ "kind": "error" })).await.expect_status(200);

    let left = service.delete("/internal/faults?untagged=true").await.expect_status(200);

    assert_eq!(tags(&left), [json!("ann")]);
    assert_eq!(status_for(&service, subject, "ann").await, 500);
    service.get(subject.get).await.expect_status(200);
    service.delete("/internal/faults?untagged=perhaps").await.expect_status(422);
    let left = service.delete("/internal/faults?untagged=true&only_for=ann").await;
    assert!(tags(&left.expect_status(200)).is_empty());
}

/// One student's dead neighbor is not everybody's.
pub async fn every_tag_has_a_breaker_of_its_own(subject: &LabSubject) {
    let (service, neighbor) = subject.open_with_neighbor().await;
    neighbor.refuse();

    for number in 1..=OFTEN {
        let answer = tagged(subject.write(&service, number), "ann").await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }

    let breaker = async |tag: &str| {
        let health = tagged(service.get("/internal/health"), tag).await.expect_status(200);
        health["breakers"][subject.neighbor.1].clone()
    };
    eventually("ann's breaker opens", async || breaker("ann").await == "open").await;
    assert_eq!(breaker("bob").await, "closed");
    let health = service.get("/internal/health").await.expect_status(200);
    assert_eq!(health["breakers"][subject.neighbor.1], "closed");
}

async fn break_for(service: &Process, kind: &str, tag: &str) {
    let fault = json!({ "kind": kind, "only_for": tag });
    set_fault(service, &fault).await.expect_status(200);
}

async fn status_for(service: &Process, subject: &LabSubject, tag: &str) -> u16 {
    tagged(service.get(subject.get), tag).unchecked().await.status
}

fn tags(faults: &Value) -> Vec<Value> {
    let faults = faults["faults"].as_array().into_iter().flatten();
    faults.map(|fault| fault["only_for"].clone()).collect()
}
