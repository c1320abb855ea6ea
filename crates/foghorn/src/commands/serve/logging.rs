//! Foghorn's own log lines: on standard error, as text or JSON.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal;
use tracing::Level;
use tracing_subscriber::EnvFilter;

/// What is heard: libraries from warnings up, Foghorn's own crates from this level.
pub(in crate::commands) fn filter(level: Level) -> anyhow::Result<EnvFilter> {
    Ok(EnvFilter::try_new(format!("warn,foghorn={level}"))?)
}

/// Starts logging.
pub(in crate::commands) fn start(log: &Log) -> anyhow::Result<()> {
    let filter = filter(log.level)?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match log.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
