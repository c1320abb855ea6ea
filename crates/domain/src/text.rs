//! Outside text made fit to be read by people: one line, nothing invisible, nothing that commands a
//! terminal, and never longer than asked for.

use crate::redaction::redact_cow;

/// Outside text as one plain line.
///
/// White space of every kind becomes single spaces, and is trimmed at both ends. Control characters
/// go, and so do the introducers of terminal sequences (ECMA-48: CSI with its parameters; of OSC and
/// its kin only the frame, so that nothing can be hidden inside one), zero-width and bidirectional
/// characters, fillers, tags and variation selectors. One pass; the result is never longer than the
/// input.
pub fn plain_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut space_due = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => {
                // Two-character sequences are the introducer and one more; CSI goes on until its final byte.
                match characters.next_if(|next| matches!(next, '[' | ']' | 'P' | 'X' | '^' | '_' | '\\')) {
                    Some('[') => skip_control_sequence(&mut characters),
                    _ => continue,
                }
            }
            '\u{9b}' => skip_control_sequence(&mut characters),
            _ if character.is_whitespace() => space_due = !plain.is_empty(),
            _ if character.is_control() || is_invisible(character) => {}
            _ => {
                if space_due {
                    plain.push(' ');
                    space_due = false;
                }
                plain.push(character);
            }
        }
    }
    plain
}

/// Outside text as it may leave: one plain line, with secrets masked.
///
/// Redaction sees it before and after it is made plain: before, because some secrets are known by their
/// lines; after, because an invisible character inside a secret would have hidden it.
pub fn outside_text(text: &str) -> String {
    let masked = redact_cow(text);
    redact_cow(&plain_text(&masked)).into_owned()
}

/// The start of a text, at most so many bytes, cut at a character's border.
pub(crate) fn start_of(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Parameters and intermediates of a CSI sequence, then its final byte. They are ASCII and cannot
/// carry words, so nothing readable is lost; anything else ends the sequence and stays.
fn skip_control_sequence(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while characters.next_if(|next| matches!(next, ' '..='?')).is_some() {}
    characters.next_if(|next| matches!(next, '@'..='~'));
}

/// Characters that take no room or change the direction of those around them (Unicode's
/// default-ignorable code points, and the interlinear annotation marks).
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// The text, cut to at most `limit` characters; a text that was cut ends in `…`, which counts.
pub fn cut(text: &str, limit: usize) -> String {
    let Some((past_the_end, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let kept = text[..past_the_end].char_indices().next_back().map_or("", |(last, _)| &text[..last]);
    match limit {
        0 => String::new(),
        _ => format!("{}…", kept.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_becomes_one_plain_line() {
        let check = |outside, plain| assert_eq!(plain_text(outside), plain, "{outside:?}");
        check("as it is, ünï © 漢字", "as it is, ünï © 漢字");
        check("  two\r\n lines\tand\u{2028}more \n", "two lines and more");
        check("\u{1b}[31;1mred\u{1b}[0m alert", "red alert");
        check("\u{9b}2Jcleared", "cleared");
        check("\u{1b}]8;;https://example.org\u{7}click\u{1b}]8;;\u{7}", "8;;https://example.orgclick8;;");
        check("half \u{1b}[12", "half");
        check("kept \u{1b}[漢字", "kept 漢字");
        check("pay\u{202e}lap\u{202c} \u{200b}ze\u{200d}ro\u{feff}", "paylap zero");
        check("nul\0 bell\u{7} del\u{7f} tag\u{e0041}", "nul bell del tag");
        check("\u{200b}", "");
    }

    #[test]
    fn a_cut_text_says_so_and_keeps_whole_characters() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "long…");
        assert_eq!(cut("漢字漢字", 3), "漢字…");
        assert_eq!(cut("two words", 5), "two…");
        assert_eq!(cut("anything", 0), "");
        assert_eq!(cut("anything", 1), "…");
    }
}
