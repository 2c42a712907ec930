//! Orders that nobody paid in time.
//!
//! The catalog has no clock of its own: units stay held until the order says otherwise. So it
//! is here that time passes.

use std::time::Duration;

use chassis::messaging::relay::Relay;
use chassis::storage::{Db, DbResult};
use chassis::time::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::{store, transactions};

/// How often we look. Nobody notices an order that expires a second late.
const INTERVAL: Duration = Duration::from_secs(1);

/// Orders that expire in one transaction, so that a long absence does not make a long one.
const BATCH: u32 = 100;

/// Ends orders whose time is over, for as long as the service runs.
pub async fn expire_orders(db: Db, relay: Relay) {
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        // As many batches as it takes: a shop in which more than one batch expires per second
        // would never catch up otherwise.
        while is_due(&db) {
            let now = Timestamp::now();
            match db.write(move |tx| transactions::expire(tx, now, BATCH)).await {
                Ok(expired) => tracing::info!(expired, "orders were not paid in time"),
                Err(error) => {
                    tracing::warn!(%error, "could not expire orders");
                    break;
                }
            }
            relay.wake();
        }
    }
}

/// Whether there is anything to do. A read first, because a write costs an fsync even if it
/// finds nothing.
fn is_due(db: &Db) -> bool {
    let now = Timestamp::now();
    let due: DbResult<Vec<_>> = db.read(|connection| store::list_expired(connection, now, 1));
    due.is_ok_and(|due| !due.is_empty())
}
