//! Orders that nobody paid in time.
//!
//! The catalog has no clock of its own: units stay held until the order says otherwise. So it
//! is here that time passes.
//!
//! An order that was placed before this process started may have been paid while nobody was here
//! to be told. Its payment waits at the payment service, and gets some time to arrive first.

use std::time::{Duration, Instant};

use chassis::messaging::relay::Relay;
use chassis::storage::{Db, DbResult};
use chassis::time::Timestamp;
use tokio::time::{MissedTickBehavior, interval};

use crate::{store, transactions};

/// How often we look. Nobody notices an order that expires a second late.
const INTERVAL: Duration = Duration::from_secs(1);

/// Orders that expire in one transaction, so that a long absence does not make a long one.
const BATCH: u32 = 100;

/// How long after the start an older order does not expire. The payment service asks every second
/// whether we are back, and then delivers what waits within 5 s; this is twice that.
const GRACE: Duration = Duration::from_secs(10);

/// Ends orders whose time is over, for as long as the service runs.
pub async fn expire_orders(db: Db, relay: Relay) {
    let (started, started_at) = (Instant::now(), Timestamp::now());
    let mut interval = interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let since = (started.elapsed() < GRACE).then_some(started_at);
        // As many batches as it takes: a shop in which more than one batch expires per second
        // would never catch up otherwise.
        while is_due(&db, since) {
            let now = Timestamp::now();
            match db.write(move |tx| transactions::expire(tx, since, now, BATCH)).await {
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
fn is_due(db: &Db, since: Option<Timestamp>) -> bool {
    let now = Timestamp::now();
    let due: DbResult<Vec<_>> =
        db.read(|connection| store::list_expired(connection, since, now, 1));
    due.is_ok_and(|due| !due.is_empty())
}
