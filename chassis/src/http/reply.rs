//! An answer that can be kept and repeated, and the idempotency key that asks for it.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Problem;
use super::body::RequestBody;
use crate::insight::recorder::{self, StepKind};
use crate::storage::idempotency::{self, Claim, ClaimError, Key, StoredReply};
use crate::storage::savepoint::all_or_nothing;
use crate::storage::{Db, DbError, DbResult};
use crate::time::Timestamp;

/// Says that an answer is the one given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Says that an answer was found without a neighbor that did not help.
const DEGRADED: HeaderName = HeaderName::from_static("x-degraded");

/// A JSON answer with the few headers that this shop uses.
#[derive(Clone, Debug)]
pub struct Reply {
    stored: StoredReply,
    replayed: bool,
}

impl Reply {
    /// An answer with any status.
    ///
    /// # Errors
    ///
    /// [`DbError::Unwritable`] if `body` has no JSON form, which is a mistake in our types.
    pub fn new(status: StatusCode, body: &impl Serialize) -> DbResult<Self> {
        let body = serde_json::to_string(body).map_err(DbError::Unwritable)?;
        let stored = StoredReply { status: status.as_u16(), headers: Vec::new(), body };
        Ok(Self { stored, replayed: false })
    }

    /// 200.
    ///
    /// # Errors
    ///
    /// As [`Reply::new`].
    pub fn ok(body: &impl Serialize) -> DbResult<Self> {
        Self::new(StatusCode::OK, body)
    }

    /// 201, with the address of what was made.
    ///
    /// # Errors
    ///
    /// As [`Reply::new`].
    pub fn created(location: String, body: &impl Serialize) -> DbResult<Self> {
        Ok(Self::new(StatusCode::CREATED, body)?.with(header::LOCATION, location))
    }

    /// 204: done, and there is nothing to tell.
    pub fn no_content() -> Self {
        let status = StatusCode::NO_CONTENT.as_u16();
        let stored = StoredReply { status, headers: Vec::new(), body: String::new() };
        Self { stored, replayed: false }
    }

    /// Adds `X-Degraded` if the answer was found without a neighbor.
    #[must_use]
    pub fn degraded(self, by: Option<&str>) -> Self {
        match by {
            Some(by) => self.with(DEGRADED, by.to_owned()),
            None => self,
        }
    }

    /// The form in which it is kept.
    pub fn stored(&self) -> &StoredReply {
        &self.stored
    }

    /// A refusal in the form that the outermost layer shapes as the client accepts it.
    fn problem(&self) -> Option<Problem> {
        #[derive(Deserialize)]
        struct Refusal {
            detail: String,
        }
        let status = StatusCode::from_u16(self.stored.status).ok()?;
        let refusal = status.is_client_error().then(|| serde_json::from_str(&self.stored.body));
        let Refusal { detail } = refusal?.ok()?;
        Some(Problem::new(status, detail))
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.stored.headers.push((name.as_str().to_owned(), value));
        self
    }
}

/// A kept reply is a repeat by nature.
impl From<StoredReply> for Reply {
    fn from(stored: StoredReply) -> Self {
        Self { stored, replayed: true }
    }
}

/// A refusal is kept like any other answer.
impl From<&Problem> for Reply {
    fn from(problem: &Problem) -> Self {
        let body = serde_json::json!({ "detail": problem.detail() }).to_string();
        let status = problem.status().as_u16();
        Self { stored: StoredReply { status, headers: Vec::new(), body }, replayed: false }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let problem = self.problem();
        let is_json = !self.stored.body.is_empty();
        let mut response = Response::new(Body::from(self.stored.body));
        *response.status_mut() =
            StatusCode::from_u16(self.stored.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if is_json {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.stored.headers {
            let name = HeaderName::try_from(name);
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        if let Some(problem) = problem {
            response.extensions_mut().insert(problem);
        }
        response
    }
}

/// The request's `Idempotency-Key`, if it has one.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<Key>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::of(parts)
    }
}

impl IdempotencyKey {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let text = value.to_str().ok().and_then(unquote).filter(|_| values.next().is_none());
        let Some(text) = text.filter(|text| (1..=255).contains(&text.len())) else {
            return Err(Problem::bad_request(
                "Idempotency-Key must be one value of 1 to 255 visible ASCII characters",
            ));
        };
        let body = parts.extensions.get::<RequestBody>().cloned().unwrap_or_default();
        let mut digest = Sha256::new();
        // Not the scheme and the host, which a client may write into the request or leave out.
        let address = parts.uri.path_and_query().map_or("", PathAndQuery::as_str);
        for part in [parts.method.as_str(), address] {
            digest.update(part.as_bytes());
            digest.update([0]); // so that the parts cannot run into each other
        }
        digest.update(&body.0);
        let fingerprint = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(Some(Key { text: text.to_owned(), fingerprint })))
    }

    /// The reply that was given under this key before. For handlers that ask another service
    /// before they call [`IdempotencyKey::once`]: a repeat need not ask again.
    ///
    /// # Errors
    ///
    /// The refusal of the key, or of the database.
    pub fn find_reply(&self, db: &Db) -> Result<Option<Reply>, Problem> {
        let Some(key) = &self.0 else { return Ok(None) };
        match db.read(|connection| idempotency::find(connection, key))? {
            Some(Claim::Finished(reply)) => Ok(Some(reply.into())),
            Some(Claim::New | Claim::Unfinished { .. }) | None => Ok(None),
        }
    }

    /// The reply that stands under this key, for work whose outcome is decided in several steps:
    /// `finish` writes it down unless one of them has. `None` without a key.
    ///
    /// What the first caller hears must be what every repeat will hear. A reply made from what
    /// the database says a moment later may be another one. `is_repeat` is whether the key was
    /// known before this request, and the answer is marked accordingly.
    ///
    /// # Errors
    ///
    /// The refusal of the key, or of the database.
    pub async fn settle(
        &self,
        db: &Db,
        is_repeat: bool,
        finish: impl Fn(&Transaction<'_>) -> DbResult<()> + Send + 'static,
    ) -> Result<Option<Reply>, Problem> {
        let Some(key) = &self.0 else { return Ok(None) };
        if let Some(reply) = find_standing(db, key, is_repeat)? {
            return Ok(Some(reply));
        }
        db.write(finish).await?;
        Ok(find_standing(db, key, is_repeat)?)
    }

    /// Runs `work` in a transaction, once per key: a repeat gets the reply of the first.
    /// Key, effect and reply commit together. A refusal is kept too, but its effects are
    /// undone; our own failures are not kept, so that they can be tried again.
    ///
    /// # Errors
    ///
    /// The refusal of `work`, of the key, or of the database.
    pub async fn once<E>(
        self,
        db: &Db,
        now: Timestamp,
        work: impl Fn(&Transaction<'_>) -> Result<Reply, E> + Send + 'static,
    ) -> Result<Reply, Problem>
    where
        E: Into<Problem>,
    {
        db.write(move |tx| {
            let Some(key) = &self.0 else { return work(tx).map_err(Into::into) };
            if let Claim::Finished(reply) = idempotency::claim(tx, key, "", now)? {
                recorder::note(StepKind::Replay, || "this key was answered before".to_owned());
                return Ok(reply.into());
            }
            run_kept(tx, key, &work)
        })
        .await
    }
}

/// The reply that was decided while the request was under way.
fn find_standing(db: &Db, key: &Key, replayed: bool) -> Result<Option<Reply>, ClaimError> {
    Ok(match db.read(|connection| idempotency::find(connection, key))? {
        Some(Claim::Finished(stored)) => Some(Reply { stored, replayed }),
        Some(Claim::New | Claim::Unfinished { .. }) | None => None,
    })
}

fn run_kept<E: Into<Problem>>(
    tx: &Transaction<'_>,
    key: &Key,
    work: &impl Fn(&Transaction<'_>) -> Result<Reply, E>,
) -> Result<Reply, Problem> {
    let reply = match all_or_nothing(tx, || work(tx).map_err(Into::into)) {
        Ok(reply) => reply,
        Err(problem) if problem.status().is_server_error() => return Err(problem),
        Err(problem) => Reply::from(&problem),
    };
    idempotency::finish(tx, &key.text, reply.stored())?;
    Ok(reply)
}

/// The header's standard form is a quoted string; nearly everybody sends it bare. `None` if it
/// is neither: a quote in the middle means half a string or a list of them.
fn unquote(value: &str) -> Option<&str> {
    let text = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"').then_some(text)
}
