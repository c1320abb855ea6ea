//! Reading the chain once, in bounded memory, against every head at the same time.
//!
//! Whether a row still reads as it did, its own hash says; whether its neighbours are the ones it had,
//! the hash of the row before it. From the two together follows what happened:
//!
//! | the row's own hash | the hash before it | then |
//! |---|---|---|
//! | fits | fits | nothing |
//! | does not fit | – | it was changed, or holds what another changed row should hold: they were exchanged |
//! | fits | is that of the row before the one before | the one before was inserted |
//! | fits | fits none, and ids are missing | rows were removed |
//! | fits | fits none, and no id is missing | the row before was changed and hashed anew |

use super::{GENESIS, Head, Problem, Report, entry_hash, from_hex};

/// A row of `audit_logs` as the store gives it back, every column as text.
#[derive(Clone, Copy, Debug)]
pub struct StoredRow<'a> {
    /// The row's id.
    pub id: i64,
    /// Its incident.
    pub incident_id: Option<i64>,
    /// Who did it.
    pub who: &'a str,
    /// What was done.
    pub action: &'a str,
    /// The JSON text as it is stored.
    pub details: &'a str,
    /// The time as it is stored.
    pub created_at: &'a str,
    /// The hash of the row before it; empty while the row waits.
    pub prev_hash: &'a str,
    /// Its hash; empty while the row waits.
    pub hash: &'a str,
}

impl StoredRow<'_> {
    fn computed_hash(&self, prev_hash: &str, id: i64) -> String {
        entry_hash(prev_hash, id, self.incident_id, self.who, self.action, self.details, self.created_at)
    }
}

/// A row that is known to have been sealed with this hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The row's id.
    pub id: i64,
    /// Its hash.
    pub hash: String,
}

impl From<&Head> for Anchor {
    fn from(head: &Head) -> Self {
        Self { id: head.id, hash: head.hash.clone() }
    }
}

/// What a gap in the ids means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdSequence {
    /// A row is missing: the store gives every id, without gaps (SQLite).
    Gapless,
    /// Nothing by itself: an append that was rolled back uses up its id (Postgres).
    MayHaveGaps,
}

/// Reads rows, in the order of their ids, and remembers what is wrong.
///
/// Memory is bounded by the heads (40 bytes each) and a fixed number of changed rows that are kept to
/// be compared with each other.
#[derive(Debug)]
pub struct Verifier {
    ids: IdSequence,
    anchors: Vec<PackedAnchor>,
    next_anchor: usize,
    last_confirmed: i64,
    has_mismatch: bool,
    remembered: Option<Anchor>,
    before: Link,
    before_that: Option<Link>,
    last_seen_id: i64,
    waiting: Vec<i64>,
    waiting_count: u64,
    changed: Vec<ChangedRow>,
    report: Report,
}

/// The row before the present one, as far as the chain needs it.
#[derive(Debug)]
struct Link {
    id: i64,
    hash: String,
    is_sound: bool,
}

#[derive(Debug)]
struct PackedAnchor {
    id: i64,
    hash: Option<[u8; 32]>,
}

/// A changed row, kept to see whether it was exchanged with another.
#[derive(Debug)]
struct ChangedRow {
    problem: usize,
    id: i64,
    incident_id: Option<i64>,
    who: String,
    action: String,
    details: String,
    created_at: String,
    prev_hash: String,
    hash: String,
}

/// How many changed rows are compared with each other, and how long each may be, in bytes.
const COMPARED_ROWS: usize = 64;
const COMPARED_LENGTH: usize = 64 * 1024;

impl Verifier {
    /// A verifier for a log whose ids come as `ids` says.
    pub fn new(ids: IdSequence) -> Self {
        Self {
            ids,
            anchors: Vec::new(),
            next_anchor: 0,
            last_confirmed: 0,
            has_mismatch: false,
            remembered: None,
            before: Link { id: 0, hash: GENESIS.to_owned(), is_sound: true },
            before_that: None,
            last_seen_id: 0,
            waiting: Vec::new(),
            waiting_count: 0,
            changed: Vec::new(),
            report: Report::default(),
        }
    }

    /// Checks the log against these heads too. Their signatures are to be checked before, by
    /// [`verify_head`](super::verify_head).
    #[must_use]
    pub fn with_heads(mut self, heads: impl IntoIterator<Item = Anchor>) -> Self {
        self.anchors.extend(heads.into_iter().map(|head| PackedAnchor { id: head.id, hash: from_hex(&head.hash) }));
        self.anchors.sort_by_key(|anchor| anchor.id);
        self.anchors.dedup_by(|one, other| one.id == other.id && one.hash == other.hash);
        self
    }

    /// Checks the log's end against what the store itself remembers as its last row. Read it in the same
    /// transaction as the rows: sealed rows behind it count as inserted.
    #[must_use]
    pub fn with_remembered_end(mut self, end: Anchor) -> Self {
        self.remembered = Some(end.clone());
        self.with_heads([end])
    }

    /// Takes the next row. Rows come in the order of their ids, from the first one on.
    pub fn push(&mut self, row: &StoredRow<'_>) {
        self.report.rows += 1;
        if row.id <= self.last_seen_id {
            self.problem(Problem::OutOfOrder { id: row.id, after_id: self.last_seen_id });
            return;
        }
        let has_gap = row.id > self.last_seen_id + 1;
        if has_gap && self.ids == IdSequence::Gapless {
            self.problem(Problem::Missing { after_id: self.last_seen_id, before_id: row.id });
        }
        self.last_seen_id = row.id;
        if row.hash.is_empty() {
            self.waiting_count += 1;
            if self.waiting.len() < Report::MAX_PROBLEMS {
                self.waiting.push(row.id);
            }
            return;
        }
        self.refuse_waiting();
        self.check_chain(row, has_gap);
        self.check_anchors(row);
        self.report.sealed += 1;
    }

    /// What was found, after the last row.
    pub fn finish(mut self) -> Report {
        let known_end = self.anchors.last().map_or(0, |anchor| anchor.id);
        if known_end > self.before.id {
            // Rows that have lost their hash would otherwise pass for rows that never had one.
            let lost: Vec<i64> = self.waiting.iter().copied().filter(|id| *id <= known_end).collect();
            for id in &lost {
                self.problem(Problem::Unsealed { id: *id });
            }
            if self.last_seen_id < known_end {
                self.problem(Problem::Cut { last_id: self.last_seen_id, head_id: known_end });
            } else if !self.is_known_to_be_gone(known_end) {
                let after_id = lost.last().copied().unwrap_or(self.before.id);
                let before_id = self.waiting.iter().copied().find(|id| *id > known_end).unwrap_or(self.last_seen_id);
                self.problem(Problem::Missing { after_id, before_id });
            }
        }
        self.report.waiting = self.waiting_count;
        self.report.last_id = self.before.id;
        self.report.last_hash = self.before.hash;
        self.report.problems.sort_by_key(Problem::row);
        self.report
    }

    /// Keeps a problem, if there is still room, and says where.
    fn problem(&mut self, problem: Problem) -> Option<usize> {
        self.report.problem_count += 1;
        let kept = self.report.problems.len();
        (kept < Report::MAX_PROBLEMS).then(|| {
            self.report.problems.push(problem);
            kept
        })
    }

    /// Rows without a hash that turned out to stand before a sealed one.
    fn refuse_waiting(&mut self) {
        self.report.problem_count += self.waiting_count - self.waiting.len() as u64;
        for id in std::mem::take(&mut self.waiting) {
            self.problem(Problem::Unsealed { id });
            // One of them may have been the link that the next row misses.
            self.before.is_sound = false;
        }
        self.waiting_count = 0;
    }

    fn check_chain(&mut self, row: &StoredRow<'_>, has_gap: bool) {
        let is_sound = row.computed_hash(row.prev_hash, row.id) == row.hash;
        let is_explained = has_gap && self.ids == IdSequence::Gapless;
        // Where the row before is known to be changed, its hash may be what does not fit.
        if is_sound && row.prev_hash != self.before.hash && self.before.is_sound && !is_explained {
            let follows_the_one_before =
                self.before_that.as_ref().is_some_and(|link| link.is_sound && link.hash == row.prev_hash);
            self.problem(if follows_the_one_before {
                Problem::Inserted { id: self.before.id }
            } else if has_gap {
                Problem::Missing { after_id: self.before.id, before_id: row.id }
            } else {
                Problem::Rehashed { id: self.before.id.max(1) }
            });
        }
        if !is_sound {
            self.changed(row);
        }
        let link = Link { id: row.id, hash: row.hash.to_owned(), is_sound };
        self.before_that = Some(std::mem::replace(&mut self.before, link));
    }

    /// A changed row: perhaps one that was exchanged with an earlier changed one.
    fn changed(&mut self, row: &StoredRow<'_>) {
        let Some(problem) = self.problem(Problem::Changed { id: row.id }) else { return };
        let length = row.who.len() + row.action.len() + row.details.len() + row.created_at.len();
        if self.changed.len() >= COMPARED_ROWS || length > COMPARED_LENGTH {
            return;
        }
        let row = ChangedRow::new(row, problem);
        for other in &self.changed {
            if row.holds(other) {
                self.report.problems[row.problem] = Problem::Reordered { id: row.id, holds: other.id };
            }
            if other.holds(&row) {
                self.report.problems[other.problem] = Problem::Reordered { id: other.id, holds: row.id };
            }
        }
        self.changed.push(row);
    }

    fn check_anchors(&mut self, row: &StoredRow<'_>) {
        let hash = from_hex::<32>(row.hash);
        while let Some(anchor) = self.anchors.get(self.next_anchor).filter(|anchor| anchor.id <= row.id) {
            let (id, fits) = (anchor.id, anchor.hash.is_some() && anchor.hash == hash);
            self.next_anchor += 1;
            if id < row.id {
                // The row that the head names is not there, though the chain may have been closed over it.
                if id > 0 && !self.is_known_to_be_gone(id) {
                    let after_id = self.before_that.as_ref().map_or(0, |link| link.id);
                    self.problem(Problem::Missing { after_id, before_id: row.id });
                }
            } else if fits {
                self.report.heads_confirmed += 1;
                self.last_confirmed = id;
            } else if self.before.is_sound && !self.has_mismatch {
                // A row that is changed has been named; heads after the first that does not fit add nothing.
                self.has_mismatch = true;
                self.problem(Problem::HeadMismatch { id, last_good_id: self.last_confirmed });
            }
        }
        if self.remembered.as_ref().is_some_and(|end| end.id < row.id) {
            self.problem(Problem::Inserted { id: row.id });
        }
    }

    /// Whether a problem already says that the row is missing or has lost its hash.
    fn is_known_to_be_gone(&self, id: i64) -> bool {
        self.report.problems.iter().any(|problem| match *problem {
            Problem::Missing { after_id, before_id } => after_id < id && id < before_id,
            Problem::Unsealed { id: unsealed } => unsealed == id,
            _ => false,
        })
    }
}

impl ChangedRow {
    fn new(row: &StoredRow<'_>, problem: usize) -> Self {
        Self {
            problem,
            id: row.id,
            incident_id: row.incident_id,
            who: row.who.to_owned(),
            action: row.action.to_owned(),
            details: row.details.to_owned(),
            created_at: row.created_at.to_owned(),
            prev_hash: row.prev_hash.to_owned(),
            hash: row.hash.to_owned(),
        }
    }

    /// Whether this row holds what was written as `other`: with that row's id its contents fit the hash
    /// that came along with them, or the one that stayed behind.
    fn holds(&self, other: &Self) -> bool {
        let hash_as_other = |prev_hash: &str| {
            entry_hash(prev_hash, other.id, self.incident_id, &self.who, &self.action, &self.details, &self.created_at)
        };
        hash_as_other(&self.prev_hash) == self.hash || hash_as_other(&other.prev_hash) == other.hash
    }
}
