//! The payment service, seen from outside: the real program, a real file, and an order service
//! played by the test.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod support;

mod common;
mod paying;
mod silence;
mod back_off;
mod dead_letters;
mod webhook;
mod storm;
mod refunds;
mod reading;
mod idempotency;
mod bad_input;
mod tracing;
mod durability;
mod older_files;
mod lab;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
mod traces;
