//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use catalog::config::Settings;
use catalog::everything::Everything;
use catalog::routes::{self, App};
use catalog::{BLUEPRINT, events};
use chassis::messaging::relay::{self, Relay};
use chassis::service::{self, Platform};

fn main() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let cart = platform.client(events::LISTENER, &settings.cart_service_url);
    let relay = Relay::new(db.clone(), vec![cart], None, events::on_answer);
    relay.start();
    platform.gauge("outbox", {
        let db = db.clone();
        move || relay::gauge(&db)
    });
    routes::router(App { db, everything: Everything::default(), relay })
}
