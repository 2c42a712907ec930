//! What can go wrong in the catalog, and what the caller hears about it.

use chassis::http::Problem;
use chassis::storage::DbError;

use crate::model::{CategoryId, Refusal, RefusalReason};

/// A failure in the words of the shop.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// No product has this id.
    #[error("Product not found")]
    ProductNotFound,
    /// No category has this id.
    #[error("Category not found")]
    CategoryNotFound,
    /// A product names a category that does not exist.
    #[error("category_id: there is no category {0}")]
    UnknownCategory(CategoryId),
    /// Two categories cannot have the same name.
    #[error("A category named {0} exists already")]
    CategoryNameTaken(String),
    /// An order cannot have what it asks for.
    #[error("{}", .0.detail)]
    Refused(Refusal),
    /// The same order asks for something else than before.
    #[error("This order has reserved something else already")]
    DifferentReservation,
    /// A reservation of this order was released before.
    #[error("The reservation of this order was released")]
    AlreadyReleased,
    /// A reservation of this order was committed before.
    #[error("The reservation of this order was committed")]
    AlreadyCommitted,
    /// Nothing was ever reserved for this order.
    #[error("Nothing is reserved for this order")]
    NotReserved,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<rusqlite::Error> for CatalogError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Read this as a table: one row per failure.
impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        let sentence = error.to_string();
        match error {
            CatalogError::ProductNotFound
            | CatalogError::CategoryNotFound
            | CatalogError::NotReserved => Problem::not_found(sentence),
            CatalogError::UnknownCategory(_) => Problem::invalid(sentence),
            CatalogError::CategoryNameTaken(_)
            | CatalogError::DifferentReservation
            | CatalogError::AlreadyReleased
            | CatalogError::AlreadyCommitted => Problem::conflict(sentence),
            CatalogError::Refused(refusal) => match refusal.reason {
                RefusalReason::OutOfStock => Problem::conflict(sentence),
                RefusalReason::PriceChanged => Problem::invalid(sentence),
                RefusalReason::NoSuchProduct => Problem::not_found(sentence),
            },
            CatalogError::Database(cause) => cause.into(),
        }
    }
}
