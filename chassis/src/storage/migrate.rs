//! From an empty or older file to the current schema.
//!
//! SQLite keeps one number for its users, `PRAGMA user_version`; here it counts the
//! migrations that a file has seen. Each migration and its count commit together, so a
//! crash in between leaves the file at a version that exists.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::DbError;

/// One step of the schema. A released step is never edited; the next one changes it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Four digits and the subject, as the file is called: `0001_orders`.
    pub name: &'static str,
    /// The statements, run as one batch.
    pub sql: &'static str,
}

/// Why a file cannot be brought to the current schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The file was written by a newer version of this program.
    #[error(
        "the database is at schema version {found}, this program knows only {known}: \
         start a newer program, or point DATABASE_PATH at another file"
    )]
    Newer {
        /// The version in the file.
        found: u32,
        /// The version this program would make.
        known: u32,
    },
    /// A step failed; the file is as it was before that step.
    #[error("migration {name} failed: {cause}")]
    Failed {
        /// The step that failed.
        name: &'static str,
        /// What SQLite said.
        cause: DbError,
    },
    /// The version could not be read.
    #[error("cannot read the schema version: {0}")]
    Unreadable(DbError),
}

/// Runs the steps that the file has not seen yet.
///
/// # Errors
///
/// [`MigrateError`], with the file at the last version that was complete.
pub fn migrate(connection: &mut Connection, steps: &[Migration]) -> Result<(), MigrateError> {
    let unreadable = |cause: rusqlite::Error| MigrateError::Unreadable(DbError::Sqlite(cause));
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(unreadable)?;
    let numbered = (1..).zip(steps);
    let known = numbered.clone().last().map_or(0, |(version, _)| version);
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    for (version, step) in numbered.filter(|(version, _)| *version > found) {
        apply(connection, step, version).map_err(|cause| MigrateError::Failed {
            name: step.name,
            cause: DbError::Sqlite(cause),
        })?;
        tracing::info!(migration = step.name, "migrated");
    }
    Ok(())
}

fn apply(connection: &mut Connection, step: &Migration, version: u32) -> rusqlite::Result<()> {
    let tx: Transaction<'_> =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(step.sql)?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration { name: "0001_a", sql: "CREATE TABLE a (x INTEGER);" };
    const SECOND: Migration =
        Migration { name: "0002_b", sql: "ALTER TABLE a ADD COLUMN y INTEGER;" };
    const BROKEN: Migration =
        Migration { name: "0002_broken", sql: "CREATE TABLE b (x INTEGER); SELECT nonsense;" };

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_file_gets_only_the_missing_steps() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        connection.execute("INSERT INTO a (x) VALUES (7)", []).unwrap();

        migrate(&mut connection, &[FIRST, SECOND]).unwrap();

        assert_eq!(version(&connection), 2);
        let kept: i64 = connection.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 7);
    }

    #[test]
    fn a_newer_file_is_refused_with_both_versions() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, SECOND]).unwrap();

        let refusal = migrate(&mut connection, &[FIRST]).unwrap_err().to_string();

        assert!(refusal.contains("version 2") && refusal.contains("only 1"), "{refusal}");
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();

        let refusal = migrate(&mut connection, &[FIRST, BROKEN]).unwrap_err().to_string();

        assert!(refusal.contains("0002_broken"), "{refusal}");
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }
}
