//! `tracestate`: the notes of other tracing systems, which are passed on.

use super::lab::LabSubject;
use super::traces::{CALLER, Stage, TRACE_ID};

/// We are not the ones to understand it.
pub async fn a_state_is_passed_on_as_it_came(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let every_value: String = (' '..='~').filter(|letter| !",=".contains(*letter)).collect();
    let every_key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";

    for state in [
        "vendor=opaque".to_owned(),
        "b=2,a=1".to_owned(),
        "tenant@vendor=a/b:c d".to_owned(),
        "0tenant@vendor=1".to_owned(),
        format!("{every_key}={every_value}"),
        format!("{every_key}@a-z0-9_-*/={every_value}"),
    ] {
        assert_eq!(stage.state(&[&state]).await.as_deref(), Some(state.as_str()));
    }
    let parent = format!("00-{TRACE_ID}-{CALLER}-00");
    for name in ["TraceState", "TRACESTATE"] {
        let call = stage.call(&[("traceparent", &parent), (name, "a=1")]).await;
        assert_eq!(call.header("tracestate"), Some("a=1"), "{name}");
    }
    for name in ["trace-state", "trace.state", "tracestates"] {
        let call = stage.call(&[("traceparent", &parent), (name, "a=1")]).await;
        assert_eq!(call.header("tracestate"), None, "{name}");
    }
}

/// In the order in which they came.
pub async fn several_headers_are_one_list(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    let state = stage.state(&["d=4,c=3", "b=2", "a=1,e=5"]).await;

    assert_eq!(state.as_deref(), Some("d=4,c=3,b=2,a=1,e=5"));
}

/// A list may have gaps.
pub async fn nothing_and_spaces_between_entries_are_left_out(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    for (values, whole) in [
        (&["a=1 , b=2,\tc=3\t"][..], Some("a=1,b=2,c=3")),
        (&["\t a=1"], Some("a=1")),
        (&["a=1,,b=2, ,"], Some("a=1,b=2")),
        (&["", "a=1"], Some("a=1")),
        (&["a=1", " \t"], Some("a=1")),
        (&["a=1", "", "b=2"], Some("a=1,b=2")),
        (&["a= 1"], Some("a= 1")),
        (&[""], None),
        (&[",", " , "], None),
    ] {
        assert_eq!(stage.state(values).await.as_deref(), whole, "{values:?}");
    }
}

/// It describes the parent.
pub async fn a_state_without_a_good_parent_is_dropped(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let good = format!("00-{TRACE_ID}-{CALLER}-01");

    for parents in [&[][..], &["none"], &[&good[1..]], &[&good, &good]] {
        let parents = parents.iter().map(|parent| ("traceparent", *parent));
        let headers: Vec<_> = parents.chain([("tracestate", "a=1")]).collect();
        assert_eq!(stage.call(&headers).await.header("tracestate"), None, "{headers:?}");
    }
}

/// Half a list would say something that nobody has said.
pub async fn a_bad_entry_spoils_the_state_and_not_the_trace(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    for bad in [
        "b", "b=", "=2", "=", "b =2", "B=2", "b.c=2", "b=2=3", "b==2", "_b=2", "*b=2", "@b=2",
        "b@=2", "b@@c=2", "b@c@d=2", "b@_c=2", "b\tc=2", "b=2\t3", "\u{e9}=2", "b=\u{e9}",
    ] {
        for values in [&[format!("a=1,{bad}")][..], &[bad.to_owned(), "a=1".to_owned()]] {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            assert_eq!(stage.state(&values).await, None, "{values:?}");
        }
    }
}

/// In one header or in many.
pub async fn a_state_has_at_most_32_entries(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let entries = |many: usize| -> Vec<String> { (0..many).map(|it| format!("k{it}=v")).collect() };
    let (most, more) = (entries(32), entries(33));

    assert_eq!(stage.state(&[&most.join(",")]).await, Some(most.join(",")));
    assert_eq!(
        stage.state(&[&most[..9].join(","), &most[9..].join(",")]).await,
        Some(most.join(","))
    );
    assert_eq!(stage.state(&[&format!("{},,", most.join(","))]).await, Some(most.join(",")));
    assert_eq!(stage.state(&[&more.join(",")]).await, None);
    assert_eq!(stage.state(&[&more[..32].join(","), &more[32]]).await, None);
}

/// 256 characters for a key or a value; of a key with an `@`, 241 and 14.
pub async fn keys_and_values_have_a_greatest_length(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let x = |many: usize| "x".repeat(many);

    for state in
        [format!("{}=1", x(256)), format!("{}@{}=1", x(241), x(14)), format!("a={}", x(256))]
    {
        assert_eq!(stage.state(&["b=2", &state]).await, Some(format!("b=2,{state}")));
    }
    for state in [
        format!("{}=1", x(257)),
        format!("{}@v=1", x(242)),
        format!("t@{}=1", x(15)),
        format!("a={}", x(257)),
    ] {
        assert_eq!(stage.state(&["b=2", &state]).await, None, "{state}");
    }
}

/// Far beyond the 512 characters that everybody has to pass on.
pub async fn the_largest_state_arrives_whole(subject: &LabSubject) {
    let stage = Stage::open(subject).await;
    let entry = |number: usize| format!("{}{number:02}={}", "k".repeat(254), "v".repeat(256));
    let largest: Vec<String> = (0..32).map(entry).collect();

    let state = stage.state(&[&largest[..16].join(","), &largest[16..].join(",")]).await;

    assert_eq!(state, Some(largest.join(",")));
}

/// That is the fault of whoever added it, and not ours to clean up.
pub async fn a_key_that_appears_twice_stays(subject: &LabSubject) {
    let stage = Stage::open(subject).await;

    for values in [&["a=1,a=1"][..], &["a=1,b=2,a=3"], &["a=1", "a=1"], &["a=1", "a=2"]] {
        assert_eq!(stage.state(values).await, Some(values.join(",")));
    }
}
