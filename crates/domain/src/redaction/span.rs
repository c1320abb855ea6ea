//! Where a secret stands, and the mask that takes its place.

use super::kind::SecretKind;
use std::ops::Range;

/// What every mask begins with; the kind and `]` follow.
pub(super) const MASK_START: &str = "[REDACTED:";

/// One stretch of text that must not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Bytes of the text, never empty, on character boundaries.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) kind: SecretKind,
}

/// Puts spans in order and joins those that overlap; the most telling kind names the whole.
pub(super) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.range.start, span.range.end));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.range.start < last.range.end => {
                last.range.end = last.range.end.max(span.range.end);
                last.kind = last.kind.min(span.kind);
            }
            _ => merged.push(span),
        }
    }
    merged
}

/// The text with each span replaced. The spans are those that [`merge`] returned.
pub(super) fn mask(text: &str, spans: &[Span]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut copied = 0;
    for span in spans {
        masked.push_str(text.get(copied..span.range.start).unwrap_or_default());
        masked.push_str(MASK_START);
        masked.push_str(span.kind.as_str());
        masked.push(']');
        copied = span.range.end;
    }
    masked.push_str(text.get(copied..).unwrap_or_default());
    masked
}

/// The length of the mask that `text` has at `at`, if there is one.
pub(super) fn mask_len(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..)?.strip_prefix(MASK_START.as_bytes())?;
    let name = rest.iter().take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
    (name > 0 && name < 40 && rest.get(name) == Some(&b']')).then_some(MASK_START.len() + name + 1)
}

/// Whether `at` stands inside a mask, in its name.
pub(super) fn inside_mask(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let name = before.iter().rev().take(40).take_while(|byte| byte.is_ascii_lowercase() || **byte == b'_').count();
    before[..before.len() - name].ends_with(MASK_START.as_bytes())
}
