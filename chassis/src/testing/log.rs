//! The log of a process, collected line by line while it runs.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

/// The lines so far. Clones see the same lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

impl Log {
    /// Collects from `source` until it ends. A thread of its own keeps the pipe empty, so
    /// that the process never waits for the test to read.
    pub(super) fn collect(&self, source: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                log.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The port in the line with which a service says that it listens, counted from line
    /// `from`: a process that was started again has older such lines.
    pub(super) fn port(&self, from: usize) -> Option<u16> {
        let lines = self.lines();
        let mut entries =
            lines.iter().skip(from).filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let listening = entries.find(|entry| entry["message"] == "listening")?;
        listening["address"].as_str()?.rsplit(':').next()?.parse().ok()
    }
}
