//! The answers that the HTTP library gives by itself, made like all others.
//!
//! A head that cannot be read never becomes a request. Hyper answers it with a status and
//! nothing else, before any of our code runs, and there is no hook to change that. So this
//! stands between hyper and the socket. A head that leaves without `X-Request-Id` is not one of
//! ours: it goes out with an id and with the sentence that every other refusal has.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};

use crate::id::Id;

/// A connection whose bare answers are completed.
pub(super) struct Completed<S> {
    stream: S,
    /// What is still to be written in place of a bare answer.
    answer: Vec<u8>,
}

impl<S> Completed<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, answer: Vec::new() }
    }
}

impl<S: Read + Unpin> Read for Completed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Completed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.answer.is_empty() {
            match complete(bytes) {
                Some(answer) => self.answer = answer,
                None => return Pin::new(&mut self.stream).poll_write(context, bytes),
            }
        }
        let Self { stream, answer } = &mut *self;
        while !answer.is_empty() {
            let written = ready!(Pin::new(&mut *stream).poll_write(context, answer))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            answer.drain(..written);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match slices {
            [only] => self.poll_write(context, only),
            _ => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The whole answer for a bare head; `None` for everything else.
fn complete(bytes: &[u8]) -> Option<Vec<u8>> {
    const NO_BODY: &str = "content-length: 0\r\n";
    // Most writes end here: a good answer is no 4xx, and a refusal has our header.
    let is_refusal = bytes.starts_with(b"HTTP/1.1 4") && bytes.ends_with(b"\r\n\r\n");
    let head = if is_refusal { std::str::from_utf8(bytes).ok()? } else { return None };
    if head.contains("x-request-id: ") || !head.contains(NO_BODY) {
        return None;
    }
    let (status, detail) = match head.get(9..12)? {
        "400" => (400, "The request is malformed"),
        "414" => (414, "The address is too long"),
        "431" => (431, "The request headers are too large"),
        _ => return None,
    };
    let id = Id::new();
    tracing::info!(status, request_id = %id, "refused a request that cannot be read");
    let body = format!(r#"{{"detail":"{detail}"}}"#);
    let length = body.len();
    let headers = format!(
        "content-type: application/json\r\nx-request-id: {id}\r\ncontent-length: {length}\r\n"
    );
    Some((head.replacen(NO_BODY, &headers, 1) + &body).into_bytes())
}
