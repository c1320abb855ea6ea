//! What the methods of the Web API do.

use super::record::{Record, SlackEdit, SlackMessage};
use super::shape::{check_blocks, check_view};
use super::{FakeSlack, Shared};
use foghorn_domain::clock::Timestamp;
use serde_json::{Map, Value, json};

/// An answer: a body, or a request to wait so many seconds.
pub(super) enum Reply {
    Body(Value),
    Wait(u64),
}

type Done = Result<Value, (&'static str, String)>;

/// A call as it came.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) token: Option<String>,
    pub(super) arguments: Map<String, Value>,
    pub(super) is_json: bool,
    /// When it came.
    pub(super) at: Timestamp,
}

impl Call {
    fn text(&self, name: &str) -> &str {
        self.arguments.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn value(&self, name: &str) -> &Value {
        self.arguments.get(name).unwrap_or(&Value::Null)
    }

    fn number(&self, name: &str, default: usize) -> usize {
        self.text(name).parse().unwrap_or(default)
    }
}

/// Carries a call out.
pub(super) fn carry_out(shared: &Shared, call: &Call) -> Reply {
    let now = shared.clock.now();
    let mut record = shared.record();
    if let Some(wait) = over_the_rate(&mut record, call, now) {
        return Reply::Wait(wait);
    }
    let done = authorised(call).and_then(|()| match &*call.method {
        "chat.postMessage" => post(&mut record, call, now),
        "chat.update" => update(&mut record, call, now),
        "chat.postEphemeral" => ephemeral(&mut record, call),
        "conversations.history" => history(&record, call),
        "conversations.replies" => replies(&record, call),
        "conversations.list" => list(&record, call),
        "views.open" => open(&mut record, call),
        "users.info" => user(&record, call),
        "auth.test" => Ok(json!({ "team_id": FakeSlack::TEAM, "team": "Foghorn", "user": "foghorn",
            "user_id": "U0FOGHORN", "bot_id": Record::BOT, "url": "https://foghorn.slack.com/" })),
        "apps.connections.open" => Ok(json!({ "url": format!("ws://127.0.0.1:{}/link", record.socket_port) })),
        _ => refuse("unknown_method"),
    });
    if done.is_ok() && matches!(&*call.method, "conversations.history" | "conversations.replies") {
        record.look_ups.push(now);
    }
    Reply::Body(match done {
        Ok(mut body) => {
            body["ok"] = json!(true);
            body
        }
        Err((code, about)) => {
            json!({ "ok": false, "error": code, "response_metadata": { "messages": [format!("[ERROR] {about}")] } })
        }
    })
}

fn over_the_rate(record: &mut Record, call: &Call, now: Timestamp) -> Option<u64> {
    let channel = record.channel(call.text("channel")).map(|channel| channel.id.clone());
    let rate = record.rate.as_mut()?;
    match &*call.method {
        "chat.postMessage" => rate.post(&channel?, now).err(),
        "chat.update" => rate.edit(now).err(),
        _ => None,
    }
}

fn authorised(call: &Call) -> Result<(), (&'static str, String)> {
    // Methods that only read take forms alone.
    let reads = ["conversations.history", "conversations.replies", "conversations.list", "users.info"];
    let wants_app_token = call.method == "apps.connections.open";
    match call.token.as_deref() {
        None => refuse("not_authed"),
        Some(FakeSlack::TOKEN | FakeSlack::APP_TOKEN) if call.is_json && reads.contains(&&*call.method) => {
            refuse("invalid_arguments")
        }
        Some(FakeSlack::TOKEN) if !wants_app_token => Ok(()),
        Some(FakeSlack::APP_TOKEN) if wants_app_token => Ok(()),
        Some(FakeSlack::TOKEN | FakeSlack::APP_TOKEN) => refuse("not_allowed_token_type"),
        Some(_) => refuse("invalid_auth"),
    }
}

fn refuse<Anything>(code: &'static str) -> Result<Anything, (&'static str, String)> {
    Err((code, code.to_owned()))
}

/// The id of a channel that the bot is in. Only posting takes a name.
fn channel(record: &Record, wanted: &str, by_name: bool) -> Result<String, (&'static str, String)> {
    match record.channel(wanted) {
        Some(channel) if !by_name && channel.id != wanted => refuse("channel_not_found"),
        Some(channel) if !channel.is_member => refuse("not_in_channel"),
        Some(channel) => Ok(channel.id.clone()),
        None => refuse("channel_not_found"),
    }
}

fn check_content(call: &Call) -> Result<(), (&'static str, String)> {
    match (call.text("text").chars().count(), call.value("blocks")) {
        (0, Value::Null) => refuse("no_text"),
        (40_001.., _) => refuse("msg_too_long"),
        (_, Value::Null) => Ok(()),
        (_, blocks) => check_blocks(blocks, 50, false),
    }
}

fn post(record: &mut Record, call: &Call, now: Timestamp) -> Done {
    let channel = channel(record, call.text("channel"), true)?;
    check_content(call)?;
    let metadata = call.value("metadata").clone();
    let whole = metadata["event_type"].is_string() && metadata["event_payload"].is_object();
    if !metadata.is_null() && !whole {
        return refuse("invalid_metadata_format");
    }
    let thread_ts = Some(call.text("thread_ts")).filter(|ts| !ts.is_empty()).map(str::to_owned);
    let known = |ts: &String| record.messages.iter().any(|message| message.channel == channel && message.ts == *ts);
    if thread_ts.as_ref().is_some_and(|ts| !known(ts)) {
        return refuse("thread_not_found");
    }
    let message = SlackMessage {
        ts: record.new_ts(now),
        channel,
        text: call.text("text").to_owned(),
        blocks: call.value("blocks").clone(),
        metadata,
        thread_ts,
        edits: Vec::new(),
        sent_at: call.at,
        at: now,
    };
    let answer = json!({ "channel": message.channel, "ts": message.ts, "message": message.as_answer(false) });
    record.messages.push(message);
    Ok(answer)
}

fn update(record: &mut Record, call: &Call, now: Timestamp) -> Done {
    let channel = channel(record, call.text("channel"), false)?;
    check_content(call)?;
    let ts = call.text("ts");
    let message = record.messages.iter_mut().find(|message| message.channel == channel && message.ts == ts);
    let Some(message) = message else { return refuse("message_not_found") };
    let text = std::mem::replace(&mut message.text, call.text("text").to_owned());
    let blocks = std::mem::replace(&mut message.blocks, call.value("blocks").clone());
    message.edits.push(SlackEdit { text, blocks, at: now });
    Ok(json!({ "channel": channel, "ts": ts, "text": message.text }))
}

fn ephemeral(record: &mut Record, call: &Call) -> Done {
    channel(record, call.text("channel"), true)?;
    check_content(call)?;
    if !record.users.contains_key(call.text("user")) {
        return refuse("user_not_in_channel");
    }
    record.ephemerals.push(Value::Object(call.arguments.clone()));
    Ok(json!({ "message_ts": "1.000000" }))
}

/// Newest first, without what stands in threads.
fn history(record: &Record, call: &Call) -> Done {
    let channel = channel(record, call.text("channel"), false)?;
    let oldest = call.text("oldest");
    let of_channel = |message: &&SlackMessage| message.channel == channel && message.thread_ts.is_none();
    let messages = record.messages.iter().rev().filter(of_channel).filter(|message| later(&message.ts, oldest));
    Ok(page(messages.collect(), call))
}

/// The message whose thread it is, then what stands in the thread, oldest first.
fn replies(record: &Record, call: &Call) -> Done {
    let channel = channel(record, call.text("channel"), false)?;
    let (ts, oldest) = (call.text("ts"), call.text("oldest"));
    let of_thread = |message: &&SlackMessage| message.ts == ts || message.thread_ts.as_deref() == Some(ts);
    let messages: Vec<&SlackMessage> =
        record.messages.iter().filter(|message| message.channel == channel).filter(of_thread).collect();
    match messages.is_empty() {
        true => refuse("thread_not_found"),
        false => Ok(page(messages.into_iter().filter(|message| later(&message.ts, oldest)).collect(), call)),
    }
}

fn later(ts: &str, oldest: &str) -> bool {
    let seconds = |ts: &str| ts.parse::<f64>().unwrap_or(0.0);
    seconds(ts) > seconds(oldest)
}

fn page(messages: Vec<&SlackMessage>, call: &Call) -> Value {
    let with_metadata = call.text("include_all_metadata") == "true";
    let (start, limit) = (call.number("cursor", 0), call.number("limit", 100).clamp(1, 999));
    let shown: Vec<Value> =
        messages.iter().skip(start).take(limit).map(|message| message.as_answer(with_metadata)).collect();
    let more = start + limit < messages.len();
    let cursor = if more { (start + limit).to_string() } else { String::new() };
    json!({ "messages": shown, "has_more": more, "response_metadata": { "next_cursor": cursor } })
}

fn list(record: &Record, call: &Call) -> Done {
    let (start, limit) = (call.number("cursor", 0), call.number("limit", 100).clamp(1, 999));
    let shown = record.channels.iter().skip(start).take(limit);
    let shown: Vec<Value> = shown.map(|channel| json!({ "id": channel.id, "name": channel.name })).collect();
    let more = start + limit < record.channels.len();
    let cursor = if more { (start + limit).to_string() } else { String::new() };
    Ok(json!({ "channels": shown, "response_metadata": { "next_cursor": cursor } }))
}

fn open(record: &mut Record, call: &Call) -> Done {
    match call.text("trigger_id") {
        "" => return refuse("invalid_trigger_id"),
        "expired" => return refuse("expired_trigger_id"),
        _ => {}
    }
    check_view(call.value("view")).map_err(|(_, about)| ("invalid_arguments", about))?;
    record.views.push(call.value("view").clone());
    Ok(json!({ "view": call.value("view") }))
}

fn user(record: &Record, call: &Call) -> Done {
    match record.users.get(call.text("user")) {
        Some(user) => Ok(json!({ "user": user })),
        None => refuse("user_not_found"),
    }
}
