//! The one thread that writes: what a job can do to its neighbors in a batch, to the queue and
//! to the file. Nothing, except what it committed.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

mod desk;
mod reads;

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use axum::response::IntoResponse;
use chassis::http::Problem;
use chassis::storage::{DbError, DbResult};
use rusqlite::Transaction;

use self::desk::{Desk, counted, outcome, refused, wait_for};

/// As many as may wait, see `storage::writer`.
const QUEUE_MAX: i64 = 1_024;

#[tokio::test]
async fn jobs_that_wait_together_share_one_commit() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let mut jobs = Vec::new();
    for n in 0..50 {
        jobs.push(desk.queue(n).await);
    }
    let before = desk.db.commits();

    busy.end().await;
    for (n, job) in (0..).zip(jobs) {
        assert_eq!(outcome(job).await.expect("it commits"), n);
    }

    // The one that kept the writer busy, and one for all fifty.
    assert_eq!(desk.db.commits() - before, 2);
    assert_eq!(desk.numbers(), (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_job_that_panics_takes_nothing_of_its_neighbors_with_it() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let first = desk.queue(1).await;
    let panics = desk.queue_with(2, |_| panic!("a mistake of ours")).await;
    let last = desk.queue(3).await;

    busy.end().await;

    assert!(
        matches!(outcome(panics).await, Err(DbError::Panicked(text)) if text == "a mistake of ours")
    );
    assert_eq!((outcome(first).await.ok(), outcome(last).await.ok()), (Some(1), Some(3)));
    assert_eq!(desk.numbers(), [1, 3]);
}

#[tokio::test]
async fn a_job_that_violates_a_constraint_undoes_only_itself() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let first = desk.queue(1).await;
    let repeated = desk.queue(1).await;
    let half = |tx: &Transaction<'_>| -> DbResult<()> {
        tx.execute("INSERT INTO numbers (n) VALUES (1000000)", [])?;
        Ok(())
    };
    let half_done = desk.queue_with(2, half).await;
    let last = desk.queue(3).await;

    busy.end().await;

    for job in [repeated, half_done] {
        assert!(matches!(outcome(job).await, Err(DbError::Sqlite(_))));
    }
    assert_eq!((outcome(first).await.ok(), outcome(last).await.ok()), (Some(1), Some(3)));
    assert_eq!(desk.numbers(), [1, 3]);
}

#[tokio::test]
async fn a_job_that_is_refused_undoes_only_itself() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let first = desk.queue(1).await;
    let no = desk.queue_with(2, |_| Err(refused())).await;
    let last = desk.queue(3).await;
    let before = desk.db.commits();

    busy.end().await;

    assert!(matches!(outcome(no).await, Err(DbError::Unwritable(_))));
    assert_eq!((outcome(first).await.ok(), outcome(last).await.ok()), (Some(1), Some(3)));
    assert_eq!((desk.numbers(), desk.db.commits() - before), (vec![1, 3], 2));
}

#[tokio::test]
async fn a_refusal_that_changed_nothing_costs_its_neighbors_nothing() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let (runs, count) = counted();
    let first = desk.queue_with(1, count).await;
    let repeated = desk.queue(1).await;
    let last = desk.queue(3).await;
    let before = desk.db.commits();

    busy.end().await;

    assert!(matches!(outcome(repeated).await, Err(DbError::Sqlite(_))));
    assert_eq!((outcome(first).await.ok(), outcome(last).await.ok()), (Some(1), Some(3)));
    assert_eq!((runs.load(Ordering::Relaxed), desk.db.commits() - before), (1, 2));
}

/// A full disk ends the whole transaction under its jobs; here one of them does it.
#[tokio::test]
async fn a_batch_whose_transaction_dies_is_run_again_one_by_one() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let (runs, count) = counted();
    let first = desk.queue_with(1, count).await;
    let ends_it = |tx: &Transaction<'_>| Ok(tx.execute_batch("ROLLBACK")?);
    let deadly = desk.queue_with(2, ends_it).await;
    let last = desk.queue(3).await;

    busy.end().await;

    assert!(outcome(deadly).await.is_err());
    assert_eq!((outcome(first).await.ok(), outcome(last).await.ok()), (Some(1), Some(3)));
    assert_eq!(desk.numbers(), [1, 3]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn the_writer_goes_on_after_a_transaction_that_died() {
    let desk = Desk::open();
    let ends_it = |tx: &Transaction<'_>| Ok(tx.execute_batch("ROLLBACK")?);

    let busy = desk.occupy().await;
    let deadly = desk.queue_with(1, ends_it).await;
    busy.end().await;
    assert!(outcome(deadly).await.is_err());

    let busy = desk.occupy().await;
    let later = desk.queue(2).await;
    busy.end().await;
    assert_eq!(outcome(later).await.ok(), Some(2));
    assert_eq!(desk.numbers(), [2]);
}

#[tokio::test]
async fn a_caller_that_hung_up_before_the_start_has_no_effect() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let gone = desk.queue(1).await;
    let stays = desk.queue(2).await;
    gone.abort();
    assert!(gone.await.expect_err("it was cut off").is_cancelled());

    busy.end().await;

    assert_eq!(outcome(stays).await.ok(), Some(2));
    assert_eq!(desk.numbers(), [2]);
}

#[tokio::test]
async fn a_job_that_has_started_stands_even_if_its_caller_hangs_up() {
    let desk = Desk::open();
    let (begun, wait) = channel();
    let (release, hold) = channel::<()>();
    let hold = Mutex::new(hold);
    let db = desk.db.clone();
    let job = tokio::spawn(async move {
        db.write(move |tx| -> DbResult<()> {
            tx.execute("INSERT INTO numbers (n) VALUES (1)", [])?;
            begun.send(()).expect("the test waits");
            wait_for(&hold);
            Ok(())
        })
        .await
    });
    tokio::task::spawn_blocking(move || wait.recv()).await.expect("it waits").expect("it runs");
    job.abort();
    assert!(job.await.expect_err("it was cut off").is_cancelled());

    release.send(()).expect("the job waits");
    desk.db.write(|_| -> DbResult<()> { Ok(()) }).await.expect("the next one commits");

    assert_eq!(desk.numbers(), [1]);
}

#[tokio::test]
async fn a_full_queue_says_busy_at_once_and_loses_nobody_who_waits() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let mut jobs = Vec::new();
    for n in 0..QUEUE_MAX {
        jobs.push(desk.queue(n).await);
    }

    let refusal = desk.db.write(|_| -> DbResult<()> { Ok(()) }).await.expect_err("it is full");

    assert!(matches!(refusal, DbError::QueueFull));
    let answer = Problem::from(refusal).into_response();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    busy.end().await;
    for job in jobs {
        outcome(job).await.expect("it commits");
    }
    assert_eq!(desk.numbers(), (0..QUEUE_MAX).collect::<Vec<_>>());
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_folds_the_log_into_the_file() {
    let desk = Desk::open();
    let busy = desk.occupy().await;
    let mut jobs = Vec::new();
    for n in 0..300 {
        jobs.push(desk.queue(n).await);
    }

    let db = desk.db.clone();
    let closing = tokio::spawn(async move { db.close().await });
    busy.end().await;
    closing.await.expect("it closes");

    for job in jobs {
        outcome(job).await.expect("it commits");
    }
    let late = desk.db.write(|_| -> DbResult<()> { Ok(()) }).await;
    assert!(matches!(late, Err(DbError::Closing)));
    let log = std::fs::metadata(desk.folder.path().join("numbers.db-wal"));
    assert_eq!(log.map_or(0, |log| log.len()), 0);
    assert_eq!(desk.numbers(), (0..300).collect::<Vec<_>>());
}
