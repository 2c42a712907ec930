//! Counters and histograms in the text format of Prometheus.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, TextEncoder};

/// Upper bounds of the latency buckets, in seconds. From a cached read to the time-out of a
/// handler, each about twice or two and a half times the one before.
const LATENCY_BUCKETS_S: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The requests answered so far.
static REQUESTS: Counter = Counter::new(
    "http_requests_total",
    "Requests that were answered",
    &["method", "route", "status"],
);

/// How long the answers took.
static DURATIONS: OnceLock<Option<HistogramVec>> = OnceLock::new();

/// The page: every counter and histogram that was used since the start.
///
/// # Errors
///
/// A sentence if a metric cannot be written down.
pub fn page() -> Result<String, String> {
    let page = TextEncoder::new().encode_to_string(&prometheus::gather());
    page.map_err(|cause| cause.to_string())
}

/// A number that only grows. It is on the page from its first use on.
#[derive(Debug)]
pub struct Counter {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    counts: OnceLock<Option<IntCounterVec>>,
}

impl Counter {
    /// A counter for each combination of the values of `labels`. `name` ends with `_total`.
    pub const fn new(
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
    ) -> Self {
        Self { name, help, labels, counts: OnceLock::new() }
    }

    /// Counts `number` more under the values of the labels.
    pub fn add(&self, number: u64, values: &[&str]) {
        if let Some(count) = self.of(values) {
            count.inc_by(number);
        }
    }

    /// The count under the values of the labels, for those who keep it. `None` if there are not as
    /// many values as labels.
    fn of(&self, values: &[&str]) -> Option<IntCounter> {
        let counts = self.counts.get_or_init(|| {
            on_page(IntCounterVec::new(Opts::new(self.name, self.help), self.labels))
        });
        counts.as_ref()?.get_metric_with_label_values(values).ok()
    }
}

/// Puts a metric on the page. What is wrong with it would be a mistake in our own constants: it is
/// logged, and the service does without.
fn on_page<M: Collector + Clone + 'static>(metric: prometheus::Result<M>) -> Option<M> {
    let registered = metric.and_then(|metric| {
        prometheus::register(Box::new(metric.clone()))?;
        Ok(metric)
    });
    registered.inspect_err(|error| tracing::error!(%error, "a metric is not kept")).ok()
}

/// The meters of the requests that a service answers. Each is looked up once among all metrics
/// and then kept.
#[derive(Default)]
pub struct RequestMeters {
    routes: Mutex<HashMap<String, Vec<Meter>>>,
}

/// The meters of one route, method and status.
struct Meter {
    method: &'static str,
    status: StatusCode,
    count: Option<IntCounter>,
    duration: Option<prometheus::Histogram>,
}

impl RequestMeters {
    /// Counts a request that was answered after `took`.
    pub fn record(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let method = known(method);
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let meters = match routes.get_mut(route) {
            Some(meters) => meters,
            None => routes.entry(route.to_owned()).or_default(),
        };
        let is_it = |meter: &Meter| meter.method == method && meter.status == status;
        let position = meters.iter().position(is_it).unwrap_or_else(|| {
            meters.push(Meter::new(method, route, status));
            meters.len() - 1
        });
        meters[position].record(took);
    }
}

impl Meter {
    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let durations = DURATIONS.get_or_init(|| {
            let options = HistogramOpts::new(
                "http_request_duration_seconds",
                "Seconds from the head of a request to its answer",
            );
            let options = options.buckets(LATENCY_BUCKETS_S.to_vec());
            on_page(HistogramVec::new(options, &["method", "route"]))
        });
        let duration = durations.as_ref();
        let duration =
            duration.and_then(|it| it.get_metric_with_label_values(&[method, route]).ok());
        let count = REQUESTS.of(&[method, route, status.as_str()]);
        Self { method, status, count, duration }
    }

    fn record(&self, took: Duration) {
        if let Some(count) = &self.count {
            count.inc();
        }
        if let Some(duration) = &self.duration {
            duration.observe(took.as_secs_f64());
        }
    }
}

/// Other methods than the known ones would be labels that a client invents.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}
