//! What a service's tests are made of: the real program, the world around it, and questions.
//!
//! A test starts the program that a user would start, on a file in a temporary folder, and
//! talks to it over HTTP. What a caller cannot see is not tested, so a test stays true when
//! the code behind it is rewritten.
//!
//! ```no_run
//! # async fn example() {
//! use chassis::testing::{Behavior, Neighbor, Program};
//! use serde_json::json;
//!
//! let catalog = Neighbor::start();
//! catalog.set(Behavior::answer(200, json!({ "id": 1 })));
//! let cart = Program::new("target/debug/cart")
//!     .set("CATALOG_SERVICE_URL", catalog.url())
//!     .start()
//!     .await;
//!
//! let answer = cart.post("/cart/user1/add?product_id=1").await;
//!
//! assert_eq!(answer.expect_status(200)["message"], "Item added");
//! assert_eq!(catalog.requests()[0].path, "/products/1");
//! # }
//! ```
//!
//! 1. [`program`] and [`process`]: the program, started, stopped, killed, frozen, started again.
//!    [`command`]: a program that is to end, and is ended if it does not.
//! 2. [`client`] and [`answer`]: asking it, and what it said.
//! 3. [`document`]: every answer is held against the service's OpenAPI document.
//! 4. [`neighbor`]: a service that behaves as badly as the test needs.
//!    With the feature `otlp`, the module `collector` has one that reads spans.
//! 5. [`raw`]: clients that behave badly.
//! 6. [`eventually`](mod@eventually): waiting for background work without sleeping.
//! 7. [`routes`]: the route table and the document name the same routes.
//! 8. [`suite`]: what is true of every service, proven for each by one line.
//!
//! Everything here panics when something is not as it should be: that is how a test fails.

#![expect(clippy::expect_used, reason = "in a test, a panic is the report")]

use std::panic::Location;

pub mod command;
pub mod program;
pub mod process;
mod log;
pub mod client;
pub mod answer;
pub mod document;
pub mod neighbor;
#[cfg(feature = "otlp")]
pub mod collector;
pub mod raw;
pub mod eventually;
pub mod routes;
pub mod suite;

pub use answer::Answer;
pub use client::{Client, Request, all_at_once};
pub use eventually::eventually;
pub use neighbor::{Behavior, Neighbor, Recorded};
pub use process::Process;
pub use program::{NOWHERE, Program, Refusal, free_port, is_free};
pub use raw::{RawConnection, raw_request};
pub use routes::routes_match_the_document;
pub use suite::Subject;
pub use suite::lab::LabSubject;

/// Fails the test with `text`, at the line of the test that asked.
///
/// An ordinary panic names the line in which it happens, and for an `async fn` that is a line
/// in here, where nothing is wrong.
#[expect(clippy::print_stderr, reason = "this is the message of a failed test")]
fn fail_at(place: &Location<'_>, text: &str) -> ! {
    eprintln!("\ntest failed at {place}:\n{text}");
    std::panic::resume_unwind(Box::new(text.to_owned()))
}
