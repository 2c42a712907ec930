//! A recorded span in the words of OpenTelemetry.
//!
//! Where its conventions have a name for something, the name is theirs; the rest keeps the name
//! that it has in `GET /internal/traces/{trace_id}`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    Event, SpanContext, SpanId, SpanKind as Kind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use serde::Serialize;

use crate::insight::recorder::{SpanKind, SpanRecord, Step};

/// The same span with the same ids.
pub(super) fn translate(record: SpanRecord) -> SpanData {
    let start_time = UNIX_EPOCH + Duration::from_micros(record.start_us);
    let mut events = SpanEvents::default();
    events.events = record.steps.iter().map(|step| event(step, start_time)).collect();
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_hex(&record.trace_id).unwrap_or(TraceId::INVALID),
            span_id(&record.span_id),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: record.parent_id.as_deref().map_or(SpanId::INVALID, span_id),
        parent_span_is_remote: record.kind == SpanKind::Server,
        span_kind: match record.kind {
            SpanKind::Server => Kind::Server,
            SpanKind::Client => Kind::Client,
            SpanKind::Transaction | SpanKind::Delivery => Kind::Internal,
        },
        start_time,
        end_time: start_time + Duration::from_micros(record.duration_us),
        attributes: attributes(&record),
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status: status(&record),
        instrumentation_scope: InstrumentationScope::builder("chassis").build(),
        name: record.name.into(),
    }
}

fn span_id(hex: &str) -> SpanId {
    SpanId::from_hex(hex).unwrap_or(SpanId::INVALID)
}

fn attributes(record: &SpanRecord) -> Vec<KeyValue> {
    let mut attributes = vec![KeyValue::new("kind", word(record.kind))];
    let status = record.status.map(i64::from);
    attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", status)));
    attributes.extend(record.outcome.clone().map(|outcome| KeyValue::new("outcome", outcome)));
    attributes
}

/// A 4xx is the mistake of whoever sent the request: an error of the caller's span, but not of
/// the one that refused it. A transaction that is undone is a decision and no error.
fn status(record: &SpanRecord) -> Status {
    let is_error = match (record.kind, record.status) {
        (SpanKind::Server, status) => status.is_some_and(|status| status >= 500),
        (SpanKind::Client, status) => status.is_none_or(|status| status >= 400),
        (SpanKind::Transaction | SpanKind::Delivery, _) => false,
    };
    if is_error { Status::error(record.outcome.clone().unwrap_or_default()) } else { Status::Unset }
}

fn event(step: &Step, start_time: SystemTime) -> Event {
    let mut attributes =
        vec![KeyValue::new("kind", word(step.kind)), KeyValue::new("code.file.path", step.source)];
    let numbers = [("rows", step.rows), ("duration_us", step.duration_us)];
    attributes.extend(numbers.into_iter().filter_map(|(name, number)| {
        number.map(|number| KeyValue::new(name, i64::try_from(number).unwrap_or(i64::MAX)))
    }));
    let at = start_time + Duration::from_micros(step.at_us);
    Event::new(step.text.clone(), at, attributes, 0)
}

/// How JSON spells it.
fn word(kind: impl Serialize) -> String {
    let json = serde_json::to_value(kind).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
