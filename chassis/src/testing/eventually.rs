//! Waiting for background work: as short as possible, never longer than sensible.

use std::panic::Location;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::fail_at;

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(10);

/// How long something may take. Generous, because only a failing test waits this long.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until `condition` is true, and fails the test after 10 s, saying what did not happen.
///
/// ```no_run
/// # use chassis::testing::{Neighbor, eventually};
/// # async fn example(neighbor: Neighbor) {
/// eventually("the webhook arrives", async || neighbor.requests().len() == 1).await;
/// # }
/// ```
#[track_caller]
pub fn eventually(
    what: &str,
    mut condition: impl AsyncFnMut() -> bool,
) -> impl Future<Output = ()> {
    let place = Location::caller();
    async move {
        let deadline = Instant::now() + PATIENCE;
        while !condition().await {
            if Instant::now() > deadline {
                fail_at(place, &format!("it did not happen within 10 s that {what}"));
            }
            sleep(PAUSE).await;
        }
    }
}
