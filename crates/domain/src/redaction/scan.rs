//! One walk over the text: what is worth a look, and who looks.

use super::kind::SecretKind;
use super::span::{self, Span};
use super::{card, command, formats, header, pair, pem, url, wrapped};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::ops::Range;
use std::sync::LazyLock;

/// Every secret in `text`, in order and apart from each other.
pub(super) fn find(text: &str) -> Vec<Span> {
    find_at_depth(text, 0)
}

/// The same for text that was unwrapped `depth` times.
pub(super) fn find_at_depth(text: &str, depth: u8) -> Vec<Span> {
    let mut scan = Scan::new(text, depth);
    if let Some(triggers) = TRIGGERS.as_ref() {
        for found in triggers.automaton.find_overlapping_iter(scan.bytes) {
            let at = found.start()..found.end();
            if !span::inside_mask(scan.bytes, at.start) {
                dispatch(&mut scan, triggers.judges[found.pattern().as_usize()], at);
            }
        }
    }
    card::judge(&mut scan);
    wrapped::judge(&mut scan);
    span::merge(scan.spans)
}

fn dispatch(scan: &mut Scan<'_>, judge: Judge, at: Range<usize>) {
    match judge {
        Judge::Format(format) => formats::judge(scan, format, at),
        Judge::Jwt => formats::judge_jwt(scan, at),
        Judge::Pem => pem::judge(scan, at),
        Judge::Url => url::judge(scan, at),
        Judge::Oracle => url::judge_oracle(scan, at),
        Judge::Webhook(kind) => url::judge_webhook(scan, at, kind),
        Judge::Name => pair::judge(scan, at),
        Judge::Scheme => header::judge(scan, at),
        Judge::Command(program) => command::judge(scan, program, at),
    }
}

/// What the judges share: the text, what was found so far, and how far each has already measured.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) depth: u8,
    pub(super) spans: Vec<Span>,
    /// Where the last name ends that `pair` looked at, or the value it masked.
    pub(super) names_done: usize,
    /// The last bare value that was measured, for raw and for percent-encoded fields.
    pub(super) bare_values: [Range<usize>; 2],
    /// The next `@` at or after a place, for `url`.
    pub(super) next_at_sign: Range<usize>,
    runs: [Range<usize>; Body::COUNT],
}

impl<'a> Scan<'a> {
    fn new(text: &'a str, depth: u8) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            depth,
            spans: Vec::new(),
            names_done: 0,
            bare_values: [0..0, 0..0],
            next_at_sign: 0..0,
            runs: std::array::from_fn(|_| 0..0),
        }
    }

    /// Marks a stretch as secret. An empty one, or one that is nothing but a mask, is left alone.
    pub(super) fn found(&mut self, range: Range<usize>, kind: SecretKind) {
        let is_mask = span::mask_len(self.bytes, range.start) == Some(range.len());
        if !range.is_empty() && !is_mask {
            self.spans.push(Span { range, kind });
        }
    }

    /// Where the run of `body` characters that begins at `from` ends. Asking again from inside the
    /// same run costs nothing.
    pub(super) fn run_end(&mut self, body: Body, from: usize) -> usize {
        let known = &mut self.runs[body as usize];
        if !(known.start <= from && from < known.end) {
            let length = self.bytes[from..].iter().take_while(|byte| body.holds(**byte)).count();
            *known = from..from + length;
        }
        known.end
    }

    /// Whether a word may begin at `at`: the text's start, after anything but a letter or digit, or
    /// after an escape such as `\n` or `%20`.
    pub(super) fn is_word_start(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return true };
        if !self.bytes[before].is_ascii_alphanumeric() {
            return true;
        }
        // The longest escape is `\u0026`; one of at most this length must end exactly here.
        (2..=6.min(at)).any(|length| {
            let start = at - length;
            matches!(self.bytes[start], b'%' | b'\\')
                && super::encoding::unit(self.bytes, start).is_some_and(|unit| unit.len == length)
        })
    }
}

/// The characters that the rest of a key is made of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body {
    /// `A-Z0-9`
    Upper,
    /// `A-Za-z0-9`
    Alphanumeric,
    /// `A-Za-z0-9_`
    Word,
    /// `A-Za-z0-9_-`
    Dashed,
    /// `A-Za-z0-9_.=-`
    Dotted,
}

impl Body {
    const COUNT: usize = 5;

    fn holds(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Dashed => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Dotted => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'='),
        }
    }
}

/// Who looks at a trigger.
#[derive(Clone, Copy)]
enum Judge {
    Format(&'static formats::Format),
    Jwt,
    Pem,
    Url,
    Oracle,
    Webhook(SecretKind),
    Name,
    Scheme,
    Command(command::Program),
}

struct Triggers {
    automaton: AhoCorasick,
    judges: Vec<Judge>,
}

/// Words that a secret's name contains. `key` and `auth` are in many harmless names too; `name` sorts
/// them out, and most are followed by no separator at all.
const NAMES: &[&str] = &[
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "creds",
    "auth",
    "signature",
    "sig=",
    "sig%3d",
    "sessid",
    "sessionid",
    "connect.sid",
    "identified by",
];

/// `None` only if the automaton could not be built, which a test rules out.
static TRIGGERS: LazyLock<Option<Triggers>> = LazyLock::new(|| {
    let mut words: Vec<(&str, Judge)> = vec![
        ("eyj", Judge::Jwt),
        ("-----begin", Judge::Pem),
        ("://", Judge::Url),
        (":\\/\\/", Judge::Url),
        ("%3a%2f%2f", Judge::Url),
        ("%253a%252f%252f", Judge::Url),
        ("jdbc:oracle:", Judge::Oracle),
        ("basic", Judge::Scheme),
        ("bearer", Judge::Scheme),
    ];
    words.extend(formats::FORMATS.iter().map(|format| (format.prefix, Judge::Format(format))));
    words.extend(url::WEBHOOKS.iter().map(|(marker, kind)| (*marker, Judge::Webhook(*kind))));
    words.extend(command::PROGRAMS.iter().map(|(name, program)| (*name, Judge::Command(*program))));
    words.extend(NAMES.iter().map(|name| (*name, Judge::Name)));
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(words.iter().map(|(word, _)| word))
        .ok()?;
    Some(Triggers { automaton, judges: words.into_iter().map(|(_, judge)| judge).collect() })
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_automaton_of_triggers_is_built() {
        assert!(TRIGGERS.is_some());
    }

    #[test]
    fn a_word_starts_after_an_escape_and_not_inside_another_word() {
        let starts = |text: &str, word: &str| {
            let at = text.find(word).expect("the word is there");
            Scan::new(text, 0).is_word_start(at)
        };
        assert!(starts("WORD", "WORD"));
        assert!(starts("a WORD", "WORD"));
        assert!(starts("a\\nWORD", "WORD"));
        assert!(starts("a%20WORD", "WORD"));
        assert!(starts("a\\u0026WORD", "WORD"));
        assert!(!starts("aWORD", "WORD"));
        assert!(!starts("a\\qWORD", "WORD"));
    }
}
