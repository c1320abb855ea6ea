//! The terminal as a bystander: it prints each telling that the dashboard received.

use crate::terminal::{Colour, Screen, harmless};
use foghorn_pipeline::Printed;
use tokio::sync::mpsc::UnboundedReceiver;

/// Prints tellings until the stages stop.
pub(super) async fn print(mut told: UnboundedReceiver<Printed>) {
    let mut screen = Screen::stdout();
    while let Some(Printed { text, .. }) = told.recv().await {
        // A closed terminal must not stop the server.
        let _ = print_one(&mut screen, &text);
    }
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
