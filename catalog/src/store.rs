//! The SQL of products and categories, one statement per function.

use chassis::money::Cents;
use chassis::storage::DbResult;
use chassis::storage::{Run, Sql};
use chassis::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, named_params, params};

use crate::model::{Category, CategoryId, Filter, Product, ProductId};

/// A page that is not asked for in a size has this many rows.
const PAGE_SIZE: i64 = 100;

/// Every column that the API shows, in the order of [`Product`].
const PRODUCT_COLUMNS: &str = "id, name, price_cents, stock, description, category_id, \
    category_name, image, created_at, updated_at";

/// What is written of a product.
#[derive(Clone, Debug)]
pub struct ProductRow {
    /// For people.
    pub name: String,
    /// Of one unit.
    pub price: Cents,
    /// What can be bought from now on.
    pub stock: i64,
    /// A sentence or two.
    pub description: Option<String>,
    /// Id and name of where it is sorted in.
    pub category: Option<(i64, String)>,
    /// A picture.
    pub image: Option<String>,
}

/// All products, by id.
pub fn list_products(connection: &Connection) -> DbResult<Vec<Product>> {
    let mut query = connection.statement(&format!(
        "SELECT {PRODUCT_COLUMNS} FROM products WHERE deleted_at IS NULL ORDER BY id"
    ))?;
    let products = query.query_map([], product_from_row)?;
    Ok(products.collect::<rusqlite::Result<_>>()?)
}

/// One page of the products that a client wants to see, and whether there are more.
pub fn list_page(connection: &Connection, filter: &Filter) -> DbResult<(Vec<Product>, bool)> {
    let limit = filter.limit.map_or(PAGE_SIZE, |limit| limit.get());
    let after = filter.after.map_or(0, |after| after.get());
    let pattern = filter.name_part.as_ref().map(|part| like_pattern(&part.0));
    // One more than wanted tells whether there are more.
    let limit_and_one = limit + 1;
    let mut parameters: Vec<(&str, &dyn ToSql)> =
        vec![(":after", &after), (":limit", &limit_and_one)];
    let (mut index, mut conditions) = ("", vec!["deleted_at IS NULL", "id > :after"]);
    if let Some(category_id) = &filter.category_id {
        index = "INDEXED BY products_by_category";
        conditions.push("category_id = :category_id");
        parameters.push((":category_id", category_id));
    }
    if let Some(pattern) = &pattern {
        conditions.push(r"name LIKE :pattern ESCAPE '\'");
        parameters.push((":pattern", pattern));
    }
    let mut query = connection.statement(&format!(
        "SELECT {PRODUCT_COLUMNS} FROM products {index} WHERE {} ORDER BY id LIMIT :limit",
        conditions.join(" AND ")
    ))?;
    let products = query.query_map(parameters.as_slice(), product_from_row)?;
    let mut products: Vec<Product> = products.collect::<rusqlite::Result<_>>()?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = products.len() > wanted;
    products.truncate(wanted);
    Ok((products, has_more))
}

/// One product, unless it was deleted.
pub fn find_product(connection: &Connection, id: ProductId) -> DbResult<Option<Product>> {
    let mut query = connection.statement(&format!(
        "SELECT {PRODUCT_COLUMNS} FROM products WHERE id = ?1 AND deleted_at IS NULL"
    ))?;
    Ok(query.query_row([id], product_from_row).optional()?)
}

/// Writes a new product and returns its id.
pub fn insert_product(tx: &Transaction<'_>, row: &ProductRow, now: Timestamp) -> DbResult<i64> {
    tx.statement(
        "INSERT INTO products (name, price_cents, stock, received, description, category_id,
             category_name, image, created_at, updated_at)
         VALUES (:name, :price_cents, :stock, :stock, :description, :category_id,
             :category_name, :image, :now, :now)",
    )?
    .run(named_params! {
        ":name": row.name,
        ":price_cents": row.price,
        ":stock": row.stock,
        ":description": row.description,
        ":category_id": row.category.as_ref().map(|(id, _)| id),
        ":category_name": row.category.as_ref().map(|(_, name)| name),
        ":image": row.image,
        ":now": now,
    })?;
    Ok(tx.last_insert_rowid())
}

/// Overwrites a product. Units that are held or sold stay so; the difference in stock was
/// received or written off.
pub fn update_product(
    tx: &Transaction<'_>,
    id: ProductId,
    row: &ProductRow,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement(
        "UPDATE products SET name = :name, price_cents = :price_cents, stock = :stock,
             received = :stock + held + sold, description = :description,
             category_id = :category_id, category_name = :category_name, image = :image,
             updated_at = :now
         WHERE id = :id",
    )?
    .run(named_params! {
        ":id": id,
        ":name": row.name,
        ":price_cents": row.price,
        ":stock": row.stock,
        ":description": row.description,
        ":category_id": row.category.as_ref().map(|(id, _)| id),
        ":category_name": row.category.as_ref().map(|(_, name)| name),
        ":image": row.image,
        ":now": now,
    })?;
    Ok(())
}

/// Takes a product off the shelf and writes off what was left; `false` if it was not there.
pub fn delete_product(tx: &Transaction<'_>, id: ProductId, now: Timestamp) -> DbResult<bool> {
    let deleted = tx
        .statement(
            "UPDATE products SET stock = 0, received = held + sold, deleted_at = ?2, updated_at = ?2
             WHERE id = ?1 AND deleted_at IS NULL",
        )?
        .run(params![id, now])?;
    Ok(deleted == 1)
}

/// All categories, by id.
pub fn list_categories(connection: &Connection) -> DbResult<Vec<Category>> {
    let mut query = connection
        .statement("SELECT id, name, created_at, updated_at FROM categories ORDER BY id")?;
    let categories = query.query_map([], category_from_row)?;
    Ok(categories.collect::<rusqlite::Result<_>>()?)
}

/// One category.
pub fn find_category(connection: &Connection, id: CategoryId) -> DbResult<Option<Category>> {
    let mut query = connection
        .statement("SELECT id, name, created_at, updated_at FROM categories WHERE id = ?1")?;
    Ok(query.query_row([id], category_from_row).optional()?)
}

/// The id of the category with this name, in any case of its letters.
pub fn find_category_named(connection: &Connection, name: &str) -> DbResult<Option<i64>> {
    let mut query = connection.statement("SELECT id FROM categories WHERE name = ?1")?;
    Ok(query.query_row([name], |row| row.get(0)).optional()?)
}

/// Writes a new category and returns its id.
pub fn insert_category(tx: &Transaction<'_>, name: &str, now: Timestamp) -> DbResult<i64> {
    tx.statement("INSERT INTO categories (name, created_at, updated_at) VALUES (?1, ?2, ?2)")?
        .run(params![name, now])?;
    Ok(tx.last_insert_rowid())
}

/// Renames a category and the copies of its name in its products.
pub fn rename_category(
    tx: &Transaction<'_>,
    id: CategoryId,
    name: &str,
    now: Timestamp,
) -> DbResult<()> {
    tx.statement("UPDATE categories SET name = ?2, updated_at = ?3 WHERE id = ?1")?
        .run(params![id, name, now])?;
    tx.statement("UPDATE products SET category_name = ?2, updated_at = ?3 WHERE category_id = ?1")?
        .run(params![id, name, now])?;
    Ok(())
}

/// `LIKE` gives `%` and `_` a meaning that a shopper who types them does not intend.
fn like_pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in part.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// Reads [`PRODUCT_COLUMNS`].
fn product_from_row(row: &Row<'_>) -> rusqlite::Result<Product> {
    Ok(Product {
        id: row.get(0)?,
        name: row.get(1)?,
        price: row.get(2)?,
        stock: row.get(3)?,
        description: row.get(4)?,
        category_id: row.get(5)?,
        category_name: row.get(6)?,
        image: row.get(7)?,
        created_at: row.get(8)?,
        updated_at: row.get(9)?,
    })
}

fn category_from_row(row: &Row<'_>) -> rusqlite::Result<Category> {
    let (id, name, created_at, updated_at) = row.try_into()?;
    Ok(Category { id, name, created_at, updated_at })
}

#[cfg(test)]
mod tests;
