//! A lane on an invented clock.

use axum::http::StatusCode;

use super::*;

const DOWN: fn() -> NoAnswer = || NoAnswer::Unreachable("connection refused".to_owned());

fn unwilling(status: u16, retry_after_s: Option<u64>) -> NoAnswer {
    let status = StatusCode::from_u16(status).unwrap();
    NoAnswer::Unwilling { status, retry_after: retry_after_s.map(Duration::from_secs) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::EPOCH.plus_ms(1_000_000 + seconds * 1_000)
}

fn answered(seconds: i64) -> Lane {
    let mut lane = Lane::default();
    lane.note_answer(None, at(seconds));
    lane
}

#[test]
fn a_silence_closes_the_lane_and_any_answer_opens_it() {
    let mut lane = answered(0);
    assert!(lane.is_open(at(1)));

    assert!(lane.note_silence(&DOWN(), None, at(1)));
    assert!(!lane.is_open(at(2)));
    assert_eq!(lane.silent_since(), Some(at(1)));

    lane.note_answer(Some(at(1)), at(3));
    assert!(lane.is_open(at(3)));
}

#[test]
fn whatever_is_no_answer_is_a_silence() {
    let causes = [401, 403, 408, 429, 500, 503].map(|status| unwilling(status, None));
    let others = [
        DOWN(),
        NoAnswer::TimedOut,
        NoAnswer::Garbled("a page".to_owned()),
        NoAnswer::BreakerOpen(Duration::from_secs(4)),
    ];
    for cause in causes.iter().chain(&others) {
        let mut lane = answered(0);
        assert!(lane.note_silence(cause, None, at(1)), "{cause}");
        assert!(!lane.is_open(at(1)), "{cause}");
    }
}

#[test]
fn a_message_that_fails_again_while_others_are_answered_is_to_blame_itself() {
    for cause in [unwilling(500, None), NoAnswer::TimedOut, NoAnswer::Garbled(String::new())] {
        let mut lane = answered(10);
        assert!(!lane.note_silence(&cause, Some(at(9)), at(11)), "{cause}");
        assert!(lane.is_open(at(11)));
        // Nobody was answered since, so it may be the receiver this time.
        assert!(lane.note_silence(&cause, Some(at(11)), at(40)), "{cause}");
    }
}

#[test]
fn a_connection_that_is_not_made_is_never_the_fault_of_a_message() {
    let mut lane = answered(10);
    assert!(lane.note_silence(&DOWN(), Some(at(9)), at(11)));
}

#[test]
fn an_answer_from_before_a_silence_does_not_end_it() {
    let mut lane = answered(0);
    let seen = lane.silent_since();
    lane.note_silence(&DOWN(), None, at(1));

    lane.note_answer(seen, at(1));

    assert_eq!(lane.silent_since(), Some(at(1)));
}

#[test]
fn a_healthy_receiver_gets_scouts_after_1_2_3_and_3_seconds() {
    let mut lane = answered(0);
    lane.note_silence(&unwilling(500, None), None, at(1));

    let scouts: Vec<u32> = (0..13).filter(|_| lane.look(true) == Scout::Anybody).collect();

    assert_eq!(scouts, [0, 1, 3, 6, 9, 12]);
}

#[test]
fn while_it_is_not_healthy_only_what_is_due_goes_and_the_first_healthy_look_sends_a_scout() {
    let mut lane = answered(0);
    lane.note_silence(&DOWN(), None, at(1));
    for _ in 0..5 {
        lane.look(true);
    }

    for _ in 0..5 {
        assert_eq!(lane.look(false), Scout::Due);
    }

    assert_eq!(lane.look(true), Scout::Anybody);
    assert_eq!(lane.look(true), Scout::Anybody, "one second later");
    assert_eq!(lane.look(true), Scout::Nobody, "from then on more rarely");
}

#[test]
fn a_pause_that_is_asked_for_is_kept_even_if_others_are_answered() {
    let mut lane = answered(0);
    lane.note_silence(&unwilling(503, Some(60)), None, at(1));
    lane.note_answer(lane.silent_since(), at(2));

    assert!(lane.is_resting(at(60)));
    assert!(!lane.is_open(at(60)));
    assert!(lane.is_open(at(61)));
}

#[test]
fn a_clock_that_is_set_back_ends_a_pause_rather_than_lengthen_it() {
    let mut lane = answered(10_000);
    lane.note_silence(&unwilling(503, Some(60)), None, at(10_000));
    assert!(!lane.is_resting(at(0)));
}

#[test]
fn what_waited_when_the_process_ended_goes_with_the_first_healthy_look() {
    let mut lane = Lane::unheard();
    assert!(!lane.is_open(at(0)));
    assert_eq!(lane.look(true), Scout::Anybody);
}
