//! Several logs as one stream: a line of each in turn, for as long as it has any.

use crate::commands::lines::{Line, Lines};
use std::io::{Read, Result, Write};

/// See the module.
pub(super) struct Inputs<R> {
    inputs: Vec<Input<R>>,
    turn: usize,
}

struct Input<R> {
    name: Option<String>,
    lines: Lines<R>,
    is_over: bool,
}

impl<R: Read> Inputs<R> {
    /// Readers with the names they are told apart by; a lone one needs none.
    pub(super) fn new(readers: Vec<(Option<String>, R)>) -> Self {
        let input = |(name, reader)| Input { name, lines: Lines::new(reader), is_over: false };
        Self { inputs: readers.into_iter().map(input).collect(), turn: 0 }
    }

    /// The next line, and the name of the input that it is from. Where it would have to wait for input, `out` is flushed
    /// before.
    pub(super) fn next(&mut self, out: &mut impl Write) -> Result<Option<(Option<&str>, Line<'_>)>> {
        let Some(turn) = self.next_turn(out)? else { return Ok(None) };
        let Input { name, lines, .. } = &mut self.inputs[turn];
        Ok(lines.next(out)?.map(|line| (name.as_deref(), line)))
    }

    /// The first input, from the one whose turn it is, that still has a line.
    fn next_turn(&mut self, out: &mut impl Write) -> Result<Option<usize>> {
        for _ in 0..self.inputs.len() {
            let turn = self.turn;
            self.turn = (turn + 1) % self.inputs.len();
            let Some(input) = self.inputs.get_mut(turn).filter(|input| !input.is_over) else { continue };
            input.is_over = input.lines.is_over(out)?;
            if !input.is_over {
                return Ok(Some(turn));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_each_comes_in_turn_and_who_has_none_left_is_passed_over() {
        let readers = [("a", "1\n2\n3\n"), ("b", "1"), ("c", "")];
        let mut inputs = Inputs::new(readers.map(|(name, text)| (Some(name.to_owned()), text.as_bytes())).into());
        let mut seen = Vec::new();
        while let Some((name, line)) = inputs.next(&mut Vec::new()).unwrap() {
            seen.push((name.unwrap_or_default().to_owned(), line.number));
        }
        let seen: Vec<(&str, u64)> = seen.iter().map(|(name, number)| (name.as_str(), *number)).collect();
        assert_eq!(seen, [("a", 1), ("b", 1), ("a", 2), ("a", 3)]);
        assert!(Inputs::<&[u8]>::new(Vec::new()).next(&mut Vec::new()).unwrap().is_none());
    }
}
