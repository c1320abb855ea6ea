//! Silences: asked for by people, kept in the store, read by whoever is about to tell.

use crate::act::Actor;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_routing::{FieldFault, NewSilence, Silence, Subject};
use foghorn_store::model::{IncidentFilter, Paging};
use foghorn_store::sqlite::silences::{NewSilence as NewRow, SilenceRow};
use foghorn_store::{Result, Store};
use serde_json::{Value, json};

/// The way to them; clones share the store.
#[derive(Clone)]
pub struct Silences {
    store: Store,
}

/// What a silence would have hidden is looked for this far back.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

impl Silences {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// Those that hold now.
    pub async fn active(&self) -> Result<Vec<Silence>> {
        let now = self.store.clock().now();
        Ok(self.list(false).await?.into_iter().filter(|silence| silence.is_active(now)).collect())
    }

    /// All that are not over; with `ended` those too.
    pub async fn list(&self, ended: bool) -> Result<Vec<Silence>> {
        Ok(self.store.silences(ended).await?.into_iter().map(silence).collect())
    }

    /// One.
    pub async fn one(&self, id: i64) -> Result<Silence> {
        Ok(silence(self.store.silence(id).await?))
    }

    /// Begins a silence from a request's body. The inner error names the field. Who asks is the actor, whatever
    /// the body says.
    pub async fn add(&self, body: &Value, actor: &Actor) -> Result<std::result::Result<Silence, FieldFault>> {
        let now = self.store.clock().now();
        let mut body = body.clone();
        if let Value::Object(fields) = &mut body {
            fields.remove("createdBy");
            fields.insert("created_by".to_owned(), json!(actor.who));
        }
        let new = match Silence::parse_new(body.to_string().as_bytes(), now) {
            Ok(new) => new,
            Err(fault) => return Ok(Err(fault)),
        };
        Ok(Ok(self.keep(new, actor).await?))
    }

    /// Begins a silence from words: `2h service=checkout moving the database`. The inner error is a sentence.
    pub async fn add_typed(&self, typed: &str, actor: &Actor) -> Result<std::result::Result<Silence, String>> {
        let mut words = typed.split_whitespace();
        let Some(duration) = words.next() else {
            return Ok(Err(
                "say how long, over what and why: silence 2h service=checkout moving the database".to_owned()
            ));
        };
        let words: Vec<&str> = words.collect();
        let is_matcher = |word: &&&str| word.contains('=') && !word.starts_with('=');
        let matchers: Vec<&str> = words.iter().take_while(is_matcher).copied().collect();
        let comment = words[matchers.len()..].join(" ");
        let body = json!({ "matchers": matchers, "duration": duration, "comment": comment });
        Ok(self.add(&body, actor).await?.map_err(|fault| fault.to_string()))
    }

    /// Ends a silence now.
    pub async fn end(&self, id: i64, actor: &Actor) -> Result<Silence> {
        Ok(silence(self.store.end_silence(id, actor.who.clone(), actor.details()).await?))
    }

    /// How many incidents of the last 24 hours a silence fits: what it would have hidden.
    pub async fn would_have_hidden(&self, silence: &Silence) -> Result<usize> {
        let filter = IncidentFilter { since: Some(self.store.clock().now() - LOOK_BACK), ..IncidentFilter::default() };
        let (mut cursor, mut count) = (None, 0);
        loop {
            let page = self.store.incidents(filter.clone(), Paging { limit: 200, cursor, exact_count: false }).await?;
            count += page.items.iter().filter(|incident| silence.matches(&Subject::from(*incident))).count();
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(count);
            }
        }
    }

    async fn keep(&self, new: NewSilence, actor: &Actor) -> Result<Silence> {
        let NewSilence { matchers, starts_at, ends_at, created_by, comment } = new;
        let matchers = serde_json::to_value(&matchers)?;
        let row = NewRow { matchers, starts_at, ends_at, created_by, comment };
        Ok(silence(self.store.add_silence(row, actor.details()).await?))
    }
}

/// A row whose matchers cannot be read (another version wrote them) fits nothing and says so.
fn silence(row: SilenceRow) -> Silence {
    let SilenceRow { id, matchers, starts_at, ends_at, created_by, comment, created_at } = row;
    let (matchers, ends_at) = match serde_json::from_value(matchers) {
        Ok(matchers) => (matchers, ends_at),
        Err(error) => {
            tracing::error!(%error, silence.id = id, "a silence cannot be read and holds nothing back");
            (Vec::new(), ends_at.min(Timestamp::UNIX_EPOCH))
        }
    };
    Silence { id, matchers, starts_at, ends_at, created_by, comment, created_at, ended_at: None }
}
