//! What a workspace holds.

use super::{FakeSlack, Fault, rate::Rate};
use foghorn_domain::clock::Timestamp;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};

/// A message as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct SlackMessage {
    /// The channel's id.
    pub channel: String,
    /// The message's name within the channel.
    pub ts: String,
    /// The text beside the blocks.
    pub text: String,
    /// The blocks.
    pub blocks: Value,
    /// The metadata, null where there is none.
    pub metadata: Value,
    /// The message whose thread it stands in.
    pub thread_ts: Option<String>,
    /// What it said before it was edited, oldest first.
    pub edits: Vec<SlackEdit>,
    /// When the call came that posted it.
    pub sent_at: Timestamp,
    /// When it landed.
    pub at: Timestamp,
}

/// What a message said before an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct SlackEdit {
    /// The text.
    pub text: String,
    /// The blocks.
    pub blocks: Value,
    /// When it was replaced.
    pub at: Timestamp,
}

impl SlackMessage {
    /// The notification that it bears.
    pub fn notification_id(&self) -> Option<&str> {
        self.metadata.pointer("/event_payload/notification_id").and_then(Value::as_str)
    }

    /// The `action_id`s of its buttons, in order.
    pub fn buttons(&self) -> Vec<&str> {
        let blocks = self.blocks.as_array().into_iter().flatten();
        let elements = blocks.filter(|block| block["type"] == "actions").flat_map(|block| block["elements"].as_array());
        elements.flatten().filter_map(|element| element["action_id"].as_str()).collect()
    }

    /// The texts of its sections, in order.
    pub fn sections(&self) -> Vec<&str> {
        let blocks = self.blocks.as_array().into_iter().flatten();
        blocks.filter_map(|block| block.pointer("/text/text").and_then(Value::as_str)).collect()
    }

    pub(super) fn as_answer(&self, with_metadata: bool) -> Value {
        let mut message = json!({
            "type": "message", "ts": self.ts, "text": self.text, "blocks": self.blocks, "bot_id": Record::BOT,
        });
        if let Some(thread_ts) = &self.thread_ts {
            message["thread_ts"] = json!(thread_ts);
        }
        if with_metadata && !self.metadata.is_null() {
            message["metadata"] = self.metadata.clone();
        }
        message
    }
}

pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_member: bool,
}

pub(super) struct Record {
    pub(super) channels: Vec<Channel>,
    pub(super) users: HashMap<String, Value>,
    pub(super) messages: Vec<SlackMessage>,
    pub(super) ephemerals: Vec<Value>,
    pub(super) views: Vec<Value>,
    pub(super) responses: Vec<(String, Value)>,
    pub(super) calls: Vec<String>,
    /// When channels and threads were looked through.
    pub(super) look_ups: Vec<Timestamp>,
    pub(super) faults: VecDeque<(Option<String>, Fault)>,
    /// A fault for every so manieth call that writes.
    pub(super) regular: Option<(usize, Fault)>,
    writes: usize,
    pub(super) rate: Option<Rate>,
    pub(super) to_deliver: VecDeque<String>,
    pub(super) acknowledgements: Vec<Value>,
    pub(super) connections: usize,
    pub(super) socket_port: u16,
    serial: u64,
}

impl Record {
    /// The bot that messages bear.
    pub(super) const BOT: &'static str = "B0FOGHORN";

    pub(super) fn new(socket_port: u16) -> Self {
        let person = json!({
            "id": "U1", "team_id": FakeSlack::TEAM, "name": "john.doe", "real_name": "John Doe", "deleted": false,
            "is_bot": false, "is_restricted": false, "is_ultra_restricted": false,
        });
        let mut record = Self {
            channels: Vec::new(),
            users: HashMap::from([("U1".to_owned(), person)]),
            messages: Vec::new(),
            ephemerals: Vec::new(),
            views: Vec::new(),
            responses: Vec::new(),
            calls: Vec::new(),
            look_ups: Vec::new(),
            faults: VecDeque::new(),
            regular: None,
            writes: 0,
            rate: None,
            to_deliver: VecDeque::new(),
            acknowledgements: Vec::new(),
            connections: 0,
            socket_port,
            serial: 0,
        };
        record.add_channel(FakeSlack::CHANNEL);
        record
    }

    pub(super) fn add_channel(&mut self, name: &str) -> String {
        let name = name.trim_start_matches('#').to_owned();
        let id = format!("C{:08}", self.channels.len() + 1);
        self.channels.push(Channel { id: id.clone(), name, is_member: true });
        id
    }

    /// By id, or by name.
    pub(super) fn channel(&self, wanted: &str) -> Option<&Channel> {
        let name = wanted.trim_start_matches('#');
        self.channels.iter().find(|channel| channel.id == wanted || channel.name == name)
    }

    pub(super) fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    /// The fault of a call: the first that is due for its method or for any, or the one that comes regularly.
    pub(super) fn next_fault(&mut self, method: &str) -> Option<Fault> {
        let writes = matches!(method, "chat.postMessage" | "chat.update");
        self.writes += usize::from(writes);
        let due = |(only, _): &(Option<String>, Fault)| only.as_deref().is_none_or(|only| only == method);
        let place = self.faults.iter().position(due);
        let regular = self.regular.as_ref().filter(|(nth, _)| writes && self.writes.is_multiple_of(*nth));
        match place {
            Some(place) => self.faults.remove(place).map(|(_, fault)| fault),
            None => regular.map(|(_, fault)| fault.clone()),
        }
    }

    /// A name for a message: its second, and a number that no other message has.
    pub(super) fn new_ts(&mut self, now: Timestamp) -> String {
        self.serial += 1;
        format!("{}.{:06}", now.as_second(), self.serial)
    }
}
