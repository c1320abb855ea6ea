//! What is wrong with a routing file, each fault in its place.

use serde::Serialize;
use std::fmt;

/// One fault of a file. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub message: String,
    /// Whether the file can be used all the same.
    pub is_warning: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = if self.is_warning { "warning: " } else { "" };
        write!(f, "{}:{}: {grade}{}", self.line, self.column, self.message)
    }
}

/// Faults kept of one file; a person mends the first hundred before wanting more.
const MOST: usize = 200;

/// Faults as they are found, by offset.
pub(crate) struct Faults<'t> {
    text: &'t str,
    found: Vec<(usize, String, bool)>,
    unkept: usize,
}

impl<'t> Faults<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text, found: Vec::new(), unkept: 0 }
    }

    /// The file cannot be used, because of what stands at `offset`.
    pub(crate) fn fault(&mut self, offset: usize, message: impl Into<String>) {
        self.keep(offset, message.into(), false);
    }

    /// Somebody should look at `offset`.
    pub(crate) fn warn(&mut self, offset: usize, message: impl Into<String>) {
        self.keep(offset, message.into(), true);
    }

    /// Whether the file cannot be used.
    pub(crate) fn is_fatal(&self) -> bool {
        self.unkept > 0 || self.found.iter().any(|(_, _, is_warning)| !is_warning)
    }

    /// All of them, in the order of the file.
    pub(crate) fn into_list(mut self) -> Vec<Fault> {
        self.found.sort_by_key(|(offset, _, _)| *offset);
        self.found.dedup();
        let mut places = Places::of(self.text);
        let mut list: Vec<Fault> = self
            .found
            .into_iter()
            .map(|(offset, message, is_warning)| {
                let (line, column) = places.at(offset);
                Fault { line, column, message, is_warning }
            })
            .collect();
        if self.unkept > 0 {
            let (line, column) = list.last().map_or((1, 1), |last| (last.line, last.column));
            let message = format!("and {} more faults", self.unkept);
            list.push(Fault { line, column, message, is_warning: false });
        }
        list
    }

    fn keep(&mut self, offset: usize, message: String, is_warning: bool) {
        if self.found.len() < MOST {
            self.found.push((offset, message, is_warning));
        } else if !is_warning {
            self.unkept += 1;
        }
    }
}

/// Offsets, asked for in rising order, as lines and columns: one pass over the text for all of them.
struct Places<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    column: usize,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, offset: 0, line: 1, column: 1 }
    }

    fn at(&mut self, offset: usize) -> (usize, usize) {
        let rest = self.text.get(self.offset..).unwrap_or_default();
        for (at, character) in rest.char_indices() {
            let here = self.offset + at;
            if here >= offset {
                self.offset = here;
                return (self.line, self.column);
            }
            (self.line, self.column) =
                if character == '\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.offset = self.text.len();
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "a = 1\nü漢 = 2\r\n\nx";
        let check = |offset: usize, place| assert_eq!(Places::of(text).at(offset), place, "{offset}");
        check(0, (1, 1));
        check(4, (1, 5));
        check(6, (2, 1));
        check("a = 1\nü漢".len(), (2, 3));
        check(text.len() - 1, (4, 1));
        check(text.len(), (4, 2));
        check(usize::MAX, (4, 2));
        check(7, (2, 2)); // inside of ü: the next character
    }

    #[test]
    fn faults_come_in_the_order_of_the_file_and_are_counted_beyond_the_most() {
        let mut faults = Faults::of("ab\ncd");
        faults.warn(4, "later");
        assert!(!faults.is_fatal());
        faults.fault(0, "first");
        assert!(faults.is_fatal());
        for _ in 0..MOST {
            faults.fault(4, "again");
        }
        let list: Vec<String> = faults.into_list().iter().map(ToString::to_string).collect();
        assert_eq!(list, ["1:1: first", "2:2: warning: later", "2:2: again", "2:2: and 2 more faults"]);
    }
}
