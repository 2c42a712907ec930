//! What the lab does to every service, and shows of it, proven for each program by one line:
//!
//! ```text
//! chassis::every_lab!(subject());
//! ```

use serde_json::{Value, json};

use crate::testing::{Behavior, Client, Neighbor, Process, Program, Request};

/// Makes a request; the number makes it different from others of its kind.
pub type Act = fn(&Client, u32) -> Request;

/// Which program, and which requests to try things on.
#[derive(Clone, Debug)]
pub struct LabSubject {
    /// The program, with settings that keep it from meeting real neighbors.
    pub program: Program,
    /// What it calls itself in a trace: `cart`.
    pub service: &'static str,
    /// A path that answers a GET with 200 on an empty file, after a look into the file.
    pub get: &'static str,
    /// A neighbor: the setting with its address, and its name.
    pub neighbor: (&'static str, &'static str),
    /// A request that writes, and of which the neighbor hears, at once or soon.
    pub write: Act,
    /// A request that is refused only after a look into the file, and its status.
    pub refused: (Act, u16),
    /// A crash point, and a request that passes it. It may have an `Idempotency-Key`.
    pub crash: (&'static str, Act),
    /// A policy: its name, its standing choice and another.
    pub policy: Option<[&'static str; 3]>,
    /// Whether it has an outbox.
    pub has_outbox: bool,
}

impl LabSubject {
    /// The service with an open lab, and with neighbors that are not there.
    pub(super) async fn open(&self) -> Process {
        self.program.clone().set("LAB", 1).start().await
    }

    /// The same with a neighbor that answers everything with 200.
    pub(super) async fn open_with_neighbor(&self) -> (Process, Neighbor) {
        let neighbor = Neighbor::start();
        neighbor.set(Behavior::answer(200, json!({ "id": 1, "status": "HELD" })));
        let program = self.program.clone().set("LAB", 1).set(self.neighbor.0, neighbor.url());
        (program.start().await, neighbor)
    }

    /// A request that writes.
    #[track_caller]
    pub(super) fn write(&self, service: &Process, number: u32) -> Request {
        (self.write)(service, number)
    }
}

/// Sets a fault.
#[track_caller]
pub(super) fn set_fault(service: &Process, fault: &Value) -> Request {
    service.put("/internal/faults").json(fault)
}

/// This request as one of the student with this tag.
#[must_use]
pub(super) fn tagged(request: Request, tag: &str) -> Request {
    request.header("baggage", format!("theme=dark,lab={tag};ttl=60"))
}

/// The routes that every lab has, as method and path.
pub(super) const ROUTES: [(&str, &str); 13] = [
    ("GET", "/internal/faults"),
    ("PUT", "/internal/faults"),
    ("DELETE", "/internal/faults"),
    ("GET", "/internal/crash"),
    ("POST", "/internal/crash"),
    ("DELETE", "/internal/crash"),
    ("GET", "/internal/policy"),
    ("PUT", "/internal/policy"),
    ("DELETE", "/internal/policy"),
    ("GET", "/internal/traces/4bf92f3577b34da6a3ce929d0e0e4736"),
    ("GET", "/internal/ledger"),
    ("POST", "/internal/reset"),
    ("GET", "/internal/health"),
];

/// Makes a test of each sentence that is true of every lab. The argument is an expression that
/// makes the [`LabSubject`].
#[macro_export]
macro_rules! every_lab {
    ($subject:expr) => {
        $crate::every_service! { $subject;
            lab_doors::a_closed_lab_has_no_routes_and_breaks_nothing,
            lab_doors::every_room_of_the_lab_needs_the_key,
            lab_doors::a_route_that_a_service_has_no_use_for_is_404,
            lab_faults::a_service_that_is_down_breaks_the_connection,
            lab_faults::a_slow_service_answers_late,
            lab_faults::an_error_is_a_500_that_says_that_it_is_on_purpose,
            lab_faults::a_hanging_request_ends_with_its_fault,
            lab_faults::nobody_is_kept_from_looking_or_from_ending_a_fault,
            lab_faults::a_fault_meets_its_share_of_the_requests,
            lab_faults::a_fault_ends_by_itself,
            lab_faults::a_delay_on_purpose_shows_in_the_pace,
            lab_faults::a_fault_that_makes_no_sense_is_refused_and_changes_nothing,
            lab_stops::a_request_that_is_delayed_over_a_reset_changes_nothing,
            lab_stops::a_stop_waits_for_those_who_come_late_on_purpose,
            lab_stops::a_stop_does_not_wait_for_those_who_hang,
            lab_stops::a_fault_can_be_ended_when_it_has_filled_the_service,
            lab_scope::a_fault_for_a_tag_meets_only_its_requests,
            lab_scope::a_tags_own_fault_goes_before_everybodys,
            lab_scope::the_faults_of_one_tag_can_be_ended_alone,
            lab_scope::the_fault_for_everybody_can_be_ended_alone,
            lab_scope::every_tag_has_a_breaker_of_its_own,
            lab_crash::an_unknown_crash_point_is_refused_with_the_known_ones,
            lab_crash::only_the_tagged_request_kills_and_nothing_is_lost,
            lab_crash::one_student_can_disarm_without_the_others,
            lab_policy::a_policy_is_changed_for_a_tag_and_for_a_while,
            lab_policy::the_policy_of_one_tag_can_be_put_back_alone,
            lab_policy::a_policy_that_makes_no_sense_is_refused_and_changes_nothing,
            lab_books::a_reset_brings_the_first_day_back,
            lab_books::a_reset_ends_everything_that_the_lab_has_set,
            lab_books::what_the_lab_is_asked_under_a_key_happens_once,
            lab_books::a_dead_letter_is_replayed_once_per_key,
            lab_books::a_message_that_waits_is_listed_with_its_cause,
            lab_books::a_dead_letter_can_be_replayed,
            lab_traces::a_request_that_is_not_sampled_leaves_nothing,
            lab_traces::a_sampled_request_leaves_a_span_with_its_key_check,
            lab_traces::a_transaction_shows_its_statements_with_rows_and_files,
            lab_traces::a_refusal_shows_its_rollback,
            lab_traces::a_call_is_seen_by_the_neighbor_under_its_own_span,
            lab_traces::a_delivery_in_the_background_joins_the_trace_of_its_cause,
            lab_traces::a_fault_shows_in_the_trace,
            lab_traces::only_the_latest_spans_are_kept,
        }
    };
}
