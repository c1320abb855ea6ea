//! Requests and values: whatever their encodings are undone to, nothing may panic and every place has a name.
#![no_main]

use foghorn_detect::{Detectors, Subject};
use libfuzzer_sys::fuzz_target;
use serde_json::Map;
use std::sync::LazyLock;

static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::builtin);

fuzz_target!(|payload: &str| {
    let metadata = Map::new();
    for event_type in ["http_request", ""] {
        for finding in DETECTORS.examine(&Subject { event_type, payload, metadata: &metadata }) {
            assert!(finding.evidence.iter().all(|evidence| !evidence.at.is_empty()));
        }
    }
});
