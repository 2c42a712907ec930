//! A running service, and every way in which it can end.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};

use tempfile::TempDir;

use super::client::Client;
use super::command::run;
use super::document::Document;
use super::eventually::eventually;
use super::log::Log;
use super::program::{Program, Running, spawn};
use crate::id::Id;

/// A running service. Questions go through the [`Client`] it derefs to; the process ends with
/// the test.
pub struct Process {
    program: Program,
    client: Client,
    child: Running,
    log: Log,
    port: u16,
    database: PathBuf,
    folder: Option<TempDir>,
}

impl Process {
    pub(super) async fn launch(
        program: Program,
        folder: TempDir,
        database: PathBuf,
        port: u16,
    ) -> Self {
        let log = Log::default();
        let (child, port) = spawn(&program, folder.path(), &database, port, &log).await;
        let client = Client::new(&format!("http://127.0.0.1:{port}")).with_key(program.key());
        let document = client.get("/openapi.json").await.expect_text(200);
        let client = client.checked_by(Document::parse(&document));
        Self { program, client, child, log, port, database, folder: Some(folder) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its address for other services.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its database file.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// What it has logged so far, one JSON object per line.
    pub fn log_lines(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Whether a line of the log contains `text`. While the process runs, a line may take a
    /// moment to get here; see [`super::eventually()`].
    pub fn has_logged(&self, text: &str) -> bool {
        self.log.lines().iter().any(|line| line.contains(text))
    }

    /// Asserts that it has logged no error so far. Lines of the log arrive in their order and a
    /// moment late, so it is asked for something more, and the line about that is waited for.
    ///
    /// # Panics
    ///
    /// If it has.
    pub async fn expect_no_error(&self) {
        let id = Id::new().to_string();
        self.get("/nothing").header("x-request-id", &id).await;
        eventually("the log says so", async || self.has_logged(&id)).await;
        assert!(!self.has_logged("ERROR"), "{self:?} has logged an error");
    }

    /// Ends it at once, as a power cut would (SIGKILL).
    pub async fn kill(&mut self) {
        self.child.signal("KILL");
        self.child.wait().await;
    }

    /// Asks it to stop (SIGTERM), without waiting.
    pub fn ask_to_stop(&self) {
        self.child.signal("TERM");
    }

    /// Asks it to stop, and returns how it ended.
    ///
    /// # Panics
    ///
    /// If that takes longer than a service may.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait().await
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        self.child.wait().await
    }

    /// Stops its clock: connections stay open, and nothing answers (SIGSTOP).
    pub fn freeze(&self) {
        self.child.signal("STOP");
    }

    /// Lets it go on after [`Process::freeze`] (SIGCONT).
    pub fn thaw(&self) {
        self.child.signal("CONT");
    }

    /// Starts it again with the same file and port, after killing it if it still runs.
    pub async fn restart(&mut self) {
        self.kill().await;
        self.start_again().await;
    }

    /// Starts it again with one more setting.
    pub async fn restart_with(&mut self, name: &str, value: impl ToString) {
        self.kill().await;
        self.program = self.program.clone().set(name, value);
        self.start_again().await;
    }

    /// Runs a query with the program's own `sql` subcommand: rows of cells, as text.
    ///
    /// # Panics
    ///
    /// If the query fails.
    #[track_caller]
    pub fn sql(&self, query: &str) -> Vec<Vec<String>> {
        let output = self.run(&["sql", query]);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the query failed: {query}\n{complaint}");
        cells(&String::from_utf8_lossy(&output.stdout))
    }

    /// The first cell of a query's first row.
    ///
    /// # Panics
    ///
    /// If the query fails or finds nothing.
    #[track_caller]
    pub fn sql_value(&self, query: &str) -> String {
        let first = self.sql(query).into_iter().next().and_then(|row| row.into_iter().next());
        first.unwrap_or_else(|| panic!("the query found nothing: {query}"))
    }

    /// Runs the program once more, with arguments, on the same file and port.
    ///
    /// # Panics
    ///
    /// If it does not end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        let folder = self.folder.as_ref().expect("the folder lives as long as the process");
        let mut command = self.program.command(folder.path(), &self.database, self.port);
        run(command.args(arguments))
    }

    async fn start_again(&mut self) {
        let folder = self.folder.as_ref().expect("the folder lives as long as the process");
        let (child, port) =
            spawn(&self.program, folder.path(), &self.database, self.port, &self.log).await;
        self.child = child;
        self.port = port;
        // Connections of the old process are of no use any more.
        self.client = self.client.reconnected();
    }
}

/// So that a test reads `cart.get("/cart/user1")`.
impl Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} on {}", self.program.binary.display(), self.address())
    }
}

/// Shows the log of a test that fails. With `KEEP_DB=1`, leaves the database behind.
impl Drop for Process {
    #[expect(clippy::print_stderr, reason = "this is what a person asked for or needs")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nlog of {self:?}:\n{}", self.log.text());
        }
        if std::env::var_os("KEEP_DB").is_some_and(|value| value == "1") {
            eprintln!("database of {self:?}: {}", self.database.display());
            let _ = self.folder.take().map(TempDir::keep);
        }
    }
}

/// Takes an aligned table apart: its second line, all dashes, tells how wide the columns are.
fn cells(table: &str) -> Vec<Vec<String>> {
    let mut lines = table.lines().skip(1);
    let widths: Vec<usize> = lines.next().unwrap_or_default().split("  ").map(str::len).collect();
    let take_apart = |line: &str| {
        let mut rest = line.chars();
        let cell = |width: &usize| {
            let cell: String = rest.by_ref().take(*width).collect();
            rest.by_ref().take(2).for_each(drop);
            cell.trim_end().to_owned()
        };
        widths.iter().map(cell).collect()
    };
    lines.map(take_apart).collect()
}
