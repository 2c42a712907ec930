//! Units of work: all of it happens or none of it does.

use chassis::id::Id;
use chassis::time::Timestamp;
use rusqlite::Transaction;

use crate::error::CatalogError;
use crate::events;
use crate::model::{
    Category, CategoryDraft, CategoryId, Product, ProductDraft, ProductId, Refusal, RefusalReason,
    Reservation, ReservationLine, Settled,
};
use crate::stock;
use crate::store::{self, ProductRow};

/// Adds a product and announces it: somebody may know of its id that there is no such product.
pub fn create_product(
    tx: &Transaction<'_>,
    draft: &ProductDraft,
    now: Timestamp,
) -> Result<Product, CatalogError> {
    let row = complete(tx, draft, None)?;
    let id = store::insert_product(tx, &row, now)?;
    let id = ProductId::new(id).ok_or(CatalogError::ProductNotFound)?;
    let product = store::find_product(tx, id)?.ok_or(CatalogError::ProductNotFound)?;
    events::product_updated(tx, &product, now)?;
    Ok(product)
}

/// Overwrites a product and announces it. Optional fields that were left out stay.
pub fn replace_product(
    tx: &Transaction<'_>,
    id: ProductId,
    draft: &ProductDraft,
    now: Timestamp,
) -> Result<Product, CatalogError> {
    let before = store::find_product(tx, id)?.ok_or(CatalogError::ProductNotFound)?;
    let row = complete(tx, draft, Some(before))?;
    store::update_product(tx, id, &row, now)?;
    let product = store::find_product(tx, id)?.ok_or(CatalogError::ProductNotFound)?;
    events::product_updated(tx, &product, now)?;
    Ok(product)
}

/// Takes a product off the shelf and announces it.
pub fn delete_product(
    tx: &Transaction<'_>,
    id: ProductId,
    now: Timestamp,
) -> Result<(), CatalogError> {
    if !store::delete_product(tx, id, now)? {
        return Err(CatalogError::ProductNotFound);
    }
    events::product_deleted(tx, id, now)?;
    Ok(())
}

/// Adds a category.
pub fn create_category(
    tx: &Transaction<'_>,
    draft: &CategoryDraft,
    now: Timestamp,
) -> Result<Category, CatalogError> {
    let name = &draft.name.0;
    if store::find_category_named(tx, name)?.is_some() {
        return Err(CatalogError::CategoryNameTaken(name.clone()));
    }
    let id = store::insert_category(tx, name, now)?;
    Ok(Category { id, name: name.clone(), created_at: now, updated_at: now })
}

/// Renames a category, and with it the copies in its products, and announces it.
pub fn rename_category(
    tx: &Transaction<'_>,
    id: CategoryId,
    draft: &CategoryDraft,
    now: Timestamp,
) -> Result<Category, CatalogError> {
    let before = store::find_category(tx, id)?.ok_or(CatalogError::CategoryNotFound)?;
    let name = &draft.name.0;
    if store::find_category_named(tx, name)?.is_some_and(|other| other != before.id) {
        return Err(CatalogError::CategoryNameTaken(name.clone()));
    }
    store::rename_category(tx, id, name, now)?;
    let category = Category { name: name.clone(), updated_at: now, ..before };
    events::category_updated(tx, &category, now)?;
    Ok(category)
}

/// Keeps units for an order: all lines or none. Whatever is decided is remembered, also a
/// refusal, so that the same question always gets the same answer.
pub fn reserve(
    tx: &Transaction<'_>,
    order_id: Id,
    lines: &[ReservationLine],
    now: Timestamp,
) -> Result<Reservation, CatalogError> {
    if let Some(before) = stock::find_reservation(tx, order_id)? {
        return repeat(tx, order_id, lines, before);
    }
    let refusals = lines.iter().map(|line| find_refusal(tx, line));
    let refusal = refusals.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().next();
    let reservation = refusal.map_or(Reservation::Held, Reservation::Refused);
    stock::insert_reservation(tx, order_id, &reservation, now)?;
    if reservation == Reservation::Held {
        for line in lines {
            // Checked above and nobody else writes meanwhile, so this cannot be refused.
            if !stock::hold_units(tx, order_id, line, now)? {
                return Err(CatalogError::NotReserved);
            }
        }
    }
    Ok(reservation)
}

/// The order was paid: its units are sold.
pub fn commit(tx: &Transaction<'_>, order_id: Id, now: Timestamp) -> Result<Settled, CatalogError> {
    match stock::find_reservation(tx, order_id)? {
        None => return Err(CatalogError::NotReserved),
        Some(Reservation::Refused(refusal)) => return Err(CatalogError::Refused(refusal)),
        Some(Reservation::Released) => return Err(CatalogError::AlreadyReleased),
        Some(Reservation::Committed) => {}
        Some(Reservation::Held) => {
            stock::sell_held(tx, order_id, now)?;
            stock::set_status(tx, order_id, &Reservation::Committed, now)?;
        }
    }
    Ok(Settled { order_id, status: "COMMITTED" })
}

/// The order is over: its units go back. For an order that was never heard of this leaves a
/// tombstone, so that its reservation, should it still be under way, finds out.
pub fn release(
    tx: &Transaction<'_>,
    order_id: Id,
    now: Timestamp,
) -> Result<Settled, CatalogError> {
    match stock::find_reservation(tx, order_id)? {
        None => stock::insert_reservation(tx, order_id, &Reservation::Released, now)?,
        Some(Reservation::Committed) => return Err(CatalogError::AlreadyCommitted),
        Some(Reservation::Released | Reservation::Refused(_)) => {}
        Some(Reservation::Held) => {
            stock::return_held(tx, order_id, now)?;
            stock::set_status(tx, order_id, &Reservation::Released, now)?;
        }
    }
    Ok(Settled { order_id, status: "RELEASED" })
}

/// Fills in what a draft leaves out: from what the product was before, or with nothing.
fn complete(
    tx: &Transaction<'_>,
    draft: &ProductDraft,
    before: Option<Product>,
) -> Result<ProductRow, CatalogError> {
    let (description, category, image) = match before {
        None => (None, None, None),
        Some(it) => (it.description, it.category_id.zip(it.category_name), it.image),
    };
    let category = match draft.category_id {
        None => category,
        Some(None) => None,
        Some(Some(id)) => {
            let found = store::find_category(tx, id)?.ok_or(CatalogError::UnknownCategory(id))?;
            Some((found.id, found.name))
        }
    };
    Ok(ProductRow {
        name: draft.name.0.clone(),
        price: draft.price,
        stock: draft.stock.get(),
        description: match &draft.description {
            None => description,
            Some(said) => said.as_ref().map(|text| text.0.clone()),
        },
        category,
        image: match &draft.image {
            None => image,
            Some(said) => said.as_ref().map(|path| path.0.clone()),
        },
    })
}

/// The same order asks again: the same answer, unless it now asks for something else.
fn repeat(
    tx: &Transaction<'_>,
    order_id: Id,
    lines: &[ReservationLine],
    before: Reservation,
) -> Result<Reservation, CatalogError> {
    match before {
        Reservation::Released => Err(CatalogError::AlreadyReleased),
        Reservation::Refused(refusal) => Ok(Reservation::Refused(refusal)),
        Reservation::Held | Reservation::Committed => {
            let mut wanted: Vec<(i64, i64)> =
                lines.iter().map(|line| (line.product_id.get(), line.quantity.get())).collect();
            wanted.sort_unstable();
            if wanted != stock::list_reserved(tx, order_id)? {
                return Err(CatalogError::DifferentReservation);
            }
            Ok(before)
        }
    }
}

fn find_refusal(
    tx: &Transaction<'_>,
    line: &ReservationLine,
) -> Result<Option<Refusal>, CatalogError> {
    let refuse = |reason, detail| Ok(Some(Refusal { reason, detail }));
    let id = line.product_id.get();
    let Some((name, price, stock)) = stock::find_offer(tx, id)? else {
        return refuse(RefusalReason::NoSuchProduct, format!("Product {id} does not exist"));
    };
    if price != line.price {
        let detail =
            format!("The price of product {id} ({name}) is now {price}, not {}", line.price);
        return refuse(RefusalReason::PriceChanged, detail);
    }
    if stock < line.quantity.get() {
        let detail = format!(
            "Product {id} ({name}) is out of stock: {stock} left, {} asked for",
            line.quantity
        );
        return refuse(RefusalReason::OutOfStock, detail);
    }
    Ok(None)
}
