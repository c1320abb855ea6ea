//! Foghorn's own log lines: on standard error, as text or JSON.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging. Libraries are heard from warnings up, Foghorn's own crates from the configured level.
pub(in crate::commands) fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(format!("warn,foghorn={}", log.level))?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
