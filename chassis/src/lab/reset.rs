//! Back to the first day.

use axum::extract::State;
use rusqlite::Transaction;

use super::routes::LabRoom;
use super::scope::Whose;
use crate::epoch::Epoch;
use crate::http::extract::NoQuery;
use crate::http::reply::IdempotencyKey;
use crate::http::{Problem, Reply};
use crate::storage::idempotency::{self, Key};
use crate::storage::migrate;
use crate::storage::savepoint::all_or_nothing;
use crate::time::Timestamp;

/// `POST /internal/reset`: as on the first day, faults and all.
///
/// Whatever is under way ends: see [`Epoch`]. A key outlives only the reset that it came with,
/// because a reset removes all others.
pub(super) async fn reset(
    State(room): State<LabRoom>,
    _: NoQuery,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    if let Some(reply) = key.find_reply(&room.db)? {
        return Ok(reply);
    }
    // On a task of its own and without the context of this request, whose epoch ends here: a job
    // may have to run a second time, and the writer would refuse it as late.
    let resetting = tokio::spawn(async move {
        let parts = room.clone();
        // It changes the schema, see `Db::write`.
        let work = move |tx: &Transaction<'_>| {
            all_or_nothing(tx, || start_over(tx, &parts, key.0.as_ref()))
        };
        let reply = room.db.write(work).await?;
        let everything = Whose::default();
        room.lab.faults.end(&everything);
        room.lab.crash.disarm(&everything);
        room.switches.iter().for_each(|switch| switch.end(&everything));
        (room.forget)();
        if let Some(relay) = &room.relay {
            relay.wake();
        }
        Ok(reply)
    });
    resetting.await.unwrap_or_else(|lost| Err(Problem::internal(lost)))
}

fn start_over(tx: &Transaction<'_>, room: &LabRoom, key: Option<&Key>) -> Result<Reply, Problem> {
    migrate::start_over(tx, room.migrations)?;
    if let Some(announce) = room.announce_reset {
        announce(tx)?;
    }
    let reply = Reply::no_content();
    if let Some(key) = key {
        idempotency::claim(tx, key, "", Timestamp::now())?;
        idempotency::finish(tx, &key.text, reply.stored())?;
    }
    // Before the commit, so that nobody gets in between. Should it fail, those who are being served
    // are sent away for nothing, and may ask again.
    Epoch::begin_next();
    Ok(reply)
}
