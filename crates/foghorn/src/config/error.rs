//! What can be wrong with a configuration, in words that name key, value, place and remedy.

use super::layers::Origin;
use std::fmt;
use std::path::PathBuf;

/// One fault.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file is not there or cannot be read.
    #[error("cannot read the configuration file {path}: {detail}; check FOGHORN_CONFIG or --config")]
    Unreadable {
        /// As it was named.
        path: PathBuf,
        /// What the system says.
        detail: String,
    },
    /// The file is no TOML.
    #[error("{path} line {line}: {detail}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the reader says.
        detail: String,
    },
    /// Nobody knows the key.
    #[error("unknown key {key} ({origin}){hint}")]
    Unknown {
        /// The key's path.
        key: String,
        /// Who said it.
        origin: Origin,
        /// What may have been meant, or where the known ones are listed.
        hint: String,
    },
    /// The value cannot be what the key needs.
    #[error("{key} = {value} ({origin}): {remedy}")]
    Malformed {
        /// The key's path.
        key: String,
        /// The value as it may be shown: quoted, secrets hidden.
        value: String,
        /// Who said it.
        origin: Origin,
        /// What to write instead.
        remedy: String,
    },
}

/// Everything that is wrong with a configuration, a line each. The program ends with status 2.
#[derive(Debug)]
pub(crate) struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    /// Each of them as a sentence.
    pub(crate) fn each(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("configuration: ")?;
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n       configuration: ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}
