//! What can go wrong with a spool.

use std::path::{Path, PathBuf};

/// The result of every call to a spool.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The room for records of this rank is taken.
    #[error("the spool is full: it holds {held} bytes of at most {limit} for records of this rank")]
    Full {
        /// Bytes held.
        held: u64,
        /// Bytes that records of this rank may fill the spool to.
        limit: u64,
    },
    /// The directory or a file in it cannot be used.
    #[error("cannot use the spool's {path}: {detail}")]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        detail: String,
    },
    /// Another process, or another handle of this one, has it.
    #[error("the spool {path} is in use")]
    InUse {
        /// Its directory.
        path: PathBuf,
    },
    /// The spool has been closed.
    #[error("the spool is closed")]
    Closed,
}

impl Error {
    pub(crate) fn unusable(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Unusable { path, detail: error.to_string() }
    }
}
