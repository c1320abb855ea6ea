//! From a message of many lines to the few that say what it is about.
//!
//! A stack trace is folded to its first line, the line that names the root cause, and the frame in
//! which that happened. The root cause is the last `Caused by:` (Java), ` ---> ` (.NET), or the
//! last line that is not indented (Python's `Traceback`). Everything else of a message with many lines is
//! left out.

use std::borrow::Cow;

/// Longest text, in bytes, that is looked at.
pub(super) const MAX_BYTES: usize = 4096;
/// Lines of a message that are searched for a cause.
const MAX_LINES: usize = 400;

/// The message on one line, at most [`MAX_BYTES`] long.
pub(super) fn fold(message: &str) -> Cow<'_, str> {
    let message = message.trim();
    if !message.contains('\n') {
        return Cow::Borrowed(cut(message, MAX_BYTES));
    }
    let lines: Vec<&str> = message.lines().take(MAX_LINES).map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let Some(first) = lines.first() else { return Cow::Borrowed("") };
    let python = lines.iter().position(|line| line.trim_start().starts_with("Traceback (most recent call last)"));
    let (cause, frame) = match python {
        Some(start) => python_cause(&lines[start..]),
        None => other_cause(&lines),
    };
    let mut text = cut(first, MAX_BYTES / 2).to_owned();
    for part in [cause, frame].into_iter().flatten().filter(|part| part != first) {
        text.push(' ');
        text.push_str(cut(part.trim(), MAX_BYTES / 4 - 1));
    }
    Cow::Owned(text)
}

/// Python names the exception on the first line after the last traceback that is not indented, and the frame last.
fn python_cause<'a>(lines: &[&'a str]) -> (Option<&'a str>, Option<&'a str>) {
    let is_frame = |line: &&&str| line.trim_start().starts_with("File \"");
    let cause = lines.iter().skip(1).rev().find(|line| !line.starts_with([' ', '\t']));
    let frame = lines.iter().rev().find(is_frame);
    (cause.copied(), frame.copied())
}

fn other_cause<'a>(lines: &[&'a str]) -> (Option<&'a str>, Option<&'a str>) {
    let is_cause = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("Caused by:") || line.starts_with("---> ")
    };
    let cause = lines.iter().rposition(is_cause);
    let frame = lines.iter().skip(cause.map_or(1, |at| at + 1)).find(|line| is_frame(line)).copied();
    // A first line that only announces (`panic:`, `thread 'main' panicked at …:`) is finished by the second.
    let cause = cause.or_else(|| lines[0].ends_with(':').then_some(1)).and_then(|at| lines.get(at)).copied();
    (cause, frame.filter(|frame| Some(*frame) != cause))
}

/// `at f (…)` (Java, JavaScript, .NET), `#0 0x… in f` (native), `f(…)` under `goroutine 1 [running]:` (Go).
fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ") || line.starts_with('#') || (line.ends_with(')') && !line.contains(' '))
}

/// The text, cut to so many bytes at a character's border.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_trace_is_folded_to_first_line_cause_and_frame() {
        let check = |message: &str, expected: &str| assert_eq!(fold(message), expected);
        check("one line only ", "one line only");
        check(
            "Request failed\njava.lang.IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: java.sql.SQLException: gone\n\tat d.E.f(E.java:2)\n\tat g.H.i(H.java:3)\n\t... 12 more",
            "Request failed Caused by: java.sql.SQLException: gone at d.E.f(E.java:2)",
        );
        check(
            "Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    main()\n  File \"b.py\", line 9, in main\n    1/0\nZeroDivisionError: division by zero",
            "Traceback (most recent call last): ZeroDivisionError: division by zero File \"b.py\", line 9, in main",
        );
        check(
            "TypeError: x is not a function\n    at handle (/app/a.js:3:4)\n    at next (/app/b.js:1:1)",
            "TypeError: x is not a function at handle (/app/a.js:3:4)",
        );
        check(
            "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\t/tmp/x.go:5",
            "panic: runtime error: index out of range [3] with length 3 main.main()",
        );
        check(
            "thread 'main' panicked at src/main.rs:2:5:\ncalled `Option::unwrap()` on a `None` value\nnote: run with `RUST_BACKTRACE=1`",
            "thread 'main' panicked at src/main.rs:2:5: called `Option::unwrap()` on a `None` value",
        );
        check("\n\n", "");
    }

    #[test]
    fn a_long_message_is_cut_at_a_characters_border() {
        assert_eq!(fold(&"ä".repeat(5000)).len(), MAX_BYTES);
        assert!(fold(&"ä\n".repeat(100_000)).len() <= MAX_BYTES);
    }
}
