//! Whether all processes that share a database are configured alike.
//!
//! Who is told depends on the process that tells, and what opens an incident on the one that triages: where two go by
//! different files, the same event comes to different ends. So each says every few seconds by what it goes, as digests
//! of the parts that should be the same, and looks at what the others say. Nothing stops where they differ: a new
//! configuration reaches one process after the other.

use crate::explain::read_playbooks;
use crate::metrics::Metrics;
use crate::own_rules::OwnRules;
use crate::routes::Routes;
use crate::settings::Settings;
use crate::triage::worker_name;
use foghorn_store::Store;
use foghorn_store::processes::Process;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a process says that it lives.
const EVERY: Duration = Duration::from_secs(5);

/// In so many looks one after the other processes must differ before it counts.
const LOOKS: u32 = 2;

/// What the living processes say of themselves; clones share it.
#[derive(Clone)]
pub struct Replicas(Arc<Inner>);

struct Inner {
    store: Store,
    routes: Routes,
    rules: OwnRules,
    metrics: Metrics,
    own: Process,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    living: Vec<Process>,
    looks_that_differed: u32,
}

/// What is not the same in all processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `routing`, `playbooks`, `rules` or `settings`.
    pub part: String,
    /// The hosts that go by the same, those of which there are most first.
    pub groups: Vec<Vec<String>>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let groups: Vec<String> = self.groups.iter().map(|hosts| hosts.join(", ")).collect();
        write!(f, "{} ({})", self.part, groups.join(" against "))
    }
}

impl Replicas {
    pub(crate) fn new(store: Store, routes: Routes, metrics: Metrics, settings: &Settings) -> Self {
        let own = Process { id: worker_name(), host: own_host(), configuration: fixed_parts(&store, settings) };
        metrics.configurations.set(1);
        let rules = settings.rules.clone();
        Self(Arc::new(Inner { store, routes, rules, metrics, own, seen: Mutex::default() }))
    }

    /// Says that this process lives, and looks at the others.
    pub(crate) async fn step(&self) -> foghorn_store::Result<()> {
        let Inner { store, routes, rules, metrics, own, .. } = &*self.0;
        let mut own = own.clone();
        own.configuration.insert("routing".to_owned(), digest([format!("{:?}", routes.table().routing)]));
        own.configuration.insert("rules".to_owned(), digest(rules.in_force().described()));
        let living = store.say_alive(own).await?;
        let found = differences(&living);
        let configurations: BTreeSet<_> = living.iter().map(|process| &process.configuration).collect();
        let count = i64::try_from(configurations.len()).unwrap_or(i64::MAX);
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.looks_that_differed;
        seen.looks_that_differed = if found.is_empty() { 0 } else { before.saturating_add(1) };
        metrics.configurations.set(if found.is_empty() || seen.looks_that_differed >= LOOKS { count } else { 1 });
        if seen.looks_that_differed == LOOKS {
            let parts: Vec<String> = found.iter().map(ToString::to_string).collect();
            tracing::warn!("processes of this Foghorn are configured differently: {}. {REMEDY}", parts.join("; "));
        } else if found.is_empty() && before >= LOOKS {
            tracing::info!("all processes of this Foghorn are configured alike again");
        }
        seen.living = living;
        Ok(())
    }

    /// Every living process, by host.
    pub fn living(&self) -> Vec<Process> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).living.clone()
    }

    /// What is not the same in all of them, for longer than a change takes to reach the next.
    pub fn differences(&self) -> Vec<Difference> {
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looks_that_differed >= LOOKS { differences(&seen.living) } else { Vec::new() }
    }

    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        loop {
            tokio::select! { () = stop.cancelled() => break, _ = ticks.tick() => {} }
            if let Err(error) = self.step().await {
                // That the database is away is said by those who need it.
                tracing::debug!(%error, "this process could not say that it lives");
            }
        }
        if let Err(error) = self.0.store.say_goodbye(self.0.own.id.clone()).await {
            tracing::debug!(%error, "this process could not say that it stops; it is forgotten in half a minute");
        }
    }
}

/// What to do about it.
pub const REMEDY: &str = "Give all of them the same files and settings, and start anew those that do not have them";

fn differences(living: &[Process]) -> Vec<Difference> {
    let parts: BTreeSet<&String> = living.iter().flat_map(|process| process.configuration.keys()).collect();
    let difference = |part: &String| {
        let mut by_digest: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        // A process of a version that knows no such part differs in nothing of it.
        for (process, digest) in living.iter().filter_map(|process| Some((process, process.configuration.get(part)?))) {
            by_digest.entry(digest).or_default().push(process.host.clone());
        }
        let mut groups: Vec<Vec<String>> = by_digest.into_values().collect();
        groups.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        (groups.len() > 1).then(|| Difference { part: part.clone(), groups })
    };
    parts.into_iter().filter_map(difference).collect()
}

/// Where this process runs, and which one it is there.
fn own_host() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), std::process::id())
}

/// What does not change while a process runs. Secrets, addresses and what one process has for itself are left out.
fn fixed_parts(store: &Store, settings: &Settings) -> BTreeMap<String, String> {
    let playbooks = read_playbooks(settings.playbooks.as_deref()).unwrap_or_default();
    let of_playbooks = playbooks.iter().flat_map(|(path, text)| {
        let name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        [name, text.clone()]
    });
    let Settings { min_detection_score, max_payload_length, learn, new_fingerprints_per_hour, .. } = settings;
    let Settings { max_services, related_window, retention, edit_interval, tell_within, watch_sources, .. } = settings;
    let of_settings = [
        format!("{:?}", store.policy()),
        format!("{min_detection_score} {max_payload_length} {learn} {new_fingerprints_per_hour} {max_services}"),
        format!("{related_window} {retention:?} {edit_interval:?} {tell_within:?} {watch_sources}"),
    ];
    [("playbooks".to_owned(), digest(of_playbooks)), ("settings".to_owned(), digest(of_settings))].into_iter().collect()
}

/// The first six bytes of a SHA-256 over texts, each with its length before it.
fn digest(texts: impl IntoIterator<Item = String>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    format!("{:x}", hash.finalize()).chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(host: &str, parts: &[(&str, &str)]) -> Process {
        let configuration = parts.iter().map(|(part, digest)| ((*part).to_owned(), (*digest).to_owned())).collect();
        Process { id: host.to_owned(), host: host.to_owned(), configuration }
    }

    #[test]
    fn each_part_that_differs_is_named_with_the_hosts_of_each_side() {
        let check = |living: &[Process], expected: &[&str]| {
            let said: Vec<String> = differences(living).iter().map(ToString::to_string).collect();
            assert_eq!(said, expected);
        };
        check(&[], &[]);
        check(&[process("a", &[("routing", "1")])], &[]);
        check(&[process("a", &[("routing", "1")]), process("b", &[("routing", "1")])], &[]);
        check(
            &[
                process("a", &[("routing", "9"), ("rules", "1")]),
                process("b", &[("routing", "2"), ("rules", "1")]),
                process("c", &[("routing", "2"), ("rules", "3")]),
            ],
            &["routing (b, c against a)", "rules (a, b against c)"],
        );
        // Another version knows another part.
        check(&[process("a", &[("routing", "1")]), process("b", &[("routing", "1"), ("weather", "2")])], &[]);
    }

    #[test]
    fn a_digest_tells_where_one_text_ends_and_the_next_begins() {
        let of = |texts: &[&str]| digest(texts.iter().map(|text| (*text).to_owned()));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&[]).len(), 12);
    }
}
