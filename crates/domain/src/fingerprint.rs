//! Fingerprints: what makes two events the same trouble.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// Version of the way fingerprints are made. An open incident keeps the fingerprint it was born with.
pub const VERSION: &str = "1";

/// A stable name for one trouble: 32 hexadecimal digits behind the algorithm's version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of something found in a stream of events: environment, service, kind, template.
    pub fn of_template(environment: &str, service: &str, kind: &str, template: &str) -> Self {
        Self::digest(&["template", environment, service, kind, template])
    }

    /// The fingerprint of something that the source names itself.
    pub fn of_key(source: &str, dedup_key: &str) -> Self {
        Self::digest(&["key", source, dedup_key])
    }

    /// The fingerprint of an incident that somebody else wrote into the store.
    pub fn of_row(incident_id: i64) -> Self {
        Self::digest(&["row", &incident_id.to_string()])
    }

    /// A fingerprint as the store gives it back.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn digest(parts: &[&str]) -> Self {
        use fmt::Write;
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut text = format!("{VERSION}-");
        for byte in &hash.finalize()[..16] {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
