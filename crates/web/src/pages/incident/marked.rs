//! A text with the words that a detector matched marked in it.

use maud::{Markup, html};
use std::ops::Range;

/// The text with every needle marked that is found in it, as it stands or percent-encoded.
pub(super) fn marked(text: &str, needles: &[&str]) -> Markup {
    let mut places: Vec<Range<usize>> = needles.iter().filter_map(|needle| find(text, needle)).collect();
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let (mut pieces, mut at) = (Vec::new(), 0);
    for place in places {
        if let (Some(before), Some(found)) = (text.get(at..place.start), text.get(place.clone())) {
            pieces.push((before, found));
            at = place.end;
        }
    }
    html! {
        @for (before, found) in pieces { (before) mark { (found) } }
        (text.get(at..).unwrap_or_default())
    }
}

/// Where a needle stands: as it is, in other case, or behind percent-encoding. Detectors decode what they
/// read, so what they matched may look otherwise in the text.
pub(super) fn find(text: &str, needle: &str) -> Option<Range<usize>> {
    if needle.is_empty() {
        return None;
    }
    if let Some(start) = text.find(needle) {
        return Some(start..start + needle.len());
    }
    let (decoded, origins) = decoded(text.as_bytes());
    let start = position(&decoded, needle.as_bytes())?;
    Some(origins[start]..origins[start + needle.len()])
}

/// The bytes with `%3C` and `+` decoded, and where each came from; one origin more than bytes.
fn decoded(bytes: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut origins = Vec::with_capacity(bytes.len() + 1);
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        origins.push(at);
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', ..) => {
                decoded.push(b' ');
                at += 1;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    origins.push(at);
    (decoded, origins)
}

/// Where the needle first stands, whatever the case of its ASCII letters. Both are short: texts are cut
/// before they are shown.
fn position(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matched_words_are_marked_however_they_are_written() {
        let check = |text, needle, expected| assert_eq!(marked(text, &[needle]).into_string(), expected, "{text}");
        check("a timeout here", "timeout", "a <mark>timeout</mark> here");
        check("a TIMEOUT here", "timeout", "a <mark>TIMEOUT</mark> here");
        check("/?q=%3Cscript%3E&b", "<script>", "/?q=<mark>%3Cscript%3E</mark>&amp;b");
        check("q=1+UNION+SELECT", "union select", "q=1+<mark>UNION+SELECT</mark>");
        check("<b>", "nothing", "&lt;b&gt;");
        check("漢%E6%BC%A2字", "漢字", "漢<mark>%E6%BC%A2字</mark>");
        check("anything", "", "anything");
    }

    #[test]
    fn several_places_are_marked_once_each_and_never_overlap() {
        let text = marked("one two three", &["two three", "one", "two"]).into_string();
        assert_eq!(text, "<mark>one</mark> <mark>two three</mark>");
    }

    #[test]
    fn what_cannot_stand_at_a_border_of_characters_is_not_marked() {
        // The decoded needle begins inside of a character of the text.
        assert_eq!(marked("ü%", &["\u{bc}"]).into_string(), "ü%");
    }
}
