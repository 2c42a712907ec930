//! Settings, all checked at start-up.

use chassis::config::{ServiceUrl, SharedSettings, WebhookSecrets};
use clap::Parser;

/// What the order service can be told.
#[derive(Clone, Parser)]
#[command(
    name = "order",
    version = chassis::VERSION,
    about = "The order service of the shop: orders and their state machine",
    mut_arg("port", |arg| arg.required(false).default_value("8003")),
    mut_arg("database_path", |arg| arg.required(false).default_value("orders.db"))
)]
pub struct Settings {
    #[command(flatten)]
    pub shared: SharedSettings,
    /// Where units are reserved
    #[arg(long, env, default_value = "http://localhost:8002")]
    pub catalog_service_url: ServiceUrl,
    /// Where money is returned
    #[arg(long, env, default_value = "http://localhost:8004")]
    pub payment_service_url: ServiceUrl,
    /// Seconds until an unpaid order expires
    #[arg(long, env, default_value = "900", value_parser = clap::value_parser!(u32).range(1..=31_536_000))]
    pub order_expires_s: u32,
    /// Secrets that sign the payment webhook, comma-separated; empty accepts unsigned ones
    #[arg(long, env, default_value = "", hide_env_values = true)]
    pub webhook_secret: WebhookSecrets,
}

impl AsRef<SharedSettings> for Settings {
    fn as_ref(&self) -> &SharedSettings {
        &self.shared
    }
}
