//! HTTP in, HTTP out.

use std::sync::Arc;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chassis::http::extract::{Json, NoQuery, Path, Query, empty_as_none, query_string};
use chassis::http::reply::IdempotencyKey;
use chassis::http::{Problem, Reply};
use chassis::id::Id;
use chassis::lab::policy::FIRE_ONCE;
use chassis::money::{self, Cents};
use chassis::storage::DbError;
use chassis::time::Timestamp;
use rusqlite::Transaction;
use serde::Deserialize;
use serde_json::json;

use crate::error::PaymentError;
use crate::model::{Filter, NewPayment, PageSize, PaymentStatus, RefundDraft};
use crate::routes::App;
use crate::transactions::{self, Begun};
use crate::webhook::Telling;
use crate::{answers, store};

/// The parameters of `POST /pay`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayQuery {
    order_id: String,
    #[serde(deserialize_with = "money::from_text")]
    amount: Cents,
}

/// The parameters of `GET /payments`. A form sends its fields filled in or not, so an empty one
/// counts as absent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default, deserialize_with = "empty_as_none")]
    order_id: Option<Id>,
    #[serde(default, deserialize_with = "empty_as_none")]
    status: Option<PaymentStatus>,
    #[serde(default, deserialize_with = "empty_as_none")]
    limit: Option<PageSize>,
    #[serde(default, deserialize_with = "empty_as_none")]
    after: Option<Id>,
}

/// `POST /pay?order_id=&amount=`: takes the money and tells the order.
///
/// 200 if the order accepted, its own refusal if it refused, and 202 if it did not answer: the
/// money is taken, and the order will hear of it as soon as it can.
pub async fn pay(
    State(app): State<Arc<App>>,
    Query(query): Query<PayQuery>,
    key: IdempotencyKey,
) -> Result<Reply, Problem> {
    let PayQuery { order_id, amount } = query;
    let order_id = order_id.parse().map_err(|_| PaymentError::no_such_order(order_id))?;
    let payment = NewPayment { id: Id::new(), order_id, amount, now: Timestamp::now() };
    let claimed = key.0.clone();
    let telling = if app.delivery.is(FIRE_ONCE) { Telling::FireOnce } else { Telling::Outbox };
    let pay =
        move |tx: &Transaction<'_>| transactions::pay(tx, claimed.as_ref(), &payment, telling);
    let begun = app.db.write(pay).await?;
    let (id, message, is_repeat) = match begun {
        Begun::Replayed(reply) => return Ok(reply.into()),
        Begun::Refused(refusal) => return Err(refusal),
        Begun::Waiting(id, message) => (id, message, false),
        Begun::Joined(id, message) => (id, message, true),
    };
    app.lab.crash_point("payment.committed-before-webhook");
    let told = match message {
        Some(message) => app.relay.deliver_now(*message).await?,
        None => None,
    };
    app.lab.crash_point("payment.answered-before-reply");
    // With a key, the reply that stands under it counts, which may be an earlier one.
    if let (None, Some(reply)) = (&key.0, told) {
        return Ok(reply);
    }
    // Decided answers wrote the reply down already; silence is a reply, too.
    let finish = move |tx: &Transaction<'_>| answers::finish_paying(tx, id).map(drop);
    if let Some(reply) = key.settle(&app.db, is_repeat, finish).await? {
        return Ok(reply);
    }
    let payment = app.db.read(|connection| store::find_payment(connection, id))?;
    // Nothing but a reset removes a payment.
    Ok(answers::paying_reply(&payment.ok_or(DbError::Reset)?)?)
}

/// `GET /payments/{order_id}`: the payment of an order. One that is alive is found by its index;
/// behind the others there may be very many attempts that failed.
pub async fn find_payment(
    State(app): State<Arc<App>>,
    Path(order_id): Path<String>,
    _: NoQuery,
) -> Result<Reply, Problem> {
    let order_id = order_id.parse().map_err(|_| PaymentError::NotFound)?;
    let payment = match app.db.read(|connection| store::find_alive(connection, order_id))? {
        Some(alive) => Some(alive),
        None => app.db.scan(move |connection| store::find_of_order(connection, order_id)).await?,
    };
    Ok(Reply::ok(&payment.ok_or(PaymentError::NotFound)?.view())?)
}

/// `GET /payments`: newest first.
pub async fn list_payments(
    State(app): State<Arc<App>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let ListQuery { order_id, status, limit, after } = query;
    let filter = Filter { order_id, status, after, limit };
    let (payments, has_more) =
        app.db.scan(move |connection| store::list_payments(connection, &filter)).await?;
    let next = payments.last().filter(|_| has_more).map(|last| next_page(&filter, last.id));
    let link = next.map(|target| [(header::LINK, format!("<{target}>; rel=\"next\""))]);
    let views: Vec<_> = payments.iter().map(|payment| payment.view()).collect();
    Ok((link, JsonAnswer(views)).into_response())
}

/// `POST /internal/refunds`: the order service cannot deliver what was paid. A repeated request
/// also gets 200.
pub async fn refund(
    State(app): State<Arc<App>>,
    _: NoQuery,
    key: IdempotencyKey,
    Json(draft): Json<RefundDraft>,
) -> Result<Reply, Problem> {
    let now = Timestamp::now();
    let payment_id = draft.payment_id;
    key.once(&app.db, now, move |tx| -> Result<Reply, PaymentError> {
        transactions::refund(tx, &draft, now)?;
        Ok(Reply::ok(&json!({ "payment_id": payment_id, "status": "REFUNDED" }))?)
    })
    .await
}

/// The query string of the next page. Relative, so that it holds behind any prefix.
fn next_page(filter: &Filter, last: Id) -> String {
    query_string([
        ("order_id", filter.order_id.map(|id| id.to_string())),
        ("status", filter.status.map(|status| status.as_str().to_owned())),
        ("limit", filter.limit.map(|limit| limit.to_string())),
        ("after", Some(last.to_string())),
    ])
}
