//! Dying at a chosen place.

use serde_json::json;

use super::lab::{LabSubject, tagged};

/// Nobody knows the names by heart.
pub async fn an_unknown_crash_point_is_refused_with_the_known_ones(subject: &LabSubject) {
    let service = subject.open().await;
    let list = service.get("/internal/crash").await.expect_status(200);
    let points = list["points"].as_array().cloned().unwrap_or_default();
    let points: Vec<&str> = points.iter().filter_map(|point| point.as_str()).collect();

    let refusal = service.post("/internal/crash").json(&json!({ "at": "nowhere" })).await;

    assert!(points.contains(&subject.crash.0), "{list}");
    refusal.expect_problem(422, &format!("at: must be one of {}", points.join(", ")));
    for draft in [
        json!({}),
        json!({ "at": points[0], "ttl_s": 0 }),
        json!({ "at": points[0], "only_for": "a b" }),
        json!({ "at": points[0], "when": "now" }),
    ] {
        service.post("/internal/crash").json(&draft).await.expect_status(422);
    }
}

/// The others go on, and the one that died is repeated after the restart.
pub async fn only_the_tagged_request_kills_and_nothing_is_lost(subject: &LabSubject) {
    let mut service = subject.open().await;
    let (point, act) = subject.crash;
    let draft = json!({ "at": point, "only_for": "ann", "ttl_s": 60 });
    service.post("/internal/crash").json(&draft).await.expect_status(204);
    for (number, tag) in [(1, "bob"), (2, "Ann")] {
        let answer = tagged(act(&service, number), tag).await;
        assert!((200..300).contains(&answer.status), "{answer}");
    }
    let pid = service.pid();

    let lost = tagged(act(&service, 3), "ann").idempotency_key("k").try_send().await;
    let end = service.wait().await;

    assert!(lost.is_err(), "it was answered");
    assert_eq!(end.code(), None, "it ended as if it had wanted to");
    assert!(service.has_logged("dies here on purpose"));
    service.restart().await;
    assert_ne!(service.pid(), pid);
    let repeat = tagged(act(&service, 3), "ann").idempotency_key("k").await;
    assert!((200..300).contains(&repeat.status), "{repeat}");
}
