//! From a message to its tokens, with everything that plainly varies replaced by `<*>`.
//!
//! One pass over the bytes. Words end at white space; inside a word, atoms (runs of letters, digits and
//! the signs that names are made of) are masked whole or left alone, so that `took=35ms` becomes
//! `took=<*>` and `Foo{de9231d` becomes `Foo{<*>`. Masked are: atoms with a digit, long hexadecimal
//! numbers, paths, URLs, mail addresses, IPv6 and hardware addresses, truth values, what stands behind
//! `=`, and short quoted strings.

use super::WILDCARD;
use super::shapes::{MAX_VALUE, address_length, is_atom, is_dotted_name, trim, url_length, value_length, varies};
use super::vocabulary::{follows_a_name, introduces_a_name, is_http_method, is_nothing};
use crate::header::timestamp;

/// Most tokens that are looked at.
pub(super) const MAX_TOKENS: usize = 200;
/// What a token's difference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word of the program's author: lines that differ here are of different statements.
    Steady,
    /// Possibly a name: it may differ.
    Name,
    /// Nothing but masks.
    Wild,
}

/// One masked word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) kind: TokenKind,
}

/// A masked message.
#[derive(Default)]
pub(super) struct Masked {
    text: String,
    spans: Vec<(u32, u32, TokenKind)>,
}

impl Masked {
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    pub(super) fn tokens(&self) -> impl ExactSizeIterator<Item = Token<'_>> {
        self.spans.iter().map(|&(start, end, kind)| Token { text: &self.text[start as usize..end as usize], kind })
    }

    /// The masked words with a space between them.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + self.spans.len());
        for token in self.tokens() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(token.text);
        }
        text
    }
}

/// Masks one line of at most a few kilobytes.
pub(super) fn mask(line: &str) -> Masked {
    let mut masker = Masker {
        source: line,
        bytes: line.as_bytes(),
        at: 0,
        out: Masked { text: String::with_capacity(line.len()), spans: Vec::with_capacity(24) },
        word_start: 0,
        has_name: false,
        has_word: false,
        last: b' ',
    };
    masker.run();
    masker.out
}

struct Masker<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Masked,
    word_start: usize,
    has_name: bool,
    has_word: bool,
    /// The last byte that was not white space; `=` only where a value may follow.
    last: u8,
}

impl Masker<'_> {
    fn run(&mut self) {
        while self.at < self.bytes.len() && self.out.spans.len() < MAX_TOKENS {
            let byte = self.bytes[self.at];
            if byte.is_ascii_whitespace() || byte.is_ascii_control() {
                self.end_word();
                self.at += 1;
            } else if self.last == b'=' && self.value() {
            } else if matches!(byte, b'"' | b'\'' | b'`') {
                self.quoted(byte);
            } else if is_atom(byte) {
                self.atom();
            } else {
                self.literal(byte);
            }
        }
        self.end_word();
    }

    fn literal(&mut self, byte: u8) {
        self.out.text.push(char::from(byte));
        let compares = byte == b'=' && matches!(self.last, b'=' | b'!' | b'<' | b'>' | b'~');
        self.last = if compares { b'~' } else { byte };
        self.at += 1;
    }

    fn push(&mut self, from: usize, to: usize) {
        self.out.text.push_str(&self.source[from..to]);
        self.last = b'a';
    }

    /// Puts a mask down; masks that touch, or have one joining sign between them, become one.
    fn push_mask(&mut self) {
        self.last = b'a';
        let word = &self.out.text[self.word_start..];
        if word.ends_with(WILDCARD) {
            return;
        }
        if let Some(shorter) = word.strip_suffix([':', ',', '/', '|', '-', '.', ';']).filter(|w| w.ends_with(WILDCARD))
        {
            let keep = self.word_start + shorter.len();
            self.out.text.truncate(keep);
            return;
        }
        self.out.text.push_str(WILDCARD);
    }

    fn end_word(&mut self) {
        let (start, end) = (self.word_start, self.out.text.len());
        if start == end {
            return;
        }
        let word = &self.out.text[start..];
        let kind = if self.has_word {
            let named = self.word_before(0).is_some_and(|(before, _)| introduces_a_name(before));
            if named { TokenKind::Name } else { TokenKind::Steady }
        } else if self.has_name {
            TokenKind::Name
        } else if word.contains(WILDCARD) || matches!(word, "()" | "[]" | "{}" | "<>" | "\"\"" | "''") {
            TokenKind::Wild
        } else {
            TokenKind::Steady
        };
        let is_behind_name = follows_a_name(word) && self.word_before(1).is_some_and(|(before, _)| before == "for");
        if kind != TokenKind::Wild || !self.continue_list() {
            if let Some(name) = self.out.spans.last_mut().filter(|_| is_behind_name) {
                name.2 = TokenKind::Name;
            }
            self.out.spans.push((start as u32, end as u32, kind));
        }
        self.word_start = self.out.text.len();
        (self.has_name, self.has_word) = (false, false);
    }

    /// The finished word so many places back.
    fn word_before(&self, back: usize) -> Option<(&str, TokenKind)> {
        let index = self.out.spans.len().checked_sub(back + 1)?;
        let (from, to, kind) = self.out.spans[index];
        Some((&self.out.text[from as usize..to as usize], kind))
    }

    /// Melts a mask into the one before if it only goes on with a list, which is as long as it happens to be.
    fn continue_list(&mut self) -> bool {
        let Some(&(from, to, TokenKind::Wild)) = self.out.spans.last() else { return false };
        let before = &self.out.text[from as usize..to as usize];
        let Some(rest) = self.out.text[to as usize..].strip_prefix(WILDCARD) else { return false };
        let has_comma = before.ends_with(',');
        if !has_comma && before != WILDCARD {
            return false;
        }
        let rest = rest.to_owned();
        let end = to as usize - usize::from(has_comma);
        self.out.text.truncate(end);
        self.out.text.push_str(&rest);
        if let Some(last) = self.out.spans.last_mut() {
            last.1 = self.out.text.len() as u32;
        }
        true
    }

    /// Masks what stands behind `=`; false where nothing of the kind stands there.
    fn value(&mut self) -> bool {
        let first = self.bytes[self.at];
        if matches!(first, b',' | b';' | b')' | b']' | b'}' | b'=' | b'>' | b'~') {
            self.last = first;
            return false;
        }
        if matches!(first, b'"' | b'\'') {
            self.last = b'a';
            return false;
        }
        let rest = &self.bytes[self.at..];
        let separated = self.at > 0 && self.bytes[self.at - 1].is_ascii_whitespace();
        if separated && rest[rest.iter().take_while(|byte| is_atom(**byte)).count()..].first() == Some(&b'=') {
            self.last = b'a';
            return false;
        }
        self.at += value_length(rest);
        self.push_mask();
        true
    }

    /// Masks a quoted string of one or two words; a quoted sentence or request line is read on.
    fn quoted(&mut self, quote: u8) {
        let inside = &self.bytes[self.at + 1..];
        let opens = quote != b'\'' || self.at == 0 || !self.bytes[self.at - 1].is_ascii_alphanumeric();
        let end = inside.iter().take(MAX_VALUE).position(|byte| *byte == quote).filter(|_| opens);
        if let Some(end) = end.filter(|end| *end > 0) {
            let content = &self.source[self.at + 1..self.at + 1 + end];
            let first = content.split(' ').next().unwrap_or_default();
            if content.trim().bytes().filter(|byte| *byte == b' ').count() < 2 && !is_http_method(first) {
                self.literal(quote);
                self.push_mask();
                self.at += end;
            }
        }
        self.literal(quote);
    }

    fn atom(&mut self) {
        let start = self.at;
        let rest = &self.source[start..];
        if let Some(length) = address_length(rest.as_bytes()).or_else(|| timestamp::named_length(rest)) {
            self.at += length;
            return self.push_mask();
        }
        while self.at < self.bytes.len() && is_atom(self.bytes[self.at]) && !self.bytes[self.at..].starts_with(b"..") {
            self.at += 1;
        }
        if self.at == start {
            // Only a row of dots gets here.
            return self.literal(b'.');
        }
        let is_scheme = self.bytes[self.at..].starts_with(b"://")
            && self.bytes[start..self.at].iter().all(u8::is_ascii_alphanumeric);
        let has_query = self.bytes[start] == b'/' && self.bytes.get(self.at) == Some(&b'?');
        if is_scheme || has_query {
            self.at += url_length(&self.bytes[self.at..]);
            return self.push_mask();
        }
        let (from, to) = trim(self.bytes, start, self.at);
        self.push(start, from);
        if from < to {
            self.core(from, to);
        }
        self.push(to, self.at);
    }

    fn core(&mut self, from: usize, to: usize) {
        let core = &self.source[from..to];
        let before = if from == 0 { b' ' } else { self.bytes[from - 1] };
        let after = self.bytes.get(to).copied().unwrap_or(b' ');
        let delimited =
            matches!(before, b'|' | b',' | b':' | b'(' | b'[' | b'{') || matches!(after, b'|' | b')' | b']' | b'}');
        if varies(core) || (delimited && is_nothing(core)) {
            return self.push_mask();
        }
        if is_dotted_name(core) {
            self.has_name = true;
        } else if core.bytes().any(|byte| byte.is_ascii_alphabetic() || byte >= 0x80) {
            self.has_word = true;
        }
        self.push(from, to);
    }
}

#[cfg(test)]
mod tests;
