//! What a service said. A test states the status it expects before it gets to see the body.

use std::fmt;
use std::panic::Location;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use super::fail_at;

/// An answer, of any status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Method and path of the question, for messages.
    pub(super) target: String,
    /// The HTTP status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, if the status is `expected`: its JSON, or `null` if it is not JSON.
    #[track_caller]
    pub fn expect_status(&self, expected: u16) -> Value {
        if self.status != expected {
            fail_at(Location::caller(), &format!("expected {expected}, but:\n{self}"));
        }
        self.json()
    }

    /// The body as it was sent, if the status is `expected`.
    #[track_caller]
    pub fn expect_text(&self, expected: u16) -> String {
        let _ = self.expect_status(expected);
        self.text()
    }

    /// Fails the test unless this is a refusal in the short form with exactly this sentence.
    #[track_caller]
    pub fn expect_problem(&self, expected: u16, detail: &str) {
        let body = self.expect_status(expected);
        let is_json = self.header(CONTENT_TYPE.as_str()) == Some("application/json");
        if !is_json || body != serde_json::json!({ "detail": detail }) {
            fail_at(Location::caller(), &format!("expected the detail {detail:?}, but:\n{self}"));
        }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The header of this name, which must be there.
    #[track_caller]
    pub fn expect_header(&self, name: &str) -> &str {
        self.header(name).unwrap_or_else(|| {
            fail_at(Location::caller(), &format!("expected a header {name}, but:\n{self}"))
        })
    }

    /// The sentence of an error body; empty if there is none.
    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// Everything, for the message of a failed test.
impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "  {} -> {}", self.target, self.status)?;
        for (name, value) in &self.headers {
            writeln!(formatter, "  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        // A list of a thousand products helps nobody who reads the report.
        let text = self.text();
        let shown: String = text.chars().take(2_000).collect();
        let more = if shown.len() < text.len() { " ..." } else { "" };
        write!(formatter, "\n  {shown}{more}")
    }
}
