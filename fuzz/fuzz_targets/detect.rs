//! Events with their metadata: scores stay in their range and every finding has its reason.
#![no_main]

use foghorn_detect::{Detectors, Subject};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;

static DETECTORS: LazyLock<Detectors> = LazyLock::new(Detectors::builtin);

fuzz_target!(|event: (&str, &str, &str)| {
    let (event_type, payload, metadata) = event;
    let Ok(Value::Object(metadata)) = serde_json::from_str(metadata) else { return };
    for finding in DETECTORS.examine(&Subject { event_type, payload, metadata: &metadata }) {
        assert!((0.0..=1.0).contains(&finding.score) && !finding.evidence.is_empty());
    }
});
