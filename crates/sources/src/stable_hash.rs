//! Short names made of longer things, the same on every machine and in every version.

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The first 64 bits of SHA-256 over the parts, as 16 hexadecimal digits. Each part is preceded by its
/// length, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub(crate) fn hex16<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    hex(parts, 8)
}

/// The first 128 bits, as 32 hexadecimal digits.
pub(crate) fn hex32<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    hex(parts, 16)
}

fn hex<'a>(parts: impl IntoIterator<Item = &'a [u8]>, bytes: usize) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(bytes).fold(String::with_capacity(2 * bytes), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
