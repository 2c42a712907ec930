//! Units of work: all of it happens or none of it does.

use chassis::id::UserId;
use chassis::time::Timestamp;
use rusqlite::Transaction;

use crate::error::CartError;
use crate::model::{Addition, Check, LINES_MAX, Line, ProductId, Quantity};
use crate::store;

/// Adds a product to a cart and returns what is in it then.
///
/// Writes first and looks at the outcome: an `Err` undoes everything that was written.
pub fn add_item(
    tx: &Transaction<'_>,
    addition: &Addition,
    now: Timestamp,
) -> Result<Vec<Line>, CartError> {
    let needs_check = match addition.check {
        Check::Failed => return Err(CartError::UnknownProduct(addition.product_id)),
        Check::NotMade => true,
        Check::Passed { asked_at } => {
            store::delete_missing(tx, addition.product_id, asked_at)?;
            false
        }
    };
    store::upsert_cart(tx, &addition.user_id, now)?;
    if !store::upsert_line(tx, addition, needs_check, now)? {
        return Err(CartError::LineFull);
    }
    let lines = store::list_lines(tx, &addition.user_id)?;
    if lines.len() > LINES_MAX {
        return Err(CartError::CartFull);
    }
    Ok(lines)
}

/// Sets the quantity of a line and returns what is in the cart then.
pub fn set_quantity(
    tx: &Transaction<'_>,
    user_id: &UserId,
    product_id: ProductId,
    quantity: Quantity,
    now: Timestamp,
) -> Result<Vec<Line>, CartError> {
    if !store::set_quantity(tx, user_id, product_id, quantity.get(), now)? {
        return Err(CartError::NoSuchLine(product_id));
    }
    store::upsert_cart(tx, user_id, now)?;
    Ok(store::list_lines(tx, user_id)?)
}

/// Removes a line, if it is there, and returns what is left.
pub fn remove_item(
    tx: &Transaction<'_>,
    user_id: &UserId,
    product_id: ProductId,
    now: Timestamp,
) -> Result<Vec<Line>, CartError> {
    if store::delete_line(tx, user_id, product_id)? {
        store::upsert_cart(tx, user_id, now)?;
    }
    Ok(store::list_lines(tx, user_id)?)
}

/// Removes all lines of a cart.
pub fn clear_cart(tx: &Transaction<'_>, user_id: &UserId, now: Timestamp) -> Result<(), CartError> {
    if store::delete_lines(tx, user_id)? {
        store::upsert_cart(tx, user_id, now)?;
    }
    Ok(())
}

/// The catalog knows the product: the lines that were added without asking are fine. Returns
/// whether some are left for another turn.
pub fn confirm_product(
    tx: &Transaction<'_>,
    product_id: ProductId,
    asked_at: Timestamp,
    now: Timestamp,
) -> Result<bool, CartError> {
    store::delete_missing(tx, product_id, asked_at)?;
    Ok(store::settle_lines(tx, product_id, now)?)
}

/// The catalog has no such product. The lines stay, because throwing away what a shopper has
/// picked is not ours to decide, but they say so. Returns whether some are left for another turn.
pub fn give_up_product(
    tx: &Transaction<'_>,
    product_id: ProductId,
    asked_at: Timestamp,
    now: Timestamp,
) -> Result<bool, CartError> {
    store::upsert_missing(tx, product_id, asked_at)?;
    Ok(store::settle_lines(tx, product_id, now)?)
}
