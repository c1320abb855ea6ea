//! What Slack refuses of blocks and forms.

use serde_json::Value;

/// The longest whole message.
const MAX_MESSAGE: usize = 13_000;

/// `Err` is the error code and what it is about.
pub(super) type Verdict = Result<(), (&'static str, String)>;

/// The blocks of a message, or of a form.
pub(super) fn check_blocks(blocks: &Value, most: usize, in_form: bool) -> Verdict {
    let Some(list) = blocks.as_array() else { return wrong("blocks is no array") };
    if list.is_empty() || list.len() > most {
        return wrong("the number of blocks");
    }
    for (index, block) in list.iter().enumerate() {
        check_block(block, in_form).map_err(|(code, about)| (code, format!("/blocks/{index}: {about}")))?;
    }
    match blocks.to_string().chars().count() > MAX_MESSAGE && !in_form {
        true => Err(("msg_blocks_too_long", "the blocks together".to_owned())),
        false => Ok(()),
    }
}

fn check_block(block: &Value, in_form: bool) -> Verdict {
    length(&block["block_id"], 0, 255, "block_id")?;
    match block["type"].as_str().unwrap_or_default() {
        "section" => {
            known(block, &["type", "block_id", "text", "fields", "accessory"])?;
            text_object(&block["text"], 3_000, true)
        }
        "header" => {
            known(block, &["type", "block_id", "text"])?;
            text_object(&block["text"], 150, false)
        }
        "divider" => known(block, &["type", "block_id"]),
        "context" => {
            known(block, &["type", "block_id", "elements"])?;
            elements(block, 10)?.iter().try_for_each(|element| text_object(element, 2_000, true))
        }
        "actions" => {
            known(block, &["type", "block_id", "elements"])?;
            let elements = elements(block, 25)?;
            let mut ids: Vec<&str> = elements.iter().filter_map(|element| element["action_id"].as_str()).collect();
            ids.sort_unstable();
            if ids.windows(2).any(|pair| pair[0] == pair[1]) {
                return wrong("an action_id twice");
            }
            elements.iter().try_for_each(button)
        }
        "input" if in_form => {
            known(block, &["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"])?;
            text_object(&block["label"], 2_000, false)?;
            length(&block["element"]["action_id"], 1, 255, "action_id")
        }
        other => wrong(&format!("a block of type {other}")),
    }
}

fn button(element: &Value) -> Verdict {
    if element["type"] != "button" {
        return wrong("an element that is no button");
    }
    known(element, &["type", "action_id", "text", "value", "style", "url", "confirm"])?;
    text_object(&element["text"], 75, false)?;
    length(&element["action_id"], 1, 255, "action_id")?;
    length(&element["value"], 1, 2_000, "value")?;
    match element["style"].as_str() {
        None | Some("primary" | "danger") => Ok(()),
        Some(_) => wrong("style"),
    }
}

/// A form for `views.open`.
pub(super) fn check_view(view: &Value) -> Verdict {
    if view["type"] != "modal" {
        return wrong("a view that is no modal");
    }
    for (place, longest) in [("title", 24), ("submit", 24), ("close", 24)] {
        text_object(&view[place], longest, false)?;
    }
    length(&view["callback_id"], 0, 255, "callback_id")?;
    length(&view["private_metadata"], 0, 3_000, "private_metadata")?;
    check_blocks(&view["blocks"], 100, true)
}

fn text_object(object: &Value, longest: usize, may_be_mrkdwn: bool) -> Verdict {
    match object["type"].as_str() {
        Some("mrkdwn") if may_be_mrkdwn => known(object, &["type", "text", "verbatim"])?,
        Some("plain_text") => known(object, &["type", "text", "emoji"])?,
        _ => return wrong("a text object's type"),
    }
    match object["text"].as_str().map(|text| text.encode_utf16().count()) {
        Some(length) if (1..=longest).contains(&length) => Ok(()),
        _ => wrong("a text's length"),
    }
}

/// A text that may be missing.
fn length(value: &Value, shortest: usize, longest: usize, name: &str) -> Verdict {
    match value {
        Value::Null if shortest == 0 => Ok(()),
        Value::String(text) if (shortest..=longest).contains(&text.chars().count()) => Ok(()),
        _ => wrong(name),
    }
}

fn elements(block: &Value, most: usize) -> Result<&[Value], (&'static str, String)> {
    match block["elements"].as_array() {
        Some(elements) if (1..=most).contains(&elements.len()) => Ok(elements),
        _ => Err(("invalid_blocks", "the number of elements".to_owned())),
    }
}

fn known(object: &Value, names: &[&str]) -> Verdict {
    let unknown = object.as_object().and_then(|object| object.keys().find(|name| !names.contains(&name.as_str())));
    unknown.map_or(Ok(()), |name| wrong(&format!("unknown {name}")))
}

fn wrong(about: &str) -> Verdict {
    Err(("invalid_blocks", about.to_owned()))
}
