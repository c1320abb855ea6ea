//! Placeholder until the audit chain is written here.
#![allow(missing_docs)]
use crate::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuditEntry { pub id: i64, pub incident_id: Option<i64>, pub who: String, pub action: String, pub details: Value, pub created_at: Timestamp, pub prev_hash: String, pub hash: String }
pub fn entry_hash(_p: &str, id: i64, _i: Option<i64>, _w: &str, _a: &str, _d: &str, _c: &str) -> String { format!("{id}") }
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Head { pub id: i64, pub hash: String, pub at: Timestamp, pub signature: String, pub key_id: String }
pub fn sign_head(_k: &ed25519_dalek::SigningKey, id: i64, hash: &str, at: Timestamp) -> Head { Head { id, hash: hash.to_owned(), at, signature: String::new(), key_id: String::new() } }
