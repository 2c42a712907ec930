//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use catalog::config::Settings;
use catalog::everything::Everything;
use catalog::routes::{self, App};
use catalog::{BLUEPRINT, events};
use chassis::service::{self, Platform};

fn main() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let cart = platform.client(events::LISTENER, &settings.cart_service_url);
    let relay = platform.relay(vec![cart], None, events::on_answer);
    routes::router(App { db, lab: platform.lab.clone(), everything: Everything::default(), relay })
}
