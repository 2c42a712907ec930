//! The one thread that writes, and its group commit.
//!
//! SQLite lets one writer in at a time anyway, and making a commit durable costs far more
//! than the statements in it. So whoever wants to write hands a job to this thread. It takes
//! one job, adds whatever else is waiting, runs them all in one transaction, commits once,
//! and only then answers everybody. There is no timer: the next batch gathers while the
//! current one is being synced, so an idle service adds no latency and a busy one shares
//! each fsync among many.
//!
//! A job that is refused or panics undoes its own changes only. Mostly it has made none: whoever
//! refuses does so before writing. So a batch begins without savepoints, for each of which SQLite
//! would copy every page that a job changes; only when somebody has changed something and is
//! refused is it undone, and run once more with a savepoint for each job. Refusals wait for the
//! commit too: one may rest on a neighbor's row.
//!
//! When the disk fails, the thread ends. Linux tells of a failed sync once and forgets what was to be
//! written; the next sync succeeds and proves nothing. So nothing is committed after that, and the
//! service stops, to begin again with what is on disk.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::job::{Commit, Job, Unit};
use super::place::Place;
use super::snapshot::Standing;
use super::{DbError, DbResult};

/// Jobs in one commit. Beyond some hundred the fsync is no longer what a job costs, and the
/// first caller in the batch would wait for the last.
const BATCH_MAX: usize = 128;

/// Jobs that may wait: eight full batches. Whoever comes later hears "busy" at once, which
/// beats hearing it after the time-out.
const QUEUE_MAX: usize = 1_024;

enum Message {
    Run(Box<dyn Job>),
    Stop,
}

/// Hands jobs to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the thread. It owns `connection`, the only one that writes, to the files in `place`.
    pub(super) fn start(
        connection: Connection,
        place: Place,
        standing: Arc<Standing>,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let commits = Arc::new(AtomicU64::new(0));
        let committer = Committer { connection, standing, commits: Arc::clone(&commits) };
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || serve(&committer, &place, jobs))?;
        Ok((Self { queue, commits }, thread))
    }

    /// Runs `work` in a transaction and returns its outcome once that is on disk.
    pub(super) async fn run<F, T, E>(&self, work: F) -> Result<T, E>
    where
        F: Fn(&Transaction<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        let job = Box::new(Unit::new(work, reply));
        self.queue.try_send(Message::Run(job)).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => DbError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => DbError::Closing,
        })?;
        outcome.await.unwrap_or_else(|_| Err(DbError::Closing.into()))
    }

    /// Commits so far. Counted after a commit is visible and before anybody hears of it.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// Jobs that wait.
    pub(super) fn depth(&self) -> usize {
        QUEUE_MAX - self.queue.capacity()
    }

    /// Asks the thread to finish what is queued, fold the log into the file and end.
    pub(super) async fn stop(&self) {
        // An error means that the thread has ended already, which is what we want.
        let _ = self.queue.send(Message::Stop).await;
    }
}

fn serve(committer: &Committer, place: &Place, mut jobs: mpsc::Receiver<Message>) {
    while let Some(Message::Run(first)) = jobs.blocking_recv() {
        let mut batch = vec![first];
        let mut stopping = false;
        while batch.len() < BATCH_MAX && !stopping {
            match jobs.try_recv() {
                Ok(Message::Run(job)) => batch.push(job),
                Ok(Message::Stop) => stopping = true,
                Err(_) => break,
            }
        }
        // Whoever gave up before the start gets no effect; after the start it stands.
        batch.retain(|job| !job.is_abandoned());
        if !place.is_there() {
            batch.into_iter().for_each(|job| job.fail(DbError::Gone));
        } else if committer.commit_together(batch).is_break() {
            return;
        }
        if stopping {
            break;
        }
    }
    committer.fold_log();
}

/// What takes jobs to the disk.
struct Committer {
    connection: Connection,
    standing: Arc<Standing>,
    commits: Arc<AtomicU64>,
}

impl Committer {
    /// A break means that the file or its disk is broken. Whoever is not answered by then hears
    /// that the database is closing.
    fn commit_together(&self, mut batch: Vec<Box<dyn Job>>) -> ControlFlow<()> {
        if batch.len() > 1 {
            match self.run_batch(&mut batch) {
                Ok(commit) => {
                    batch.into_iter().for_each(|job| job.answer(&commit));
                    return ControlFlow::Continue(());
                }
                Err(error) if error.is_fatal() => return ControlFlow::Break(()),
                Err(_) => {}
            }
        }
        batch.into_iter().try_for_each(|job| self.commit_alone(job))
    }

    /// Runs all jobs in one transaction. An error means that none of them happened: a full disk,
    /// for one, ends the whole transaction and not just the savepoint of the job that met it.
    /// The caller then gives each job a transaction of its own. Either way a job may run again.
    fn run_batch(&self, batch: &mut [Box<dyn Job>]) -> DbResult<Commit> {
        let (began, jobs) = (Instant::now(), batch.len());
        let mut tx = begin(&self.connection)?;
        if !run_all(&tx, batch)? {
            tx.rollback()?;
            tx = begin(&self.connection)?;
            run_all_with_savepoints(&tx, batch)?;
        }
        let done = Instant::now();
        self.commit(tx)?;
        Ok(Commit { began, done, jobs })
    }

    fn commit_alone(&self, mut job: Box<dyn Job>) -> ControlFlow<()> {
        let began = Instant::now();
        let tx = match begin(&self.connection) {
            Ok(tx) => tx,
            Err(error) => return fail(job, error.into()),
        };
        let keep = job.run(&tx);
        let commit = Commit { began, done: Instant::now(), jobs: 1 };
        let ended = if keep { self.commit(tx) } else { tx.rollback() };
        match ended {
            Err(error) if keep => return fail(job, error.into()),
            // A refusal needs no database to be true, and names the cause better.
            Ok(()) | Err(_) => job.answer(&commit),
        }
        ControlFlow::Continue(())
    }

    /// Makes a transaction durable and visible, in this order. SQLite also folds the log into the
    /// file here, each time that it has grown by some hundred pages.
    fn commit(&self, tx: Transaction<'_>) -> rusqlite::Result<()> {
        let _nobody_looks = self.standing.pause();
        let ended = tx.commit();
        self.commits.fetch_add(1, Ordering::Release);
        ended
    }

    /// So that a plain copy of the file is complete, and the next start has nothing to do.
    fn fold_log(&self) {
        let _nobody_looks = self.standing.pause();
        let fold = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = self.connection.query_row(fold, [], |_| Ok(())) {
            tracing::warn!(%error, "could not fold the write-ahead log into the file");
        }
    }
}

fn fail(job: Box<dyn Job>, error: DbError) -> ControlFlow<()> {
    let is_fatal = error.is_fatal();
    job.fail(error);
    if is_fatal { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A transaction that has the right to write from its start.
fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

/// Runs jobs one after the other; `false` at the first that is refused and has changed rows.
fn run_all(tx: &Transaction<'_>, batch: &mut [Box<dyn Job>]) -> DbResult<bool> {
    for job in batch {
        let before = tx.total_changes();
        let keep = run_one(tx, job.as_mut())?;
        if !keep && tx.total_changes() != before {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs jobs one after the other, and undoes those that are refused.
fn run_all_with_savepoints(tx: &Transaction<'_>, batch: &mut [Box<dyn Job>]) -> DbResult<()> {
    for job in batch {
        tx.prepare_cached("SAVEPOINT job")?.execute([])?;
        if !run_one(tx, job.as_mut())? {
            tx.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        tx.prepare_cached("RELEASE job")?.execute([])?;
    }
    Ok(())
}

/// Runs a job; an error if the transaction has ended under it.
fn run_one(tx: &Transaction<'_>, job: &mut dyn Job) -> DbResult<bool> {
    let keep = job.run(tx);
    if tx.is_autocommit() { Err(DbError::Closing) } else { Ok(keep) }
}
