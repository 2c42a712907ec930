//! The schedule on a file in memory and an invented clock.

use axum::http::Method;
use rusqlite::TransactionBehavior;

use super::*;
use crate::messaging::outbox::{self, Delivery};
use crate::storage::migrate::{Owner, migrate};
use crate::storage::steps::steps_of;

const PEER: &str = "cart";
const OWNER: Owner = Owner { mark: b"test", table: "outbox" };

/// An outbox, and a message that is due at once.
struct Shelf {
    file: Connection,
}

impl Shelf {
    fn open() -> Self {
        let mut file = Connection::open_in_memory().unwrap();
        migrate(&mut file, OWNER, &[outbox::MIGRATION, outbox::TRIES]).unwrap();
        Self { file }
    }

    fn within<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> DbResult<T>) -> T {
        let tx = self.file.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        let outcome = work(&tx).unwrap();
        tx.commit().unwrap();
        outcome
    }

    fn insert(&mut self) -> Message {
        self.insert_for(Delivery::Relay)
    }

    fn insert_for(&mut self, delivery: Delivery) -> Message {
        let target = (Method::POST, "/".to_owned());
        let message = Message::new(Id::new(), PEER, "kind", "1", target, &"", at(0)).unwrap();
        self.within(|tx| outbox::insert(tx, &message, delivery));
        message
    }

    fn fail(&mut self, message: &Message, failure: &Failure) -> bool {
        self.within(|tx| postpone(tx, message, failure))
    }

    fn find(&self, message: &Message) -> Message {
        let listed = outbox::list(&self.file, 100).unwrap();
        listed.into_iter().find(|it| it.id == message.id).unwrap()
    }

    fn scout(&self, due_by: Option<Timestamp>) -> Option<Id> {
        find_scout(&self.file, PEER, due_by, |_, _| true).unwrap().map(|message| message.id)
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::EPOCH.plus_ms(1_000_000_000_000 + ms)
}

fn failure(now: Timestamp) -> Failure {
    Failure { reason: "no".to_owned(), retry_after: None, is_out_of_turn: false, now }
}

#[test]
fn each_attempt_counts_and_the_pause_is_within_its_bound() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    for (attempt, bound_s) in (1..).zip([1, 5, 30, 120, 600, 3_600, 3_600]) {
        let before = shelf.find(&message);

        assert!(!shelf.fail(&before, &failure(at(0))));

        let after = shelf.find(&message);
        assert_eq!((after.attempts, after.tried_at), (attempt, Some(at(0))));
        assert!(after.next_attempt_at >= at(0) && after.next_attempt_at <= at(bound_s * 1_000));
    }
}

#[test]
fn an_attempt_out_of_turn_counts_for_nothing_but_a_pause_that_is_asked_for() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    shelf.fail(&message, &failure(at(0)));
    let before = shelf.find(&message);

    shelf.fail(&before, &Failure { is_out_of_turn: true, ..failure(at(100)) });

    let after = shelf.find(&message);
    assert_eq!((after.attempts, after.next_attempt_at), (1, before.next_attempt_at));
    assert_eq!(after.tried_at, Some(at(100)));

    let asked = Some(Duration::from_secs(60));
    shelf.fail(&after, &Failure { is_out_of_turn: true, retry_after: asked, ..failure(at(100)) });
    assert!(shelf.find(&message).next_attempt_at >= at(60_100));

    let shorter = Some(Duration::from_secs(1));
    shelf.fail(&after, &Failure { is_out_of_turn: true, retry_after: shorter, ..failure(at(200)) });
    assert!(shelf.find(&message).next_attempt_at >= at(60_100), "no pause is shortened");
}

#[test]
fn a_message_dies_with_its_last_attempt_after_72_hours() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    let end = 72 * 60 * 60 * 1_000;

    assert!(!shelf.fail(&message, &failure(at(end - 1))));
    assert_eq!(shelf.find(&message).dead_at, None);

    assert!(shelf.fail(&message, &failure(at(end))));
    assert_eq!(shelf.find(&message).dead_at, Some(at(end)));
    assert!(!has_waiting(&shelf.file, PEER).unwrap());
}

#[test]
fn a_message_whose_turn_never_came_dies_after_72_hours_too() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    let end = 72 * 60 * 60 * 1_000;
    assert!(!has_expired(&shelf.file, at(end - 1)).unwrap());
    assert!(has_expired(&shelf.file, at(end)).unwrap());

    let buried = shelf.within(|tx| bury_expired(tx, at(end)));

    assert_eq!(buried, [(message.id, "kind".to_owned())]);
    let dead = shelf.find(&message);
    assert_eq!(
        (dead.dead_at, dead.last_error.as_deref()),
        (Some(at(end)), Some("its turn never came"))
    );
}

#[test]
fn what_was_given_up_stays_so_when_its_last_attempt_fails() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    shelf.within(|tx| outbox::bury(tx, message.id, "by a person", at(5)));

    assert!(!shelf.fail(&message, &failure(at(10))));

    assert_eq!(shelf.find(&message).dead_at, Some(at(5)));
}

#[test]
fn the_scout_is_the_message_that_was_tried_least() {
    let mut shelf = Shelf::open();
    let (first, second) = (shelf.insert(), shelf.insert());
    assert_eq!(shelf.scout(None), Some(first.id), "of equals, the oldest");

    shelf.fail(&first, &failure(at(0)));

    assert_eq!(shelf.scout(None), Some(second.id));
    assert_eq!(shelf.scout(Some(at(-1))), None, "nothing is due yet");
}

/// Whoever wrote it is trying it just now, and may be kept from that by the silence.
#[test]
fn a_message_that_is_new_is_the_scout_before_one_that_has_failed() {
    let mut shelf = Shelf::open();
    let failed = shelf.insert();
    shelf.fail(&failed, &failure(at(0)));

    let new = shelf.insert_for(Delivery::Caller);

    assert_eq!(shelf.scout(None), Some(new.id));
}

#[test]
fn an_answer_wakes_what_failed_in_the_silence_and_not_what_failed_before() {
    let mut shelf = Shelf::open();
    let (before, during, never) = (shelf.insert(), shelf.insert(), shelf.insert());
    let long = Some(Duration::from_secs(600));
    shelf.fail(&before, &Failure { retry_after: long, ..failure(at(0)) });
    shelf.fail(&during, &Failure { retry_after: long, ..failure(at(2_000)) });

    shelf.within(|tx| wake(tx, PEER, at(1_000), at(10_000)));

    assert!(shelf.find(&before).next_attempt_at > at(500_000));
    assert_eq!(shelf.find(&during).next_attempt_at, at(10_000));
    assert_eq!(shelf.find(&never).next_attempt_at, at(0), "it was due anyway");
}

#[test]
fn what_failed_just_now_is_woken_a_second_later() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    let long = Some(Duration::from_secs(600));
    shelf.fail(&message, &Failure { retry_after: long, ..failure(at(0)) });

    shelf.within(|tx| wake(tx, PEER, at(0), at(500)));

    assert_eq!(shelf.find(&message).next_attempt_at, at(1_500));
}

#[test]
fn a_message_is_due_for_its_own_receiver_only() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();

    let due = |peer, now| {
        let due = list_due(&shelf.file, peer, now, 10, |_, _| true).unwrap();
        due.messages.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    assert_eq!(due(PEER, at(0)), [message.id]);
    assert!(due("order", at(0)).is_empty() && due(PEER, at(-1)).is_empty());
    let others = list_due(&shelf.file, PEER, at(0), 1, |id, _| *id != message.id).unwrap();
    assert!(others.messages.is_empty() && !others.has_more);
    assert_eq!(find_next_due(&shelf.file, PEER, at(-1)).unwrap(), Some(at(0)));
    assert!(has_due_about(&shelf.file, "1", at(0)).unwrap());
    assert!(!has_due_about(&shelf.file, "2", at(0)).unwrap());
}

#[test]
fn what_nobody_wants_now_keeps_no_other_from_being_found() {
    let mut shelf = Shelf::open();
    let messages = [shelf.insert(), shelf.insert(), shelf.insert()];
    let unwanted = messages[0].id;

    let due = list_due(&shelf.file, PEER, at(0), 1, |id, _| *id != unwanted).unwrap();

    let found: Vec<_> = due.messages.iter().map(|message| message.id).collect();
    assert_eq!(found, [messages[1].id]);
    assert!(due.has_more);
}

#[test]
fn a_dead_letter_is_revived_only_if_nothing_waits() {
    let mut shelf = Shelf::open();
    let message = shelf.insert();
    shelf.within(|tx| outbox::bury(tx, message.id, "nobody", at(5)));

    let revived = shelf.within(|tx| outbox::revive(tx, "kind", "1", at(9))).unwrap();

    assert_eq!((revived.id, revived.attempts, revived.dead_at), (message.id, 0, None));
    assert_eq!(revived.next_attempt_at, at(9));
    assert!(shelf.within(|tx| outbox::revive(tx, "kind", "2", at(9))).is_none());
}

#[test]
fn a_look_costs_the_same_however_many_messages_wait() {
    let looks = |waiting: u32| {
        let mut shelf = Shelf::open();
        let first = shelf.insert();
        shelf.within(|tx| outbox::bury(tx, first.id, "no", at(1)));
        for _ in 0..waiting {
            shelf.insert();
        }
        steps_of(&shelf.file, |file| {
            assert_eq!(list_due(file, PEER, at(1), 10, |_, _| true).unwrap().messages.len(), 10);
            assert_eq!(find_next_due(file, PEER, at(1)).unwrap(), None);
            assert!(has_waiting(file, PEER).unwrap());
            assert!(find_scout(file, PEER, Some(at(1)), |_, _| true).unwrap().is_some());
            assert!(has_due_about(file, "1", at(1)).unwrap());
            let listed = outbox::list(file, 10).unwrap();
            assert_eq!((listed.len(), listed[0].id), (10, first.id));
        })
    };
    assert_eq!(looks(50), looks(2_000));
}
