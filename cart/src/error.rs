//! What can go wrong in the cart, and what the caller hears about it.

use chassis::http::Problem;
use chassis::storage::DbError;

use crate::model::{LINE_QUANTITY_MAX, LINES_MAX, ProductId};

/// The value of `X-Degraded` when an answer was found without the catalog.
pub const CATALOG_UNAVAILABLE: &str = "catalog-unavailable";

/// A failure in the words of the shop.
#[derive(Debug, thiserror::Error)]
pub enum CartError {
    /// The catalog has no such product.
    #[error("Product {0} not found in catalog")]
    UnknownProduct(ProductId),
    /// The catalog cannot be asked, and we are told not to go on without it.
    #[error("The catalog does not answer, so product {0} cannot be checked; try again later")]
    Unchecked(ProductId),
    /// The cart has no line with this product.
    #[error("Product {0} is not in the cart")]
    NoSuchLine(ProductId),
    /// The line would hold more than a line can.
    #[error("quantity: a line holds at most {LINE_QUANTITY_MAX}")]
    LineFull,
    /// The cart would have more lines than a cart can.
    #[error("A cart holds at most {LINES_MAX} different products")]
    CartFull,
    /// An event about a user does not say which.
    #[error("payload.user_id: must be given for user.deleted")]
    NoUser,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<rusqlite::Error> for CartError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Read this as a table: one row per failure.
impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        let sentence = error.to_string();
        match error {
            CartError::UnknownProduct(_) | CartError::NoSuchLine(_) => Problem::not_found(sentence),
            CartError::Unchecked(_) => Problem::unavailable(sentence).degraded(CATALOG_UNAVAILABLE),
            CartError::LineFull | CartError::NoUser => Problem::invalid(sentence),
            CartError::CartFull => Problem::conflict(sentence),
            CartError::Database(cause) => cause.into(),
        }
    }
}
