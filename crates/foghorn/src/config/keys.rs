//! Every key there is. The list is made from `config/foghorn.default.toml`, so that a key cannot exist
//! without a default and a comment, and nobody keeps a second list.

use super::file;
use std::path::Path;
use std::sync::LazyLock;

/// The default file, compiled in.
pub(crate) const DEFAULT_FILE: &str = include_str!("../../../../config/foghorn.default.toml");

/// One key of the configuration.
#[derive(Debug)]
pub(crate) struct Key {
    /// `intake.max_body_bytes`.
    pub(crate) path: String,
    /// The default as text; empty for a key that is not set.
    pub(crate) default: String,
    /// The comment that stands above it in the default file.
    pub(crate) about: String,
    /// `FOGHORN_INTAKE__MAX_BODY_BYTES`.
    pub(crate) environment: String,
    /// A second, shorter name in the environment.
    pub(crate) environment_alias: Option<&'static str>,
    /// `intake-max-body-bytes`.
    pub(crate) flag: String,
    /// A second, shorter flag.
    pub(crate) flag_alias: Option<&'static str>,
    /// Whether its value must never be shown.
    pub(crate) is_secret: bool,
}

impl Key {
    /// Whether it is `true` or `false`, so that its flag may stand alone.
    pub(crate) fn is_switch(&self) -> bool {
        matches!(self.default.as_str(), "true" | "false")
    }
}

/// Keys whose values are shown as `SET` or `NOT SET`.
const SECRETS: [&str; 11] = [
    "database.url",
    "http.api_token",
    "intake.key",
    "llm.api_key",
    "slack.bot_token",
    "slack.signing_secret",
    "slack.app_token",
    "redis.url",
    "email.smtp_url",
    "pagerduty.routing_key",
    "watchman.heartbeat_url",
];

/// Names that were there before the systematic ones, or are typed often: path, in the environment, as a flag.
const ALIASES: [(&str, &str, Option<&str>); 30] = [
    ("database.url", "DATABASE_URL", None),
    ("process.roles", "FOGHORN_ROLES", Some("roles")),
    ("http.listen", "FOGHORN_LISTEN", Some("listen")),
    ("http.api_token", "FOGHORN_API_TOKEN", Some("api-token")),
    ("http.public_url", "FOGHORN_PUBLIC_URL", Some("public-url")),
    ("store.data_dir", "FOGHORN_DATA_DIR", Some("data-dir")),
    ("detection.min_score", "MIN_DETECTION_SCORE", None),
    ("detection.max_payload_length", "MAX_PAYLOAD_LENGTH", None),
    ("llm.api_key", "OPENAI_API_KEY", None),
    ("llm.base_url", "OPENAI_BASE_URL", None),
    ("llm.model", "OPENAI_MODEL", None),
    ("embed.model_dir", "EMBED_MODEL_DIR", None),
    ("embed.model_name", "EMBED_MODEL_NAME", None),
    ("embed.dimensions", "VECTOR_DIM", None),
    ("routing.file", "FOGHORN_ROUTES", Some("routes")),
    ("slack.bot_token", "SLACK_BOT_TOKEN", None),
    ("slack.signing_secret", "SLACK_SIGNING_SECRET", None),
    ("slack.app_token", "SLACK_APP_TOKEN", None),
    ("slack.channel", "SLACK_CHANNEL", None),
    ("slack.api_url", "SLACK_API_URL", None),
    ("email.smtp_url", "SMTP_URL", None),
    ("email.from", "SMTP_FROM", None),
    ("email.to", "SMTP_TO", None),
    ("pagerduty.routing_key", "PAGERDUTY_ROUTING_KEY", None),
    ("pagerduty.events_url", "PAGERDUTY_EVENTS_URL", None),
    ("watchman.heartbeat_url", "FOGHORN_HEARTBEAT_URL", None),
    ("redis.url", "REDIS_URL", None),
    ("redis.channel", "REDIS_CHANNEL", None),
    ("redis.queue", "QUEUE_NAME", None),
    ("log.level", "LOG_LEVEL", None),
];

/// All keys, in the order of the default file.
pub(crate) fn keys() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(read_keys);
    &KEYS
}

/// The key with this path.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    keys().iter().find(|key| key.path == path)
}

/// The known key that a misspelt one is nearest to, if any is near.
pub(crate) fn nearest(path: &str) -> Option<&'static Key> {
    let near = |key: &&Key| distance(path, &key.path);
    keys().iter().min_by_key(near).filter(|key| distance(path, &key.path) <= 2 + path.len() / 6)
}

fn read_keys() -> Vec<Key> {
    // The file is part of the program; a test reads it, so an error here cannot reach an operator.
    let entries = file::entries(DEFAULT_FILE, Path::new("foghorn.default.toml")).unwrap_or_default();
    let lines: Vec<&str> = DEFAULT_FILE.lines().collect();
    entries.into_iter().map(|entry| key(entry, &lines)).collect()
}

fn key(entry: file::Entry, lines: &[&str]) -> Key {
    let above = lines.get(..entry.line.saturating_sub(1)).unwrap_or_default();
    let mut comment: Vec<&str> = above.iter().rev().map_while(|line| line.strip_prefix("# ")).collect();
    comment.reverse();
    let alias = ALIASES.iter().find(|(path, ..)| *path == entry.path);
    Key {
        default: entry.text,
        about: comment.join(" "),
        environment: format!("FOGHORN_{}", entry.path.replace('.', "__").to_ascii_uppercase()),
        environment_alias: alias.map(|(_, environment, _)| *environment),
        flag: entry.path.replace(['.', '_'], "-"),
        flag_alias: alias.and_then(|(.., flag)| *flag),
        is_secret: SECRETS.contains(&entry.path.as_str()),
        path: entry.path,
    }
}

/// How many letters must change to make one word the other (Levenshtein, one row at a time).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(100).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_key_has_a_comment_and_names_of_its_own() {
        let mut names = HashSet::new();
        assert!(keys().len() > 30, "{} keys", keys().len());
        for key in keys() {
            assert!(key.about.len() > 10, "{} has no comment: {:?}", key.path, key.about);
            assert!(names.insert(&key.flag) && names.insert(&key.environment), "{} shares a name", key.path);
        }
    }

    #[test]
    fn aliases_and_secrets_are_of_keys_that_exist() {
        for path in ALIASES.iter().map(|(path, ..)| path).chain(&SECRETS) {
            assert!(find(path).is_some(), "{path}");
        }
        let listen = find("http.listen").unwrap();
        assert_eq!((listen.environment.as_str(), listen.flag.as_str()), ("FOGHORN_HTTP__LISTEN", "http-listen"));
        assert_eq!((listen.environment_alias, listen.flag_alias), (Some("FOGHORN_LISTEN"), Some("listen")));
    }

    #[test]
    fn a_misspelt_key_is_recognised() {
        let check = |misspelt, meant: Option<&str>| {
            assert_eq!(nearest(misspelt).map(|key| key.path.as_str()), meant, "{misspelt}");
        };
        check("intake.max_body_bites", Some("intake.max_body_bytes"));
        check("http.listn", Some("http.listen"));
        check("store.datadir", Some("store.data_dir"));
        check("smtp.host_name", None);
    }
}
