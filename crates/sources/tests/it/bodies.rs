//! Many events in one body.

use crate::now;
use foghorn_domain::event::Origin;
use foghorn_sources::event::{Body, parse_body};
use foghorn_sources::{FieldError, Limits};

const GOOD: &str = r#"{"source":"s","type":"log","payload":"p"}"#;
const LINES: Option<&str> = Some("application/x-ndjson");

fn parse(bytes: &[u8], content_type: Option<&str>) -> Result<Body, FieldError> {
    parse_body(bytes, content_type, Origin::Events, now(), &Limits::default())
}

/// Each element as `ok` or as its fault.
fn outcomes(bytes: &[u8], content_type: Option<&str>) -> Vec<String> {
    match parse(bytes, content_type).unwrap() {
        Body::One(event) => panic!("one event, {event:?}"),
        Body::Many(events) => {
            events.into_iter().map(|event| event.map_or_else(|fault| fault.to_string(), |_| "ok".to_owned())).collect()
        }
    }
}

#[test]
fn one_object_is_one_event_whatever_the_content_type() {
    for content_type in [None, Some("application/json"), Some("text/plain; charset=utf-8"), Some("")] {
        assert!(matches!(parse(format!(" {GOOD}\n").as_bytes(), content_type), Ok(Body::One(_))));
    }
}

#[test]
fn a_bad_element_of_an_array_leaves_the_others_good() {
    let deep = format!(
        r#"{{"source":"s","type":"t","payload":"p","metadata":{{"a":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let large = format!(r#"{{"source":"s","type":"t","payload":"p","x":[{}1]}}"#, "1,".repeat(500_000));
    let elements = [
        (GOOD, "ok"),
        ("17", "body: must be a JSON object, found a number"),
        (GOOD, "ok"),
        ("[[]]", "body: must be a JSON object, found an array"),
        (r#"{"source":"s","type":"log","payload":{"a":[{}]}}"#, "payload: must be a non-blank string, found an object"),
        ("{}", "source: is required: a non-blank string"),
        ("null", "body: must be a JSON object, found null"),
        (GOOD, "ok"),
    ];
    // These cannot even be read; the rest still can.
    let unreadable = [
        (deep.as_str(), "metadata: nested deeper than 127 levels"),
        (
            r#"{"source":"s","type":"t","payload":"\ud800"}"#,
            "body: is not valid JSON: unexpected end of hex escape at line 1 column 43",
        ),
        (r#"{"source":"s","type":"t","payload":"p","n":1e999}"#, "n: holds a number out of range at line 1 column 48"),
        (large.as_str(), "metadata: must be at most 262144 bytes as JSON, is larger"),
        (GOOD, "ok"),
    ];
    let check = |cases: &[(&str, &str)]| {
        let texts: Vec<&str> = cases.iter().map(|case| case.0).collect();
        let expected: Vec<&str> = cases.iter().map(|case| case.1).collect();
        assert_eq!(outcomes(format!("\n[ {} ]\n", texts.join(" , ")).as_bytes(), None), expected);
    };
    check(&elements);
    check(&[elements.as_slice(), &unreadable].concat());
    check(&[]);
}

#[test]
fn a_note_belongs_to_its_own_event() {
    let nul = GOOD.replace("\"p\"", r#""\u0000""#);
    let Ok(Body::Many(events)) = parse(format!("[{GOOD},{nul},{GOOD}]").as_bytes(), None) else { panic!() };
    let notes: Vec<usize> = events.into_iter().map(|event| event.unwrap().notes.len()).collect();
    assert_eq!(notes, [0, 1, 0]);
}

#[test]
fn an_array_that_is_no_json_is_refused_as_a_whole() {
    for text in [
        format!("[{GOOD}"),
        format!("[{GOOD},]"),
        format!("[{GOOD}]]"),
        format!("[{GOOD} {GOOD}]"),
        "[".repeat(100_000),
    ] {
        let fault = parse(text.as_bytes(), None).unwrap_err();
        assert_eq!(fault.field, "body");
    }
    assert_eq!(parse(b"[\"\xff\"]", None).unwrap_err().message, "must be UTF-8; the byte at offset 2 (0xff) is not");
}

#[test]
fn a_bad_line_leaves_the_others_good_and_blank_ones_do_not_count() {
    let good = GOOD.as_bytes();
    let text = [b"\xef\xbb\xbf\n", good, b"\r\n\n  \n{\n", good, b"\n", &good[..20], b"\n[1]\n", good].concat();
    let expected = ["body: is not valid JSON: EOF while parsing", "ok"];
    for content_type in ["application/x-ndjson", "application/jsonl; charset=utf-8", "Application/X-NDJSON"] {
        let outcomes = outcomes(&text[4..], Some(content_type));
        assert_eq!(outcomes.len(), 6, "{outcomes:?}");
        assert!(outcomes[1].starts_with(expected[0]), "{outcomes:?}");
        assert_eq!([&outcomes[0], &outcomes[2], &outcomes[5]], ["ok"; 3]);
        assert_eq!(outcomes[4], "body: must be a JSON object, found an array");
    }
}

#[test]
fn a_line_that_is_not_utf8_loses_only_itself() {
    let text = [GOOD.as_bytes(), b"\n{\"source\":\"\xff\"}\n", GOOD.as_bytes(), b"\n"].concat();
    assert_eq!(outcomes(&text, LINES), ["ok", "body: must be UTF-8; the byte at offset 11 (0xff) is not", "ok"]);
}

#[test]
fn several_lines_without_the_content_type_are_told_about_it() {
    let fault = parse(format!("{GOOD}\n{GOOD}").as_bytes(), None).unwrap_err();
    assert!(fault.message.contains("application/x-ndjson"), "{fault}");
}

#[test]
fn a_body_holds_no_more_events_than_the_limit() {
    let limits = Limits { events_per_body: 3, ..Limits::default() };
    let parse = |text: String, content_type| parse_body(text.as_bytes(), content_type, Origin::Events, now(), &limits);
    let refused = "body: must hold at most 3 events, holds 4";
    assert!(parse(format!("[{}]", [GOOD; 3].join(",")), None).is_ok());
    assert_eq!(parse(format!("[{}]", [GOOD; 4].join(",")), None).unwrap_err().to_string(), refused);
    assert_eq!(parse("[1e999,1,1,1]".to_owned(), None).unwrap_err().to_string(), refused);
    assert!(parse([GOOD; 3].join("\n\n"), LINES).is_ok());
    assert_eq!(parse([GOOD; 4].join("\n"), LINES).unwrap_err().to_string(), refused);
}
