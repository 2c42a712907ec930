//! Seeing what happens: logs that carry ids, trace context, metrics.
//!
//! 1. [`trace_context`]: the W3C headers that tie requests of several services together.
//! 2. [`telemetry`]: the log, and the ids of the request that is being served.
//! 3. [`recorder`]: what happened inside a request, kept in memory.
//! 4. [`metrics`]: counters and histograms for Prometheus.
//! 5. [`pace`]: the last ten seconds, for a glance.

pub mod trace_context;
pub mod telemetry;
pub mod recorder;
pub mod metrics;
pub mod pace;
