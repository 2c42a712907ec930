//! `traceparent`: which trace a call belongs to, and who made it.

use std::collections::BTreeSet;

use super::lab::LabSubject;
use super::traces::{CALLER, HARNESS, Parent, Stage, TRACE_ID, parent_of};
use crate::testing::raw_request;

/// Nobody asked for a record of it.
pub async fn a_call_without_a_cause_begins_a_trace(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    let (one, other) = (stage.call(&[]).await, stage.call(&[]).await);

    assert_ne!(parent_of(&one).trace_id, parent_of(&other).trace_id);
    assert_eq!(parent_of(&one).flags, "02", "random, and not sampled");
    assert_eq!((one.header("tracestate"), one.header("baggage")), (None, None));
}

/// The caller's span is not the one that calls.
pub async fn a_trace_goes_on_from_a_span_of_our_own(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    let call = stage.call(&[("traceparent", &parent("00", "01"))]).await;

    let Parent { trace_id, span_id, flags } = parent_of(&call);
    assert_eq!((trace_id.as_str(), flags.as_str()), (TRACE_ID, "01"));
    assert_ne!(span_id, CALLER);
}

/// Of one trace, whatever became of the parent.
pub async fn every_call_is_a_span_of_its_own(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let good = parent("00", "01");
    let bad = format!("00-{}-{CALLER}-01", "0".repeat(32));

    for headers in [&[][..], &[("traceparent", good.as_str())], &[("traceparent", bad.as_str())]] {
        let parents = stage.calls(headers, 4).await;
        let parents: Vec<Parent> = parents.iter().map(parent_of).collect();
        let traces: BTreeSet<&str> = parents.iter().map(|it| it.trace_id.as_str()).collect();
        let spans: BTreeSet<&str> = parents.iter().map(|it| it.span_id.as_str()).collect();
        assert_eq!((traces.len(), spans.len()), (1, 4), "{parents:?}");
    }
}

/// As HTTP has it.
pub async fn the_header_may_be_written_in_any_case_and_under_no_other_name(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let parent = parent("00", "00");

    for name in ["traceparent", "Traceparent", "TraceParent", "tRACEPARENT", "TRACEPARENT"] {
        let call = stage.call(&[(name, &parent)]).await;
        assert_eq!(parent_of(&call).trace_id, TRACE_ID, "{name}");
    }
    for name in ["trace-parent", "trace_parent", "trace.parent", "traceparents", "x-traceparent"] {
        let call = stage.call(&[(name, &parent)]).await;
        assert_ne!(parent_of(&call).trace_id, TRACE_ID, "{name}");
    }
}

/// HTTP allows them around every value.
pub async fn spaces_and_tabs_around_a_parent_do_not_matter(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let parent = parent("00", "01");

    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), (" \t ", "\t \t")] {
        assert!(stage.continues(&format!("{before}{parent}{after}")).await, "{before:?} {after:?}");
    }
    assert!(!stage.continues(&parent.replace('-', " - ")).await);
}

/// A bad guess would tie strangers together.
pub async fn a_parent_that_makes_no_sense_begins_a_new_trace(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let (trace, span) = (TRACE_ID, CALLER);
    let (no_trace, no_span) = ("0".repeat(32), "0".repeat(16));
    let (loud_trace, loud_span) = (trace.to_uppercase(), span.to_uppercase());

    for (part, wrong) in [
        ("version", format!("ff-{trace}-{span}-01")),
        ("version", format!("0-{trace}-{span}-01")),
        ("version", format!("000-{trace}-{span}-01")),
        ("version", format!("0x-{trace}-{span}-01")),
        ("version", format!("CC-{trace}-{span}-01")),
        ("version", format!("-{trace}-{span}-01")),
        ("trace", format!("00-{no_trace}-{span}-01")),
        ("trace", format!("00-{loud_trace}-{span}-01")),
        ("trace", format!("00-{}-{span}-01", &trace[1..])),
        ("trace", format!("00-{trace}0-{span}-01")),
        ("trace", format!("00-{}.-{span}-01", &trace[1..])),
        ("trace", format!("00-+{}-{span}-01", &trace[1..])),
        ("span", format!("00-{trace}-{no_span}-01")),
        ("span", format!("00-{trace}-{loud_span}-01")),
        ("span", format!("00-{trace}-{}-01", &span[1..])),
        ("span", format!("00-{trace}-{span}0-01")),
        ("span", format!("00-{trace}-.{}-01", &span[1..])),
        ("flags", format!("00-{trace}-{span}-1")),
        ("flags", format!("00-{trace}-{span}-001")),
        ("flags", format!("00-{trace}-{span}-.1")),
        ("flags", format!("00-{trace}-{span}-0A")),
        ("flags", format!("00-{trace}-{span}-")),
        ("end", format!("00-{trace}-{span}")),
        ("end", format!("00-{trace}-{span}-01-")),
        ("end", format!("00-{trace}-{span}-01-more")),
        ("end", format!("00-{trace}-{span}-01.")),
        ("whole", format!("00{trace}{span}01")),
        ("whole", String::new()),
        ("whole", "none".to_owned()),
        ("whole", "-".repeat(8_000)),
    ] {
        let found = parent_of(&stage.call(&[("traceparent", &wrong)]).await);
        let id = found.trace_id;
        assert!(!wrong.contains(&id) && id != TRACE_ID, "{part}: {wrong} was continued by {id}");
        assert_eq!(found.flags, "02", "{part}: {wrong} has no say");
    }
}

/// Nobody knows which is the right one, not even if they agree.
pub async fn two_parents_are_none(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let one = parent("00", "01");
    let other = one.replace("4bf9", "5bf9");

    for second in [&one, &other, &"none".to_owned()] {
        let call = stage.call(&[("traceparent", &one), ("traceparent", second)]).await;
        let trace_id = parent_of(&call).trace_id;
        assert!(!one.contains(&trace_id) && !other.contains(&trace_id), "{trace_id}");
    }
    assert!(!stage.continues(&format!("{one},{one}")).await);
}

/// It may say more at its end, after a dash.
pub async fn a_later_version_is_read_as_far_as_we_know_it(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    for version in ["01", "cc", "fe"] {
        let parent = parent(version, "01");
        for end in ["", "-", "-more", "-more-and-more", "-A.b"] {
            assert!(stage.continues(&format!("{parent}{end}")).await, "{parent}{end}");
        }
        for end in [".more", "0", "more"] {
            assert!(!stage.continues(&format!("{parent}{end}")).await, "{parent}{end}");
        }
    }
}

/// We cannot vouch for what the others mean.
pub async fn flags_that_we_know_are_passed_on_and_no_others(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    for (came, went) in
        [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("04", "00"), ("ff", "03")]
    {
        let call = stage.call(&[("traceparent", &parent("00", came))]).await;
        let found = parent_of(&call);
        assert_eq!((found.trace_id.as_str(), found.flags.as_str()), (TRACE_ID, went), "{came}");
    }
}

/// A trace is no reason to read without end.
pub async fn a_head_that_is_too_large_is_refused_and_harms_nobody(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let state = "a=b,".repeat(30_000);
    let head = format!("POST {HARNESS} HTTP/1.1\r\nHost: a\r\ntracestate: {state}\r\n\r\n");

    let heard = raw_request(stage.service.address(), head).await;

    assert!(heard.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&heard));
    assert!(stage.continues(&parent("00", "01")).await);
}

fn parent(version: &str, flags: &str) -> String {
    format!("{version}-{TRACE_ID}-{CALLER}-{flags}")
}
