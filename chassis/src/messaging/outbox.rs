//! Messages written in the transaction that causes them.
//!
//! Calling another service after a commit may be forgotten in a crash; calling it before may
//! announce what never happens. So the message is a row like any other: it exists if and only
//! if its cause does. Delivering it is the work of [`super::relay`]; it may arrive twice, and
//! receivers know a repeat by its id.

use crate::storage::{Run, Sql};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

pub use super::message::Message;
use super::message::{COLUMNS, from_row};
use crate::id::Id;
use crate::insight::recorder::{self, StepKind};
use crate::storage::{DbResult, Migration};
use crate::time::Timestamp;

/// The table. Every service that sends messages lists this step among its own.
pub const MIGRATION: Migration =
    Migration { name: "outbox", sql: include_str!("../../migrations/outbox.sql") };

/// How long delivery is tried: a long weekend. Then a person should look.
const LIFETIME_MS: i64 = 72 * 60 * 60 * 1_000;

/// How long the relay leaves a new message to the request that wrote it and delivers it
/// itself. Longer than a call (5 s), so that the two do not get in each other's way.
const GRACE_MS: i64 = 6_000;

/// The longest pause before each further attempt, in seconds; the last one repeats.
const BACKOFF_S: [u32; 6] = [1, 5, 30, 120, 600, 3_600];

/// What is added to a pause that was asked for, at random, so that not all come back at once.
const SPREAD_MS: i64 = 500;

/// Who delivers a message first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The relay, as soon as it is told.
    Relay,
    /// The request that writes it, because its reply depends on the answer.
    Caller,
}

/// Writes a message.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn insert(tx: &Transaction<'_>, message: &Message, delivery: Delivery) -> DbResult<()> {
    let grace_ms = match delivery {
        Delivery::Relay => 0,
        Delivery::Caller => GRACE_MS,
    };
    tx.statement(
        "INSERT INTO outbox (id, peer, kind, subject, method, path, body, traceparent,
             tracestate, baggage, created_at, next_attempt_at, expires_at)
         VALUES (:id, :peer, :kind, :subject, :method, :path, :body, :traceparent,
             :tracestate, :baggage, :created_at, :next_attempt_at, :expires_at)",
    )?
    .run(named_params! {
        ":id": message.id,
        ":peer": message.peer,
        ":kind": message.kind,
        ":subject": message.subject,
        ":method": message.method.as_str(),
        ":path": message.path,
        ":body": message.body,
        ":traceparent": message.trace.traceparent(),
        ":tracestate": message.trace.tracestate(),
        ":baggage": message.trace.baggage(),
        ":created_at": message.created_at,
        ":next_attempt_at": message.created_at.plus_ms(grace_ms),
        ":expires_at": message.created_at.plus_ms(LIFETIME_MS),
    })?;
    recorder::note(StepKind::Outbox, || format!("message {} to {}", message.kind, message.peer));
    Ok(())
}

/// The messages whose time has come, the longest waiting first.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn list_due(connection: &Connection, now: Timestamp, limit: u32) -> DbResult<Vec<Message>> {
    let mut query = connection.statement(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE dead_at IS NULL AND next_attempt_at <= ?1
         ORDER BY next_attempt_at LIMIT ?2"
    ))?;
    let messages = query.query_map(params![now, limit], from_row)?;
    Ok(messages.collect::<rusqlite::Result<_>>()?)
}

/// When the next message after `now` is due.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn find_next_due(connection: &Connection, now: Timestamp) -> DbResult<Option<Timestamp>> {
    let mut query = connection.statement(
        "SELECT min(next_attempt_at) FROM outbox WHERE dead_at IS NULL AND next_attempt_at > ?1",
    )?;
    Ok(query.query_row([now], |row| row.get(0))?)
}

/// Whether a message waits for `peer`.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn has_waiting(connection: &Connection, peer: &str) -> DbResult<bool> {
    let mut query = connection
        .statement("SELECT EXISTS (SELECT 1 FROM outbox WHERE dead_at IS NULL AND peer = ?1)")?;
    Ok(query.query_row([peer], |row| row.get(0))?)
}

/// The messages that wait and those that were given up, newest first.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn list(connection: &Connection, limit: u32) -> DbResult<Vec<Message>> {
    let mut query =
        connection.statement(&format!("SELECT {COLUMNS} FROM outbox ORDER BY id DESC LIMIT ?1"))?;
    let messages = query.query_map([limit], from_row)?;
    Ok(messages.collect::<rusqlite::Result<_>>()?)
}

/// How many messages wait, and how many were given up.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn count(connection: &Connection) -> DbResult<(u64, u64)> {
    let mut query = connection.statement(
        "SELECT (SELECT count(*) FROM outbox WHERE dead_at IS NULL),
                (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL)",
    )?;
    Ok(query
        .query_row([], |row| Ok((row.get::<_, u32>(0)?.into(), row.get::<_, u32>(1)?.into())))?)
}

/// The waiting message of a kind about a subject.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn find_waiting(
    connection: &Connection,
    kind: &str,
    subject: &str,
) -> DbResult<Option<Message>> {
    let mut query = connection.statement(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE subject = ?2 AND kind = ?1 AND dead_at IS NULL"
    ))?;
    Ok(query.query_row([kind, subject], from_row).optional()?)
}

/// Removes a message that was answered.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn delete(tx: &Transaction<'_>, id: Id) -> DbResult<()> {
    tx.statement("DELETE FROM outbox WHERE id = ?1")?.run([id])?;
    Ok(())
}

/// Removes the waiting messages of a kind about a subject, because they no longer hold.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn withdraw(tx: &Transaction<'_>, kind: &str, subject: &str) -> DbResult<()> {
    tx.statement("DELETE FROM outbox WHERE kind = ?1 AND subject = ?2 AND dead_at IS NULL")?
        .run([kind, subject])?;
    Ok(())
}

/// Puts off a message that got no answer, or gives it up when its time is over. The pause is
/// the one that the receiver asked for, or else random up to a bound that grows (full jitter).
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn postpone(
    tx: &Transaction<'_>,
    message: &Message,
    reason: &str,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> DbResult<()> {
    let step = usize::try_from(message.attempts).unwrap_or(usize::MAX).min(BACKOFF_S.len() - 1);
    let pause_ms = match retry_after {
        Some(asked) => whole_ms(asked) + fastrand::i64(0..=SPREAD_MS),
        None => fastrand::i64(0..=i64::from(BACKOFF_S[step]) * 1_000),
    };
    tx.statement(
        "UPDATE outbox SET attempts = attempts + 1, last_error = :reason,
             next_attempt_at = :next_attempt_at,
             dead_at = CASE WHEN expires_at <= :now THEN :now END
         WHERE id = :id",
    )?
    .run(named_params! {
        ":id": message.id,
        ":reason": reason,
        ":next_attempt_at": now.plus_ms(pause_ms),
        ":now": now,
    })?;
    Ok(())
}

/// Lets a message wait without counting an attempt, because none was made.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn hold(tx: &Transaction<'_>, id: Id, until: Timestamp) -> DbResult<()> {
    tx.statement("UPDATE outbox SET next_attempt_at = ?2 WHERE id = ?1")?
        .run(params![id, until])?;
    Ok(())
}

/// Gives a message up: a dead letter, kept for a person to look at and perhaps replay.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn bury(tx: &Transaction<'_>, id: Id, reason: &str, now: Timestamp) -> DbResult<()> {
    tx.statement(
        "UPDATE outbox SET attempts = attempts + 1, last_error = ?2, dead_at = ?3 WHERE id = ?1",
    )?
    .run(params![id, reason, now])?;
    Ok(())
}

/// Makes a message due now, also a dead one; `false` if there is none with this id.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn replay(tx: &Transaction<'_>, id: Id, now: Timestamp) -> DbResult<bool> {
    let replayed = tx
        .statement(
            "UPDATE outbox SET attempts = 0, next_attempt_at = ?2, expires_at = ?3, dead_at = NULL
             WHERE id = ?1",
        )?
        .run(params![id, now, now.plus_ms(LIFETIME_MS)])?;
    Ok(replayed == 1)
}

/// Makes every waiting message due now.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn wake_all(tx: &Transaction<'_>, peer: &str, now: Timestamp) -> DbResult<()> {
    tx.statement(
        "UPDATE outbox SET next_attempt_at = ?2
         WHERE peer = ?1 AND dead_at IS NULL AND next_attempt_at > ?2",
    )?
    .run(params![peer, now])?;
    Ok(())
}

/// Makes the oldest waiting message for `peer` due now; `false` if none waits.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn wake_oldest(tx: &Transaction<'_>, peer: &str, now: Timestamp) -> DbResult<bool> {
    let oldest: Option<Id> = tx
        .statement("SELECT id FROM outbox WHERE peer = ?1 AND dead_at IS NULL ORDER BY id LIMIT 1")?
        .query_row([peer], |row| row.get(0))
        .optional()?;
    let Some(oldest) = oldest else { return Ok(false) };
    tx.statement("UPDATE outbox SET next_attempt_at = min(next_attempt_at, ?2) WHERE id = ?1")?
        .run(params![oldest, now])?;
    Ok(true)
}

/// A pause in whole milliseconds.
pub fn whole_ms(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}
