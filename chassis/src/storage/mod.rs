//! One SQLite file per service: many readers, one writer, nothing acknowledged before it
//! is on disk.
//!
//! 1. [`error`]: what can go wrong with a database, and whether waiting helps.
//! 2. [`migrate`]: from an empty or older file to the current schema.
//! 3. [`watch`]: the statements of a recorded request.
//! 4. `job`: a unit of work on its way through the writer.
//! 5. [`writer`]: the one thread that writes, and its group commit.
//! 6. [`db`]: the door to all of it, `read`, `scan` and `write`.
//! 7. [`idempotency`]: the same request twice has one effect and one reply.
//! 8. [`shell`]: a look inside the file for a lesson, `cart sql "SELECT ..."`.

pub mod error;
pub mod migrate;
pub mod watch;
mod job;
pub mod writer;
pub mod db;
pub mod idempotency;
pub mod shell;

pub use db::Db;
pub use error::{DbError, DbResult};
pub use migrate::{Migration, Owner};
pub use watch::{Run, Sql};
