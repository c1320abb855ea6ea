//! How far sending has come, on standard error, where that is a terminal.

use super::reading::Line;
use super::summary::Summary;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The line that moves.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar where the length is known, else a count.
    pub(super) fn new(bytes: Option<u64>, is_quiet: bool) -> Self {
        let (length, template) = match bytes {
            Some(bytes) => (Some(bytes), "{bar:30} {percent:>3} %  {msg}  {eta} left"),
            None => (None, "{spinner} {msg}  {elapsed}"),
        };
        let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(length, target);
        // A template of our own that would not parse leaves the plain bar.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// A batch has been answered.
    pub(super) fn advance(&self, batch: &[Line], summary: &Summary) {
        self.0.inc(batch.iter().map(|line| line.bytes).sum());
        let refused = if summary.refused > 0 { format!(", {} refused", summary.refused) } else { String::new() };
        self.0.set_message(format!("{} lines{refused}", summary.sent));
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
