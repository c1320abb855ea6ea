//! Long runs of base64: text that holds a secret inside, and what stands in a run by its length alone.

use super::base64::{decode, is_base64, is_printable};
use super::encoding::unit;
use super::kind::SecretKind;
use super::scan::{self, Scan};
use std::ops::Range;

/// The shortest run worth unwrapping: twelve bytes, as in `pwd=hunter2x`.
const SHORTEST: usize = 16;
/// How often base64 in base64 is unwrapped.
const DEEPEST: u8 = 3;
/// Lines at least this long may be continued on the next one (MIME and PEM break at 64 or 76).
const WRAPPED_LINE: usize = 60;
/// How long PEM's and OpenSSH's full lines are.
const KEY_LINES: &[usize] = &[64, 70, 76];

/// Looks at every run. Like the search for cards, it looks at one byte in sixteen of ordinary text.
pub(super) fn judge(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let mut at = 0;
    while at + SHORTEST <= bytes.len() {
        if !is_base64(bytes[at + SHORTEST - 1]) {
            at += SHORTEST;
            continue;
        }
        let before = bytes[at..at + SHORTEST].iter().rev().take_while(|byte| is_base64(**byte)).count();
        let start = at + SHORTEST - before;
        let end = run_end(bytes, start);
        at = end.max(at + 1);
        if end - start >= SHORTEST {
            at = judge_run(scan, start..end);
        }
    }
}

fn run_end(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| is_base64(**byte)).count()
}

/// Looks at one run and says where it ends, continued lines included.
fn judge_run(scan: &mut Scan<'_>, run: Range<usize>) -> usize {
    let bytes = scan.bytes;
    // The `n` of `\n` and the digits of `%20` are no part of it.
    let start = run.start + super::encoding::escape_before_word(bytes, run.start);
    let run = start.min(run.end)..run.end;
    if is_twilio(&bytes[run.clone()]) {
        scan.found(run.clone(), SecretKind::TwilioKey);
    }
    let (coded, end) = with_continued_lines(bytes, &run);
    if let Some(kind) = secret_inside(scan.depth, &coded) {
        scan.found(run.start..past_padding(bytes, end), kind);
    } else if is_key_line(bytes, &run) && !is_printable(&decode(&bytes[run.clone()])) {
        scan.found(run, SecretKind::PrivateKey);
    } else if end == run.end {
        // Base64 that follows a slash, a dash or an underscore of an address or a file's name.
        let mut start = run.start;
        for part in bytes[run.clone()].split(|byte| matches!(byte, b'/' | b'-' | b'_')) {
            let part_end = start + part.len();
            let is_worth_it = part.len() >= SHORTEST && part.len() < run.len();
            if let Some(kind) = is_worth_it.then(|| secret_inside(scan.depth, part)).flatten() {
                scan.found(start..past_padding(bytes, part_end), kind);
            }
            start = part_end + 1;
        }
    }
    end
}

/// `SK` and 32 hexadecimal digits.
fn is_twilio(run: &[u8]) -> bool {
    run.len() == 34
        && run.strip_prefix(b"SK").is_some_and(|hex| hex.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

/// Whether the run is a whole line by itself, as long as the lines of a key, with all that base64 has:
/// a private key that was logged line by line reaches us as so many events.
fn is_key_line(bytes: &[u8], run: &Range<usize>) -> bool {
    let line = &bytes[run.clone()];
    let before = bytes[..run.start].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
    let after = bytes[run.end..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    KEY_LINES.contains(&line.len())
        && before.is_none_or(|byte| *byte == b'\n')
        && after.is_none_or(|byte| *byte == b'\n')
        && line.iter().any(u8::is_ascii_uppercase)
        && line.iter().any(u8::is_ascii_lowercase)
        && line.iter().any(u8::is_ascii_digit)
        && !line.iter().any(|byte| matches!(byte, b'-' | b'_'))
}

/// The run and the lines that continue it, without their breaks, and where the last one ends.
fn with_continued_lines(bytes: &[u8], run: &Range<usize>) -> (Vec<u8>, usize) {
    let mut coded = bytes[run.clone()].to_vec();
    let (mut end, mut line) = (run.end, run.len());
    while line >= WRAPPED_LINE {
        let mut next = end;
        while let Some(unit) = unit(bytes, next).filter(|unit| matches!(unit.byte, b'\n' | b'\r')) {
            next += unit.len;
        }
        let next_end = run_end(bytes, next);
        if next == end || next_end == next {
            break;
        }
        coded.extend_from_slice(&bytes[next..next_end]);
        (end, line) = (next_end, next_end - next);
    }
    (coded, end)
}

fn past_padding(bytes: &[u8], mut end: usize) -> usize {
    for _ in 0..2 {
        match unit(bytes, end) {
            Some(unit) if unit.byte == b'=' => end += unit.len,
            _ => break,
        }
    }
    end
}

/// The kind of the first secret in the text that the run wraps, if it wraps text.
fn secret_inside(depth: u8, coded: &[u8]) -> Option<SecretKind> {
    if depth >= DEEPEST {
        return None;
    }
    let start = decode(&coded[..coded.len().min(24)]);
    // Windows wraps its commands in UTF-16, of which every second byte is zero.
    let is_wide = start.len() > 3 && start[1] == 0 && start[3] == 0;
    let narrow = |bytes: Vec<u8>| if is_wide { bytes.into_iter().step_by(2).collect() } else { bytes };
    if !is_printable(&narrow(start)) {
        return None;
    }
    let text = String::from_utf8_lossy(&narrow(decode(coded))).into_owned();
    scan::find_at_depth(&text, depth + 1).first().map(|span| span.kind)
}
