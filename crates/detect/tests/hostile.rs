//! Random and mutated text, thrown at everything that reads it. `FOGHORN_FUZZ_SECONDS` lets the tests here run for so long
//! together, instead of a fixed number of rounds; `FOGHORN_FUZZ_SEED` repeats a run.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]
#![allow(clippy::print_stdout, reason = "a failed run must be repeatable")]

use foghorn_detect::login::failed_login;
use foghorn_detect::metric::Series;
use foghorn_detect::quantity::quantities;
use foghorn_detect::template::{ClusterRow, Miner, WILDCARD};
use foghorn_detect::user_rules::UserRules;
use foghorn_detect::{Detectors, Subject, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 1_500;
/// The tests that share the time.
const TESTS: u32 = 4;

/// SplitMix64 (Steele, Lea and Flood 2014): enough to choose bytes by, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }
}

/// Runs for the rounds or the time.
fn repeat(salt: u64, mut round: impl FnMut(&mut Dice)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("FOGHORN_FUZZ_SEED").unwrap_or(1);
    let until = number("FOGHORN_FUZZ_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds) / TESTS);
    let mut dice = Dice(seed ^ salt);
    let mut rounds = 0;
    while until.map_or(rounds < ROUNDS, |until| Instant::now() < until) {
        round(&mut dice);
        rounds += 1;
    }
    println!("{rounds} rounds from seed {seed}");
}

const SEEDS: [&str; 10] = [
    "GET /a/%252e%252e/b?q=%3Cscript%3Ealert(1)%3C/script%3E&x=PHNjcmlwdD4= HTTP/1.1\r\nHost: x\r\nCookie: a=b; c=d\r\n\r\n",
    "POST /f HTTP/1.1\nContent-Type: multipart/form-data; boundary=b\n\n--b\nContent-Disposition: form-data; name=\"a\"; filename=\"../x\"\n\n1\n--b--",
    "POST /j HTTP/1.1\nContent-Type: application/json\n\n{\"a\":[{\"b\":\"' or 1=1--\"},null,1e999],\"\\u0000\":{}}",
    "1.2.3.4 - - [18/May/2026:15:05:46 +0000] \"GET /?f=../../etc/passwd HTTP/1.1\" 200 523 \"-\" \"curl/8\"",
    "{\"ts\":\"2026-01-02T03:04:05Z\",\"level\":\"error\",\"msg\":\"took 12 ms\\nat a.b(C.java:1)\",\"n\":{\"a\":[1]}}",
    "2026-01-02 03:04:05,123 ERROR [main] a.b.C: java.lang.X: y\n\tat a.b.C.d(C.java:7)\nCaused by: z: w\n\t... 3 more",
    "<165>1 2026-01-02T03:04:05.006Z host app 1 ID47 [a@1 b=\"c\"] connection refused (111) after 30000ms",
    "level=warn ts=2026-01-02 msg=\"slow query\" duration=1.5s bytes=77 user=ana",
    "FATAL: deadlock detected; too many connections for role \"x\"; ORA-00020; Lock wait timeout exceeded",
    "PCVleGVjKCdpZCcpOz8+ ${jndi:ldap://x/a} {{7*7}} ;cat /etc/passwd| UNION/**/SELECT 0x41,char(65)-- -",
];
/// Pieces that mean something somewhere.
const PIECES: [&str; 20] = [
    "%", "%25", "%u003c", "&#x3c;", "&#", "\\u003c", "\\x3c", "+", "\0", "\u{202e}", "\u{feff}", "<", "'", "\"",
    "{\"a\":[", "--", "/*", "<*>", "\n\tat ", "\u{fffd}",
];

/// A seed, cut, doubled, overwritten and mixed with pieces and random bytes.
fn text(dice: &mut Dice) -> String {
    let mut text = SEEDS[dice.below(SEEDS.len())].as_bytes().to_vec();
    for _ in 0..dice.below(6) {
        let at = dice.below(text.len() + 1);
        match dice.below(6) {
            0 => text.truncate(at),
            1 => {
                text.splice(at..at, PIECES[dice.below(PIECES.len())].repeat(1 + dice.below(40)).bytes()).for_each(drop)
            }
            2 => text.splice(at..at, SEEDS[dice.below(SEEDS.len())].bytes()).for_each(drop),
            3 => (0..dice.below(30)).for_each(|_| text.push(dice.roll() as u8)),
            4 if at < text.len() => text[at] = dice.roll() as u8,
            _ => text.extend_from_within(at..),
        }
        text.truncate(20_000);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn no_text_makes_a_detector_panic_and_every_finding_has_its_reasons() {
    let rule = "[[rule]]\nname = \"own\"\nkind = \"rce\"\npattern = '(?s)a.*b|%'\nweight = 0.5\n";
    let detectors = Detectors::with_rules(UserRules::parse(rule).unwrap());
    let (mut found, mut quiet) = (0_u64, 0_u64);
    repeat(0, |dice| {
        let payload = text(dice);
        let event_type = ["", "log", "http_request", "error", "alert", "metric"][dice.below(6)];
        let metadata = match json!({ "level": text(dice), "headers": { "a": text(dice) }, "status_code": dice.roll() })
        {
            Value::Object(map) if dice.below(2) == 0 => map,
            _ => Map::new(),
        };
        let findings = detectors.examine(&Subject { event_type, payload: &payload, metadata: &metadata });
        found += u64::from(!findings.is_empty());
        quiet += u64::from(findings.is_empty());
        for finding in findings {
            assert!((0.0..=1.0).contains(&finding.score) && !finding.evidence.is_empty(), "{finding:?}");
            for evidence in finding.evidence {
                assert!(!evidence.rule.is_empty() && evidence.text.chars().count() <= 2_000, "{evidence:?}");
                assert!(evidence.at.chars().count() <= 200, "{evidence:?}");
            }
        }
    });
    // Throws that all hit, or all miss, would test little.
    assert!(found > 100 && quiet > 10, "{found} found, {quiet} quiet");
}

#[test]
fn no_line_makes_a_miner_panic_lose_its_bound_or_rename_a_template() {
    let mut miner = Miner::with_capacity(60);
    let mut rows: Vec<ClusterRow> = Vec::new();
    repeat(1, |dice| {
        let line = text(dice);
        let parsed = header::parse(&line);
        let learned = miner.learn(&parsed.message);
        assert_eq!(miner.learn(&parsed.message).birth_key, learned.birth_key, "{line:?}");
        assert!(!miner.template(learned.cluster).is_empty() || parsed.message.trim().is_empty(), "{line:?}");
        rows.extend(miner.rows_changed());
        if dice.below(50) == 0 {
            let mut restored = Miner::restore_with_capacity(60, rows.iter().cloned());
            assert_eq!(restored.learn(&parsed.message).birth_key, learned.birth_key);
            assert_eq!(restored.len(), miner.len());
        }
    });
    // Coarse clusters, by length and first word, come on top of the bound.
    assert!(miner.len() <= 60 + 256 + 300, "{} clusters", miner.len());
    assert!((0..miner.len()).any(|cluster| miner.template(cluster).contains(WILDCARD)));
}

#[test]
fn no_line_or_number_breaks_a_series() {
    let mut series = Series::new();
    repeat(2, |dice| {
        let line = text(dice);
        let found = quantities(&line);
        let bits = f64::from_bits(dice.roll());
        let second = dice.roll() as i64 >> dice.below(64);
        for value in [found.duration, found.size, Some(bits), Some(dice.roll() as f64)].into_iter().flatten() {
            let reading = series.observe(Timestamp::from_second(second).ok(), value);
            assert!((0.0..=1.0).contains(&reading.score), "{value} {reading:?}");
            assert!(reading.why().len() < 300);
        }
    });
    assert!(serde_json::to_string(&series).unwrap().len() <= 16 * 1024);
}

#[test]
fn no_file_of_rules_makes_the_reader_panic_and_every_fault_has_a_place_in_it() {
    let seed = "[[rule]]\nname = \"a.b\"\nkind = \"rce\"\npattern = '(?i)a(b|c)*d'\nwhere = [\"path\"]\nweight = 0.5\n";
    let (mut read, mut refused) = (0, 0);
    repeat(3, |dice| {
        let mut file = seed.repeat(1 + dice.below(3)).into_bytes();
        for _ in 0..dice.below(4) {
            let at = dice.below(file.len());
            match dice.below(3) {
                0 => file[at] = b"()[]{}*+?\\'\"\n=.x0"[dice.below(17)],
                1 => file.splice(at..at, PIECES[dice.below(PIECES.len())].bytes()).for_each(drop),
                _ => file.truncate(at + 1),
            }
        }
        let file = String::from_utf8_lossy(&file).into_owned();
        match UserRules::parse(&file) {
            Ok(_) => read += 1,
            Err(faults) => {
                refused += 1;
                let lines = file.lines().count() + 1;
                assert!(
                    !faults.is_empty() && faults.iter().all(|fault| (1..=lines).contains(&fault.line)),
                    "{faults:?}"
                );
            }
        }
    });
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

/// Bytes that, repeated to a megabyte, hurt one part each.
const MEGABYTES: [&[u8]; 4] = [b"a=b&", b"../'or'1", b"\xc0\xaf%25\xef\xbc\x9c", b"database timeout\n\tat "];

#[test]
fn a_megabyte_of_any_bytes_leaves_no_more_behind_than_a_line() {
    const LENGTH: usize = 1_000_000;
    let detectors = Detectors::builtin();
    let mut dice = Dice(4);
    let random: Vec<u8> = (0..LENGTH).map(|_| dice.roll() as u8).collect();
    let all = MEGABYTES.iter().map(|piece| piece.repeat(LENGTH / piece.len())).chain([random]);
    let mut miner = Miner::new();
    for (index, bytes) in all.enumerate() {
        let text = String::from_utf8_lossy(&bytes);
        for event_type in ["log", "http_request"] {
            let findings = detectors.examine(&Subject { event_type, payload: &text, metadata: &Map::new() });
            for finding in &findings {
                assert!((0.0..=1.0).contains(&finding.score) && !finding.evidence.is_empty(), "{index}: {finding:?}");
            }
            assert!(serde_json::to_string(&findings).unwrap().len() < 200_000, "{index} as {event_type:?}");
        }
        let message = header::parse(&text).message.into_owned();
        let learned = miner.learn(&message);
        // The first 4 KB, with a space between words that had none.
        assert!(miner.template(learned.cluster).len() <= 2 * 4_096, "{index}");
        assert_eq!(miner.learn(&message).birth_key, learned.birth_key, "{index}");
        let found = quantities(&message);
        assert!([found.duration, found.size].into_iter().flatten().all(|value| value >= 0.0), "{index}: {found:?}");
        let failed = failed_login(&message);
        assert!(
            failed.and_then(|failed| failed.source).is_none_or(|source| source.len() <= 128),
            "{index}: {failed:?}"
        );
    }
}
