//! Tables that fit the terminal: every column is as wide as its widest cell, and the last one gets what is
//! left.

use crate::terminal::{Colour, Screen};
use std::io::{Result, Write};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A cell of a table, one line.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    colour: Colour,
}

impl Cell {
    /// A cell without a colour.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), colour: Colour::Plain }
    }

    /// In a colour.
    pub(crate) fn in_colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// Columns narrower than this are not cut further, even where the line then wraps.
const NARROWEST: usize = 16;

/// Writes headings and rows. Cells of columns whose heading starts with a `>` stand to the right.
pub(crate) fn write<W: Write>(screen: &mut Screen<W>, headings: &[&str], rows: &[Vec<Cell>]) -> Result<()> {
    let title = |heading: &str| heading.trim_start_matches('>').to_owned();
    let mut widths: Vec<usize> = headings.iter().map(|heading| title(heading).width()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    if let (Some(room), Some((last, others))) = (screen.width(), widths.split_last_mut()) {
        let taken: usize = others.iter().map(|width| width + 2).sum();
        *last = (*last).min(room.saturating_sub(taken).max(NARROWEST));
    }
    let head: Vec<Cell> = headings.iter().map(|heading| Cell::new(title(heading)).in_colour(Colour::Bold)).collect();
    for row in std::iter::once(&head).chain(rows) {
        let line = line(screen, headings, &widths, row);
        screen.line(line.trim_end())?;
    }
    Ok(())
}

fn line<W: Write>(screen: &Screen<W>, headings: &[&str], widths: &[usize], row: &[Cell]) -> String {
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        let text = cut_to(&cell.text, *width);
        let padding = " ".repeat(width.saturating_sub(text.width()));
        let painted = screen.painted(cell.colour, &text);
        let is_right = headings.get(index).is_some_and(|heading| heading.starts_with('>'));
        line.push_str(if index > 0 { "  " } else { "" });
        line.push_str(&if is_right { format!("{padding}{painted}") } else { format!("{painted}{padding}") });
    }
    line
}

/// A text cut to so many columns; one that was cut ends in `…`.
fn cut_to(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= columns
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    fn drawn(colours: bool, width: Option<usize>, rows: &[[&str; 3]]) -> String {
        let cells: Vec<Vec<Cell>> = rows
            .iter()
            .map(|[id, severity, text]| {
                vec![Cell::new(*id), Cell::new(*severity).in_colour(Colour::of_severity(severity)), Cell::new(*text)]
            })
            .collect();
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, colours, width), &[">ID", "SEVERITY", "SUMMARY"], &cells).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_and_numbers_stand_to_the_right() {
        let rows = [["7", "error", "disk full"], ["1234", "info", "漢字 spelt"]];
        let expected = "  ID  SEVERITY  SUMMARY\n   7  error     disk full\n1234  info      漢字 spelt\n";
        assert_eq!(drawn(false, None, &rows), expected);
    }

    #[test]
    fn the_last_column_is_cut_to_the_terminal_and_only_there() {
        let rows = [["7", "error", "a summary that is longer than the line"]];
        assert_eq!(drawn(false, Some(34), &rows).lines().nth(1), Some(" 7  error     a summary that is l…"));
        assert_eq!(drawn(false, Some(5), &rows).lines().nth(1), Some(" 7  error     a summary that…"));
        assert!(drawn(false, None, &rows).contains("longer than the line"));
    }

    #[test]
    fn colours_take_no_room() {
        let coloured = drawn(true, None, &[["7", "critical", "x"], ["8", "error", "y"]]);
        assert!(coloured.contains(" 7  \u{1b}[1;31mcritical\u{1b}[0m  x"), "{coloured:?}");
        assert!(coloured.contains(" 8  \u{1b}[31merror\u{1b}[0m     y"), "{coloured:?}");
    }

    #[test]
    fn wide_characters_are_cut_whole() {
        assert_eq!(cut_to("漢字漢字", 5), "漢字…");
        assert_eq!(cut_to("漢字漢字", 6), "漢字…");
        assert_eq!(cut_to("fits", 4), "fits");
    }
}
