//! The catalog service, seen from outside: the real program, a real file, and a cart service
//! played by the test.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod support;

mod common;
mod seed;
mod products;
mod listing;
mod freshness;
mod categories;
mod money;
mod bad_input;
mod bad_fields;
mod idempotency;
mod reserving;
mod settling;
mod stock_races;
mod announcing;
mod durability;
mod older_files;
mod lab;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
mod traces;
