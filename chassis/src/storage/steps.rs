//! How much SQLite does for a query: counted, not timed, so it is the same on every machine.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

use std::cell::Cell;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus};

use super::Migration;

thread_local! {
    static STEPS: Cell<i32> = const { Cell::new(0) };
}

/// A file in memory with the schema of a service.
///
/// # Panics
///
/// If a step of the schema fails.
pub fn file_with(migrations: &[Migration]) -> Connection {
    let file = Connection::open_in_memory().expect("SQLite opens a file in memory");
    for step in migrations {
        file.execute_batch(step.sql).expect("the step applies");
    }
    file
}

/// The steps of SQLite's machine that `work` takes (`SQLITE_STMTSTATUS_VM_STEP`).
/// An index does not make a step cheaper, it makes fewer of them: a query that reads as many rows has
/// as many steps, however many there are in the file.
pub fn steps_of(file: &Connection, work: impl FnOnce(&Connection)) -> i32 {
    // A statement that is kept goes on counting.
    file.flush_prepared_statement_cache();
    STEPS.set(0);
    file.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(count));
    work(file);
    file.trace_v2(TraceEventCodes::empty(), None);
    STEPS.get()
}

fn count(event: TraceEvent<'_>) {
    if let TraceEvent::Profile(statement, _) = event {
        STEPS.set(STEPS.get() + statement.get_status(StatementStatus::VmStep));
    }
}
