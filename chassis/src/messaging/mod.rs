//! Talking to the other services: asking, and telling reliably.
//!
//! 1. [`breaker`]: when to stop asking a neighbor that keeps failing.
//! 2. [`client`]: one call with key, trace, time-outs and breaker; what counts as an answer.
//! 3. [`signature`]: who sent this message (Standard Webhooks).
//! 4. [`outbox`]: messages written in the transaction that causes them.
//! 5. [`relay`]: delivering them until somebody answers.

pub mod breaker;
pub mod client;
pub mod signature;
pub mod outbox;
pub mod relay;
