//! What can go wrong with an order, and what the caller hears about it.

use axum::http::StatusCode;
use chassis::http::Problem;
use chassis::id::Id;
use chassis::money::Cents;
use chassis::storage::DbError;
use chassis::storage::idempotency::ClaimError;

use crate::model::{NotAnOrder, OrderStatus};

/// Said of an answer that was found without the catalog.
pub const DEGRADED: &str = "catalog-unavailable";

/// A failure in the words of the shop.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No order has this id.
    #[error("Order not found")]
    NotFound,
    /// The lines make no order.
    #[error(transparent)]
    NotAnOrder(#[from] NotAnOrder),
    /// The catalog said no; the status and the sentence are its own.
    #[error("{1}")]
    Refused(u16, String),
    /// The order is past the point where this could happen.
    #[error("Order {0} is already {1}")]
    AlreadyOver(Id, OrderStatus),
    /// Somebody paid something else than the total.
    #[error("amount: the total of order {order_id} is {total}, not {paid}")]
    WrongAmount {
        /// Which order.
        order_id: Id,
        /// What it costs.
        total: Cents,
        /// What was paid.
        paid: Cents,
    },
    /// A signed notice that names no order could be recorded and sent to any.
    #[error("order_id: must be given, because webhooks are signed here")]
    NoOrderNamed,
    /// The notice was made for another order.
    #[error("order_id: this payment is for order {0}")]
    ForAnother(Id),
    /// A payment pays one order.
    #[error("Payment {0} has paid another order")]
    PaidAnother(Id),
    /// The catalog is silent, and this shop sells only what it is sure to have.
    #[error("The catalog does not answer, so nothing was ordered; try again shortly")]
    CatalogUnavailable,
    /// The idempotency key cannot be used.
    #[error(transparent)]
    Key(#[from] ClaimError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<rusqlite::Error> for OrderError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Read this as a table: one row per failure.
impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        let sentence = error.to_string();
        match error {
            OrderError::NotFound => Problem::not_found(sentence),
            OrderError::NotAnOrder(_)
            | OrderError::WrongAmount { .. }
            | OrderError::NoOrderNamed
            | OrderError::ForAnother(_) => Problem::invalid(sentence),
            OrderError::Refused(status, detail) => {
                Problem::new(StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT), detail)
            }
            OrderError::AlreadyOver(..) | OrderError::PaidAnother(_) => Problem::conflict(sentence),
            OrderError::CatalogUnavailable => Problem::unavailable(sentence).degraded(DEGRADED),
            OrderError::Key(cause) => cause.into(),
            OrderError::Database(cause) => cause.into(),
        }
    }
}
