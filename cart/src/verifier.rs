//! Checking later what could not be checked when it was added.
//!
//! While the catalog is silent, lines are added unchecked. Once it speaks again, somebody has
//! to ask about them; waiting for each shopper to come back would leave them in doubt.

use std::time::Duration;

use chassis::messaging::client::NoAnswer;
use chassis::storage::{Db, DbResult};
use chassis::time::Timestamp;
use rusqlite::Transaction;
use tokio::time::{MissedTickBehavior, interval};

use crate::catalog_client::{CatalogClient, Lookup};
use crate::error::CartError;
use crate::model::ProductId;
use crate::{store, transactions};

/// How often to look for such lines. When there are none, a look is one step into an empty
/// index; when there are, this is what a shopper waits at most once the catalog is back.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts checking in the background, for as long as the service runs.
pub fn start(db: Db, catalog: CatalogClient) {
    tokio::spawn(async move {
        let mut pause = interval(PAUSE);
        pause.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pause.tick().await;
            if let Err(error) = check_all(&db, &catalog).await {
                tracing::warn!(%error, "could not check the lines that were added unchecked");
            }
        }
    });
}

/// Asks about each product that some line needs checked. One after the other: there is no
/// hurry, and a catalog that is coming up again has enough to do.
async fn check_all(db: &Db, catalog: &CatalogClient) -> Result<(), CartError> {
    let mut last = 0;
    while let Some(product_id) = find_next(db, last)? {
        let now = Timestamp::now();
        match catalog.look_up(product_id).await {
            Lookup::Found { asked_at } => {
                tracing::info!(%product_id, "a product that was added unchecked exists");
                settle(db, product_id, asked_at, transactions::confirm_product).await?;
            }
            Lookup::Missing => {
                tracing::warn!(%product_id, "a product that was added unchecked does not exist");
                settle(db, product_id, now, transactions::give_up_product).await?;
            }
            // The breaker says that it is no use now. Other failures may be about this one
            // product, and must not keep the others from being checked.
            Lookup::Unreachable(NoAnswer::BreakerOpen(_)) => return Ok(()),
            Lookup::Unreachable(_) => {}
        }
        last = product_id.get();
    }
    Ok(())
}

fn find_next(db: &Db, last: i64) -> DbResult<Option<ProductId>> {
    let found = db.read(|connection| store::find_product_to_check(connection, last))?;
    Ok(found.and_then(ProductId::new))
}

/// What is written down for a bounded number of lines; `true` if some are left.
type Outcome = fn(&Transaction<'_>, ProductId, Timestamp, Timestamp) -> Result<bool, CartError>;

async fn settle(
    db: &Db,
    product_id: ProductId,
    asked_at: Timestamp,
    outcome: Outcome,
) -> Result<(), CartError> {
    loop {
        let now = Timestamp::now();
        if !db.write(move |tx| outcome(tx, product_id, asked_at, now)).await? {
            return Ok(());
        }
    }
}
