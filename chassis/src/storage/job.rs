//! A unit of work on its way through the writer: what is to be done, for whom, and what came of it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rusqlite::Transaction;
use tokio::sync::oneshot;

use super::DbError;
use super::watch::{Statements, Watch};
use crate::insight::recorder::{Span, SpanKind, Step, StepKind, whole_us};
use crate::insight::telemetry::RequestContext;

/// A job whose type has been forgotten, so that jobs of all kinds share one queue.
pub(super) trait Job: Send {
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
pub(super) struct Commit {
    /// When the transaction began.
    pub(super) began: Instant,
    /// When its jobs had run and the commit began.
    pub(super) done: Instant,
    /// How many jobs it held.
    pub(super) jobs: usize,
}

/// A job whose type is known.
pub(super) struct Unit<F, T, E> {
    work: F,
    context: Option<RequestContext>,
    span: Option<Span>,
    statements: Statements,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Unit<F, T, E> {
    /// `work`, for the request that is being served. Its outcome goes to `reply`.
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        let context = RequestContext::current();
        let parent = context.as_ref().and_then(|context| context.span.as_ref());
        let span =
            parent.and_then(|span| span.child(SpanKind::Transaction, || "transaction".to_owned()));
        Self { work, context, span, statements: Statements::default(), outcome: None, reply }
    }
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
        // A panic must not take the writer down with it. What the job wrote is undone, and the
        // closure has changed nothing else, so nothing half-changed is seen.
        let watch = self.span.as_ref().map(|_| Watch::start(tx));
        let work = || RequestContext::scope_sync(self.context.clone(), || (self.work)(tx));
        let outcome = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(DbError::Panicked(panic_text(panic.as_ref())).into()));
        self.statements = watch.map(Watch::finish).unwrap_or_default();
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
