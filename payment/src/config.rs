//! Settings, all checked at start-up.

use chassis::config::{ServiceUrl, SharedSettings, WebhookSecrets};
use clap::Parser;

/// What the payment service can be told.
#[derive(Clone, Parser)]
#[command(
    name = "payment",
    version = chassis::VERSION,
    about = "The payment service of the shop: money, and the webhook that tells the order",
    mut_arg("port", |arg| arg.required(false).default_value("8004")),
    mut_arg("database_path", |arg| arg.required(false).default_value("payments.db"))
)]
pub struct Settings {
    #[command(flatten)]
    pub shared: SharedSettings,
    /// Who is told about payments
    #[arg(long, env, default_value = "http://localhost:8003")]
    pub order_service_url: ServiceUrl,
    /// Secrets that sign the webhook, comma-separated; the first signs. Empty: unsigned
    #[arg(long, env, default_value = "", hide_env_values = true)]
    pub webhook_secret: WebhookSecrets,
}

impl AsRef<SharedSettings> for Settings {
    fn as_ref(&self) -> &SharedSettings {
        &self.shared
    }
}
