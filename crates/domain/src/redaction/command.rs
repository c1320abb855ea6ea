//! Passwords given to programs on their command line, where only the program's name says what `-p` is.

use super::kind::SecretKind;
use super::scan::Scan;
use super::value;
use std::ops::Range;

/// A program whose arguments are known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Program {
    /// `-pPASSWORD`, never with a space in between.
    Mysql,
    /// `-p PASSWORD` or `-pPASSWORD`; `docker login` too.
    Sshpass,
    /// `-u USER:PASSWORD`.
    Curl,
    /// `-a PASSWORD`.
    RedisCli,
}

/// The names they are called by; what follows the name up to a blank is part of it (`mysqldump`).
pub(super) const PROGRAMS: &[(&str, Program)] = &[
    ("mysql", Program::Mysql),
    ("mariadb", Program::Mysql),
    ("sshpass", Program::Sshpass),
    ("docker login", Program::Sshpass),
    ("podman login", Program::Sshpass),
    ("curl", Program::Curl),
    ("redis-cli", Program::RedisCli),
];

/// How much of a command line is read, in bytes.
const LONGEST: usize = 512;

/// Looks at the arguments of the program whose name stands at `at`.
pub(super) fn judge(scan: &mut Scan<'_>, program: Program, at: Range<usize>) {
    if !scan.is_word_start(at.start) {
        return;
    }
    let bytes = scan.bytes;
    let suffix = bytes[at.end..].iter().take(16).take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
    let mut from = at.end + suffix;
    let limit = bytes.len().min(from + LONGEST);
    let mut expects_value = false;
    while let Some(argument) = next_argument(bytes, from, limit) {
        from = argument.end;
        let text = &bytes[argument.clone()];
        if std::mem::take(&mut expects_value) {
            return mask(scan, program, argument);
        }
        let attached = match program {
            Program::Mysql | Program::Sshpass if text.starts_with(b"-p") => Some(2),
            Program::Curl if text.starts_with(b"-u") => Some(2),
            Program::RedisCli if text == b"-a" => Some(2),
            Program::Curl if text == b"--user" || text == b"--proxy-user" => Some(text.len()),
            _ => None,
        };
        match attached {
            Some(length) if text.len() > length => return mask(scan, program, argument.start + length..argument.end),
            Some(_) => expects_value = !matches!(program, Program::Mysql),
            None => {}
        }
    }
}

fn mask(scan: &mut Scan<'_>, program: Program, argument: Range<usize>) {
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
    let start = argument.start + usize::from(is_quote(scan.bytes.get(argument.start)));
    let end = argument.end - usize::from(argument.end > start && is_quote(scan.bytes.get(argument.end - 1)));
    let text = scan.text.get(start..end).unwrap_or_default();
    let (skipped, kind) = match (program, text.find(':')) {
        (Program::Curl, None) => return,
        (Program::Curl, Some(colon)) => (colon + 1, SecretKind::BasicAuth),
        _ => (0, SecretKind::Password),
    };
    if value::is_given(&text[skipped..]) {
        scan.found(start + skipped..end, kind);
    }
}

/// The next argument: a word, or what quotes hold together. The line's end and the shell's `|`, `;` and
/// `&` end the command.
fn next_argument(bytes: &[u8], from: usize, limit: usize) -> Option<Range<usize>> {
    let blanks = bytes[from..limit].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let start = from + blanks;
    if blanks == 0 {
        return None;
    }
    let (mut end, mut quote) = (start, None);
    for byte in &bytes[start..limit] {
        match (quote, *byte) {
            (_, b'\n') => break,
            (None, b' ' | b'\t' | b'|' | b';' | b'&') => break,
            (None, mark @ (b'"' | b'\'')) => quote = Some(mark),
            (Some(open), mark) if mark == open => quote = None,
            _ => {}
        }
        end += 1;
    }
    (end > start).then_some(start..end)
}
