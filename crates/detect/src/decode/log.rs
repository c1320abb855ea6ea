//! Log lines. Most of a line was written by an application; a request quoted in it was not.

use crate::decode::http;
use crate::decode::input::{Input, Place, Reach};

/// Takes a log line apart: the quoted request, the quoted fields after it (referer, user agent), a
/// request named in passing, and the whole line as a line.
pub(crate) fn line<'a>(text: &'a str, found: &mut Vec<Input<'a>>) {
    if let Some((request, after)) = http::quoted_request(text) {
        http::request_line(request, found);
        let mut quoted = after.split('"').skip(1).step_by(2);
        for name in ["referer", "user-agent"] {
            match quoted.next() {
                None | Some("-" | "") => {}
                Some(value) => found.push(Input::new(value, Place::new("header", name), Reach::HEADER)),
            }
        }
        return;
    }
    if let Some(target) = named_request(text) {
        http::request_line(target, found);
    }
    found.push(Input::new(text, Place::PAYLOAD, Reach::LOG));
}

/// `… GET /path?query …` outside quotes: from the method on. Only a target with a query is a request
/// worth taking apart; of the rest the rules for log lines see enough.
fn named_request(text: &str) -> Option<&str> {
    let at = ["GET /", "POST /", "PUT /", "DELETE /"].iter().filter_map(|method| text.find(method)).min()?;
    let rest = &text[at..];
    let line = rest.lines().next().unwrap_or(rest);
    line.contains('?').then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_yields_the_request_it_quotes_or_itself() {
        let check = |text, expected: &[&str]| {
            let mut found = Vec::new();
            line(text, &mut found);
            let got: Vec<String> = found.iter().map(|input| format!("{}={}", input.place, input.raw)).collect();
            assert_eq!(got, expected, "{text}");
        };
        check(
            r#"1.1.1.1 - - [d] "GET /a?b=c HTTP/1.1" 200 5 "-" "curl/8""#,
            &["path=/a", "query.b=c", "header.user-agent=curl/8"],
        );
        check("INFO started", &["payload=INFO started"]);
        check("blocked GET /a?b=c now", &["path=/a", "query.b=c now", "payload=blocked GET /a?b=c now"]);
    }
}
