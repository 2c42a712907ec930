//! From the command line to a running service, and back to a clean stop.
//!
//! A service says what it is ([`Blueprint`]) and how to build its routes; everything else of
//! being a process happens here, in the same order for all: settings, log, listener, file,
//! routes, serve, drain, close.

use std::future::ready;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use clap::Parser;
use rusqlite::{Connection, Transaction};
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::command;
use crate::config::{self, ServiceUrl, SharedSettings};
use crate::http::guard::Traffic;
use crate::http::health::{self, Gauge, Vitals};
use crate::http::{docs, server};
#[cfg(feature = "otlp")]
use crate::insight::otlp;
use crate::insight::{log, recorder};
use crate::lab::policy::Switch;
use crate::lab::routes::LabRoom;
use crate::lab::{self, Lab};
use crate::messaging::client::{self, ServiceClient};
use crate::messaging::outbox;
use crate::messaging::relay::{OnAnswer, Relay};
use crate::messaging::signature::Secrets;
use crate::storage::{self, Db, DbResult, Migration, Owner};
#[cfg(feature = "trace-context-harness")]
use crate::trace_context_harness;

/// Threads for what has to wait: scans, and the names of other services. Each connection asks for
/// the name of its end, and without a limit a burst of them makes a thread for each.
const WAITERS_MAX: usize = 8;

/// Exit code of a service whose file or disk is broken (`EX_IOERR` of sysexits.h).
const BROKEN_STORAGE: u8 = 74;

/// What a service is.
#[derive(Clone, Copy, Debug)]
pub struct Blueprint {
    /// The name of crate, program and container: `cart`.
    pub name: &'static str,
    /// The name for people: `Cart service`.
    pub title: &'static str,
    /// The service's own OpenAPI document.
    pub openapi: &'static str,
    /// How its file is known.
    pub owner: Owner,
    /// The schema, step by step.
    pub migrations: &'static [Migration],
    /// Where the lab can make it die, each between two commits.
    pub crash_points: &'static [&'static str],
    /// Its part of the shop's books, for the lab.
    pub ledger: fn(&Connection) -> DbResult<Value>,
    /// Tells others that the lab has put its file back to the first day, in the same transaction.
    pub announce_reset: Option<fn(&Transaction<'_>) -> DbResult<()>>,
}

/// What a service gets to build itself from.
pub struct Platform {
    /// Its file.
    pub db: Db,
    /// Its lab.
    pub lab: Lab,
    settings: SharedSettings,
    outbound: reqwest::Client,
    clients: Vec<ServiceClient>,
    gauges: Vec<Gauge>,
    switches: Vec<Switch>,
    relay: Option<Relay>,
    forget: Arc<dyn Fn() + Send + Sync>,
}

impl Platform {
    /// A client for another service, whose breaker shows in `/internal/health`.
    pub fn client(&mut self, name: &'static str, url: &ServiceUrl) -> ServiceClient {
        let key = self.settings.api_key.outbound();
        let client = ServiceClient::new(name, url, key, self.outbound.clone(), &self.lab);
        self.clients.push(client.clone());
        client
    }

    /// A relay to `clients` that is delivering already, and whose outbox shows in
    /// `/internal/health`. See [`Relay::new`].
    pub fn relay(
        &mut self,
        clients: Vec<ServiceClient>,
        secrets: Option<Secrets>,
        on_answer: OnAnswer,
    ) -> Relay {
        let relay = Relay::new(self.db.clone(), clients, secrets, on_answer);
        relay.start();
        self.relay = Some(relay.clone());
        let db = self.db.clone();
        self.gauge("outbox", move || outbox::gauge(db.clone()));
        relay
    }

    /// A choice that the lab can change; the first of `choices` stands.
    pub fn switch(&mut self, name: &'static str, choices: &'static [&'static str]) -> Switch {
        let switch = Switch::new(name, choices);
        self.switches.push(switch.clone());
        switch
    }

    /// What to forget when the lab resets the service: caches and the like.
    pub fn on_reset(&mut self, forget: impl Fn() + Send + Sync + 'static) {
        self.forget = Arc::new(forget);
    }

    /// Adds a part of the service to `/internal/health`.
    pub fn gauge<F>(&mut self, name: &'static str, look: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = Value> + Send + 'static,
    {
        self.gauges.push((name, Arc::new(move || Box::pin(look()))));
    }

    fn new(blueprint: Blueprint, settings: SharedSettings, db: Db) -> Result<Self, StartError> {
        Ok(Self {
            db,
            lab: Lab::new(settings.lab, blueprint.crash_points),
            settings,
            outbound: client::connector().map_err(sentence)?,
            clients: Vec::new(),
            gauges: Vec::new(),
            switches: Vec::new(),
            relay: None,
            forget: Arc::new(|| {}),
        })
    }

    /// The service's routes with those that all services have, and all that is around them.
    fn router(self, blueprint: Blueprint, api: Router, traffic: &Traffic) -> Router {
        let keys = self.settings.api_key.clone();
        let lab = self.lab.clone();
        let room = LabRoom {
            service: blueprint.name,
            lab: lab.clone(),
            db: self.db.clone(),
            switches: self.switches.clone().into(),
            relay: self.relay.clone(),
            ledger: blueprint.ledger,
            migrations: blueprint.migrations,
            announce_reset: blueprint.announce_reset,
            forget: self.forget_everything(),
        };
        #[cfg(feature = "trace-context-harness")]
        let harness = trace_context_harness::routes(self.outbound.clone(), lab.clone());
        let db = self.db.clone();
        let gauges = self.into_gauges();
        let vitals = Vitals::new(blueprint.title, db, traffic.clone(), gauges);
        let public = health::public_routes(vitals.clone()).merge(docs::routes(blueprint.openapi));
        #[cfg(feature = "trace-context-harness")]
        let public = public.merge(harness);
        let mut api = api.merge(health::internal_routes(vitals));
        if lab.is_open() {
            recorder::start();
            api = api.merge(lab::routes::routes(room));
        }
        crate::http::wrap(api.merge(public), keys, traffic.clone(), lab)
    }

    /// What the service remembers outside its file, and how its calls went.
    fn forget_everything(&self) -> Arc<dyn Fn() + Send + Sync> {
        let (clients, forget) = (self.clients.clone(), Arc::clone(&self.forget));
        let relay = self.relay.clone();
        Arc::new(move || {
            clients.iter().for_each(ServiceClient::forget);
            relay.iter().for_each(Relay::forget);
            forget();
        })
    }

    /// The gauges, with the breakers of all clients as one of them.
    fn into_gauges(mut self) -> Vec<Gauge> {
        let clients = std::mem::take(&mut self.clients);
        if !clients.is_empty() {
            self.gauge("breakers", move || {
                let now = Instant::now();
                let state = |client: &ServiceClient| -> Value {
                    client.breaker().state(now).as_str().into()
                };
                let states = clients.iter().map(|it| (it.name().to_owned(), state(it)));
                ready(states.collect())
            });
        }
        self.gauges
    }
}

/// Why a service does not start; the text is one line that a person can act on.
type StartError = String;

/// What a service makes of its settings and its platform: its routes.
type Build = Box<dyn FnOnce(&mut Platform) -> Router>;

/// The `main` of every service.
pub fn run<S>(blueprint: Blueprint, build: fn(S, &mut Platform) -> Router) -> ExitCode
where
    S: Parser + AsRef<SharedSettings> + 'static,
{
    match config::parse::<S>() {
        Ok(settings) => {
            let shared = settings.as_ref().clone();
            start(blueprint, shared, Box::new(move |platform| build(settings, platform)))
        }
        Err((text, 0)) => command::print(&text),
        Err((text, code)) => complain(blueprint, text.trim_end(), code),
    }
}

fn start(blueprint: Blueprint, shared: SharedSettings, build: Build) -> ExitCode {
    let mut runtime = match shared.worker_threads {
        // Four services share two cores: one thread each is the fastest and the smallest.
        1 => tokio::runtime::Builder::new_current_thread(),
        several => {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(several.into());
            runtime
        }
    };
    let runtime = runtime.enable_all().max_blocking_threads(WAITERS_MAX).build();
    let outcome = match (runtime, &shared.command) {
        (Err(cause), _) => Err(format!("cannot start the runtime: {cause}")),
        (Ok(runtime), Some(command)) => runtime.block_on(command::run(command, &shared)),
        (Ok(runtime), None) => runtime.block_on(serve(blueprint, shared, build)),
    };
    log::flush();
    outcome.unwrap_or_else(|sentence| complain(blueprint, &sentence, 1))
}

async fn serve(
    blueprint: Blueprint,
    shared: SharedSettings,
    build: Build,
) -> Result<ExitCode, StartError> {
    log::start(blueprint.name, shared.log_format, &shared.log_filter)?;
    shared.api_key.check_exposure(shared.host, shared.allow_demo_key)?;
    #[cfg(feature = "otlp")]
    let exporter = otlp::start(blueprint.name, &shared.otel_exporter_otlp_endpoint)?;
    // The listener comes first: a second copy of a service must not touch the first one's file.
    let address = shared.address();
    let listener =
        server::listen(address).map_err(|cause| format!("cannot listen on {address}: {cause}"))?;
    let bound = listener.local_addr().map_err(sentence)?;
    let db =
        Db::open(&shared.database_path, blueprint.owner, blueprint.migrations).map_err(sentence)?;

    let traffic = Traffic::default();
    let mut platform = Platform::new(blueprint, shared, db.clone())?;
    let api = build(&mut platform);
    let router = platform.router(blueprint, api, &traffic);

    let stop = stop_signal().map_err(sentence)?;
    tracing::info!(address = %bound, "listening");
    let code = tokio::select! {
        () = server::serve(listener, router, &traffic, stop) => ExitCode::SUCCESS,
        () = storage::error::broken() => ExitCode::from(BROKEN_STORAGE),
    };
    db.close().await;
    #[cfg(feature = "otlp")]
    otlp::finish(exporter).await;
    tracing::info!("stopped");
    Ok(code)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn sentence(cause: impl ToString) -> StartError {
    cause.to_string()
}

/// Done when the process is asked to stop: SIGTERM from a supervisor, SIGINT from Ctrl-C.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn complain(blueprint: Blueprint, sentence: &str, code: u8) -> ExitCode {
    log::complain(blueprint.name, sentence);
    ExitCode::from(code)
}
