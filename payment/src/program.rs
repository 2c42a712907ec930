//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use chassis::lab::policy::FIRE_ONCE;
use chassis::service::{self, Platform};

use crate::config::Settings;
use crate::routes::{self, App};
use crate::{BLUEPRINT, answers, webhook};

/// Runs the service until it is told to stop.
pub fn run() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let order = platform.client(webhook::ORDER, &settings.order_service_url);
    let secrets = settings.webhook_secret.0;
    let delivery = platform.switch("webhook_delivery", &["outbox", FIRE_ONCE]);
    let relay = platform.relay(vec![order], secrets, answers::on_answer);
    routes::router(App { db, lab: platform.lab.clone(), relay, delivery })
}
