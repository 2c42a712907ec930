//! Seeing what happens: logs that carry ids, trace context, metrics.
//!
//! 1. [`trace_context`]: the W3C headers that tie requests of several services together.
//! 2. [`telemetry`]: the ids of the request that is being served.
//! 3. [`log`]: what a line looks like, and how lines get out.
//! 4. [`recorder`]: what happened inside a request, kept in memory.
//!    With the feature `otlp`, the module `otlp` sends the same to a collector.
//! 5. [`metrics`]: counters and histograms for Prometheus.
//! 6. [`pace`]: the last ten seconds, for a glance.

pub mod trace_context;
pub mod telemetry;
pub mod log;
pub mod recorder;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod metrics;
pub mod pace;
