//! One SQLite file per service: many readers, one writer, nothing acknowledged before it
//! is on disk.
//!
//! 1. [`error`]: what can go wrong with a database, and whether waiting helps.
//! 2. [`migrate`]: from an empty or older file to the current schema.
//! 3. [`watch`]: the statements of a recorded request.
//! 4. [`savepoint`]: a part of a unit of work that leaves nothing behind when it fails.
//! 5. `job`: a unit of work on its way through the writer.
//! 6. `place`: whether the files are still where they were opened.
//! 7. `snapshot`: one state of the file, for one read or from one read to the next.
//! 8. [`writer`]: the one thread that writes, and its group commit.
//! 9. [`db`]: the door to all of it, `read`, `scan` and `write`.
//! 10. [`idempotency`]: the same request twice has one effect and one reply.
//! 11. [`shell`]: a look inside the file for a lesson, `cart sql "SELECT ..."`.
//! 12. `steps`: how much SQLite does for a query, for tests.

pub mod error;
pub mod migrate;
pub mod watch;
pub mod savepoint;
mod job;
mod place;
mod snapshot;
pub mod writer;
pub mod db;
pub mod idempotency;
pub mod shell;
#[cfg(any(test, feature = "testing"))]
pub mod steps;

pub use db::Db;
pub use error::{DbError, DbResult};
pub use migrate::{Migration, Owner};
pub use watch::{Run, Sql};
