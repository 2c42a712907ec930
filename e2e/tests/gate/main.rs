//! nginx, the only door from outside: what it lets through, what it changes on the way, and
//! what it says by itself. Where it matters what a service answers, the real ones are behind
//! it; elsewhere the test plays them, so that it sees every byte that gets through.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

mod support;

mod routing;
mod queries;
mod keys;
mod rendering;
mod closed_doors;
mod errors;
mod slow_clients;
mod outages;
mod connections;
mod limits;
mod headers;
mod pages;
mod documents;
mod lab;
