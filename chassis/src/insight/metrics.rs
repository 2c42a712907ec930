//! Counters and histograms in the text format of Prometheus.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the latency buckets, in seconds. From a cached read to the time-out of a
/// handler, each about twice or two and a half times the one before.
const LATENCY_BUCKETS_S: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// How often raw samples are folded into buckets. Between two foldings every sample takes
/// memory, so a busy service must not wait for somebody to scrape it.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Installs the recorder behind the `metrics` macros and returns the page's author.
///
/// # Errors
///
/// [`BuildError`] if a recorder is installed already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS_S)?
        .install_recorder()
}

/// Folds samples for as long as the service runs.
pub async fn keep_up(page: PrometheusHandle) {
    let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        interval.tick().await;
        page.run_upkeep();
    }
}

/// The meters of the requests that a service answers. Each is looked up once in the registry,
/// which costs more than most handlers, and then kept.
#[derive(Default)]
pub struct RequestMeters {
    routes: Mutex<HashMap<String, Vec<Meter>>>,
}

/// The meters of one route, method and status.
struct Meter {
    method: &'static str,
    status: StatusCode,
    count: Counter,
    duration: Histogram,
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
        meters[position].count.increment(1);
        meters[position].duration.record(took);
    }
}

impl Meter {
    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned())];
        let duration = histogram!("http_request_duration_seconds", &labels);
        let [method_label, route] = labels;
        let status_label = ("status", status.as_u16().to_string());
        let count = counter!("http_requests_total", &[method_label, route, status_label]);
        Self { method, status, count, duration }
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
