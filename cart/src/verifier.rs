//! Checking later what could not be checked when it was added.
//!
//! While the catalog is silent, lines are added unchecked. Once it speaks again, somebody has
//! to ask about them; waiting for each shopper to come back would leave them in doubt. The same
//! goes for products that were missing and may have come into being.

use std::time::Duration;

use chassis::epoch::Epoch;
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

/// A question, with all that must still hold when its answer is written down.
#[derive(Clone)]
struct Question {
    product_id: ProductId,
    asked_at: Timestamp,
    catalog: CatalogClient,
    times_forgotten: u64,
    epoch: Epoch,
}

impl Question {
    fn new(catalog: &CatalogClient, product_id: ProductId) -> Self {
        Self {
            product_id,
            asked_at: Timestamp::now(),
            catalog: catalog.clone(),
            times_forgotten: catalog.times_forgotten(product_id),
            epoch: Epoch::current(),
        }
    }

    /// Whether a change was announced meanwhile, which the answer may not know of; or whether this
    /// service was put back to its first day.
    fn is_outdated(&self) -> bool {
        self.catalog.times_forgotten(self.product_id) != self.times_forgotten
            || self.epoch.is_over()
    }
}

/// Asks about each product that needs to be checked. One after the other: there is no
/// hurry, and a catalog that is coming up again has enough to do.
async fn check_all(db: &Db, catalog: &CatalogClient) -> Result<(), CartError> {
    let mut last = 0;
    while let Some(product_id) = find_next(db, last)? {
        let question = Question::new(catalog, product_id);
        match catalog.look_up(product_id).await {
            Lookup::Found { asked_at } => {
                tracing::info!(%product_id, "a product that was added unchecked exists");
                let question = Question { asked_at, ..question };
                settle(db, question, transactions::confirm_product).await?;
            }
            Lookup::Missing => {
                tracing::warn!(%product_id, "a product that was added unchecked does not exist");
                settle(db, question, transactions::give_up_product).await?;
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

/// Writes down what was learned, unless it is outdated: then the product is asked about again.
async fn settle(db: &Db, question: Question, outcome: Outcome) -> Result<(), CartError> {
    loop {
        let (now, question) = (Timestamp::now(), question.clone());
        let write = move |tx: &Transaction<'_>| {
            let Question { product_id, asked_at, .. } = question;
            if question.is_outdated() {
                return Ok(false);
            }
            outcome(tx, product_id, asked_at, now)
        };
        if !db.write(write).await? {
            return Ok(());
        }
    }
}
