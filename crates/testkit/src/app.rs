//! A whole Foghorn in a test.

use crate::{Answer, FakeSlack, postgres};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use foghorn_domain::clock::{Clock, SignedDuration};
use foghorn_embed::Embedder;
use foghorn_pipeline::receivers::ReceiverSettings;
use foghorn_pipeline::{Handles, Pipeline, Settings};
use foghorn_store::Options;
use foghorn_store::Store;
use foghorn_web::WebConfig;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::sync::OnceLock;
use tempfile::TempDir;
use tower::ServiceExt;

/// The routing file's name in the data directory.
const ROUTING_FILE: &str = "routes.toml";
/// Who has to be told is told within so many seconds of the clock, or never.
const TELLING_ENDS_WITHIN: u32 = 3_600;

/// What time does to the leases of a process that is gone; the database's clock is not moved by hand.
const LEASES_RUN_OUT: &str = "UPDATE partitions SET holder = NULL, expires_at = NULL, fence = fence + 1;
                              DELETE FROM triage_workers; DELETE FROM leases";

/// Every stage, a data directory of its own, and a clock that is moved by hand.
pub struct App {
    /// Moved by [`App::advance`].
    pub clock: Clock,
    /// The pipeline's handles.
    pub handles: Handles,
    settings: Settings,
    pipeline: Pipeline,
    router: Router,
    directory: TempDir,
    /// The address of its database; none where the store is a file.
    database: Option<String>,
}

/// Where an app keeps everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// A file in the data directory.
    Sqlite,
    /// A database of its own.
    Postgres,
}

impl StoreKind {
    /// What `FOGHORN_TEST_STORE` says; a file where it says nothing.
    fn of_environment() -> Self {
        match std::env::var("FOGHORN_TEST_STORE").as_deref() {
            Ok("postgres") => Self::Postgres,
            _ => Self::Sqlite,
        }
    }

    fn database(self) -> Option<String> {
        (self == Self::Postgres).then(postgres::database)
    }
}

impl App {
    /// A new one on 2026-01-02, with the defaults of the embedded size.
    pub fn new() -> Self {
        Self::with_settings(Self::clock(), |_| {})
    }

    /// A new one with its store of this kind, whatever the environment says.
    pub fn on(store: StoreKind) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = Settings::new(directory.path());
        Self::in_directory(directory, store.database(), Self::clock(), settings, |_| {})
    }

    /// A new one with the database at this address.
    pub fn on_database(database: String) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = Settings::new(directory.path());
        Self::in_directory(directory, Some(database), Self::clock(), settings, |_| {})
    }

    /// A new one with the database at this address, whose stages are configured otherwise and go by this clock.
    pub fn on_database_with(database: String, clock: Clock, configure: impl FnOnce(&mut Settings)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut settings = Settings::new(directory.path());
        configure(&mut settings);
        Self::in_directory(directory, Some(database), clock, settings, |_| {})
    }

    /// One that goes on with the file in a data directory.
    pub fn in_data_dir(directory: TempDir) -> Self {
        let settings = Settings::new(directory.path());
        Self::in_directory(directory, None, Self::clock(), settings, |_| {})
    }

    /// A new one whose web surface is configured otherwise.
    pub fn with_web(configure: impl FnOnce(&mut WebConfig)) -> Self {
        let directory = TempDir::new().unwrap();
        let settings = Settings::new(directory.path());
        Self::in_directory(directory, StoreKind::of_environment().database(), Self::clock(), settings, configure)
    }

    /// A new one whose stages are configured otherwise, and that goes by a clock which others may go by, too.
    pub fn with_settings(clock: Clock, configure: impl FnOnce(&mut Settings)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut settings = Settings::new(directory.path());
        configure(&mut settings);
        Self::in_directory(directory, StoreKind::of_environment().database(), clock, settings, |_| {})
    }

    /// A new one that tells these receivers, by this routing file; where it is empty, everybody of everything.
    pub fn with_receivers(clock: Clock, routing: &str, configure: impl FnOnce(&mut ReceiverSettings)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut settings = Settings::new(directory.path());
        if !routing.is_empty() {
            let file = directory.path().join(ROUTING_FILE);
            std::fs::write(&file, routing).unwrap();
            settings.receivers.routing_file = Some(file);
        }
        configure(&mut settings.receivers);
        Self::in_directory(directory, StoreKind::of_environment().database(), clock, settings, |_| {})
    }

    /// A new one that tells a Slack, by its clock; by this routing file where it is not empty.
    pub fn at_slack(slack: &FakeSlack, routing: &str) -> Self {
        Self::with_receivers(slack.clock(), routing, |receivers| receivers.slack = slack.settings())
    }

    /// The clock of a new one: it stands at 2026-01-02.
    pub fn clock() -> Clock {
        Clock::manual("2026-01-02T03:04:05Z".parse().unwrap())
    }

    fn in_directory(
        directory: TempDir,
        database: Option<String>,
        clock: Clock,
        settings: Settings,
        configure: impl FnOnce(&mut WebConfig),
    ) -> Self {
        let address = database.as_deref().map(postgres::address);
        let options = Options { clock: clock.clone(), database: address, ..Options::new(directory.path()) };
        let store = open_when_free(&options);
        let pipeline = Pipeline::new(store, settings.clone(), Some(embedder()), None).unwrap();
        let mut web = WebConfig {
            listen: "127.0.0.1:8000".parse().unwrap(),
            api_token: None,
            require_token: false,
            intake_key: None,
            intake_open: false,
            max_body_bytes: 10 * 1024 * 1024,
            max_waiting: foghorn_web::ROOM,
            limits: foghorn_sources::Limits::default(),
            effective_config: json!({}),
            public_url: None,
        };
        configure(&mut web);
        let handles = pipeline.handles();
        let router = foghorn_web::router(handles.clone(), web);
        Self { clock, handles, settings, pipeline, router, directory, database }
    }

    /// The same data directory, opened anew as after a restart. What the stages had not committed is gone.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with other settings of the stages.
    pub async fn restart_with(self, configure: impl FnOnce(&mut Settings)) -> Self {
        let Self { clock, handles, mut settings, pipeline, router, directory, database } = self;
        configure(&mut settings);
        handles.store.close().await;
        drop((handles, pipeline, router));
        if let Some(database) = &database {
            postgres::run_sql(database, LEASES_RUN_OUT);
        }
        Self::in_directory(directory, database, clock, settings, |_| {})
    }

    /// Replaces the routing file and has it read.
    pub fn reroute(&self, routing: &str) {
        std::fs::write(self.directory.path().join(ROUTING_FILE), routing).unwrap();
        self.handles.routes.reload();
    }

    /// The data directory.
    pub fn data_dir(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Runs every stage until there is nothing left to do.
    pub async fn settle(&mut self) {
        self.pipeline.run_until_idle().await.unwrap();
    }

    /// Tells what is told without the database and moves the clock, a second at a time, until nothing waits. Answers
    /// after how many seconds.
    pub async fn tell_in_an_emergency(&mut self) -> u32 {
        for seconds in 0..TELLING_ENDS_WITHIN {
            if !self.pipeline.tell_in_an_emergency().await {
                return seconds;
            }
            self.advance(SignedDuration::from_secs(1));
        }
        panic!("somebody still waits to be told after {TELLING_ENDS_WITHIN} s");
    }

    /// Hands over what waits in the spool and runs every stage but triage, or says what went wrong.
    pub async fn try_to_hand_over(&mut self) -> foghorn_store::Result<()> {
        self.pipeline.run_all_but_triage().await
    }

    /// Takes up what a restart left undone, as the stages do when they are started.
    pub async fn resume(&mut self) {
        self.pipeline.resume().await.unwrap();
    }

    /// Runs triage alone until the log is read.
    pub async fn settle_triage(&mut self) {
        self.pipeline.triage_until_idle().await.unwrap();
    }

    /// Runs every stage but triage, as where that one stands still.
    pub async fn settle_all_but_triage(&mut self) {
        self.pipeline.run_all_but_triage().await.unwrap();
    }

    /// Moves the clock.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Moves the clock by minutes and lets the stages notice.
    pub async fn minutes_later(&mut self, minutes: i64) {
        self.advance(SignedDuration::from_mins(minutes));
        self.settle().await;
    }

    /// Runs the stages and moves the clock, a second at a time, until nobody waits to be told and every message
    /// shows how things stand. Answers after how many seconds.
    pub async fn tell_everybody(&mut self) -> u32 {
        for seconds in 0..TELLING_ENDS_WITHIN {
            self.settle().await;
            if !self.has_to_tell() {
                return seconds;
            }
            self.advance(SignedDuration::from_secs(1));
        }
        panic!("somebody still waits to be told after {TELLING_ENDS_WITHIN} s");
    }

    fn has_to_tell(&self) -> bool {
        self.count("SELECT count(*) FROM notifications WHERE status = 'pending' OR (status = 'sent' AND dirty > 0)") > 0
    }

    /// A number from the database itself.
    pub fn count(&self, sql: &str) -> i64 {
        if let Some(database) = &self.database {
            return postgres::count(database, sql);
        }
        let db = rusqlite::Connection::open(self.directory.path().join("foghorn.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Keeps everything from being written for as long as the answer is held, as a store does that is far behind.
    pub fn hold_writes(&self) -> HeldWrites {
        if let Some(database) = &self.database {
            let session = postgres::Session::open(database);
            // Others wait for as long as it takes, so this one may stand still for as long.
            session.run(
                "BEGIN; SET idle_in_transaction_session_timeout = 0; LOCK TABLE raw_events IN EXCLUSIVE MODE;
                 SELECT pg_advisory_xact_lock(1179600712, 1)",
            );
            return HeldWrites::Postgres(session);
        }
        let db = rusqlite::Connection::open(self.directory.path().join("foghorn.db")).unwrap();
        db.execute_batch("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE").unwrap();
        HeldWrites::Sqlite(db)
    }

    /// Runs statements in the database itself, as another program would.
    pub fn run_sql(&self, sql: &str) {
        if let Some(database) = &self.database {
            return postgres::run_sql(database, sql);
        }
        let db = rusqlite::Connection::open(self.directory.path().join("foghorn.db")).unwrap();
        db.execute_batch(sql).unwrap();
    }

    /// A sample of the metrics by its name and labels; 0 where there is none.
    pub async fn metric(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").await.expect(200).text;
        let found = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// Any request.
    pub async fn request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// A request as a client on the same machine makes it.
    pub fn local(method: Method, path: &str) -> axum::http::request::Builder {
        Request::builder().method(method).uri(path).header("host", "127.0.0.1:8000")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Self::local(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_bytes(path, "application/json", body.to_string().into_bytes()).await
    }

    /// POST of anything.
    pub async fn post_bytes(&self, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = Self::local(Method::POST, path).header("content-type", content_type);
        self.request(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends an event and asserts that it was accepted. Answers its id.
    pub async fn send(&self, event: Value) -> i64 {
        self.post("/events", event).await.expect(200).json()["event_id"].as_i64().unwrap()
    }

    /// Sends events of a list and asserts that all were accepted.
    pub async fn send_all(&self, events: Vec<Value>) {
        self.post("/events", Value::Array(events)).await.expect(200);
    }

    /// All incidents, oldest first.
    pub async fn incidents(&self) -> Vec<Value> {
        let mut items =
            self.get("/api/v1/incidents?limit=200").await.expect(200).json()["items"].as_array().unwrap().clone();
        items.reverse();
        items
    }

    /// The only incident there is.
    #[track_caller]
    pub fn only(incidents: &[Value]) -> &Value {
        assert_eq!(incidents.len(), 1, "{incidents:#?}");
        &incidents[0]
    }

    /// One incident with everything about it.
    pub async fn incident(&self, id: i64) -> Value {
        self.get(&format!("/api/v1/incidents/{id}")).await.expect(200).json()
    }

    /// A person's action.
    pub async fn act(&self, id: i64, action: &str) -> Answer {
        self.post(&format!("/api/v1/incidents/{id}/actions"), json!({ "action": action, "user": "ana" })).await
    }

    /// All tellings of all incidents as `(incident, reason, status)`, in the order of the incidents.
    pub async fn tellings(&self) -> Vec<(i64, String, String)> {
        let mut tellings = Vec::new();
        for incident in self.incidents().await {
            let id = incident["id"].as_i64().unwrap();
            for telling in self.incident(id).await["notifications"].as_array().unwrap() {
                let word = |name: &str| telling[name].as_str().unwrap().to_owned();
                tellings.push((id, word("reason"), word("status")));
            }
        }
        tellings
    }

    /// The actions in the audit log, oldest first, as `who action`.
    pub async fn audit(&self) -> Vec<String> {
        let rows = self.get("/api/v1/audit?limit=200").await.expect(200).json();
        let entry = |row: &Value| format!("{} {}", row["who"].as_str().unwrap(), row["action"].as_str().unwrap());
        rows["items"].as_array().unwrap().iter().rev().map(entry).collect()
    }
}

/// Nothing is written while this is held: its transaction ends with it.
pub enum HeldWrites {
    /// On the file.
    Sqlite(rusqlite::Connection),
    /// On the server.
    Postgres(postgres::Session),
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

/// Opens the store as soon as its directory is free. Another test of this process that starts a program
/// holds every open file, the lock too, for the moment between fork and exec.
fn open_when_free(options: &Options) -> Store {
    loop {
        match Store::open(options.clone()) {
            Err(foghorn_store::Error::InUse { .. }) => std::thread::yield_now(),
            opened => return opened.unwrap(),
        }
    }
}

/// The bundled model, loaded once for all tests of a process.
fn embedder() -> Embedder {
    static EMBEDDER: OnceLock<Embedder> = OnceLock::new();
    EMBEDDER.get_or_init(|| Embedder::bundled().unwrap()).clone()
}

/// An event of three fields.
pub fn event(source: &str, event_type: &str, payload: &str) -> Value {
    json!({ "source": source, "type": event_type, "payload": payload })
}
