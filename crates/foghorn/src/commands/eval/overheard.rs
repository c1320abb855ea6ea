//! What Foghorn's own log says during an evaluation: all of it, down to the finest level.

use crate::commands::serve::logging;
use std::io::{Result, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::Level;

/// The log as far as it was heard; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Overheard(Arc<Mutex<Option<Vec<u8>>>>);

impl Overheard {
    /// Listens to every thread of this process. Works once, because a process has one log.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let this = Self(Arc::new(Mutex::new(Some(Vec::new()))));
        let ear = this.clone();
        tracing_subscriber::fmt()
            .with_env_filter(logging::filter(Level::TRACE)?)
            .with_ansi(false)
            .with_writer(move || ear.clone())
            .try_init()
            .map_err(|error| anyhow::anyhow!("cannot listen to the log: {error}"))?;
        Ok(this)
    }

    /// What was said, and an end to listening.
    pub(super) fn end(self) -> String {
        String::from_utf8_lossy(&self.heard().take().unwrap_or_default()).into_owned()
    }

    fn heard(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Overheard {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if let Some(heard) = self.heard().as_mut() {
            heard.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
