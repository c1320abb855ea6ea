//! One file of records: a magic word, then each record as length, checksum and bytes. The first record's number is
//! the file's name; the others follow on.

use crate::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"FHSPOOL1";
const HEADER: usize = 8;

/// Longer records are not written, so a longer length in a file is damage.
pub(crate) const MAX_RECORD: usize = 64 << 20;

/// The file of a segment.
pub(crate) fn path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:020}.spool"))
}

/// The first numbers of a directory's segments, ascending.
pub(crate) fn list(directory: &Path) -> Result<Vec<u64>> {
    let mut firsts = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(Error::unusable(directory))? {
        let name = entry.map_err(Error::unusable(directory))?.file_name();
        let first: Option<u64> =
            name.to_str().and_then(|name| name.strip_suffix(".spool")).and_then(|digits| digits.parse().ok());
        firsts.extend(first);
    }
    firsts.sort_unstable();
    Ok(firsts)
}

/// Makes an empty segment; its name is on disk when this returns.
pub(crate) fn create(directory: &Path, first: u64) -> std::io::Result<File> {
    let mut file = File::options().create(true).truncate(true).write(true).open(path(directory, first))?;
    file.write_all(MAGIC)?;
    file.sync_all()?;
    File::open(directory)?.sync_all()?;
    Ok(file)
}

/// Appends a record's bytes to a buffer.
pub(crate) fn encode(record: &[u8], into: &mut Vec<u8>) {
    // `MAX_RECORD` is checked when records are handed in, and fits.
    let length = (record.len() as u32).to_le_bytes();
    into.extend_from_slice(&length);
    into.extend_from_slice(&checksum(&length, record).to_le_bytes());
    into.extend_from_slice(record);
}

/// Bytes that a record takes in a file.
pub(crate) fn encoded_length(record: &[u8]) -> u64 {
    (HEADER + record.len()) as u64
}

/// How many records some bytes may have held; 0 for none.
pub(crate) fn most_records(bytes: u64) -> u64 {
    bytes.div_ceil(HEADER as u64)
}

/// Bytes of a segment without records.
pub(crate) const EMPTY: u64 = MAGIC.len() as u64;

fn checksum(length: &[u8; 4], record: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(record);
    hasher.finalize()
}

/// Reads a segment's records one after the other.
pub(crate) struct Reader {
    file: BufReader<File>,
    /// Bytes of the file up to which everything was whole.
    pub(crate) whole: u64,
    left: u64,
}

/// What stands at the reader's place.
pub(crate) enum Next {
    /// A whole record.
    Record(Vec<u8>),
    /// The end, right behind a record.
    End,
    /// The file ends inside of a record: its write was cut short.
    CutShort,
    /// Bytes that no write left there.
    Damaged,
}

impl Reader {
    /// Reads from a place that an earlier reader left, or from the start (0), to the end or to `until`.
    pub(crate) fn open(path: &Path, from: u64, until: Option<u64>) -> Result<Self> {
        let open = || {
            let mut file = File::open(path)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(from))?;
            Ok((file, until.unwrap_or(length).min(length)))
        };
        let (file, until) = open().map_err(Error::unusable(path))?;
        Ok(Self { file: BufReader::with_capacity(1 << 18, file), whole: from, left: until.saturating_sub(from) })
    }

    /// The next record, or why there is none.
    pub(crate) fn next(&mut self) -> std::io::Result<Next> {
        if self.whole == 0 {
            let mut magic = [0; MAGIC.len()];
            match self.take(&mut magic)? {
                false => return Ok(Next::CutShort),
                true if &magic != MAGIC => return Ok(Next::Damaged),
                true => self.whole = EMPTY,
            }
        }
        if self.left == 0 {
            return Ok(Next::End);
        }
        let mut header = [0; HEADER];
        if !self.take(&mut header)? {
            return Ok(Next::CutShort);
        }
        let [a, b, c, d, e, f, g, h] = header;
        let length = [a, b, c, d];
        let expected = u32::from_le_bytes([e, f, g, h]);
        let size = u32::from_le_bytes(length) as usize;
        if size > MAX_RECORD {
            return Ok(Next::Damaged);
        }
        if size as u64 > self.left {
            return Ok(Next::CutShort);
        }
        let mut record = vec![0; size];
        if !self.take(&mut record)? {
            return Ok(Next::CutShort);
        }
        if checksum(&length, &record) != expected {
            // A write that a crash cut short may leave the right length and the wrong bytes, but only at the end.
            return Ok(if self.left == 0 { Next::CutShort } else { Next::Damaged });
        }
        self.whole += encoded_length(&record);
        Ok(Next::Record(record))
    }

    /// Fills the buffer; `false` where the file ends before.
    fn take(&mut self, buffer: &mut [u8]) -> std::io::Result<bool> {
        if (buffer.len() as u64) > self.left {
            self.left = 0;
            return Ok(false);
        }
        self.file.read_exact(buffer)?;
        self.left -= buffer.len() as u64;
        Ok(true)
    }
}
