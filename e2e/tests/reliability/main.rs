//! Whether the shop keeps its word when things break: services that are killed, disks that fill
//! up, messages that arrive twice or late, and many who want the same thing at once.
//!
//! What each part proves, and what a long run has found, is in `docs/reliability.md`.
//!
//! 1. [`random_kills`]: kill -9 of everything at random, under load, against a client-side log.
//! 2. [`crash_points`]: the same at every named place between two commits.
//! 3. [`storms`]: many who pay one order, and many who want the last ten.
//! 4. [`expiry`]: the clock against the payment.
//! 5. [`outages`]: services that are away at the worst moment, and return.
//! 6. [`resets`]: a reset while somebody is shopping.
//! 7. [`full_disk`]: a disk that fills up and heals.
//! 8. [`sync_before_reply`]: a trace of the system calls, because kill -9 proves nothing of fsync.
//! 9. [`model`]: the state machines against a small model, in any order of messages.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

mod support;

mod random_kills;
mod crash_points;
mod storms;
mod expiry;
mod outages;
mod resets;
mod full_disk;
mod sync_before_reply;
mod model;
