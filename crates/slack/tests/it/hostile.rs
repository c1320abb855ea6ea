//! Random and mutated bytes. `FOGHORN_FUZZ_SECONDS` lets the tests here run for so long together, instead of a fixed
//! number of rounds; `FOGHORN_FUZZ_SEED` repeats a run.

use foghorn_slack::interaction::{Interaction, parse, parse_command};
use foghorn_slack::signature::{sign, verify};
use foghorn_slack::{Secret, escape};
use jiff::Timestamp;
use std::time::{Duration, Instant};

const ROUNDS: u64 = 20_000;
/// The tests below, which share the time.
const TESTS: u32 = 3;

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

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.roll() as u8).collect()
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

const SEEDS: [&str; 5] = [
    r#"{"type":"block_actions","user":{"id":"U1","username":"john.doe","team_id":"T1"},"team":{"id":"T1"},"container":{"message_ts":"1.2","channel_id":"C1"},"trigger_id":"1.2","response_url":"https://hooks.slack.com/actions/1","actions":[{"action_id":"ack","value":"123"}]}"#,
    r#"{"type":"view_submission","user":{"id":"U1"},"view":{"callback_id":"add_solution","private_metadata":"7","state":{"values":{"solution":{"solution":{"value":"x"}},"resolve":{"resolve":{"selected_options":[1]}}}}}}"#,
    r#"{"type":"view_closed"}"#,
    r#"[[[[{"type":1e999}]]]]"#,
    "command=/foghorn&text=ack+7&user_id=U1&user_name=ana&team_id=T1&channel_id=C1",
];
/// Pieces that mean something somewhere.
const PIECES: [&str; 12] =
    ["payload=", "%", "%ff", "&", "\"", "{", "[", "\\u0000", "\\ud800", "9223372036854775808", "null", "\u{202e}"];

/// A body: a seed, sometimes sent as a form should be, then cut, doubled, overwritten and mixed with pieces.
fn body(dice: &mut Dice) -> Vec<u8> {
    let seed = SEEDS[dice.below(SEEDS.len())];
    let mut body = match dice.below(8) {
        0 => return dice.bytes(2_000),
        1 => seed.as_bytes().to_vec(),
        _ => {
            let mut payload = seed.as_bytes().to_vec();
            mutate(&mut payload, dice);
            let payload = String::from_utf8_lossy(&payload).into_owned();
            form_urlencoded(&payload).into_bytes()
        }
    };
    if dice.below(3) == 0 {
        mutate(&mut body, dice);
    }
    body
}

fn form_urlencoded(payload: &str) -> String {
    let encoded = payload.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    std::iter::once("payload=".to_owned()).chain(encoded).collect()
}

fn mutate(body: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..dice.below(6) {
        let at = dice.below(body.len() + 1);
        match dice.below(5) {
            0 => body.truncate(at),
            1 if at < body.len() => body[at] = dice.roll() as u8,
            2 => drop(body.splice(at..at, PIECES[dice.below(PIECES.len())].bytes())),
            3 if at < body.len() => drop(body.remove(at)),
            _ => {
                let tail = body[at.min(body.len())..].to_vec();
                body.extend(tail.into_iter().take(500));
            }
        }
    }
}

#[test]
fn no_body_makes_the_parser_panic_or_keep_more_than_its_bounds() {
    let (mut read, mut refused) = (0_u64, 0_u64);
    repeat(0, |dice| {
        let body = body(dice);
        match parse(&body) {
            Ok(Interaction::Click(click)) => {
                read += 1;
                assert!(click.incident_id > 0 && !click.person.name.is_empty() && !click.person.id.is_empty());
                assert!(click.person.name.chars().count() <= 80 && click.person.id.len() <= 64);
            }
            Ok(Interaction::Submission(form)) => {
                read += 1;
                assert!(form.incident_id > 0 && !form.solution.is_empty() && form.solution.chars().count() <= 3_000);
            }
            Ok(Interaction::Ignored { kind }) => assert!(!kind.is_empty() && kind.len() <= 40),
            Err(error) => {
                refused += 1;
                let said = error.to_string();
                assert!(!said.is_empty() && said.chars().count() <= 140 && !said.chars().any(char::is_control));
            }
        }
        if let Ok(command) = parse_command(&body) {
            assert!(command.text.chars().count() <= 3_000 && !command.person.name.is_empty());
        }
    });
    // Mutations that all fail would test little.
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn no_header_or_body_is_accepted_without_the_right_signature() {
    let secret = Secret::new("8f742231b10e8888abcd99yyyzzz85a5");
    let now = Timestamp::from_second(1_531_420_618).unwrap();
    repeat(1, |dice| {
        let body = body(dice);
        let (timestamp, signature) = ("1531420618", sign(&secret, now, &body));
        assert_eq!(verify(&secret, Some(timestamp), Some(&signature), &body, now), Ok(()));
        let mut other = signature.clone().into_bytes();
        mutate(&mut other, dice);
        let other = String::from_utf8_lossy(&other).into_owned();
        let same = other.eq_ignore_ascii_case(&signature) && other.starts_with("v0=");
        assert_eq!(verify(&secret, Some(timestamp), Some(&other), &body, now).is_ok(), same, "{other}");
        let mut changed = body.clone();
        mutate(&mut changed, dice);
        assert_eq!(verify(&secret, Some(timestamp), Some(&signature), &changed, now).is_ok(), changed == body);
        let time = String::from_utf8_lossy(&dice.bytes(30)).into_owned();
        assert!(verify(&secret, Some(&time), Some(&signature), &body, now).is_err());
    });
}

#[test]
fn no_text_becomes_markup_or_outgrows_its_room() {
    repeat(2, |dice| {
        let text = String::from_utf8_lossy(&body(dice)).into_owned() + "<!channel> *b* `c`";
        let room = dice.below(400);
        let escaped = escape::mrkdwn(&text, room);
        assert!(escape::json_length(&escaped) <= room);
        assert!(!escaped.contains(['<', '>', '`', '\n', '\0']), "{escaped}");
        for (at, _) in escaped.match_indices('&') {
            let entity = ["&amp;", "&lt;", "&gt;"].iter().any(|entity| escaped[at..].starts_with(entity));
            assert!(entity, "{escaped}");
        }
    });
}
