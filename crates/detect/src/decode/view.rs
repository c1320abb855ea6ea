//! The ways in which a database, a shell and a browser read one value. An attack is spelled so that
//! the target joins what a pattern sees apart; a view joins it the same way.

use crate::attack::rule::Characters;
use std::borrow::Cow;

/// How a rule wants a value to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// As decoded.
    Plain,
    /// Comments and runs of white space are one space.
    Sql,
    /// Quotes, carets, escapes and empty expansions are gone, `$IFS` and `{a,b}` are spaces.
    Shell,
    /// White space and control characters are gone.
    Markup,
}

/// A value as one of its readers reads it; borrowed when that is how it stands there.
pub(crate) fn read(text: &str, view: View, characters: Characters) -> Cow<'_, str> {
    match view {
        View::Sql => sql(text),
        View::Shell if characters.meets(SHELL_MARKS) => shell(text),
        View::Markup if characters.meets(MARKUP_MARKS) => markup(text),
        _ => Cow::Borrowed(text),
    }
}

/// What a shell reads otherwise than it stands there.
const SHELL_MARKS: Characters = Characters::from_ascii("'\"\\^${[");
/// Where a browser skips white space.
const MARKUP_MARKS: Characters = Characters::from_ascii(":<=");

/// A value as a database reads it.
pub(crate) fn sql(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let odd =
        |pair: &[u8]| pair == b"/*" || pair == b"*/" || (is_space(pair[0]) && (pair[0] != b' ' || is_space(pair[1])));
    if !bytes.windows(2).any(odd) && !text.contains('\u{a0}') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let space = |out: &mut String| {
        if !out.ends_with(' ') {
            out.push(' ');
        }
    };
    while let Some(letter) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*!") {
            // MySQL runs what a versioned comment holds.
            rest = comment.trim_start_matches(|c: char| c.is_ascii_digit());
            space(&mut out);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let Some(end) = comment.find("*/") else {
                // An open comment ends a statement; rules want to see it.
                out.push_str(rest);
                break;
            };
            rest = &comment[end + 2..];
            space(&mut out);
        } else if let Some(after) = rest.strip_prefix("*/") {
            rest = after;
            space(&mut out);
        } else if letter.is_ascii_control() || letter == ' ' || letter == '\u{a0}' {
            rest = &rest[letter.len_utf8()..];
            space(&mut out);
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    Cow::Owned(out)
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_control()
}

/// A value as a shell reads it.
pub(crate) fn shell(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b'\'' | b'"' | b'\\' | b'^' | b'$' | b'{' | b'[')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_braces = false;
    while let Some(letter) = rest.chars().next() {
        let mut step = letter.len_utf8();
        match letter {
            '\'' | '"' | '^' => {}
            '\\' => {
                // `\n` may stand for a line feed; every other letter stands for itself.
                if rest[1..].starts_with('n') && !rest[2..].starts_with(|c: char| c.is_ascii_lowercase()) {
                    out.push('\n');
                    step = 2;
                } else if !rest[1..].starts_with(|c: char| c.is_ascii_lowercase() || c == '\n' || c == '\r') {
                    out.push('\\');
                }
            }
            '$' => match expansion(rest) {
                Some((stands_for, length)) => {
                    out.push_str(stands_for);
                    step = length;
                }
                None => out.push('$'),
            },
            '[' => match rest.as_bytes().get(1..3) {
                // `[u]name` matches `uname` and nothing else.
                Some([one, b']']) if one.is_ascii_alphanumeric() => {
                    out.push(char::from(*one));
                    step = 3;
                }
                _ => out.push('['),
            },
            '{' => {
                in_braces = rest.bytes().skip(1).take(64).take_while(|&b| b != b'}').any(|b| b == b',');
                out.push('{');
            }
            ',' if in_braces => out.push(' '),
            '}' => {
                in_braces = false;
                out.push('}');
            }
            other => out.push(other),
        }
        rest = &rest[step..];
    }
    Cow::Owned(out)
}

/// What a `$…` at the start of `rest` stands for where that is known: nothing, or a space.
fn expansion(rest: &str) -> Option<(&'static str, usize)> {
    const KNOWN: [(&str, &str); 6] =
        [("${IFS}", " "), ("$IFS$9", " "), ("$IFS", " "), ("$@", ""), ("$*", ""), ("$()", "")];
    if let Some((name, stands_for)) = KNOWN.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some((stands_for, name.len()));
    }
    // `$u` and `$1` in the middle of a word are unset and vanish.
    let bytes = rest.as_bytes();
    (bytes.get(1).is_some_and(u8::is_ascii_digit)).then_some(("", 2))
}

/// A value as a browser reads an attribute or a scheme.
pub(crate) fn markup(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b <= b' ') || !text.bytes().any(|b| matches!(b, b':' | b'<' | b'=')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|&c| c > ' ').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_reads_past_comments() {
        let check = |text, expected| assert_eq!(sql(text), expected, "{text}");
        check("un/**/ion", "un ion");
        check("1/*!50000union*/\tselect", "1 union select");
        check("a\n\n b", "a b");
        check("x/*", "x/*");
        check("plain words", "plain words");
    }

    #[test]
    fn a_shell_reads_past_quotes() {
        let check = |text, expected| assert_eq!(shell(text), expected, "{text}");
        check("c'a't /et\"c\"/pa\\sswd", "cat /etc/passwd");
        check("cat${IFS}/etc$IFS$9x", "cat /etc x");
        check("w^h^o$@ami", "whoami");
        check("{cat,/etc/hosts}", "{cat /etc/hosts}");
        check("/bin/[u]name", "/bin/uname");
        check("C:\\Windows", "C:\\Windows");
        check("[a,b]", "[a,b]");
    }

    #[test]
    fn a_browser_reads_past_white_space() {
        assert_eq!(markup("java\tscr\nipt:x"), "javascript:x");
        assert_eq!(markup("two words"), "two words");
    }
}
