//! One small struct for each concern, each asking for its own keys.

use super::error::{ConfigError, ConfigErrors};
use super::layers::{Said, Values};
use super::value;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::lifecycle::Policy;
use foghorn_domain::secret::Secret;
use foghorn_pipeline::Roles;
use foghorn_pipeline::shared_redis::RedisSettings;
use foghorn_redis::RedisAddress;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[process]`.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) roles: Roles,
}

impl Process {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let roles: Roles = values.get("process.roles", |said| said.parse())?;
        let has_database = values.get("database.url", |url| Ok(!url.is_empty()))?;
        if roles != Roles::ALL && !has_database {
            let remedy = "on a file one process has every role; leave it out, or set DATABASE_URL so that several \
                          processes can share the work";
            return Err(values.malformed("process.roles", remedy.to_owned()));
        }
        Ok(Self { roles })
    }
}

/// `[redis]`.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) settings: Option<RedisSettings>,
}

impl Redis {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let address = values.get("redis.url", |said| match said.trim() {
            "" => Ok(None),
            text => RedisAddress::parse(text).map(Some),
        })?;
        let (channel, queue) = (values.get("redis.channel", value::name)?, values.get("redis.queue", value::name)?);
        Ok(Self { settings: address.map(|address| RedisSettings { address, channel, queue }) })
    }
}

/// `[http]`.
#[derive(Debug)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    pub(crate) api_token: Option<Secret>,
    pub(crate) require_token: bool,
    /// Without a slash at the end.
    pub(crate) public_url: Option<String>,
}

impl Http {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let http = Self {
            listen: values.get("http.listen", value::address)?,
            api_token: values.get("http.api_token", value::secret)?,
            require_token: values.get("http.require_token", value::switch)?,
            public_url: values.get("http.public_url", value::url)?,
        };
        if http.require_token && http.api_token.is_none() {
            let remedy = "there is no token to ask for; set http.api_token (FOGHORN_API_TOKEN) too".to_owned();
            return Err(values.malformed("http.require_token", remedy));
        }
        if !http.listen.ip().is_loopback() && http.api_token.is_none() {
            let remedy = "other machines could reach this address, and no token is set; set http.api_token \
                          (FOGHORN_API_TOKEN=$(openssl rand -hex 32)), or listen on 127.0.0.1";
            return Err(values.malformed("http.listen", remedy.to_owned()));
        }
        refuse_short(values, "http.api_token", http.api_token.as_ref())?;
        Ok(http)
    }
}

/// The shortest token or key where strangers can try: with 16 characters guessing is hopeless at any speed.
const SHORTEST_SECRET: usize = 16;

fn refuse_short(values: &Values, key: &str, secret: Option<&Secret>) -> Result<(), ConfigError> {
    let is_on_loopback = values.get("http.listen", value::address).is_ok_and(|address| address.ip().is_loopback());
    let is_private = is_on_loopback && !values.get("http.require_token", value::switch).unwrap_or(true);
    if is_private || secret.is_none_or(|secret| secret.expose().len() >= SHORTEST_SECRET) {
        return Ok(());
    }
    let remedy = format!(
        "is shorter than {SHORTEST_SECRET} characters, and others than this machine may try to guess it; use what \
         `openssl rand -hex 32` prints"
    );
    Err(values.malformed(key, remedy))
}

/// `[intake]`. Sizes are in bytes.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) key: Option<Secret>,
    pub(crate) open: bool,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_payload_bytes: usize,
    pub(crate) max_metadata_bytes: usize,
    /// Bytes.
    pub(crate) spool_bytes: u64,
}

impl Intake {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let key = values.get("intake.key", value::secret)?;
        refuse_short(values, "intake.key", key.as_ref())?;
        Ok(Self {
            key,
            open: values.get("intake.open", value::switch)?,
            max_body_bytes: values.get("intake.max_body_bytes", value::size_in_memory)?,
            max_payload_bytes: values.get("intake.max_payload_bytes", value::size_in_memory)?,
            max_metadata_bytes: values.get("intake.max_metadata_bytes", value::size_in_memory)?,
            spool_bytes: values.get("intake.spool_bytes", value::size)?,
        })
    }
}

/// `[store]`.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) data_dir: PathBuf,
    pub(crate) max_age: SignedDuration,
    /// Bytes.
    pub(crate) max_bytes: u64,
}

impl Storage {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            data_dir: values.get("store.data_dir", value::path)?,
            max_age: values.get("store.max_age", value::duration)?,
            max_bytes: values.get("store.max_bytes", value::size)?,
        })
    }
}

/// `[detection]`.
#[derive(Debug)]
pub(crate) struct Detection {
    /// 0 to 1.
    pub(crate) min_score: f32,
    /// Characters.
    pub(crate) max_payload_length: usize,
    pub(crate) learn: SignedDuration,
    pub(crate) new_fingerprints_per_hour: usize,
    pub(crate) max_services: usize,
    /// The user's own rules.
    pub(crate) rules: Option<PathBuf>,
}

impl Detection {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            min_score: values.get("detection.min_score", value::score)?,
            max_payload_length: values.get("detection.max_payload_length", value::count(100..=1_000_000))?,
            learn: values.get("detection.learn", value::duration)?,
            new_fingerprints_per_hour: values
                .get("detection.new_fingerprints_per_hour", value::count(1..=1_000_000))?,
            max_services: values.get("detection.max_services", value::count(1..=1_000_000))?,
            rules: values.get("detection.rules", value::optional_path)?,
        })
    }
}

/// `[incidents]`.
#[derive(Debug)]
pub(crate) struct Incidents {
    pub(crate) policy: Policy,
    pub(crate) related_window: SignedDuration,
}

impl Incidents {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        // An incident remembers eight changes; more could never be counted.
        let flap_changes = values.get("incidents.flap_changes", value::count(2..=8))?;
        Ok(Self {
            policy: Policy {
                reopen_window: values.get("incidents.reopen_window", value::duration)?,
                quiet_after: values.get("incidents.quiet_after", value::duration)?,
                resolve_grace: values.get("incidents.resolve_grace", value::duration)?,
                flap_changes,
                flap_window: values.get("incidents.flap_window", value::duration)?,
                flap_calm: values.get("incidents.flap_calm", value::duration)?,
                false_positive_mute: values.get("incidents.false_positive_mute", value::duration)?,
            },
            related_window: values.get("incidents.related_window", value::duration)?,
        })
    }
}

/// `[audit]`. Unset paths lie in the data directory.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) heads_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
}

impl Audit {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            heads_file: values.get("audit.heads_file", value::optional_path)?,
            key_file: values.get("audit.key_file", value::optional_path)?,
        })
    }
}

/// `[analysis]`.
#[derive(Debug)]
pub(crate) struct Analysis {
    pub(crate) playbooks: Option<PathBuf>,
}

impl Analysis {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self { playbooks: values.get("analysis.playbooks", value::optional_path)? })
    }
}

/// `[embed]`.
#[derive(Debug)]
pub(crate) struct Embed {
    /// `None` for the built-in model.
    pub(crate) model_dir: Option<PathBuf>,
    pub(crate) model_name: String,
    /// Numbers in a vector.
    pub(crate) dimensions: usize,
    dir_said: Said,
    dimensions_said: Said,
}

/// The model that is part of the program.
const BUILT_IN_MODEL: &str = "all-MiniLM-L6-v2";

impl Embed {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let embed = Self {
            model_dir: values.get("embed.model_dir", value::optional_path)?,
            model_name: values.get("embed.model_name", value::name)?,
            dimensions: values.get("embed.dimensions", value::count(1..=8192))?,
            dir_said: values.said("embed.model_dir"),
            dimensions_said: values.said("embed.dimensions"),
        };
        // Published under an organisation's name, `sentence-transformers/all-MiniLM-L6-v2`, it is the same.
        if embed.model_dir.is_none() && embed.model_name.rsplit('/').next() != Some(BUILT_IN_MODEL) {
            let remedy = format!(
                "the built-in model is {BUILT_IN_MODEL}; name the directory of another one in embed.model_dir \
                 (EMBED_MODEL_DIR)"
            );
            return Err(values.malformed("embed.model_name", remedy));
        }
        Ok(embed)
    }

    /// The error about a model that cannot be used.
    pub(crate) fn refuse_model(&self, why: String) -> ConfigErrors {
        refused("embed.model_dir", &self.dir_said, why)
    }

    /// The error about a model whose vectors have another length.
    pub(crate) fn refuse_dimensions(&self, model: &str, found: usize) -> ConfigErrors {
        let remedy = format!(
            "the model {model} gives vectors of {found} numbers; set embed.dimensions (VECTOR_DIM) to {found}, or choose another model"
        );
        refused("embed.dimensions", &self.dimensions_said, remedy)
    }
}

fn refused(key: &str, said: &Said, remedy: String) -> ConfigErrors {
    let (value, origin) = (format!("{:?}", said.text), said.origin.clone());
    ConfigErrors(vec![ConfigError::Malformed { key: key.to_owned(), value, origin, remedy }])
}

/// `[notify]`.
#[derive(Debug)]
pub(crate) struct Notify {
    pub(crate) edit_interval: Duration,
    pub(crate) tell_within: Duration,
}

impl Notify {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let short = |text: &str| {
            let length = value::duration(text)?;
            if length > SignedDuration::from_hours(1) {
                return Err(r#"must be at most "1h", or messages would say what is long past"#.to_owned());
            }
            Ok(length.unsigned_abs())
        };
        Ok(Self {
            edit_interval: values.get("notify.edit_interval", short)?,
            tell_within: values.get("notify.tell_within", short)?,
        })
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// A JSON object on each line.
    Json,
}

/// `[log]`.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) level: tracing::Level,
    pub(crate) format: LogFormat,
}

impl Log {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self { level: values.get("log.level", level)?, format: values.get("log.format", format)? })
    }
}

/// The levels of `tracing`, and the names that Python's logging has for them.
fn level(text: &str) -> Result<tracing::Level, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "error" | "critical" | "fatal" => tracing::Level::ERROR,
        "warn" | "warning" => tracing::Level::WARN,
        "info" => tracing::Level::INFO,
        "debug" => tracing::Level::DEBUG,
        "trace" => tracing::Level::TRACE,
        _ => return Err("write error, warn, info, debug or trace".to_owned()),
    })
}

fn format(text: &str) -> Result<LogFormat, String> {
    match text.to_ascii_lowercase().as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("write text or json".to_owned()),
    }
}
