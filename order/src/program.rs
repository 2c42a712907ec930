//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use chassis::lab::policy::{FAIL_CLOSED, FAIL_OPEN};
use chassis::service::{self, Platform};

use crate::config::Settings;
use crate::routes::{self, App};
use crate::{BLUEPRINT, answers, expiry, saga};

/// Runs the service until it is told to stop.
pub fn run() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let peers = vec![
        platform.client(saga::CATALOG, &settings.catalog_service_url),
        platform.client(saga::PAYMENT, &settings.payment_service_url),
    ];
    let relay = platform.relay(peers, None, answers::on_answer);
    tokio::spawn(expiry::expire_orders(db.clone(), relay.clone()));
    routes::router(App {
        db,
        lab: platform.lab.clone(),
        reservation: platform.switch("order_reservation", &[FAIL_OPEN, FAIL_CLOSED]),
        relay,
        webhook_secrets: settings.webhook_secret.0,
        expires_ms: i64::from(settings.order_expires_s) * 1_000,
    })
}
