//! A service's program: its settings, how it is started, and how it refuses to start.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::command::run;
use super::eventually::PATIENCE;
use super::log::Log;
use super::process::Process;
use crate::http::auth::DEMO_KEY;

/// How long a process may take to end: 10 s for the requests in flight, and some for the rest.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// How often a starting or ending process is looked at.
const PAUSE: Duration = Duration::from_millis(5);

/// The address of a service that is not there: nothing listens on port 1.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// A service's program and its settings, not started yet.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) binary: PathBuf,
    settings: BTreeMap<String, String>,
}

impl Program {
    /// The program at `binary`: `env!("CARGO_BIN_EXE_cart")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let settings = [("LOG_FORMAT", "json"), ("RUST_LOG", "info")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self { binary: binary.into(), settings: settings.into() }
    }

    /// Adds an environment variable. Those of whoever runs the tests are not passed on.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Starts the service on an empty file and a free port, and waits until it is healthy.
    pub async fn start(self) -> Process {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = self.settings.get("DATABASE_PATH").map(PathBuf::from);
        let database = database.unwrap_or_else(|| folder.path().join("service.db"));
        let port = self.settings.get("PORT").map(|port| port.parse().expect("PORT is a number"));
        let port = port.unwrap_or_else(free_port);
        Process::launch(self, folder, database, port).await
    }

    /// Runs the program with settings that it must refuse, and returns how it did.
    ///
    /// # Panics
    ///
    /// If it is still running after 15 s, or has ended as if all were well.
    pub async fn refuse(self) -> Refusal {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let database = folder.path().join("service.db");
        let command = self.command(folder.path(), &database, free_port());
        let log = Log::default();
        let mut child = Running::spawn(command, &log);
        let status = child.wait().await;
        assert!(!status.success(), "the program ended without a complaint: {}", log.text());
        Refusal { code: status.code(), text: log.text() }
    }

    /// Runs the program with arguments, in place of serving, and returns its output.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = self.command(folder.path(), &folder.path().join("service.db"), 0);
        run(command.args(arguments))
    }

    /// The key to ask it with: the first it accepts.
    pub(super) fn key(&self) -> &str {
        let keys = self.settings.get("API_KEY").map_or(DEMO_KEY, String::as_str);
        keys.split(',').next().unwrap_or_default().trim()
    }

    /// The program in `folder`, where its defaults would put files too. Its environment holds
    /// nothing of ours except where coverage reports go.
    pub(super) fn command(&self, folder: &Path, database: &Path, port: u16) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().current_dir(folder).stdin(Stdio::null());
        if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", profile);
        }
        command.env("DATABASE_PATH", database).env("PORT", port.to_string());
        command.envs(&self.settings);
        command
    }
}

/// How a program refused to start.
#[derive(Debug)]
pub struct Refusal {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to standard error.
    pub text: String,
}

/// A child process that does not outlive its test.
pub(super) struct Running {
    child: Child,
    status: Option<ExitStatus>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts a process, and collects what it writes to standard error.
    fn spawn(mut command: Command, log: &Log) -> Self {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let reader = log.collect(child.stderr.take().expect("its standard error is piped"));
        Self { child, status: None, reader: Some(reader) }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `TERM`. One that has ended gets none, because its id may already be
    /// that of somebody else.
    pub(super) fn signal(&self, name: &str) {
        if self.status.is_none() {
            // The shell has `kill` built in. Rust has it only behind `unsafe`.
            let script = format!("kill -s {name} {}", self.id());
            let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
        }
    }

    /// Waits for its end.
    pub(super) async fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + LAST_WORDS;
        loop {
            if let Some(status) = self.poll() {
                return status;
            }
            assert!(Instant::now() < deadline, "the process still runs after 15 s");
            sleep(PAUSE).await;
        }
    }

    fn poll(&mut self) -> Option<ExitStatus> {
        self.status = self.child.try_wait().expect("a child can be waited for");
        if self.status.is_some() {
            // Its last words may still be on their way through the pipe.
            let _ = self.reader.take().map(JoinHandle::join);
        }
        self.status
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the program and waits until it serves.
pub(super) async fn spawn(
    program: &Program,
    folder: &Path,
    database: &Path,
    port: u16,
    log: &Log,
) -> (Running, u16) {
    let lines_before = log.lines().len();
    let mut child = Running::spawn(program.command(folder, database, port), log);
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(port) = log.port(lines_before)
            && is_healthy(port).await
        {
            return (child, port);
        }
        let ended = child.poll();
        let name = program.binary.display();
        assert!(ended.is_none(), "{name} did not start ({ended:?}):\n{}", log.text());
        let in_time = Instant::now() < deadline;
        assert!(in_time, "{name} is not healthy after 10 s:\n{}", log.text());
        sleep(PAUSE).await;
    }
}

async fn is_healthy(port: u16) -> bool {
    let answer = Client::new(&format!("http://127.0.0.1:{port}")).get("/health").try_send().await;
    answer.is_ok_and(|answer| answer.status == 200)
}

/// A port that nobody uses, and that nobody is given by chance: it lies below the range from
/// which the operating system picks. So a service that was killed finds its port free again.
///
/// # Panics
///
/// If no port is free.
pub fn free_port() -> u16 {
    static TAKEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut candidates = std::iter::repeat_with(|| fastrand::u16(15_000..32_000)).take(1_000);
    let port = candidates.find(|port| !taken.contains(port) && is_free(*port));
    let port = port.expect("there is a free port");
    taken.insert(port);
    port
}

/// Whether nobody listens there. Tried without listening: a process that is started at this very moment
/// holds the socket for an instant as well, and two may share an address as long as none listens.
///
/// # Panics
///
/// If the operating system gives no socket.
pub fn is_free(port: u16) -> bool {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
    socket.set_reuse_address(true).expect("a new socket can be set up");
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into()).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_free_port_stays_free_while_processes_are_started() {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for _ in 0..2 {
                threads.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        Command::new("true").status().unwrap();
                    }
                });
            }
            let taken = (0..500)
                .filter_map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).err());
            let taken: Vec<_> = taken.collect();
            is_over.store(true, Ordering::Relaxed);
            assert!(taken.is_empty(), "{taken:?}");
        });
    }
}
