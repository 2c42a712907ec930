//! From an empty or older file to the current schema.
//!
//! SQLite keeps one number for its users, `PRAGMA user_version`; here it counts the
//! migrations that a file has seen. Each migration and its count commit together, so a
//! crash in between leaves the file at a version that exists.
//!
//! It keeps a second one, `PRAGMA application_id`, which says whose file it is. Without it, a
//! service that is started on another's file would find the version it expects, and none of its
//! tables.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{DbError, DbResult};

/// One step of the schema. A released step is never edited; the next one changes it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Four digits and the subject, as the file is called: `0001_orders`.
    pub name: &'static str,
    /// The statements, run as one batch.
    pub sql: &'static str,
}

/// Whose a file is.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// Four letters, written into the file when it is made.
    pub mark: &'static [u8; 4],
    /// The table that no other service has. A file of a release that made no mark is known by it.
    pub table: &'static str,
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
    /// The file holds the data of somebody else.
    #[error("the database belongs to another program: point DATABASE_PATH at another file")]
    NotOurs,
    /// A step failed; the file is as it was before that step.
    #[error("migration {name} failed: {cause}")]
    Failed {
        /// The step that failed.
        name: &'static str,
        /// What SQLite said.
        cause: DbError,
    },
    /// Whose file it is and at which version could not be read, or not be written down.
    #[error("cannot read the schema version: {0}")]
    Unreadable(DbError),
}

/// Runs the steps that the file has not seen yet, with a write-ahead log. That it has one is written
/// into the file, so nothing is before it is known whose it is.
///
/// # Errors
///
/// [`MigrateError`], with the file at the last version that was complete.
pub fn migrate(
    connection: &mut Connection,
    owner: Owner,
    steps: &[Migration],
) -> Result<(), MigrateError> {
    let unreadable = |cause: rusqlite::Error| MigrateError::Unreadable(DbError::Sqlite(cause));
    if !claim(connection, owner).map_err(unreadable)? {
        return Err(MigrateError::NotOurs);
    }
    let found: u32 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(unreadable)?;
    let numbered = (1..).zip(steps);
    let known = numbered.clone().last().map_or(0, |(version, _)| version);
    if found > known {
        return Err(MigrateError::Newer { found, known });
    }
    // Readers and the writer do not wait for each other.
    connection.pragma_update(None, "journal_mode", "WAL").map_err(unreadable)?;
    for (version, step) in numbered.filter(|(version, _)| *version > found) {
        apply(connection, step, version).map_err(|cause| MigrateError::Failed {
            name: step.name,
            cause: DbError::Sqlite(cause),
        })?;
        tracing::info!(migration = step.name, "migrated");
    }
    Ok(())
}

/// Whether the file is the owner's; one without a mark gets it if it is empty or holds the
/// owner's table.
fn claim(connection: &Connection, owner: Owner) -> rusqlite::Result<bool> {
    let ours = i32::from_be_bytes(*owner.mark);
    let mark: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if mark != 0 {
        return Ok(mark == ours);
    }
    let is_free: bool = connection.query_row(
        "SELECT count(*) = 0 OR coalesce(sum(type = 'table' AND name = ?1), 0) > 0
         FROM sqlite_schema",
        [owner.table],
        |row| row.get(0),
    )?;
    if is_free {
        connection.pragma_update(None, "application_id", ours)?;
    }
    Ok(is_free)
}

fn apply(connection: &mut Connection, step: &Migration, version: u32) -> rusqlite::Result<()> {
    let tx: Transaction<'_> =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute_batch(step.sql)?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()
}

/// Makes a file what it was on its first day: no table, and then every step again.
///
/// Dropping a table costs a look at each of its pages. `DELETE` would look at each row, as it
/// does for every table that has a foreign key or is what one points at.
///
/// # Errors
///
/// [`DbError`], and what was changed is to be undone.
pub fn start_over(tx: &Transaction<'_>, steps: &[Migration]) -> DbResult<()> {
    // The youngest first: a table is younger than those that it refers to, and nothing may refer
    // to a table that goes.
    let mut tables = tx.prepare(
        "SELECT format('DROP TABLE \"%w\"', name) FROM sqlite_schema
         WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid DESC",
    )?;
    let drops = tables.query_map([], |row| row.get(0))?;
    let drops: Vec<String> = drops.collect::<rusqlite::Result<_>>()?;
    for drop in drops {
        tx.execute_batch(&drop)?;
    }
    for step in steps {
        tx.execute_batch(step.sql)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner = Owner { mark: b"test", table: "a" };
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
        migrate(&mut connection, OWNER, &[FIRST]).unwrap();
        connection.execute("INSERT INTO a (x) VALUES (7)", []).unwrap();

        migrate(&mut connection, OWNER, &[FIRST, SECOND]).unwrap();

        assert_eq!(version(&connection), 2);
        let kept: i64 = connection.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 7);
    }

    #[test]
    fn a_newer_file_is_refused_with_both_versions() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, OWNER, &[FIRST, SECOND]).unwrap();

        let refusal = migrate(&mut connection, OWNER, &[FIRST]).unwrap_err().to_string();

        assert!(refusal.contains("version 2") && refusal.contains("only 1"), "{refusal}");
    }

    #[test]
    fn a_file_of_somebody_else_is_refused_and_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE z (x INTEGER);").unwrap();
        let refusal = migrate(&mut connection, OWNER, &[FIRST]).unwrap_err();
        assert!(matches!(refusal, MigrateError::NotOurs), "{refusal}");
        assert_eq!(version(&connection), 0);

        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, OWNER, &[FIRST]).unwrap();
        let other = Owner { mark: b"else", table: "a" };
        let refusal = migrate(&mut connection, other, &[FIRST]).unwrap_err();
        assert!(matches!(refusal, MigrateError::NotOurs), "{refusal}");
    }

    #[test]
    fn an_older_file_without_a_mark_is_known_by_its_table() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(FIRST.sql).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();

        migrate(&mut connection, OWNER, &[FIRST, SECOND]).unwrap();

        let mark: i32 =
            connection.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(mark.to_be_bytes(), *OWNER.mark);
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let mut connection = Connection::open_in_memory().unwrap();

        let refusal = migrate(&mut connection, OWNER, &[FIRST, BROKEN]).unwrap_err().to_string();

        assert!(refusal.contains("0002_broken"), "{refusal}");
        assert_eq!(version(&connection), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }

    #[test]
    fn a_file_that_starts_over_is_like_a_new_one() {
        const REFERRING: Migration = Migration {
            name: "0002_referring",
            sql: "CREATE TABLE p (x INTEGER PRIMARY KEY AUTOINCREMENT);
                  CREATE TABLE c (x INTEGER REFERENCES p (x)); INSERT INTO p VALUES (7);",
        };
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", "ON").unwrap();
        migrate(&mut connection, OWNER, &[FIRST, REFERRING]).unwrap();
        let changes = "INSERT INTO p DEFAULT VALUES; INSERT INTO c VALUES (8); DROP TABLE a";
        connection.execute_batch(changes).unwrap();

        let tx = connection.transaction().unwrap();
        start_over(&tx, &[FIRST, REFERRING]).unwrap();
        tx.commit().unwrap();

        let count = "SELECT (SELECT count(*) FROM a) + 10 * (SELECT count(*) FROM c)
             + 100 * (SELECT sum(x) FROM p) + 10000 * (SELECT max(seq) FROM sqlite_sequence)";
        let count: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
        assert_eq!((count, version(&connection)), (70_700, 2));
    }
}
