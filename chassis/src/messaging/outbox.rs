//! Messages written in the transaction that causes them.
//!
//! Calling another service after a commit may be forgotten in a crash; calling it before may
//! announce what never happens. So the message is a row like any other: it exists if and only
//! if its cause does. Delivering it is the work of [`super::relay`]; it may arrive twice, and
//! receivers know a repeat by its id.

use std::time::Duration;

use axum::http::Method;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};
use serde::Serialize;

use crate::id::Id;
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;
use crate::storage::{DbError, DbResult, Migration};
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

/// Every column, in the order of [`from_row`].
const COLUMNS: &str = "id, peer, kind, subject, method, path, body, traceparent, tracestate, \
    baggage, attempts, last_error, created_at, next_attempt_at, dead_at";

/// Who delivers a message first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The relay, as soon as it is told.
    Relay,
    /// The request that writes it, because its reply depends on the answer.
    Caller,
}

/// A message to another service.
#[derive(Clone, Debug)]
pub struct Message {
    /// Stays the same over all attempts.
    pub id: Id,
    /// The name of the service it is for.
    pub peer: String,
    /// What it says, for example `thing.updated`.
    pub kind: String,
    /// The id of what it is about.
    pub subject: String,
    /// POST or PUT.
    pub method: Method,
    /// Where it goes.
    pub path: String,
    /// JSON.
    pub body: String,
    /// The trace that caused it.
    pub trace: TraceContext,
    /// Attempts that got no answer.
    pub attempts: u32,
    /// Why the last one did not.
    pub last_error: Option<String>,
    /// When its cause was committed.
    pub created_at: Timestamp,
    /// When it is tried again.
    pub next_attempt_at: Timestamp,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
}

impl Message {
    /// A message that continues the trace of the current request. The caller chooses the id,
    /// because some bodies hold it.
    ///
    /// # Errors
    ///
    /// [`DbError::Unwritable`] if `body` has no JSON form, which is a mistake in our types.
    pub fn new(
        id: Id,
        peer: &str,
        kind: &str,
        subject: impl ToString,
        (method, path): (Method, String),
        body: &impl Serialize,
        now: Timestamp,
    ) -> DbResult<Self> {
        let body = serde_json::to_string(body).map_err(DbError::Unwritable)?;
        let trace = RequestContext::current().map_or_else(TraceContext::fresh, |it| it.trace);
        Ok(Self {
            id,
            peer: peer.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_string(),
            method,
            path,
            body,
            trace,
            attempts: 0,
            last_error: None,
            created_at: now,
            next_attempt_at: now,
            dead_at: None,
        })
    }
}

/// Writes a message.
///
/// # Errors
///
/// [`DbError`].
pub fn insert(tx: &Transaction<'_>, message: &Message, delivery: Delivery) -> DbResult<()> {
    let grace_ms = match delivery {
        Delivery::Relay => 0,
        Delivery::Caller => GRACE_MS,
    };
    tx.prepare_cached(
        "INSERT INTO outbox (id, peer, kind, subject, method, path, body, traceparent,
             tracestate, baggage, created_at, next_attempt_at, expires_at)
         VALUES (:id, :peer, :kind, :subject, :method, :path, :body, :traceparent,
             :tracestate, :baggage, :created_at, :next_attempt_at, :expires_at)",
    )?
    .execute(named_params! {
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
    Ok(())
}

/// The messages whose time has come, the longest waiting first.
///
/// # Errors
///
/// [`DbError`].
pub fn list_due(connection: &Connection, now: Timestamp, limit: u32) -> DbResult<Vec<Message>> {
    let mut query = connection.prepare_cached(&format!(
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
/// [`DbError`].
pub fn find_next_due(connection: &Connection, now: Timestamp) -> DbResult<Option<Timestamp>> {
    let mut query = connection.prepare_cached(
        "SELECT min(next_attempt_at) FROM outbox WHERE dead_at IS NULL AND next_attempt_at > ?1",
    )?;
    Ok(query.query_row([now], |row| row.get(0))?)
}

/// Whether a message waits for `peer`.
///
/// # Errors
///
/// [`DbError`].
pub fn has_waiting(connection: &Connection, peer: &str) -> DbResult<bool> {
    let mut query = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE dead_at IS NULL AND peer = ?1)",
    )?;
    Ok(query.query_row([peer], |row| row.get(0))?)
}

/// The messages that wait and those that were given up, newest first.
///
/// # Errors
///
/// [`DbError`].
pub fn list(connection: &Connection, limit: u32) -> DbResult<Vec<Message>> {
    let mut query = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox ORDER BY id DESC LIMIT ?1"))?;
    let messages = query.query_map([limit], from_row)?;
    Ok(messages.collect::<rusqlite::Result<_>>()?)
}

/// How many messages wait, and how many were given up.
///
/// # Errors
///
/// [`DbError`].
pub fn count(connection: &Connection) -> DbResult<(u64, u64)> {
    let mut query = connection.prepare_cached(
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
/// [`DbError`].
pub fn find_waiting(
    connection: &Connection,
    kind: &str,
    subject: &str,
) -> DbResult<Option<Message>> {
    let mut query = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE subject = ?2 AND kind = ?1 AND dead_at IS NULL"
    ))?;
    Ok(query.query_row([kind, subject], from_row).optional()?)
}

/// Removes a message that was answered.
///
/// # Errors
///
/// [`DbError`].
pub fn delete(tx: &Transaction<'_>, id: Id) -> DbResult<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([id])?;
    Ok(())
}

/// Removes the waiting messages of a kind about a subject, because they no longer hold.
///
/// # Errors
///
/// [`DbError`].
pub fn withdraw(tx: &Transaction<'_>, kind: &str, subject: &str) -> DbResult<()> {
    tx.prepare_cached("DELETE FROM outbox WHERE kind = ?1 AND subject = ?2 AND dead_at IS NULL")?
        .execute([kind, subject])?;
    Ok(())
}

/// Puts off a message that got no answer, or gives it up when its time is over. The pause is
/// random up to a bound that grows (full jitter), and no shorter than the receiver asked for.
///
/// # Errors
///
/// [`DbError`].
pub fn postpone(
    tx: &Transaction<'_>,
    message: &Message,
    reason: &str,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> DbResult<()> {
    let step = usize::try_from(message.attempts).unwrap_or(usize::MAX).min(BACKOFF_S.len() - 1);
    let pause_ms = fastrand::i64(0..=i64::from(BACKOFF_S[step]) * 1_000);
    let asked_ms = retry_after.map_or(0, whole_ms);
    tx.prepare_cached(
        "UPDATE outbox SET attempts = attempts + 1, last_error = :reason,
             next_attempt_at = :next_attempt_at,
             dead_at = CASE WHEN expires_at <= :now THEN :now END
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": message.id,
        ":reason": reason,
        ":next_attempt_at": now.plus_ms(pause_ms.max(asked_ms)),
        ":now": now,
    })?;
    Ok(())
}

/// Lets a message wait without counting an attempt, because none was made.
///
/// # Errors
///
/// [`DbError`].
pub fn hold(tx: &Transaction<'_>, id: Id, until: Timestamp) -> DbResult<()> {
    tx.prepare_cached("UPDATE outbox SET next_attempt_at = ?2 WHERE id = ?1")?
        .execute(params![id, until])?;
    Ok(())
}

/// Gives a message up: a dead letter, kept for a person to look at and perhaps replay.
///
/// # Errors
///
/// [`DbError`].
pub fn bury(tx: &Transaction<'_>, id: Id, reason: &str, now: Timestamp) -> DbResult<()> {
    tx.prepare_cached(
        "UPDATE outbox SET attempts = attempts + 1, last_error = ?2, dead_at = ?3 WHERE id = ?1",
    )?
    .execute(params![id, reason, now])?;
    Ok(())
}

/// Makes a message due now, also a dead one; `false` if there is none with this id.
///
/// # Errors
///
/// [`DbError`].
pub fn replay(tx: &Transaction<'_>, id: Id, now: Timestamp) -> DbResult<bool> {
    let replayed = tx
        .prepare_cached(
            "UPDATE outbox SET attempts = 0, next_attempt_at = ?2, expires_at = ?3, dead_at = NULL
             WHERE id = ?1",
        )?
        .execute(params![id, now, now.plus_ms(LIFETIME_MS)])?;
    Ok(replayed == 1)
}

/// Makes every waiting message due now.
///
/// # Errors
///
/// [`DbError`].
pub fn wake_all(tx: &Transaction<'_>, peer: &str, now: Timestamp) -> DbResult<()> {
    tx.prepare_cached(
        "UPDATE outbox SET next_attempt_at = ?2
         WHERE peer = ?1 AND dead_at IS NULL AND next_attempt_at > ?2",
    )?
    .execute(params![peer, now])?;
    Ok(())
}

/// Makes the oldest waiting message for `peer` due now; `false` if none waits.
///
/// # Errors
///
/// [`DbError`].
pub fn wake_oldest(tx: &Transaction<'_>, peer: &str, now: Timestamp) -> DbResult<bool> {
    let oldest: Option<Id> = tx
        .prepare_cached(
            "SELECT id FROM outbox WHERE peer = ?1 AND dead_at IS NULL ORDER BY id LIMIT 1",
        )?
        .query_row([peer], |row| row.get(0))
        .optional()?;
    let Some(oldest) = oldest else { return Ok(false) };
    tx.prepare_cached(
        "UPDATE outbox SET next_attempt_at = min(next_attempt_at, ?2) WHERE id = ?1",
    )?
    .execute(params![oldest, now])?;
    Ok(true)
}

/// A pause in whole milliseconds.
pub fn whole_ms(pause: Duration) -> i64 {
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Message> {
    let method: String = row.get("method")?;
    let [traceparent, tracestate, baggage]: [Option<String>; 3] =
        [row.get("traceparent")?, row.get("tracestate")?, row.get("baggage")?];
    Ok(Message {
        id: row.get("id")?,
        peer: row.get("peer")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        method: Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST),
        path: row.get("path")?,
        body: row.get("body")?,
        trace: TraceContext::from_parts(
            traceparent.as_deref(),
            tracestate.as_deref(),
            baggage.as_deref(),
        ),
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created_at: row.get("created_at")?,
        next_attempt_at: row.get("next_attempt_at")?,
        dead_at: row.get("dead_at")?,
    })
}
