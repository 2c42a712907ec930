//! Asking a service: `cart.post("/cart/user1/add?product_id=1").json(&body).await`.

use std::future::IntoFuture;
use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;
use tokio::task::JoinSet;

use super::answer::Answer;
use super::document::Document;
use super::fail_at;
use crate::http::auth::{API_KEY_HEADER, DEMO_KEY};

/// How long an answer may take. No route may take half of it, so that whoever waits longer
/// waits in vain.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Somebody who asks one service, by default with the right key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    url: Arc<str>,
    key: Arc<str>,
    http: reqwest::Client,
    document: Option<Arc<Document>>,
}

impl Client {
    /// A client with the demo key for whatever is at `url`.
    pub fn new(url: &str) -> Self {
        Self { url: url.into(), key: DEMO_KEY.into(), http: connections(), document: None }
    }

    /// A client with another key.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        Self { key: key.into(), ..self }
    }

    /// A client that holds every answer against `document`.
    #[must_use]
    pub fn checked_by(self, document: Arc<Document>) -> Self {
        Self { document: Some(document), ..self }
    }

    /// The same client without the connections it has kept open.
    pub(super) fn reconnected(&self) -> Self {
        Self { http: connections(), ..self.clone() }
    }

    /// A GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST.
    #[track_caller]
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// A PUT.
    #[track_caller]
    pub fn put(&self, path: &str) -> Request {
        self.request("PUT", path)
    }

    /// A DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Request {
        self.request("DELETE", path)
    }

    /// A request with any method.
    ///
    /// # Panics
    ///
    /// If `method` cannot be one.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str) -> Request {
        let place = Location::caller();
        let method = method.parse().unwrap_or_else(|_| panic!("not a method: {method}"));
        let url = Url::parse(&format!("{}{path}", self.url));
        let url = url.unwrap_or_else(|cause| fail_at(place, &format!("{path}: {cause}")));
        let request = Request {
            client: self.clone(),
            place,
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        };
        request.key(&self.key)
    }
}

/// A request that can still be changed. `.await` sends it.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) client: Client,
    pub(super) place: &'static Location<'static>,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    /// With this key in place of the right one.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.without_key().header(API_KEY_HEADER, key)
    }

    /// Without any key.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.headers.remove(API_KEY_HEADER);
        self
    }

    /// With one more header; one of the same name stays.
    ///
    /// # Panics
    ///
    /// If the name or the value cannot stand in a request.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name: HeaderName = name.parse().expect("a header's name");
        let value = HeaderValue::from_bytes(value.as_ref()).expect("a header's value");
        self.headers.append(name, value);
        self
    }

    /// With an `Idempotency-Key`.
    #[must_use]
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    ///
    /// # Panics
    ///
    /// If `value` has no JSON form.
    #[must_use]
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("the value has a JSON form");
        self.header(CONTENT_TYPE.as_str(), "application/json").body(body)
    }

    /// With a body of any bytes, and no word about what they are.
    #[must_use]
    pub fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(bytes.into()), ..self }
    }

    /// Without holding the answer against the OpenAPI document.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.client.document = None;
        self
    }

    /// Sends it to a service that may be gone before it answers.
    ///
    /// # Errors
    ///
    /// If no answer comes. An answer of any status is an answer.
    pub async fn try_send(self) -> reqwest::Result<Answer> {
        let mut request = self
            .client
            .http
            .request(self.method.clone(), self.url.clone())
            .headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.body(body.clone());
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await?.to_vec();
        let target = format!("{} {}", self.method, path_and_query(&self.url));
        let answer = Answer { target, status, headers, body };
        if let Some(document) = &self.client.document
            && let Err(fault) = document.check(&self, &answer)
        {
            let text = format!("{fault}\nthe OpenAPI document does not allow this:\n{answer}");
            fail_at(self.place, &text);
        }
        Ok(answer)
    }
}

/// Sends the request. No answer at all fails the test.
impl IntoFuture for Request {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let (place, method, url) = (self.place, self.method.clone(), self.url.clone());
        Box::pin(async move {
            self.try_send().await.unwrap_or_else(|cause| {
                fail_at(place, &format!("{method} {url} got no answer: {cause:?}"))
            })
        })
    }
}

/// Sends all requests at the same time, and returns the answers in the order of the requests.
///
/// # Panics
///
/// If one of them gets no answer.
pub async fn all_at_once(requests: impl IntoIterator<Item = Request>) -> Vec<Answer> {
    let mut tasks = JoinSet::new();
    for (position, request) in requests.into_iter().enumerate() {
        tasks.spawn(async move { (position, request.await) });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(position, _)| *position);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

fn connections() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        // Less than the 5 s after which a service closes an idle connection.
        .pool_idle_timeout(Duration::from_secs(3))
        .build()
        .expect("a client can be made")
}

fn path_and_query(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
