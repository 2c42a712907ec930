//! The shop under measurement: opened and closed by its own scripts, as anybody would.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::time::sleep;

use crate::load::{Failure, Ready, fetch};

/// The demo key; the shop listens on loopback.
const KEY: &str = "secret-key-123";

/// The four services, and the file of each.
pub const SERVICES: [(&str, &str); 4] = [
    ("cart", "carts.db"),
    ("catalog", "products.db"),
    ("order", "orders.db"),
    ("payment", "payments.db"),
];

/// How long a part may take to become healthy.
const PATIENCE: Duration = Duration::from_secs(10);

/// A place for a shop: its folder and its ports.
pub struct Shop {
    repository: PathBuf,
    /// Where its files are.
    pub folder: PathBuf,
    ports: BTreeMap<&'static str, u16>,
}

impl Shop {
    /// A shop with its files in `folder` and five ports from `first_port` on, closed.
    pub fn new(repository: &Path, folder: &Path, first_port: u16) -> Self {
        let names = ["shop", "cart", "catalog", "order", "payment"];
        let ports = names.into_iter().zip(first_port..).collect();
        Self { repository: repository.to_owned(), folder: folder.to_owned(), ports }
    }

    /// Opens it with `scripts/up.sh`, and says how long that took.
    ///
    /// # Errors
    ///
    /// If it does not open.
    pub fn open(&self) -> Result<Duration, Failure> {
        let began = Instant::now();
        self.run("up.sh", &["--no-build", "--detach"])?;
        Ok(began.elapsed())
    }

    /// Closes it with `scripts/down.sh`.
    ///
    /// # Errors
    ///
    /// If it does not close.
    pub fn close(&self) -> Result<(), Failure> {
        self.run("down.sh", &[])
    }

    /// Where a part listens; nginx is `shop`.
    pub fn address(&self, part: &str) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.get(part).copied().unwrap_or(0)))
    }

    /// The process id of a part; nginx is `nginx`.
    ///
    /// # Errors
    ///
    /// If it is not running.
    pub fn pid(&self, part: &str) -> Result<u32, Failure> {
        let text = std::fs::read_to_string(self.folder.join("run").join(format!("{part}.pid")))?;
        Ok(text.split_whitespace().next().unwrap_or_default().parse()?)
    }

    /// Starts one service by hand on the files that are there, and says how long it took until
    /// it was healthy. The shop must be closed.
    ///
    /// # Errors
    ///
    /// If it does not become healthy.
    pub async fn time_start(&self, service: &'static str, file: &str) -> Result<Duration, Failure> {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let program = self.repository.join(target).join("release").join(service);
        let began = Instant::now();
        let child = Command::new(program)
            .env("PORT", self.address(service).port().to_string())
            .env("DATABASE_PATH", self.folder.join(file))
            .stderr(Stdio::null())
            .spawn()?;
        let started = Started(child);
        while fetch(self.address(service), get("/health")?).await.is_err() {
            if began.elapsed() > PATIENCE {
                return Err(format!("{service} is not healthy after {PATIENCE:?}").into());
            }
            sleep(Duration::from_millis(1)).await;
        }
        let took = began.elapsed();
        drop(started);
        Ok(took)
    }

    fn run(&self, script: &str, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = Command::new(self.repository.join("scripts").join(script));
        command.args(arguments).env("DATA_DIR", &self.folder).env("API_KEY", KEY);
        command.env("RATE_LIMIT", "off").env("LAB", "1").stdout(Stdio::null());
        for (part, port) in &self.ports {
            command.env(format!("{}_PORT", part.to_uppercase()), port.to_string());
        }
        if command.status()?.success() { Ok(()) } else { Err(format!("{script} failed").into()) }
    }
}

/// Ends with what it was started for.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first of `count` neighboring ports that are free. They lie below the range from which the
/// kernel picks the ends of connections, so they are free again whenever the shop is opened.
///
/// # Errors
///
/// If there are none.
pub fn free_ports(count: u16) -> Result<u16, Failure> {
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut candidates = std::iter::repeat_with(|| fastrand::u16(15_000..32_000)).take(1_000);
    let first = candidates.find(|first| (*first..first + count).all(is_free));
    first.ok_or_else(|| "no ports are free".into())
}

/// A GET.
///
/// # Errors
///
/// If `path` is none.
pub fn get(path: &str) -> Result<Ready, Failure> {
    request("GET", path, None)
}

/// A POST.
///
/// # Errors
///
/// If `path` is none.
pub fn post(path: &str, body: Option<&Value>) -> Result<Ready, Failure> {
    request("POST", path, body)
}

fn request(method: &str, path: &str, body: Option<&Value>) -> Result<Ready, Failure> {
    let request = Request::builder().method(method).uri(path).header("host", "shop");
    let request = request.header("x-api-key", KEY);
    Ok(match body {
        None => request.body(Full::default())?,
        Some(body) => request
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))?,
    })
}

/// Numbers that no two loads share, for the names of shoppers.
pub fn next_number() -> u64 {
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    NUMBER.replace(NUMBER.get() + 1)
}
