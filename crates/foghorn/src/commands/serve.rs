//! `foghorn serve`: every role in one process, until it is told to stop.
//!
//! In this order: configuration, log, address, store, stages, web. Stopping goes the other way: no new
//! connections, requests finish, stages finish, the store closes.

mod arenas;
pub(super) mod logging;
mod printing;
pub(super) mod signals;
pub(crate) mod wiring;

use crate::config::{Config, Sources};
use crate::terminal::Screen;
use anyhow::Context;
use foghorn_pipeline::{Pipeline, Settings};
use signals::Signals;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Runs intake, triage, messages, API and pages in one process. Without any configuration it listens on
/// http://127.0.0.1:8000 and keeps its data in ./foghorn-data. Every key of the configuration has a flag.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn serve
  foghorn serve --data-dir /var/lib/foghorn --log-level debug
  FOGHORN_API_TOKEN=$(openssl rand -hex 32) foghorn serve --listen 0.0.0.0:8000

--help lists every key of the configuration.")]
pub(crate) struct Args {
    /// Configuration file
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How long requests may take to finish after the signal to stop. A caller that stalls gets no longer.
const GRACE: Duration = Duration::from_secs(15);

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(args: &Args, flags: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    arenas::limit();
    let config = Config::load(&Sources::of_process(args.config.clone(), flags))?;
    logging::start(&config.log)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if config.intake.open && !config.http.listen.ip().is_loopback() {
        tracing::warn!("intake.open = true: whoever reaches the address can send events");
    }
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(&config))
}

async fn serve(config: &Config) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let embedder = wiring::embedder(config)?;
    let rules = wiring::rules(config).map_err(|faults| anyhow::anyhow!("detection.rules: {}", faults.join("; ")))?;
    let listener = bind(config.http.listen).await?;
    let address = listener.local_addr()?;
    let store = tokio::select! {
        opened = wiring::open_store(config) => opened?,
        _ = signals.next() => return Ok(ExitCode::SUCCESS),
    };
    let data_dir = store.data_dir().canonicalize().unwrap_or_else(|_| store.data_dir().to_owned());

    let (printer, told) = mpsc::unbounded_channel();
    if embedder.is_none() {
        tracing::warn!("{}", wiring::WORDS_ALONE);
    }
    let pipeline = Pipeline::new(store, Settings { rules, ..wiring::settings(config) }, embedder, Some(printer))
        .map_err(anyhow::Error::msg)?;
    let handles = pipeline.handles();
    let stages = pipeline.start();
    let printing = tokio::spawn(printing::print(told));
    // A server whose output nobody reads serves all the same.
    let _ = say_hello(config, address, &data_dir);

    let stop = CancellationToken::new();
    let mut web =
        tokio::spawn(foghorn_web::serve(listener, handles, wiring::web_config(config, address), stop.clone()));
    let ended_early = tokio::select! {
        ended = &mut web => Some(ended),
        signal = signals.next() => {
            tracing::info!(signal, "stopping: finishing what is in hand; the same signal again stops at once");
            None
        }
    };
    stop.cancel();
    tokio::spawn(async move {
        signals.next().await;
        // Whoever asks twice does not want to wait. What was accepted is on disk.
        std::process::exit(130);
    });
    let ended = match ended_early {
        Some(ended) => ended,
        None => tokio::time::timeout(GRACE, &mut web).await.unwrap_or_else(|_| {
            tracing::warn!("some requests did not come to an end; they are cut off");
            web.abort();
            Ok(Ok(()))
        }),
    };
    stages.stop().await;
    // The stages held the other end of its channel: it ends once the last telling is printed.
    let _ = printing.await;
    ended.context("the web server panicked")?.context("the web server failed")?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another port with --listen or FOGHORN_LISTEN"
            }
            std::io::ErrorKind::PermissionDenied => "this user may not use that port; choose one above 1023",
            _ => "set --listen or FOGHORN_LISTEN to an address of this machine",
        };
        anyhow::anyhow!("cannot listen on {address}: {error}; {remedy}")
    })
}

fn say_hello(config: &Config, address: SocketAddr, data_dir: &std::path::Path) -> std::io::Result<()> {
    let mut screen = Screen::stdout();
    screen.line(format!("foghorn {}", env!("CARGO_PKG_VERSION")))?;
    screen.line("configuration:")?;
    for line in config.effective.lines() {
        screen.line(format!("  {line}"))?;
    }
    screen.line(format!("data in {}", data_dir.display()))?;
    screen.line(format!("listening on {address}"))?;
    let reachable = match address.ip().is_unspecified() {
        true => SocketAddr::from(([127, 0, 0, 1], address.port())),
        false => address,
    };
    screen.line(format!("open http://{reachable}"))
}
