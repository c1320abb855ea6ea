//! Access logs of web servers: the common and combined log formats, a virtual host in front or not.
//!
//! The message is the request with what became of it. The page that led there and the name of the browser are
//! the visitor's: no two visitors' lines would be alike with them.

use super::{Header, timestamp};
use crate::decode::http::quoted_request;

/// Longest stretch in front of the time that is looked at, in bytes.
const MAX_FRONT: usize = 300;

/// `1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 …`: the message begins with the request.
pub(super) fn parse(line: &str) -> Option<Header<'_>> {
    let open = line.bytes().take(MAX_FRONT).position(|byte| byte == b'[')?;
    let words = line[..open].split_ascii_whitespace().count();
    if !(3..=5).contains(&words) {
        return None;
    }
    let found = timestamp::read(&line[open + 1..])?;
    let message = line[open + 1 + found.length..].strip_prefix(']')?.trim_start();
    let is_request = message.starts_with('"') && found.at.is_some();
    is_request.then(|| Header { timestamp: found.at, ..Header::bare(without_visitor(message)) })
}

/// The message up to the quote behind the request's status and size, where it is an access line's.
pub(super) fn without_visitor(message: &str) -> &str {
    let Some((_, after)) = quoted_request(message) else { return message };
    let status = after.trim_start().bytes().take_while(u8::is_ascii_digit).count();
    let Some(quote) = after.find('"').filter(|_| status == 3) else { return message };
    message[..message.len() - after.len() + quote].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visitors_words_are_left_out_and_nothing_else() {
        let check = |message, expected| assert_eq!(without_visitor(message), expected);
        check(r#""GET /a HTTP/1.1" 503 12 "-" "Mozilla/5.0 (X11)" 0.012"#, r#""GET /a HTTP/1.1" 503 12"#);
        check(r#""GET /a HTTP/1.1" 200 -"#, r#""GET /a HTTP/1.1" 200 -"#);
        check(r#""GET /a?b="c" HTTP/1.1" 404 0 "-" "x""#, r#""GET /a?b="c" HTTP/1.1" 404 0"#);
        check(
            r#"upstream failed, request: "GET /a HTTP/1.1", host: "b""#,
            r#"upstream failed, request: "GET /a HTTP/1.1", host: "b""#,
        );
        check(r#"said "no" and "GET out""#, r#"said "no" and "GET out""#);
        check("", "");
    }
}
