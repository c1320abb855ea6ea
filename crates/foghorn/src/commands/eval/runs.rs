//! The product's own recall over a labelled memory, in a store that is thrown away: nothing is searched in a
//! way of its own here.

use super::labelled::Labelled;
use super::score::{Answer, DEPTH};
use foghorn_embed::Embedder;
use foghorn_pipeline::recall::{RecallRequest, Recollection};
use foghorn_recall::Weights;
use foghorn_store::Options;
use foghorn_store::Store;
use tempfile::TempDir;

/// A labelled memory that can be asked.
pub(super) struct Asked {
    pub(super) set: Labelled,
    store: Store,
    by_both: Recollection,
    by_words: Recollection,
    _directory: TempDir,
}

/// Which results count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Those that Foghorn thinks worth showing.
    WorthShowing,
    /// All of them.
    Everything,
}

impl Asked {
    /// Remembers a set as `foghorn memory import` does.
    pub(super) async fn new(mut set: Labelled, embedder: Option<Embedder>) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let store = Store::open(Options::new(directory.path()))?;
        store.import_memories(std::mem::take(&mut set.memories), "eval".to_owned()).await?;
        let by_both = Recollection::new(store.clone(), embedder);
        while by_both.refresh_step().await? > 0 {}
        let by_words = Recollection::new(store.clone(), None);
        while by_words.refresh_step().await? > 0 {}
        Ok(Self { set, store, by_both, by_words, _directory: directory })
    }

    /// How many memories there are.
    pub(super) fn memories(&self) -> usize {
        self.by_words.len()
    }

    /// Asks every question, signals weighed as given.
    pub(super) async fn by_both(&self, weights: Weights, shown: Shown) -> anyhow::Result<Vec<Answer>> {
        self.by_both.set_weights(weights);
        self.ask(&self.by_both, shown).await
    }

    /// Asks every question, shared words deciding alone.
    pub(super) async fn by_words(&self, shown: Shown) -> anyhow::Result<Vec<Answer>> {
        self.ask(&self.by_words, shown).await
    }

    async fn ask(&self, recollection: &Recollection, shown: Shown) -> anyhow::Result<Vec<Answer>> {
        let mut answers = Vec::with_capacity(self.set.questions.len());
        for question in &self.set.questions {
            let request = RecallRequest {
                text: question.query.clone(),
                limit: DEPTH,
                threshold: (shown == Shown::Everything).then_some(0.0),
                ..RecallRequest::default()
            };
            let found = recollection.recall(request).await?;
            let results: Vec<(String, f32)> =
                found.into_iter().map(|found| (found.item.id, found.similarity)).collect();
            answers.push(Answer::of(question, &results));
        }
        Ok(answers)
    }

    /// Lets go of the store, so that its directory can be removed.
    pub(super) async fn close(self) {
        self.store.close().await;
    }
}
