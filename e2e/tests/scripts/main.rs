//! The commands that open, show, disturb, reset and close a shop, and those of the READMEs.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

mod support;

mod opening;
mod closing;
mod running;
mod refusing;
mod resetting;
mod reading;
