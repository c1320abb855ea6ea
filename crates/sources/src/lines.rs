//! Lines of a log, for `foghorn send`.
//!
//! A line is tried as an event, then as a JSON log line, and is otherwise a text. A JSON log line is read
//! by the names that common loggers use (Elastic's ECS, Bunyan and pino, logrus, zap, structlog, Logback);
//! what is not understood stays in the metadata.

use crate::event::parse_event;
use crate::fields::{self, Object};
use crate::limits::Limits;
use crate::outside_json::NUL_REPLACED;
use crate::outside_json::value::{Found, read_value};
use crate::outside_time;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::event::{NewEvent, Origin};
use foghorn_domain::severity::Severity;
use serde_json::Value;

/// Noted on an event whose line was longer than [`Limits::payload_bytes`].
const PAYLOAD_CUT: &str = "payload_cut";

const MESSAGE: &[&str] = &["message", "msg", "log", "event", "text"];
const LEVEL: &[&str] = &["level", "severity", "lvl", "levelname", "loglevel", "log.level", "severityText"];
const TIME: &[&str] = &["time", "timestamp", "ts", "@timestamp"];
const SERVICE: &[&str] =
    &["service", "service.name", "service_name", "app", "application", "logger", "logger_name", "log.logger", "name"];
const HOST: &[&str] = &["host", "host.name", "hostname", "host_name"];
const TRACE: &[&str] = &["trace_id", "trace.id", "traceId", "traceID", "dd.trace_id"];

/// Reads one line; `source` is said of those that do not say it themselves. Blank lines are `None`.
pub fn parse_line(line: &str, source: &str, now: Timestamp) -> Option<NewEvent> {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    let text = line.trim_start();
    if text.is_empty() {
        return None;
    }
    let source = Some(source.trim()).filter(|source| !source.is_empty()).unwrap_or("lines");
    let limits = Limits::default();
    if text.starts_with('{') {
        if let Ok(event) = parse_event(text.as_bytes(), Origin::Events, now, &limits) {
            return Some(event);
        }
        if let Ok(Found { value: Value::Object(fields), nul_replaced }) = read_value(text.as_bytes()) {
            let mut event = log_line(fields, text, source, now);
            if nul_replaced {
                event.notes.push(NUL_REPLACED);
            }
            return Some(fitted(event, text, &limits));
        }
    }
    Some(fitted(NewEvent::new(source, "log", line), line, &limits))
}

fn log_line(mut fields: Object, line: &str, source: &str, now: Timestamp) -> NewEvent {
    let message = MESSAGE.iter().find(|name| fields::text(&fields, name).is_some());
    let payload = match message.and_then(|name| fields.shift_remove(*name)) {
        // Docker's own log keeps the line's end.
        Some(Value::String(message)) => message.trim_end().to_owned(),
        _ => line.to_owned(),
    };
    let mut event = NewEvent::new(source, "log", payload);

    if let Some(level) = first(&fields, LEVEL).and_then(level_word) {
        event.severity = Severity::parse(&level);
        fields.insert("level".to_owned(), level.into());
    }
    for (name, spellings) in [("service", SERVICE), ("host", HOST), ("trace_id", TRACE)] {
        let found = spellings.iter().find_map(|spelling| lookup(&fields, spelling).and_then(Value::as_str));
        if let Some(found) = found.map(str::trim).filter(|found| !found.is_empty()).map(str::to_owned) {
            let replaced = fields.insert(name.to_owned(), found.into());
            // An object that held the name (`"host":{"name":"web1","ip":"10.0.0.1"}`) holds more than it.
            if let Some(object @ Value::Object(_)) = replaced {
                fields::keep(&mut fields, format!("extra.{name}"), object);
            }
        }
    }
    let time = TIME.iter().find_map(|name| Some((*name, moment(fields.get(*name)?)?)));
    match time {
        Some((name, at)) if outside_time::is_plausible(at, now) => {
            event.event_timestamp = Some(at);
            fields.shift_remove(name);
        }
        Some((name, _)) => {
            event.notes.push(outside_time::IMPLAUSIBLE);
            if let Some(original) = fields.shift_remove(name) {
                fields::keep(&mut fields, "original_event_timestamp".to_owned(), original);
            }
        }
        None => {}
    }
    event.metadata = fields;
    event
}

/// Cuts what the server would refuse. A log that is sent has nobody who could shorten it.
fn fitted(mut event: NewEvent, line: &str, limits: &Limits) -> NewEvent {
    if event.payload.contains('\0') {
        event.payload = event.payload.replace('\0', "\u{fffd}");
        event.notes.push(NUL_REPLACED);
    }
    if fields::check_size(&event.metadata, "metadata", limits.metadata_bytes).is_err() {
        event.metadata = Object::new();
        event.payload = line.to_owned();
    }
    if event.payload.len() > limits.payload_bytes {
        event.payload.truncate(event.payload.floor_char_boundary(limits.payload_bytes));
        event.notes.push(PAYLOAD_CUT);
    }
    event
}

fn first<'o>(fields: &'o Object, names: &[&str]) -> Option<&'o Value> {
    names.iter().find_map(|name| lookup(fields, name))
}

/// A field by its name, which may stand there with its dots or as an object in an object.
fn lookup<'o>(fields: &'o Object, name: &str) -> Option<&'o Value> {
    let nested = || {
        let (outer, inner) = name.split_once('.')?;
        fields.get(outer)?.get(inner)
    };
    fields.get(name).or_else(nested)
}

/// A level as a word. Bunyan and pino write numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60
/// fatal.
fn level_word(level: &Value) -> Option<String> {
    match level {
        Value::String(word) => Some(word.clone()),
        Value::Number(number) => Some(
            match number.as_u64()? {
                10 => "trace",
                20 => "debug",
                30 => "info",
                40 => "warn",
                50 => "error",
                60 => "fatal",
                _ => return None,
            }
            .to_owned(),
        ),
        _ => None,
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => outside_time::parse(text),
        Value::Number(number) => outside_time::from_number(number),
        _ => None,
    }
}
