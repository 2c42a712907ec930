//! What is true of every service that is built with the features `otlp` and
//! `trace-context-harness`, proven for each program by one line:
//!
//! ```text
//! chassis::every_trace!(crate::lab::subject());
//! ```

use serde_json::json;

use super::lab::LabSubject;
use crate::testing::{Neighbor, Process, Recorded, raw_request};

/// Trace and span of whoever asks, in most tests.
pub(super) const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(super) const CALLER: &str = "00f067aa0ba902b7";

/// The route that makes calls on command.
pub(super) const HARNESS: &str = "/trace-context-harness";

/// A service, and a neighbor that hears its calls.
pub(super) struct Stage {
    pub(super) service: Process,
    pub(super) listener: Neighbor,
}

/// What a call says of its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) flags: String,
}

impl Stage {
    pub(super) async fn open(subject: &LabSubject) -> Self {
        Self { service: subject.program.clone().start().await, listener: Neighbor::start() }
    }

    /// The call that a request with these headers causes. They are sent byte for byte, as a
    /// library would tidy them up.
    pub(super) async fn call(&self, headers: &[(&str, &str)]) -> Recorded {
        let mut calls = self.calls(headers, 1).await;
        calls.pop().unwrap_or_else(|| panic!("no call was made for {headers:?}"))
    }

    /// The same with several calls.
    pub(super) async fn calls(&self, headers: &[(&str, &str)], many: usize) -> Vec<Recorded> {
        self.listener.forget();
        let url = |number| format!("{}/call/{number}?of={many}", self.listener.url());
        let errands: Vec<_> =
            (0..many).map(|number| json!({ "url": url(number), "arguments": [] })).collect();
        let body = json!(errands).to_string();
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}:{value}\r\n")).collect();
        let request = format!(
            "POST {HARNESS} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        let heard = raw_request(self.service.address(), request).await;
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.starts_with("HTTP/1.1 200"), "{headers} was answered: {heard}");
        let calls = self.listener.requests();
        assert_eq!(calls.len(), many, "{heard}");
        calls
    }

    /// What becomes of these `tracestate` headers, beside a good parent.
    pub(super) async fn state(&self, values: &[&str]) -> Option<String> {
        let parent = format!("00-{TRACE_ID}-{CALLER}-00");
        let mut headers = vec![("traceparent", parent.as_str())];
        headers.extend(values.iter().map(|value| ("tracestate", *value)));
        let call = self.call(&headers).await;
        assert_eq!(parent_of(&call).trace_id, TRACE_ID, "a state never changes the trace");
        call.header("tracestate").map(str::to_owned)
    }

    /// Whether the trace of [`TRACE_ID`] goes on from a `traceparent` like this.
    pub(super) async fn continues(&self, traceparent: &str) -> bool {
        let call = self.call(&[("traceparent", traceparent)]).await;
        parent_of(&call).trace_id == TRACE_ID
    }
}

/// What a call says of its cause, which must be said once and in good form.
#[track_caller]
pub(super) fn parent_of(call: &Recorded) -> Parent {
    let values: Vec<_> = call.headers.get_all("traceparent").iter().collect();
    let [value] = values[..] else { panic!("not one parent: {values:?}") };
    let text = value.to_str().unwrap_or_default();
    let fields: Vec<&str> = text.split('-').collect();
    let [version, trace_id, span_id, flags] = fields[..] else { panic!("not a parent: {text}") };
    let is_id = |id: &str, length: usize| {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        id.len() == length && id.bytes().all(is_hex) && id.bytes().any(|digit| digit != b'0')
    };
    assert!(version == "00" && is_id(trace_id, 32) && is_id(span_id, 16), "{text}");
    assert_eq!(flags.len(), 2, "{text}");
    let [trace_id, span_id, flags] = [trace_id, span_id, flags].map(str::to_owned);
    Parent { trace_id, span_id, flags }
}

/// Makes a test of each sentence that is true of every service with both features. The argument
/// is an expression that makes the [`LabSubject`].
#[macro_export]
macro_rules! every_trace {
    ($subject:expr) => {
        $crate::every_service! { $subject;
            trace_harness::an_errand_that_makes_no_sense_is_refused_and_nobody_is_called,
            trace_harness::whoever_is_called_does_not_learn_our_key,
            trace_harness::a_call_that_nobody_answers_harms_nobody,
            trace_parents::a_call_without_a_cause_begins_a_trace,
            trace_parents::a_trace_goes_on_from_a_span_of_our_own,
            trace_parents::every_call_is_a_span_of_its_own,
            trace_parents::the_header_may_be_written_in_any_case_and_under_no_other_name,
            trace_parents::spaces_and_tabs_around_a_parent_do_not_matter,
            trace_parents::a_parent_that_makes_no_sense_begins_a_new_trace,
            trace_parents::two_parents_are_none,
            trace_parents::a_later_version_is_read_as_far_as_we_know_it,
            trace_parents::flags_that_we_know_are_passed_on_and_no_others,
            trace_parents::a_head_that_is_too_large_is_refused_and_harms_nobody,
            trace_states::a_state_is_passed_on_as_it_came,
            trace_states::several_headers_are_one_list,
            trace_states::nothing_and_spaces_between_entries_are_left_out,
            trace_states::a_state_without_a_good_parent_is_dropped,
            trace_states::a_bad_entry_spoils_the_state_and_not_the_trace,
            trace_states::a_state_has_at_most_32_entries,
            trace_states::keys_and_values_have_a_greatest_length,
            trace_states::the_largest_state_arrives_whole,
            trace_states::a_key_that_appears_twice_stays,
            exporting::the_collector_gets_what_the_lab_shows,
            exporting::spans_say_who_was_at_fault,
            exporting::a_closed_lab_exports_too,
            exporting::a_request_that_is_not_sampled_is_not_exported,
            exporting::a_stopping_service_sends_its_last_spans,
            exporting::without_the_setting_nothing_is_sent,
            exporting::an_endpoint_that_makes_no_sense_is_refused_in_one_line,
            exporting::help_names_the_setting,
            exporting::a_collector_that_is_away_harms_nobody,
            exporting::a_collector_that_hangs_holds_nobody_up,
        }
    };
}
