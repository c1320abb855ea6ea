//! Bodies and queries: forms, JSON, XML, multipart.

use crate::decode::http::odd_name;
use crate::decode::input::{Input, Place, Reach};
use serde_json::Value;

/// How deep into a JSON document values are taken from.
const MAX_DEPTH: usize = 32;

/// Above this many bytes a form that looks torn is not taken apart as well.
const LARGE: usize = 16 * 1024;

/// The most values taken from one document or form.
const MAX_VALUES: usize = 256;

/// A body of any type: by its content type, else by its look.
pub(crate) fn any<'a>(text: &'a str, content_type: &str, found: &mut Vec<Input<'a>>) {
    let kind = content_type.to_ascii_lowercase();
    let start = text.trim_start();
    if let Some((_, boundary)) = kind.split_once("boundary=").filter(|_| kind.starts_with("multipart/")) {
        return multipart(text, boundary.split(';').next().unwrap_or_default().trim_matches('"'), found);
    }
    if kind.contains("json") || start.starts_with('{') || start.starts_with('[') {
        return json(text, Place::new("body", ""), found);
    }
    if kind.contains("xml") || start.starts_with("<?xml") {
        return xml(text, found);
    }
    if !kind.is_empty() && !kind.contains("urlencoded") {
        found.push(Input::new(text, Place::new("body", ""), Reach::PARAMETER));
        return;
    }
    form(text.trim_end_matches(['\r', '\n']), "body", found);
}

/// `a=b&c=d`. Where a part has no `=` or an odd name, the separators were probably part of a value, so
/// the whole is looked at too; of a large one, only the whole.
pub(crate) fn form<'a>(text: &'a str, part: &'static str, found: &mut Vec<Input<'a>>) {
    let is_pair = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !odd_name(name));
    let mut pairs = text.split('&');
    let torn = pairs.by_ref().take(MAX_VALUES).any(|pair| !is_pair(pair)) || pairs.next().is_some();
    let whole = torn && (text.contains('&') || text.len() > LARGE);
    if whole {
        found.push(Input::form(text, Place::new(part, "")));
    }
    if !whole || text.len() <= LARGE {
        for text in text.split('&').take(MAX_VALUES) {
            pair(text, part, found);
        }
    }
}

/// One `name=value`, or a value alone.
pub(crate) fn pair<'a>(text: &'a str, part: &'static str, found: &mut Vec<Input<'a>>) {
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    if odd_name(name) {
        // The name is odd, so `=` may not be a separator at all.
        found.push(Input::form(text, Place::new(part, "")));
    }
    if !value.is_empty() {
        found.push(Input::form(value, Place::new(part, name)));
    }
}

/// A JSON document: every string in it, and every odd name. One that does not parse is a plain text.
pub(crate) fn json<'a>(text: &'a str, place: Place<'a>, found: &mut Vec<Input<'a>>) {
    match serde_json::from_str::<Value>(text) {
        Ok(document) => owned_value(&document, place.part, "", 0, found),
        Err(_) => found.push(Input::new(text, place, Reach::PARAMETER)),
    }
}

/// Every string inside a parsed value that lives as long as the inputs.
pub(crate) fn value<'a>(value: &'a Value, part: &'static str, depth: usize, found: &mut Vec<Input<'a>>) {
    owned_value(value, part, "", depth, found);
}

fn owned_value<'a>(value: &Value, part: &'static str, name: &str, depth: usize, found: &mut Vec<Input<'a>>) {
    if depth > MAX_DEPTH || found.len() > MAX_VALUES * 2 {
        return;
    }
    match value {
        Value::String(text) => {
            found.push(Input::new(text.clone(), Place::new(part, name.to_owned()), Reach::PARAMETER));
        }
        Value::Array(items) => items.iter().for_each(|item| owned_value(item, part, name, depth + 1, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if odd_name(name) {
                    // An operator is a name with a meaning, so it is shown as one.
                    let raw = if name.starts_with('$') { format!("\"{name}\":") } else { name.clone() };
                    found.push(Input::new(raw, Place::new(part, ""), Reach::PARAMETER));
                }
                owned_value(value, part, name, depth + 1, found);
            }
        }
        _ => {}
    }
}

/// An XML document: each attribute's value and each text between tags, and the document's own
/// declarations.
fn xml<'a>(text: &'a str, found: &mut Vec<Input<'a>>) {
    if text.contains("<!") || text.contains("xi:include") || text.contains("XInclude") {
        found.push(Input::new(text, Place::new("body", ""), Reach::PARAMETER));
    }
    let (mut in_tag, mut in_quotes) = (false, false);
    let mut start = 0;
    let mut taken = 0;
    for (at, byte) in text.bytes().enumerate() {
        let ends_text = byte == b'<' && !in_quotes;
        let ends_value = byte == b'"' && in_quotes;
        if (ends_text || ends_value) && taken < MAX_VALUES {
            let piece = text[start..at].trim();
            if !piece.is_empty() {
                found.push(Input::new(piece, Place::new("body", "xml"), Reach::PARAMETER));
                taken += 1;
            }
        }
        match byte {
            b'<' if !in_quotes => in_tag = true,
            b'>' if !in_quotes => in_tag = false,
            b'"' if in_tag => in_quotes = !in_quotes,
            _ => continue,
        }
        start = at + 1;
    }
    // What a broken document leaves over is looked at as it stands.
    if in_tag && start < text.len() {
        found.push(Input::new(&text[start..], Place::new("body", "xml"), Reach::PARAMETER));
    }
}

/// A multipart body: each part's file name and content.
fn multipart<'a>(text: &'a str, boundary: &str, found: &mut Vec<Input<'a>>) {
    if boundary.is_empty() {
        found.push(Input::new(text, Place::new("body", ""), Reach::PARAMETER));
        return;
    }
    let mut parts = Vec::new();
    // The header was lowered for its keywords, so the boundary is compared without case.
    let lowered = text.to_ascii_lowercase();
    let mut from = 0;
    for (at, mark) in lowered.match_indices(boundary).take(MAX_VALUES) {
        parts.push(&text[from..at]);
        from = at + mark.len();
    }
    parts.push(&text[from..]);
    for part in parts.into_iter().skip(1) {
        let part = part.trim_start_matches('-').trim_start_matches(['\r', '\n']);
        let (head, content) = part.split_once("\n\n").or_else(|| part.split_once("\r\n\r\n")).unwrap_or((part, ""));
        for line in head.lines() {
            if let Some(at) = line.find("filename=") {
                let name = line[at + 9..].trim().trim_matches('"');
                found.push(Input::new(name, Place::new("file", ""), Reach::FILE));
            } else if let Some((name, value)) = line.split_once(':') {
                found.push(Input::new(value.trim(), Place::new("part", name), Reach::HEADER));
            }
        }
        let content = content.trim_end_matches(['-', '\r', '\n']);
        if content.trim_start().starts_with('{') {
            json(content, Place::new("body", ""), found);
        } else if !content.is_empty() {
            found.push(Input::new(content, Place::new("body", ""), Reach::PARAMETER));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_body_yields_its_values() {
        let check = |content_type, text, expected: &[&str]| {
            let mut found = Vec::new();
            any(text, content_type, &mut found);
            let got: Vec<String> = found.iter().map(|input| input.raw.to_string()).collect();
            assert_eq!(got, expected, "{text}");
        };
        check("", "a=b&c=d", &["b", "d"]);
        check("", "select(user(", &["select(user("]);
        check("", "h=127.0.0.1&&ls", &["h=127.0.0.1&&ls", "127.0.0.1", "ls"]);
        check("application/json", r#"{"a":["b",1],"x.y":"c"}"#, &["b", "x.y", "c"]);
        check("application/json", "{broken", &["{broken"]);
        check("application/xml", r#"<?xml version="1.0"?><a p="q'r">text</a>"#, &["1.0", "q'r", "text"]);
        check(
            "multipart/form-data; boundary=B0",
            "--B0\nContent-Disposition: form-data; name=\"n\"; filename=\"x.php\"\n\nhello\n--B0--\n",
            &["x.php", "hello"],
        );
    }
}
