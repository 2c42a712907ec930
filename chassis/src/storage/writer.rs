//! The one thread that writes, and its group commit.
//!
//! SQLite lets one writer in at a time anyway, and making a commit durable costs far more
//! than the statements in it. So whoever wants to write hands a job to this thread. It takes
//! one job, adds whatever else is waiting, runs them all in one transaction, commits once,
//! and only then answers everybody. There is no timer: the next batch gathers while the
//! current one is being synced, so an idle service adds no latency and a busy one shares
//! each fsync among many.
//!
//! Inside a batch each job has a savepoint, so one that is refused or panics undoes its own
//! changes only. Refusals wait for the commit too: one may rest on a neighbor's row.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::watch::{self, Statements};
use super::{DbError, DbResult};
use crate::insight::recorder::{Span, SpanKind, Step, StepKind, whole_us};
use crate::insight::telemetry::RequestContext;

/// Jobs in one commit. Beyond some hundred the fsync is no longer what a job costs, and the
/// first caller in the batch would wait for the last.
const BATCH_MAX: usize = 128;

/// Jobs that may wait: eight full batches. Whoever comes later hears "busy" at once, which
/// beats hearing it after the time-out.
const QUEUE_MAX: usize = 1_024;

/// A job whose type has been forgotten, so that jobs of all kinds share one queue.
trait Job: Send {
    /// Whether nobody waits for the outcome any more.
    fn is_abandoned(&self) -> bool;
    /// Runs the work and keeps its outcome; `true` if its changes are to stay. May run
    /// again when a batch had to be undone.
    fn run(&mut self, tx: &Transaction<'_>) -> bool;
    /// Tells the caller the outcome of the last run, which is on disk.
    fn answer(self: Box<Self>, commit: &Commit);
    /// Tells the caller that the database failed underneath the job.
    fn fail(self: Box<Self>, error: DbError);
}

/// What a recorded request shows of its commit.
struct Commit {
    /// When the transaction began.
    began: Instant,
    /// When its jobs had run and the commit began.
    done: Instant,
    /// How many jobs it held.
    jobs: usize,
}

struct Unit<F, T, E> {
    work: F,
    context: Option<RequestContext>,
    span: Option<Span>,
    statements: Statements,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Unit<F, T, E>
where
    F: Fn(&Transaction<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn run(&mut self, tx: &Transaction<'_>) -> bool {
        if self.context.as_ref().is_some_and(|context| context.epoch.is_over()) {
            self.outcome = Some(Err(DbError::Reset.into()));
            return false;
        }
        // A panic must not take the writer down with it. The savepoint undoes what the job
        // wrote, and the closure is not looked into again, so nothing half-changed is seen.
        let work = || match self.context.clone() {
            Some(context) => context.scope_sync(|| (self.work)(tx)),
            None => (self.work)(tx),
        };
        let work = || catch_unwind(AssertUnwindSafe(work));
        let outcome = if self.span.is_some() {
            let (outcome, statements) = watch::watch(tx, work);
            self.statements = statements;
            outcome
        } else {
            work()
        };
        let outcome = outcome
            .unwrap_or_else(|panic| Err(DbError::Panicked(panic_text(panic.as_ref())).into()));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, commit: &Commit) {
        let Self { outcome, reply, span, statements, .. } = *self;
        if let Some(span) = span {
            let kept = outcome.as_ref().is_some_and(Result::is_ok);
            write_story(&span, statements, commit, kept);
        }
        // A caller that has gone away cannot be told; its job stands all the same.
        let _ = reply.send(outcome.unwrap_or_else(|| Err(DbError::Closing.into())));
    }

    fn fail(self: Box<Self>, error: DbError) {
        let _ = self.reply.send(Err(error.into()));
    }
}

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
    /// Starts the thread. It owns `connection`, the only one that writes.
    pub(super) fn start(connection: Connection) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let commits = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&commits);
        let thread = thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || serve(connection, jobs, &counter))?;
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
        let context = RequestContext::current();
        let parent = context.as_ref().and_then(|context| context.span.as_ref());
        let span =
            parent.and_then(|span| span.child(SpanKind::Transaction, || "transaction".to_owned()));
        let statements = Statements::default();
        let job = Box::new(Unit { work, context, span, statements, outcome: None, reply });
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

fn serve(mut connection: Connection, mut jobs: mpsc::Receiver<Message>, commits: &AtomicU64) {
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
        commit_together(&mut connection, batch, commits);
        if stopping {
            break;
        }
    }
    // So that a plain copy of the file is complete, and the next start has nothing to do.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "could not fold the write-ahead log into the file");
    }
}

fn commit_together(connection: &mut Connection, mut batch: Vec<Box<dyn Job>>, commits: &AtomicU64) {
    let together = if batch.len() > 1 { run_batch(connection, &mut batch).ok() } else { None };
    if together.is_some() {
        commits.fetch_add(1, Ordering::Release);
    }
    for job in batch {
        match &together {
            Some(commit) => job.answer(commit),
            None => commit_alone(connection, job, commits),
        }
    }
}

/// Runs all jobs in one transaction. An error means that none of them happened: a full disk,
/// for one, ends the whole transaction and not just the savepoint of the job that met it.
/// The caller then gives each job a transaction of its own, which is why a job must be able
/// to run twice.
fn run_batch(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> DbResult<Commit> {
    let (began, jobs) = (Instant::now(), batch.len());
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        tx.prepare_cached("SAVEPOINT job")?.execute([])?;
        let keep = job.run(&tx);
        if tx.is_autocommit() {
            return Err(DbError::Closing);
        }
        if !keep {
            tx.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        tx.prepare_cached("RELEASE job")?.execute([])?;
    }
    let done = Instant::now();
    tx.commit()?;
    Ok(Commit { began, done, jobs })
}

fn commit_alone(connection: &mut Connection, mut job: Box<dyn Job>, commits: &AtomicU64) {
    let began = Instant::now();
    let tx = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(tx) => tx,
        Err(error) => return job.fail(error.into()),
    };
    let keep = job.run(&tx);
    let commit = Commit { began, done: Instant::now(), jobs: 1 };
    let ended = if keep { tx.commit() } else { tx.rollback() };
    commits.fetch_add(1, Ordering::Release);
    match ended {
        Ok(()) => job.answer(&commit),
        // A refusal needs no database to be true, and names the cause better.
        Err(_) if !keep => job.answer(&commit),
        Err(error) => job.fail(error.into()),
    }
}

/// BEGIN, the statements, and how it ended.
fn write_story(span: &Span, statements: Statements, commit: &Commit, kept: bool) {
    let source = file!();
    let step = |kind, text: String, duration_us| Step {
        at_us: 0,
        kind,
        text,
        rows: None,
        duration_us,
        source,
    };
    let others = match commit.jobs {
        1 => String::new(),
        jobs => format!(", one of {jobs} in this commit"),
    };
    span.note_at(commit.began, step(StepKind::Begin, format!("BEGIN IMMEDIATE{others}"), None));
    statements.write_to(span);
    let took = Some(whole_us(commit.done.elapsed()));
    let (kind, text) = if kept {
        (StepKind::Commit, "COMMIT, and on disk")
    } else {
        (StepKind::Rollback, "ROLLBACK")
    };
    span.note_at(commit.done, step(kind, text.to_owned(), took));
    span.finish(None, Some(text.to_owned()));
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
