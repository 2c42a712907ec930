//! The ring: what stays, and what it may cost.

use super::*;

fn span(trace_id: &str, start_us: u64, steps: usize, text: &str) -> SpanRecord {
    let step = Step {
        at_us: 0,
        kind: StepKind::Sql,
        text: text.to_owned(),
        rows: None,
        duration_us: None,
        source: "",
    };
    SpanRecord {
        trace_id: trace_id.to_owned(),
        span_id: String::new(),
        parent_id: None,
        kind: SpanKind::Server,
        name: String::new(),
        start_us,
        duration_us: 0,
        status: None,
        outcome: None,
        steps: vec![step; steps],
    }
}

#[test]
fn the_spans_of_a_trace_are_listed_by_their_start() {
    let mut ring = Ring::default();
    for (trace, start_us) in [("a", 3), ("b", 2), ("a", 1)] {
        ring.push(span(trace, start_us, 0, ""));
    }

    let starts: Vec<u64> = ring.list("a").iter().map(|span| span.start_us).collect();

    assert_eq!(starts, [1, 3]);
    assert!(ring.list("c").is_empty());
}

#[test]
fn the_oldest_spans_make_room_for_new_ones() {
    let mut ring = Ring::default();
    ring.push(span("old", 0, 0, ""));
    for number in 0..SPANS_MAX as u64 {
        ring.push(span("new", number, 0, ""));
    }

    assert!(ring.list("old").is_empty());
    assert_eq!(ring.list("new").len(), SPANS_MAX);
}

#[test]
fn large_spans_are_kept_only_as_far_as_memory_goes() {
    let mut ring = Ring::default();
    let text = "x".repeat(300);
    for number in 0..SPANS_MAX as u64 {
        ring.push(span("a", number, STEPS_MAX, &text));
    }

    let kept = ring.spans.len();
    assert!((50..200).contains(&kept), "{kept} spans were kept");
    assert!(ring.bytes <= RING_MAX_BYTES);
    assert_eq!(ring.bytes, ring.spans.iter().map(SpanRecord::bytes).sum::<usize>());
    assert_eq!(ring.spans.back().map(|span| span.start_us), Some(SPANS_MAX as u64 - 1));
}

#[test]
fn a_name_that_a_client_chose_is_cut_between_two_letters() {
    assert_eq!(shortened("GET /cart/{user_id}".to_owned()), "GET /cart/{user_id}");
    for name in ["x".repeat(30_000), "ä".repeat(300), format!("x{}", "ä".repeat(300))] {
        assert!(shortened(name).len() <= NAME_MAX + 3);
    }
}
