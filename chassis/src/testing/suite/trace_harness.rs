//! The route that makes calls on command.

use serde_json::{Value, json};

use super::lab::LabSubject;
use super::traces::{HARNESS, Stage};
use crate::testing::NOWHERE;

/// All errands are looked at before the first is run.
pub async fn an_errand_that_makes_no_sense_is_refused_and_nobody_is_called(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let good = json!({ "url": stage.listener.url(), "arguments": [] });
    let strange = |url: &str| json!([good, { "url": url, "arguments": [] }]);

    let post = |body: &Value| stage.service.post(HARNESS).json(body).unchecked();
    for url in ["", "nowhere", "/call", "https://127.0.0.1", "ftp://127.0.0.1", "file:///etc"] {
        let refusal = post(&strange(url)).await;
        refusal.expect_status(422);
        assert!(refusal.detail().contains("url"), "{refusal}");
    }
    for body in [json!({}), json!(["a"]), json!([good, { "url": stage.listener.url() }])] {
        post(&body).await.expect_status(422);
    }
    stage.service.post(HARNESS).body("[").unchecked().await.expect_status(415);
    stage.service.get(HARNESS).unchecked().await.expect_status(405);

    assert_eq!(stage.listener.requests().len(), 0);
    post(&json!([])).await.expect_status(200);
}

/// The key opens the other services, and anybody can be called here.
pub async fn whoever_is_called_does_not_learn_our_key(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    let call = stage.call(&[]).await;

    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/call/0"));
    assert_eq!((call.query.as_str(), call.json()), ("of=1", json!([])));
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("x-api-key"), Some("none"));
}

/// The answer tells of it.
pub async fn a_call_that_nobody_answers_harms_nobody(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let errand = |url: &str| json!({ "url": url, "arguments": { "a": 1 } });
    let errands = json!([errand(NOWHERE), errand(&stage.listener.url())]);

    let answer = stage.service.post(HARNESS).json(&errands).unchecked().await;

    let outcomes = answer.expect_status(200);
    assert!(outcomes[0].as_str().is_some_and(|it| it.starts_with("no connection")), "{outcomes}");
    assert_eq!(outcomes[1], "answered 200 OK");
    assert_eq!(stage.listener.requests()[0].json(), json!({ "a": 1 }));
}
