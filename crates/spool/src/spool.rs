//! The spool as its users see it: append, read, forget.

use crate::segment::{self, Next, Reader};
use crate::writer::{Job, Writer};
use crate::{Error, Result};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::oneshot;

/// How a spool is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory; made if it is not there.
    pub directory: PathBuf,
    /// Bytes that all segments together may take.
    pub max_bytes: u64,
    /// A name for a new directory: random, so that no two directories share one.
    pub new_name: String,
}

/// Who is refused first when the room gets scarce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// May fill the spool to seven tenths.
    Bulk,
    /// May fill the spool to nine tenths.
    Alert,
    /// May fill the spool.
    Critical,
}

impl Rank {
    fn limit(self, max_bytes: u64) -> u64 {
        match self {
            Self::Bulk => max_bytes / 10 * 7,
            Self::Alert => max_bytes / 10 * 9,
            Self::Critical => max_bytes,
        }
    }
}

/// A record with its number, counted from 1 and never given twice in one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the order of acceptance.
    pub number: u64,
    /// What was appended.
    pub bytes: Vec<u8>,
}

/// What opening a directory found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Records there are.
    pub records: u64,
    /// Writes that a crash had cut short; they were never answered.
    pub cut_short: u64,
    /// Segments whose end cannot be read. They are kept aside as `.damaged` once what can be read is forgotten.
    pub damaged: u64,
}

/// A handle; clones share it.
#[derive(Clone)]
pub struct Spool(Arc<Inner>);

struct Inner {
    directory: PathBuf,
    name: String,
    max_bytes: u64,
    shelf: Arc<Mutex<Shelf>>,
    writer: Writer,
    // Held for as long as the spool is open.
    _lock: std::fs::File,
}

/// What is on disk and answered for.
pub(crate) struct Shelf {
    pub(crate) segments: VecDeque<Segment>,
    /// Records up to this number have been let go of.
    pub(crate) forgotten: u64,
    /// Bytes of records that are handed in and not yet on disk.
    pub(crate) coming: u64,
    /// Where the last read ended, so that the next one need not look for its place.
    place: Option<Place>,
}

/// A file of records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) records: u64,
    /// Up to here the file is on disk, whole.
    pub(crate) bytes: u64,
    pub(crate) is_damaged: bool,
    /// Numbers that its unreadable end may have held. They are not given again: whoever drains the spool may
    /// have them, and would take new records for old ones.
    pub(crate) lost: u64,
}

impl Segment {
    /// The number after its last record's.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.records + self.lost
    }
}

#[derive(Clone, Copy)]
struct Place {
    segment: u64,
    next: u64,
    offset: u64,
}

impl Shelf {
    fn held(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum::<u64>() + self.coming
    }

    pub(crate) fn end(&self) -> u64 {
        self.segments.back().map_or(1, Segment::end)
    }
}

impl Spool {
    /// Opens a directory and looks through what is in it.
    pub fn open(options: Options) -> Result<(Self, Opened)> {
        let Options { directory, max_bytes, new_name } = options;
        std::fs::create_dir_all(&directory).map_err(Error::unusable(&directory))?;
        let lock = lock_directory(&directory)?;
        let name = name_of(&directory, new_name)?;
        let (segments, opened) = look_through(&directory)?;
        let forgotten = segments.front().map_or(0, |segment| segment.first - 1);
        let shelf = Arc::new(Mutex::new(Shelf { segments, forgotten, coming: 0, place: None }));
        let writer = Writer::start(directory.clone(), max_bytes, Arc::clone(&shelf))?;
        Ok((Self(Arc::new(Inner { directory, name, max_bytes, shelf, writer, _lock: lock })), opened))
    }

    /// The directory's name for itself.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Records that have not been forgotten.
    pub fn len(&self) -> u64 {
        let shelf = lock(&self.0.shelf);
        shelf
            .segments
            .iter()
            .map(|found| (found.first + found.records).saturating_sub(found.first.max(shelf.forgotten + 1)))
            .sum()
    }

    /// Whether everything has been forgotten.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes on disk, those included that are forgotten and whose segment is not.
    pub fn held_bytes(&self) -> u64 {
        lock(&self.0.shelf).held()
    }

    /// Whether there is room left for records of a rank.
    pub fn has_room(&self, rank: Rank) -> bool {
        self.held_bytes() < rank.limit(self.0.max_bytes)
    }

    /// Appends records, all or none, in order. When this returns they are on disk. Answers the last one's number.
    pub async fn append(&self, rank: Rank, records: Vec<Vec<u8>>) -> Result<u64> {
        let bytes: u64 = records.iter().map(|record| segment::encoded_length(record)).sum();
        let limit = rank.limit(self.0.max_bytes);
        {
            let mut shelf = lock(&self.0.shelf);
            let held = shelf.held();
            let is_too_long = records.iter().any(|record| record.len() > segment::MAX_RECORD);
            if is_too_long || held + bytes > limit {
                return Err(Error::Full { held, limit });
            }
            shelf.coming += bytes;
        }
        let (answer, answered) = oneshot::channel();
        if self.0.writer.send(Job::Append { records, bytes, answer }).is_err() {
            lock(&self.0.shelf).coming -= bytes;
            return Err(Error::Closed);
        }
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Up to `most` records after number `after`, and no more than about `most_bytes` of them (one at least).
    /// What has been forgotten is not read again.
    pub async fn read(&self, after: u64, most: usize, most_bytes: usize) -> Result<Vec<Record>> {
        let inner = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || read(&inner, after, most, most_bytes));
        read.await.map_err(|_| Error::Closed)?
    }

    /// Lets go of every record up to a number; files that hold no others are removed.
    pub async fn forget(&self, upto: u64) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.0.writer.send(Job::Forget { upto, answer }).map_err(|()| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Finishes what was handed over and stops.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let _ = tokio::task::spawn_blocking(move || inner.writer.close()).await;
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn lock_directory(directory: &Path) -> Result<std::fs::File> {
    let path = directory.join("lock");
    let opened = std::fs::File::options().create(true).truncate(false).write(true).open(&path);
    let file = opened.map_err(Error::unusable(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse { path: directory.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(Error::unusable(&path)(error)),
    }
}

/// The name in the directory, or the new one, written down.
fn name_of(directory: &Path, new_name: String) -> Result<String> {
    let path = directory.join("name");
    match std::fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::unusable(&path)(error)),
        _ => {
            let write = || {
                let draft = directory.join("name.new");
                std::fs::write(&draft, &new_name)?;
                std::fs::File::open(&draft)?.sync_all()?;
                std::fs::rename(&draft, &path)?;
                std::fs::File::open(directory)?.sync_all()
            };
            write().map_err(Error::unusable(&path))?;
            Ok(new_name)
        }
    }
}

fn look_through(directory: &Path) -> Result<(VecDeque<Segment>, Opened)> {
    let (mut segments, mut opened) = (VecDeque::new(), Opened::default());
    let firsts = segment::list(directory)?;
    for (index, &first) in firsts.iter().enumerate() {
        let path = segment::path(directory, first);
        let mut reader = Reader::open(&path, 0, None)?;
        let mut found = Segment { first, records: 0, bytes: 0, is_damaged: false, lost: 0 };
        // What stands in a file beyond the next one's first number was written and never answered.
        let room = firsts.get(index + 1).map_or(u64::MAX, |next| next - first);
        while found.records < room {
            match reader.next().map_err(Error::unusable(&path))? {
                Next::Record(_) => found.records += 1,
                Next::End => break,
                Next::CutShort if index + 1 == firsts.len() => {
                    opened.cut_short += 1;
                    break;
                }
                Next::CutShort | Next::Damaged => {
                    opened.damaged += 1;
                    found.is_damaged = true;
                    break;
                }
            }
        }
        found.bytes = reader.whole;
        let length = std::fs::metadata(&path).map_err(Error::unusable(&path))?.len();
        found.lost = segment::most_records(length - found.bytes).min(room - found.records);
        opened.records += found.records;
        segments.push_back(found);
    }
    Ok((segments, opened))
}

fn read(inner: &Inner, after: u64, most: usize, most_bytes: usize) -> Result<Vec<Record>> {
    let (segments, place, forgotten) = {
        let shelf = lock(&inner.shelf);
        (shelf.segments.clone(), shelf.place, shelf.forgotten)
    };
    let mut next = after.max(forgotten) + 1;
    let (mut records, mut bytes) = (Vec::new(), 0);
    let mut ended = None;
    for found in &segments {
        if found.first + found.records <= next {
            continue;
        }
        next = next.max(found.first);
        let begun = place.filter(|place| place.segment == found.first && place.next <= next);
        let (mut number, offset) = begun.map_or((found.first, 0), |place| (place.next, place.offset));
        let path = segment::path(&inner.directory, found.first);
        let mut reader = Reader::open(&path, offset, Some(found.bytes))?;
        while records.len() < most && (records.is_empty() || bytes < most_bytes) {
            let Next::Record(record) = reader.next().map_err(Error::unusable(&path))? else { break };
            if number >= next {
                bytes += record.len();
                records.push(Record { number, bytes: record });
            }
            number += 1;
        }
        next = next.max(number);
        ended = Some(Place { segment: found.first, next: number, offset: reader.whole });
        if records.len() >= most || (!records.is_empty() && bytes >= most_bytes) {
            break;
        }
    }
    if ended.is_some() {
        lock(&inner.shelf).place = ended;
    }
    Ok(records)
}
