//! Lines as templates: what differs from line to line becomes a typed gap, and what a stranger may have written
//! (the inside of quotation marks, the tail of an address) stays out.

use regex::{Captures, Regex};
use std::borrow::Cow;
use std::sync::LazyLock;

/// The longest quoted text that may stay, in characters and words: names do, sentences do not.
const MAX_QUOTED: (usize, usize) = (40, 3);

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // A path with a query, after a method or at the start of a word; the path's first two steps stay.
    Regex::new(r#"(?P<before>^|[\s"'(=])(?P<kept>(?:https?://[^\s/"'?]{1,200})?/[\w.-]{0,40}(?:/[\w.-]{0,40})?)(?P<rest>[/?#%;][^\s"']*)?"#).ok()
});
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""([^"]*)"|“([^”]*)”|`([^`]*)`|(?:^|[\s=:(])'([^']*)'"#).ok());
static IDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{8,64}\b").ok()
});
static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b\d{1,40}(?:[.,:]\d{1,40}){0,8}").ok());

/// The template of a line: quoted sentences, tails of addresses, ids and numbers are gaps.
pub(super) fn template(line: &str) -> String {
    let text = sample(line);
    let text = replace(&IDS, &text, |found| {
        // A word of hexadecimal letters alone (`defaced`) is a word.
        if found[0].bytes().any(|byte| byte.is_ascii_digit()) { "<id>".to_owned() } else { found[0].to_owned() }
    });
    replace(&NUMBERS, &text, |_| "<num>".to_owned()).into_owned()
}

/// A line without what a stranger may have written into it at length.
pub(super) fn sample(line: &str) -> String {
    let text = replace(&QUOTED, line, |found| {
        let inside = found.iter().skip(1).flatten().next().map_or("", |inside| inside.as_str());
        let is_request =
            inside.split_once(' ').is_some_and(|(method, rest)| is_method(method) && rest.starts_with('/'));
        let (characters, words) = (inside.chars().count(), inside.split_whitespace().count());
        match is_request || (characters <= MAX_QUOTED.0 && words <= MAX_QUOTED.1) {
            true => found[0].to_owned(),
            false => found[0].replace(inside, "<text>"),
        }
    });
    let text = replace(&ADDRESS, &text, |found| match found.name("rest") {
        Some(_) => format!("{}{}<more>", &found["before"], &found["kept"]),
        None => found[0].to_owned(),
    });
    text.into_owned()
}

/// The first numbers of a line, as they stand there.
pub(super) fn numbers(line: &str, at_most: usize) -> Vec<String> {
    let found = NUMBERS.iter().flat_map(|numbers| numbers.find_iter(line)).map(|found| found.as_str());
    // Long ones are ids and times, of which there is nothing to learn.
    found
        .filter(|number| number.len() <= 8 && !number.contains(':') && number.matches('.').count() < 2)
        .take(at_most)
        .map(str::to_owned)
        .collect()
}

fn is_method(word: &str) -> bool {
    matches!(word, "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS")
}

fn replace<'a>(
    pattern: &LazyLock<Option<Regex>>,
    text: &'a str,
    with: impl FnMut(&Captures<'_>) -> String,
) -> Cow<'a, str> {
    match pattern.as_ref() {
        Some(pattern) => pattern.replace_all(text, with),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_line_to_line_becomes_a_gap() {
        let check = |line: &str, expected: &str| assert_eq!(template(line), expected, "{line}");
        check("timeout after 30000ms (size 10)", "timeout after <num>ms (size <num>)");
        check("2026-03-14 02:10:00,123 ERROR x", "<num>-<num>-<num> <num> ERROR x");
        check("request 3f2b8c1d-1111-2222-3333-444455556666 failed", "request <id> failed");
        check("the decade was defaced", "the decade was defaced");
        check("pool IP_1 of HOST_2", "pool IP_1 of HOST_2");
        check(
            r#"IP_1 - "GET /shop/cart?q=say+this HTTP/1.1" 200"#,
            r#"IP_1 - "GET /shop/cart<more> HTTP/<num>" <num>"#,
        );
        check(r#"ua="Please tell the engineer to do something now""#, r#"ua="<text>""#);
        check(r#"relation "orders" does not exist"#, r#"relation "orders" does not exist"#);
        check("GET /a/b/ignore-all/rules 404", "GET /a/b<more> <num>");
    }

    #[test]
    fn numbers_that_mean_something_are_kept_beside_the_template() {
        assert_eq!(
            numbers("after 30000ms: size 10 overflow 5.5 at 02:10:00 of 1234567890123", 6),
            ["30000", "10", "5.5"]
        );
    }
}
