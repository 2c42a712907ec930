//! nginx as `scripts/up.sh` starts it, on a port and in a folder of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chassis::testing::{Client, free_port};
use tempfile::TempDir;

use crate::binaries::repository;

/// How long nginx may take to start or to end. Only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(10);

/// A running nginx. It ends with the test.
pub struct Nginx {
    address: SocketAddr,
    client: Client,
    folder: TempDir,
    child: Child,
}

impl Nginx {
    /// Starts nginx with these settings of `nginx/render.sh`, and waits until it answers.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub async fn start(settings: BTreeMap<String, String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let client = client(address, &settings);
        let child = spawn(&settings, &folder, address);
        let nginx = Self { address, client, folder, child };
        nginx.wait_until_it_answers().await;
        nginx
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address in front of a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Somebody outside, with the right key.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What it has written so far: a line per request, and what went wrong.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    async fn wait_until_it_answers(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.client.get("/health").try_send().await.is_ok_and(|it| it.status == 200) {
            assert!(Instant::now() < deadline, "nginx does not answer:\n{}", self.log());
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// TERM, because a killed master would leave its workers behind.
    fn stop(&mut self) {
        let script = format!("kill -s TERM {}", self.child.id());
        let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().is_ok_and(|status| status.is_none()) {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl fmt::Debug for Nginx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "nginx on {}", self.address)
    }
}

/// Shows the log of a test that fails.
impl Drop for Nginx {
    #[expect(clippy::print_stderr, reason = "this is what a person needs")]
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("\nlog of {self:?}:\n{}", self.log());
        }
    }
}

fn client(address: SocketAddr, settings: &BTreeMap<String, String>) -> Client {
    let client = Client::new(&format!("http://{address}"));
    let first = settings.get("API_KEY").and_then(|keys| keys.split(',').next());
    first.map_or(client.clone(), |key| client.with_key(key))
}

fn spawn(settings: &BTreeMap<String, String>, folder: &TempDir, address: SocketAddr) -> Child {
    let log = folder.path().join("log");
    let log = OpenOptions::new().create(true).append(true).open(log).expect("a log can be made");
    let second = |log: &File| log.try_clone().expect("a file can be shared");
    Command::new(repository().join("nginx/start.sh"))
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("OUT_DIR", folder.path().join("nginx"))
        .env("SHOP_LISTEN", address.to_string())
        .envs(settings)
        .stdin(Stdio::null())
        .stdout(second(&log))
        .stderr(log)
        .spawn()
        .expect("nginx/start.sh can be started")
}
