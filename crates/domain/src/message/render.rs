//! A message drawn in a terminal.

use super::Message;
use crate::text::plain_text;

/// The width of the column of labels.
const LABELS: usize = 11;
/// Where lines are broken; a longer word stands alone.
const WIDTH: usize = 118;

/// The message as a few aligned lines, ending in a line break.
///
/// Every text is made plain once more: a message may have come back from a store that others write to,
/// and what reaches a terminal must not command it.
pub fn render_text(message: &Message) -> String {
    let mut drawing = String::new();
    draw(&mut drawing, "", &message.headline);
    draw(&mut drawing, "", &message.history);
    for line in [&message.change, &message.reason].into_iter().flatten() {
        draw(&mut drawing, "", line);
    }
    drawing.push('\n');
    draw(&mut drawing, "", &message.plain_title());
    draw(&mut drawing, "Status", &message.status_line);
    draw(&mut drawing, "Summary", &message.ai_summary);
    draw_list(&mut drawing, "Causes", &message.causes);
    draw_list(&mut drawing, "Similar", &message.similar);
    draw_list(&mut drawing, "Told with", &message.related);
    let actions = message.actions.iter().map(|button| format!("[{}]", button.label)).collect::<Vec<_>>();
    if !actions.is_empty() {
        draw(&mut drawing, "Actions", &actions.join(" "));
    }
    for (label, line) in [("Note", &message.marked), ("Page", &message.link)] {
        if let Some(line) = line {
            draw(&mut drawing, label, line);
        }
    }
    drawing
}

/// One text, broken between words so that it stays in its column.
fn draw(drawing: &mut String, label: &str, text: &str) {
    let indent = if label.is_empty() { 0 } else { LABELS };
    drawing.push_str(label);
    let mut column = label.chars().count();
    for (index, word) in plain_text(text).split(' ').enumerate() {
        let width = word.chars().count();
        if index > 0 && column + 1 + width > WIDTH {
            drawing.push('\n');
            column = 0;
        } else if index > 0 {
            drawing.push(' ');
            column += 1;
        }
        while column < indent {
            drawing.push(' ');
            column += 1;
        }
        drawing.push_str(word);
        column += width;
    }
    drawing.push('\n');
}

fn draw_list(drawing: &mut String, label: &str, texts: &[String]) {
    for (index, text) in texts.iter().enumerate() {
        draw(drawing, if index == 0 { label } else { " " }, text);
    }
}
