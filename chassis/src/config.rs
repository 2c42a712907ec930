//! The settings that all services share, from flags or the environment.
//!
//! Everything is checked here, at the start: a service that runs has settings that work.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::HeaderValue;
use clap::error::{ContextKind, ContextValue};
use clap::{Args, Parser, Subcommand};

use crate::http::auth::{ApiKeys, DEMO_KEY};
use crate::insight::log::LogFormat;
use crate::messaging::signature::{SecretError, Secrets};

/// What every service can be told. `port` and `database_path` get their defaults from the
/// service.
#[derive(Args, Clone)]
pub struct SharedSettings {
    /// Address to listen on
    #[arg(long, env, default_value = "127.0.0.1", value_parser = parse_host)]
    pub host: IpAddr,
    /// Port to listen on; 0 picks a free one and logs it
    #[arg(long, env, value_parser = parse_port)]
    pub port: u16,
    /// SQLite file, created if it is not there
    #[arg(long, env)]
    pub database_path: PathBuf,
    /// Accepted API keys, comma-separated; the first is sent to other services
    #[arg(long, env, default_value = DEMO_KEY, hide_env_values = true, value_parser = ApiKeys::parse)]
    pub api_key: ApiKeys,
    /// Allow the demo key, or a short one, on an address that others can reach
    #[arg(long, env, default_value = "0", value_parser = parse_switch, action = clap::ArgAction::Set)]
    pub allow_demo_key: bool,
    /// Open the lab: faults, crash points, policies, reset
    #[arg(long, env, default_value = "0", value_parser = parse_switch, action = clap::ArgAction::Set)]
    pub lab: bool,
    /// How log lines look
    #[arg(long, env, default_value = "pretty")]
    pub log_format: LogFormat,
    /// What is logged, in the syntax of the `tracing` crate
    #[arg(long = "log", env = "RUST_LOG", default_value = "info")]
    pub log_filter: String,
    /// Collector that gets the recorded spans, over OTLP: http://localhost:4318; none if empty
    #[cfg(feature = "otlp")]
    #[arg(long, env, default_value = "", hide_default_value = true)]
    pub otel_exporter_otlp_endpoint: CollectorUrl,
    /// Threads that serve requests. One is the fastest where services share two cores
    #[arg(long, env, default_value = "1", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub worker_threads: u8,
    /// What to do instead of serving
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What a service's program can do besides serving.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Print the result of a read-only SQL query on the service's file
    Sql {
        /// The query, for example "SELECT * FROM idempotency_keys"
        query: String,
    },
    /// Ask the service that runs on this host and port whether it is healthy
    Health,
}

impl SharedSettings {
    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Where this service can be reached from this machine.
    pub fn own_url(&self) -> String {
        let host = if self.host.is_unspecified() { Ipv4Addr::LOCALHOST.into() } else { self.host };
        format!("http://{}", SocketAddr::new(host, self.port))
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKeys")
    }
}

/// Reads the command line and the environment into a service's settings.
///
/// # Errors
///
/// Text for standard error (or, if asked for help, for standard output) and the exit code.
pub fn parse<S: Parser>() -> Result<S, (String, u8)> {
    S::try_parse().map_err(|error| {
        if error.use_stderr() {
            (complaint::<S>(&error), 2)
        } else {
            (error.render().to_string(), 0)
        }
    })
}

/// One line: which setting, and what it may be. The rest of clap's text is about usage.
fn complaint<S: Parser>(error: &clap::Error) -> String {
    // A key or a secret with a typing error is still nearly a key, and this line goes to a log.
    if let Some(ContextValue::String(setting)) = error.get(ContextKind::InvalidArg)
        && is_secret::<S>(setting)
    {
        let cause = error.source().map_or_else(|| "is not valid".to_owned(), ToString::to_string);
        return format!("invalid value for '{setting}': {cause}");
    }
    let text = error.render().to_string();
    let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let line = lines.collect::<Vec<_>>().join(" ");
    line.trim_start_matches("error: ").to_owned()
}

/// Whether a setting, as clap calls it (`--api-key <API_KEY>`), is one that `--help` hides.
fn is_secret<S: Parser>(setting: &str) -> bool {
    let flag = setting.trim_start_matches('-').split(' ').next();
    let command = S::command();
    let mut secrets = command.get_arguments().filter(|known| known.is_hide_env_values_set());
    secrets.any(|secret| secret.get_long() == flag)
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "must be a number from 0 to 65535".to_owned())
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err("must be 0 or 1".to_owned()),
    }
}

fn parse_host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().map_err(|_| "must be an IP address or localhost".to_owned()),
    }
}

/// The base address of another service: `http://localhost:8002`.
///
/// Plain HTTP, because services talk over loopback or a private network; TLS ends at nginx.
#[derive(Clone, Debug)]
pub struct ServiceUrl(String);

impl ServiceUrl {
    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = text.trim_end_matches('/');
        let authority = url.strip_prefix("http://").unwrap_or_default();
        let host = authority.split(['/', ':']).next().unwrap_or_default();
        let parsed = reqwest::Url::parse(url);
        let clean = parsed.is_ok_and(|url| {
            url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
        });
        if host.is_empty() || !clean || HeaderValue::from_str(authority).is_err() {
            return Err("must be an address like http://localhost:8002".to_owned());
        }
        Ok(Self(url.to_owned()))
    }
}

/// The base address of a collector of spans; none if the setting is empty, as OpenTelemetry
/// wants it.
#[cfg(feature = "otlp")]
#[derive(Clone, Debug)]
pub struct CollectorUrl(pub Option<ServiceUrl>);

#[cfg(feature = "otlp")]
impl FromStr for CollectorUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let url = ServiceUrl::from_str(text);
        url.map(|url| Self(Some(url)))
            .map_err(|_| "must be an address like http://localhost:4318".to_owned())
    }
}

/// The secrets that sign webhooks; none if the setting is empty, as it is when a compose file
/// passes on a variable that nobody has set.
#[derive(Clone, Debug)]
pub struct WebhookSecrets(pub Option<Secrets>);

impl FromStr for WebhookSecrets {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        Secrets::parse(text).map(|secrets| Self(Some(secrets)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_url_is_plain_http_without_extras() {
        assert_eq!(
            ServiceUrl::from_str("http://localhost:8002/").unwrap().as_str(),
            "http://localhost:8002"
        );
        for wrong in
            ["", "localhost:8002", "https://a", "http://", "http://a?b", "http://a:x", "http://u@a"]
        {
            assert!(ServiceUrl::from_str(wrong).is_err(), "{wrong:?}");
        }
    }
}
