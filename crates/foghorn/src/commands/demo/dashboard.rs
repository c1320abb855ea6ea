//! The dashboard beside the play.

use crate::commands::serve::wiring;
use crate::config::Config;
use anyhow::Context;
use foghorn_pipeline::Handles;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long requests may take to finish at the end; pages that listen for news would wait for ever.
const GRACE: Duration = Duration::from_millis(500);

/// A web server that runs.
pub(super) struct Dashboard {
    address: SocketAddr,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Dashboard {
    /// Serves on this address, or on a free port beside it.
    pub(super) async fn start(address: SocketAddr, handles: Handles, config: &Config) -> anyhow::Result<Self> {
        let listener = match TcpListener::bind(address).await {
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => TcpListener::bind((address.ip(), 0)).await,
            bound => bound,
        };
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let web = wiring::web_config(config, address);
        let server = tokio::spawn(foghorn_web::serve(listener, handles, web, stop.clone()));
        Ok(Self { address, stop, server })
    }

    /// Where people find it.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Finishes what it can in a moment.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}
