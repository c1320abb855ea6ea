//! The pieces that headers are made of, recognised at the start of a text.

use super::level;
use foghorn_domain::severity::Severity;

/// Longest bracket group that can belong to a header, in bytes.
const MAX_GROUP: usize = 200;
/// Longest name of a program or logger, in bytes.
const MAX_NAME: usize = 128;

/// The word up to white space.
pub(super) fn word(text: &str) -> &str {
    &text[..text.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(text.len())]
}

/// Length of `[…]`, `(…)` or `<…>` at the start, brackets inside in pairs.
pub(super) fn group(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let open = *bytes.first()?;
    let close = match open {
        b'[' => b']',
        b'(' => b')',
        b'<' => b'>',
        b'{' => b'}',
        _ => return None,
    };
    let mut depth = 0_usize;
    for (index, byte) in bytes.iter().enumerate().take(MAX_GROUP) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(&text[..=index]);
            }
        } else if *byte == b'\n' {
            return None;
        }
    }
    None
}

/// Whether a bracket group tells where a line comes from (thread, process, request, module) and not
/// what it is about: `[client 1.2.3.4]` and `[instance: 12ab]` are part of the message.
pub(super) fn is_context(group: &str) -> bool {
    let inside = &group[1..group.len() - 1];
    !inside.starts_with("client ") && !inside.contains(": ") && !inside.trim().is_empty() && !group.starts_with('{')
}

/// A run of signs that only separate: `-`, `--`, `|`, `:`, `*`, `,`.
pub(super) fn separator(text: &str) -> usize {
    let signs = text.bytes().take_while(|byte| matches!(byte, b'-' | b'|' | b':' | b'*' | b',' | b'>')).count();
    let stands_alone = text.as_bytes().get(signs).is_none_or(|next| next.is_ascii_whitespace());
    if stands_alone || text.starts_with('|') { signs } else { 0 }
}

/// A level at the start, and how many bytes it takes up with what encloses and ends it.
pub(super) struct Level<'a> {
    pub(super) word: &'a str,
    pub(super) severity: Severity,
    pub(super) length: usize,
}

/// Reads a level word. In capitals it may stand bare; in other letters it must be enclosed, or set off by
/// a bar or wide space, so that a message that begins with `error` keeps its word.
pub(super) fn read_level(text: &str, is_after_time: bool) -> Option<Level<'_>> {
    let (open, rest) = match text.as_bytes().first()? {
        b'[' => (b']', &text[1..]),
        b'(' => (b')', &text[1..]),
        b'<' => (b'>', &text[1..]),
        _ => (0, text),
    };
    let inner = rest.trim_start_matches(' ');
    let padding = text.len() - inner.len();
    let length = inner.bytes().take(14).take_while(u8::is_ascii_alphabetic).count();
    let word = &inner[..length];
    let severity = level::severity(word)?;
    let after = &inner[length..];
    let next = after.bytes().next().unwrap_or(b' ');
    if open != 0 {
        let spaces = after.bytes().take_while(|byte| *byte == b' ').count();
        let closes = after.as_bytes().get(spaces) == Some(&open);
        return closes.then_some(Level { word, severity, length: padding + length + spaces + 1 });
    }
    let is_upper = word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_set_off =
        matches!(next, b'|' | b'\t') || after.starts_with("  ") || after.starts_with(" - ") || after.starts_with(" | ");
    let may_stand = if is_upper {
        matches!(next, b' ' | b'\t' | b':' | b'|' | b'[' | b'(' | b',' | b'/' | b'\n')
            && (word != "LOG" || next == b':')
    } else {
        is_after_time && is_set_off && !word.eq_ignore_ascii_case("config")
    };
    let taken = length + usize::from(matches!(next, b':' | b'|' | b','));
    may_stand.then_some(Level { word, severity, length: padding + taken })
}

/// `sshd[24200]:`, `kernel:`, `systemd-logind[1]:`, `sshd(pam_unix)[19939]:`, `syslogd 1.4.1:`.
/// Gives the program's name and the length up to and with the colon.
pub(super) fn syslog_tag(text: &str) -> Option<(&str, usize)> {
    let name = text
        .bytes()
        .take(MAX_NAME)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'@' | b'+'))
        .count();
    let mut at = name;
    while let Some(inside) = group(&text[at..]).filter(|inside| !inside.starts_with('{')) {
        at += inside.len();
    }
    if name == 0 {
        return None;
    }
    if text[at..].starts_with(':') {
        return Some((&text[..name], at + 1));
    }
    // A version may stand between a program's name and the colon.
    let version = text[at..].strip_prefix(' ').map(word)?;
    let is_version =
        version.ends_with(':') && version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    is_version.then_some((&text[..name], at + 1 + version.len()))
}

/// A logger's name, which has a `.`, `::`, `$` or `/` in it (`com.example.Shop`, `shop::db`, `cart.go:123`),
/// with a sign that ends it: `:`, ` : `, ` - `, `]`, or a bracket group behind it.
pub(super) fn logger(text: &str) -> Option<(&str, usize)> {
    let word = word(text);
    if word.len() > MAX_NAME || !word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let name = word.trim_end_matches([':', ']']);
    let is_plain = name.bytes().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'$' | b'-' | b'/' | b'#' | b'@')
    });
    let is_path = name.contains(['.', '$', '/']) || name.contains("::");
    let is_error = name.ends_with("Exception") || name.ends_with("Error");
    if !is_plain || !is_path || is_error || name.contains("://") {
        return None;
    }
    let after = text[word.len()..].trim_start_matches(' ');
    let ends =
        name.len() < word.len() || ["- ", ": ", "[", "| "].iter().any(|sign| after.starts_with(sign)) || after == "-";
    ends.then_some((name, word.len()))
}
