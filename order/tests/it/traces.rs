//! What is true of every service that is built with the features `otlp` and
//! `trace-context-harness`.

chassis::every_trace!(crate::lab::subject());
