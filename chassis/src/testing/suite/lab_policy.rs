//! Choices that can be changed while the service runs.

use serde_json::{Value, json};

use super::lab::LabSubject;
use crate::testing::{Process, eventually};

const PATH: &str = "/internal/policy";

/// And then back to the standing one, by itself or on request.
pub async fn a_policy_is_changed_for_a_tag_and_for_a_while(subject: &LabSubject) {
    let service = subject.open().await;
    let Some([name, standing, other]) = subject.policy else {
        assert_eq!(policies(&service).await, json!({}));
        return;
    };
    let view = &policies(&service).await[name];
    assert_eq!((&view["choice"], &view["overrides"]), (&json!(standing), &json!([])));
    assert!(view["choices"].as_array().is_some_and(|them| them.contains(&json!(other))));

    let draft = json!({ name: other, "ttl_s": 1, "only_for": "ann" });
    service.put(PATH).json(&draft).await.expect_status(200);
    let changed = service.put(PATH).json(&json!({ name: other })).await.expect_status(200);

    let overrides = changed[name]["overrides"].as_array().cloned().unwrap_or_default();
    let whom = |it: &Value| (it["choice"].clone(), it["only_for"].clone());
    let whom: Vec<_> = overrides.iter().map(whom).collect();
    assert_eq!(whom, [(json!(other), json!(null)), (json!(other), json!("ann"))]);
    assert_eq!(changed[name]["choice"], standing);
    let left = async || policies(&service).await[name]["overrides"].as_array().map(Vec::len);
    eventually("the first exception is over", async || left().await == Some(1)).await;
    service.delete(PATH).await.expect_status(200);
    assert_eq!(left().await, Some(0));
}

/// One student's second thoughts are not everybody's.
pub async fn the_policy_of_one_tag_can_be_put_back_alone(subject: &LabSubject) {
    let service = subject.open().await;
    let Some([name, _, other]) = subject.policy else {
        service.delete("/internal/policy?only_for=ann").await.expect_status(200);
        return;
    };
    for tag in [json!(null), json!("bob"), json!("ann")] {
        let draft = json!({ name: other, "only_for": tag });
        service.put(PATH).json(&draft).await.expect_status(200);
    }
    let whose = async |query: &str| {
        let left = service.delete(&format!("{PATH}?{query}")).await.expect_status(200);
        let left = left[name]["overrides"].as_array().cloned().unwrap_or_default();
        left.into_iter().map(|it| it["only_for"].clone()).collect::<Vec<_>>()
    };

    assert_eq!(whose("only_for=ann").await, [json!(null), json!("bob")]);
    assert_eq!(whose("untagged=true").await, [json!("bob")]);
    service.delete(&format!("{PATH}?only_for=a%20b")).await.expect_status(422);
    assert_eq!(whose("only_for=nobody").await, [json!("bob")]);
}

/// All or nothing, and the refusal says what there is.
pub async fn a_policy_that_makes_no_sense_is_refused_and_changes_nothing(subject: &LabSubject) {
    let service = subject.open().await;
    let before = policies(&service).await;
    let name = subject.policy.map_or("this service has none", |[name, _, _]| name);

    let unknown = service.put(PATH).json(&json!({ "zzz": "naive" })).await;
    unknown.expect_status(422);
    assert!(unknown.detail().contains("zzz") && unknown.detail().contains(name), "{unknown}");
    let nothing = service.put(PATH).json(&json!({ "ttl_s": 5 })).await;
    nothing.expect_status(422);
    assert!(nothing.detail().contains(name), "{nothing}");
    if let Some([name, standing, other]) = subject.policy {
        let refusal = service.put(PATH).json(&json!({ name: "perhaps" })).await;
        refusal.expect_status(422);
        for part in [name, standing, other] {
            assert!(refusal.detail().contains(part), "{refusal}");
        }
        for draft in [
            json!({ name: other, "zzz": "naive" }),
            json!({ name: other, "ttl_s": 0 }),
            json!({ name: other, "only_for": "a b" }),
            json!({ name: 5 }),
            json!([name, other]),
        ] {
            service.put(PATH).json(&draft).await.expect_status(422);
        }
        let number = service.put(PATH).json(&json!({ name: 5 })).await;
        number.expect_problem(422, &format!("{name}: must be text"));
        let early = service.put(PATH).json(&json!({ name: other, "ttl_s": -1 })).await;
        early.expect_problem(422, "ttl_s: must be a whole number from 1 to 3600");
    }

    assert_eq!(policies(&service).await, before);
}

async fn policies(service: &Process) -> Value {
    service.get(PATH).await.expect_status(200)
}
