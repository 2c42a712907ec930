//! The log, and the ids of the request that is being served.

use std::str::FromStr;
use std::sync::Arc;

use clap::ValueEnum;
use tokio::task::JoinHandle;
use tracing::Instrument;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::time::ChronoUtc;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::recorder::Span;
use super::trace_context::TraceContext;

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line, for machines.
    Json,
}

/// Starts logging to standard error. `filter` is in the syntax of `RUST_LOG`.
///
/// # Errors
///
/// A sentence if the filter cannot be understood.
pub fn start(format: LogFormat, filter: &str) -> Result<(), String> {
    // `Targets` understands what people write (`info`, `chassis=debug`), and brings no engine
    // for regular expressions along, as the full syntax would.
    let filter = Targets::from_str(filter).map_err(|cause| format!("RUST_LOG: {cause}"))?;
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_timer(ChronoUtc::new("%Y-%m-%dT%H:%M:%S%.3fZ".to_owned()))
        .with_target(false);
    let lines = match format {
        LogFormat::Pretty => lines.compact().with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let log = tracing_subscriber::registry().with(lines.with_filter(filter));
    log.try_init().map_err(|cause| cause.to_string())
}

/// Who is asking: known everywhere while a request is served, without being handed around.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The client's `X-Request-Id` or one of ours.
    pub request_id: Arc<str>,
    /// The span of this request within its trace.
    pub trace: TraceContext,
    /// The same span as it is recorded, if it is.
    pub span: Option<Span>,
}

tokio::task_local! {
    static CURRENT: RequestContext;
}

impl RequestContext {
    /// The context of the request that this task serves; `None` in background work.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// The recorded span of the request that this task serves.
    pub fn current_span() -> Option<Span> {
        CURRENT.try_with(|context| context.span.clone()).ok().flatten()
    }

    /// Runs `work` with this context as the current one.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// The same for work that does not wait, on whatever thread it runs.
    pub fn scope_sync<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

/// Runs `work` on a task of its own, with the ids of the current request, if there is one. For
/// what has to go on even if the client hangs up: that ends the task which serves it.
pub fn spawn<F>(work: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    match RequestContext::current() {
        Some(context) => tokio::spawn(context.scope(work).in_current_span()),
        None => tokio::spawn(work),
    }
}
