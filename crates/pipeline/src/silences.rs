//! Silences: asked for by people, kept in the store, read by whoever is about to tell.

use crate::act::Actor;
use crate::routes::Routes;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_routing::{FieldFault, NewSilence, Silence, Subject};
use foghorn_store::model::{IncidentFilter, Paging};
use foghorn_store::mutes::Mute;
use foghorn_store::silences::{NewSilence as NewRow, SilenceRow};
use foghorn_store::{Result, Store};
use serde_json::{Value, json};

/// The way to them; clones share the store.
#[derive(Clone)]
pub struct Silences {
    store: Store,
    routes: Routes,
}

/// What a silence would have hidden is looked for this far back.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);
/// And among so many incidents, the newest.
const MOST_LOOKED_AT: usize = 10_000;

impl Silences {
    pub(crate) fn new(store: Store, routes: Routes) -> Self {
        Self { store, routes }
    }

    /// Those that hold now.
    pub async fn active(&self) -> Result<Vec<Silence>> {
        Ok(self.store.silences_now().await?.into_iter().map(silence).collect())
    }

    /// All that are not over; with `ended` those too.
    pub async fn list(&self, ended: bool) -> Result<Vec<Silence>> {
        Ok(self.store.silences(ended).await?.into_iter().map(silence).collect())
    }

    /// What is kept quiet because somebody called its like a false positive.
    pub async fn mutes(&self) -> Result<Vec<Mute>> {
        self.store.mutes().await
    }

    /// One.
    pub async fn one(&self, id: i64) -> Result<Silence> {
        Ok(silence(self.store.silence(id).await?))
    }

    /// Begins a silence from a request's body. The inner error names the field. Who asks is the actor, whatever
    /// the body says.
    pub async fn add(&self, body: &Value, actor: &Actor) -> Result<std::result::Result<Silence, FieldFault>> {
        match self.read(body, actor) {
            Ok(new) => Ok(Ok(self.keep(new, actor).await?)),
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// The silence that a request's body would begin. Nothing is stored, and it has no number.
    pub fn preview(&self, body: &Value, actor: &Actor) -> std::result::Result<Silence, FieldFault> {
        Ok(self.read(body, actor)?.stored(0, self.store.clock().now()))
    }

    fn read(&self, body: &Value, actor: &Actor) -> std::result::Result<NewSilence, FieldFault> {
        let mut body = body.clone();
        if let Value::Object(fields) = &mut body {
            fields.remove("createdBy");
            fields.insert("created_by".to_owned(), json!(actor.who));
        }
        Silence::parse_new(body.to_string().as_bytes(), self.store.clock().now())
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
        Ok(self.would_have_hidden_each(std::slice::from_ref(silence)).await?.first().copied().unwrap_or_default())
    }

    /// The same for many, in one pass over the incidents.
    pub async fn would_have_hidden_each(&self, silences: &[Silence]) -> Result<Vec<usize>> {
        let now = self.store.clock().now();
        let table = self.routes.table();
        let filter = IncidentFilter { since: Some(now - LOOK_BACK), ..IncidentFilter::default() };
        let (mut cursor, mut seen, mut counts) = (None, 0, vec![0; silences.len()]);
        while !silences.is_empty() {
            let page = self.store.incidents(filter.clone(), Paging { limit: 200, cursor, exact_count: false }).await?;
            seen += page.items.len();
            for incident in &page.items {
                let team = table.team_of(incident, now);
                let subject = Subject::from(incident).for_team(team.as_deref());
                for (count, _) in counts.iter_mut().zip(silences).filter(|(_, silence)| silence.matches(&subject)) {
                    *count += 1;
                }
            }
            cursor = page.next_cursor;
            if cursor.is_none() || seen >= MOST_LOOKED_AT {
                break;
            }
        }
        Ok(counts)
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
