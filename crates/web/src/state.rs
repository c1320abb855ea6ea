//! What handlers share.

use crate::attempts::Attempts;
use crate::body::Budgets;
use crate::crowd::Crowd;
use crate::live::Live;
use crate::pages::audit::Verified;
use foghorn_pipeline::Handles;
use foghorn_sources::Limits;
use foghorn_store::Store;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// The address it listens on; decides who may call without a token.
    pub listen: SocketAddr,
    /// The token for reading and acting.
    pub api_token: Option<String>,
    /// Ask for the token on loopback too, for instance behind a reverse proxy.
    pub require_token: bool,
    /// The key for intake.
    pub intake_key: Option<String>,
    /// Take events from anybody who can reach the address.
    pub intake_open: bool,
    /// The largest body, in bytes, before and after decompression.
    pub max_body_bytes: usize,
    /// How much of intake may wait for the store at once, see [`crate::ROOM`].
    pub max_waiting: usize,
    /// Limits of an event's fields.
    pub limits: Limits,
    /// The effective configuration, secrets masked.
    pub effective_config: Value,
    /// Where people reach the server.
    pub public_url: Option<String>,
}

/// Shared by all handlers.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) pipeline: Arc<Handles>,
    pub(crate) config: Arc<WebConfig>,
    /// Room for bodies and events.
    pub(crate) budgets: Arc<Budgets>,
    /// Wrong tokens at the log-in page.
    pub(crate) attempts: Arc<Attempts>,
    /// Ends what would otherwise never end.
    pub(crate) stop: CancellationToken,
    /// Keeps open pages up to date.
    pub(crate) live: Arc<Live>,
    /// The outcome of the last check of the audit chain; held while one runs.
    pub(crate) verified: Arc<Mutex<Option<Verified>>>,
}

impl App {
    /// `stop` ends what would otherwise never end: the streams of open pages.
    pub(crate) fn new(pipeline: Handles, config: WebConfig, stop: CancellationToken) -> Self {
        Self {
            live: Arc::new(Live::new(pipeline.store.clone(), stop.clone())),
            budgets: Arc::new(Budgets::new(
                config.max_body_bytes,
                Crowd::new(config.max_waiting, pipeline.metrics.clone()),
            )),
            stop,
            pipeline: Arc::new(pipeline),
            attempts: Arc::default(),
            config: Arc::new(config),
            verified: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.pipeline.store
    }

    /// Whether callers need a token to read and act.
    pub(crate) fn needs_token(&self) -> bool {
        self.config.require_token || !self.config.listen.ip().is_loopback()
    }
}
