//! An order as the API shows it.

use chassis::id::Id;
use chassis::money::Cents;
use chassis::time::Timestamp;
use serde::Serialize;

use crate::model::{Order, OrderLine, OrderStatus, Reservation};

/// One entry of an order's history.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// The status after it.
    pub status: String,
    /// What happened, for a person.
    pub detail: String,
}

/// An order as the API shows it.
#[derive(Debug, Serialize)]
pub struct OrderView<'a> {
    id: Id,
    order_id: Id,
    user_id: &'a str,
    items: &'a [OrderLine],
    status: OrderStatus,
    total_amount: Cents,
    payment_id: Option<Id>,
    reservation: Reservation,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a [HistoryEntry]>,
    created_at: Timestamp,
    updated_at: Timestamp,
    expires_at: Timestamp,
}

impl Order {
    /// The view in lists, without history, or the full one.
    pub fn view<'a>(&'a self, history: Option<&'a [HistoryEntry]>) -> OrderView<'a> {
        OrderView {
            id: self.id,
            order_id: self.id,
            user_id: &self.user_id,
            items: &self.lines,
            status: self.status,
            total_amount: self.total,
            payment_id: self.payment_id,
            reservation: self.reservation,
            history,
            created_at: self.created_at,
            updated_at: self.updated_at,
            expires_at: self.expires_at,
        }
    }
}
