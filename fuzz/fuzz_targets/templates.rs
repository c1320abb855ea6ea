//! Log lines: a line has the same template each time, and a restored miner agrees.
#![no_main]

use foghorn_detect::header;
use foghorn_detect::template::Miner;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut miner = Miner::with_capacity(20);
    let mut rows = Vec::new();
    for line in text.lines() {
        let message = header::parse(line).message;
        let learned = miner.learn(&message);
        rows.extend(miner.rows_changed());
        assert_eq!(miner.learn(&message).birth_key, learned.birth_key);
        rows.extend(miner.rows_changed());
        let mut restored = Miner::restore_with_capacity(20, rows.iter().cloned());
        assert_eq!(restored.learn(&message).birth_key, learned.birth_key);
    }
});
