//! What is true of every service, whatever it sells. The code behind it is shared, but what a
//! caller relies on is the program, so it is proven for each program, by one line:
//!
//! ```text
//! chassis::every_service!(support::subject());
//! ```

pub mod keys;
pub mod errors;
pub mod limits;
pub mod settings;
pub mod lifecycle;
pub mod lab;
pub mod lab_doors;
pub mod lab_faults;
pub mod lab_stops;
pub mod lab_scope;
pub mod lab_crash;
pub mod lab_policy;
pub mod lab_books;
pub mod lab_traces;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
pub mod traces;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
pub mod trace_harness;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
pub mod trace_parents;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
pub mod trace_states;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
pub mod exporting;

use super::program::Program;

/// Which program, and which of its routes to try things on.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The program, with settings that keep it from meeting real neighbors.
    pub program: Program,
    /// A path that answers a GET with 200 on an empty file.
    pub get: &'static str,
    /// The route of that path, as the metrics name it: `/things/{id}`.
    pub route: &'static str,
    /// A path with its query that takes a POST.
    pub post: &'static str,
    /// The settings that name a neighbor: `CATALOG_SERVICE_URL`.
    pub service_urls: &'static [&'static str],
}

/// Makes a test of each sentence that is true of every service. The argument is an expression
/// that makes the [`Subject`].
#[macro_export]
macro_rules! every_service {
    ($subject:expr) => {
        $crate::every_service! { $subject;
            keys::a_missing_and_a_wrong_key_get_the_same_answer,
            keys::the_key_is_checked_before_anything_else,
            keys::health_documents_and_metrics_need_no_key,
            keys::every_listed_key_is_accepted,
            errors::a_path_that_does_not_exist_is_404,
            errors::a_method_that_a_path_does_not_have_is_405,
            errors::a_normal_build_is_no_open_relay,
            errors::a_client_that_asks_gets_the_full_form_of_an_error,
            errors::a_sane_request_id_comes_back_and_another_is_replaced,
            errors::nonsense_is_refused_and_harms_nobody,
            errors::a_head_that_cannot_be_read_is_refused_in_words,
            errors::a_request_says_once_which_host_it_is_for,
            errors::a_parameter_that_a_route_does_not_have_is_refused,
            limits::half_a_head_is_cut_off_and_holds_nobody_up,
            limits::a_trickled_body_is_cut_off_and_holds_nobody_up,
            limits::a_client_that_never_reads_is_cut_off,
            limits::a_body_of_64_kib_is_read_and_one_byte_more_is_not,
            limits::ten_megabytes_are_refused_with_and_without_a_length,
            settings::the_demo_key_does_not_guard_a_reachable_service,
            settings::a_bad_setting_is_refused_in_one_line_that_names_it,
            settings::a_refusal_says_what_would_be_right,
            settings::a_bad_secret_is_never_shown,
            settings::a_file_of_another_program_is_refused,
            settings::a_database_that_is_no_file_is_refused,
            settings::an_older_file_without_a_mark_is_known_by_its_tables,
            settings::the_version_is_the_same_wherever_it_is_told,
            settings::a_database_that_cannot_be_opened_is_refused_in_one_line,
            settings::a_taken_port_is_refused_before_the_file_is_touched,
            settings::a_file_of_a_newer_version_is_refused,
            settings::help_lists_every_setting_and_no_key,
            settings::port_0_is_a_free_port_that_the_log_tells,
            lifecycle::a_service_that_is_asked_to_stop_leaves_a_folded_file,
            lifecycle::a_stopping_service_finishes_what_it_has_begun,
            lifecycle::a_killed_service_comes_back_with_its_file,
            lifecycle::a_deleted_file_is_not_healthy_and_takes_no_writes,
            lifecycle::the_program_asks_a_running_service_for_its_health,
            lifecycle::the_program_reads_its_file_and_never_writes_it,
            lifecycle::a_query_of_nothing_is_refused_in_words,
            lifecycle::requests_are_counted_by_route,
            lifecycle::memory_is_told,
        }
    };
    ($subject:expr; $($room:ident :: $sentence:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $sentence() {
                $crate::testing::suite::$room::$sentence(&$subject).await;
            }
        )+
    };
}
