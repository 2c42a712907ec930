//! The chassis: what every service of this shop does the same way.
//!
//! *Microservice chassis* is the usual name for the library that keeps plumbing out of
//! the files worth reading. What two services do the same way goes in here; what only one
//! does stays there until a second needs it. The chassis knows no shop words: whoever wants
//! to write "order" or "cart" in it is in the wrong place.
//!
//! The rooms, in the order in which a request walks through them:
//!
//! 1. [`service`]: from the command line to a running service and back to a clean stop.
//! 2. [`config`]: the settings that all services share; [`command`]: what a program does in
//!    place of serving.
//! 3. [`http`]: the listener, the limits, the key check, the error body, health, documents.
//! 4. [`storage`]: one file, many readers, one writer with group commit; idempotency.
//! 5. [`messaging`]: asking another service, and telling it something reliably.
//! 6. [`insight`]: logs, trace context, metrics.
//! 7. [`lab`]: breaking the service on purpose.
//!
//! [`id`], [`number`], [`money`], [`time`] and [`epoch`] are the types that all of them speak.
//!
//! Arrows point one way: `http`, `messaging` and `lab` use `storage` and `insight`; `storage`
//! uses only `insight`, to know on whose behalf it works.

#![warn(missing_docs)]

/// The version of the shop's API: what `--version`, `/internal/health` and the documents say.
/// The crates themselves are never published, so theirs stays 0.0.0.
pub const VERSION: &str = "1.0.0";

pub mod id;
pub mod number;
pub mod money;
pub mod time;
pub mod epoch;
pub mod insight;
pub mod storage;
pub mod messaging;
pub mod lab;
pub mod http;
pub mod config;
pub mod command;
#[cfg(feature = "trace-context-harness")]
mod trace_context_harness;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;
