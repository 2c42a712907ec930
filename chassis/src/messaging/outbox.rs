//! Messages written in the transaction that causes them.
//!
//! Calling another service after a commit may be forgotten in a crash; calling it before may
//! announce what never happens. So the message is a row like any other: it exists if and only
//! if its cause does. Delivering it is the work of [`super::relay`]; it may arrive twice, and
//! receivers know a repeat by its id.

use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};
use serde_json::{Value, json};

pub use super::message::Message;
use super::message::{COLUMNS, from_row};
use crate::id::Id;
use crate::insight::recorder::{self, StepKind};
use crate::storage::{Db, DbResult, Migration, Run, Sql};
use crate::time::Timestamp;

/// The table. Every service that sends messages lists this step among its own, and the next one
/// as well.
pub const MIGRATION: Migration =
    Migration { name: "outbox", sql: include_str!("../../migrations/outbox.sql") };

/// What the relay notes of its tries.
pub const TRIES: Migration =
    Migration { name: "outbox_tries", sql: include_str!("../../migrations/outbox_tries.sql") };

/// How long delivery is tried: a long weekend. Then a person should look.
const LIFETIME_MS: i64 = 72 * 60 * 60 * 1_000;

/// How long the relay leaves a new message to the request that wrote it and delivers it
/// itself. Longer than a call (5 s), so that the two do not get in each other's way.
const GRACE_MS: i64 = 6_000;

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
             tracestate, baggage, last_error, created_at, next_attempt_at, expires_at, dead_at)
         VALUES (:id, :peer, :kind, :subject, :method, :path, :body, :traceparent,
             :tracestate, :baggage, :last_error, :created_at, :next_attempt_at, :expires_at,
             :dead_at)",
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
        ":last_error": message.last_error,
        ":created_at": message.created_at,
        ":next_attempt_at": message.created_at.plus_ms(grace_ms),
        ":expires_at": message.created_at.plus_ms(LIFETIME_MS),
        ":dead_at": message.dead_at,
    })?;
    recorder::note(StepKind::Outbox, || format!("message {} to {}", message.kind, message.peer));
    Ok(())
}

/// The messages that were given up, and then those that wait, each newest first: however many
/// wait, what needs a person is seen.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn list(connection: &Connection, limit: u32) -> DbResult<Vec<Message>> {
    let mut dead = connection.statement(&format!(
        "SELECT {COLUMNS} FROM outbox INDEXED BY outbox_dead
         WHERE dead_at IS NOT NULL ORDER BY id DESC LIMIT ?1"
    ))?;
    let mut waiting = connection.statement(&format!(
        "SELECT {COLUMNS} FROM outbox NOT INDEXED
         WHERE dead_at IS NULL ORDER BY id DESC LIMIT ?1"
    ))?;
    let (dead, waiting) =
        (dead.query_map([limit], from_row)?, waiting.query_map([limit], from_row)?);
    Ok(dead.chain(waiting).take(limit as usize).collect::<rusqlite::Result<_>>()?)
}

/// How many messages wait, and how many were given up, for `/internal/health`; null if the database
/// does not say. A scan, because while a receiver is away, very many may wait.
pub async fn gauge(db: Db) -> Value {
    let count = |connection: &Connection| -> DbResult<(u32, u32)> {
        let mut query = connection.statement(
            "SELECT (SELECT count(*) FROM outbox WHERE dead_at IS NULL),
                    (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL)",
        )?;
        Ok(query.query_row([], |row| row.try_into())?)
    };
    let counted = db.scan(count).await;
    counted.map_or(Value::Null, |(pending, dead)| json!({ "pending": pending, "dead": dead }))
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

/// The message of a kind about a subject, also if it was given up: it then waits again, because
/// somebody has asked for what it says.
///
/// # Errors
///
/// [`crate::storage::DbError`].
pub fn revive(
    tx: &Transaction<'_>,
    kind: &str,
    subject: &str,
    now: Timestamp,
) -> DbResult<Option<Message>> {
    let waiting = find_waiting(tx, kind, subject)?;
    if waiting.is_some() {
        return Ok(waiting);
    }
    let dead: Option<Id> = tx
        .statement(
            "SELECT id FROM outbox WHERE subject = ?2 AND kind = ?1 AND dead_at IS NOT NULL
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([kind, subject], |row| row.get(0))
        .optional()?;
    let Some(dead) = dead else { return Ok(None) };
    replay(tx, dead, now)?;
    find_waiting(tx, kind, subject)
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
            "UPDATE outbox SET attempts = 0, tried_at = NULL, next_attempt_at = ?2,
                 expires_at = ?3, dead_at = NULL
             WHERE id = ?1",
        )?
        .run(params![id, now, now.plus_ms(LIFETIME_MS)])?;
    Ok(replayed == 1)
}
