//! What can go wrong with a payment, and what the caller hears about it.

use axum::http::StatusCode;
use chassis::http::Problem;
use chassis::id::Id;
use chassis::money::Cents;
use chassis::storage::DbError;
use chassis::storage::idempotency::ClaimError;

use crate::model::PaymentStatus;

/// A failure in the words of the shop.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// No payment is known by this order or id.
    #[error("Payment not found")]
    NotFound,
    /// The order service knows no such order, or this cannot be the id of one.
    #[error("Order {0} not found")]
    NoSuchOrder(String),
    /// What names no order and cannot be told back either.
    #[error("order_id: must be the id of an order")]
    NotAnOrderId,
    /// The order said no; the status and the sentence are its own.
    #[error("{1}")]
    Refused(u16, String),
    /// The order is being paid, or was, with another amount.
    #[error("Order {order_id} has a payment of {amount} already")]
    OtherAmount {
        /// Which order.
        order_id: Id,
        /// What that payment is about.
        amount: Cents,
    },
    /// The payment is past the point where this could happen.
    #[error("Payment {0} is already {1}")]
    AlreadyOver(Id, PaymentStatus),
    /// The idempotency key cannot be used.
    #[error(transparent)]
    Key(#[from] ClaimError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl PaymentError {
    /// The refusal of something that is no order's id. Only what looks like one is told back: an
    /// answer should not carry any text that somebody puts into a link.
    pub fn no_such_order(name: String) -> Self {
        let is_plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if (1..=64).contains(&name.len()) && is_plain {
            Self::NoSuchOrder(name)
        } else {
            Self::NotAnOrderId
        }
    }
}

impl From<rusqlite::Error> for PaymentError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Read this as a table: one row per failure.
impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        let sentence = error.to_string();
        match error {
            PaymentError::NotFound | PaymentError::NoSuchOrder(_) => Problem::not_found(sentence),
            PaymentError::NotAnOrderId => Problem::invalid(sentence),
            PaymentError::Refused(status, detail) => {
                Problem::new(StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT), detail)
            }
            PaymentError::OtherAmount { .. } | PaymentError::AlreadyOver(..) => {
                Problem::conflict(sentence)
            }
            PaymentError::Key(cause) => cause.into(),
            PaymentError::Database(cause) => cause.into(),
        }
    }
}
