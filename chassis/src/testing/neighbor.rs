//! A neighbor service, played by the test: it records what it was asked, and behaves as well
//! or as badly as the test needs, changeably while it runs.
//!
//! It lives on a thread of its own, so that it goes on answering while the test waits for
//! something else.

mod behavior;
mod server;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

pub use behavior::Behavior;

use server::Order;

/// A small HTTP server on a free port of this machine.
#[derive(Debug)]
pub struct Neighbor {
    address: SocketAddr,
    stage: Arc<Stage>,
    orders: UnboundedSender<Order>,
}

/// What the test and the server share.
pub(super) struct Stage {
    script: Mutex<Script>,
    recorded: Mutex<Vec<Recorded>>,
}

type Script = Arc<dyn Fn(&Recorded) -> Behavior + Send + Sync>;

/// What the neighbor was asked.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without the question mark; empty if there is none.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Neighbor {
    /// A neighbor that answers everything with 200 and `{}`, until it is told otherwise.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub fn start() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], super::free_port()));
        let stage = Arc::new(Stage::new());
        let (orders, inbox) = tokio::sync::mpsc::unbounded_channel();
        let players = Arc::clone(&stage);
        std::thread::spawn(move || server::run(address, &players, inbox));
        let neighbor = Self { address, stage, orders };
        neighbor.accept();
        neighbor
    }

    /// Its address, for a setting like `CATALOG_SERVICE_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, every request meets `behavior`. `/health` is still answered with 200,
    /// unless the behavior is a kind of silence.
    pub fn set(&self, behavior: Behavior) {
        self.play(move |_| behavior.clone());
    }

    /// From now on, `script` decides for each request. What it says of `/health` counts only
    /// if it is a kind of silence.
    pub fn play(&self, script: impl Fn(&Recorded) -> Behavior + Send + Sync + 'static) {
        *self.stage.script.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(script);
    }

    /// Is gone: connections are refused, and the existing ones are cut.
    pub fn refuse(&self) {
        self.order(Order::Refuse);
    }

    /// Is back after [`Neighbor::refuse`], on the same port.
    pub fn accept(&self) {
        self.order(Order::Accept);
    }

    /// What it was asked so far, in order. Questions for `/health` are left out.
    pub fn requests(&self) -> Vec<Recorded> {
        let recorded = self.stage.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.iter().filter(|request| request.path != "/health").cloned().collect()
    }

    /// Those of [`Neighbor::requests`] with this method and path.
    pub fn requests_to(&self, method: &str, path: &str) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|request| request.method == method && request.path == path);
        requests
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        self.stage.recorded.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Gives an order and waits until it is carried out.
    fn order(&self, order: impl FnOnce(mpsc::Sender<()>) -> Order) {
        let (done, wait) = mpsc::channel();
        self.orders.send(order(done)).expect("the neighbor lives");
        wait.recv().expect("the neighbor carried the order out");
    }
}

impl Stage {
    fn new() -> Self {
        let polite = |_: &Recorded| Behavior::answer(200, serde_json::json!({}));
        Self { script: Mutex::new(Arc::new(polite)), recorded: Mutex::default() }
    }

    /// Records a request and decides about it.
    fn decide(&self, request: Recorded) -> Behavior {
        let script = Arc::clone(&self.script.lock().unwrap_or_else(PoisonError::into_inner));
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let behavior = script(&request);
        if request.path == "/health" && !behavior.is_silence() {
            return Behavior::answer(200, serde_json::json!({ "status": "running" }));
        }
        behavior
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Stage")
    }
}
