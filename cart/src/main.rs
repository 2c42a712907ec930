//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use cart::catalog_client::CatalogClient;
use cart::config::Settings;
use cart::policy::ValidationPolicy;
use cart::routes::{self, App};
use cart::{BLUEPRINT, verifier};
use chassis::service::{self, Platform};

fn main() -> ExitCode {
    service::run(BLUEPRINT, build)
}

fn build(settings: Settings, platform: &mut Platform) -> Router {
    let db = platform.db.clone();
    let catalog = CatalogClient::new(platform.client("catalog", &settings.catalog_service_url));
    platform.gauge("cache", {
        let catalog = catalog.clone();
        move || catalog.gauge()
    });
    verifier::start(db.clone(), catalog.clone());
    let validation = ValidationPolicy::new(settings.cart_validation);
    routes::router(App { db, catalog, validation })
}
