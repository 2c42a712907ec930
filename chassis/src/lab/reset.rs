//! Back to the first day.

use axum::extract::State;
use axum::http::StatusCode;
use rusqlite::Transaction;

use super::routes::LabRoom;
use super::scope::Whose;
use crate::epoch::Epoch;
use crate::http::Problem;
use crate::http::extract::NoQuery;
use crate::storage::{DbResult, migrate};

/// `POST /internal/reset`: as on the first day, faults and all.
///
/// Whatever is under way ends: see [`Epoch`].
pub(super) async fn reset(State(room): State<LabRoom>, _: NoQuery) -> Result<StatusCode, Problem> {
    // On a task of its own and without the context of this request, whose epoch ends here: a job
    // may have to run a second time, and the writer would refuse it as late.
    let resetting = tokio::spawn(async move {
        let parts = room.clone();
        let work = move |tx: &Transaction<'_>| start_over(tx, &parts);
        room.db.write(work).await?;
        let everything = Whose::default();
        room.lab.faults.end(&everything);
        room.lab.crash.disarm(&everything);
        room.switches.iter().for_each(|switch| switch.end(&everything));
        (room.forget)();
        if let Some(relay) = &room.relay {
            relay.wake();
        }
        Ok(StatusCode::NO_CONTENT)
    });
    resetting.await.unwrap_or_else(|lost| Err(Problem::internal(lost)))
}

fn start_over(tx: &Transaction<'_>, room: &LabRoom) -> DbResult<()> {
    migrate::start_over(tx, room.migrations)?;
    if let Some(announce) = room.announce_reset {
        announce(tx)?;
    }
    Epoch::begin_next();
    Ok(())
}
