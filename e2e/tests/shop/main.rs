//! The whole shop: four services and nginx, as a shopper meets them, in good times and bad.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

mod flows;
mod catalog_away;
mod order_away;
mod changes;
mod busy;
mod persistence;
mod start_order;
