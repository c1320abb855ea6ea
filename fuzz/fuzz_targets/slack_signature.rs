//! Headers and bodies that were not signed.
#![no_main]

use foghorn_slack::Secret;
use foghorn_slack::signature::{sign, verify};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (timestamp, signature, body) = input;
    let (secret, now) = (Secret::new("8f742231b10e8888abcd99yyyzzz85a5"), Timestamp::UNIX_EPOCH);
    if verify(&secret, Some(timestamp), Some(signature), body, now).is_ok() {
        let seconds = timestamp.parse().unwrap();
        assert!(signature.eq_ignore_ascii_case(&sign(&secret, Timestamp::from_second(seconds).unwrap(), body)));
    }
});
