//! A door for the W3C trace-context test suite, only in builds with the feature of that name.
//!
//! The suite (`test/test.py` in github.com/w3c/trace-context) sends a service a request with
//! certain trace headers and a list of addresses, and looks at the headers of the calls that
//! the service then makes. It knows no API keys, so this route asks for none. That makes it an
//! open relay: whoever reaches the service can send requests in its name. Never build it into
//! anything that others can reach.

use std::str::FromStr;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::routing::post;
use axum::{Json as JsonAnswer, Router};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::ServiceUrl;
use crate::http::Problem;
use crate::http::extract::Json;
use crate::lab::Lab;
use crate::messaging::client::{Call, ServiceClient};

/// What the calls have in place of our key: a stranger chooses where they go.
const NO_KEY: HeaderValue = HeaderValue::from_static("none");

/// A body, and where to post it.
#[derive(Debug, Deserialize)]
struct Errand {
    url: String,
    arguments: Box<RawValue>,
}

#[derive(Clone)]
struct Harness {
    outbound: reqwest::Client,
    lab: Lab,
}

/// The path of the one route.
pub(crate) const PATH: &str = "/trace-context-harness";

/// The one route.
pub fn routes(outbound: reqwest::Client, lab: Lab) -> Router {
    Router::new().route(PATH, post(run_errands)).with_state(Harness { outbound, lab })
}

/// `POST /trace-context-harness`: posts each body to its address, one after the other, and
/// says what came of each.
async fn run_errands(
    State(harness): State<Harness>,
    Json(errands): Json<Vec<Errand>>,
) -> Result<JsonAnswer<Vec<String>>, Problem> {
    let mut calls = Vec::new();
    for errand in errands {
        calls.push(harness.prepare(errand).map_err(Problem::invalid)?);
    }
    let mut outcomes = Vec::new();
    for (client, call) in calls {
        outcomes.push(match client.send(call).await {
            Ok(answer) => format!("answered {}", answer.status),
            Err(silence) => silence.to_string(),
        });
    }
    Ok(JsonAnswer(outcomes))
}

impl Harness {
    /// The call, and the client to make it with: the one that services call each other with.
    fn prepare(&self, errand: Errand) -> Result<(ServiceClient, Call), String> {
        let wrong = |cause: String| format!("url: {} {cause}", errand.url);
        let url = reqwest::Url::parse(&errand.url).map_err(|cause| wrong(cause.to_string()))?;
        let base = ServiceUrl::from_str(&url.origin().ascii_serialization()).map_err(wrong)?;
        let query = url.query().map_or_else(String::new, |query| format!("?{query}"));
        let call = Call {
            method: Method::POST,
            path: format!("{}{query}", url.path()),
            headers: HeaderMap::new(),
            body: Some(String::from(Box::<str>::from(errand.arguments)).into()),
        };
        let http = self.outbound.clone();
        Ok((ServiceClient::new("harness", &base, NO_KEY, http, &self.lab), call))
    }
}
