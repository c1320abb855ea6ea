//! From an incident to what people read: history, analysis by the built-in analyst and, where its answer is known
//! already, by a language model, message. Nothing here waits for a model.

use crate::analyse::Asking;
use crate::recall::{Recollection, as_similar};
use crate::settings::Settings;
use foghorn_domain::analyst::{self, Explained, SimilarIncident};
use foghorn_domain::answer;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_domain::message::{self, Acted, Change, MAX_SIMILAR, Message, MessageInput, RelatedIncident};
use foghorn_domain::notification::{Reason, ReasonKey};
use foghorn_domain::playbook::Playbooks;
use foghorn_domain::prompt::Briefing;
use foghorn_store::model::{Explanation, History, MemoryItem, Notification, TimelineEntry};
use foghorn_store::{Result, Store};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Explains incidents and builds messages.
#[derive(Clone)]
pub struct Explainer {
    store: Store,
    recollection: Recollection,
    playbooks: Arc<Playbooks>,
    public_url: Option<String>,
    tell_within: Duration,
    asking: Option<Asking>,
}

/// An incident's explanation and message, before anybody has them.
pub struct Told {
    /// What it probably is.
    pub explanation: Explanation,
    /// What people read.
    pub message: Message,
    /// Past incidents like it, as the message names them.
    pub similar: Vec<SimilarIncident>,
    /// What came before it.
    pub history: History,
    /// Incidents that are told with it.
    pub related: Vec<RelatedIncident>,
    /// The key of the model's answer, where one is wanted and not known.
    pub wanted: Option<String>,
}

/// Everything that an explanation is made of.
pub(crate) struct Gathered {
    pub(crate) history: History,
    pub(crate) similar: Vec<SimilarIncident>,
    pub(crate) changes: Vec<Change>,
    pub(crate) briefing: Briefing,
}

/// Similar incidents that are recalled, so that a confirmed fix among them can come first.
const LOOKED_AT: usize = 20;

impl Explainer {
    pub(crate) fn new(
        store: Store,
        recollection: Recollection,
        playbooks: Playbooks,
        settings: &Settings,
        asking: Option<Asking>,
    ) -> Self {
        let (public_url, tell_within) = (settings.public_url.clone(), settings.tell_within);
        Self { store, recollection, playbooks: Arc::new(playbooks), public_url, tell_within, asking }
    }

    /// Explains an incident and builds the message about it. `reason` is why it is told; `None` gives the
    /// message as an edit would show it.
    pub async fn tell(&self, incident: &Incident, reason: Option<&ReasonKey>) -> Result<Told> {
        self.word(incident, reason, None, false).await
    }

    /// The same for a receiver: with the team of its route, and marked where it may repeat an earlier message.
    pub(crate) async fn tell_for(
        &self,
        incident: &Incident,
        reason: &ReasonKey,
        team: Option<&str>,
        possible_repeat: bool,
    ) -> Result<Told> {
        self.word(incident, Some(reason), team, possible_repeat).await
    }

    async fn word(
        &self,
        incident: &Incident,
        reason: Option<&ReasonKey>,
        team: Option<&str>,
        possible_repeat: bool,
    ) -> Result<Told> {
        let gathered = self.gather(incident).await?;
        let (explained, wanted) = self.explained(incident, &gathered).await;
        let Gathered { history, similar, changes, briefing } = gathered;
        let detail = self.store.incident_detail(incident.id).await?;
        let related = self.related(incident.id).await?;
        let acted = detail.timeline.iter().rev().find_map(acted);
        let last_time = similar.iter().find(|found| found.similarity >= 1.0).cloned().or_else(|| last_time(&history));
        let message = message::build(&MessageInput {
            similar: &similar,
            seen_before: history.seen_before,
            last_time: last_time.as_ref(),
            changes: &changes,
            related: &related,
            reason: reason.map_or(Reason::Opened, |key| key.reason),
            let_go_by: reason.map(ReasonKey::let_go_by).unwrap_or_default(),
            acted: acted.as_ref(),
            team,
            possible_repeat,
            is_suspicious: !briefing.suspicions.is_empty(),
            public_url: self.public_url.as_deref(),
            ..MessageInput::new(incident, &explained, self.store.clock().now())
        });
        let Explained { analysis, confidence_because, docs, .. } = explained;
        Ok(Told {
            explanation: Explanation { analysis, confidence_because, docs },
            message,
            similar,
            history,
            related,
            wanted,
        })
    }

    /// What an explanation is made of. Never takes longer than people may be kept waiting.
    pub(crate) async fn gather(&self, incident: &Incident) -> Result<Gathered> {
        let history = self.store.history(incident.clone()).await?;
        // People are told even when recall is not to be had, or not in time.
        let similar = match tokio::time::timeout(self.tell_within, self.similar(incident, &history)).await {
            Ok(Ok(similar)) => similar,
            Ok(Err(error)) => {
                tracing::error!(%error, incident.id = incident.id, "similar incidents could not be recalled");
                ranked(exact(&history), [])
            }
            Err(_) => {
                tracing::warn!(incident.id = incident.id, "similar incidents were not recalled in time");
                ranked(exact(&history), [])
            }
        };
        let changes = changes(&history);
        let briefing = Briefing::of(incident, &similar, &changes);
        Ok(Gathered { history, similar, changes, briefing })
    }

    /// The explanation, and the key of the model's answer where one is wanted and not known.
    async fn explained(&self, incident: &Incident, gathered: &Gathered) -> (Explained, Option<String>) {
        let Gathered { similar, briefing, .. } = gathered;
        let builtin = analyst::explain(incident, similar, &self.playbooks);
        let Some(asking) = &self.asking else { return (answer::caution(builtin, briefing), None) };
        let key = asking.key(incident, briefing);
        match asking.known(&self.store, &key, incident.id).await {
            Some((kept, is_current)) => {
                (answer::combine(&builtin, &kept, briefing, similar), (!is_current).then_some(key))
            }
            None => (answer::caution(builtin, briefing), Some(key)),
        }
    }

    /// What asks the model, where there is one.
    pub fn asking(&self) -> Option<&Asking> {
        self.asking.as_ref()
    }

    /// Similar incidents as message, page and interface show them: first those with a fix that a person
    /// confirmed and that held, then the others, both by how alike they are. Those of the very fingerprint
    /// come from the store itself, so that a fix written a moment ago is there before the index has seen it.
    pub async fn similar(&self, incident: &Incident, history: &History) -> Result<Vec<SimilarIncident>> {
        let recalled = self.recollection.like(incident, LOOKED_AT).await?;
        Ok(ranked(exact(history), recalled.iter().map(as_similar)))
    }

    async fn related(&self, incident_id: IncidentId) -> Result<Vec<RelatedIncident>> {
        let mut related = Vec::new();
        for (id, reason) in self.store.joined_to(incident_id).await? {
            let Ok(Incident { service, summary, .. }) = self.store.incident(id).await else { continue };
            related.push(RelatedIncident { incident_id: id, service, summary, reason });
        }
        Ok(related)
    }
}

/// The reason behind a telling, as its unique key.
pub(crate) fn reason_of(notification: &Notification) -> ReasonKey {
    ReasonKey { reason: notification.reason, occurrence: notification.occurrence.clone() }
}

/// What a person did, if the entry is about that.
fn acted(entry: &TimelineEntry) -> Option<Acted> {
    entry.details.get("via")?;
    let what = Action::ALL.into_iter().find(|action| action.past_tense() == entry.action)?;
    Some(Acted { who: entry.who.clone(), what, when: entry.at })
}

fn changes(history: &History) -> Vec<Change> {
    let change =
        |(at, service, text): &(Timestamp, String, String)| Change { what: format!("{service} {text}"), at: *at };
    history.changes.iter().map(change).collect()
}

/// The latest earlier incident of the fingerprint where nobody wrote down a fix for any.
fn last_time(history: &History) -> Option<SimilarIncident> {
    let resolved_at = Some(history.last_seen?);
    Some(SimilarIncident {
        id: String::new(),
        incident_id: None,
        summary: String::new(),
        service: String::new(),
        solution: None,
        similarity: 1.0,
        author: None,
        resolved_at,
        outcome: None,
        confirmed: false,
    })
}

fn ranked(
    mut similar: Vec<SimilarIncident>,
    recalled: impl IntoIterator<Item = SimilarIncident>,
) -> Vec<SimilarIncident> {
    for found in recalled {
        if similar.iter().all(|known| known.id != found.id) {
            similar.push(found);
        }
    }
    let has_fix = |found: &SimilarIncident| found.confirmed_fix().is_some();
    similar.sort_by(|a, b| has_fix(b).cmp(&has_fix(a)).then(b.similarity.total_cmp(&a.similarity)));
    similar.truncate(MAX_SIMILAR);
    similar
}

fn exact(history: &History) -> Vec<SimilarIncident> {
    let found = |item: &MemoryItem| SimilarIncident {
        id: item.id.clone(),
        incident_id: item.incident_id,
        summary: item.summary.clone(),
        service: item.service.clone(),
        solution: item.solution.clone(),
        similarity: 1.0,
        author: item.author.clone(),
        resolved_at: Some(item.created_at),
        outcome: item.outcome.clone(),
        confirmed: item.confirmed,
    };
    history.fixes.iter().map(found).collect()
}

/// The built-in playbooks, and a user's own from a directory of YAML files.
pub fn load_playbooks(directory: Option<&Path>) -> std::result::Result<Playbooks, String> {
    match directory {
        None => Ok(Playbooks::builtin()),
        Some(_) => Playbooks::with_user_files(&read_playbooks(directory)?).map_err(|error| error.to_string()),
    }
}

/// The files of users' playbooks, by path.
pub(crate) fn read_playbooks(directory: Option<&Path>) -> std::result::Result<Vec<(String, String)>, String> {
    let Some(directory) = directory else { return Ok(Vec::new()) };
    let unreadable = |error: std::io::Error| format!("cannot read playbooks in {}: {error}", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml {
            let text = std::fs::read_to_string(&path).map_err(unreadable)?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, similarity: f32, fix: Option<&str>, confirmed: bool, outcome: Option<&str>) -> SimilarIncident {
        SimilarIncident {
            id: id.to_owned(),
            incident_id: None,
            summary: String::new(),
            service: String::new(),
            solution: fix.map(str::to_owned),
            similarity,
            author: None,
            resolved_at: None,
            outcome: outcome.map(str::to_owned),
            confirmed,
        }
    }

    #[test]
    fn a_confirmed_fix_that_held_comes_before_what_is_more_alike() {
        let exact = vec![found("draft", 1.0, Some("x"), false, None)];
        let recalled = [
            found("bare", 0.9, None, true, None),
            found("draft", 1.0, Some("x"), false, None),
            found("came-back", 0.8, Some("x"), true, Some("reopened after 5 min")),
            found("weak", 0.3, Some("x"), true, None),
            found("held", 0.5, Some("x"), true, Some("quiet after 6 min")),
        ];
        let order: Vec<String> = ranked(exact, recalled).into_iter().map(|found| found.id).collect();
        assert_eq!(order, ["held", "weak", "draft"]);
    }

    #[test]
    fn fixes_of_the_very_fingerprint_come_first_and_keep_their_order() {
        let exact = vec![found("newest", 1.0, Some("x"), true, None), found("older", 1.0, Some("x"), true, None)];
        let recalled = [found("other", 0.99, Some("x"), true, None), found("older", 1.0, Some("x"), true, None)];
        let order: Vec<String> = ranked(exact, recalled).into_iter().map(|found| found.id).collect();
        assert_eq!(order, ["newest", "older", "other"]);
    }
}
