//! The order service, seen from outside: the real program, a real file, and a catalog and a
//! payment service played by the test.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod support;

mod common;
mod placing;
mod reserving;
mod settling_later;
mod paying;
mod signature;
mod ending;
mod races;
mod reading;
mod idempotency;
mod bad_input;
mod tracing;
mod durability;
mod older_files;
mod lab;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
mod traces;
