//! The webhook's signature, as an argument type: a handler that asks for [`Signed`] runs only
//! if the payment service sent the request, and sent it just now.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use chassis::http::Problem;
use chassis::http::body::RequestBody;
use chassis::http::extract::OptionalJson;
use chassis::messaging::signature::{ID_HEADER, SIGNATURE_HEADER, Secrets, TIMESTAMP_HEADER};
use chassis::time::Timestamp;
use serde::de::DeserializeOwned;

use crate::routes::App;

/// A JSON body that is genuine, if it can be known; absent if the request has none.
#[derive(Clone, Copy, Debug)]
pub struct Signed<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Signed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let RequestBody(body) = request.extensions().get().cloned().unwrap_or_default();
        if let Some(secrets) = &app.webhook_secrets {
            verify(secrets, request.headers(), &body)?;
        }
        let OptionalJson(value) = OptionalJson::from_request(request, app).await?;
        Ok(Self(value))
    }
}

fn verify(secrets: &Secrets, headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (id, timestamp) = (header(ID_HEADER), header(TIMESTAMP_HEADER));
    let now = Timestamp::now().unix_seconds();
    secrets.verify(id, timestamp, header(SIGNATURE_HEADER), body, now).map_err(|error| {
        tracing::warn!(%error, "a webhook was refused");
        // Not the key is wrong, so the challenge names what is.
        Problem::new(StatusCode::UNAUTHORIZED, "Invalid webhook signature")
            .asking_for("WebhookSignature")
    })
}
