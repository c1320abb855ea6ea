//! The terminal as a bystander: it prints each telling that the dashboard received. A terminal that is
//! stopped, or a pipe that nobody reads, must hold up neither the server nor its end, so a thread of its own
//! writes, and what it cannot keep up with is left out.

use crate::terminal::{Colour, Screen, harmless};
use foghorn_pipeline::Printed;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

/// Tellings that wait to be written at most.
const BACKLOG: usize = 200;

/// How long the end of the server waits for the last of them.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints tellings until the stages stop.
pub(super) async fn print(mut told: UnboundedReceiver<Printed>) {
    let (backlog, waiting) = sync_channel::<Printed>(BACKLOG);
    let (done, is_done) = oneshot::channel();
    std::thread::spawn(move || {
        let mut screen = Screen::stdout();
        for Printed { text, .. } in waiting {
            // A closed terminal must not stop the server.
            let _ = print_one(&mut screen, &text);
        }
        let _ = done.send(());
    });
    let mut left_out: u64 = 0;
    while let Some(printed) = told.recv().await {
        if backlog.try_send(printed).is_err() {
            left_out += 1;
        } else if left_out > 0 {
            tracing::warn!(left_out, "standard output did not keep up; these messages are in the dashboard only");
            left_out = 0;
        }
    }
    drop(backlog);
    let _ = tokio::time::timeout(PATIENCE, is_done).await;
}

fn print_one<W: std::io::Write>(screen: &mut Screen<W>, text: &str) -> std::io::Result<()> {
    let text = harmless(text);
    let (headline, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let severity = headline.split(' ').next().unwrap_or_default();
    let colour = match Colour::of_severity(severity) {
        Colour::Plain => Colour::Bold,
        colour => colour,
    };
    screen.line("")?;
    screen.line(screen.painted(colour, headline))?;
    if rest.is_empty() { Ok(()) } else { screen.line(rest.trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn the_headline_has_the_colour_of_its_severity() {
        let check = |text, expected: &str| {
            let mut out = Vec::new();
            print_one(&mut screen_of(&mut out, true, None), text).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check("CRITICAL · db · down\nNew here\n", "\n\u{1b}[1;31mCRITICAL · db · down\u{1b}[0m\nNew here\n");
        check("INFO · db · \u{1b}[2Jhello", "\n\u{1b}[1mINFO · db · hello\u{1b}[0m\n");
    }
}
