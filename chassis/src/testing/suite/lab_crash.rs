//! Dying at a chosen place.

use serde_json::{Value, json};

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

/// Second thoughts are one's own, too.
pub async fn one_student_can_disarm_without_the_others(subject: &LabSubject) {
    let mut service = subject.open().await;
    let (point, act) = subject.crash;
    for tag in ["bob", "ann"] {
        let draft = json!({ "at": point, "only_for": tag, "ttl_s": 60 });
        service.post("/internal/crash").json(&draft).await.expect_status(204);
    }
    let list = service.get("/internal/crash").await.expect_status(200);
    assert_eq!(armed(&list), [(json!(point), json!("ann")), (json!(point), json!("bob"))]);

    let left = service.delete("/internal/crash?only_for=ann").await.expect_status(200);

    assert_eq!(armed(&left), [(json!(point), json!("bob"))]);
    let answer = tagged(act(&service, 1), "ann").await;
    assert!((200..300).contains(&answer.status), "{answer}");
    assert!(tagged(act(&service, 2), "bob").try_send().await.is_err(), "it was answered");
    service.wait().await;
    service.restart().await;
    let left = service.get("/internal/crash").await.expect_status(200);
    assert!(armed(&left).is_empty(), "a restart forgets");
}

fn armed(list: &Value) -> Vec<(Value, Value)> {
    let armed = list["armed"].as_array().into_iter().flatten();
    armed.map(|it| (it["at"].clone(), it["only_for"].clone())).collect()
}
