//! What a service tells of itself: `/health` for everybody, `/internal/health` and `/metrics`
//! for those who run it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{Map, Value};

use super::extract::NoQuery;
use super::guard::Traffic;
use super::problem::{self, Problem};
use crate::insight::metrics;
use crate::storage::Db;

/// A part of a service that reports on itself: a name, and a function that looks.
pub type Gauge = (&'static str, Arc<dyn Fn() -> Look + Send + Sync>);

/// A look that may have to wait for the database.
pub type Look = Pin<Box<dyn Future<Output = Value> + Send>>;

/// What the health routes look at.
#[derive(Clone)]
pub struct Vitals {
    title: &'static str,
    db: Db,
    traffic: Traffic,
    gauges: Arc<[Gauge]>,
    started: Instant,
}

impl Vitals {
    /// Of a service called `title` ("Cart service") that starts now.
    pub fn new(title: &'static str, db: Db, traffic: Traffic, gauges: Vec<Gauge>) -> Self {
        Self { title, db, traffic, gauges: gauges.into(), started: Instant::now() }
    }

    fn status(&self) -> String {
        let verb = if self.traffic.is_draining() { "stopping" } else { "running" };
        format!("{} is {verb}", self.title)
    }
}

/// `/health` and `/metrics`.
pub fn public_routes(vitals: Vitals) -> Router {
    Router::new()
        .route("/health", get(show_health))
        .route("/metrics", get(show_metrics))
        .with_state(vitals)
}

/// `/internal/health`.
pub fn internal_routes(vitals: Vitals) -> Router {
    Router::new().route("/internal/health", get(show_details)).with_state(vitals)
}

#[derive(Serialize)]
struct Health {
    status: String,
    database: &'static str,
}

/// `GET /health`: whether requests sent here would be served. It really asks the database.
async fn show_health(State(vitals): State<Vitals>, _: NoQuery) -> Response {
    let connected = vitals.db.is_connected();
    let healthy = connected && !vitals.traffic.is_draining();
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let database = if connected { "connected" } else { "unavailable" };
    let mut response = (status, Json(Health { status: vitals.status(), database })).into_response();
    if !healthy {
        response.headers_mut().insert(header::RETRY_AFTER, problem::RETRY_AFTER_S.into());
    }
    response
}

/// `GET /internal/health`: the same and everything worth knowing when something is wrong.
async fn show_details(
    State(vitals): State<Vitals>,
    _: NoQuery,
) -> Result<Json<Map<String, Value>>, Problem> {
    let connected = vitals.db.is_connected();
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| details.insert(name.to_owned(), value);
    put("status", vitals.status().into());
    put("database", if connected { "connected" } else { "unavailable" }.into());
    put("version", crate::VERSION.into());
    put("uptime_s", vitals.started.elapsed().as_secs().into());
    put("resident_bytes", memory_bytes("/proc/self/status", "VmRSS:").into());
    put("proportional_bytes", memory_bytes("/proc/self/smaps_rollup", "Pss:").into());
    put("requests_in_flight", vitals.traffic.in_flight().into());
    put("requests", serde_json::to_value(vitals.traffic.pace()).unwrap_or_default());
    put("writer_queue", vitals.db.write_queue_depth().into());
    for (name, look) in vitals.gauges.iter() {
        put(name, look().await);
    }
    Ok(Json(details))
}

/// `GET /metrics`: the text format of Prometheus.
async fn show_metrics(_: NoQuery) -> Result<impl IntoResponse, Problem> {
    let page = metrics::page().map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page))
}

/// Memory of this process, in bytes, from a line of a file that Linux makes; 0 where it does not.
fn memory_bytes(file: &str, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes: Option<u64> =
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kibibytes.unwrap_or(0) * 1024
}
