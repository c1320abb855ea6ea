//! The audit chain: who did what, in an order that cannot be changed without being noticed.
//!
//! The cast:
//!
//! * An [`AuditEntry`] is a row of `audit_logs`. Its `hash` is [`entry_hash`] of everything else in it,
//!   the hash of the row before it included, so that each row vouches for all before it. The first row
//!   follows [`GENESIS`].
//! * A row that somebody else wrote has no hash. The next append *seals* it: gives it its place in the
//!   chain. Until then it waits at the end of the table.
//! * A [`Head`] is the chain's last id and hash, signed, and kept outside the database. It vouches for
//!   everything up to it, so a chain that was cut off or computed anew no longer fits it.
//! * The [`Verifier`] is handed every row, in the order of their ids, once, and every head there is, and
//!   answers with a [`Report`] of [`Problem`]s that name the rows.
//!
//! Rows are hashed as the store keeps them, as text: what `details` and `created_at` mean is of no
//! concern here, only that they still read as they did.

mod head;
mod problem;
mod report;
/// Names under which Foghorn itself and its doors write to the audit log.
const NAMES_OF_THE_SYSTEM: [&str; 8] =
    ["agent", "triage", "foghorn", "source", "external", "dashboard", "api-token", "system"];

/// Whether `who` of that name would be Foghorn itself or one of its doors: no person and no key may have it.
pub fn is_name_of_the_system(name: &str) -> bool {
    NAMES_OF_THE_SYSTEM.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
}

#[cfg(test)]
mod tests;
mod verifier;

pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use head::{Head, HeadError, key_id, parse_verifying_key, sign_head, verify_head, verifying_key_text};
pub use problem::Problem;
pub use report::Report;
pub use verifier::{Anchor, IdSequence, StoredRow, Verifier};

use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// One row of the audit log, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The store's number for the row, from 1 on, growing.
    pub id: i64,
    /// The incident it is about, if it is about one.
    pub incident_id: Option<i64>,
    /// Who did it: a person's name as the token or the signature gives it, or a part of Foghorn.
    pub who: String,
    /// What was done, in the past tense: `acknowledged`, `notified`, `slack_failed`, …
    pub action: String,
    /// What belongs to it: ids, digests and values, never text from outside that was not redacted.
    pub details: Value,
    /// When it was written, on the store's clock.
    pub created_at: Timestamp,
    /// The hash of the row before it, [`GENESIS`] for the first; empty while the row waits to be sealed.
    pub prev_hash: String,
    /// The row's own hash, 64 hexadecimal digits; empty while the row waits to be sealed.
    pub hash: String,
}

/// What the first row of a chain has for the hash of the row before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash of a row: SHA-256 in 64 lower-case hexadecimal digits.
///
/// `details` and `created_at` are the texts that the store keeps and gives back. Each field goes in
/// behind its length in bytes (eight bytes, big-endian), and an absent incident differs from every
/// number, so no two rows are hashed from the same bytes.
pub fn entry_hash(
    prev_hash: &str,
    id: i64,
    incident_id: Option<i64>,
    who: &str,
    action: &str,
    details: &str,
    created_at: &str,
) -> String {
    let incident_id = incident_id.map(|id| id.to_string()).unwrap_or_default();
    let mut hasher = Sha256::new();
    hasher.update(b"foghorn-audit-entry\0");
    for field in [prev_hash, &id.to_string(), &incident_id, who, action, details, created_at] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    to_hex(&hasher.finalize())
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

fn from_hex<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    if digits.len() == 2 * LENGTH { bytes.try_into().ok() } else { None }
}
