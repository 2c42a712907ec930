//! Asking the catalog about a product: look-up, cache, and all the ways of getting no answer.
//!
//! The order of things: what was learned within five minutes is remembered; otherwise the
//! catalog is asked, once for everybody who wants to know the same; behind that are the
//! time-outs, retries and the breaker of the chassis. Whether to go on without an answer is
//! not decided here but by whoever asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use chassis::insight::metrics::Counter;
use chassis::insight::recorder::{self, StepKind};
use chassis::insight::telemetry;
use chassis::messaging::client::{Answer, Call, NoAnswer, ServiceClient};
use chassis::time::Timestamp;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::ProductId;

/// Products that are remembered. More than a shop of this size sells in five minutes.
const REMEMBERED_MAX: u64 = 1_000;

/// How long a product is remembered if no change is announced: the longest that a lost
/// announcement can mislead us.
const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);

/// Counters of editions, shared by products whose ids end alike. A thousand products share
/// 64, so that one change makes us forget some sixteen of them and not all.
const SHELVES: usize = 64;

static HITS: Counter =
    Counter::new("catalog_cache_hits_total", "Products that were found in the cache", &[]);
static MISSES: Counter =
    Counter::new("catalog_cache_misses_total", "Products that the catalog was asked for", &[]);

/// What we learned about a product when a shopper added it to the cart.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The catalog answered: the product exists.
    Found {
        /// When it was asked.
        asked_at: Timestamp,
    },
    /// The catalog answered: there is no such product.
    Missing,
    /// The catalog did not answer, for this reason. Silence is never a refusal.
    Unreachable(NoAnswer),
}

/// A product, and how often a change of it was announced. A change makes the next question a
/// new one, so the answers to older ones are never found again, not even those that are still
/// under way. They fall out of the cache by themselves.
type Question = (ProductId, u64);

/// A client of the catalog that remembers. Clones share what is remembered.
#[derive(Clone)]
pub struct CatalogClient {
    client: ServiceClient,
    shared: Arc<Shared>,
}

struct Shared {
    found: Cache<Question, Timestamp>,
    editions: [AtomicU64; SHELVES],
    hits: AtomicU64,
    misses: AtomicU64,
}

impl CatalogClient {
    /// A client that remembers nothing yet.
    pub fn new(client: ServiceClient) -> Self {
        let found = Cache::builder()
            .max_capacity(REMEMBERED_MAX)
            .time_to_live(REMEMBERED_FOR)
            // The usual policy favors keys that were popular; here those may be outdated.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        let editions = std::array::from_fn(|_| AtomicU64::new(0));
        let shared = Shared { found, editions, hits: AtomicU64::new(0), misses: AtomicU64::new(0) };
        Self { client, shared: Arc::new(shared) }
    }

    /// What is known about a product; asks the catalog if nothing is.
    ///
    /// Never fails: every way of not getting an answer is [`Lookup::Unreachable`].
    pub async fn look_up(&self, product_id: ProductId) -> Lookup {
        let question = (product_id, self.times_forgotten(product_id));
        if let Some(asked_at) = self.shared.found.get(&question).await {
            self.shared.hits.fetch_add(1, Ordering::Relaxed);
            HITS.add(1, &[]);
            recorder::note(StepKind::Cache, || format!("cache hit: product {product_id}"));
            return Lookup::Found { asked_at };
        }
        self.shared.misses.fetch_add(1, Ordering::Relaxed);
        MISSES.add(1, &[]);
        recorder::note(StepKind::Cache, || format!("cache miss: product {product_id}"));
        // On a task of its own, so that a shopper who hangs up does not end a call for which
        // others wait, nor keep the breaker from learning how it went.
        let asking = telemetry::spawn(self.clone().ask_once(question));
        asking
            .await
            .unwrap_or_else(|lost| Lookup::Unreachable(NoAnswer::Unreachable(lost.to_string())))
    }

    /// Asks at an address that does not exist and takes any outcome for a yes. This is the bug
    /// of a lesson: a mistake of our own, hidden by a fail-open that says nothing.
    pub async fn look_up_wrongly(&self, product_id: ProductId) -> Lookup {
        let call = Call::get(format!("/product/{product_id}"));
        let _ = self.client.send(call).await;
        Lookup::Found { asked_at: Timestamp::now() }
    }

    /// How often the product was forgotten. An answer to a question from before the latest time
    /// may be outdated.
    pub fn times_forgotten(&self, product_id: ProductId) -> u64 {
        self.edition(product_id).load(Ordering::SeqCst)
    }

    /// Forgets a product, because it has changed.
    pub fn forget(&self, product_id: ProductId) {
        self.edition(product_id).fetch_add(1, Ordering::SeqCst);
    }

    /// Forgets all products.
    pub fn forget_all(&self) {
        for edition in &self.shared.editions {
            edition.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The numbers for `/internal/health`.
    pub fn gauge(&self) -> Value {
        let [hits, misses] =
            [&self.shared.hits, &self.shared.misses].map(|count| count.load(Ordering::Relaxed));
        json!({ "hits": hits, "misses": misses })
    }

    /// Asks, or waits for somebody who is asking the same already.
    async fn ask_once(self, question: Question) -> Lookup {
        let answer = self.ask(question.0);
        match self.shared.found.try_get_with(question, answer).await {
            Ok(asked_at) => Lookup::Found { asked_at },
            Err(other) => Arc::unwrap_or_clone(other),
        }
    }

    /// Asks the catalog. `Ok` is what is worth remembering.
    async fn ask(&self, product_id: ProductId) -> Result<Timestamp, Lookup> {
        let asked_at = Timestamp::now();
        let call = Call::get(format!("/products/{product_id}"));
        match self.client.ask(call, |answer| read(&answer, product_id)).await {
            Ok(true) => Ok(asked_at),
            Ok(false) => Err(Lookup::Missing),
            Err(silence) => Err(Lookup::Unreachable(silence)),
        }
    }

    fn edition(&self, product_id: ProductId) -> &AtomicU64 {
        let shelf = usize::try_from(product_id.get()).unwrap_or(0) % SHELVES;
        &self.shared.editions[shelf]
    }
}

/// Whether the product exists, if that is what the answer says. It must be the catalog that
/// speaks, and about this product: some other service at this address, or a proxy, says 404 as
/// well, and that would empty everybody's cart of products that exist.
fn read(answer: &Answer, product_id: ProductId) -> Result<bool, NoAnswer> {
    #[derive(Deserialize)]
    struct Product {
        id: i64,
    }
    match answer.status {
        StatusCode::OK => match answer.json::<Product>()? {
            Product { id } if id == product_id.get() => Ok(true),
            Product { id } => {
                Err(NoAnswer::Garbled(format!("product {id} in place of {product_id}")))
            }
        },
        StatusCode::NOT_FOUND if speaks_of_a_product(answer) => Ok(false),
        status => Err(NoAnswer::Garbled(format!("status {status} {}", answer.detail()))),
    }
}

/// "Product not found", and not the "Not found" that every service says of an unknown path.
fn speaks_of_a_product(answer: &Answer) -> bool {
    answer.detail().to_ascii_lowercase().contains("product")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(status: u16, body: &str) -> Result<bool, NoAnswer> {
        let status = StatusCode::from_u16(status).unwrap();
        read(&Answer { status, body: body.to_owned().into() }, ProductId::new(7).unwrap())
    }

    #[test]
    fn only_the_catalog_can_say_that_a_product_exists() {
        assert!(matches!(reading(200, r#"{"id":7,"name":"Mug"}"#), Ok(true)));
        for wrong in [r#"{"id":8}"#, r#"{"id":"7"}"#, r#"{"id":7.5}"#, "{}", "[]", "", "<html>"] {
            assert!(reading(200, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_catalog_can_say_that_a_product_is_missing() {
        assert!(matches!(reading(404, r#"{"detail":"Product not found"}"#), Ok(false)));
        for wrong in [r#"{"detail":"Not found"}"#, r#"{"error":"product"}"#, "", "null"] {
            assert!(reading(404, wrong).is_err(), "{wrong}");
        }
        assert!(reading(422, r#"{"detail":"product_id: must be less"}"#).is_err());
    }
}
