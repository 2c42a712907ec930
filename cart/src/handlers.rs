//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use chassis::http::extract::{Json, NoQuery, Path, Query};
use chassis::http::reply::IdempotencyKey;
use chassis::http::{Problem, Reply};
use chassis::id::UserId;
use chassis::insight::metrics::Counter;
use chassis::insight::recorder::{self, StepKind};
use chassis::lab::policy::FAIL_CLOSED;
use chassis::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalog_client::Lookup;
use crate::error::{CATALOG_UNAVAILABLE, CartError};
use crate::inbox;
use crate::model::{Addition, Cart, Check, Event, EventType, Line, ProductId, Quantity};
use crate::routes::{App, SWALLOW};
use crate::{store, transactions};

static UNVERIFIED_ADDS: Counter =
    Counter::new("cart_unverified_adds_total", "Products that were added unchecked", &[]);

/// The parameters of `POST /cart/{user_id}/add`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddQuery {
    product_id: ProductId,
    #[serde(default = "one")]
    quantity: Quantity,
}

/// The parameters of `PUT /cart/{user_id}/items/{product_id}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityQuery {
    quantity: Quantity,
}

/// The parameters of a path that ends at a line.
#[derive(Debug, Deserialize)]
pub struct LinePath {
    user_id: UserId,
    product_id: ProductId,
}

/// What every change of a cart is answered with.
#[derive(Debug, Serialize)]
pub struct Changed {
    message: &'static str,
    cart: Vec<Line>,
}

/// `GET /cart/{user_id}`. Everybody has a cart; most are empty.
pub async fn find_cart(
    State(app): State<Arc<App>>,
    Path(user_id): Path<UserId>,
    _: NoQuery,
) -> Result<JsonAnswer<Cart>, Problem> {
    Ok(JsonAnswer(app.db.read(|connection| store::find_cart(connection, &user_id))?))
}

/// `POST /cart/{user_id}/add`: checks the product with the catalog and adds it, or adds it
/// unchecked when the catalog is silent.
///
/// A repeat with the same key is answered before the catalog is asked: it gets the reply of
/// the first, whatever the catalog would say today.
pub async fn add_item(
    State(app): State<Arc<App>>,
    Path(user_id): Path<UserId>,
    Query(AddQuery { product_id, quantity }): Query<AddQuery>,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    if let Some(reply) = key.find_reply(&app.db)? {
        return Ok(reply);
    }
    let check = check(&app, product_id).await?;
    let now = Timestamp::now();
    let addition = Addition { user_id, product_id, quantity, check };
    let adding = key.once(&app.db, now, move |tx| -> Result<Reply, Problem> {
        let cart = transactions::add_item(tx, &addition, now)?;
        let degraded_by = (check == Check::NotMade).then_some(CATALOG_UNAVAILABLE);
        Ok(Reply::ok(&Changed { message: "Item added", cart })?.degraded(degraded_by))
    });
    let reply = adding.await?;
    app.lab.crash_point("cart.committed-before-reply");
    Ok(reply)
}

/// `PUT /cart/{user_id}/items/{product_id}`. The catalog is not asked: the line is there.
pub async fn set_quantity(
    State(app): State<Arc<App>>,
    Path(LinePath { user_id, product_id }): Path<LinePath>,
    Query(QuantityQuery { quantity }): Query<QuantityQuery>,
) -> Result<JsonAnswer<Changed>, Problem> {
    let now = Timestamp::now();
    let cart = app
        .db
        .write(move |tx| transactions::set_quantity(tx, &user_id, product_id, quantity, now))
        .await?;
    Ok(JsonAnswer(Changed { message: "Quantity updated", cart }))
}

/// `DELETE /cart/{user_id}/items/{product_id}`. Also 200 if it was not there: what the client
/// wants is that it is gone, and it is.
pub async fn remove_item(
    State(app): State<Arc<App>>,
    Path(LinePath { user_id, product_id }): Path<LinePath>,
    _: NoQuery,
) -> Result<JsonAnswer<Changed>, Problem> {
    let now = Timestamp::now();
    let cart =
        app.db.write(move |tx| transactions::remove_item(tx, &user_id, product_id, now)).await?;
    Ok(JsonAnswer(Changed { message: "Item removed", cart }))
}

/// `DELETE /cart/{user_id}/clear`.
pub async fn clear_cart(
    State(app): State<Arc<App>>,
    Path(user_id): Path<UserId>,
    _: NoQuery,
) -> Result<JsonAnswer<Changed>, Problem> {
    let now = Timestamp::now();
    app.db.write(move |tx| transactions::clear_cart(tx, &user_id, now)).await?;
    Ok(JsonAnswer(Changed { message: "Cart cleared", cart: Vec::new() }))
}

/// `POST /internal/events`: something has changed in another service.
///
/// What is remembered of a product is forgotten before the event is written down. The change
/// was committed before it was announced, so whoever asks from here on hears the new state;
/// and if we stop half-way, we have forgotten too much, which only costs a question.
pub async fn receive_event(
    State(app): State<Arc<App>>,
    _: NoQuery,
    key: IdempotencyKey,
    Json(event): Json<Event>,
) -> Result<Reply, Problem> {
    match (event.event_type, event.payload.product_id) {
        (EventType::ProductUpdated | EventType::ProductDeleted, Some(product_id)) => {
            app.catalog.forget(product_id);
        }
        // A renamed category is part of many products, and this event names none of them.
        (EventType::ProductUpdated | EventType::ProductDeleted, None)
        | (EventType::CategoryUpdated, _) => app.catalog.forget_all(),
        (EventType::UserDeleted, _) => {}
    }
    let now = Timestamp::now();
    key.once(&app.db, now, move |tx| -> Result<Reply, CartError> {
        Ok(Reply::ok(&inbox::receive(tx, &event, now)?)?)
    })
    .await
}

/// Asks the catalog about a product and decides what its silence means.
async fn check(app: &App, product_id: ProductId) -> Result<Check, CartError> {
    let lookup = if app.validation.is(SWALLOW) {
        app.catalog.look_up_wrongly(product_id).await
    } else {
        app.catalog.look_up(product_id).await
    };
    let cause = match lookup {
        Lookup::Found { asked_at } => return Ok(Check::Passed { asked_at }),
        Lookup::Missing => return Ok(Check::Failed),
        Lookup::Unreachable(cause) => cause,
    };
    if app.validation.is(FAIL_CLOSED) {
        tracing::warn!(%product_id, %cause, "refusing a product that cannot be checked");
        recorder::note(StepKind::Decision, || "fail-closed: refused, because unchecked".to_owned());
        return Err(CartError::Unchecked(product_id));
    }
    UNVERIFIED_ADDS.add(1, &[]);
    tracing::warn!(%product_id, %cause, "adding a product unchecked");
    recorder::note(StepKind::Decision, || "fail-open: added unchecked, and marked".to_owned());
    Ok(Check::NotMade)
}

fn one() -> Quantity {
    const { Quantity::new(1).expect("1 is in range") }
}
