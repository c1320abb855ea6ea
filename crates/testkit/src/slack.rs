//! A Slack that bites: it refuses what Slack refuses, fails when told to, and remembers everything.
//!
//! `server` takes connections and lets them fail; `method` does what Slack's methods do; `shape` refuses blocks that
//! Slack would refuse; `rate` counts calls; `record` is what a workspace holds; `link` is the other end of Socket Mode.

mod fault;
mod link;
mod method;
mod rate;
mod record;
mod server;
mod shape;

pub use fault::Fault;
pub use record::{SlackEdit, SlackMessage};

use foghorn_domain::clock::{Clock, SignedDuration, Timestamp};
use foghorn_pipeline::receivers::SlackSettings;
use foghorn_slack::Secret;
use record::{Channel, Record};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A workspace with one channel, `#incident-alerts`, and one person, `U1` (`john.doe`).
pub struct FakeSlack {
    shared: Arc<Shared>,
    port: u16,
    servers: [JoinHandle<()>; 2],
}

/// What both servers and the test hold.
struct Shared {
    record: Mutex<Record>,
    /// Changes with every change of the record.
    changes: watch::Sender<u64>,
    /// Calls that are still on their way.
    late: Mutex<Vec<method::Call>>,
    clock: Clock,
}

impl Shared {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl FakeSlack {
    /// The bot token that is good.
    pub const TOKEN: &str = "xoxb-1-good-token";
    /// The app-level token that is good for Socket Mode.
    pub const APP_TOKEN: &str = "xapp-1-good-token";
    /// What requests would be signed with.
    pub const SIGNING_SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    /// The workspace.
    pub const TEAM: &str = "T0FOGHORN";
    /// The channel that is there from the start.
    pub const CHANNEL: &str = "#incident-alerts";

    /// One by the machine's clock.
    pub async fn start() -> Self {
        Self::with_clock(Clock::system()).await
    }

    /// One whose messages bear, and whose rate limits count by, another clock.
    pub async fn with_clock(clock: Clock) -> Self {
        let (api, api_port) = server::bind().await;
        let (socket, socket_port) = server::bind().await;
        let record = Mutex::new(Record::new(socket_port));
        let shared = Arc::new(Shared { record, changes: watch::channel(0).0, late: Mutex::default(), clock });
        let servers =
            [tokio::spawn(server::serve(api, shared.clone())), tokio::spawn(link::serve(socket, shared.clone()))];
        Self { shared, port: api_port, servers }
    }

    /// The clock that its messages bear.
    pub fn clock(&self) -> Clock {
        self.shared.clock.clone()
    }

    /// What a Foghorn has to know to post here and to believe what comes from here.
    pub fn settings(&self) -> SlackSettings {
        SlackSettings {
            api_url: Some(self.base_url()),
            bot_token: Some(Secret::new(Self::TOKEN)),
            signing_secret: Some(Secret::new(Self::SIGNING_SECRET)),
            channel: Self::CHANNEL.to_owned(),
            team_id: Some(Self::TEAM.to_owned()),
            ..SlackSettings::default()
        }
    }

    /// What `SLACK_API_URL` would be set to.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/api/", self.port)
    }

    /// An address that takes answers to clicks; they are in [`FakeSlack::responses`].
    pub fn response_url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/response/{name}", self.port)
    }

    /// Adds a channel that the bot is a member of. Answers its id.
    pub fn add_channel(&self, name: &str) -> String {
        self.shared.record().add_channel(name)
    }

    /// Adds a channel that the bot is no member of. Answers its id.
    pub fn add_foreign_channel(&self, name: &str) -> String {
        let mut record = self.shared.record();
        let id = record.add_channel(name);
        let channel: &mut Channel = record.channel_mut(&id).unwrap();
        channel.is_member = false;
        id
    }

    /// The id of a channel.
    pub fn channel_id(&self, name: &str) -> String {
        self.shared.record().channel(name).unwrap().id.clone()
    }

    /// Adds or replaces a person, in the shape of `users.info`.
    pub fn add_user(&self, user: Value) {
        let id = user["id"].as_str().unwrap().to_owned();
        self.shared.record().users.insert(id, user);
    }

    /// Whether more than Slack takes is answered with 429: one message a second for a channel after a burst of
    /// five, fifty edits a minute in all.
    pub fn strict_rate(&self, strict: bool) {
        let (every, edits) = (SignedDuration::from_secs(1), SignedDuration::from_millis(1_200));
        self.shared.record().rate = strict.then(|| rate::Rate::new(every, 5, edits, 20));
    }

    /// The same with a faster clock, for tests that cannot wait: one message each `every` after a burst.
    pub fn rate(&self, every: SignedDuration, burst: u32) {
        self.shared.record().rate = Some(rate::Rate::new(every, burst, every, burst));
    }

    /// Lets the next call fail, after the faults that are due already.
    pub fn fault(&self, fault: Fault) {
        self.shared.record().faults.push_back((None, fault));
    }

    /// Lets the next call of one method fail.
    pub fn fault_on(&self, method: &str, fault: Fault) {
        self.shared.record().faults.push_back((Some(method.to_owned()), fault));
    }

    /// Lets the calls land that are still on their way: those that met [`Fault::LandLate`]. Answers how many.
    pub fn land_late(&self) -> usize {
        let late = std::mem::take(&mut *self.shared.late.lock().unwrap());
        late.iter().for_each(|call| drop(method::carry_out(&self.shared, call)));
        self.shared.changed();
        late.len()
    }

    /// Forgets every fault that is due: calls succeed again.
    pub fn heal(&self) {
        let mut record = self.shared.record();
        record.faults.clear();
        record.regular = None;
    }

    /// Calls that are still on their way.
    pub fn on_their_way(&self) -> usize {
        self.shared.late.lock().unwrap().len()
    }

    /// Lets every `nth` call that posts or edits fail, beside the faults that are due.
    pub fn fault_every(&self, nth: usize, fault: Fault) {
        self.shared.record().regular = Some((nth.max(1), fault));
    }

    /// Faults that are still due.
    pub fn faults_due(&self) -> usize {
        self.shared.record().faults.len()
    }

    /// The messages of a channel, oldest first, those in threads among them.
    pub fn messages(&self, channel: &str) -> Vec<SlackMessage> {
        let record = self.shared.record();
        let id = record.channel(channel).unwrap().id.clone();
        record.messages.iter().filter(|message| message.channel == id).cloned().collect()
    }

    /// Every message of the workspace, oldest first.
    pub fn all_messages(&self) -> Vec<SlackMessage> {
        self.shared.record().messages.clone()
    }

    /// How often each notification landed, by its id.
    pub fn ledger(&self) -> BTreeMap<String, usize> {
        let mut ledger = BTreeMap::new();
        for message in self.shared.record().messages.iter() {
            if let Some(id) = message.notification_id() {
                *ledger.entry(id.to_owned()).or_default() += 1;
            }
        }
        ledger
    }

    /// When somebody looked through a channel or a thread and was answered, oldest first.
    pub fn look_ups(&self) -> Vec<Timestamp> {
        self.shared.record().look_ups.clone()
    }

    /// What only one person saw: the arguments of `chat.postEphemeral`.
    pub fn ephemerals(&self) -> Vec<Value> {
        self.shared.record().ephemerals.clone()
    }

    /// The forms that were opened.
    pub fn views(&self) -> Vec<Value> {
        self.shared.record().views.clone()
    }

    /// What was sent to addresses of [`FakeSlack::response_url`], with the name.
    pub fn responses(&self) -> Vec<(String, Value)> {
        self.shared.record().responses.clone()
    }

    /// The methods that were called, in order, those that failed among them.
    pub fn calls(&self) -> Vec<String> {
        self.shared.record().calls.clone()
    }

    /// Sends an envelope over the open connection of Socket Mode, or over the next.
    pub fn deliver(&self, envelope: Value) {
        self.shared.record().to_deliver.push_back(envelope.to_string());
        self.shared.changed();
    }

    /// What the other side of Socket Mode sent: acknowledgements.
    pub fn acknowledgements(&self) -> Vec<Value> {
        self.shared.record().acknowledgements.clone()
    }

    /// How many connections of Socket Mode were opened.
    pub fn connections(&self) -> usize {
        self.shared.record().connections
    }

    /// Waits until something holds of this Slack.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        loop {
            changes.mark_unchanged();
            if holds(self) {
                return;
            }
            changes.changed().await.unwrap();
        }
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}
