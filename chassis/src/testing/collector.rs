//! A collector of spans, played by the test: it understands OTLP over HTTP.

use std::ops::Deref;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span, span};
use prost::Message;
use serde_json::{Value, json};

use super::neighbor::Neighbor;

/// A [`Neighbor`] that reads what it is sent.
#[derive(Debug)]
pub struct Collector(Neighbor);

impl Collector {
    /// A collector that takes everything.
    pub fn start() -> Self {
        Self(Neighbor::start())
    }

    /// The spans of a trace, in the form of `GET /internal/traces/{trace_id}` and in its order.
    pub fn spans(&self, trace_id: &str) -> Vec<Value> {
        let mut spans: Vec<Value> = self.received(trace_id).iter().map(as_recorded).collect();
        spans.sort_by_key(|span| span["start_us"].as_u64());
        spans
    }

    /// The spans of a trace as they came.
    pub fn received(&self, trace_id: &str) -> Vec<Span> {
        let resources = self.resources().into_iter();
        let spans = resources.flat_map(|it| it.scope_spans).flat_map(|scope| scope.spans);
        spans.filter(|span| hex(&span.trace_id) == trace_id).collect()
    }

    /// The names of the services that have sent spans, in the order of their requests.
    pub fn services(&self) -> Vec<Value> {
        let resources = self.resources().into_iter().filter_map(|it| it.resource);
        resources.map(|it| attribute(&it.attributes, "service.name")).collect()
    }

    /// # Panics
    ///
    /// If a request is not what the protocol says.
    fn resources(&self) -> Vec<ResourceSpans> {
        let read = |request: super::Recorded| {
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/traces"));
            assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
            let batch = ExportTraceServiceRequest::decode(request.body.as_slice());
            batch.expect("the body is a batch of spans").resource_spans
        };
        self.0.requests().into_iter().flat_map(read).collect()
    }
}

/// So that a test can let it be gone or silent.
impl Deref for Collector {
    type Target = Neighbor;

    fn deref(&self) -> &Neighbor {
        &self.0
    }
}

/// The value of an attribute; `null` if it is not there.
pub fn attribute(attributes: &[KeyValue], name: &str) -> Value {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(AnyValue::StringValue(text)) => json!(text),
        Some(AnyValue::IntValue(number)) => json!(number),
        _ => Value::Null,
    }
}

fn as_recorded(span: &Span) -> Value {
    let start_us = span.start_time_unix_nano / 1_000;
    let parent_id = Some(hex(&span.parent_span_id)).filter(|id| !id.is_empty());
    let step = |event: &span::Event| {
        json!({
            "at_us": event.time_unix_nano / 1_000 - start_us,
            "kind": attribute(&event.attributes, "kind"),
            "text": event.name,
            "rows": attribute(&event.attributes, "rows"),
            "duration_us": attribute(&event.attributes, "duration_us"),
            "source": attribute(&event.attributes, "code.file.path"),
        })
    };
    json!({
        "span_id": hex(&span.span_id),
        "parent_id": parent_id,
        "kind": attribute(&span.attributes, "kind"),
        "name": span.name,
        "start_us": start_us,
        "duration_us": span.end_time_unix_nano / 1_000 - start_us,
        "status": attribute(&span.attributes, "http.response.status_code"),
        "outcome": attribute(&span.attributes, "outcome"),
        "steps": span.events.iter().map(step).collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
