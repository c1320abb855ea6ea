//! Outside text made harmless in Slack's mrkdwn.
//!
//! Slack decodes three entities and no other: `&amp;`, `&lt;`, `&gt;` (docs.slack.dev/messaging/formatting-message-text).
//! Escaping these forbids links, mentions (`<!channel>`, `<@U…>`) and dates. For the marks of formatting there is no
//! escape; a zero-width character beside them would do and would also sit invisibly in whatever people copy out. So
//! a mark is replaced by its look-alike, and only where it could open or close a format: beside a border of a word.
//! `snake_case`, `2*3`, `select * from` and `a~b` stay as they are. Text objects are sent with `verbatim`, so that
//! Slack does not make links and mentions out of bare words either.
//!
//! Lengths are counted in bytes of the JSON that is sent, which is never less than Slack counts in characters.

use foghorn_domain::text::plain_text;

/// One plain line in which nothing is markup, at most `limit` bytes long as JSON; one that was cut ends in `…`.
pub fn mrkdwn(text: &str, limit: usize) -> String {
    let plain = plain_text(text);
    let mut line = Bounded::new(limit);
    let mut before = None;
    let mut characters = plain.char_indices();
    while let Some((at, character)) = characters.next() {
        let after = characters.clone().next().map(|(_, next)| next);
        let fits = match character {
            '&' => line.push("&amp;"),
            '<' => line.push("&lt;"),
            '>' => line.push("&gt;"),
            '*' if may_format(before, after) => line.push("∗"),
            '_' if may_format(before, after) => line.push("ˍ"),
            '~' if may_format(before, after) => line.push("∼"),
            '`' => line.push("ˋ"),
            ':' if !is_word(before) && starts_emoji(&plain[at + 1..]) => line.push("∶"),
            other => line.push(other.encode_utf8(&mut [0; 4])),
        };
        if !fits {
            return line.cut();
        }
        before = Some(character);
    }
    line.text
}

/// The same for a place that is no mrkdwn (`plain_text`), where nothing needs an escape.
pub fn plain(text: &str, limit: usize) -> String {
    let mut line = Bounded::new(limit);
    for character in plain_text(text).chars() {
        if !line.push(character.encode_utf8(&mut [0; 4])) {
            return line.cut();
        }
    }
    line.text
}

/// A link of our own, shown as `label`. `None` for what is no web address, and for one too long for a button or line.
pub fn link(address: &str, label: &str) -> Option<String> {
    let web = address.starts_with("https://") || address.starts_with("http://");
    let clean = address.chars().all(|one| one.is_ascii_graphic() && !matches!(one, '<' | '>' | '|' | '"' | '\\'));
    let address = address.replace('&', "&amp;");
    (web && clean && address.len() <= 380).then(|| format!("<{address}|{label}>"))
}

/// Bytes that a text takes inside JSON, quotes not counted.
pub fn json_length(text: &str) -> usize {
    text.chars().map(|character| character.len_utf8() + usize::from(matches!(character, '"' | '\\' | '\n'))).sum()
}

/// A text that grows to a limit. Room for `…` is kept.
struct Bounded {
    text: String,
    /// Bytes as JSON so far.
    length: usize,
    limit: usize,
    /// Where to cut so that `…` still fits.
    fits_until: usize,
}

impl Bounded {
    fn new(limit: usize) -> Self {
        Self { text: String::new(), length: 0, limit, fits_until: 0 }
    }

    fn push(&mut self, piece: &str) -> bool {
        let length = self.length + json_length(piece);
        if length > self.limit {
            return false;
        }
        self.text.push_str(piece);
        self.length = length;
        if length + '…'.len_utf8() <= self.limit {
            self.fits_until = self.text.len();
        }
        true
    }

    fn cut(mut self) -> String {
        self.text.truncate(self.fits_until);
        self.text.truncate(self.text.trim_end().len());
        if self.limit >= '…'.len_utf8() {
            self.text.push('…');
        }
        self.text
    }
}

fn is_word(character: Option<char>) -> bool {
    character.is_some_and(char::is_alphanumeric)
}

/// A mark between two letters or digits, or alone between spaces, formats nothing.
fn may_format(before: Option<char>, after: Option<char>) -> bool {
    let blank = |side: Option<char>| side.is_none_or(|character| character == ' ');
    let (in_a_word, alone) = (is_word(before) && is_word(after), blank(before) && blank(after));
    !in_a_word && !alone
}

/// Whether `name:` follows, which Slack would show as a picture. A time (`:10:`) is none.
fn starts_emoji(rest: &str) -> bool {
    let end = rest.find(|one: char| !(one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '+' | '\'')));
    let Some((name, after)) = end.map(|end| rest.split_at(end)) else { return false };
    after.starts_with(':') && (name.starts_with(['+', '-']) || name.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_outside_text_is_markup() {
        let check = |outside: &str, harmless: &str| assert_eq!(mrkdwn(outside, 1_000), harmless, "{outside}");
        check("<!channel> & <@U1> <https://evil|bank>", "&lt;!channel&gt; &amp; &lt;@U1&gt; &lt;https://evil|bank&gt;");
        check("&lt;!here&gt;", "&amp;lt;!here&amp;gt;");
        check("*bold* _it_ ~gone~ `code` ```block```", "∗bold∗ ˍitˍ ∼gone∼ ˋcodeˋ ˋˋˋblockˋˋˋ");
        check("snake_case 2*3 a~b select * from t", "snake_case 2*3 a~b select * from t");
        check("(*x*) end_", "(∗x∗) endˍ");
        check("fire :fire: at 02:10:33 arn:aws:s3 :+1: err: no", "fire ∶fire: at 02:10:33 arn:aws:s3 ∶+1: err: no");
        check("a\u{200b}b\u{202e}c\r\n> quote\0", "abc &gt; quote");
    }

    #[test]
    fn a_cut_text_never_ends_inside_an_entity_or_character() {
        for limit in 0..60 {
            for text in [
                "<<<<<<<<<<<<<<<<<<<<<",
                "漢字漢字漢字漢字漢字漢字漢字漢字",
                "\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"",
            ] {
                let cut = mrkdwn(text, limit);
                assert!(json_length(&cut) <= limit, "{limit}: {cut}");
                assert!(limit < 3 || cut.ends_with('…') || limit >= 30, "{limit}: {cut}");
                assert_eq!(cut.matches('&').count(), cut.matches("&lt;").count());
                assert_eq!(serde_json::to_string(&cut).unwrap().len() - 2, json_length(&cut));
            }
        }
        assert_eq!(mrkdwn("two words", 7), "two…");
        assert_eq!(mrkdwn("fits", 4), "fits");
    }

    #[test]
    fn a_link_is_ours_or_none() {
        assert_eq!(link("https://x.example/a?b=1&c=2", "Open").unwrap(), "<https://x.example/a?b=1&amp;c=2|Open>");
        for wrong in ["javascript:alert(1)", "", "https://x/<!channel>", "https://x/|y", "https://x/ y", "https://é"] {
            assert_eq!(link(wrong, "Open"), None, "{wrong}");
        }
        assert_eq!(link(&format!("https://x/{}", "a".repeat(400)), "Open"), None);
    }

    #[test]
    fn escaping_takes_time_in_proportion_to_the_text() {
        for text in
            [":a".repeat(200_000), "*".repeat(400_000), ":".repeat(400_000), format!(":{}", "a".repeat(400_000))]
        {
            assert!(mrkdwn(&text, usize::MAX).len() >= text.len());
        }
    }
}
