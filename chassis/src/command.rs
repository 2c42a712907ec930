//! What a service's program does in place of serving.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use crate::config::{Command, SharedSettings};
use crate::messaging::client;
use crate::storage::shell;

/// How long `health` waits for an answer.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Does what was asked for.
///
/// # Errors
///
/// One line that a person can act on.
pub async fn run(command: &Command, settings: &SharedSettings) -> Result<ExitCode, String> {
    match command {
        Command::Sql { query } => {
            let table = shell::table(&settings.database_path, query);
            let table = table.map_err(|cause| cause.to_string())?;
            Ok(print(&shell::for_reader(table)))
        }
        Command::Health => ask_health(settings).await,
    }
}

async fn ask_health(settings: &SharedSettings) -> Result<ExitCode, String> {
    let url = format!("{}/health", settings.own_url());
    let client = client::connector().map_err(|cause| cause.to_string())?;
    let answer = client.get(&url).timeout(HEALTH_TIMEOUT).send().await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(ExitCode::SUCCESS),
        Ok(answer) => Err(format!("{url} answered {}", answer.status())),
        Err(cause) => Err(format!("{url} does not answer: {cause}")),
    }
}

/// Writes text to standard output.
pub fn print(text: &str) -> ExitCode {
    // A closed pipe (`cart sql ... | head`) is the reader's choice, not a failure.
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
