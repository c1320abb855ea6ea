//! What the stages need to know, with the defaults of the embedded size.

use crate::own_rules::OwnRules;
use crate::receivers::ReceiverSettings;
use crate::roles::Roles;
use crate::shared_redis::RedisSettings;
use foghorn_domain::clock::SignedDuration;
use foghorn_llm::{ModelSettings, Script};
use foghorn_store::retention::Retention;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the stages. The periods that rule an incident's life are the store's
/// [`foghorn_domain::lifecycle::Policy`].
#[derive(Clone, Debug)]
pub struct Settings {
    /// What this process does.
    pub roles: Roles,
    /// Findings below this score, 0 to 1, are kept as evidence and open nothing.
    pub min_detection_score: f32,
    /// Characters of a payload that are carried into an incident or a message.
    pub max_payload_length: usize,
    /// How long a service's log stream is watched before an error line can be called new.
    pub learn: SignedDuration,
    /// New incidents of one service within an hour, beyond which further ones fold into one.
    pub new_fingerprints_per_hour: usize,
    /// Services with a memory of their own; further ones share one.
    pub max_services: usize,
    /// The user's own detection rules.
    pub rules: OwnRules,
    /// Incidents that begin within this of each other and share something are one telling.
    pub related_window: SignedDuration,
    /// What is kept, and how long.
    pub retention: Retention,
    /// The directory in which spools and keys lie.
    pub data_dir: PathBuf,
    /// Bytes that events may take on disk while the database is away.
    pub spool_bytes: u64,
    /// Where links in messages lead, without a slash at the end.
    pub public_url: Option<String>,
    /// Where signed heads of the audit chain are appended, outside the database.
    pub audit_heads: PathBuf,
    /// The signing key of those heads; made if it is not there.
    pub audit_key: PathBuf,
    /// A directory of users' playbooks.
    pub playbooks: Option<PathBuf>,
    /// Events triaged in one transaction at most.
    pub triage_batch: u32,
    /// The shortest time between two edits of one message.
    pub edit_interval: Duration,
    /// A message goes out within this, with what is known by then.
    pub tell_within: Duration,
    /// Whom to tell beside the dashboard.
    pub receivers: ReceiverSettings,
    /// The language model to ask; none where the built-in analyst works alone.
    pub model: Option<ModelSettings>,
    /// Answers in the model's place, in tests and evaluations.
    pub model_script: Option<Script>,
    /// Redis, if other programs share it.
    pub redis: Option<RedisSettings>,
    /// Called every minute for as long as an event comes through.
    pub heartbeat_url: Option<String>,
    /// Whether a source that falls silent beyond its rhythm is an incident.
    pub watch_sources: bool,
}

impl Settings {
    /// The defaults, for a data directory.
    pub fn new(data_dir: &std::path::Path) -> Self {
        Self {
            roles: Roles::ALL,
            min_detection_score: 0.3,
            max_payload_length: 2000,
            learn: SignedDuration::from_hours(24),
            new_fingerprints_per_hour: 200,
            max_services: 5_000,
            rules: OwnRules::default(),
            related_window: SignedDuration::from_mins(2),
            retention: Retention::default(),
            data_dir: data_dir.to_owned(),
            spool_bytes: 1 << 30,
            public_url: None,
            audit_heads: data_dir.join("audit-heads.jsonl"),
            audit_key: data_dir.join("audit.key"),
            playbooks: None,
            triage_batch: 2_000,
            edit_interval: Duration::from_secs(1),
            tell_within: Duration::from_secs(5),
            receivers: ReceiverSettings::default(),
            model: None,
            model_script: None,
            redis: None,
            heartbeat_url: None,
            watch_sources: true,
        }
    }
}
