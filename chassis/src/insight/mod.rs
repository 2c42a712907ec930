//! Seeing what happens: logs that carry ids, trace context, metrics.
//!
//! 1. [`trace_context`]: the W3C headers that tie requests of several services together.
//! 2. [`telemetry`]: the log, and the ids of the request that is being served.
//! 3. [`metrics`]: counters and histograms for Prometheus.

pub mod trace_context;
pub mod telemetry;
pub mod metrics;
