//! Signed heads: what the chain's end was at a moment, kept where the database cannot be used to change
//! it. One JSON object a line, appended to a file, every minute.

use super::{from_hex, to_hex};
use crate::clock::Timestamp;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The chain's last row at a moment, signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last sealed row's id.
    pub id: i64,
    /// Its hash, 64 lower-case hexadecimal digits.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
    /// Ed25519 over `foghorn-audit-head`, the id, the hash and the moment as RFC 3339, with a zero byte
    /// between each two; 128 hexadecimal digits.
    pub signature: String,
    /// Which key signed it: see [`key_id`].
    pub key_id: String,
}

/// Why a head cannot be relied on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The line is no head.
    #[error("this is not a signed head ({reason}); give a file with one JSON object a line, as the server writes them")]
    Malformed {
        /// What the parser said.
        reason: String,
    },
    /// Another key signed it.
    #[error(
        "the head of row {id} was signed with key {signed_with}, not with {given}; give the public key that belongs to it"
    )]
    OtherKey {
        /// The row the head names.
        id: i64,
        /// The key the head names.
        signed_with: String,
        /// The key it was checked with.
        given: String,
    },
    /// The signature does not fit the head.
    #[error("the signature of the head of row {id} is wrong: the head was changed or forged; do not rely on it")]
    WrongSignature {
        /// The row the head names.
        id: i64,
    },
    /// The text is no public key.
    #[error("this is not a public key; it has 64 hexadecimal digits")]
    MalformedKey,
}

impl Head {
    /// Reads a head from one line. Its signature is [`verify_head`]'s affair.
    pub fn from_line(line: &str) -> Result<Self, HeadError> {
        let malformed = |reason: String| HeadError::Malformed { reason };
        let head: Self = serde_json::from_str(line).map_err(|error| malformed(error.to_string()))?;
        if from_hex::<32>(&head.hash).is_none() {
            return Err(malformed("its hash has not 64 hexadecimal digits".to_owned()));
        }
        Ok(head)
    }

    /// The head as one line of JSON, without the line's end.
    pub fn to_line(&self) -> String {
        let Self { id, hash, at, signature, key_id } = self;
        serde_json::json!({ "id": id, "hash": hash, "at": at, "signature": signature, "key_id": key_id }).to_string()
    }
}

/// Signs the chain's last row. `key` is made from its 32 secret bytes by [`SigningKey::from_bytes`].
pub fn sign_head(key: &SigningKey, id: i64, hash: &str, at: Timestamp) -> Head {
    let signature = key.sign(&signed_bytes(id, hash, at));
    Head {
        id,
        hash: hash.to_owned(),
        at,
        signature: to_hex(&signature.to_bytes()),
        key_id: key_id(&key.verifying_key()),
    }
}

/// Whether `public` signed this very head.
pub fn verify_head(public: &VerifyingKey, head: &Head) -> Result<(), HeadError> {
    let given = key_id(public);
    if head.key_id != given {
        return Err(HeadError::OtherKey { id: head.id, signed_with: head.key_id.clone(), given });
    }
    let wrong = HeadError::WrongSignature { id: head.id };
    let signature = from_hex::<64>(&head.signature).ok_or_else(|| wrong.clone())?;
    public
        .verify_strict(&signed_bytes(head.id, &head.hash, head.at), &Signature::from_bytes(&signature))
        .map_err(|_| wrong)
}

/// The name of a key: the first 16 hexadecimal digits of the SHA-256 of its public half.
pub fn key_id(public: &VerifyingKey) -> String {
    to_hex(&Sha256::digest(public.as_bytes())[..8])
}

/// A public key as text, 64 hexadecimal digits.
pub fn verifying_key_text(public: &VerifyingKey) -> String {
    to_hex(public.as_bytes())
}

/// The reverse of [`verifying_key_text`]; white space around it is ignored.
pub fn parse_verifying_key(text: &str) -> Result<VerifyingKey, HeadError> {
    let bytes = from_hex::<32>(text.trim()).ok_or(HeadError::MalformedKey)?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| HeadError::MalformedKey)
}

fn signed_bytes(id: i64, hash: &str, at: Timestamp) -> Vec<u8> {
    format!("foghorn-audit-head\0{id}\0{hash}\0{at}").into_bytes()
}
