//! The same request twice has one effect and one reply.
//!
//! A client that got no answer cannot know whether its request was carried out. If it sends
//! an `Idempotency-Key`, it may simply ask again: the key, the effect and the reply are
//! written in one transaction, so either all three exist or none does, and a repeat gets
//! the reply of the first (`draft-ietf-httpapi-idempotency-key-header`).

use crate::storage::{Run, Sql};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{DbError, DbResult, Migration};
use crate::time::Timestamp;

/// The table. Every service that accepts keys lists this step among its own.
pub const MIGRATION: Migration = Migration {
    name: "idempotency_keys",
    sql: include_str!("../../migrations/idempotency_keys.sql"),
};

/// How long a reply is kept: a day longer than promised, so that nobody falls off the edge.
const KEPT_MS: i64 = 48 * 60 * 60 * 1_000;

/// Expired keys removed along with each new one. Two for one means that the table shrinks
/// faster than it grows, without a timer and without ever deleting many at once.
const SWEPT_PER_CLAIM: u32 = 2;

/// A client's key, and what it was used for.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key as the client chose it, without quotes.
    pub text: String,
    /// A digest of the request; another request under the same key is a mistake.
    pub fingerprint: String,
}

/// A reply as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReply {
    /// The HTTP status; never a 5xx.
    pub status: u16,
    /// The headers worth repeating, as name and value.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: String,
}

/// What is known about a key.
#[derive(Debug, PartialEq, Eq)]
pub enum Claim {
    /// Never seen; it is ours from now on.
    New,
    /// Seen, but its reply was not decided yet. `subject` is what the first request made.
    Unfinished {
        /// The id given to [`claim`] by the first request.
        subject: String,
    },
    /// Seen and answered.
    Finished(StoredReply),
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The key belongs to another request.
    #[error("was used for a different request")]
    Reused,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<rusqlite::Error> for ClaimError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What became of the first request with this key; `None` if there was none.
///
/// # Errors
///
/// [`ClaimError`].
pub fn find(connection: &Connection, key: &Key) -> Result<Option<Claim>, ClaimError> {
    let known = connection
        .statement(
            "SELECT fingerprint, subject, status, headers, body FROM idempotency_keys
             WHERE key = ?1",
        )?
        .query_row([&key.text], |row| {
            <(String, String, Option<u16>, Option<String>, Option<String>)>::try_from(row)
        })
        .optional()?;
    let Some((fingerprint, subject, status, headers, body)) = known else { return Ok(None) };
    if fingerprint != key.fingerprint {
        return Err(ClaimError::Reused);
    }
    Ok(Some(match (status, headers, body) {
        (Some(status), Some(headers), Some(body)) => {
            let headers = serde_json::from_str(&headers).unwrap_or_default();
            Claim::Finished(StoredReply { status, headers, body })
        }
        _ => Claim::Unfinished { subject },
    }))
}

/// Takes the key for this request, or says what became of the first one.
///
/// # Errors
///
/// [`ClaimError`].
pub fn claim(
    tx: &Transaction<'_>,
    key: &Key,
    subject: &str,
    now: Timestamp,
) -> Result<Claim, ClaimError> {
    if let Some(known) = find(tx, key)? {
        return Ok(known);
    }
    insert_key(tx, key, subject, now)?;
    Ok(Claim::New)
}

/// Writes down the reply that every repeat will get. The first reply stands: a second call
/// changes nothing.
///
/// # Errors
///
/// [`DbError`].
pub fn finish(tx: &Transaction<'_>, key_text: &str, reply: &StoredReply) -> DbResult<()> {
    tx.statement(
        "UPDATE idempotency_keys SET status = ?2, headers = ?3, body = ?4
         WHERE key = ?1 AND status IS NULL",
    )?
    .run(params![key_text, reply.status, headers_json(reply)?, reply.body])?;
    Ok(())
}

/// The same for every key that waits for what becomes of `subject`. For work whose outcome
/// is decided later than it is begun.
///
/// # Errors
///
/// [`DbError`].
pub fn finish_for(tx: &Transaction<'_>, subject: &str, reply: &StoredReply) -> DbResult<()> {
    // Most requests have no key, and a question costs less than an update of no row.
    let is_awaited: bool = tx
        .statement(
            "SELECT EXISTS (SELECT 1 FROM idempotency_keys WHERE subject = ?1 AND status IS NULL)",
        )?
        .query_row([subject], |row| row.get(0))?;
    if !is_awaited {
        return Ok(());
    }
    tx.statement(
        "UPDATE idempotency_keys SET status = ?2, headers = ?3, body = ?4
         WHERE subject = ?1 AND status IS NULL",
    )?
    .run(params![subject, reply.status, headers_json(reply)?, reply.body])?;
    Ok(())
}

/// Forgets the keys that wait for what becomes of `subject`, because nothing came of it and
/// the request may be made anew.
///
/// # Errors
///
/// [`DbError`].
pub fn forget_for(tx: &Transaction<'_>, subject: &str) -> DbResult<()> {
    tx.statement("DELETE FROM idempotency_keys WHERE subject = ?1 AND status IS NULL")?
        .run([subject])?;
    Ok(())
}

fn headers_json(reply: &StoredReply) -> DbResult<String> {
    serde_json::to_string(&reply.headers).map_err(DbError::Unwritable)
}

fn insert_key(tx: &Transaction<'_>, key: &Key, subject: &str, now: Timestamp) -> DbResult<()> {
    for _ in 0..SWEPT_PER_CLAIM {
        let swept = tx
            .statement(
                "DELETE FROM idempotency_keys WHERE key =
                 (SELECT key FROM idempotency_keys WHERE created_at < ?1 LIMIT 1)",
            )?
            .run([now.plus_ms(-KEPT_MS)])?;
        if swept == 0 {
            break;
        }
    }
    tx.statement(
        "INSERT INTO idempotency_keys (key, fingerprint, subject, created_at)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .run(params![key.text, key.fingerprint, subject, now])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_takes_two_old_ones_away() {
        let mut file = Connection::open_in_memory().unwrap();
        file.execute_batch(MIGRATION.sql).unwrap();
        let now = Timestamp::now();
        let tx = file.transaction().unwrap();
        let claim_at = |text: &str, at| {
            let key = Key { text: text.to_owned(), fingerprint: String::new() };
            assert_eq!(claim(&tx, &key, "", at).unwrap(), Claim::New);
        };
        for old in ["a", "b", "c"] {
            claim_at(old, now.plus_ms(-KEPT_MS - 1));
        }

        claim_at("new", now);

        let count = "SELECT count(*) FROM idempotency_keys";
        let left = || tx.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(left(), 2);
        claim_at("newer", now);
        assert_eq!(left(), 2);
    }
}
