//! The cart service, seen from outside: the real program, a real file, and a catalog played by
//! the test.

mod support;

mod common;
mod adding;
mod changing;
mod bad_input;
mod fail_open;
mod fail_closed;
mod breaker;
mod remembering;
mod checking_later;
mod events;
mod idempotency;
mod durability;
mod tracing;
mod lab;
#[cfg(all(feature = "otlp", feature = "trace-context-harness"))]
mod traces;
