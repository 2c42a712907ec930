//! Settings, database, serve.

use std::process::ExitCode;

use axum::Router;
use cart::catalog_client::CatalogClient;
use cart::config::Settings;
use cart::routes::{self, App, VALIDATION};
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
    platform.on_reset({
        let catalog = catalog.clone();
        move || catalog.forget_all()
    });
    let validation =
        platform.switch("cart_validation", VALIDATION).standing_at(&settings.cart_validation);
    routes::router(App { db, lab: platform.lab.clone(), catalog, validation })
}
