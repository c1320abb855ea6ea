//! One decoding pass before all detectors.
//!
//! A [`shape`] says what the payload is: an HTTP request, a line of a web server's access log, a line
//! of any other log, or a bare value. From it come [`Input`]s: what somebody outside may have chosen,
//! with the [`Place`] where it stood. Requests are taken apart by [`http`] and their bodies by
//! [`body`]; [`text`] undoes the encodings of one value, [`base64`] looks for a text inside another,
//! and [`view`] rewrites a value the way a database, a shell or a browser would read it.

pub(crate) mod base64;
pub(crate) mod body;
pub(crate) mod http;
pub(crate) mod input;
pub(crate) mod log;
pub(crate) mod shape;
pub(crate) mod text;
pub(crate) mod view;

pub(crate) use input::{Input, Place, Reach};
pub(crate) use shape::Shape;

use crate::detectors::Subject;
use serde_json::Value;

/// The most inputs taken from one event. A request with more parameters than that is cut short, so
/// that the work stays proportional to the bytes and not to the separators in them.
const MAX_INPUTS: usize = 512;

/// Metadata that repeats parts of a request.
const REQUEST_FIELDS: [&str; 12] = [
    "url",
    "uri",
    "path",
    "query",
    "query_string",
    "request",
    "body",
    "user_agent",
    "referer",
    "params",
    "headers",
    "cookie",
];

/// Everything in the event that somebody outside may have chosen, in the order in which it stands.
pub(crate) fn inputs<'a>(subject: &Subject<'a>, shape: Shape) -> Vec<Input<'a>> {
    let mut found = Vec::with_capacity(8);
    match shape {
        Shape::Request => http::request(subject.payload, &mut found),
        Shape::Target => http::target(subject.payload.trim(), &mut found),
        Shape::Json => body::json(subject.payload, Place::PAYLOAD, &mut found),
        Shape::AccessLine | Shape::LogLine => log::line(subject.payload, &mut found),
        Shape::Value => found.push(value(subject.payload)),
    }
    if shape != Shape::LogLine || subject.event_type == "http_request" {
        for field in REQUEST_FIELDS {
            if let Some(value) = subject.metadata.get(field) {
                metadata(field, value, &mut found);
            }
        }
    }
    found.truncate(MAX_INPUTS);
    found
}

/// A bare value. One with percent signs and without spaces was cut out of a form, where `+` is a space.
fn value(text: &str) -> Input<'_> {
    let mut input = Input::new(text, Place::PAYLOAD, Reach::PARAMETER);
    input.plus_is_space = text.contains('+') && text.contains('%') && !text.contains(' ');
    input
}

fn metadata<'a>(field: &'static str, value: &'a Value, found: &mut Vec<Input<'a>>) {
    match (field, value) {
        ("url" | "uri" | "path" | "request", Value::String(text)) => http::target(text, found),
        ("query" | "query_string", Value::String(text)) => body::form(text, "query", found),
        ("user_agent" | "referer" | "cookie", Value::String(text)) => http::header(field, text, found),
        (_, Value::String(text)) => body::any(text, "", found),
        ("headers", Value::Object(headers)) => {
            for (name, value) in headers.iter().take(MAX_INPUTS) {
                if let Value::String(text) = value {
                    http::header(name, text, found);
                }
            }
        }
        (_, other) => body::value(other, field, 0, found),
    }
}
