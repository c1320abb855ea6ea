//! Memory as the index over it reads and feeds it: what has changed, the texts, the embeddings.

use super::{Store, memory};
use crate::Result;
use crate::model::MemoryItem;
use crate::postgres::watermark;
use crate::sql::{self, OptionalExtension, params};

/// A memory with what the index needs of it.
#[derive(Clone, Debug)]
pub struct IndexedMemory {
    /// Its number in this store, for as long as the store is open.
    pub number: i64,
    /// The memory.
    pub item: MemoryItem,
    /// Its embedding.
    pub embedding: Option<Vec<f32>>,
    /// Hash of the text that the embedding was made of; `None` where somebody else made it.
    pub embedded_text: Option<String>,
    /// The model that made it.
    pub model: String,
}

/// An embedding to be stored.
#[derive(Clone, Debug)]
pub struct NewEmbedding {
    /// The memory's number.
    pub number: i64,
    /// The embedding.
    pub vector: Vec<f32>,
    /// Hash of the text that it was made of.
    pub embedded_text: String,
}

/// One change of the memory.
#[derive(Clone, Debug)]
pub struct MemoryChange {
    /// Grows with every change.
    pub seq: i64,
    /// The memory's number.
    pub number: i64,
    /// The memory as it is now; `None` if it is gone or retired.
    pub memory: Option<IndexedMemory>,
}

impl Store {
    /// Changes after `seq`, in order.
    pub async fn memory_changes(&self, seq: i64, limit: u32) -> Result<Vec<MemoryChange>> {
        self.read(move |db| {
            // On Postgres a change with a lower number may still be committed beside those of open transactions.
            let final_below = db.as_postgres().map_or(Ok(i64::MAX), watermark::final_below)?;
            let sql = "SELECT seq, item FROM memory_changes WHERE seq > ?1 AND seq < ?3 ORDER BY seq LIMIT ?2";
            let changed = db
                .prepare_cached(sql)?
                .query_map(params![seq, limit, final_below], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<crate::sql::Result<Vec<(i64, i64)>>>()?;
            let sql = format!(
                "SELECT {}, embedding, embedded_text, model FROM memory_item WHERE rowid = ?1 AND retired_at IS NULL",
                memory::COLUMNS
            );
            let mut one = db.prepare_cached(&sql)?;
            let mut changes = Vec::with_capacity(changed.len());
            for (seq, number) in changed {
                let memory = one
                    .query_row([number], |row| {
                        let bytes: Option<Vec<u8>> = row.get(memory::COLUMN_COUNT)?;
                        Ok(IndexedMemory {
                            number,
                            item: memory::item(row)?,
                            embedding: bytes.map(|bytes| floats(&bytes)),
                            embedded_text: row.get(memory::COLUMN_COUNT + 1)?,
                            model: row.get(memory::COLUMN_COUNT + 2)?,
                        })
                    })
                    .optional()?;
                changes.push(MemoryChange { seq, number, memory });
            }
            if let (true, Some(sqlite)) = (changes.len() == limit as usize, db.as_sqlite()) {
                // The whole memory is being read, as at a start: its pages would stay with this connection.
                sqlite.execute_batch("PRAGMA shrink_memory").map_err(sql::Error::from)?;
            }
            Ok(changes)
        })
        .await
    }

    /// Stores embeddings, all made by one model, in one transaction.
    pub async fn save_embeddings(&self, embeddings: Vec<NewEmbedding>, model: String) -> Result<()> {
        self.write(move |tx| {
            let mut update = tx.prepare_cached(
                "UPDATE memory_item SET embedding = ?2, model = ?3, dim = ?4, embedded_text = ?5 WHERE rowid = ?1",
            )?;
            for NewEmbedding { number, vector, embedded_text } in &embeddings {
                let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                update.execute(params![number, bytes, model, vector.len() as i64, embedded_text])?;
            }
            Ok(())
        })
        .await
    }
}

/// Embeddings are stored as little-endian 32-bit floats.
fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}
