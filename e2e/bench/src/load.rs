//! The load: requests over a fixed number of connections, each kept open.
//!
//! A closed loop sends the next request when the answer to the last one is there; it finds out
//! how much a service can do. An open loop sends at a fixed rate, whether or not the service keeps
//! up, and counts an answer's latency from when its request was due; it finds out how long people
//! wait. (A closed loop cannot: it stops asking while the service is slow.)

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};

/// The first part of a load is not counted: connections are fresh, and the disk is still at work on
/// what was measured before.
const WARM_UP: Duration = Duration::from_millis(300);

/// Whatever keeps a measurement from being made.
pub type Failure = Box<dyn std::error::Error>;

/// A request that is ready to be sent.
pub type Ready = Request<Full<Bytes>>;

/// Makes the next request; `None` when there are no more.
pub type Source = Rc<dyn Fn() -> Option<Ready>>;

/// How a load is put on.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Connections at the same time.
    pub connections: usize,
    /// How long, after the warm-up.
    pub lasts: Duration,
    /// Requests per second; `None` for a closed loop.
    pub rate: Option<f64>,
}

impl Shape {
    /// A closed loop.
    pub fn closed(connections: usize, lasts: Duration) -> Self {
        Self { connections, lasts, rate: None }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Answers per second.
    pub per_second: f64,
    latencies_us: Vec<u32>,
}

impl Outcome {
    /// The latency that `percent` of the answers did not exceed, in microseconds.
    pub fn percentile_us(&self, percent: usize) -> f64 {
        percentile(&self.latencies_us, percent)
    }
}

/// The value that `percent` of `sorted` do not exceed.
pub fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let position = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(position).copied().unwrap_or(0).into()
}

/// Puts a load on the server at `address`.
///
/// # Errors
///
/// The first answer that is no success: what fails fast must not count as fast.
pub async fn put_on(
    address: SocketAddr,
    shape: Shape,
    source: &Source,
) -> Result<Outcome, Failure> {
    let tasks = LocalSet::new();
    tasks.run_until(put_on_here(address, shape, source)).await
}

async fn put_on_here(
    address: SocketAddr,
    shape: Shape,
    source: &Source,
) -> Result<Outcome, Failure> {
    let mut senders = Vec::new();
    for _ in 0..shape.connections {
        senders.push(connect(address).await?);
    }
    let run = Rc::new(Run {
        source: Rc::clone(source),
        shape,
        began: Instant::now(),
        pace: shape.rate.map(|rate| Pace::keep(rate, shape)),
        latencies_us: RefCell::default(),
    });
    let loops: Vec<_> =
        senders.into_iter().map(|sender| spawn_local(Rc::clone(&run).ask_on(sender))).collect();
    for one in loops {
        one.await??;
    }
    let took = run.began.elapsed().saturating_sub(WARM_UP);
    let mut latencies_us = run.latencies_us.take();
    latencies_us.sort_unstable();
    let per_second = latencies_us.len() as f64 / took.as_secs_f64();
    Ok(Outcome { per_second, latencies_us })
}

/// What the connections of a load share. They are tasks of one thread.
struct Run {
    source: Source,
    shape: Shape,
    began: Instant,
    pace: Option<Pace>,
    latencies_us: RefCell<Vec<u32>>,
}

impl Run {
    /// One connection: asks until the time is over or there is nothing more to ask.
    async fn ask_on(self: Rc<Self>, mut sender: SendRequest<Full<Bytes>>) -> Result<(), String> {
        while let Some(since) = self.turn().await {
            let Some(request) = (self.source)() else { break };
            let what = format_args!("{} {}", request.method(), request.uri()).to_string();
            ask(&mut sender, request).await.map_err(|cause| format!("{what}: {cause}"))?;
            if since >= self.began + WARM_UP {
                let took = since.elapsed().as_micros();
                self.latencies_us.borrow_mut().push(u32::try_from(took).unwrap_or(u32::MAX));
            }
        }
        Ok(())
    }

    /// Waits for the next turn, and says since when the latency counts.
    async fn turn(&self) -> Option<Instant> {
        let since = match &self.pace {
            None => Instant::now(),
            Some(pace) => pace.turn().await,
        };
        (since < self.began + WARM_UP + self.shape.lasts).then_some(since)
    }
}

/// Gives out turns at a fixed rate. On a thread of its own, because the timers of the runtime
/// know milliseconds only, and every answer would seem to take one longer.
struct Pace {
    began: Instant,
    interval: Duration,
    turns: Arc<Semaphore>,
    taken: Cell<u32>,
}

impl Pace {
    fn keep(rate: f64, shape: Shape) -> Self {
        let (began, interval) = (Instant::now(), Duration::from_secs_f64(1.0 / rate));
        let turns = Arc::new(Semaphore::new(0));
        let given = Arc::clone(&turns);
        thread::spawn(move || {
            let mut due = Duration::ZERO;
            while due < WARM_UP + shape.lasts {
                thread::sleep(due.saturating_sub(began.elapsed()));
                given.add_permits(1);
                due += interval;
            }
            // One more for each connection, to find out that the time is over.
            given.add_permits(shape.connections);
        });
        Self { began, interval, turns, taken: Cell::new(0) }
    }

    /// Waits for the next turn, and says when it was due.
    async fn turn(&self) -> Instant {
        if let Ok(turn) = self.turns.acquire().await {
            turn.forget();
        }
        self.began + self.interval * self.taken.replace(self.taken.get() + 1)
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    spawn_local(connection);
    Ok(sender)
}

async fn ask(sender: &mut SendRequest<Full<Bytes>>, request: Ready) -> Result<(), Failure> {
    sender.ready().await?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if status.is_success() && status.as_u16() != 202 {
        return Ok(());
    }
    Err(format!("answered {status}: {}", String::from_utf8_lossy(&body)).into())
}

/// Sends one request and returns the body of its answer.
///
/// # Errors
///
/// If the answer is no success.
pub async fn fetch(address: SocketAddr, request: Ready) -> Result<Bytes, Failure> {
    let tasks = LocalSet::new();
    let exchange = async {
        let mut sender = connect(address).await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status.is_success() {
            Ok(body)
        } else {
            Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into())
        }
    };
    tasks.run_until(exchange).await
}
