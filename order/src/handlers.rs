//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chassis::http::extract::{Json, NoQuery, Path, Query, empty_as_none, query_string};
use chassis::http::reply::IdempotencyKey;
use chassis::http::{Problem, Reply};
use chassis::id::{Id, UserId};
use chassis::lab::policy::FAIL_CLOSED;
use chassis::storage::DbError;
use chassis::time::Timestamp;
use rusqlite::{Connection, Transaction};
use serde::Deserialize;
use serde_json::json;

use crate::answers;
use crate::error::OrderError;
use crate::model::{
    Filter, Move, NewOrder, OrderLine, OrderStatus, PageSize, PaymentNotice, total,
};
use crate::routes::App;
use crate::signed::Signed;
use crate::store;
use crate::transactions::{self, Placed};

/// The parameters of `POST /orders`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceQuery {
    user_id: UserId,
}

/// The parameters of `GET /orders`. A form sends its fields filled in or not, so an empty one
/// counts as absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default, deserialize_with = "empty_as_none")]
    user_id: Option<UserId>,
    #[serde(default, deserialize_with = "empty_as_none")]
    status: Option<OrderStatus>,
    #[serde(default, deserialize_with = "empty_as_none")]
    limit: Option<PageSize>,
    #[serde(default, deserialize_with = "empty_as_none")]
    after: Option<Id>,
}

/// `POST /orders?user_id=`: places an order and asks the catalog for its units.
///
/// If the catalog does not answer, the order stands all the same, says so, and the outbox goes
/// on asking: the shop settles later rather than lose a sale.
pub async fn place_order(
    State(app): State<Arc<App>>,
    Query(query): Query<PlaceQuery>,
    key: IdempotencyKey,
    Json(lines): Json<Vec<OrderLine>>,
) -> Result<Reply, Problem> {
    let now = Timestamp::now();
    let expires_at = now.plus_ms(app.expires_ms);
    let total = total(&lines).map_err(OrderError::from)?;
    let order = NewOrder { id: Id::new(), user_id: query.user_id, lines, total, now, expires_at };
    let claimed = key.0.clone();
    let placed = app.db.write(move |tx| transactions::place(tx, claimed.as_ref(), &order)).await?;
    let (id, message, is_repeat) = match placed {
        Placed::Replayed(reply) => return Ok(reply.into()),
        Placed::Waiting(id, message) => (id, message, false),
        Placed::Joined(id, message) => (id, message, true),
    };
    app.lab.crash_point("order.placed-before-reservation");
    let told = match message {
        Some(message) => app.relay.deliver_now(*message).await?,
        None => None,
    };
    // With a key, the reply that stands under it counts, which may be an earlier one.
    if let (None, Some(reply)) = (&key.0, told) {
        app.lab.crash_point("order.committed-before-reply");
        return Ok(reply);
    }
    if app.reservation.is(FAIL_CLOSED) {
        let now = Timestamp::now();
        if app.db.write(move |tx| transactions::give_up(tx, id, now)).await? {
            app.relay.wake();
            return Err(OrderError::CatalogUnavailable.into());
        }
    }
    let order = app.db.read(|connection| store::find_order(connection, id))?;
    // Nothing but a reset removes an order.
    let order = order.ok_or(DbError::Reset)?;
    // An answer wrote the reply down. Silence is a reply, too, and so is an end that came before
    // the answer.
    let finish = move |tx: &Transaction<'_>| answers::finish_placing(tx, id).map(drop);
    let standing = key.settle(&app.db, is_repeat, finish).await?;
    app.lab.crash_point("order.committed-before-reply");
    match standing {
        Some(reply) => Ok(reply),
        None => Ok(app.db.read(|connection| answers::placing_reply(connection, &order))?),
    }
}

/// `GET /orders`: newest first.
pub async fn list_orders(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let ListQuery { user_id, status, limit, after } = query;
    let filter = Filter { user_id, status, after, limit };
    let wanted = filter.clone();
    let (orders, has_more) =
        app.db.scan(move |connection| store::list_orders(connection, &wanted)).await?;
    let next = orders.last().filter(|_| has_more).map(|last| next_page(&filter, last.id));
    let link = next.map(|target| [(header::LINK, format!("<{target}>; rel=\"next\""))]);
    let views: Vec<_> = orders.iter().map(|order| order.view(None)).collect();
    Ok((link, JsonAnswer(views)).into_response())
}

/// `GET /orders/{order_id}`: with its history.
pub async fn find_order(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
) -> Result<Reply, Problem> {
    let id = parse_id(&order_id)?;
    app.db.read(|connection| show(connection, id)).map_err(Problem::from)
}

/// `POST /orders/{order_id}/cancel`: the shopper changed their mind. Competes with the payment
/// and with the clock; exactly one of them wins.
pub async fn cancel_order(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let id = parse_id(&order_id)?;
    let now = Timestamp::now();
    let reply = key
        .once(&app.db, now, move |tx| {
            transactions::end(tx, id, (Move::Cancel, "Cancelled by the shopper"), now)?;
            show(tx, id)
        })
        .await?;
    app.relay.wake();
    Ok(reply)
}

/// `POST /orders/{order_id}/payment`: the payment service says that it holds the money.
///
/// A repeated delivery also gets 200. A sender that retries needs to hear "stop", not "wrong".
pub async fn receive_payment(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
    key: IdempotencyKey,
    Signed(notice): Signed<PaymentNotice>,
) -> Result<Reply, Problem> {
    let id = parse_id(&order_id)?;
    let is_named = notice.is_some_and(|notice| notice.order_id.is_some());
    if app.webhook_secrets.is_some() && !is_named {
        return Err(OrderError::NoOrderNamed.into());
    }
    let now = Timestamp::now();
    let settle = move |tx: &Transaction<'_>| -> Result<Reply, OrderError> {
        let status = transactions::settle(tx, id, notice, now)?;
        Ok(Reply::ok(&json!({ "order_id": id, "status": status }))?)
    };
    let reply = key.once(&app.db, now, settle).await?;
    app.lab.crash_point("order.paid-before-reply");
    app.relay.wake();
    Ok(reply)
}

fn show(connection: &Connection, id: Id) -> Result<Reply, OrderError> {
    let order = store::find_order(connection, id)?.ok_or(OrderError::NotFound)?;
    let history = store::list_history(connection, id)?;
    Ok(Reply::ok(&order.view(Some(&history)))?)
}

/// What is no UUID names no order.
fn parse_id(text: &str) -> Result<Id, OrderError> {
    text.parse().map_err(|_| OrderError::NotFound)
}

/// The query string of the next page. Relative, so that it holds behind any prefix.
fn next_page(filter: &Filter, last: Id) -> String {
    query_string([
        ("user_id", filter.user_id.as_ref().map(ToString::to_string)),
        ("status", filter.status.map(|status| status.as_str().to_owned())),
        ("limit", filter.limit.map(|limit| limit.to_string())),
        ("after", Some(last.to_string())),
    ])
}
