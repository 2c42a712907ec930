//! Whom a thing is for, without a clock and without HTTP.

use std::sync::Arc;

use super::*;
use crate::epoch::Epoch;
use crate::insight::trace_context::TraceContext;

const LONG: Ttl = Ttl(3_600);

fn tag(text: &str) -> Tag {
    text.to_owned().try_into().unwrap()
}

/// Runs `work` as a request with this baggage does.
fn with_baggage<T>(baggage: &str, work: impl FnOnce() -> T) -> T {
    let trace = TraceContext::from_parts(None, None, Some(baggage));
    let (request_id, epoch) = (Arc::from("test"), Epoch::current());
    let context = RequestContext { request_id, trace, span: None, epoch };
    RequestContext::scope_sync(Some(context), work)
}

#[test]
fn a_tag_is_found_in_the_baggage() {
    let found = |baggage| with_baggage(baggage, Tag::current);

    for baggage in ["lab=ann", "theme=dark,lab=ann", "lab = ann ; ttl=60", " lab=ann,lab=bob"] {
        assert_eq!(found(baggage), Some(tag("ann")), "{baggage:?}");
    }
    for baggage in ["lab=", "lab", "label=ann", "lab=a b", "lab=%61nn", "theme=lab"] {
        assert_eq!(found(baggage), None, "{baggage:?}");
    }
    assert_eq!(Tag::current(), None);
}

#[test]
fn a_tag_has_1_to_64_characters_that_need_no_escaping() {
    let longest = "x".repeat(64);
    for text in ["a", "Ann-2_b.c", &longest] {
        assert!(Tag::try_from(text.to_owned()).is_ok(), "{text:?}");
    }
    let too_long = "x".repeat(65);
    for text in ["", "a b", "a,b", "a;b", "ä", "a\n", &too_long] {
        assert!(Tag::try_from(text.to_owned()).is_err(), "{text:?}");
    }
}

#[test]
fn a_time_to_live_is_a_second_to_an_hour() {
    assert!(Ttl::try_from(1).is_ok() && Ttl::try_from(3_600).is_ok());
    assert!(Ttl::try_from(0).is_err() && Ttl::try_from(3_601).is_err());
}

#[test]
fn a_tags_own_thing_goes_before_everybodys() {
    let things = Scoped::default();
    things.set(None, "all", LONG);
    things.set(Some(tag("ann")), "ann", LONG);

    assert_eq!(things.current(), Some("all"));
    assert_eq!(with_baggage("lab=ann", || things.current()), Some("ann"));
    assert_eq!(with_baggage("lab=bob", || things.current()), Some("all"));
}

#[test]
fn removing_everybodys_thing_leaves_those_of_tags() {
    let things = Scoped::default();
    things.set(None, 1, LONG);
    things.set(Some(tag("ann")), 2, LONG);

    things.end(&Whose { untagged: true, ..Whose::default() });

    assert_eq!(things.current(), None);
    assert_eq!(with_baggage("lab=ann", || things.current()), Some(2));
}

#[test]
fn what_is_over_is_neither_met_nor_listed() {
    let things = Scoped::default();
    things.set(None, 1, Ttl(0));
    things.set(Some(tag("ann")), 2, Ttl(0));

    assert_eq!(with_baggage("lab=ann", || things.current()), None);
    assert!(things.list().is_empty());
}

#[test]
fn a_list_is_in_order() {
    let things = Scoped::default();
    for name in ["bob", "ann", "cem"] {
        things.set(Some(tag(name)), 1, LONG);
    }
    things.set(None, 1, LONG);

    let tags: Vec<Option<Tag>> = things.list().into_iter().map(|(tag, _)| tag).collect();

    assert_eq!(tags, [None, Some(tag("ann")), Some(tag("bob")), Some(tag("cem"))]);
}

#[test]
fn when_there_are_too_many_the_one_that_ends_first_makes_room() {
    let things = Scoped::default();
    things.set(Some(tag("short")), 0, Ttl(60));
    for number in 1..SCOPES_MAX {
        things.set(Some(tag(&number.to_string())), number, LONG);
    }

    things.set(Some(tag("1")), 7, LONG);
    assert_eq!(with_baggage("lab=short", || things.current()), Some(0));
    things.set(None, 8, LONG);

    assert_eq!(things.list().len(), SCOPES_MAX);
    assert_eq!(with_baggage("lab=1", || things.current()), Some(7));
    assert_eq!(with_baggage("lab=short", || things.current()), Some(8));
}
