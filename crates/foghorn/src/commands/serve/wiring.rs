//! From the configuration to what the other crates want to know.

use crate::config::Config;
use foghorn_pipeline::Settings;
use foghorn_sources::Limits;
use foghorn_store::sqlite::Options;
use foghorn_store::sqlite::retention::Retention;
use foghorn_web::WebConfig;
use std::net::SocketAddr;

/// How the store is opened.
pub(super) fn store_options(config: &Config) -> Options {
    Options { policy: config.incidents.policy.clone(), ..Options::new(&config.storage.data_dir) }
}

/// What the stages need.
pub(super) fn settings(config: &Config) -> Settings {
    let Config { storage, detection, audit, .. } = config;
    let defaults = Settings::new(&storage.data_dir);
    Settings {
        min_detection_score: detection.min_score,
        max_payload_length: detection.max_payload_length,
        learn: detection.learn,
        new_fingerprints_per_hour: detection.new_fingerprints_per_hour,
        max_services: detection.max_services,
        related_window: config.incidents.related_window,
        retention: Retention { max_age: storage.max_age, max_bytes: storage.max_bytes },
        public_url: config.http.public_url.clone(),
        audit_heads: audit.heads_file.clone().unwrap_or(defaults.audit_heads),
        audit_key: audit.key_file.clone().unwrap_or(defaults.audit_key),
        playbooks: config.analysis.playbooks.clone(),
        edit_interval: config.notify.edit_interval,
        ..Settings::new(&storage.data_dir)
    }
}

/// What the web needs. `address` is the one that is really listened on.
pub(super) fn web_config(config: &Config, address: SocketAddr) -> WebConfig {
    let Config { http, intake, .. } = config;
    WebConfig {
        listen: address,
        api_token: http.api_token.as_ref().map(|token| token.expose().to_owned()),
        require_token: http.require_token,
        intake_key: intake.key.as_ref().map(|key| key.expose().to_owned()),
        intake_open: intake.open,
        max_body_bytes: intake.max_body_bytes,
        limits: Limits {
            payload_bytes: intake.max_payload_bytes,
            metadata_bytes: intake.max_metadata_bytes,
            ..Limits::default()
        },
        effective_config: config.effective.json(),
        public_url: http.public_url.clone(),
    }
}
