//! Signed heads of the audit chain, appended to a file outside the database. Somebody who rewrites or cuts
//! the chain in the database would have to rewrite the file too, and sign it.

use ed25519_dalek::SigningKey;
use foghorn_domain::audit::{Head, sign_head};
use foghorn_store::Store;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Publishes heads.
pub struct HeadPublisher {
    store: Store,
    key: SigningKey,
    file: PathBuf,
    last: std::sync::Mutex<i64>,
}

impl HeadPublisher {
    /// Reads the key, or makes one that only this user can read.
    pub fn open(store: Store, key_file: &Path, file: &Path) -> std::io::Result<Self> {
        let key = read_or_make_key(key_file)?;
        end_torn_line(file)?;
        let last = read_heads(file).last().map_or(0, |head| head.id);
        Ok(Self { store, key, file: file.to_owned(), last: std::sync::Mutex::new(last) })
    }

    /// What this Foghorn is told apart from others by: the start of its public key.
    pub fn origin(&self) -> String {
        self.key.verifying_key().as_bytes()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Appends a head if the chain has grown since the last one. `true` if it did.
    pub async fn publish(&self) -> Result<bool, Error> {
        let Some((id, hash)) = self.store.audit_tip().await? else { return Ok(false) };
        if *lock(&self.last) == id {
            return Ok(false);
        }
        let head = sign_head(&self.key, id, &hash, self.store.clock().now());
        let mut line = serde_json::to_string(&head).map_err(std::io::Error::from)?;
        line.push('\n');
        let mut file = std::fs::File::options().create(true).append(true).open(&self.file)?;
        file.write_all(line.as_bytes())?;
        file.sync_data()?;
        *lock(&self.last) = id;
        Ok(true)
    }
}

/// What can go wrong while publishing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] foghorn_store::Error),
    /// The file could not be written.
    #[error("cannot write the file of audit heads: {0}")]
    File(#[from] std::io::Error),
}

fn lock(last: &std::sync::Mutex<i64>) -> std::sync::MutexGuard<'_, i64> {
    last.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A process that died while it appended leaves half a line; the next head must not stand behind it.
fn end_torn_line(file: &Path) -> std::io::Result<()> {
    match std::fs::read(file) {
        Ok(bytes) if bytes.last().is_some_and(|last| *last != b'\n') => {
            std::fs::File::options().append(true).open(file)?.write_all(b"\n")
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The heads in a file, oldest first; lines that are no heads are passed over.
pub fn read_heads(file: &Path) -> Vec<Head> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn read_or_make_key(file: &Path) -> std::io::Result<SigningKey> {
    match std::fs::read(file) {
        Ok(bytes) => {
            let seed: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
                std::io::Error::other(format!("{} does not hold the 32 bytes of an audit key", file.display()))
            })?;
            Ok(SigningKey::from_bytes(&seed))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| std::io::Error::other(error.to_string()))?;
            let mut options = std::fs::File::options();
            options.create_new(true).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut made = options.open(file)?;
            made.write_all(&seed)?;
            made.sync_all()?;
            Ok(SigningKey::from_bytes(&seed))
        }
        Err(error) => Err(error),
    }
}
