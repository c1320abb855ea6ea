//! A whole Foghorn for an evaluation: every stage, a directory that goes away, a clock that is moved, and where
//! wanted a language model that is a script.

use anyhow::Context;
use foghorn_domain::clock::{Clock, SignedDuration, Timestamp};
use foghorn_domain::event::Origin;
use foghorn_embed::Embedder;
use foghorn_llm::{ModelSettings, Script};
use foghorn_pipeline::{Handles, Pipeline, Settings};
use foghorn_sources::{Limits, event::parse_event};
use foghorn_store::Options;
use foghorn_store::Store;
use foghorn_store::model::{IncidentDetail, IncidentFilter, Paging};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The directory that holds the repository's own sets.
const OWN: &str = "evals";

/// Everything that an evaluation runs on.
pub(super) struct Workshop {
    pub(super) clock: Clock,
    pub(super) handles: Handles,
    pipeline: Pipeline,
    _directory: TempDir,
}

impl Workshop {
    /// A new one. The model, where there is one, has short deadlines and no limits.
    pub(super) fn open(embedder: Option<Embedder>, script: Option<Script>) -> anyhow::Result<Self> {
        let directory = TempDir::new()?;
        let clock = Clock::manual("2026-01-02T03:04:05Z".parse::<Timestamp>()?);
        let store = Store::open(Options { clock: clock.clone(), ..Options::new(directory.path()) })?;
        let mut settings = Settings::new(directory.path());
        if script.is_some() {
            let mut model = ModelSettings::new("http://127.0.0.1:9/v1", "evaluated");
            model.call_deadline = Duration::from_millis(300);
            model.question_deadline = Duration::from_millis(900);
            model.limits.of_hour.tokens = 0;
            model.limits.of_day.tokens = 0;
            settings.model = Some(model);
            settings.model_script = script;
        }
        let pipeline = Pipeline::new(store, settings, embedder, None).map_err(anyhow::Error::msg)?;
        let handles = pipeline.handles();
        Ok(Self { clock, handles, pipeline, _directory: directory })
    }

    /// Takes an event in.
    pub(super) async fn send(&self, event: &Value) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec(event)?;
        let parsed = parse_event(&bytes, Origin::Events, self.clock.now(), &Limits::default())
            .map_err(|error| anyhow::anyhow!("an event cannot be read: {error:?}"))?;
        self.handles.ingest.accept(vec![parsed]).await?;
        Ok(())
    }

    /// Runs every stage until there is nothing left to do.
    pub(super) async fn settle(&mut self) -> anyhow::Result<()> {
        Ok(self.pipeline.run_until_idle().await?)
    }

    /// Moves the clock.
    pub(super) fn wait(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// All incidents since an id, oldest first, whole.
    pub(super) async fn incidents_after(&self, id: i64) -> anyhow::Result<Vec<IncidentDetail>> {
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let paging = Paging { limit: 200, cursor, exact_count: false };
            let page = self.handles.store.incidents(IncidentFilter::default(), paging).await?;
            let is_last = page.items.iter().any(|incident| incident.id <= id) || page.next_cursor.is_none();
            for incident in page.items.into_iter().filter(|incident| incident.id > id) {
                found.push(self.handles.store.incident_detail(incident.id).await?);
            }
            if is_last {
                break;
            }
            cursor = page.next_cursor;
        }
        found.reverse();
        Ok(found)
    }

    /// Closes the store.
    pub(super) async fn close(self) {
        self.handles.store.close().await;
    }
}

/// The repository's own set of this name, looked for from the current directory upwards.
pub(super) fn own(name: &str) -> anyhow::Result<PathBuf> {
    let current = std::env::current_dir()?;
    let own = current.ancestors().map(|directory| directory.join(OWN).join(name)).find(|own| own.exists());
    own.with_context(|| format!("there is no {OWN}/{name} in {} or above it", current.display()))
}

/// JSON lines; half a set would give figures that look like whole ones, so a line at fault ends the evaluation.
pub(super) fn lines<T: serde::de::DeserializeOwned>(path: &Path, at_least: usize) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        rows.push(serde_json::from_str(line).with_context(|| format!("{} line {number}", path.display()))?);
    }
    let found = rows.len();
    anyhow::ensure!(found >= at_least, "{} holds {found} entries; {at_least} are the least", path.display());
    Ok(rows)
}
