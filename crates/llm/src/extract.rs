//! Finding the JSON object in what a model wrote around it: thoughts, a fence, a friendly sentence.

use serde_json::Value;

/// Objects that are tried at most; a text full of braces buys no more.
const TRIES: usize = 32;

/// The first JSON object in the text that has a field. Where none has, the first one at all.
///
/// Thoughts in front of the answer (`<think>…</think>`) are passed over.
pub(crate) fn object(text: &str) -> Option<Value> {
    let text = text.rsplit_once("</think>").map_or(text, |(_, after)| after).trim_start_matches('\u{feff}');
    let mut bare = None;
    let (mut from, mut tries) = (0, 0);
    while let Some(start) = text.get(from..).and_then(|rest| rest.find('{')).map(|offset| from + offset) {
        tries += 1;
        if tries > TRIES {
            break;
        }
        let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(Value::Object(fields))) if !fields.is_empty() => return Some(Value::Object(fields)),
            Some(Ok(object)) => {
                bare.get_or_insert(object);
                from = start + stream.byte_offset().max(1);
            }
            _ => from = start + 1,
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_object_is_found_in_what_stands_around_it() {
        let check = |text: &str, found: Option<Value>| assert_eq!(object(text), found, "{text}");
        check(r#"{"a":1}"#, Some(json!({"a":1})));
        check("Sure! Here it is:\n```json\n{\"a\":1}\n```\nAnything else?", Some(json!({"a":1})));
        check("\u{feff}{\"a\":1}", Some(json!({"a":1})));
        check(r#"<think>maybe {"a":2}?</think>{"a":1}"#, Some(json!({"a":1})));
        check(r#"the set {x} and {"a":{"b":"}"}} and {"c":2}"#, Some(json!({"a":{"b":"}"}})));
        check("{} then {\"a\":1}", Some(json!({"a":1})));
        check("{}", Some(json!({})));
        check(r#"{"a":1"#, None);
        check("[1,2]", None);
        check("no braces", None);
        check(&"{".repeat(100_000), None);
    }
}
