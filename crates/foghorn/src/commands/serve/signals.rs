//! What the system tells a server to do: SIGTERM and SIGINT, or Ctrl-C where there are no signals.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals to stop, as they arrive.
pub(in crate::commands) struct Signals {
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(unix)]
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over; from here on they no longer end the process by themselves.
    #[cfg(unix)]
    pub(in crate::commands) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Takes Ctrl-C over.
    #[cfg(not(unix))]
    pub(in crate::commands) fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one and gives its name.
    #[cfg(unix)]
    pub(in crate::commands) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Waits for the next one and gives its name.
    #[cfg(not(unix))]
    pub(in crate::commands) async fn next(&mut self) -> &'static str {
        // Without Ctrl-C there is nothing to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
