//! A shop as a person runs it: by the scripts, on ports and in a folder of its own.

use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use chassis::testing::command::{RUN_LIMIT, kill_group, run_within};
use chassis::testing::{Client, eventually, free_port, is_free};
use e2e::binaries::{self, repository};
use tempfile::TempDir;

/// The parts of a shop, in the order of their ports.
pub const PARTS: [&str; 5] = ["nginx", "cart", "catalog", "order", "payment"];

/// A shop that the scripts can open. It is closed when the test is over.
pub struct Site {
    folder: TempDir,
    ports: [u16; 5],
    settings: Vec<(String, String)>,
}

impl Site {
    /// A place for a shop.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // up.sh looks for the programs in CARGO_TARGET_DIR/release.
        symlink(binaries::folder(), folder.path().join("release")).expect("a link can be made");
        Self { folder, ports: [(); 5].map(|()| free_port()), settings: Vec::new() }
    }

    /// With a setting for all scripts.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// A site with an open shop.
    pub fn open() -> Self {
        let site = Self::new();
        site.succeed("up.sh", &["--no-build", "--detach"]);
        site
    }

    /// Where the files of the shop are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The port of a part.
    pub fn port(&self, part: &str) -> u16 {
        let position = PARTS.iter().position(|other| *other == part);
        self.ports[position.expect("a part of the shop")]
    }

    /// Somebody outside.
    pub fn client(&self) -> Client {
        Client::new(&format!("http://127.0.0.1:{}", self.port("nginx")))
    }

    /// A script with all settings, not started yet.
    pub fn command(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(repository().join("scripts").join(script));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("CARGO_TARGET_DIR", self.folder.path())
            .env("DATA_DIR", self.data())
            .stdin(Stdio::null());
        for (part, port) in PARTS.iter().zip(self.ports) {
            let name = if *part == "nginx" { "shop" } else { part };
            command.env(format!("{}_PORT", name.to_uppercase()), port.to_string());
        }
        command.envs(self.settings.iter().cloned());
        command
    }

    /// Runs a script to its end. One that hangs is ended, and fails the test.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let output = run_within(RUN_LIMIT, &mut self.command(script, arguments));
        output.unwrap_or_else(|complaint| panic!("{complaint}\nlog of the shop:\n{}", self.log()))
    }

    /// What the shop has written, if it was opened with `--detach`.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("run/log")).unwrap_or_default()
    }

    /// Runs a script that must succeed, and returns what it printed.
    #[track_caller]
    pub fn succeed(&self, script: &str, arguments: &[&str]) -> String {
        let output = self.run(script, arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{script} failed:\n{printed}\n{complaint}");
        printed.into_owned()
    }

    /// Runs a script that must fail with one complaint, and returns that.
    #[track_caller]
    pub fn refuse(&self, script: &str, arguments: &[&str]) -> String {
        let output = self.run(script, arguments);
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{script} did not complain");
        complaint
    }

    /// Opens the shop in the foreground, in a group of processes of its own as a terminal
    /// does, and waits until it is open.
    pub async fn open_in_foreground(&self) -> Foreground {
        let log = self.folder.path().join("foreground.log");
        let file = std::fs::File::create(&log).expect("a log can be made");
        let mut command = self.command("up.sh", &["--no-build"]);
        command.stdout(file.try_clone().expect("a file can be shared")).stderr(file);
        let child = command.process_group(0).spawn().expect("up.sh can be started");
        eventually("the shop is open", async || self.data().join("run/open").exists()).await;
        Foreground { child, log }
    }

    /// The process id of a part.
    pub fn pid(&self, part: &str) -> Option<u32> {
        let file = self.data().join("run").join(format!("{part}.pid"));
        let text = std::fs::read_to_string(file).ok()?;
        text.split_whitespace().next()?.parse().ok()
    }

    /// The processes that belong to this shop, by what they were started with.
    pub fn processes(&self) -> Vec<String> {
        let own = self.data().to_string_lossy().into_owned();
        let entries = std::fs::read_dir("/proc").expect("Linux lists its processes");
        let belongs = |path: &Path| {
            ["environ", "cmdline"].iter().any(|file| {
                let bytes = std::fs::read(path.join(file)).unwrap_or_default();
                String::from_utf8_lossy(&bytes).contains(&own)
            })
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let commands = paths.filter(|path| belongs(path)).map(|path| {
            let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).replace('\0', " ")
        });
        commands.collect()
    }

    /// Whether nothing of this shop is left: no process, no listener.
    pub fn is_gone(&self) -> bool {
        self.processes().is_empty() && self.ports.into_iter().all(is_free)
    }

    /// Whether every part says that it is well.
    pub async fn is_healthy(&self) -> bool {
        for path in
            ["/health", "/health/cart", "/health/catalog", "/health/order", "/health/payment"]
        {
            if !self.client().get(path).try_send().await.is_ok_and(|answer| answer.status == 200) {
                return false;
            }
        }
        true
    }
}

impl Drop for Site {
    #[expect(clippy::print_stderr, reason = "this is what a person needs")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("\nlog of the shop in {}:\n{}", self.data().display(), self.log());
        }
        // A panic in here would end the whole program of tests.
        if let Err(complaint) = run_within(RUN_LIMIT, &mut self.command("down.sh", &[])) {
            eprintln!("\nthe shop was not closed: {complaint}");
        }
    }
}

/// `scripts/up.sh` in the foreground.
pub struct Foreground {
    child: Child,
    log: PathBuf,
}

/// Nobody presses Ctrl-C for a test that has failed.
impl Drop for Foreground {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            kill_group(&mut self.child);
        }
    }
}

impl Foreground {
    /// Sends a signal to all of its group, as a terminal does for Ctrl-C.
    pub fn signal_group(&self, name: &str) {
        signal(name, &format!("-- -{}", self.child.id()));
    }

    /// Sends a signal to it alone.
    pub fn signal(&self, name: &str) {
        signal(name, &self.child.id().to_string());
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        eventually("up.sh ends", async || self.child.try_wait().is_ok_and(|it| it.is_some())).await;
        self.child.wait().expect("it has ended")
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// `kill`, which the shell has built in.
pub fn signal(name: &str, target: &str) {
    let script = format!("kill -s {name} {target}");
    let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
}
