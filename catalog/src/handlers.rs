//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chassis::http::extract::{Json, NoQuery, Path, Query, empty_as_none, query_string};
use chassis::http::reply::IdempotencyKey;
use chassis::http::{Problem, Reply};
use chassis::id::Id;
use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::json;

use crate::error::CatalogError;
use crate::model::{
    Category, CategoryDraft, CategoryId, Filter, LastSeen, Name, PageSize, Product, ProductDraft,
    ProductId, Reservation, ReservationLine,
};
use crate::routes::App;
use crate::{store, transactions};

/// The parameters of `GET /products`. A form sends its fields filled in or not, so an empty
/// one counts as absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default, deserialize_with = "empty_as_none")]
    q: Option<Name>,
    #[serde(default, deserialize_with = "empty_as_none")]
    category_id: Option<CategoryId>,
    #[serde(default, deserialize_with = "empty_as_none")]
    limit: Option<PageSize>,
    #[serde(default, deserialize_with = "empty_as_none")]
    after: Option<LastSeen>,
}

/// What `PUT /internal/reservations/{order_id}` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReservationDraft {
    items: Vec<ReservationLine>,
}

/// `GET /products`: everything, or a page if anything narrows it down.
pub async fn list_products(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter = Filter {
        name_part: query.q,
        category_id: query.category_id,
        after: query.after,
        limit: query.limit,
    };
    let wants_everything = filter.name_part.is_none()
        && filter.category_id.is_none()
        && filter.after.is_none()
        && filter.limit.is_none();
    if wants_everything {
        let list = app.everything.get(&app.db).await?;
        return Ok(list.answer(&headers));
    }
    let wanted = filter.clone();
    let (products, has_more) =
        app.db.scan(move |connection| store::list_page(connection, &wanted)).await?;
    let next = products.last().filter(|_| has_more).map(|last| next_page(&filter, last.id));
    let link = next.map(|target| [(header::LINK, format!("<{target}>; rel=\"next\""))]);
    Ok((link, JsonAnswer(products)).into_response())
}

/// `GET /products/{product_id}`.
pub async fn find_product(
    State(app): State<Arc<App>>,
    Path(id): Path<ProductId>,
    _: NoQuery,
) -> Result<JsonAnswer<Product>, Problem> {
    let product = app.db.read(|connection| store::find_product(connection, id))?;
    Ok(JsonAnswer(product.ok_or(CatalogError::ProductNotFound)?))
}

/// `POST /products`.
pub async fn create_product(
    State(app): State<Arc<App>>,
    _: NoQuery,
    key: IdempotencyKey,
    Json(draft): Json<ProductDraft>,
) -> Result<Reply, Problem> {
    let now = Timestamp::now();
    let create = move |tx: &Transaction<'_>| -> Result<Reply, CatalogError> {
        let product = transactions::create_product(tx, &draft, now)?;
        Ok(Reply::created(format!("/products/{}", product.id), &product)?)
    };
    let reply = key.once(&app.db, now, create).await?;
    app.relay.wake();
    Ok(reply)
}

/// `PUT /products/{product_id}`. Optional fields that are left out stay as they are.
///
/// `stock` is what can be bought from now on, whatever orders have taken since the caller looked.
pub async fn replace_product(
    State(app): State<Arc<App>>,
    Path(id): Path<ProductId>,
    _: NoQuery,
    Json(draft): Json<ProductDraft>,
) -> Result<JsonAnswer<Product>, Problem> {
    let now = Timestamp::now();
    let product =
        app.db.write(move |tx| transactions::replace_product(tx, id, &draft, now)).await?;
    app.relay.wake();
    Ok(JsonAnswer(product))
}

/// `DELETE /products/{product_id}`.
pub async fn delete_product(
    State(app): State<Arc<App>>,
    Path(id): Path<ProductId>,
    _: NoQuery,
) -> Result<StatusCode, Problem> {
    let now = Timestamp::now();
    app.db.write(move |tx| transactions::delete_product(tx, id, now)).await?;
    app.relay.wake();
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /categories`.
pub async fn list_categories(
    State(app): State<Arc<App>>,
    _: NoQuery,
) -> Result<JsonAnswer<Vec<Category>>, Problem> {
    Ok(JsonAnswer(app.db.scan(store::list_categories).await?))
}

/// `GET /categories/{category_id}`.
pub async fn find_category(
    State(app): State<Arc<App>>,
    Path(id): Path<CategoryId>,
    _: NoQuery,
) -> Result<JsonAnswer<Category>, Problem> {
    let category = app.db.read(|connection| store::find_category(connection, id))?;
    Ok(JsonAnswer(category.ok_or(CatalogError::CategoryNotFound)?))
}

/// `POST /categories`.
pub async fn create_category(
    State(app): State<Arc<App>>,
    _: NoQuery,
    key: IdempotencyKey,
    Json(draft): Json<CategoryDraft>,
) -> Result<Reply, Problem> {
    let now = Timestamp::now();
    key.once(&app.db, now, move |tx| -> Result<Reply, CatalogError> {
        let category = transactions::create_category(tx, &draft, now)?;
        Ok(Reply::created(format!("/categories/{}", category.id), &category)?)
    })
    .await
}

/// `PUT /categories/{category_id}`. The name changes in every product of the category as well.
pub async fn rename_category(
    State(app): State<Arc<App>>,
    Path(id): Path<CategoryId>,
    _: NoQuery,
    Json(draft): Json<CategoryDraft>,
) -> Result<JsonAnswer<Category>, Problem> {
    let now = Timestamp::now();
    let category =
        app.db.write(move |tx| transactions::rename_category(tx, id, &draft, now)).await?;
    app.relay.wake();
    Ok(JsonAnswer(category))
}

/// `PUT /internal/reservations/{order_id}`: the order service wants units kept. May be asked
/// any number of times; the first decision stands.
pub async fn reserve(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
    Json(draft): Json<ReservationDraft>,
) -> Result<Response, Problem> {
    let order_id = parse_order_id(&order_id)?;
    check_lines(&draft.items)?;
    let now = Timestamp::now();
    let reservation =
        app.db.write(move |tx| transactions::reserve(tx, order_id, &draft.items, now)).await?;
    app.lab.crash_point("catalog.reserved-before-reply");
    let status = match reservation {
        Reservation::Held => "HELD",
        Reservation::Committed => "COMMITTED",
        Reservation::Released => return Err(CatalogError::AlreadyReleased.into()),
        Reservation::Refused(refusal) => return Err(CatalogError::Refused(refusal).into()),
    };
    Ok(JsonAnswer(json!({ "order_id": order_id, "status": status })).into_response())
}

/// `POST /internal/reservations/{order_id}/commit`: the order was paid.
pub async fn commit(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let order_id = parse_order_id(&order_id)?;
    let now = Timestamp::now();
    key.once(&app.db, now, move |tx| -> Result<Reply, CatalogError> {
        Ok(Reply::ok(&transactions::commit(tx, order_id, now)?)?)
    })
    .await
}

/// `POST /internal/reservations/{order_id}/release`: the order is over without a payment.
pub async fn release(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let order_id = parse_order_id(&order_id)?;
    let now = Timestamp::now();
    key.once(&app.db, now, move |tx| -> Result<Reply, CatalogError> {
        Ok(Reply::ok(&transactions::release(tx, order_id, now)?)?)
    })
    .await
}

/// What is no UUID names no order.
fn parse_order_id(text: &str) -> Result<Id, CatalogError> {
    text.parse().map_err(|_| CatalogError::NotReserved)
}

fn check_lines(lines: &[ReservationLine]) -> Result<(), Problem> {
    if !(1..=100).contains(&lines.len()) {
        return Err(Problem::invalid("items: must hold 1 to 100 lines"));
    }
    for (position, line) in lines.iter().enumerate() {
        let is_repeated = lines[..position].iter().any(|other| other.product_id == line.product_id);
        if is_repeated {
            let id = line.product_id;
            return Err(Problem::invalid(format!("items: product {id} is listed twice")));
        }
    }
    Ok(())
}

/// The query string of the next page. Relative, so that it holds behind any prefix.
fn next_page(filter: &Filter, last_id: i64) -> String {
    query_string([
        ("q", filter.name_part.as_ref().map(|part| part.0.clone())),
        ("category_id", filter.category_id.map(|id| id.to_string())),
        ("limit", filter.limit.map(|limit| limit.to_string())),
        ("after", Some(last_id.to_string())),
    ])
}
