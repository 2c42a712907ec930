//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use chassis::messaging::relay::{self, Relay};
use chassis::service::{self, Platform};
use payment::config::Settings;
use payment::routes::{self, App};
use payment::{BLUEPRINT, answers, webhook};

fn main() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let order = platform.client(webhook::ORDER, &settings.order_service_url);
    let relay = Relay::new(db.clone(), vec![order], settings.webhook_secret.0, answers::on_answer);
    relay.start();
    platform.gauge("outbox", {
        let db = db.clone();
        move || relay::gauge(&db)
    });
    routes::router(App { db, relay })
}
