//! The grammar of SQL and HTML, as libinjection knows it, asked about one decoded value.

use crate::attack::rule::Characters;
use crate::decode::Place;
use crate::tally::Tally;
use foghorn_domain::finding::{Evidence, Kind};
use libinjectionrs::{XssDetector, detect_sqli};
use std::panic::catch_unwind;

/// From this score on the grammars are not asked: the rules have said enough.
const SURE: f32 = 0.6;
/// What an SQL injection cannot do without.
const SQL_MARKS: Characters = Characters::from_ascii("'\"(#=`;-*@|&<>/");
/// What markup cannot do without.
const HTML_MARKS: Characters = Characters::from_ascii("<`\"'");

/// The most of a value that is parsed, in bytes: an injection shows in its first tokens.
const LONGEST: usize = 4096;

/// Asks the grammars about a parameter and adds what they say.
pub(crate) fn examine(value: &str, characters: Characters, place: &Place<'_>, tally: &mut Tally) {
    if characters.meets(SQL_MARKS)
        && tally.score(Kind::Sqli) < SURE
        && let Some(print) = sql(value)
    {
        let matched = format!("{print}: {}", value.chars().take(Evidence::MAX_TEXT).collect::<String>());
        tally.add("sqli.grammar", Kind::Sqli, weight_of(&print, value), &matched, place);
    }
    if characters.meets(HTML_MARKS) && tally.score(Kind::Xss) < SURE && html(value) {
        tally.add("xss.grammar", Kind::Xss, 0.45, value, place);
    }
}

/// The fingerprint of an SQL injection, for instance `s&1c`, if the value has one.
fn sql(value: &str) -> Option<String> {
    let bytes = head(value);
    // A parser of hostile text written by others must not be able to end a worker.
    let result = catch_unwind(|| detect_sqli(bytes)).ok()?;
    result.is_injection().then(|| result.fingerprint.map(|print| print.to_string()).unwrap_or_default())
}

/// How much a fingerprint is worth. libinjection reads words, numbers and quoted words in a row as
/// SQL; what also fits prose is kept below the product's threshold and waits for a second reason.
fn weight_of(print: &str, value: &str) -> f32 {
    let compares = value.contains(['=', '<', '>', '!', '%']) || value.contains("--") || value.contains("/*");
    // n is a bare word, T a statement's first word, f a function's name: prose begins with them too.
    let starts_as_prose = print.starts_with(['n', 'T'])
        || print.bytes().all(|kind| b"nf()1&o,.kvTs".contains(&kind)) && !print.contains('s');
    match print {
        _ if print.len() <= 2 => 0.25,
        "sos" | "s&s" | "sov" | "s&v" | "so1" if !compares => PROSE,
        _ if starts_as_prose => PROSE,
        _ => 0.5,
    }
}

/// The weight of a fingerprint that prose has too.
const PROSE: f32 = 0.28;

/// Whether a browser would run something in the value.
fn html(value: &str) -> bool {
    // An XML declaration or style sheet is no markup of a page.
    let value = value.trim_start();
    let value = if value.starts_with("<?xml") { value.split_once("?>").map_or("", |(_, rest)| rest) } else { value };
    let bytes = head(value);
    catch_unwind(|| XssDetector::new().detect(bytes)).is_ok_and(|result| result.is_injection())
}

fn head(value: &str) -> &[u8] {
    let bytes = value.as_bytes();
    &bytes[..bytes.len().min(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injections_are_told_from_names() {
        assert!(sql("1' or '1'='1").is_some());
        assert!(sql("O'Connor").is_none());
        assert!(html("<script>alert(1)</script>"));
        assert!(!html("a < b and c > d"));
    }
}
