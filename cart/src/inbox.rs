//! Events from other services, each handled once.
//!
//! A sender that heard no answer sends again, so every event may arrive twice. The inbox turns
//! that into "handled once": the id of the event and its effect commit together, and an id
//! that is there already means that the effect is too.

use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Serialize;

use crate::error::CartError;
use crate::model::{Event, EventType};
use crate::store;

/// How long an event is remembered: 30 days. Its sender gives up after three; the rest is for
/// people who replay dead letters after their holidays.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// What became of an event. The sender hears 200 either way: what it needs to know is that it
/// can stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Receipt {
    /// It was new, and has had its effect.
    Handled,
    /// It has had its effect before.
    Duplicate,
}

/// Writes an event down and does what it asks for.
pub fn receive(tx: &Transaction<'_>, event: &Event, now: Timestamp) -> Result<Receipt, CartError> {
    if !store::insert_event(tx, event, now)? {
        return Ok(Receipt::Duplicate);
    }
    store::delete_old_events(tx, now.plus_ms(-KEPT_MS))?;
    match event.event_type {
        EventType::UserDeleted => {
            let user_id = event.payload.user_id.as_ref().ok_or(CartError::NoUser)?;
            store::delete_cart(tx, user_id)?;
        }
        EventType::ProductDeleted => {
            if let Some(product_id) = event.payload.product_id {
                store::upsert_missing(tx, product_id, now)?;
            }
        }
        // It may be new. Whether it is there now is for the catalog to say (`verifier.rs`): an
        // announcement that comes late may be about a product that is gone again.
        EventType::ProductUpdated => match event.payload.product_id {
            Some(product_id) => store::doubt_missing(tx, product_id)?,
            None => store::doubt_all_missing(tx)?,
        },
        // Nothing is stored about names, prices and categories; forgetting what is remembered
        // of them happens in memory (`CatalogClient::forget`).
        EventType::CategoryUpdated => {}
    }
    Ok(Receipt::Handled)
}
