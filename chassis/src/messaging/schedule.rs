//! Which of the waiting messages is sent when: the part of the outbox that only the relay uses.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use super::back_off::pause_ms;
use super::message::{COLUMNS, Message, from_row};
use crate::id::Id;
use crate::storage::{DbResult, Run, Sql};
use crate::time::Timestamp;

/// What failed a moment ago is not tried again in the same moment, or a message that makes its
/// receiver break the connection would go round and round.
const BREATH_MS: i64 = 1_000;

/// An attempt that got no answer.
pub(super) struct Failure {
    /// Why there was none.
    pub(super) reason: String,
    /// The pause that the receiver asked for.
    pub(super) retry_after: Option<Duration>,
    /// Whether somebody asked for this attempt out of turn. It says nothing about how long the
    /// next pause should be.
    pub(super) is_out_of_turn: bool,
    /// When.
    pub(super) now: Timestamp,
}

/// Messages whose time has come.
pub(super) struct Due {
    /// The longest waiting first.
    pub(super) messages: Vec<Message>,
    /// Whether there may be more of them.
    pub(super) has_more: bool,
}

/// The messages for `peer` whose time has come: the first `limit` of those that are wanted, by id and
/// baggage. The others may be many, because what waits for a silent lane stays due, so no more than
/// that is read of them.
pub(super) fn list_due(
    connection: &Connection,
    peer: &str,
    now: Timestamp,
    limit: usize,
    is_wanted: impl Fn(&Id, Option<&str>) -> bool,
) -> DbResult<Due> {
    let mut list = connection.statement(
        "SELECT id, baggage FROM outbox
         WHERE peer = ?1 AND dead_at IS NULL AND next_attempt_at <= ?2
         ORDER BY next_attempt_at, id",
    )?;
    let mut find = connection.statement(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?;
    let mut messages = Vec::new();
    let mut rows = list.query(params![peer, now])?;
    while let Some(row) = rows.next()?
        && messages.len() < limit
    {
        let (id, baggage): (Id, Option<String>) = (row.get(0)?, row.get(1)?);
        if is_wanted(&id, baggage.as_deref()) {
            messages.push(find.query_row([id], from_row)?);
        }
    }
    Ok(Due { has_more: messages.len() == limit, messages })
}

/// When the next message for `peer` after `now` is due.
pub(super) fn find_next_due(
    connection: &Connection,
    peer: &str,
    now: Timestamp,
) -> DbResult<Option<Timestamp>> {
    let mut query = connection.statement(
        "SELECT min(next_attempt_at) FROM outbox
         WHERE peer = ?1 AND dead_at IS NULL AND next_attempt_at > ?2",
    )?;
    Ok(query.query_row(params![peer, now], |row| row.get(0))?)
}

/// Whether a message waits for `peer`.
pub(super) fn has_waiting(connection: &Connection, peer: &str) -> DbResult<bool> {
    let mut query = connection
        .statement("SELECT EXISTS (SELECT 1 FROM outbox WHERE peer = ?1 AND dead_at IS NULL)")?;
    Ok(query.query_row([peer], |row| row.get(0))?)
}

/// The `baggage` of the messages that wait for `peer`, each once.
pub(super) fn list_waiting_baggage(connection: &Connection, peer: &str) -> DbResult<Vec<String>> {
    let mut query = connection.statement(
        "SELECT DISTINCT baggage FROM outbox
         WHERE peer = ?1 AND dead_at IS NULL AND baggage IS NOT NULL",
    )?;
    let found = query.query_map([peer], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Whether a message about `subject` is due: what an answer has caused is about the same thing.
pub(super) fn has_due_about(
    connection: &Connection,
    subject: &str,
    now: Timestamp,
) -> DbResult<bool> {
    let mut query = connection.statement(
        "SELECT EXISTS (SELECT 1 FROM outbox
             WHERE subject = ?1 AND dead_at IS NULL AND next_attempt_at <= ?2)",
    )?;
    Ok(query.query_row(params![subject, now], |row| row.get(0))?)
}

/// The waiting message for `peer` that was tried least, of those that are wanted by id and baggage, so
/// that one which always fails keeps no other from finding out that its receiver is back. With
/// `due_by`, one that is due by then. Looks no further than to one that was never tried.
pub(super) fn find_scout(
    connection: &Connection,
    peer: &str,
    due_by: Option<Timestamp>,
    is_wanted: impl Fn(&Id, Option<&str>) -> bool,
) -> DbResult<Option<Message>> {
    let mut list = connection.statement(
        "SELECT id, baggage, attempts FROM outbox
         WHERE peer = ?1 AND dead_at IS NULL AND (?2 IS NULL OR next_attempt_at <= ?2)
         ORDER BY next_attempt_at, id",
    )?;
    let mut least: Option<(u32, Id)> = None;
    let mut rows = list.query(params![peer, due_by])?;
    while let Some(row) = rows.next()? {
        let (id, baggage, attempts): (Id, Option<String>, u32) = row.try_into()?;
        let is_less = least.is_none_or(|(known, _)| attempts < known);
        if is_less && is_wanted(&id, baggage.as_deref()) {
            least = Some((attempts, id));
            if attempts == 0 {
                break;
            }
        }
    }
    let Some((_, id)) = least else { return Ok(None) };
    let mut find = connection.statement(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?;
    Ok(find.query_row([id], from_row).optional()?)
}

/// Puts off a message that got no answer, or gives it up if its time is over; says which. One
/// that was given up or answered meanwhile stays so.
pub(super) fn postpone(
    tx: &Transaction<'_>,
    message: &Message,
    failure: &Failure,
) -> DbResult<bool> {
    let Failure { now, retry_after, is_out_of_turn, .. } = *failure;
    let after_pause = now.plus_ms(pause_ms(message.attempts, retry_after));
    // Out of turn, a pause may be lengthened by the receiver, and by nobody shortened.
    let at_least = retry_after.map_or(Timestamp::EPOCH, |_| after_pause);
    tx.statement(
        "UPDATE outbox SET attempts = attempts + NOT :is_out_of_turn, last_error = :reason,
             tried_at = :now,
             next_attempt_at = CASE WHEN :is_out_of_turn THEN max(next_attempt_at, :at_least)
                                    ELSE :after_pause END,
             dead_at = CASE WHEN expires_at <= :now THEN :now END
         WHERE id = :id AND dead_at IS NULL",
    )?
    .run(named_params! {
        ":id": message.id,
        ":reason": failure.reason,
        ":is_out_of_turn": is_out_of_turn,
        ":at_least": at_least,
        ":after_pause": after_pause,
        ":now": now,
    })?;
    let mut query =
        tx.statement("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?1 AND dead_at = ?2)")?;
    Ok(query.query_row(params![message.id, now], |row| row.get(0))?)
}

/// Makes due what waits for `peer` and was not tried since `since` began, or only in vain. What
/// had failed before that, while others were answered, keeps its pause.
pub(super) fn wake(
    tx: &Transaction<'_>,
    peer: &str,
    since: Timestamp,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement(
        "UPDATE outbox SET next_attempt_at =
             min(next_attempt_at, CASE WHEN tried_at > :just_now THEN :soon ELSE :now END)
         WHERE peer = :peer AND dead_at IS NULL AND next_attempt_at > :now
             AND (tried_at IS NULL OR tried_at >= :since)",
    )?
    .run(named_params! {
        ":peer": peer,
        ":since": since,
        ":just_now": now.plus_ms(-BREATH_MS),
        ":soon": now.plus_ms(BREATH_MS),
        ":now": now,
    })?;
    Ok(())
}

/// Whether a message has waited for too long.
pub(super) fn has_expired(connection: &Connection, now: Timestamp) -> DbResult<bool> {
    let mut query = connection.statement(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE dead_at IS NULL AND expires_at <= ?1)",
    )?;
    Ok(query.query_row([now], |row| row.get(0))?)
}

/// Gives up the messages that have waited for too long, tried or not; says which.
pub(super) fn bury_expired(tx: &Transaction<'_>, now: Timestamp) -> DbResult<Vec<(Id, String)>> {
    let mut query = tx.statement(
        "UPDATE outbox SET dead_at = ?1, last_error = coalesce(last_error, 'its turn never came')
         WHERE dead_at IS NULL AND expires_at <= ?1 RETURNING id, kind",
    )?;
    let buried = query.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(buried.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests;
