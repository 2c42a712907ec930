//! Talking to the other services: asking, and telling reliably.
//!
//! 1. [`breaker`]: when to stop asking a neighbor that keeps failing.
//! 2. [`call`]: a call, and what counts as an answer.
//! 3. [`client`]: making it, with key, trace, time-outs and breaker.
//! 4. [`signature`]: who sent this message (Standard Webhooks).
//! 5. [`message`] and [`outbox`]: messages written in the transaction that causes them.
//! 6. `schedule`: which of them is sent when, in SQL; `back_off`: the pause of a message.
//! 7. `lane` and `peer`: who may be sent while a receiver is silent.
//! 8. [`relay`]: delivering them until somebody answers.

pub mod breaker;
pub mod call;
pub mod client;
pub mod signature;
pub mod message;
pub mod outbox;
mod back_off;
mod schedule;
mod lane;
mod peer;
pub mod relay;
