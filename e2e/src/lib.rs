//! The whole shop for tests: the four real services, wired to each other, with or without
//! nginx in front of them. Every shop has its own ports and files, so that any number of them
//! run side by side, and everything ends with the test.
//!
//! ```no_run
//! # async fn example() {
//! use e2e::Shop;
//!
//! let mut shop = Shop::start().await;
//! shop.order.kill().await;
//! shop.order.restart().await;
//!
//! let order = shop.buy("user1", 2).await;
//!
//! assert_eq!(order["status"], "PAID");
//! # }
//! ```
//!
//! The services are the programs in `target/release`, or in `SHOP_BIN_DIR`.
//!
//! 1. [`binaries`]: where the programs and the repository are.
//! 2. [`nginx`]: nginx as `scripts/up.sh` starts it.
//! 3. [`shop`]: the plan of a shop, and the shop.
//! 4. [`shopping`]: what shoppers do, and what they see.
//! 5. [`mod@audit`]: what must be true of money and goods in all files together.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

pub mod binaries;
pub mod nginx;
pub mod shop;
pub mod shopping;
pub mod audit;

pub use audit::{Books, audit};
pub use nginx::Nginx;
pub use shop::{Plan, SERVICES, Service, Shop};
