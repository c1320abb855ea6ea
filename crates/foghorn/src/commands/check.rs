//! `foghorn check`: is everything as it must be, and what to do where it is not.
//!
//! [`outcome`] is what a check says; [`disk`] and [`database`] look at what is stored, [`redis`] at what is shared
//! with others. Nothing here changes anything, so it can run beside a server.

mod database;
mod disk;
mod redis;
mod outcome;

use super::serve::wiring;
use crate::client::Server;
use crate::config::{Config, ConfigErrors, Sources};
use crate::terminal::Screen;
use foghorn_domain::words::counted;
use foghorn_pipeline::explain::load_playbooks;
use outcome::{Outcome, fail, ok, warn};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

/// Looks at configuration, data directory, disk, store, audit log, Redis, rules, playbooks and
/// server. Each line is OK, WARN
/// or FAIL with what to do; ends with status 1 where anything failed. Every key of the configuration has a
/// flag, as for `serve`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn check --data-dir /var/lib/foghorn")]
pub(crate) struct Args {
    /// Configuration file
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The server to look for [default: the configured address]
    #[arg(long, env = "FOGHORN_URL")]
    url: Option<String>,
    /// Print the outcomes as JSON
    #[arg(long)]
    json: bool,
}

/// Looks at everything.
pub(crate) async fn run(args: &Args, flags: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    let loaded = Config::load(&Sources::of_process(args.config.clone(), flags));
    let mut outcomes = configuration(&loaded);
    if let Ok(config) = &loaded {
        let directory = &config.storage.data_dir;
        outcomes.extend([disk::directory(directory), disk::room(config)]);
        // A database is spoken to by what blocks, which a runtime does not bear.
        let looked = std::thread::scope(|scope| scope.spawn(|| database::checks(config)).join());
        outcomes.extend(
            looked.unwrap_or_else(|_| vec![fail("store", "looking at it panicked: this is a fault of Foghorn")]),
        );
        outcomes.extend(redis::check(config).await);
        outcomes.extend(rules(config));
        outcomes.push(playbooks(config));
        outcomes.push(embeddings(config));
        outcomes.push(server(args, config).await);
    }
    let mut screen = Screen::stdout();
    outcome::write(&mut screen, &outcomes, args.json)?;
    Ok(if outcomes.iter().any(Outcome::is_failure) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn configuration(loaded: &Result<Config, ConfigErrors>) -> Vec<Outcome> {
    match loaded {
        Err(errors) => errors.each().map(|error| fail("configuration", error)).collect(),
        Ok(config) => {
            let mut outcomes: Vec<Outcome> =
                config.warnings.iter().map(|warning| warn("configuration", warning)).collect();
            if config.intake.open && !config.http.listen.ip().is_loopback() {
                outcomes.push(warn("configuration", "intake.open = true: whoever reaches the address can send events"));
            }
            if outcomes.is_empty() {
                outcomes
                    .push(ok("configuration", format!("every value can be used; listens on {}", config.http.listen)));
            }
            outcomes
        }
    }
}

fn rules(config: &Config) -> Vec<Outcome> {
    match wiring::rules(config) {
        Err(faults) => faults.into_iter().map(|fault| fail("rules", fault)).collect(),
        Ok(rules) if rules.file().is_none() => vec![ok("rules", "the built-in ones")],
        Ok(rules) => {
            vec![ok(
                "rules",
                format!("the built-in ones and {} of your own", counted(rules.in_force().len() as u64, "rule")),
            )]
        }
    }
}

fn playbooks(config: &Config) -> Outcome {
    match (load_playbooks(config.analysis.playbooks.as_deref()), &config.analysis.playbooks) {
        (Err(error), _) => fail("playbooks", error),
        (Ok(_), None) => ok("playbooks", "the built-in ones"),
        (Ok(_), Some(directory)) => ok("playbooks", format!("the built-in ones and those in {}", directory.display())),
    }
}

fn embeddings(config: &Config) -> Outcome {
    match wiring::embedder(config) {
        Err(error) => fail("embeddings", error.each().next().unwrap_or_default()),
        Ok(None) => warn("embeddings", wiring::WORDS_ALONE),
        Ok(Some(model)) => ok("embeddings", format!("{}, {} dimensions", model.model_name(), model.dimensions())),
    }
}

async fn server(args: &Args, config: &Config) -> Outcome {
    let listen = config.http.listen;
    let host = if listen.ip().is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { listen.ip() };
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", SocketAddr::new(host, listen.port())));
    let health = match Server::at(&url, None) {
        Ok(server) => server.get("/health", &[]).await.map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match health {
        Ok(health) => {
            let version = health.get("version").and_then(serde_json::Value::as_str).unwrap_or("of unknown version");
            ok("server", format!("foghorn {version} answers at {url}"))
        }
        Err(error) => warn("server", format!("{error}")),
    }
}
