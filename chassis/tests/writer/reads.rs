//! What a read sees, although its state of the file may have been opened for an earlier one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chassis::storage::DbResult;
use rusqlite::Connection;
use tokio::time::timeout;

use crate::desk::{Desk, wait_for};

/// SQLite folds the log into the file when it has 400 pages of 4 KiB, and begins again at its start.
/// One commit here has some ten pages.
const LOG_MAX_BYTES: u64 = 440 * 4_096;

/// As many as may run at the same time, see `storage::db`.
const SCANS_MAX: usize = 2;

/// Another process, as far as SQLite can tell: it shares nothing with the service.
fn somebody_else(desk: &Desk) -> Connection {
    let connection = Connection::open(desk.folder.path().join("numbers.db")).expect("it opens");
    connection.busy_timeout(Duration::from_secs(5)).expect("it can wait");
    connection
}

fn count(connection: &Connection) -> DbResult<i64> {
    Ok(connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0))?)
}

/// A point read.
fn count_one(connection: &Connection) -> DbResult<i64> {
    Ok(connection.query_row("SELECT count(*) FROM numbers WHERE n = 1", [], |row| row.get(0))?)
}

#[tokio::test]
async fn a_read_sees_every_write_that_was_acknowledged_before_it() {
    let desk = Desk::open();
    for n in 0..100 {
        desk.insert(n).await;
        assert_eq!(desk.numbers().last(), Some(&n));
    }
}

#[tokio::test]
async fn nobody_who_reads_during_a_commit_keeps_it_from_those_who_come_after() {
    let desk = Desk::open();
    let (db, stop) = (desk.db.clone(), Arc::new(AtomicBool::new(false)));
    let stopped = Arc::clone(&stop);
    let others = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            db.read(count_one).expect("it reads");
        }
    });
    for n in 0..500 {
        desk.insert(n).await;
        assert_eq!(desk.numbers().last(), Some(&n));
    }
    stop.store(true, Ordering::Relaxed);
    others.join().expect("it reads to the end");
}

#[tokio::test]
async fn a_read_sees_one_state_from_beginning_to_end() {
    let desk = Desk::open();
    let other = somebody_else(&desk);
    let twice = move |connection: &Connection, n: i64| -> DbResult<_> {
        let before = count(connection)?;
        other.execute("INSERT INTO numbers (n) VALUES (?1)", [n])?;
        Ok((before, count(connection)?))
    };
    assert_eq!(desk.db.read(|connection| twice(connection, 1)).expect("it reads"), (0, 0));
    let scanned = desk.db.scan(move |connection| twice(connection, 2)).await;
    assert_eq!(scanned.expect("it scans"), (1, 1));
}

#[tokio::test]
async fn a_read_sees_soon_what_another_process_has_committed() {
    let desk = Desk::open();
    assert_eq!(desk.numbers(), [0; 0]);
    somebody_else(&desk).execute("INSERT INTO numbers (n) VALUES (7)", []).expect("it is written");
    let deadline = Instant::now() + Duration::from_secs(1);
    while desk.numbers() != [7] {
        assert!(Instant::now() < deadline, "it is not seen");
    }
}

#[tokio::test]
async fn the_log_begins_again_although_somebody_reads_all_the_time() {
    let desk = Desk::open();
    let log = desk.folder.path().join("numbers.db-wal");
    let mut longest = 0;
    for batch in 0..300 {
        let numbers = batch * 3_000..(batch + 1) * 3_000;
        let write = move |tx: &rusqlite::Transaction<'_>| -> DbResult<()> {
            let mut insert = tx.prepare_cached("INSERT INTO numbers (n) VALUES (?1)")?;
            numbers.clone().try_for_each(|n| Ok(insert.execute([n]).map(|_| ())?))
        };
        desk.db.write(write).await.expect("it is written");
        desk.db.read(count_one).expect("it reads");
        longest = longest.max(std::fs::metadata(&log).expect("there is a log").len());
    }
    let written = std::fs::metadata(desk.folder.path().join("numbers.db")).expect("it is there");
    // Each page of the file went through the log.
    assert!(written.len() > LOG_MAX_BYTES, "too little was written");
    assert!(longest < LOG_MAX_BYTES, "the log has grown to {longest} bytes");
}

#[tokio::test]
async fn a_read_that_panics_spoils_none_that_come_after_it() {
    let desk = Desk::open();
    let panics = || desk.db.read(|_| -> DbResult<()> { panic!("on purpose") });
    catch_unwind(AssertUnwindSafe(panics)).expect_err("it panics");
    desk.insert(1).await;
    assert_eq!(desk.numbers(), [1]);
    desk.insert(2).await;
    assert_eq!(desk.numbers(), [1, 2]);
}

#[tokio::test]
async fn a_scan_that_nobody_waits_for_any_more_still_counts_as_one() {
    let desk = Desk::open();
    let (begun, running) = channel();
    let (release, hold) = channel::<()>();
    let hold = Arc::new(Mutex::new(hold));
    for _ in 0..SCANS_MAX {
        let (begun, hold) = (begun.clone(), Arc::clone(&hold));
        let slow = desk.db.scan(move |_| -> DbResult<()> {
            begun.send(()).expect("the test waits");
            wait_for(&hold);
            Ok(())
        });
        timeout(Duration::from_millis(50), slow).await.expect_err("it does not end");
        running.recv().expect("it runs");
    }

    let next = || timeout(Duration::from_millis(200), desk.db.scan(count));

    next().await.expect_err("there is no turn for it");
    drop(release);
    while next().await.is_err() {}
}

#[tokio::test]
async fn a_read_within_a_read_waits_for_nobody() {
    let desk = Desk::open();
    let inner = desk.db.read(|_| -> DbResult<_> { Ok(desk.numbers()) });
    assert_eq!(inner.expect("it reads"), [0; 0]);
}
