//! Embeddings of memories: made where they are missing or were made of another text, and stored.

use super::{MAX_QUERY, Recollection};
use foghorn_embed::Embedder;
use foghorn_recall::{EMBEDDING_RECIPE, blend, embedded_texts};
use foghorn_store::Result;
use foghorn_store::model::MemoryItem;
use foghorn_store::recollection::{IndexedMemory, NewEmbedding};

/// Memories that are embedded at a time: less than half a second of work on two processors.
const BATCH: usize = 32;

impl Recollection {
    /// Makes and stores the embeddings of some memories that wait for theirs, the newest first. Returns how
    /// many memories it looked at.
    pub(super) async fn embed_step(&self) -> Result<usize> {
        let Some(embedder) = self.embedder.clone() else { return Ok(0) };
        let numbers = self.read().newest_waiting(BATCH);
        if numbers.is_empty() {
            return Ok(0);
        }
        let memories = self.store.memories_by_number(numbers.clone()).await?;
        let model = embedder.model_name().to_owned();
        let made = tokio::task::spawn_blocking(move || embed(&embedder, memories)).await.unwrap_or_default();
        if !made.is_empty() {
            self.store.save_embeddings(made, model).await?;
        }
        let mut index = self.write();
        // Those that failed stay without: their words are searched.
        numbers.iter().for_each(|number| index.waits_no_more(*number));
        Ok(numbers.len())
    }
}

fn embed(embedder: &Embedder, memories: Vec<(i64, MemoryItem)>) -> Vec<NewEmbedding> {
    let texts: Vec<[String; 2]> = memories.iter().map(|(_, item)| texts_of(item)).collect();
    let flat: Vec<&str> = texts.iter().flatten().map(|text| start_of(text)).collect();
    let vectors = embedder.embed_batch(&flat).unwrap_or_else(|error| {
        tracing::warn!(%error, memories = memories.len(), "memories could not be embedded; their words alone are searched");
        Vec::new()
    });
    let made = memories.iter().zip(&texts).zip(vectors.chunks_exact(2));
    made.map(|(((number, _), texts), parts)| NewEmbedding {
        number: *number,
        vector: blend([&parts[0], &parts[1]]),
        embedded_text: text_hash(embedder.model_name(), texts),
    })
    .collect()
}

/// The vector that a memory brings along, if it was made of its present text by the present model.
pub(super) fn usable<'m>(memory: &'m IndexedMemory, embedder: &Embedder) -> Option<&'m [f32]> {
    let vector = memory.embedding.as_deref().filter(|vector| vector.len() == embedder.dimensions())?;
    let is_usable = match &memory.embedded_text {
        Some(hash) => *hash == text_hash(embedder.model_name(), &texts_of(&memory.item)),
        // Somebody else made it: all there is to go by is the model's name.
        None => short_name(&memory.model) == short_name(embedder.model_name()),
    };
    is_usable.then_some(vector)
}

/// `sentence-transformers/all-MiniLM-L6-v2` and `all-MiniLM-L6-v2` are the same model.
fn short_name(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

fn texts_of(item: &MemoryItem) -> [String; 2] {
    embedded_texts(&item.service, &item.summary, &item.labels, item.solution.as_deref())
}

/// More than this the model never reads.
fn start_of(text: &str) -> &str {
    text.char_indices().nth(MAX_QUERY).map_or(text, |(end, _)| &text[..end])
}

/// The same on every machine and in every version: FNV-1a, 64 bit. It notices a changed text and keeps no
/// secret.
fn text_hash(model: &str, texts: &[String; 2]) -> String {
    let parts = [EMBEDDING_RECIPE, short_name(model), &texts[0], &texts[1]];
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_text_or_model_is_noticed() {
        let texts = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let hash = |model, texts: &[String; 2]| text_hash(model, texts);
        let one = hash("all-MiniLM-L6-v2", &texts("ab", "c"));
        assert_eq!(one, hash("sentence-transformers/all-MiniLM-L6-v2", &texts("ab", "c")));
        for other in [hash("other", &texts("ab", "c")), hash("all-MiniLM-L6-v2", &texts("a", "bc"))] {
            assert_ne!(one, other);
        }
    }
}
