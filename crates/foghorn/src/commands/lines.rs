//! Standard input line by line, for commands that answer each line: in bounded memory, and without holding answers
//! back from somebody who follows a growing log.

use std::io::{BufRead, BufReader, Read, Result, Write};

/// The longest line that is read whole; of a longer one the rest is passed over.
pub(crate) const LONGEST_LINE: usize = 8 * 1024 * 1024;

/// Lines of a reader, counted from 1.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its place, from 1.
    pub(crate) number: u64,
    /// Its bytes without the line feed; the head of one that is too long.
    pub(crate) bytes: &'a [u8],
    /// Whether it is longer than [`LONGEST_LINE`].
    pub(crate) is_cut: bool,
    /// Whether a line feed ends it.
    pub(crate) is_ended: bool,
}

impl<R: Read> Lines<R> {
    /// The lines of a reader.
    pub(crate) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(256 * 1024, reader), line: Vec::new(), number: 0 }
    }

    /// Whether there is no further line. Where it would have to wait for input, `out` is flushed before.
    pub(crate) fn is_over(&mut self, out: &mut impl Write) -> Result<bool> {
        loop {
            if self.reader.buffer().is_empty() {
                out.flush()?;
            }
            match self.reader.fill_buf() {
                Ok(held) => return Ok(held.is_empty()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next line, or `None` at the end. Where it would have to wait for input, `out` is flushed before.
    pub(crate) fn next(&mut self, out: &mut impl Write) -> Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut is_cut, mut is_ended, mut is_any) = (false, false, false);
        while !is_ended {
            if self.reader.buffer().is_empty() {
                out.flush()?;
            }
            let held = match self.reader.fill_buf() {
                Ok(held) => held,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if held.is_empty() {
                break;
            }
            is_any = true;
            let end = held.iter().position(|byte| *byte == b'\n');
            let part = &held[..end.unwrap_or(held.len())];
            let room = LONGEST_LINE - self.line.len();
            is_cut |= part.len() > room;
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            is_ended = end.is_some();
            let used = part.len() + usize::from(is_ended);
            self.reader.consume(used);
        }
        self.number += 1;
        Ok(is_any.then_some(Line { number: self.number, bytes: &self.line, is_cut, is_ended }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Vec<(u64, Vec<u8>, bool, bool)> {
        let mut lines = Lines::new(input);
        let mut read = Vec::new();
        while let Some(line) = lines.next(&mut Vec::new()).unwrap() {
            read.push((line.number, line.bytes.to_vec(), line.is_cut, line.is_ended));
        }
        read
    }

    #[test]
    fn lines_are_counted_and_empty_ones_are_lines() {
        assert_eq!(read(b""), []);
        let expected =
            [(1, b"a".to_vec(), false, true), (2, Vec::new(), false, true), (3, b"b\r".to_vec(), false, false)];
        assert_eq!(read(b"a\n\nb\r"), expected);
    }

    #[test]
    fn of_a_line_without_end_only_the_head_is_kept() {
        let input = [vec![b'x'; LONGEST_LINE + 300_000], b"\nnext".to_vec()].concat();
        let lines = read(&input);
        assert_eq!((lines[0].1.len(), lines[0].2, lines[0].3), (LONGEST_LINE, true, true));
        assert_eq!(lines[1], (2, b"next".to_vec(), false, false));
    }

    #[test]
    fn answers_go_out_before_input_is_waited_for() {
        struct Waiting<'a>(&'a std::cell::Cell<u32>, Vec<&'static [u8]>);
        impl Read for Waiting<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
                assert!(self.0.get() > 0, "not flushed before reading");
                self.0.set(0);
                let Some(part) = self.1.pop() else { return Ok(0) };
                buffer[..part.len()].copy_from_slice(part);
                Ok(part.len())
            }
        }
        struct Flushed<'a>(&'a std::cell::Cell<u32>);
        impl Write for Flushed<'_> {
            fn write(&mut self, buffer: &[u8]) -> Result<usize> {
                Ok(buffer.len())
            }
            fn flush(&mut self) -> Result<()> {
                self.0.set(self.0.get() + 1);
                Ok(())
            }
        }
        let flushes = std::cell::Cell::new(0);
        let mut lines = Lines::new(Waiting(&flushes, vec![b"c\n", b"a\nb\n"]));
        let mut seen = 0;
        while lines.next(&mut Flushed(&flushes)).unwrap().is_some() {
            seen += 1;
        }
        assert_eq!(seen, 3);
    }
}
