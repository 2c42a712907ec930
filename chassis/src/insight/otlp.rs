//! The recorded spans, sent to a collector over OTLP; only in builds with the feature `otlp`.
//!
//! A span that is over leaves a copy in a queue. A task of its own empties the queue twice a
//! second and posts what it found. No request waits for that: while the collector is slow or
//! gone, the queue fills, and a span that finds no room is dropped and counted.
//!
//! The crates of OpenTelemetry bring the wire format and the post. Recording stays ours: a
//! span has its id before it is recorded, because the call that it describes carries it.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry_otlp::{
    Protocol, SpanExporter as OtlpExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::metrics::Counter;
use super::recorder::SpanRecord;
use crate::config::CollectorUrl;

mod span_data;

/// Spans that may wait. As many as the ring keeps: a collector that is away for longer than
/// that has a gap.
const QUEUE_MAX: usize = 4_096;

/// The memory that they may take. A collector accepts a request of some 20 MB at most.
const QUEUE_MAX_BYTES: usize = 4 * 1024 * 1024;

/// How long spans gather before they are sent, so that one request carries many.
const PAUSE: Duration = Duration::from_millis(500);

/// How long sending may take in all, three retries included.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a stopping service waits for its last spans to get through.
const LAST_WORDS: Duration = Duration::from_secs(2);

static SPANS: Counter =
    Counter::new("exported_spans_total", "Spans for the collector", &["outcome"]);

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Sends spans for as long as the service runs.
#[derive(Debug)]
pub struct Exporter {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Starts sending spans to `collector`, in the name of `service`. Without a collector, nothing
/// is recorded for one.
///
/// # Errors
///
/// A sentence if the settings of OpenTelemetry contradict each other.
pub fn start(service: &'static str, collector: &CollectorUrl) -> Result<Option<Exporter>, String> {
    let CollectorUrl(Some(url)) = collector else { return Ok(None) };
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|cause| cause.to_string())?;
    let mut exporter = OtlpExporter::builder()
        .with_http()
        .with_http_client(http)
        .with_endpoint(format!("{}/v1/traces", url.as_str()))
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(EXPORT_TIMEOUT)
        .build()
        .map_err(|cause| format!("cannot export spans: {cause}"))?;
    exporter.set_resource(&Resource::builder_empty().with_service_name(service).build());
    let queue = QUEUE.get_or_init(Queue::default);
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(send_until(stopped, queue, exporter));
    Ok(Some(Exporter { stop, task }))
}

/// Sends what is still waiting, and ends. Spans that are over later are not sent.
pub async fn finish(exporter: Option<Exporter>) {
    let Some(Exporter { stop, task }) = exporter else { return };
    let _ = stop.send(());
    if timeout(LAST_WORDS, task).await.is_err() {
        tracing::warn!("the last spans are lost: the collector takes too long");
    }
}

/// Whether there is a collector that wants spans.
pub(super) fn is_on() -> bool {
    QUEUE.get().is_some()
}

/// Lets a copy of a span wait for the collector, if there is one.
pub(super) fn enqueue(record: &SpanRecord) {
    if let Some(queue) = QUEUE.get()
        && !queue.push(record)
    {
        SPANS.add(1, &["dropped"]);
    }
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    spans: Vec<SpanRecord>,
    bytes: usize,
}

impl Queue {
    /// `false` if there is no room.
    fn push(&self, record: &SpanRecord) -> bool {
        let bytes = record.bytes();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.spans.len() >= QUEUE_MAX || waiting.bytes + bytes > QUEUE_MAX_BYTES {
            return false;
        }
        waiting.bytes += bytes;
        waiting.spans.push(record.clone());
        drop(waiting);
        self.arrived.notify_one();
        true
    }

    /// Done when spans have come, and others had time to join them.
    async fn gather(&self) {
        self.arrived.notified().await;
        sleep(PAUSE).await;
    }

    fn take(&self) -> Vec<SpanRecord> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *waiting).spans
    }
}

async fn send_until(mut stopped: oneshot::Receiver<()>, queue: &Queue, exporter: OtlpExporter) {
    let mut is_away = false;
    loop {
        let is_last = tokio::select! {
            _ = &mut stopped => true,
            () = queue.gather() => false,
        };
        let spans = queue.take();
        if !spans.is_empty() {
            is_away = !send(&exporter, spans, is_away).await;
        }
        if is_last {
            return;
        }
    }
}

/// Sends spans and returns whether the collector has them. The log hears only of changes, as
/// an outage may last all day.
async fn send(exporter: &OtlpExporter, spans: Vec<SpanRecord>, was_away: bool) -> bool {
    let many = spans.len() as u64;
    let batch = spans.into_iter().map(span_data::translate).collect();
    // The crate's own time-out only keeps it from trying again.
    let sent = match timeout(EXPORT_TIMEOUT, exporter.export(batch)).await {
        Ok(sent) => sent.map_err(|cause| cause.to_string()),
        Err(_) => Err(format!("no answer within {} s", EXPORT_TIMEOUT.as_secs())),
    };
    match &sent {
        Ok(()) if was_away => tracing::info!("the collector takes spans again"),
        Ok(()) => {}
        Err(error) if !was_away => tracing::warn!(error, "spans are lost: the collector is away"),
        Err(_) => {}
    }
    SPANS.add(many, &[if sent.is_ok() { "sent" } else { "lost" }]);
    sent.is_ok()
}
