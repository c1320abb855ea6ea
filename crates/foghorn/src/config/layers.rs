//! Defaults < file < environment < flags, each value with the place it came from.

use super::error::ConfigError;
use super::keys::{self, Key, keys};
use super::{file, value};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Where configuration may come from. The environment is handed in, so that tests need no real one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    /// `--config`; else `FOGHORN_CONFIG` of the environment counts.
    pub(crate) file: Option<PathBuf>,
    /// Every variable of the environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags as (path of the key, value).
    pub(crate) flags: Vec<(String, String)>,
}

impl Sources {
    /// The process's own environment with what was given on the command line.
    pub(crate) fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let text = |os: std::ffi::OsString| os.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Self { file, environment, flags }
    }

    /// A variable that is set to something.
    fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File {
        /// Its name as given.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// A variable.
    Environment(String),
    /// A flag, without its dashes.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{} line {line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A key's value in force.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) origin: Origin,
}

/// The value in force of every key.
#[derive(Debug)]
pub(super) struct Values(BTreeMap<&'static str, Said>);

impl Values {
    /// Reads all layers. What cannot be read goes to the errors, what an operator should know, a sentence
    /// each, to the warnings.
    pub(super) fn read(sources: &Sources, errors: &mut Vec<ConfigError>, warnings: &mut Vec<String>) -> Self {
        let default =
            |key: &'static Key| (key.path.as_str(), Said { text: key.default.clone(), origin: Origin::Default });
        let mut values = Self(keys().iter().map(default).collect());
        let named = sources.file.clone().or_else(|| sources.variable("FOGHORN_CONFIG").map(PathBuf::from));
        if let Some(path) = named {
            let entries = file::read(&path).map_err(|error| errors.push(error)).unwrap_or_default();
            for entry in entries {
                let origin = Origin::File { path: path.clone(), line: entry.line };
                values.set(&entry.path, entry.text, origin, errors);
            }
        }
        values.read_environment(sources, errors, warnings);
        for (path, text) in &sources.flags {
            let flag = keys::find(path).map_or_else(|| path.replace(['.', '_'], "-"), |key| key.flag.clone());
            values.set(path, text.clone(), Origin::Flag(flag), errors);
        }
        values
    }

    /// A key's value, read by one of the functions of [`value`].
    pub(super) fn get<T>(&self, path: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ConfigError> {
        let said = self.said(path);
        read(said.text.trim()).map_err(|remedy| self.malformed(path, remedy))
    }

    /// The error about a key's value, for rules that look at several keys.
    pub(super) fn malformed(&self, path: &str, remedy: String) -> ConfigError {
        let said = self.said(path);
        let is_secret = keys::find(path).is_some_and(|key| key.is_secret);
        let value =
            if is_secret { "(secret)".to_owned() } else { format!("{:?}", value::without_password(&said.text)) };
        ConfigError::Malformed { key: path.to_owned(), value, origin: said.origin, remedy }
    }

    pub(super) fn said(&self, path: &str) -> Said {
        let nothing = || Said { text: String::new(), origin: Origin::Default };
        self.0.get(path).cloned().unwrap_or_else(nothing)
    }

    fn set(&mut self, path: &str, text: String, origin: Origin, errors: &mut Vec<ConfigError>) {
        match keys::find(path) {
            Some(key) => {
                self.0.insert(&key.path, Said { text, origin });
            }
            None => errors.push(unknown(path, origin)),
        }
    }

    fn read_environment(&mut self, sources: &Sources, errors: &mut Vec<ConfigError>, warnings: &mut Vec<String>) {
        for key in keys() {
            let long = sources.variable(&key.environment).map(|value| (key.environment.as_str(), value));
            let short = key.environment_alias.and_then(|alias| Some((alias, sources.variable(alias)?)));
            if let (Some((long, value)), Some((short, other))) = (long, short)
                && value != other
            {
                warnings.push(format!("{short} and {long} differ; {long} counts"));
            }
            if let Some((name, value)) = long.or(short) {
                let origin = Origin::Environment(name.to_owned());
                self.0.insert(&key.path, Said { text: value.to_owned(), origin });
            }
        }
        for (name, value) in &sources.environment {
            let Some(rest) = name.strip_prefix("FOGHORN_").filter(|_| !value.is_empty()) else { continue };
            if keys().iter().any(|key| key.environment == *name || key.environment_alias == Some(name)) {
                continue;
            }
            if rest.contains("__") {
                let path = rest.replace("__", ".").to_ascii_lowercase();
                errors.push(unknown(&path, Origin::Environment(name.clone())));
            } else if !is_known_otherwise(rest) {
                warnings.push(format!(
                    "{name} is set and means nothing to this version; `foghorn serve --help` lists every name"
                ));
            }
        }
    }
}

/// `CONFIG` and `URL` are read elsewhere, and `CRASH_DIR` where crash tests are meant; `SERVICE_…` and `PORT…` are what
/// Kubernetes sets in every container for a service called foghorn.
fn is_known_otherwise(rest: &str) -> bool {
    let is_of_crash_tests = rest == "CRASH_DIR" && cfg!(any(debug_assertions, feature = "crash-points"));
    matches!(rest, "CONFIG" | "URL") || rest.starts_with("SERVICE_") || rest.starts_with("PORT") || is_of_crash_tests
}

fn unknown(path: &str, origin: Origin) -> ConfigError {
    let hint = match keys::nearest(path) {
        Some(key) => format!("; did you mean {}?", key.path),
        None => "; `foghorn serve --help` lists every key".to_owned(),
    };
    ConfigError::Unknown { key: path.to_owned(), origin, hint }
}
