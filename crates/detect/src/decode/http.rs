//! Taking an HTTP request apart: request line, query, headers, cookies, body.

use crate::decode::body;
use crate::decode::input::{Input, Place, Reach};

const METHODS: [&str; 12] =
    ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "SEARCH", "MKCOL"];

/// Whether a text begins as a request does: a method, then a path, an absolute URL, or anything that
/// a protocol version follows.
pub(crate) fn is_request(text: &str) -> bool {
    let Some((method, rest)) = split_method(text) else { return false };
    let line = rest.lines().next().unwrap_or_default();
    rest.starts_with('/') || line.contains(" HTTP/") || (method != "SEARCH" && line.starts_with("http"))
}

fn split_method(text: &str) -> Option<(&'static str, &str)> {
    let (word, rest) = text.split_at_checked(text.bytes().take(9).position(|b| b == b' ')?)?;
    let method = METHODS.into_iter().find(|method| *method == word)?;
    Some((method, rest.trim_start_matches(' ')))
}

/// The quoted request line inside a log line: `"GET /x HTTP/1.1"`, with what comes after it.
pub(crate) fn quoted_request(text: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    // A web server puts the request among the first few quoted fields.
    for _ in 0..4 {
        let start = from + text.get(from..)?.find('"')? + 1;
        let rest = &text[start..];
        let is_target = |target: &str| target.starts_with(['/', '*']) || target.starts_with("http");
        if split_method(rest).is_some_and(|(_, target)| is_target(target)) {
            let end = end_of_quoted(rest);
            return Some((&rest[..end], rest.get(end + 1..).unwrap_or_default()));
        }
        from = start;
    }
    None
}

/// Where the quoted request ends: at the quote after its protocol, else at the next quote.
fn end_of_quoted(rest: &str) -> usize {
    let protocol = rest.find(" HTTP/").filter(|&at| at < 16 * 1024);
    let from = protocol.unwrap_or(0);
    rest[from..].find('"').map_or(rest.len(), |at| from + at)
}

/// Takes a whole request apart.
pub(crate) fn request<'a>(text: &'a str, found: &mut Vec<Input<'a>>) {
    let text = text.trim_start();
    let (first, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    request_line(first, found);
    let mut content_type = "";
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            break;
        }
        match line.split_once(':') {
            Some((name, value)) => {
                if name.eq_ignore_ascii_case("content-type") {
                    content_type = value.trim();
                }
                header(name, value.trim(), found);
            }
            None => found.push(Input::new(line, Place::new("header", ""), Reach::HEADER)),
        }
    }
    if !rest.is_empty() {
        body::any(rest, content_type, found);
    }
}

/// `GET /path?query HTTP/1.1`, with or without the protocol.
pub(crate) fn request_line<'a>(line: &'a str, found: &mut Vec<Input<'a>>) {
    let line = line.trim_end();
    let rest = split_method(line).map_or(line, |(_, rest)| rest);
    // The last one, because an attack may hold the words of a protocol itself.
    let end = rest.rfind(" HTTP/").unwrap_or(rest.len());
    target(&rest[..end], found);
}

/// A URL or a path with its query.
pub(crate) fn target<'a>(target: &'a str, found: &mut Vec<Input<'a>>) {
    let path_start = match target.find("://") {
        Some(at) if at < 8 => at + 3 + target[at + 3..].find('/').unwrap_or(target.len() - at - 3),
        _ => 0,
    };
    let after = &target[path_start..];
    let (path, query) = after.split_once('?').unwrap_or((after, ""));
    if path.len() > 1 {
        found.push(Input::new(path, Place::new("path", ""), Reach::PATH));
        if let Some((_, segment)) = path.rsplit_once('/') {
            // A path's last segment is often a value: an id, a name, a search.
            if segment.len() >= 3 {
                found.push(Input::new(segment, Place::new("path", ""), Reach::PARAMETER));
            }
        }
    }
    if !query.is_empty() {
        body::form(query, "query", found);
    }
}

/// One header; cookies are taken apart.
pub(crate) fn header<'a>(name: &'a str, value: &'a str, found: &mut Vec<Input<'a>>) {
    if odd_name(name) {
        found.push(Input::new(name, Place::new("header", ""), Reach::HEADER));
    }
    if name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("cookie2") {
        for pair in value.split(';') {
            body::pair(pair.trim(), "cookie", found);
        }
        return;
    }
    if ["x-filename", "x_filename", "x-file-name", "x.filename"].iter().any(|known| name.eq_ignore_ascii_case(known)) {
        found.push(Input::new(value, Place::new("header", name), Reach::FILE));
    }
    found.push(Input::new(value, Place::new("header", name), Reach::HEADER));
}

/// Whether a name holds more than names hold.
pub(crate) fn odd_name(name: &str) -> bool {
    name.bytes().any(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'[' | b']')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs_of(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        request(text, &mut found);
        found.iter().map(|input| format!("{}={}", input.place, input.raw)).collect()
    }

    #[test]
    fn a_request_yields_what_its_sender_chose() {
        assert_eq!(
            inputs_of("POST /a/b.php?x=1&y=%27 HTTP/1.1\r\nHost: h\r\nCookie: s=1; t=2\r\n\r\np=q"),
            [
                "path=/a/b.php",
                "path=b.php",
                "query.x=1",
                "query.y=%27",
                "header.host=h",
                "cookie.s=1",
                "cookie.t=2",
                "body.p=q"
            ]
        );
        assert_eq!(inputs_of("GET /?q=<b> or 1 HTTP/1.0"), ["query.q=<b> or 1"]);
        assert_eq!(inputs_of("GET http://h/x?q=1"), ["path=/x", "query.q=1"]);
        assert_eq!(inputs_of("GET /"), Vec::<String>::new());
    }

    #[test]
    fn a_quoted_request_is_found_in_a_log_line() {
        let check = |line, expected| assert_eq!(quoted_request(line).map(|(request, _)| request), expected, "{line}");
        check(r#"1.2.3.4 - - [x] "GET /a HTTP/1.1" 200"#, Some("GET /a HTTP/1.1"));
        check(r#"{"a":"b","request":"GET /a HTTP/1.1"}"#, None);
        check(r#"x "GET /a?b="c" HTTP/1.1" 200"#, Some(r#"GET /a?b="c" HTTP/1.1"#));
        check(r#"said "GET well soon""#, None);
        check("no quotes", None);
    }
}
