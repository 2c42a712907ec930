//! What a neighbor does with a request.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

/// One way to behave, good or bad.
#[derive(Clone, Debug)]
pub enum Behavior {
    /// Writes these bytes and keeps the connection open.
    Send(Vec<u8>),
    /// Writes these bytes and closes the connection: garbage, half an answer.
    SendAndClose(Vec<u8>),
    /// Never answers.
    Hang,
    /// Resets the connection, as a process that dies does.
    Reset,
    /// Reads the request and closes the connection without a word.
    Close,
    /// Waits, then behaves.
    After(Duration, Box<Behavior>),
}

impl Behavior {
    /// An answer with a JSON body.
    pub fn answer(status: u16, body: Value) -> Self {
        Self::answer_with(status, &[], body)
    }

    /// An answer with more headers than the usual.
    pub fn answer_with(status: u16, headers: &[(&str, &str)], body: Value) -> Self {
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!("content-type: application/json\r\n{headers}");
        Self::Send(message(status, &head, body.to_string().as_bytes()))
    }

    /// A refusal, as our services say it.
    pub fn problem(status: u16, detail: &str) -> Self {
        Self::answer(status, serde_json::json!({ "detail": detail }))
    }

    /// A page of HTML, such as a proxy or a stranger sends.
    pub fn page(status: u16) -> Self {
        let html = b"<!doctype html><title>Something else</title>";
        Self::Send(message(status, "content-type: text/html\r\n", html))
    }

    /// Something that is not HTTP at all.
    pub fn garbage() -> Self {
        Self::SendAndClose(b"\x16\x03\x01 this is not HTTP\r\n\r\n".to_vec())
    }

    /// An answer 200 with a JSON text of that many bytes.
    pub fn flood(bytes: usize) -> Self {
        let body = format!("\"{}\"", "x".repeat(bytes));
        Self::Send(message(200, "content-type: application/json\r\n", body.as_bytes()))
    }

    /// This behavior, but only after a while.
    #[must_use]
    pub fn after(self, pause: Duration) -> Self {
        Self::After(pause, Box::new(self))
    }

    /// Whether the client hears nothing.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::Hang | Self::Reset | Self::Close => true,
            Self::Send(_) | Self::SendAndClose(_) => false,
            Self::After(_, then) => then.is_silence(),
        }
    }
}

fn message(status: u16, head: &str, body: &[u8]) -> Vec<u8> {
    let known = StatusCode::from_u16(status).ok();
    let reason = known.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
    // A body of 204 and 304 has no length, not even zero.
    let has_body = !matches!(status, 204 | 304);
    let length =
        if has_body { format!("content-length: {}\r\n", body.len()) } else { String::new() };
    let mut message = format!("HTTP/1.1 {status} {reason}\r\n{head}{length}\r\n").into_bytes();
    if has_body {
        message.extend_from_slice(body);
    }
    message
}
