//! W3C Trace Context: the headers by which one request is recognized in every service.
//!
//! ```text
//! traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//!              |  |                                |                |
//!        version  trace id: the same everywhere    span id: who is  flags: 1 = record this,
//!                                                  calling          2 = the trace id is random
//! tracestate:  vendor1=opaque,vendor2=opaque       notes of tracing systems, passed on
//! baggage:     lab=alice;ttl=60,theme=dark         notes of applications, passed on
//! ```
//!
//! Specifications: <https://www.w3.org/TR/trace-context-2/> and <https://www.w3.org/TR/baggage/>.
//! The test suite of the former (`test/test.py` in github.com/w3c/trace-context) is the measure;
//! where it is stricter than the text, we follow it and say so.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// The caller records this trace and would like us to do the same.
const SAMPLED: u8 = 0b01;
/// The trace id was drawn at random, so others may use its digits as dice.
const RANDOM: u8 = 0b10;

/// The most entries a `tracestate` may have. With their greatest length of 513 characters that
/// also bounds its size: 16 KiB.
const MAX_MEMBERS: usize = 32;

/// The size of baggage that everyone has to pass on, in bytes. We drop more than that: it would
/// travel with every call that this request causes.
const MAX_BAGGAGE_BYTES: usize = 8192;

/// Which trace a piece of work belongs to, and which span of it is at work.
///
/// The one made from a request names the caller's span. Its [`child`](Self::child) is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
    tracestate: Option<Box<str>>,
    baggage: Option<Box<str>>,
}

impl TraceContext {
    /// Continues the caller's trace. If there is none, or its header makes no sense, begins
    /// one of our own that is not sampled.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        // Two parents are as good as none: nobody knows which is the right one.
        let parent = match (parents.next(), parents.next()) {
            (Some(only), None) => only.to_str().ok(),
            _ => None,
        };
        let tracestate = joined(headers, &TRACESTATE);
        let baggage = joined(headers, &BAGGAGE);
        Self::from_parts(parent, tracestate.as_deref(), baggage.as_deref())
    }

    /// The same from the values of the three headers: what [`traceparent`](Self::traceparent),
    /// [`tracestate`](Self::tracestate) and [`baggage`](Self::baggage) gave, kept with a message
    /// that is delivered later.
    pub fn from_parts(
        traceparent: Option<&str>,
        tracestate: Option<&str>,
        baggage: Option<&str>,
    ) -> Self {
        let mut context = traceparent.and_then(parse_traceparent).map_or_else(
            Self::fresh,
            // The entries describe the parent, so they are not even looked at without one.
            |parent| Self { tracestate: tracestate.and_then(parse_tracestate), ..parent },
        );
        context.baggage = baggage.and_then(parse_baggage);
        context
    }

    /// A new trace, not sampled: recording is for those who ask for it.
    pub fn fresh() -> Self {
        Self {
            trace_id: fastrand::u128(1..),
            span_id: fastrand::u64(1..),
            flags: RANDOM,
            tracestate: None,
            baggage: None,
        }
    }

    /// The same trace with a new span, for work that this span causes.
    #[must_use]
    pub fn child(&self) -> Self {
        Self { span_id: fastrand::u64(1..), ..self.clone() }
    }

    /// The trace, as a number that is never zero.
    pub const fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The span, as a number that is never zero.
    pub const fn span_id(&self) -> u64 {
        self.span_id
    }

    /// The trace, as 32 hexadecimal digits.
    pub fn trace_id_hex(&self) -> String {
        format!("{:032x}", self.trace_id)
    }

    /// The span, as 16 hexadecimal digits.
    pub fn span_id_hex(&self) -> String {
        format!("{:016x}", self.span_id)
    }

    /// Whether this trace is to be recorded.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The value of the `traceparent` header.
    pub fn traceparent(&self) -> String {
        format!("00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }

    /// The value of the `tracestate` header, if there is one.
    pub fn tracestate(&self) -> Option<&str> {
        self.tracestate.as_deref()
    }

    /// The value of the `baggage` header, if there is one.
    pub fn baggage(&self) -> Option<&str> {
        self.baggage.as_deref()
    }

    /// The value of one baggage entry, as it was sent: without its properties (after `;`), and
    /// with percent-encoding if there was any.
    pub fn baggage_member(&self, key: &str) -> Option<&str> {
        self.baggage()?.split(',').find_map(|member| {
            let (name, value) = member.split(';').next()?.split_once('=')?;
            (name.trim() == key).then(|| value.trim())
        })
    }

    /// Puts the three headers on an outgoing request, in place of any that were there.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let traceparent = self.traceparent();
        let values = [
            (TRACEPARENT, Some(traceparent.as_str())),
            (TRACESTATE, self.tracestate()),
            (BAGGAGE, self.baggage()),
        ];
        for (name, value) in values {
            headers.remove(&name);
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        }
    }
}

/// Several headers of one name mean the same as one list. `None` if there is none, or if one
/// of them is not plain ASCII.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Result<Vec<&str>, _> =
        headers.get_all(name).iter().map(HeaderValue::to_str).collect();
    values.ok().filter(|values| !values.is_empty()).map(|values| values.join(","))
}

/// HTTP allows spaces and tabs around a value, and nothing else.
fn trim_ows(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// `None` means: ignore the header and begin a new trace.
fn parse_traceparent(text: &str) -> Option<TraceContext> {
    let mut fields = trim_ows(text).splitn(5, '-');
    let version = parse_hex(fields.next()?, 2)?;
    let trace_id = parse_hex(fields.next()?, 32)?;
    let span_id = u64::try_from(parse_hex(fields.next()?, 16)?).ok()?;
    let flags = u8::try_from(parse_hex(fields.next()?, 2)?).ok()?;
    // A later version may append fields; version 00 has none to append. 255 is no version.
    let has_more = fields.next().is_some();
    if version == 0xff || (version == 0 && has_more) || trace_id == 0 || span_id == 0 {
        return None;
    }
    // Flags that we do not know are not passed on: we cannot vouch for what they say.
    let flags = flags & (SAMPLED | RANDOM);
    Some(TraceContext { trace_id, span_id, flags, tracestate: None, baggage: None })
}

/// Exactly this many lowercase digits. `from_str_radix` alone would take `A` and `+`.
fn parse_hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.bytes().all(is_hex) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

/// The entries in their order, without the empty ones and the spaces between. One bad entry
/// spoils the list. A key that appears twice does not: that is the fault of whoever added it,
/// and not ours to clean up.
fn parse_tracestate(text: &str) -> Option<Box<str>> {
    let members: Vec<&str> =
        text.split(',').map(trim_ows).filter(|member| !member.is_empty()).collect();
    let is_valid = |member: &&str| {
        member.split_once('=').is_some_and(|(key, value)| is_key(key) && is_value(value))
    };
    let is_list = (1..=MAX_MEMBERS).contains(&members.len()) && members.iter().all(is_valid);
    is_list.then(|| members.join(",").into())
}

/// `vendor` or `tenant@vendor`. The text of level 2 allows any number of `@`; the test suite
/// still has the lengths and the single `@` of level 1.
fn is_key(key: &str) -> bool {
    let is_allowed =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
    let is_name = |name: &str, max_length: usize| {
        (1..=max_length).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(is_allowed)
    };
    match key.split_once('@') {
        Some((tenant, vendor)) => is_name(tenant, 241) && is_name(vendor, 14),
        None => is_name(key, 256),
    }
}

/// Up to 256 printable characters other than `,` and `=`.
fn is_value(value: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    (1..=256).contains(&value.len()) && value.bytes().all(is_allowed)
}

/// Baggage is for others to understand. It is passed on unchanged if it is of sane size.
fn parse_baggage(text: &str) -> Option<Box<str>> {
    let text = trim_ows(text);
    (1..=MAX_BAGGAGE_BYTES).contains(&text.len()).then(|| text.into())
}

#[cfg(test)]
mod tests;
