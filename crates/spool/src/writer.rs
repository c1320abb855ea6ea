//! The thread that writes: it takes every append that waits, writes all, flushes once, and only then answers.

use crate::segment;
use crate::spool::{Segment, Shelf, lock};
use crate::{Error, Result};
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Bytes that one flush covers at most, about.
const MOST_AT_ONCE: usize = 8 << 20;

pub(crate) enum Job {
    Append { records: Vec<Vec<u8>>, bytes: u64, answer: oneshot::Sender<Result<u64>> },
    Forget { upto: u64, answer: oneshot::Sender<Result<()>> },
}

pub(crate) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(crate) fn start(directory: PathBuf, max_bytes: u64, shelf: Arc<Mutex<Shelf>>) -> Result<Self> {
        let segment_bytes = (max_bytes / 32).clamp(64 << 10, 64 << 20);
        let mut pen = Pen { directory: directory.clone(), segment_bytes, shelf, file: None };
        pen.begin()?;
        let (sender, jobs) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("spool-writer".to_owned())
            .spawn(move || write_until_closed(&mut pen, &jobs))
            .map_err(Error::unusable(&directory))?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn send(&self, job: Job) -> std::result::Result<(), ()> {
        lock(&self.jobs).as_ref().ok_or(())?.send(job).map_err(|_| ())
    }

    pub(crate) fn close(&self) {
        drop(lock(&self.jobs).take());
        if let Some(thread) = lock(&self.thread).take() {
            // A writer that panicked has dropped its jobs, and their callers have been told.
            let _ = thread.join();
        }
    }
}

fn write_until_closed(pen: &mut Pen, jobs: &mpsc::Receiver<Job>) {
    let mut put_back = None;
    while let Some(job) = put_back.take().or_else(|| jobs.recv().ok()) {
        let (records, bytes, answer) = match job {
            Job::Forget { upto, answer } => {
                // A caller that has gone away needs no answer; the same below.
                let _ = answer.send(pen.forget(upto));
                continue;
            }
            Job::Append { records, bytes, answer } => (records, bytes, answer),
        };
        let mut buffer = Vec::with_capacity(bytes as usize);
        records.iter().for_each(|record| segment::encode(record, &mut buffer));
        let (mut count, mut coming) = (records.len() as u64, bytes);
        let mut answers = vec![(answer, count)];
        while buffer.len() < MOST_AT_ONCE {
            match jobs.try_recv() {
                Ok(Job::Append { records, bytes, answer }) => {
                    records.iter().for_each(|record| segment::encode(record, &mut buffer));
                    count += records.len() as u64;
                    coming += bytes;
                    answers.push((answer, count));
                }
                Ok(other) => {
                    put_back = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let before = lock(&pen.shelf).end() - 1;
        let written = pen.write(&buffer, count);
        lock(&pen.shelf).coming -= coming;
        for (answer, upto) in answers {
            let _ = answer.send(written.clone().map(|()| before + upto));
        }
    }
}

/// The file that is being written, the last segment of the shelf.
struct Pen {
    directory: PathBuf,
    segment_bytes: u64,
    shelf: Arc<Mutex<Shelf>>,
    /// None after a failure: the next write begins a new segment.
    file: Option<File>,
}

impl Pen {
    /// Goes on where the last segment ends, or begins the first one.
    fn begin(&mut self) -> Result<()> {
        let last = lock(&self.shelf).segments.back().copied();
        let Some(last) = last.filter(|last| !last.is_damaged && last.bytes > 0) else { return self.turn_page() };
        let path = segment::path(&self.directory, last.first);
        let open = || {
            let mut file = File::options().write(true).open(&path)?;
            // What a crash cut short goes.
            file.set_len(last.bytes)?;
            file.sync_all()?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        self.file = Some(open().map_err(Error::unusable(&path))?);
        if last.lost > 0 { self.turn_page() } else { Ok(()) }
    }

    /// Begins a new segment. One without records makes room for it.
    fn turn_page(&mut self) -> Result<()> {
        let end = lock(&self.shelf).end();
        let path = segment::path(&self.directory, end);
        self.file = Some(segment::create(&self.directory, end).map_err(Error::unusable(&path))?);
        let mut shelf = lock(&self.shelf);
        if shelf.segments.back().is_some_and(|last| last.first == end) {
            shelf.segments.pop_back();
        }
        shelf.segments.push_back(Segment { first: end, records: 0, bytes: segment::EMPTY, is_damaged: false, lost: 0 });
        Ok(())
    }

    fn write(&mut self, buffer: &[u8], records: u64) -> Result<()> {
        let is_full = lock(&self.shelf).segments.back().is_none_or(|last| last.bytes >= self.segment_bytes);
        if self.file.is_none() || is_full {
            self.turn_page()?;
        }
        let first = lock(&self.shelf).segments.back().map_or(1, |last| last.first);
        let path = segment::path(&self.directory, first);
        let Some(file) = self.file.as_mut() else { return Err(Error::Closed) };
        if let Err(error) = file.write_all(buffer).and_then(|()| file.sync_data()) {
            // After a failed flush nobody knows what is on disk; the answered part stays, the rest is cut off
            // if the disk lets us, and no further record goes into this file.
            let answered = lock(&self.shelf).segments.back().map_or(0, |last| last.bytes);
            let _ = file.set_len(answered).and_then(|()| file.sync_all());
            self.file = None;
            return Err(Error::unusable(&path)(error));
        }
        if let Some(last) = lock(&self.shelf).segments.back_mut() {
            last.bytes += buffer.len() as u64;
            last.records += records;
        }
        Ok(())
    }

    fn forget(&mut self, upto: u64) -> Result<()> {
        let is_all = {
            let mut shelf = lock(&self.shelf);
            let last = shelf.end() - 1;
            shelf.forgotten = shelf.forgotten.max(upto.min(last));
            shelf.forgotten == last && shelf.segments.back().is_some_and(|segment| segment.records > 0)
        };
        if is_all {
            // The new file's name remembers the next number.
            self.turn_page()?;
        }
        loop {
            let gone = {
                let mut shelf = lock(&self.shelf);
                let may_go = shelf.segments.len() > 1
                    && shelf.segments.front().is_some_and(|front| front.end() - 1 <= shelf.forgotten);
                if !may_go {
                    return Ok(());
                }
                shelf.segments.pop_front()
            };
            let Some(gone) = gone else { return Ok(()) };
            let path = segment::path(&self.directory, gone.first);
            let done = match gone.is_damaged {
                true => std::fs::rename(&path, path.with_extension("damaged")),
                false => std::fs::remove_file(&path),
            };
            done.map_err(Error::unusable(&path))?;
        }
    }
}
