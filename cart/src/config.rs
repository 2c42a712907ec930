//! Settings, all checked at start-up.

use chassis::config::{ServiceUrl, SharedSettings};
use chassis::lab::policy::{FAIL_CLOSED, FAIL_OPEN};
use clap::Parser;

/// What the cart can be told.
#[derive(Clone, Parser)]
#[command(
    name = "cart",
    version = chassis::VERSION,
    about = "The cart service of the shop: what each shopper has picked",
    mut_arg("port", |arg| arg.required(false).default_value("8001")),
    mut_arg("database_path", |arg| arg.required(false).default_value("carts.db"))
)]
pub struct Settings {
    #[command(flatten)]
    pub shared: SharedSettings,
    /// Where products are looked up
    #[arg(long, env, default_value = "http://localhost:8002")]
    pub catalog_service_url: ServiceUrl,
    /// What to do with a product while the catalog does not answer
    #[arg(long, env, default_value = FAIL_OPEN, value_parser = [FAIL_OPEN, FAIL_CLOSED])]
    pub cart_validation: String,
}

impl AsRef<SharedSettings> for Settings {
    fn as_ref(&self) -> &SharedSettings {
        &self.shared
    }
}
