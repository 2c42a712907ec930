//! Settings, all checked at start-up.

use chassis::config::{ServiceUrl, SharedSettings};
use clap::Parser;

/// What the catalog can be told.
#[derive(Clone, Parser)]
#[command(
    name = "catalog",
    version = chassis::VERSION,
    about = "The catalog service of the shop: products, categories, stock",
    mut_arg("port", |arg| arg.required(false).default_value("8002")),
    mut_arg("database_path", |arg| arg.required(false).default_value("products.db"))
)]
pub struct Settings {
    #[command(flatten)]
    pub shared: SharedSettings,
    /// Where changes are announced
    #[arg(long, env, default_value = "http://localhost:8001")]
    pub cart_service_url: ServiceUrl,
}

impl AsRef<SharedSettings> for Settings {
    fn as_ref(&self) -> &SharedSettings {
        &self.shared
    }
}
