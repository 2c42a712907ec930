//! What happened inside a request, kept in memory: traces without a backend.
//!
//! A request whose `traceparent` is sampled leaves spans behind: itself, each call it makes,
//! each transaction with its statements, and later the deliveries that it caused. They stay
//! in a ring of fixed size until newer ones push them out. A request that is not sampled
//! costs one look at a flag.

use std::collections::VecDeque;
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::telemetry::RequestContext;
use super::trace_context::TraceContext;

/// Spans that are kept. With some ten per purchase this is the last few hundred clicks, in
/// a few megabytes.
const SPANS_MAX: usize = 4_096;

/// The memory that they may take. Only somebody who sends the largest orders there are, over
/// and over, gets here before the number of spans does.
const RING_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Steps of one span. A request with more of them is a scan, and its first steps tell enough.
const STEPS_MAX: usize = 200;

/// The length of a name, in bytes. A path that is no route is as long as a client likes.
const NAME_MAX: usize = 200;

static RING: OnceLock<Mutex<Ring>> = OnceLock::new();

/// Starts keeping spans. Until then none is recorded, unless a collector wants them.
pub fn start() {
    RING.get_or_init(Mutex::default);
}

/// Whether anybody wants spans.
fn is_on() -> bool {
    #[cfg(feature = "otlp")]
    if super::otlp::is_on() {
        return true;
    }
    RING.get().is_some()
}

/// The spans of a trace that this service has kept, oldest first.
pub fn list(trace_id: &str) -> Vec<SpanRecord> {
    let Some(ring) = RING.get() else { return Vec::new() };
    ring.lock().unwrap_or_else(PoisonError::into_inner).list(trace_id)
}

/// The spans that are kept, in the order of their ends.
#[derive(Debug, Default)]
struct Ring {
    spans: VecDeque<SpanRecord>,
    bytes: usize,
}

impl Ring {
    /// Keeps a span. The oldest ones make room.
    fn push(&mut self, record: SpanRecord) {
        self.bytes += record.bytes();
        self.spans.push_back(record);
        while self.spans.len() > SPANS_MAX || self.bytes > RING_MAX_BYTES {
            let Some(oldest) = self.spans.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
    }

    fn list(&self, trace_id: &str) -> Vec<SpanRecord> {
        let spans = self.spans.iter().filter(|span| span.trace_id == trace_id);
        let mut spans: Vec<SpanRecord> = spans.cloned().collect();
        spans.sort_by_key(|span| span.start_us);
        spans
    }
}

/// What a span is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// A request that this service answers.
    Server,
    /// A request that it makes.
    Client,
    /// Statements on its file, in one transaction or one read.
    Transaction,
    /// A message that its relay sends in the background.
    Delivery,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// The API key.
    Key,
    /// Something remembered, or not.
    Cache,
    /// The circuit breaker.
    Breaker,
    /// Another attempt.
    Retry,
    /// A transaction begins.
    Begin,
    /// A statement.
    Sql,
    /// A transaction is on disk.
    Commit,
    /// A transaction is undone.
    Rollback,
    /// A message was written.
    Outbox,
    /// The service chose between two ways to go on.
    Decision,
    /// Something went wrong on purpose.
    Fault,
    /// An earlier reply was repeated.
    Replay,
}

/// One thing that happened within a span.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Microseconds after the start of the span.
    pub at_us: u64,
    /// What it is about.
    pub kind: StepKind,
    /// What happened, for a person.
    pub text: String,
    /// Rows read or changed, for a statement.
    pub rows: Option<u64>,
    /// How long it took, in microseconds, where that is known.
    pub duration_us: Option<u64>,
    /// The file that does this.
    pub source: &'static str,
}

/// A span that is over.
#[derive(Clone, Debug, Serialize)]
pub struct SpanRecord {
    #[serde(skip)]
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) parent_id: Option<String>,
    pub(super) kind: SpanKind,
    pub(super) name: String,
    pub(super) start_us: u64,
    pub(super) duration_us: u64,
    pub(super) status: Option<u16>,
    pub(super) outcome: Option<String>,
    pub(super) steps: Vec<Step>,
}

impl SpanRecord {
    /// The memory that it takes, near enough.
    pub(super) fn bytes(&self) -> usize {
        let steps = self.steps.iter().map(|step| size_of::<Step>() + step.text.len());
        let texts = [&self.trace_id, &self.span_id, &self.name].map(String::len);
        let optional =
            [&self.parent_id, &self.outcome].map(|it| it.as_ref().map_or(0, String::len));
        size_of::<Self>() + steps.sum::<usize>() + texts.iter().chain(&optional).sum::<usize>()
    }
}

/// A span that goes on. Clones are the same span. It is kept when it is finished, or, cut
/// short, when its last clone is dropped.
#[derive(Clone, Debug)]
pub struct Span(Arc<Mutex<Open>>);

#[derive(Debug)]
struct Open {
    record: Option<SpanRecord>,
    started: Instant,
}

impl Span {
    /// Begins a span with the ids of `trace`, if it is sampled and anybody wants spans.
    pub fn begin(
        kind: SpanKind,
        trace: &TraceContext,
        parent_id: Option<u64>,
        name: impl FnOnce() -> String,
    ) -> Option<Self> {
        if !trace.is_sampled() || !is_on() {
            return None;
        }
        let record = SpanRecord {
            trace_id: trace.trace_id_hex(),
            span_id: trace.span_id_hex(),
            parent_id: parent_id.map(|id| format!("{id:016x}")),
            kind,
            name: shortened(name()),
            start_us: unix_us(),
            duration_us: 0,
            status: None,
            outcome: None,
            steps: Vec::new(),
        };
        let open = Open { record: Some(record), started: Instant::now() };
        Some(Self(Arc::new(Mutex::new(open))))
    }

    /// A span below this one.
    pub fn child(&self, kind: SpanKind, name: impl FnOnce() -> String) -> Option<Self> {
        let context = RequestContext::current()?;
        Self::begin(kind, &context.trace.child(), Some(context.trace.span_id()), name)
    }

    /// Adds a step that happens now.
    #[track_caller]
    pub fn note(&self, kind: StepKind, text: String) {
        let source = Location::caller().file();
        let mut open = self.lock();
        let at_us = whole_us(open.started.elapsed());
        open.push(Step { at_us, kind, text, rows: None, duration_us: None, source });
    }

    /// Adds a step that happened at `instant`.
    pub fn note_at(&self, instant: Instant, mut step: Step) {
        let mut open = self.lock();
        step.at_us = whole_us(instant.saturating_duration_since(open.started));
        open.push(step);
    }

    /// Ends the span and keeps it.
    pub fn finish(&self, status: Option<u16>, outcome: Option<String>) {
        let mut open = self.lock();
        if let Some(record) = &mut open.record {
            record.status = status;
            record.outcome = outcome;
        }
        open.keep();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn push(&mut self, step: Step) {
        if let Some(record) = &mut self.record
            && record.steps.len() < STEPS_MAX
        {
            record.steps.push(step);
        }
    }

    fn keep(&mut self) {
        let Some(mut record) = self.record.take() else { return };
        record.duration_us = whole_us(self.started.elapsed());
        record.steps.shrink_to_fit();
        #[cfg(feature = "otlp")]
        super::otlp::enqueue(&record);
        if let Some(ring) = RING.get() {
            ring.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.keep();
    }
}

/// Adds a step to the span of the request that is being served, if that is recorded.
#[track_caller]
pub fn note(kind: StepKind, text: impl FnOnce() -> String) {
    if let Some(span) = RequestContext::current_span() {
        span.note(kind, text());
    }
}

/// The beginning of a long name; as a new text, because a truncated one keeps its memory.
fn shortened(name: String) -> String {
    if name.len() <= NAME_MAX {
        return name;
    }
    format!("{}...", &name[..name.floor_char_boundary(NAME_MAX)])
}

/// Whole microseconds.
pub fn whole_us(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn unix_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, whole_us)
}

#[cfg(test)]
mod tests;
