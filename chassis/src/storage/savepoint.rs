//! A part of a unit of work that leaves nothing behind when it fails.

use rusqlite::Transaction;

use super::DbError;

/// Runs `work`, and undoes what it has changed if it returns an error, rows and schema alike.
/// While it runs, SQLite keeps a copy of each page that it changes.
///
/// # Errors
///
/// What `work` returns, or a [`DbError`] when the database refused.
pub fn all_or_nothing<T, E: From<DbError>>(
    tx: &Transaction<'_>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let sql = |statement: &str| tx.execute_batch(statement).map_err(DbError::from);
    sql("SAVEPOINT part")?;
    let outcome = work();
    // A full disk ends the whole transaction, and the savepoint with it.
    if !tx.is_autocommit() {
        if outcome.is_err() {
            sql("ROLLBACK TO part")?;
        }
        sql("RELEASE part")?;
    }
    outcome
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::storage::DbResult;

    #[test]
    fn a_part_that_fails_leaves_neither_rows_nor_tables() {
        let mut file = Connection::open_in_memory().unwrap();
        file.execute_batch("CREATE TABLE a (x INTEGER)").unwrap();
        let tx = file.transaction().unwrap();
        tx.execute_batch("INSERT INTO a VALUES (1)").unwrap();

        let change = "INSERT INTO a VALUES (2); CREATE TABLE b (x INTEGER)";
        let failed: DbResult<()> = all_or_nothing(&tx, || {
            tx.execute_batch(change)?;
            Err(DbError::Closing)
        });

        assert!(matches!(failed, Err(DbError::Closing)));
        let count = "SELECT count(*) + 10 * (SELECT count(*) FROM sqlite_schema) FROM a";
        let seen = || tx.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(seen(), 11);
        all_or_nothing(&tx, || -> DbResult<()> { Ok(tx.execute_batch(change)?) }).unwrap();
        assert_eq!(seen(), 22);
    }

    #[test]
    fn a_transaction_that_ends_under_a_part_does_not_hide_why() {
        let mut file = Connection::open_in_memory().unwrap();
        let tx = file.transaction().unwrap();

        let failed: DbResult<()> = all_or_nothing(&tx, || {
            tx.execute_batch("ROLLBACK")?;
            Err(DbError::QueueFull)
        });

        assert!(matches!(failed, Err(DbError::QueueFull)));
    }
}
