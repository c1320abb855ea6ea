//! Access keys: names for programs, each with what it may do ([`Scope`]), how many events may come with it
//! ([`Quota`]) and a text that is shown once ([`text_of`]). What is kept of the text is its digest, by which it
//! is found again, and its first characters, by which people tell keys apart.

use crate::audit::is_name_of_the_system;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send events, and nothing else.
    Intake,
    /// Look at everything, and change nothing.
    Read,
    /// Look at everything and act on it.
    Act,
}

impl Scope {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Intake, Self::Read, Self::Act];

    /// The name used in JSON, in the store and in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Read => "read",
            Self::Act => "act",
        }
    }

    /// The reverse of [`Scope::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether a key of this scope may do what needs the other. Whoever may act may read.
    pub fn permits(self, needed: Self) -> bool {
        self == needed || (self == Self::Act && needed == Self::Read)
    }
}

/// The largest quota, in events a second and at once.
const MOST_EVENTS: u32 = 1_000_000;

/// How many events may come with a key: so many a second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    events_per_second: u32,
    burst: u32,
}

impl Quota {
    /// Both from 1 to 1,000,000. Without a burst it is what two seconds allow. The error is a sentence.
    pub fn new(events_per_second: u32, burst: Option<u32>) -> Result<Self, String> {
        let burst = burst.unwrap_or_else(|| events_per_second.saturating_mul(2).min(MOST_EVENTS));
        for (events, what) in [(events_per_second, "events a second"), (burst, "events at once")] {
            if !(1..=MOST_EVENTS).contains(&events) {
                return Err(format!("a quota is 1 to {MOST_EVENTS} {what}, not {events}"));
            }
        }
        Ok(Self { events_per_second, burst })
    }

    /// Reads `500/s`, or the number alone. The error is a sentence.
    pub fn parse(text: &str, burst: Option<u32>) -> Result<Self, String> {
        let number = text.trim().strip_suffix("/s").unwrap_or(text).trim();
        match number.parse() {
            Ok(events_per_second) => Self::new(events_per_second, burst),
            Err(_) => Err(format!("a quota reads 500/s, 1 to {MOST_EVENTS} events a second")),
        }
    }

    /// Events a second, in the long run.
    pub fn events_per_second(self) -> u32 {
        self.events_per_second
    }

    /// Events at once, after a pause.
    pub fn burst(self) -> u32 {
        self.burst
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s, {} at once", self.events_per_second, self.burst)
    }
}

/// The longest name of a key, in characters.
const MOST_NAME_CHARACTERS: usize = 60;

/// Looks at a key's name: 1 to 60 small letters, digits, `.`, `_` and `-`, a letter or digit first. It is a label
/// of metrics and stands as `who` in the audit log, so it is no name of the system. The error is a sentence.
pub fn check_name(name: &str) -> Result<(), String> {
    if is_name_of_the_system(name) || name == "local" {
        return Err(format!("`{name}` is a name of the system in the audit log; choose another"));
    }
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let may_stand = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'_' | b'-');
    let begins_well = name.bytes().next().is_some_and(is_word);
    if begins_well && name.bytes().all(may_stand) && name.len() <= MOST_NAME_CHARACTERS {
        return Ok(());
    }
    Err(format!(
        "a name is 1 to {MOST_NAME_CHARACTERS} small letters, digits, `.`, `_` and `-`, and begins with a letter or digit"
    ))
}

/// Random bytes of a key.
pub const RANDOM_BYTES: usize = 32;

/// The key: `fh_`, its scope, and the random bytes as hexadecimal digits.
pub fn text_of(scope: Scope, random: &[u8; RANDOM_BYTES]) -> String {
    format!("fh_{}_{}", scope.as_str(), hexadecimal(random))
}

/// What people see of a key after it was shown once: its scope and six of its 64 random digits.
pub fn prefix_of(text: &str) -> String {
    let shown = text.rfind('_').map_or(0, |end| end + 1) + 6;
    text.chars().take(shown).collect()
}

/// What is kept of a key. It is as random as the key and as long as it must be, so one round of SHA-256 is enough.
pub fn digest_of(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// Whether a text could be a key at all; nothing else is worth a digest.
pub fn looks_like_one(text: &str) -> bool {
    text.starts_with("fh_") && text.len() <= 128
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_permits_itself_and_acting_permits_reading() {
        let permitted = |scope: Scope| Scope::ALL.map(|needed| scope.permits(needed));
        assert_eq!(permitted(Scope::Intake), [true, false, false]);
        assert_eq!(permitted(Scope::Read), [false, true, false]);
        assert_eq!(permitted(Scope::Act), [false, true, true]);
        assert!(Scope::ALL.iter().all(|scope| Scope::parse(scope.as_str()) == Some(*scope)));
        assert_eq!(Scope::parse("Act"), None);
    }

    #[test]
    fn quotas_are_read_as_people_write_them() {
        let check = |text: &str, burst, expected: Option<(u32, u32)>| {
            let read = Quota::parse(text, burst);
            assert_eq!(read.clone().ok().map(|quota| (quota.events_per_second(), quota.burst())), expected, "{text}");
            assert!(read.is_ok() || read.is_err_and(|sentence| sentence.starts_with("a quota")), "{text}");
        };
        check("500/s", None, Some((500, 1_000)));
        check(" 500 ", None, Some((500, 1_000)));
        check("1/s", Some(50), Some((1, 50)));
        check("1000000/s", None, Some((1_000_000, 1_000_000)));
        for wrong in ["", "0/s", "-1/s", "1.5/s", "500/m", "1000001/s", "99999999999/s", "/s", "ten"] {
            check(wrong, None, None);
        }
        check("5/s", Some(0), None);
        assert_eq!(Quota::parse("500/s", None).unwrap().to_string(), "500/s, 1000 at once");
    }

    #[test]
    fn names_are_plain_words() {
        for name in ["a", "checkout", "eu-1.prom_2", &"n".repeat(60), "0x"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "Checkout", "-a", ".a", "a b", "a/b", "a\n", "ä", "a\"", "agent", "local", &"n".repeat(61)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_key_says_its_scope_and_its_prefix_little_more() {
        let text = text_of(Scope::Intake, &[0xab; RANDOM_BYTES]);
        assert_eq!(text, format!("fh_intake_{}", "ab".repeat(32)));
        assert_eq!(prefix_of(&text), "fh_intake_ababab");
        assert_eq!(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(looks_like_one(&text) && !looks_like_one("the-token") && !looks_like_one(&"fh_".repeat(50)));
    }
}
