//! Spans that are sent to a collector.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::{Value, json};

use super::lab::LabSubject;
use super::traces::{CALLER, HARNESS, TRACE_ID};
use crate::testing::collector::{Collector, attribute};
use crate::testing::{Behavior, NOWHERE, Process, Program, Request, all_at_once, eventually};

const SETTING: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// More spans than may wait for a collector.
const MANY: usize = 5_000;

/// An answer takes a few milliseconds, on a busy machine more; if it had to wait for a silent
/// collector, it would take 5 s.
const PROMPT: Duration = Duration::from_secs(4);

/// Ids, times, steps and all.
pub async fn the_collector_gets_what_the_lab_shows(subject: &LabSubject) {
    let collector = Collector::start();
    let service = exporting(subject, &collector).set("LAB", 1).start().await;

    recorded(subject.write(&service, 1)).await;
    recorded(service.get(subject.get)).await.expect_status(200);
    recorded(call_nowhere(&service)).await.expect_status(200);
    recorded(service.get("/nothing")).await.expect_status(404);

    // Messages that cannot be delivered go on making spans.
    let all_there = async || {
        let shown = spans(&service).await;
        let (first, sent) = (shown.len(), collector.spans(TRACE_ID));
        first >= 5 && sent.len() >= first && shown.iter().all(|span| sent.contains(span))
    };
    eventually("every span that is shown was sent", all_there).await;
    let sent = collector.spans(TRACE_ID);
    for kind in ["server", "client", "transaction"] {
        assert!(sent.iter().any(|span| span["kind"] == kind), "no {kind} in {sent:?}");
    }
    let from_elsewhere = sent.iter().filter(|span| span["parent_id"] == CALLER);
    assert_eq!(from_elsewhere.count(), 4, "{sent:?}");
    assert!(collector.services().iter().all(|name| name == subject.service));
}

/// So that a collector can show failures in red.
pub async fn spans_say_who_was_at_fault(subject: &LabSubject) {
    let collector = Collector::start();
    let mut service = exporting(subject, &collector).set("LAB", 1).start().await;
    recorded(call_nowhere(&service)).await.expect_status(200);
    recorded(service.get("/nothing")).await.expect_status(404);
    let fault = service.put("/internal/faults").json(&json!({ "kind": "error" }));
    fault.await.expect_status(200);
    recorded(service.get(subject.get)).unchecked().await.expect_status(500);

    service.terminate().await;

    let spans = collector.received(TRACE_ID);
    let status = |span: &Span| attribute(&span.attributes, "http.response.status_code");
    let find = |kind: SpanKind, code: Value| {
        let found = spans.iter().find(|span| span.kind() == kind && status(span) == code);
        let found = found.unwrap_or_else(|| panic!("no {kind:?} with {code} in {spans:?}"));
        found.status.clone().unwrap_or_default()
    };
    assert_eq!(find(SpanKind::Server, json!(200)).code(), StatusCode::Unset);
    assert_eq!(find(SpanKind::Server, json!(404)).code(), StatusCode::Unset);
    assert_eq!(find(SpanKind::Server, json!(500)).code(), StatusCode::Error);
    let call = find(SpanKind::Client, Value::Null);
    assert_eq!(call.code(), StatusCode::Error);
    assert!(call.message.starts_with("no connection"), "{}", call.message);
}

/// The collector is not a part of the lab.
pub async fn a_closed_lab_exports_too(subject: &LabSubject) {
    let collector = Collector::start();
    let service = exporting(subject, &collector).start().await;

    recorded(service.get(subject.get)).await.expect_status(200);

    let arrived = async || collector.spans(TRACE_ID).iter().any(|span| span["kind"] == "server");
    eventually("the request is exported", arrived).await;
    let shown = service.get(&format!("/internal/traces/{TRACE_ID}")).await;
    shown.expect_problem(404, "Not found");
}

/// Whoever does not ask for a record pays nothing for it.
pub async fn a_request_that_is_not_sampled_is_not_exported(subject: &LabSubject) {
    let collector = Collector::start();
    let mut service = exporting(subject, &collector).start().await;

    let quiet = format!("00-{TRACE_ID}-{CALLER}-00");
    subject.write(&service, 1).header("traceparent", quiet).await;
    subject.write(&service, 2).await;
    service.terminate().await;

    assert_eq!(collector.requests().len(), 0);
}

/// What happened just before the end is what one wants to know.
pub async fn a_stopping_service_sends_its_last_spans(subject: &LabSubject) {
    let collector = Collector::start();
    let mut service = exporting(subject, &collector).start().await;

    recorded(service.get(subject.get)).await.expect_status(200);
    let status = service.terminate().await;

    assert_eq!(status.code(), Some(0));
    assert!(!collector.spans(TRACE_ID).is_empty());
}

/// Nor with its relatives, which OpenTelemetry knows too.
pub async fn without_the_setting_nothing_is_sent(subject: &LabSubject) {
    let collector = Collector::start();
    let url = format!("{}/v1/traces", collector.url());
    let quiet = subject.program.clone().set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url);

    for program in [quiet.clone(), quiet.set(SETTING, "").set("LAB", 1)] {
        let mut service = program.start().await;
        recorded(subject.write(&service, 1)).await;
        service.terminate().await;
    }

    assert_eq!(collector.requests().len(), 0);
}

/// At the start, and not at the first span.
pub async fn an_endpoint_that_makes_no_sense_is_refused_in_one_line(subject: &LabSubject) {
    for wrong in ["localhost:4318", "https://localhost:4318", "http://", "4318", "grpc://a", " "] {
        let refusal = subject.program.clone().set(SETTING, wrong).refuse().await;
        assert_eq!(refusal.text.lines().count(), 1, "{}", refusal.text);
        assert!(refusal.text.contains(SETTING), "{}", refusal.text);
        assert!(refusal.text.contains("http://localhost:4318"), "{}", refusal.text);
    }
}

/// Where people look for it.
pub async fn help_names_the_setting(subject: &LabSubject) {
    let output = subject.program.run(&["--help"]);

    assert!(String::from_utf8_lossy(&output.stdout).contains(&format!("[env: {SETTING}=]")));
}

/// Spans are lost then, and the log says so once. Later ones get through.
pub async fn a_collector_that_is_away_harms_nobody(subject: &LabSubject) {
    let collector = Collector::start();
    collector.refuse();
    let service = exporting(subject, &collector).start().await;
    let warning = "spans are lost";

    for _ in 0..2 {
        let started = Instant::now();
        recorded(service.get(subject.get)).await.expect_status(200);
        assert!(started.elapsed() < PROMPT, "{:?}", started.elapsed());
    }
    eventually("the log says so", async || service.has_logged(warning)).await;
    collector.accept();
    let arrived = async || {
        recorded(service.get(subject.get)).await.expect_status(200);
        !collector.spans(TRACE_ID).is_empty()
    };
    eventually("a later span is exported", arrived).await;

    let is_warning = |line: &&String| line.contains(warning);
    assert_eq!(service.log_lines().iter().filter(is_warning).count(), 1);
    eventually("it is over", async || service.has_logged("takes spans again")).await;
}

/// What does not get through is counted: dropped, if it found the queue full, or lost, if the
/// collector took too long. Which comes first depends on how fast this machine is.
pub async fn a_collector_that_hangs_holds_nobody_up(subject: &LabSubject) {
    let collector = Collector::start();
    collector.set(Behavior::Hang);
    let program = exporting(subject, &collector).set("RUST_LOG", "warn,chassis::service=info");
    let mut service = program.start().await;
    recorded(service.get(subject.get)).await.expect_status(200);
    eventually("the collector is asked", async || collector.requests().len() == 1).await;

    for _ in 0..MANY / 50 {
        let started = Instant::now();
        let requests = (0..50).map(|_| recorded(service.get("/nothing")));
        all_at_once(requests).await.iter().for_each(|answer| drop(answer.expect_status(404)));
        assert!(started.elapsed() < PROMPT, "{:?}", started.elapsed());
    }
    let page = service.get("/metrics").await.expect_text(200);
    let counts = |outcome| page.contains(&format!("exported_spans_total{{outcome=\"{outcome}\"}}"));
    assert!(counts("dropped") || counts("lost"), "{page}");
    assert!(!counts("sent"), "{page}");

    let started = Instant::now();
    assert_eq!(service.terminate().await.code(), Some(0));
    // Sending what is under way and what is left to a silent collector would take 10 s.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

fn exporting(subject: &LabSubject, collector: &Collector) -> Program {
    subject.program.clone().set(SETTING, collector.url())
}

fn recorded(request: Request) -> Request {
    request.header("traceparent", format!("00-{TRACE_ID}-{CALLER}-01"))
}

#[track_caller]
fn call_nowhere(service: &Process) -> Request {
    let errands = json!([{ "url": format!("{NOWHERE}/call"), "arguments": [] }]);
    service.post(HARNESS).json(&errands).unchecked()
}

async fn spans(service: &Process) -> Vec<Value> {
    let path = format!("/internal/traces/{TRACE_ID}");
    let trace = service.get(&path).await.expect_status(200);
    trace["spans"].as_array().cloned().unwrap_or_default()
}
