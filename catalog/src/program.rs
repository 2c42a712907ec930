//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use chassis::service::{self, Platform};

use crate::config::Settings;
use crate::everything::Everything;
use crate::routes::{self, App};
use crate::{BLUEPRINT, events};

/// Runs the service until it is told to stop.
pub fn run() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let cart = platform.client(events::LISTENER, &settings.cart_service_url);
    let relay = platform.relay(vec![cart], None, events::on_answer);
    routes::router(App { db, lab: platform.lab.clone(), everything: Everything::default(), relay })
}
