//! From the configuration to what the other crates want to know.

use crate::config::{Config, ConfigErrors};
use foghorn_domain::secret::Secret;
use foghorn_embed::{EmbedError, Embedder};
use foghorn_pipeline::Settings;
use foghorn_pipeline::own_rules::OwnRules;
use foghorn_pipeline::receivers::{ReceiverSettings, SlackSettings};
use foghorn_sources::Limits;
use foghorn_store::Options;
use foghorn_store::Store;
use foghorn_store::retention::Retention;
use foghorn_web::WebConfig;
use std::net::SocketAddr;
use std::time::Duration;

/// How the store is opened.
pub(in crate::commands) fn store_options(config: &Config) -> Options {
    let defaults = Options::new(&config.storage.data_dir);
    let database = config.database.address.clone();
    let readers = if database.is_some() { config.database.readers } else { defaults.readers };
    Options { policy: config.incidents.policy.clone(), database, readers, ..defaults }
}

/// Opens the store, and waits for a database that is only not there yet.
pub(in crate::commands) async fn open_store(config: &Config) -> foghorn_store::Result<Store> {
    let mut pause = Duration::from_millis(500);
    loop {
        match Store::open(store_options(config)) {
            Err(error @ foghorn_store::Error::Unreachable { .. }) => {
                tracing::warn!(%error, retry_in_ms = pause.as_millis(), "the store cannot be opened yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(10));
            }
            opened => return opened,
        }
    }
}

/// What the stages need.
pub(in crate::commands) fn settings(config: &Config) -> Settings {
    let Config { storage, detection, audit, .. } = config;
    let defaults = Settings::new(&storage.data_dir);
    Settings {
        roles: config.process.roles,
        min_detection_score: detection.min_score,
        max_payload_length: detection.max_payload_length,
        learn: detection.learn,
        new_fingerprints_per_hour: detection.new_fingerprints_per_hour,
        max_services: detection.max_services,
        related_window: config.incidents.related_window,
        retention: Retention { max_age: storage.max_age, max_bytes: storage.max_bytes },
        spool_bytes: config.intake.spool_bytes,
        public_url: config.http.public_url.clone(),
        audit_heads: audit.heads_file.clone().unwrap_or(defaults.audit_heads),
        audit_key: audit.key_file.clone().unwrap_or(defaults.audit_key),
        playbooks: config.analysis.playbooks.clone(),
        edit_interval: config.notify.edit_interval,
        tell_within: config.notify.tell_within,
        receivers: receivers(config),
        model: config.llm.model.clone(),
        redis: config.redis.settings.clone(),
        heartbeat_url: config.watchman.heartbeat_url.as_ref().map(|url| url.expose().to_owned()),
        watch_sources: config.watchman.silent_sources,
        ..Settings::new(&storage.data_dir)
    }
}

/// The user's own detection rules.
///
/// # Errors
/// What is wrong with their file, a line for each fault.
pub(in crate::commands) fn rules(config: &Config) -> Result<OwnRules, Vec<String>> {
    OwnRules::load(config.detection.rules.as_deref())
}

/// Whom to tell beside the dashboard.
fn receivers(config: &Config) -> ReceiverSettings {
    let Config { routing, slack, email, pagerduty, webhook, .. } = config;
    ReceiverSettings {
        routing_file: routing.file.clone(),
        slack: SlackSettings {
            api_url: slack.api_url.clone(),
            bot_token: slack.bot_token.clone(),
            signing_secret: slack.signing_secret.clone(),
            app_token: slack.app_token.clone(),
            channel: slack.channel.clone(),
            team_id: slack.team_id.clone(),
            people: slack.people.clone(),
            answer_within: None,
        },
        smtp_url: email.smtp_url.clone(),
        mail_from: email.from.clone(),
        mail_to: email.to.clone(),
        pagerduty_routing_key: pagerduty.routing_key.clone(),
        pagerduty_events_url: pagerduty.events_url.clone(),
        webhook_allow: webhook.allow.clone(),
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, Secret::new(value.into_string().ok()?))))
            .collect(),
        is_rehearsal: false,
    }
}

/// What the web needs. `address` is the one that is really listened on.
pub(in crate::commands) fn web_config(config: &Config, address: SocketAddr) -> WebConfig {
    let Config { http, intake, .. } = config;
    WebConfig {
        listen: address,
        api_token: http.api_token.as_ref().map(|token| token.expose().to_owned()),
        require_token: http.require_token,
        intake_key: intake.key.as_ref().map(|key| key.expose().to_owned()),
        intake_open: intake.open,
        max_body_bytes: intake.max_body_bytes,
        max_waiting: foghorn_web::ROOM,
        limits: Limits {
            payload_bytes: intake.max_payload_bytes,
            metadata_bytes: intake.max_metadata_bytes,
            ..Limits::default()
        },
        effective_config: config.effective.json(),
        public_url: http.public_url.clone(),
    }
}

/// The sentence model. None where this program was built without one and none is named; whoever goes on then
/// says so.
pub(crate) fn embedder(config: &Config) -> Result<Option<Embedder>, ConfigErrors> {
    let embed = &config.embed;
    let loaded = match &embed.model_dir {
        Some(directory) => Embedder::from_dir(directory, &embed.model_name),
        None => Embedder::bundled(),
    };
    let embedder = match loaded {
        Err(EmbedError::NotBundled) => return Ok(None),
        loaded => loaded.map_err(|error| embed.refuse_model(error.to_string()))?,
    };
    if embedder.dimensions() != embed.dimensions {
        return Err(embed.refuse_dimensions(embedder.model_name(), embedder.dimensions()));
    }
    Ok(Some(embedder))
}

/// What whoever goes on without a sentence model says.
pub(in crate::commands) const WORDS_ALONE: &str = "this foghorn was built without a sentence model and embed.model_dir (EMBED_MODEL_DIR) names none: similar \
     incidents are found by shared words alone";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;
    use foghorn_domain::clock::SignedDuration;
    use foghorn_domain::lifecycle::Policy;
    use foghorn_llm::budget::{self, Limit};
    use foghorn_llm::{ModelSettings, Prices};
    use std::collections::HashMap;
    use std::path::Path;

    fn config(flags: &[(&str, &str)]) -> Config {
        let flags = flags.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        Config::load(&Sources { flags, ..Sources::default() }).unwrap()
    }

    #[test]
    fn without_configuration_the_stages_have_their_own_defaults() {
        let (config, directory) = (config(&[]), Path::new("./foghorn-data"));
        assert_eq!(format!("{:?}", settings(&config)), format!("{:?}", Settings::new(directory)));
        assert_eq!(format!("{:?}", store_options(&config).policy), format!("{:?}", Policy::default()));
        let web = web_config(&config, config.http.listen);
        assert_eq!(web.limits, Limits::default());
    }

    #[test]
    fn every_value_arrives_where_it_counts() {
        let config = config(&[
            ("store.data_dir", "/d"),
            ("store.max_age", "1d"),
            ("store.max_bytes", "1GB"),
            ("detection.min_score", "0.9"),
            ("detection.max_payload_length", "123"),
            ("detection.learn", "1m"),
            ("detection.new_fingerprints_per_hour", "4"),
            ("detection.max_services", "5"),
            ("incidents.reopen_window", "6m"),
            ("incidents.quiet_after", "7m"),
            ("incidents.resolve_grace", "8m"),
            ("incidents.flap_changes", "3"),
            ("incidents.flap_window", "9m"),
            ("incidents.flap_calm", "10m"),
            ("incidents.false_positive_mute", "11m"),
            ("incidents.related_window", "12m"),
            ("audit.heads_file", "/h"),
            ("audit.key_file", "/k"),
            ("analysis.playbooks", "/p"),
            ("llm.api_key", "sk-1"),
            ("llm.base_url", "http://127.0.0.1:3/v1/"),
            ("llm.model", "m"),
            ("llm.call_deadline", "4s"),
            ("llm.incident_deadline", "5s"),
            ("llm.concurrency", "6"),
            ("llm.tokens_per_incident", "7"),
            ("llm.tokens_per_hour", "8"),
            ("llm.tokens_per_day", "9"),
            ("llm.dollars_per_hour", "1.5"),
            ("llm.dollars_per_day", "2"),
            ("llm.input_price", "0.15"),
            ("llm.output_price", "0.6"),
            ("notify.edit_interval", "2s"),
            ("notify.tell_within", "3s"),
            ("routing.file", "/r"),
            ("slack.bot_token", "xoxb-1"),
            ("slack.signing_secret", "s"),
            ("slack.app_token", "xapp-1"),
            ("slack.channel", "#c"),
            ("slack.api_url", "http://127.0.0.1:1/api/"),
            ("slack.team_id", "T1"),
            ("slack.people", "U1=ana"),
            ("email.smtp_url", "smtp://u:p@mail.example.org"),
            ("email.from", "f@x.org"),
            ("email.to", "a@x.org, b@x.org"),
            ("pagerduty.routing_key", "k"),
            ("pagerduty.events_url", "http://127.0.0.1:2"),
            ("webhook.allow", "10.0.0.0/8"),
            ("watchman.heartbeat_url", "https://beat.example.org/x"),
            ("watchman.silent_sources", "false"),
            ("http.public_url", "https://x/"),
        ]);
        let minutes = SignedDuration::from_mins;
        let expected = Settings {
            min_detection_score: 0.9,
            max_payload_length: 123,
            learn: minutes(1),
            new_fingerprints_per_hour: 4,
            max_services: 5,
            rules: OwnRules::default(),
            related_window: minutes(12),
            retention: Retention { max_age: SignedDuration::from_hours(24), max_bytes: 1_000_000_000 },
            public_url: Some("https://x".to_owned()),
            audit_heads: "/h".into(),
            audit_key: "/k".into(),
            playbooks: Some("/p".into()),
            edit_interval: Duration::from_secs(2),
            tell_within: Duration::from_secs(3),
            receivers: ReceiverSettings {
                routing_file: Some("/r".into()),
                slack: SlackSettings {
                    api_url: Some("http://127.0.0.1:1/api".to_owned()),
                    bot_token: Some(Secret::new("xoxb-1")),
                    signing_secret: Some(Secret::new("s")),
                    app_token: Some(Secret::new("xapp-1")),
                    channel: "#c".to_owned(),
                    team_id: Some("T1".to_owned()),
                    people: HashMap::from([("U1".to_owned(), "ana".to_owned())]),
                    ..SlackSettings::default()
                },
                smtp_url: Some(Secret::new("smtp://u:p@mail.example.org")),
                mail_from: "f@x.org".to_owned(),
                mail_to: vec!["a@x.org".to_owned(), "b@x.org".to_owned()],
                pagerduty_routing_key: Some(Secret::new("k")),
                pagerduty_events_url: Some("http://127.0.0.1:2".to_owned()),
                webhook_allow: vec!["10.0.0.0/8".to_owned()],
                ..ReceiverSettings::default()
            },
            model: Some(ModelSettings {
                api_key: Some(Secret::new("sk-1")),
                call_deadline: Duration::from_secs(4),
                question_deadline: Duration::from_secs(5),
                concurrency: 6,
                limits: budget::Limits {
                    of_subject: Limit { tokens: 7, micro_dollars: 0 },
                    of_hour: Limit { tokens: 8, micro_dollars: 1_500_000 },
                    of_day: Limit { tokens: 9, micro_dollars: 2_000_000 },
                },
                prices: Prices { input: 0.15, output: 0.6 },
                ..ModelSettings::new("http://127.0.0.1:3/v1", "m")
            }),
            heartbeat_url: Some("https://beat.example.org/x".to_owned()),
            watch_sources: false,
            ..Settings::new(Path::new("/d"))
        };
        assert_eq!(format!("{:?}", settings(&config)), format!("{expected:?}"));
        let options = store_options(&config);
        let policy = Policy {
            reopen_window: minutes(6),
            quiet_after: minutes(7),
            resolve_grace: minutes(8),
            flap_changes: 3,
            flap_window: minutes(9),
            flap_calm: minutes(10),
            false_positive_mute: minutes(11),
        };
        assert_eq!(
            (options.data_dir.as_path(), format!("{:?}", options.policy)),
            (Path::new("/d"), format!("{policy:?}"))
        );
    }

    #[test]
    fn the_web_learns_who_may_call_and_how_much_may_come() {
        let config = config(&[
            ("http.api_token", "the-token-of-this-test"),
            ("http.require_token", "true"),
            ("intake.key", "the-key-of-this-test"),
            ("intake.open", "true"),
            ("intake.max_body_bytes", "3MiB"),
            ("intake.max_payload_bytes", "2kB"),
            ("intake.max_metadata_bytes", "1kB"),
        ]);
        let address = SocketAddr::from(([127, 0, 0, 1], 4242));
        let web = web_config(&config, address);
        assert_eq!((web.api_token.as_deref(), web.require_token), (Some("the-token-of-this-test"), true));
        assert_eq!((web.intake_key.as_deref(), web.intake_open), (Some("the-key-of-this-test"), true));
        assert_eq!((web.listen, web.max_body_bytes), (address, 3 * 1024 * 1024));
        assert_eq!((web.limits.payload_bytes, web.limits.metadata_bytes), (2_000, 1_000));
        assert_eq!(web.effective_config["http"]["api_token"], "SET");
    }
}
