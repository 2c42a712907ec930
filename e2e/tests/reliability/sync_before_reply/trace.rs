//! A service under `strace`, and what it was seen to do.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use chassis::testing::{NOWHERE, Process, Program, eventually};
use e2e::Service;
use e2e::binaries::binary;
use tempfile::TempDir;

/// Where `strace` may be; the services' environment is empty, so nobody searches for it.
const STRACE: [&str; 2] = ["/usr/bin/strace", "/bin/strace"];

/// As much of what is written as is shown: more than a page of the log.
const SHOWN_BYTES: u32 = 20_000;

/// Something that a service did, in the order in which the kernel saw it.
#[derive(Debug)]
pub enum Event {
    /// It wrote to the write-ahead log.
    Logged(String),
    /// A sync of the log has ended. `began` is the place in the trace where it began.
    Synced { began: usize },
    /// A sync of the log has failed, because the test wanted it so.
    NotSynced,
    /// It began to write to a connection.
    Replied(String),
    /// Something else, or the beginning or end of something above.
    Other,
}

/// A service that is being watched.
pub struct Traced {
    pub process: Process,
    folder: TempDir,
}

impl Traced {
    pub async fn start(service: Service) -> Self {
        Self::start_with(service, "").await
    }

    /// A service one of whose syncs fails: the one of this number on a thread.
    pub async fn start_with_a_bad_sync(service: Service, number: u32) -> Self {
        Self::start_with(service, &format!("-e inject=fdatasync:error=EIO:when={number}")).await
    }

    async fn start_with(service: Service, options: &str) -> Self {
        let strace = STRACE.into_iter().find(|path| PathBuf::from(path).exists());
        let strace = strace.expect("strace is installed (scripts/test.sh does it)");
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (script, trace) = (folder.path().join("traced"), folder.path().join("trace"));
        // -D: the service is the test's own child, and strace the one that stands aside.
        let text = format!(
            "#!/bin/sh\nexec {strace} -D -f -q -y -s {SHOWN_BYTES} -o {} \
             -e trace=fsync,fdatasync,write,writev,pwrite64,sendto,sendmsg {options} {} \"$@\"\n",
            trace.display(),
            binary(service.name()).display(),
        );
        fs::write(&script, text).expect("a file can be written");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut program = Program::new(&script);
        for name in ["CART", "CATALOG", "ORDER", "PAYMENT"] {
            program = program.set(&format!("{name}_SERVICE_URL"), NOWHERE);
        }
        Self { process: program.start().await, folder }
    }

    /// Ends the service and returns what was seen of it. Its `Drop` would end it as well, but
    /// the trace is complete only when the tracer has seen the end.
    pub async fn end(&mut self) -> Vec<Event> {
        self.process.terminate().await;
        self.seen().await
    }

    /// What was seen of a service that has ended.
    pub async fn seen(&self) -> Vec<Event> {
        let path = self.folder.path().join("trace");
        let read = || String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        eventually("the trace is complete", async || read().contains("+++ exited with")).await;
        events(&read())
    }
}

/// A call that another thread interrupts takes two lines: `fdatasync(...  <unfinished ...>` and
/// `<... fdatasync resumed>...`.
fn events(trace: &str) -> Vec<Event> {
    let mut syncing: HashMap<&str, usize> = HashMap::new();
    let mut events = Vec::new();
    for (place, line) in trace.lines().enumerate() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_log = call.contains("-wal>");
        let starts = |names: [&str; 2]| names.iter().any(|name| call.starts_with(name));
        if starts(["fdatasync(", "fsync("]) && is_log {
            syncing.insert(thread, place);
        }
        let ends = starts(["fdatasync(", "fsync("]) || starts(["<... fdatasync", "<... fsync"]);
        let began =
            if ends && call.trim_end().ends_with("= 0") { syncing.remove(thread) } else { None };
        let has_failed = ends && call.contains("(INJECTED)");
        events.push(match began {
            None if has_failed => Event::NotSynced,
            Some(began) => Event::Synced { began },
            None if call.starts_with("pwrite64(") && is_log => Event::Logged(call.to_owned()),
            None if call.contains("HTTP/1.1 ") => Event::Replied(call.to_owned()),
            None => Event::Other,
        });
    }
    events
}
