//! Settings, database, serve.

use std::future::ready;
use std::process::ExitCode;

use axum::Router;
use chassis::service::{self, Platform};

use crate::catalog_client::CatalogClient;
use crate::config::Settings;
use crate::routes::{self, App, VALIDATION};
use crate::{BLUEPRINT, verifier};

/// Runs the service until it is told to stop.
pub fn run() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let catalog = CatalogClient::new(platform.client("catalog", &settings.catalog_service_url));
    platform.gauge("cache", {
        let catalog = catalog.clone();
        move || ready(catalog.gauge())
    });
    verifier::start(db.clone(), catalog.clone());
    platform.on_reset({
        let catalog = catalog.clone();
        move || catalog.forget_all()
    });
    let validation =
        platform.switch("cart_validation", VALIDATION).standing_at(&settings.cart_validation);
    routes::router(App { db, lab: platform.lab.clone(), catalog, validation })
}
