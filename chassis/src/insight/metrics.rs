//! Counters and histograms in the text format of Prometheus.

use std::time::Duration;

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
