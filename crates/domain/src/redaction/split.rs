//! Secrets that a line break cuts in two: a terminal, a mail or a log shipper wrapped the line.
//!
//! The text is looked at once more without its line breaks. What is found there across a break, and is more than
//! a word that happens to stand at the end of a line, is masked in the text as it came.

use super::kind::SecretKind;
use super::scan;
use super::span::{Span, merge};

/// The shortest piece of a secret on either side of a break.
const SHORTEST: usize = 4;

/// Secrets that stand across a line break.
pub(super) fn find(text: &str) -> Vec<Span> {
    if !text.contains('\n') {
        return Vec::new();
    }
    let joined = Joined::of(text);
    let found = scan::find(&joined.text).into_iter();
    let spans = found.filter_map(|span| {
        let range = joined.original(span.range.start)..joined.original(span.range.end - 1) + 1;
        let whole = text.get(range.clone())?;
        let pieces: Vec<&str> = whole.split('\n').map(|piece| piece.trim_matches(['\r', ' ', '\t', '\\'])).collect();
        let is_cut = pieces.len() > 1 && pieces.iter().all(|piece| piece.len() >= SHORTEST);
        // What goes on with `:` or `=`, or is a plain word, is the next line's own beginning, unless the secret has
        // a form that is known.
        let goes_on = is_known_by_name(span.kind) && text[range.end..].starts_with([':', '=']);
        let is_word = pieces.iter().skip(1).any(|piece| piece.bytes().all(|byte| byte.is_ascii_lowercase()));
        let is_telling = is_telling(span.kind, &pieces.concat());
        (is_cut && !goes_on && !is_word && is_telling).then_some(Span { range, kind: span.kind })
    });
    merge(spans.collect())
}

/// A value that only its name makes a secret may be two words of two lines; it has to look drawn at random.
fn is_telling(kind: SecretKind, value: &str) -> bool {
    // These have a form of their own over several lines, or none at all.
    if matches!(kind, SecretKind::BasicAuth | SecretKind::PrivateKey | SecretKind::Card) {
        return false;
    }
    let by_name = is_known_by_name(kind);
    let has = |class: fn(&u8) -> bool| value.bytes().any(|byte| class(&byte));
    !by_name
        || (has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        || (value.len() >= 20 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !value.contains(' '))
}

/// Whether it is what stands before it that makes it a secret.
fn is_known_by_name(kind: SecretKind) -> bool {
    matches!(kind, SecretKind::Password | SecretKind::GenericSecret | SecretKind::UrlCredentials | SecretKind::Bearer)
}

/// A text without its line breaks and what indents the next line, and where each byte of it stood.
struct Joined {
    text: String,
    /// Where a piece begins in the joined text, and where in the text itself.
    pieces: Vec<(usize, usize)>,
}

impl Joined {
    fn of(text: &str) -> Self {
        let mut joined = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let indent = if at == 0 { 0 } else { line.len() - line.trim_start_matches([' ', '\t']).len() };
            let kept = line.trim_end_matches(['\n', '\r', '\\']);
            if let Some(piece) = kept.get(indent..).filter(|piece| !piece.is_empty()) {
                joined.pieces.push((joined.text.len(), at + indent));
                joined.text.push_str(piece);
            }
            at += line.len();
        }
        joined
    }

    /// Where a byte of the joined text stood.
    fn original(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(begins, _)| *begins <= at).saturating_sub(1);
        self.pieces.get(piece).map_or(at, |(begins, stood)| stood + (at - begins))
    }
}
