//! The miner: one per service, fed line by line.

use super::WILDCARD;
use super::bucket::{Bucket, Buckets};
use super::cluster::{Cluster, ClusterRow, Comparison};
use super::fold::fold;
use super::mask::{Masked, mask};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Clusters of a miner before lines of unknown kind fall into coarse ones.
const DEFAULT_CLUSTERS: usize = 2_000;
/// Coarse clusters by token count and first word; beyond them only the count tells lines apart.
const COARSE_CLUSTERS: usize = 256;
/// So many clusters that differ in one word only, at one place, prove that the word varies.
const VARIANTS: usize = 12;

/// Learns the templates of one service's messages.
#[derive(Clone, Debug)]
pub struct Miner {
    clusters: Vec<Cluster>,
    buckets: Buckets,
    dirty: Vec<u32>,
    coarse: usize,
    max_clusters: usize,
}

/// Where a message belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The cluster's index in its miner.
    pub cluster: usize,
    /// The cluster's name for ever: 16 hexadecimal digits.
    pub birth_key: String,
    /// Whether the message started the cluster.
    pub is_new: bool,
    /// Whether the message made the template more general. False for a new cluster.
    pub changed: bool,
}

impl Default for Miner {
    fn default() -> Self {
        Self::new()
    }
}

impl Miner {
    /// An empty miner that holds up to 2,000 clusters and a bounded number of coarse ones beyond them.
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CLUSTERS)
    }

    /// An empty miner with another bound. A miner is restored with the bound it was made with.
    pub fn with_capacity(max_clusters: usize) -> Self {
        Self { clusters: Vec::new(), buckets: Buckets::default(), dirty: Vec::new(), coarse: 0, max_clusters }
    }

    /// A miner that goes on from stored rows, the latest of each cluster.
    pub fn restore(rows: impl Iterator<Item = ClusterRow>) -> Self {
        Self::restore_with_capacity(DEFAULT_CLUSTERS, rows)
    }

    /// [`Miner::restore`] for a miner made with [`Miner::with_capacity`].
    pub fn restore_with_capacity(max_clusters: usize, rows: impl Iterator<Item = ClusterRow>) -> Self {
        let latest: BTreeMap<u32, ClusterRow> = rows.map(|row| (row.sequence, row)).collect();
        let mut miner = Self::with_capacity(max_clusters);
        for row in latest.into_values() {
            miner.add(row);
        }
        miner
    }

    /// Number of clusters, coarse ones included.
    pub fn len(&self) -> usize {
        self.clusters.len()
    }

    /// Whether nothing has been learnt.
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty()
    }

    /// Finds or founds the cluster of a message (without its log header, see [`crate::header`]).
    pub fn learn(&mut self, message: &str) -> Learned {
        let message = mask(&fold(message));
        let bucket = Bucket::of(&message);
        if let Some(found) = self.find(&bucket, &message) {
            let changed = self.clusters[found].absorb(&message);
            if changed {
                self.dirty.push(found as u32);
            }
            return self.learned(found, false, changed);
        }
        if self.buckets.has_room(&bucket) && self.clusters.len() - self.coarse < self.max_clusters {
            let tokens = message.tokens().map(|token| token.text.to_owned()).collect();
            return self.found(bucket.name(), &message.text(), tokens);
        }
        self.coarse(&bucket)
    }

    /// The template of a cluster, `<*>` where its messages differ; empty for an unknown cluster.
    pub fn template(&self, cluster: usize) -> String {
        self.clusters.get(cluster).map(|cluster| cluster.row.tokens.join(" ")).unwrap_or_default()
    }

    /// The rows that are new or have become more general since the last call, in order of creation.
    pub fn rows_changed(&mut self) -> Vec<ClusterRow> {
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.sort_unstable();
        dirty.dedup();
        dirty
            .into_iter()
            .filter_map(|index| self.clusters.get(index as usize))
            .map(|cluster| cluster.row.clone())
            .collect()
    }

    /// The cluster that agrees in most words, the oldest of equals, first among those that begin alike and
    /// then among those that end alike. Where none agrees, but enough of them differ from the message in the same
    /// single word, that word varies, and the oldest of them takes it.
    fn find(&self, bucket: &Bucket<'_>, message: &Masked) -> Option<usize> {
        let mut variants: Vec<(usize, usize, usize)> = Vec::new();
        for members in self.buckets.candidates(bucket) {
            let mut best: Option<(usize, usize)> = None;
            for member in members {
                match self.clusters[member].compare(message) {
                    Comparison::Belongs(equal) if best.is_none_or(|(most, _)| equal > most) => {
                        best = Some((equal, member))
                    }
                    Comparison::DiffersAt(place) => match variants.iter_mut().find(|(at, ..)| *at == place) {
                        Some((_, _, count)) => *count += 1,
                        None => variants.push((place, member, 1)),
                    },
                    _ => {}
                }
            }
            if let Some((_, member)) = best {
                return Some(member);
            }
        }
        let proven = variants.iter().filter(|(.., count)| *count + 1 >= VARIANTS);
        proven.max_by_key(|(.., count)| *count).map(|(_, member, _)| *member)
    }

    /// The fallback of a full miner: one cluster for each token count and first word, then for each count.
    fn coarse(&mut self, bucket: &Bucket<'_>) -> Learned {
        let (by_word, by_count) = bucket.coarse_names();
        if let Some(found) = self.buckets.coarse(&by_word) {
            return self.learned(found, false, false);
        }
        if self.coarse < COARSE_CLUSTERS {
            return self.found(by_word, "", vec![bucket.first.to_owned(), WILDCARD.to_owned()]);
        }
        if let Some(found) = self.buckets.coarse(&by_count) {
            return self.learned(found, false, false);
        }
        self.found(by_count, "", vec![WILDCARD.to_owned()])
    }

    fn found(&mut self, bucket: String, text: &str, tokens: Vec<String>) -> Learned {
        let sequence = self.clusters.last().map_or(0, |last| last.row.sequence.saturating_add(1));
        let index = self.add(ClusterRow { birth_key: birth_key(&bucket, text), bucket, sequence, tokens });
        self.dirty.push(index as u32);
        self.learned(index, true, false)
    }

    fn add(&mut self, row: ClusterRow) -> usize {
        let index = self.clusters.len();
        self.coarse += usize::from(self.buckets.add(&row.bucket, index as u32));
        self.clusters.push(Cluster { row });
        index
    }

    fn learned(&self, cluster: usize, is_new: bool, changed: bool) -> Learned {
        Learned { cluster, birth_key: self.clusters[cluster].row.birth_key.clone(), is_new, changed }
    }
}

/// The first 64 bits of SHA-256 over bucket and text, so that nobody can make two clusters share a key by accident or
/// cheaply on purpose.
fn birth_key(bucket: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((bucket.len() as u64).to_be_bytes());
    hash.update(bucket.as_bytes());
    hash.update(text.as_bytes());
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
