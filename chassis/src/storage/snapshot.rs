//! One state of the file, for as long as somebody looks at it.
//!
//! To look at a state, SQLite locks it in the write-ahead log, and lets go of it at the end: two system
//! calls (`fcntl`), which together take as long as a small query. So the point reads leave the state that
//! they look at open for the next one ([`Standing`]). It must not get old: a commit is to be seen by
//! whoever reads after it, and the log can begin again at its start only when nobody looks at what
//! is in it. So the writer ends the standing state before each commit, and holds it off until that is done.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use r2d2::PooledConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

/// How long a state may stand. The writer ends it for what this process commits; this is for what
/// another one does, say somebody who mends a row with `sqlite3`.
const STANDING_MAX: Duration = Duration::from_millis(10);

/// A state of the file, seen until this is dropped.
pub(super) struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    /// The newest one, from the first statement on.
    pub(super) fn of(connection: &'a Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }

    pub(super) fn connection(&self) -> &'a Connection {
        self.0
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        end(self.0);
    }
}

fn end(connection: &Connection) {
    // An error of the disk has ended it already.
    if connection.is_autocommit() {
        return;
    }
    let end = connection.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
    if let Err(error) = end {
        tracing::error!(%error, "a read could not be ended");
    }
}

/// A state of the file that stays open from one read to the next.
#[derive(Debug)]
pub(super) struct Standing(Mutex<View>);

#[derive(Debug)]
pub(super) struct View {
    connection: PooledConnection<SqliteConnectionManager>,
    since: Option<Instant>,
}

impl Standing {
    pub(super) fn new(connection: PooledConnection<SqliteConnectionManager>) -> Self {
        Self(Mutex::new(View { connection, since: None }))
    }

    /// The view for one read, or nothing while another read or a commit is at work.
    pub(super) fn view(&self) -> Option<MutexGuard<'_, View>> {
        match self.0.try_lock() {
            Ok(view) => Some(view),
            // A query that panicked has changed nothing.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Ends the state, and lets nobody begin the next one until the guard is dropped.
    pub(super) fn pause(&self) -> MutexGuard<'_, View> {
        let mut view = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        view.end();
        view
    }
}

impl View {
    /// The connection, on the state that stands or, if that is old, on the newest one.
    pub(super) fn connection(&mut self) -> rusqlite::Result<&Connection> {
        let is_new = |since: Instant| since.elapsed() < STANDING_MAX;
        if !self.since.is_some_and(is_new) || self.connection.is_autocommit() {
            self.end();
            self.connection.prepare_cached("BEGIN")?.execute([])?;
            self.since = Some(Instant::now());
        }
        Ok(&self.connection)
    }

    fn end(&mut self) {
        self.since = None;
        end(&self.connection);
    }
}
