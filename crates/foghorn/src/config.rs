//! Configuration: what an operator may change, read once at start and checked before anything is served.
//!
//! [`keys`] knows every key, from the default file that is compiled in. [`layers`] lays defaults, file,
//! environment and flags on top of each other and remembers where each value came from. [`value`] turns a
//! value's text into what it means. One small struct for each concern ([`concern`], [`telling`]) asks for its keys by
//! name; [`effective`] shows what came of it with every secret hidden; [`unsupported`] names variables
//! that other installations set and this version cannot honour.

mod error;
pub(crate) mod value;
pub(crate) mod keys;
mod file;
mod layers;
mod concern;
mod llm;
mod database;
mod telling;
mod effective;
mod unsupported;
pub(crate) mod flags;

pub(crate) use concern::{
    Analysis, Audit, Detection, Embed, Http, Incidents, Intake, Log, LogFormat, Notify, Process, Redis, Storage,
};
pub(crate) use database::Database;
pub(crate) use effective::Effective;
pub(crate) use error::ConfigErrors;
pub(crate) use layers::Sources;
pub(crate) use llm::Llm;
pub(crate) use telling::{Email, PagerDuty, Routing, Slack, Watchman, Webhook};

use error::ConfigError;
use layers::Values;

/// The configuration in force.
#[derive(Debug)]
pub(crate) struct Config {
    /// What this process does.
    pub(crate) process: Process,
    /// The address, and who may call.
    pub(crate) http: Http,
    /// What sources may send.
    pub(crate) intake: Intake,
    /// Where everything is kept, and how long.
    pub(crate) storage: Storage,
    /// The database, where it is not a file.
    pub(crate) database: Database,
    /// What counts as a finding.
    pub(crate) detection: Detection,
    /// The periods of an incident's life.
    pub(crate) incidents: Incidents,
    /// Where the audit chain's heads go.
    pub(crate) audit: Audit,
    /// How incidents are explained.
    pub(crate) analysis: Analysis,
    /// The language model.
    pub(crate) llm: Llm,
    /// The sentence model.
    pub(crate) embed: Embed,
    /// How people are told.
    pub(crate) notify: Notify,
    /// Who is told about what.
    pub(crate) routing: Routing,
    /// Slack.
    pub(crate) slack: Slack,
    /// Mail.
    pub(crate) email: Email,
    /// PagerDuty.
    pub(crate) pagerduty: PagerDuty,
    /// Webhooks.
    pub(crate) webhook: Webhook,
    /// Redis, where other programs share it.
    pub(crate) redis: Redis,
    /// How Foghorn's own silence is noticed.
    pub(crate) watchman: Watchman,
    /// What Foghorn says about itself.
    pub(crate) log: Log,
    /// Every key with the value in force, for people.
    pub(crate) effective: Effective,
    /// What the operator should know, a sentence each; nothing that keeps the program from running.
    pub(crate) warnings: Vec<String>,
}

impl Config {
    /// Reads all layers. The errors are all that were found: one for each concern at least.
    pub(crate) fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let values = Values::read(sources, &mut errors, &mut warnings);
        warnings.extend(unsupported::warnings(&sources.environment));
        let config = Self::read(&values, warnings, &mut errors);
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(errors)),
        }
    }

    fn read(values: &Values, warnings: Vec<String>, errors: &mut Vec<ConfigError>) -> Option<Self> {
        let process = kept(Process::read(values), errors);
        let http = kept(Http::read(values), errors);
        let intake = kept(Intake::read(values), errors);
        let storage = kept(Storage::read(values), errors);
        let database = kept(Database::read(values), errors);
        let detection = kept(Detection::read(values), errors);
        let incidents = kept(Incidents::read(values), errors);
        let audit = kept(Audit::read(values), errors);
        let analysis = kept(Analysis::read(values), errors);
        let llm = kept(Llm::read(values), errors);
        let embed = kept(Embed::read(values), errors);
        let notify = kept(Notify::read(values), errors);
        let routing = kept(Routing::read(values), errors);
        let slack = kept(Slack::read(values), errors);
        let email = kept(Email::read(values), errors);
        let pagerduty = kept(PagerDuty::read(values), errors);
        let webhook = kept(Webhook::read(values), errors);
        let redis = kept(Redis::read(values), errors);
        let watchman = kept(Watchman::read(values), errors);
        let log = kept(Log::read(values), errors);
        Some(Self {
            process: process?,
            http: http?,
            intake: intake?,
            storage: storage?,
            database: database?,
            detection: detection?,
            incidents: incidents?,
            audit: audit?,
            analysis: analysis?,
            llm: llm?,
            embed: embed?,
            notify: notify?,
            routing: routing?,
            slack: slack?,
            email: email?,
            pagerduty: pagerduty?,
            webhook: webhook?,
            redis: redis?,
            watchman: watchman?,
            log: log?,
            effective: Effective::of(values),
            warnings,
        })
    }
}

fn kept<T>(read: Result<T, ConfigError>, errors: &mut Vec<ConfigError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

#[cfg(test)]
mod tests;
