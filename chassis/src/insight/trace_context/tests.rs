//! The cases of the W3C test suite, and a few of our own.

use proptest::prelude::*;

use super::*;

const TRACE_ID: &str = "12345678901234567890123456789012";
const SPAN_ID: &str = "1234567890123456";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

fn from(headers: &[(&'static str, &str)]) -> TraceContext {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_str(value).unwrap());
    }
    TraceContext::from_headers(&map)
}

/// What becomes of these `tracestate` headers.
fn tracestate(values: &[&str]) -> Option<String> {
    let headers: Vec<_> = std::iter::once(("traceparent", PARENT))
        .chain(values.iter().map(|value| ("tracestate", *value)))
        .collect();
    let context = from(&headers);
    assert_eq!(context.trace_id_hex(), TRACE_ID, "a bad tracestate does not affect the trace");
    context.tracestate().map(str::to_owned)
}

fn is_continued(traceparent: &str) -> bool {
    from(&[("traceparent", traceparent)]).trace_id_hex() == TRACE_ID
}

#[test]
fn without_a_parent_a_new_trace_begins_unsampled() {
    let (one, other) = (from(&[]), from(&[("tracestate", "foo=1")]));

    assert_ne!(one.trace_id(), other.trace_id());
    assert!(!one.is_sampled());
    assert_eq!(other.tracestate(), None, "a state without a parent means nothing");
    assert!(parse_traceparent(&one.traceparent()).is_some());
}

#[test]
fn a_parent_is_continued_with_a_new_span_for_every_call() {
    let caller = from(&[("traceparent", PARENT), ("tracestate", "foo=1"), ("baggage", "a=b")]);
    let (one, other) = (caller.child(), caller.child());

    assert_eq!(
        (caller.trace_id_hex().as_str(), caller.span_id_hex().as_str()),
        (TRACE_ID, SPAN_ID)
    );
    assert!(one.is_sampled());
    assert_eq!(one.trace_id(), caller.trace_id());
    assert_ne!(one.span_id(), caller.span_id());
    assert_ne!(one.span_id(), other.span_id());
    assert_eq!((one.tracestate(), one.baggage()), (Some("foo=1"), Some("a=b")));
}

#[test]
fn two_parents_are_as_good_as_none() {
    let other = PARENT.replace("9012-", "9011-");

    let context = from(&[("traceparent", &other), ("traceparent", PARENT)]);

    assert!(!context.trace_id_hex().starts_with("1234567890123456789012345678901"));
}

#[test]
fn a_later_version_may_append_fields() {
    let rest = &PARENT[2..];
    assert!(is_continued(&format!("cc{rest}")));
    assert!(is_continued(&format!("cc{rest}-what-the-future-will-be-like")));
    assert!(!is_continued(&format!("cc{rest}.what-the-future-will-be-like")));
    assert!(!is_continued(&format!("00{rest}-what-the-future-will-be-like")));
    assert!(!is_continued(&format!("00{rest}.")));
    assert!(!is_continued(&format!("00{rest}-")));
    assert!(!is_continued(&format!("ff{rest}")));
}

#[test]
fn a_malformed_parent_is_ignored() {
    for version in [".0", "0.", "000", "0000", "0", "", "0A", "+0"] {
        assert!(!is_continued(&format!("{version}-{TRACE_ID}-{SPAN_ID}-01")), "{version}");
    }
    for flags in [".0", "0.", "001", "1", "", "0A"] {
        assert!(!is_continued(&format!("00-{TRACE_ID}-{SPAN_ID}-{flags}")), "{flags}");
    }
    for span_id in
        ["0000000000000000", ".234567890123456", "123456789012345.", "12345678901234567", "1234"]
    {
        assert!(!is_continued(&format!("00-{TRACE_ID}-{span_id}-01")), "{span_id}");
    }
    for trace_id in
        ["0".repeat(32), format!("{TRACE_ID}3"), TRACE_ID[1..].to_owned(), "A".repeat(32)]
    {
        assert_eq!(parse_traceparent(&format!("00-{trace_id}-{SPAN_ID}-01")), None, "{trace_id}");
    }
    assert!(!is_continued(""));
    assert!(!is_continued("00"));
}

#[test]
fn spaces_around_a_value_do_not_matter() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        assert!(is_continued(&format!("{before}{PARENT}{after}")));
        assert_eq!(tracestate(&[&format!("{before}foo=1{after}")]).as_deref(), Some("foo=1"));
    }
    for value in ["foo=1 \t , \t bar=2, \t baz=3", "foo=1\t \t,\t \tbar=2,\t \tbaz=3"] {
        assert_eq!(tracestate(&[value]).as_deref(), Some("foo=1,bar=2,baz=3"));
    }
}

#[test]
fn the_two_known_flags_are_passed_on_and_no_other() {
    for (sent, passed_on) in [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("ff", "03")]
    {
        let context = from(&[("traceparent", &format!("{}{sent}", &PARENT[..53]))]);
        assert!(context.child().traceparent().ends_with(&format!("-{passed_on}")), "{sent}");
    }
}

#[test]
fn several_states_are_joined_in_order_and_empty_entries_dropped() {
    let joined = tracestate(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]);
    assert_eq!(joined.as_deref(), Some("foo=1,bar=2,rojo=1,congo=2,baz=3"));

    assert_eq!(tracestate(&[""]), None);
    assert_eq!(tracestate(&["foo=1", ""]).as_deref(), Some("foo=1"));
    assert_eq!(tracestate(&["", "foo=1"]).as_deref(), Some("foo=1"));
    assert_eq!(tracestate(&["foo=1,, ,bar=2,"]).as_deref(), Some("foo=1,bar=2"));
}

#[test]
fn a_key_that_appears_twice_is_passed_on_as_it_came() {
    assert_eq!(tracestate(&["foo=1,foo=2"]).as_deref(), Some("foo=1,foo=2"));
    assert_eq!(tracestate(&["foo=1", "foo=1"]).as_deref(), Some("foo=1,foo=1"));
}

#[test]
fn every_allowed_character_arrives() {
    let key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
    let value: String = (' '..='~').filter(|c| !",=".contains(*c)).collect();
    for key in [key.to_owned(), format!("{key}@a-z0-9_-*/"), "0a".to_owned()] {
        let entry = format!("{key}={value}");
        assert_eq!(tracestate(&[&entry]), Some(entry));
    }
}

#[test]
fn one_bad_entry_spoils_the_state() {
    for bad in [
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "foo@=1",
        "@foo=1",
        "foo@@bar=1",
        "foo@bar@baz=1",
        "foo=bar=baz",
        "foo=",
        "foo",
        "=1",
        "_foo=1",
        "foo=a\tb",
    ] {
        assert_eq!(tracestate(&[&format!("{bad},bar=2")]), None, "{bad}");
        assert_eq!(tracestate(&["bar=2", bad]), None, "{bad}");
    }
}

#[test]
fn keys_and_values_have_their_lengths() {
    let (z, t, v) = ("z".repeat(256), "t".repeat(241), "v".repeat(14));
    for entry in [format!("{z}=1"), format!("{t}@{v}=1"), format!("foo={z}")] {
        assert_eq!(tracestate(&["a=1", &entry]), Some(format!("a=1,{entry}")));
    }
    for entry in [format!("z{z}=1"), format!("t{t}@v=1"), format!("t@v{v}=1"), format!("foo=z{z}")]
    {
        assert_eq!(tracestate(&["a=1", &entry]), None, "{entry}");
    }
}

#[test]
fn a_state_has_up_to_32_entries() {
    let entries = |count: usize| {
        let all: Vec<String> = (1..=count).map(|n| format!("bar{n:02}={n:02}")).collect();
        all.join(",")
    };

    assert_eq!(tracestate(&[&entries(32)]), Some(entries(32)));
    assert_eq!(
        tracestate(&[&entries(30), "a=1,b=2", ""]).map(|state| state.len()),
        Some(30 * 9 - 1 + 8)
    );
    assert_eq!(tracestate(&[&entries(33)]), None);
    assert_eq!(tracestate(&[&entries(30), "a=1,b=2,c=3"]), None);
}

#[test]
fn baggage_is_passed_on_unchanged_with_or_without_a_parent() {
    let context =
        from(&[("baggage", "user=Am%C3%A9lie ; x, lab = alice;ttl=60"), ("baggage", "b=2")]);

    assert_eq!(context.baggage(), Some("user=Am%C3%A9lie ; x, lab = alice;ttl=60,b=2"));
    assert_eq!(context.baggage_member("lab"), Some("alice"));
    assert_eq!(context.baggage_member("user"), Some("Am%C3%A9lie"));
    assert_eq!(context.baggage_member("b"), Some("2"));
    assert_eq!(context.baggage_member("ttl"), None, "a property is no entry");
    assert_eq!(from(&[("baggage", &"x".repeat(8193))]).baggage(), None);
    assert_eq!(from(&[("baggage", " ")]).baggage(), None);
}

#[test]
fn what_is_written_is_what_is_read() {
    let context =
        from(&[("traceparent", PARENT), ("tracestate", "foo=1"), ("baggage", "lab=alice")]);
    let mut headers = HeaderMap::new();
    headers.append("traceparent", HeaderValue::from_static("old"));

    context.write_headers(&mut headers);

    assert_eq!(TraceContext::from_headers(&headers), context);
    assert_eq!(context.traceparent(), PARENT);
    let stored = TraceContext::from_parts(Some(PARENT), context.tracestate(), context.baggage());
    assert_eq!(stored, context);
}

#[test]
fn headers_that_are_not_text_are_ignored() {
    let mut headers = HeaderMap::new();
    for name in [TRACEPARENT, TRACESTATE, BAGGAGE] {
        headers.insert(name, HeaderValue::from_bytes(b"\xff").unwrap());
    }

    let context = TraceContext::from_headers(&headers);

    assert_eq!((context.tracestate(), context.baggage()), (None, None));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic_and_written_as_valid(
        parent in ".{0,60}", state in ".{0,60}", baggage in ".{0,60}"
    ) {
        let context = TraceContext::from_parts(Some(&parent), Some(&state), Some(&baggage));
        let mut headers = HeaderMap::new();
        context.write_headers(&mut headers);
        prop_assert!(TraceContext::from_headers(&headers).trace_id() == context.trace_id());
    }
}
