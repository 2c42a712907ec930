//! A message to another service, and its row in the outbox.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use rusqlite::Row;
use serde::Serialize;

use super::call::Call;
use super::signature::Secrets;
use crate::id::Id;
use crate::insight::telemetry::RequestContext;
use crate::insight::trace_context::TraceContext;
use crate::storage::{DbError, DbResult};
use crate::time::Timestamp;

/// Every column that a [`Message`] is read from.
pub(super) const COLUMNS: &str = "id, peer, kind, subject, method, path, body, traceparent, tracestate, \
    baggage, attempts, tried_at, last_error, created_at, next_attempt_at, dead_at";

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
    /// When the last one was made.
    pub tried_at: Option<Timestamp>,
    /// Why the last one did not.
    pub last_error: Option<String>,
    /// When its cause was committed.
    pub created_at: Timestamp,
    /// When it is tried again at the latest, as far as its own pause is concerned. A receiver
    /// that answers again gets it sooner, one that does not take anything later.
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
            tried_at: None,
            last_error: None,
            created_at: now,
            next_attempt_at: now,
            dead_at: None,
        })
    }

    /// The same message from a sender that takes silence for the end of it: a dead letter from the
    /// start, of which the relay knows nothing. Only an answer removes it. If the process dies
    /// before it is sent, it is lost like a call that was never made.
    #[must_use]
    pub fn sent_once(self) -> Self {
        let last_error = Some("sent once, and never answered".to_owned());
        Self { dead_at: Some(self.created_at), last_error, ..self }
    }

    /// The request that delivers it. Signed, if there are secrets: the id stays the same over
    /// all attempts, time and signature are fresh each time.
    pub(super) fn call(&self, secrets: Option<&Secrets>) -> Call {
        let mut headers = HeaderMap::new();
        if let Some(secrets) = secrets {
            let seconds = Timestamp::now().unix_seconds();
            secrets.write_headers(
                &mut headers,
                &self.id.to_string(),
                seconds,
                self.body.as_bytes(),
            );
        }
        let body = Some(Bytes::from(self.body.clone()));
        Call { method: self.method.clone(), path: self.path.clone(), headers, body }
    }
}

/// Reads [`COLUMNS`].
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Message> {
    let method: String = row.get(4)?;
    let [traceparent, tracestate, baggage]: [Option<String>; 3] =
        [row.get(7)?, row.get(8)?, row.get(9)?];
    Ok(Message {
        id: row.get(0)?,
        peer: row.get(1)?,
        kind: row.get(2)?,
        subject: row.get(3)?,
        method: Method::from_bytes(method.as_bytes()).unwrap_or(Method::POST),
        path: row.get(5)?,
        body: row.get(6)?,
        trace: TraceContext::from_parts(
            traceparent.as_deref(),
            tracestate.as_deref(),
            baggage.as_deref(),
        ),
        attempts: row.get(10)?,
        tried_at: row.get(11)?,
        last_error: row.get(12)?,
        created_at: row.get(13)?,
        next_attempt_at: row.get(14)?,
        dead_at: row.get(15)?,
    })
}
