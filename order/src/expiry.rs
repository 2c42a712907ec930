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
        let now = Timestamp::now();
        // A read first, because a write costs an fsync even if it finds nothing to do.
        let due: DbResult<Vec<_>> = db.read(|connection| store::list_expired(connection, now, 1));
        if !due.is_ok_and(|due| !due.is_empty()) {
            continue;
        }
        match db.write(move |tx| transactions::expire(tx, now, BATCH)).await {
            Ok(expired) => tracing::info!(expired, "orders were not paid in time"),
            Err(error) => tracing::warn!(%error, "could not expire orders"),
        }
        relay.wake();
    }
}
