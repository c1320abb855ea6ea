//! How large the parts of an event may be.

/// How large the parts of an event may be. What is larger is refused with an error that names the
/// field, the limit and the size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest `source`, in characters. Default 255.
    pub source_chars: usize,
    /// Longest `type`, in characters. Default 255.
    pub type_chars: usize,
    /// Longest `payload`, in bytes of UTF-8. Default 1 MiB.
    pub payload_bytes: usize,
    /// Largest `metadata`, in bytes as compact JSON, unknown fields included. Default 256 KiB.
    pub metadata_bytes: usize,
    /// Longest `dedup_key`, `episode` and `idempotency_key`, in characters. Default 255.
    pub key_chars: usize,
    /// Most events in one body: elements of an array, or lines that are not blank. Default 50,000. Every
    /// element costs memory, however short it is, and a body of ten megabytes has room for five million.
    pub events_per_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_chars: 255,
            type_chars: 255,
            payload_bytes: 1024 * 1024,
            metadata_bytes: 256 * 1024,
            key_chars: 255,
            events_per_body: 50_000,
        }
    }
}
