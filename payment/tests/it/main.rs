//! The payment service, seen from outside: the real program, a real file, and an order service
//! played by the test.

mod support;

mod common;
mod paying;
mod silence;
mod webhook;
mod storm;
mod refunds;
mod reading;
mod idempotency;
mod bad_input;
mod tracing;
mod durability;
mod older_files;
