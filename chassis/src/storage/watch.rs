//! Watching the statements of a recorded request: each with its rows and its time.
//!
//! SQLite reports to a plain function, which cannot know whose statement it is. It need not:
//! a connection works on one thread at a time, so what it reports is gathered there and
//! taken away when the work is done. Work that is not recorded is not reported.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::time::{Duration, Instant};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{CachedStatement, Connection, Params, Statement};

use super::DbResult;
use crate::insight::recorder::{Span, Step, StepKind, whole_us};

/// A statement that was run.
#[derive(Debug)]
struct Seen {
    sql: String,
    rows: u64,
    ended: Instant,
    took: Duration,
    source: &'static str,
}

thread_local! {
    static SEEN: RefCell<Option<Vec<Seen>>> = const { RefCell::new(None) };
    static ROWS: Cell<u64> = const { Cell::new(0) };
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    static SOURCE: Cell<&'static str> = const { Cell::new("") };
}

/// The statements of some work, in their order.
#[derive(Debug, Default)]
pub(crate) struct Statements(Vec<Seen>);

impl Statements {
    /// Adds them to a span as steps.
    pub(crate) fn write_to(self, span: &Span) {
        for seen in self.0 {
            let began = seen.ended.checked_sub(seen.took).unwrap_or(seen.ended);
            let step = Step {
                at_us: 0,
                kind: StepKind::Sql,
                text: seen.sql,
                rows: Some(seen.rows),
                duration_us: Some(whole_us(seen.took)),
                source: seen.source,
            };
            span.note_at(began, step);
        }
    }
}

/// A connection that reports what this thread does on it. It stops when this is dropped, also by a
/// panic: the connection goes on to serve requests that nobody records.
pub(crate) struct Watch<'a>(&'a Connection);

impl<'a> Watch<'a> {
    /// From now on.
    pub(crate) fn start(connection: &'a Connection) -> Self {
        SEEN.set(Some(Vec::new()));
        // For statements that are run past [`Sql::statement`]. Not what stood there last: that may
        // be of another request.
        SOURCE.set(file!());
        // The time that SQLite itself measures has steps of a millisecond, so the start is noted.
        let codes = TraceEventCodes::SQLITE_TRACE_STMT
            | TraceEventCodes::SQLITE_TRACE_ROW
            | TraceEventCodes::SQLITE_TRACE_PROFILE;
        connection.trace_v2(codes, Some(see));
        Self(connection)
    }

    /// Until now; returns what was done.
    pub(crate) fn finish(self) -> Statements {
        drop(self);
        Statements(SEEN.take().unwrap_or_default())
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.trace_v2(TraceEventCodes::empty(), None);
    }
}

fn see(event: TraceEvent<'_>) {
    match event {
        TraceEvent::Row(_) => ROWS.set(ROWS.get() + 1),
        TraceEvent::Stmt(..) => BEGAN.set(Some(Instant::now())),
        TraceEvent::Profile(statement, _) => {
            let rows = ROWS.replace(0);
            let took = BEGAN.take().map_or(Duration::ZERO, |began| began.elapsed());
            let sql = on_one_line(&statement.sql());
            SEEN.with_borrow_mut(|seen| {
                if let Some(seen) = seen {
                    let source = SOURCE.get();
                    seen.push(Seen { sql, rows, ended: Instant::now(), took, source });
                }
            });
        }
        _ => {}
    }
}

/// The statement is written over several lines in its file, for people who read it there.
fn on_one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Statements that can be watched.
pub trait Sql {
    /// A statement, prepared once per connection and kept. The same as `prepare_cached`, and a
    /// recorded request shows the file that it stands in.
    ///
    /// # Errors
    ///
    /// [`super::DbError`].
    fn statement(&self, sql: &str) -> DbResult<CachedStatement<'_>>;
}

impl Sql for Connection {
    #[track_caller]
    fn statement(&self, sql: &str) -> DbResult<CachedStatement<'_>> {
        SOURCE.set(Location::caller().file());
        Ok(self.prepare_cached(sql)?)
    }
}

/// Running a statement that changes something.
pub trait Run {
    /// Runs it and returns how many rows it changed. The same as `execute`, and a recorded
    /// request shows the number.
    ///
    /// # Errors
    ///
    /// [`super::DbError`].
    fn run(&mut self, parameters: impl Params) -> DbResult<usize>;
}

impl Run for Statement<'_> {
    fn run(&mut self, parameters: impl Params) -> DbResult<usize> {
        let changed = self.execute(parameters)?;
        SEEN.with_borrow_mut(|seen| {
            if let Some(last) = seen.as_mut().and_then(|seen| seen.last_mut()) {
                last.rows = changed.try_into().unwrap_or(u64::MAX);
            }
        });
        Ok(changed)
    }
}
