//! Standard output as a person sees it: colours where there is a terminal that wants them, its width, and
//! outside text made harmless before it gets there.

use foghorn_domain::text::plain_text;
use std::fmt::Display;
use std::io::{IsTerminal, Result, Write};

/// What a text stands out by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// As it is.
    Plain,
    /// Headings.
    Bold,
    /// What matters less.
    Dim,
    /// Good.
    Green,
    /// Look at it.
    Yellow,
    /// Bad.
    Red,
    /// Worst.
    Alarm,
}

impl Colour {
    /// The colour of a severity's name.
    pub(crate) fn of_severity(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" => Self::Alarm,
            "error" => Self::Red,
            "warning" => Self::Yellow,
            _ => Self::Plain,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
            Self::Red => "\u{1b}[31m",
            Self::Alarm => "\u{1b}[1;31m",
        }
    }
}

/// Where a command's answer goes.
pub(crate) struct Screen<W = std::io::Stdout> {
    out: W,
    colours: bool,
    width: Option<usize>,
}

impl Screen {
    /// Standard output.
    pub(crate) fn stdout() -> Self {
        let out = std::io::stdout();
        let is_terminal = out.is_terminal();
        let width = terminal_size::terminal_size_of(&out).map(|(width, _)| usize::from(width.0));
        Self { colours: is_terminal && wants_colours(), width: width.filter(|_| is_terminal), out }
    }
}

impl<W: Write> Screen<W> {
    /// Columns of the terminal; `None` where nobody wraps lines.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// One line of our own words.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A heading with an empty line above.
    pub(crate) fn heading(&mut self, text: &str) -> Result<()> {
        let heading = self.painted(Colour::Bold, text);
        writeln!(self.out, "\n{heading}")
    }

    /// A value as JSON, over several lines.
    pub(crate) fn json(&mut self, value: &serde_json::Value) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        writeln!(self.out)
    }

    /// A text in a colour, if there are colours.
    pub(crate) fn painted(&self, colour: Colour, text: &str) -> String {
        match colour.code() {
            "" => text.to_owned(),
            code if self.colours => format!("{code}{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

/// Colours stay off for `NO_COLOR` (no-color.org) and for terminals that have none.
fn wants_colours() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
}

/// Text from outside as lines that command no terminal. Line breaks and spaces stay as they are.
pub(crate) fn harmless(text: &str) -> String {
    let harmless_line = |line: &str| line.split(' ').map(plain_text).collect::<Vec<_>>().join(" ");
    text.split('\n').map(harmless_line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
pub(crate) fn screen_of(out: &mut Vec<u8>, colours: bool, width: Option<usize>) -> Screen<&mut Vec<u8>> {
    Screen { out, colours, width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_written_only_where_they_are_wanted() {
        let mut out = Vec::new();
        assert_eq!(screen_of(&mut out, true, None).painted(Colour::Red, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(screen_of(&mut out, true, None).painted(Colour::Plain, "x"), "x");
        assert_eq!(screen_of(&mut out, false, None).painted(Colour::Red, "x"), "x");
    }

    #[test]
    fn outside_text_keeps_its_lines_and_loses_its_commands() {
        assert_eq!(harmless("  1.  \u{1b}[31mred\u{7} \n\u{1b}]0;title"), "  1.  red \n0;title");
    }
}
