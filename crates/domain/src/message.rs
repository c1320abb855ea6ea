//! The message people read, built once as data and rendered for each receiver.
//!
//! [`build`] takes everything that is known at the moment of telling ([`MessageInput`]) and gives a
//! [`Message`]: on top what an engineer reads on a lock screen (headline, history, change), then the
//! sections in the order of the reference (title, AI summary, causes and fixes, similar incidents,
//! buttons). `parts` holds one small function for each section, `render` draws the message in a
//! terminal; `news` is what is said in the thread below it.
//!
//! Every text from outside passes [`outside_text`](crate::text::outside_text), so that it is redacted,
//! is one line, holds nothing invisible, and is cut. What it may still hold is markup of some
//! receiver; escaping that is the renderer's duty, since only the renderer knows its receiver.

mod input;
mod news;
mod parts;
mod render;

pub use input::{Acted, Change, MessageInput, RelatedIncident};
pub use news::{Known, News};
pub use render::render_text;

use crate::analysis::AnalysisSource;
use serde::{Deserialize, Serialize};

/// The longest headline, in characters: what a lock screen shows.
pub const MAX_HEADLINE: usize = 150;
/// The longest history, change, reason and status line, in characters.
pub const MAX_LINE: usize = 240;
/// The longest title, and the longest line on a similar or related incident, in characters.
pub const MAX_ENTRY: usize = 400;
/// The longest AI summary, in characters.
pub const MAX_SUMMARY: usize = 600;
/// The longest line on one cause with its fixes, in characters.
pub const MAX_CAUSE: usize = 800;
/// The most similar incidents shown.
pub const MAX_SIMILAR: usize = 3;
/// The most related incidents shown; the rest is counted in the last line.
pub const MAX_RELATED: usize = 10;

/// A message about one incident. No text in it has line breaks; every one is bounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Severity · service · symptom: the lock-screen line, at most [`MAX_HEADLINE`] characters.
    pub headline: String,
    /// `Seen 4×; last 12 Mar, ana: raised max_connections; quiet after 6 min`, or `New here`, and then what fixed
    /// the one most like it: `New here; like #12 (0.71), 12 Mar, ana: raised max_connections`.
    pub history: String,
    /// `Changed 4 min before: checkout v1.2.3`.
    pub change: Option<String>,
    /// Why it is told again; `None` when it is told for the first time.
    pub reason: Option<String>,
    /// `*Incident #123* — summary (team, type)`, the stars being the reference's.
    pub title: String,
    /// Where it stands: who did what and when, still firing, flapping, what ended it, how many events.
    pub status_line: String,
    /// The analysis in one or two sentences, with how much to believe it.
    pub ai_summary: String,
    /// `1. cause - fixes: a, b`, at most three.
    pub causes: Vec<String>,
    /// Similar incidents with what fixed them, at most [`MAX_SIMILAR`].
    pub similar: Vec<String>,
    /// Incidents told together with this one, with the reason.
    pub related: Vec<String>,
    /// Buttons.
    pub actions: Vec<ActionButton>,
    /// What the reader should know about the message itself, for instance that no language model was
    /// asked.
    pub marked: Option<String>,
    /// The incident's page.
    pub link: Option<String>,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionButton {
    /// `ack`, `info`, `resolve`, `false_positive`, `reopen` or `add_solution`.
    pub action_id: String,
    /// What stands on it.
    pub label: String,
    /// The incident's id.
    pub value: String,
}

impl Message {
    /// The title without the reference's stars, for receivers to which they mean nothing.
    pub fn plain_title(&self) -> String {
        match self.title.strip_prefix('*').and_then(|rest| rest.split_once('*')) {
            Some((name, rest)) => format!("{name}{rest}"),
            None => self.title.clone(),
        }
    }
}

/// Builds the message.
pub fn build(input: &MessageInput<'_>) -> Message {
    Message {
        headline: parts::headline(input.incident),
        history: parts::history(input),
        change: parts::change(input),
        reason: parts::reason(input),
        title: parts::title(input),
        status_line: parts::status_line(input),
        ai_summary: parts::ai_summary(input),
        causes: parts::causes(input),
        similar: parts::similar(input),
        related: parts::related(input),
        actions: parts::actions(input.incident),
        marked: marked(input),
        link: parts::link(input),
    }
}

fn marked(input: &MessageInput<'_>) -> Option<String> {
    let marks = [
        (input.explained.analysis.source == AnalysisSource::Builtin, "analysis without a language model"),
        (input.possible_repeat, "this may repeat an earlier message: whether that one arrived could not be found out"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
    (!marks.is_empty()).then(|| marks.join("; "))
}

#[cfg(test)]
mod tests;
