//! What a service shows of a request afterwards.

use std::path::Path;

use serde_json::{Value, json};

use super::lab::{LabSubject, set_fault};
use crate::testing::{Process, Request, all_at_once, eventually};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// More than the ring holds.
const MANY: u32 = 4_500;

/// What so many spans may cost in memory, with room for what else a busy process needs.
const MANY_MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Whoever does not ask for a record pays nothing for it.
pub async fn a_request_that_is_not_sampled_leaves_nothing(subject: &LabSubject) {
    let service = subject.open().await;

    let quiet = format!("00-{TRACE_ID}-{CALLER}-00");
    subject.write(&service, 1).header("traceparent", quiet).await;

    assert_eq!(spans(&service).await, Vec::<Value>::new());
    let trace = service.get("/internal/traces/none").await.expect_status(200);
    assert_eq!(trace, json!({ "service": subject.service, "spans": [] }));
}

/// Who asked, what for, and how it was answered.
pub async fn a_sampled_request_leaves_a_span_with_its_key_check(subject: &LabSubject) {
    let service = subject.open().await;

    let answer = recorded(subject.write(&service, 1)).await;
    recorded(service.get(subject.get)).without_key().await.expect_status(401);

    let spans = spans(&service).await;
    let servers: Vec<&Value> = spans.iter().filter(|span| span["kind"] == "server").collect();
    let [server, refused] = servers[..] else { panic!("not two requests: {spans:?}") };
    assert_eq!((&server["parent_id"], &server["status"]), (&json!(CALLER), &json!(answer.status)));
    assert!(server["duration_us"].as_u64().is_some_and(|us| us > 0), "{server}");
    assert_eq!(server["steps"][0]["kind"], "key");
    assert_eq!(server["steps"][0]["text"], "API key accepted");
    assert_eq!(refused["steps"][0]["text"], "API key missing or wrong");
    assert_eq!(refused["status"], 401);
}

/// From BEGIN to COMMIT, and where to read on.
pub async fn a_transaction_shows_its_statements_with_rows_and_files(subject: &LabSubject) {
    let service = subject.open().await;

    recorded(subject.write(&service, 1)).await;

    let spans = spans(&service).await;
    let server = &spans[0]["span_id"];
    let is_commit = |span: &&Value| span["name"] == "transaction" && &span["parent_id"] == server;
    let transaction = spans.iter().find(is_commit).expect("a transaction");
    let steps = transaction["steps"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = steps.iter().filter_map(|step| step["kind"].as_str()).collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("begin", "commit"), "{kinds:?}");
    assert!(steps[0]["text"].as_str().is_some_and(|text| text.starts_with("BEGIN IMMEDIATE")));
    let changes = steps.iter().filter(|step| {
        let text = step["text"].as_str().unwrap_or_default();
        step["kind"] == "sql" && ["INSERT", "UPDATE"].iter().any(|verb| text.starts_with(verb))
    });
    let changes: Vec<&Value> = changes.collect();
    assert!(changes.iter().any(|step| step["rows"].as_u64() > Some(0)), "{changes:?}");
    let own = format!("{}/src/", subject.service);
    let is_own = |step: &&Value| step["source"].as_str().is_some_and(|it| it.starts_with(&own));
    assert!(changes.iter().any(is_own), "{changes:?}");
    sources_exist(&spans);
}

/// What was begun was undone.
pub async fn a_refusal_shows_its_rollback(subject: &LabSubject) {
    let service = subject.open().await;
    let (act, status) = subject.refused;

    recorded(act(&service, 1)).await.expect_status(status);

    let spans = spans(&service).await;
    let is_undone = |span: &&Value| span["outcome"] == "ROLLBACK";
    let undone = spans.iter().find(is_undone).expect("a transaction that was undone");
    let last = undone["steps"].as_array().and_then(|steps| steps.last()).expect("steps");
    assert_eq!(last["kind"], "rollback");
    sources_exist(&spans);
}

/// So the spans of two services fit together.
pub async fn a_call_is_seen_by_the_neighbor_under_its_own_span(subject: &LabSubject) {
    let (service, neighbor) = subject.open_with_neighbor().await;

    recorded(subject.write(&service, 1)).await;
    let find = async || spans(&service).await.into_iter().find(|span| span["kind"] == "client");
    eventually("a call is recorded", async || find().await.is_some()).await;

    let client = find().await.unwrap_or_default();
    let heard = neighbor.requests();
    let seen: Vec<&str> = heard[0].header("traceparent").unwrap_or_default().split('-').collect();
    assert_eq!(seen[1..], [TRACE_ID, client["span_id"].as_str().unwrap_or_default(), "01"]);
    assert_eq!(client["status"], 200);
    let spans = spans(&service).await;
    let parent = spans.iter().find(|span| span["span_id"] == client["parent_id"]);
    // A delivery is kept when all of it is over, which may be a moment later.
    let parent = parent.map_or("delivery", |span| span["kind"].as_str().unwrap_or_default());
    assert!(["server", "delivery"].contains(&parent), "{spans:?}");
    sources_exist(&spans);
}

/// Also when its cause is long answered.
pub async fn a_delivery_in_the_background_joins_the_trace_of_its_cause(subject: &LabSubject) {
    if !subject.has_outbox {
        return;
    }
    let (service, neighbor) = subject.open_with_neighbor().await;
    neighbor.refuse();
    recorded(subject.write(&service, 1)).await;
    neighbor.accept();

    let arrived = async || {
        let health = service.get("/internal/health").await.expect_status(200);
        health["outbox"]["pending"] == 0
    };
    eventually("the message arrives", arrived).await;
    let deliveries = async || {
        let spans = spans(&service).await;
        spans.into_iter().filter(|span| span["kind"] == "delivery").collect::<Vec<_>>()
    };
    eventually("a delivery is recorded", async || !deliveries().await.is_empty()).await;

    let server = &spans(&service).await[0];
    assert_eq!(server["kind"], "server");
    for delivery in deliveries().await {
        assert_eq!(delivery["parent_id"], server["span_id"]);
        let name = delivery["name"].as_str().unwrap_or_default();
        assert!(name.ends_with(&format!(" to {}", subject.neighbor.1)), "{name}");
    }
}

/// Nobody should look for the cause of a 500 that they have asked for.
pub async fn a_fault_shows_in_the_trace(subject: &LabSubject) {
    let service = subject.open().await;
    set_fault(&service, &json!({ "kind": "error" })).await.expect_status(200);

    recorded(service.get(subject.get)).unchecked().await.expect_status(500);

    let server = &spans(&service).await[0];
    assert_eq!((&server["status"], &server["steps"][0]["kind"]), (&json!(500), &json!("fault")));
}

/// A page that is left open for a day does not fill the memory, not even if its paths are
/// as long as they may be.
pub async fn only_the_latest_spans_are_kept(subject: &LabSubject) {
    let quiet_log = subject.program.clone().set("RUST_LOG", "error,chassis::service=info");
    let service = quiet_log.set("LAB", 1).start().await;
    recorded(service.get(subject.get)).await.expect_status(200);
    assert!(!spans(&service).await.is_empty());
    let before = resident_bytes(&service).await;

    let path = format!("/{}", "x".repeat(8_000));
    let other = "00-00000000000000000000000000000001-00f067aa0ba902b7-01";
    for _ in 0..MANY / 50 {
        let requests = (0..50).map(|_| service.get(&path).header("traceparent", other));
        for answer in all_at_once(requests).await {
            answer.expect_status(404);
        }
    }

    assert_eq!(spans(&service).await, Vec::<Value>::new());
    let grown = resident_bytes(&service).await.saturating_sub(before);
    assert!(grown < MANY_MAX_BYTES, "{grown} bytes more");
}

fn recorded(request: Request) -> Request {
    request.header("traceparent", format!("00-{TRACE_ID}-{CALLER}-01"))
}

async fn spans(service: &Process) -> Vec<Value> {
    let path = format!("/internal/traces/{TRACE_ID}");
    let trace = service.get(&path).await.expect_status(200);
    trace["spans"].as_array().cloned().unwrap_or_default()
}

async fn resident_bytes(service: &Process) -> u64 {
    let health = service.get("/internal/health").await.expect_status(200);
    health["resident_bytes"].as_u64().unwrap_or_default()
}

/// A student opens the file and reads on.
fn sources_exist(spans: &[Value]) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for span in spans {
        for step in span["steps"].as_array().into_iter().flatten() {
            let source = step["source"].as_str().unwrap_or_default();
            assert!(repository.join(source).is_file(), "{source:?} does not exist: {step}");
        }
    }
}
