//! The log: what a line looks like, and how lines get out of the process.
//!
//! Lines of a busy moment leave together. As with commits there is no timer: the first line asks
//! for its turn, and until that comes, others join it. So an idle service writes at once, and a
//! busy one does not pay a system call for each request. Warnings and errors do not wait.
//!
//! Nothing is dropped: when whoever reads the log stops reading (Ctrl-S in the terminal), the services
//! wait for them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::telemetry::RequestContext;
use crate::time::Timestamp;

/// Lines that wait, in bytes. More than this go out at once, so that a loop that logs without
/// ever waiting does not fill the memory.
const WAITING_MAX_BYTES: usize = 32 * 1024;

/// What a pipe takes in one piece (`PIPE_BUF`, pipe(7)). Several processes may write to the same one,
/// and none must write into the middle of another's line.
const PIECE_BYTES: usize = 4096;

/// Room for the name of a service, so that lines of several stand in columns.
const NAME_WIDTH: usize = 7;

static WAITING: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static TURN: Notify = Notify::const_new();

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object per line, for machines.
    Json,
}

/// Starts logging to standard error, as `service`. `filter` is in the syntax of `RUST_LOG`. Called
/// within the runtime, because that is where the lines wait for their turn.
///
/// # Errors
///
/// A sentence if the filter cannot be understood.
pub fn start(service: &'static str, format: LogFormat, filter: &str) -> Result<(), String> {
    let filter = read_filter(filter)?;
    let form = Line { service, format };
    let lines = tracing_subscriber::fmt::layer().event_format(form).with_writer(Outlet);
    let log = tracing_subscriber::registry().with(filter).with(lines);
    log.try_init().map_err(|cause| cause.to_string())?;
    tokio::spawn(write_in_turn());
    Ok(())
}

/// `Targets` understands what people write (`info`, `chassis=debug`), and brings no engine for
/// regular expressions along, as the full syntax would.
fn read_filter(filter: &str) -> Result<Targets, String> {
    if filter.trim().is_empty() {
        return Ok(Targets::new().with_default(Level::INFO));
    }
    // It takes any single word for the name of a module, and then a typing error is a silent log.
    let mut levels = filter.split(',').map(str::trim).filter(|word| !word.contains('='));
    if let Some(word) = levels.find(|word| LevelFilter::from_str(word).is_err()) {
        return Err(format!(
            "RUST_LOG: '{word}' is no level: use error, warn, info, debug, trace or off, or a \
             level for a module, like chassis=debug"
        ));
    }
    Targets::from_str(filter).map_err(|cause| format!("RUST_LOG: '{filter}': {cause}"))
}

/// Writes a sentence, past the format and the filter, for a process that cannot go on. In one
/// piece, because others may write to the same pipe.
pub fn complain(name: &str, sentence: &str) {
    let _ = io::stderr().write_all(format!("{name}: {sentence}\n").as_bytes());
}

/// Writes what waits.
pub fn flush() {
    write_out(&mut WAITING.lock().unwrap_or_else(PoisonError::into_inner));
}

async fn write_in_turn() {
    loop {
        TURN.notified().await;
        // Lets everything go first that is ready to run. Its lines then leave with these.
        tokio::task::yield_now().await;
        flush();
    }
}

fn write_out(waiting: &mut Vec<u8>) {
    for piece in pieces(waiting) {
        // Nobody to whom this could be reported.
        let _ = io::stderr().write_all(piece);
    }
    waiting.clear();
}

/// Whole lines, as many at a time as a pipe takes in one piece.
fn pieces(mut lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let is_end = |byte: &u8| *byte == b'\n';
        let within = &lines[..lines.len().min(PIECE_BYTES)];
        // A line that is longer than a piece goes out by itself.
        let end = within.iter().rposition(is_end).or_else(|| lines.iter().position(is_end))?;
        let (piece, rest) = lines.split_at(end + 1);
        lines = rest;
        Some(piece)
    })
}

/// Where lines go.
struct Outlet;

/// One line on its way.
struct LineWriter {
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Outlet {
    type Writer = LineWriter;

    fn make_writer(&'a self) -> LineWriter {
        LineWriter { is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter {
        LineWriter { is_urgent: *metadata.level() <= Level::WARN }
    }
}

impl Write for LineWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend_from_slice(line);
        if self.is_urgent || waiting.len() > WAITING_MAX_BYTES {
            write_out(&mut waiting);
        } else {
            TURN.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The form of a line: when, how bad, from whom, what, and for which request.
struct Line {
    service: &'static str,
    format: LogFormat,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (now, level) = (Timestamp::now(), event.metadata().level());
        match self.format {
            LogFormat::Pretty => {
                write!(line, "{now} {level:>5} {:<NAME_WIDTH$} ", self.service)?;
                context.format_fields(line.by_ref(), event)?;
                let ids = RequestContext::with_current(|request| {
                    let trace_id = request.trace.trace_id();
                    write!(line, " request_id={} trace_id={trace_id:032x}", request.request_id)
                });
                ids.unwrap_or(Ok(()))?;
                writeln!(line)
            }
            LogFormat::Json => {
                let mut fields = Fields(Map::new());
                fields.put("timestamp", now.to_string());
                fields.put("level", level.as_str());
                fields.put("service", self.service);
                event.record(&mut fields);
                RequestContext::with_current(|request| {
                    fields.put("request_id", &*request.request_id);
                    fields.put("trace_id", request.trace.trace_id_hex());
                });
                writeln!(line, "{}", Value::Object(fields.0))
            }
        }
    }
}

/// What an event says, as JSON.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_out_whole_and_together() {
        let short = vec![b'a'; 1_500];
        let long = vec![b'b'; 5_000];
        let lines = [&short, &short, &short, &long, &short].map(|line| [line, &b"\n"[..]].concat());

        let sizes: Vec<_> = pieces(&lines.concat()).map(<[u8]>::len).collect();

        assert_eq!(sizes, [3_002, 1_501, 5_001, 1_501]);
        assert_eq!(pieces(&lines.concat()).collect::<Vec<_>>().concat(), lines.concat());
        assert_eq!(pieces(b"").count(), 0);
    }
}
