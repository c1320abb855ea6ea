//! `foghorn templates`: which statement of a program each line came from, as triage would tell.

use super::lines::Lines;
use crate::terminal::{Screen, harmless};
use foghorn_detect::header;
use foghorn_detect::template::Miner;
use foghorn_domain::text::cut;
use foghorn_domain::words::counted;
use serde_json::json;
use std::io::{BufWriter, Read, Write};
use std::process::ExitCode;

/// Reads log lines from standard input and prints for each, as soon as it is read, a JSON line: line_id counts
/// from 1, template_id names the template for ever, template is how it reads so far, with <*> for what varies.
/// Log headers are taken off first. Memory stays bounded however many lines and templates there are.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn templates < app.log | head
  foghorn templates --explain < app.log")]
pub(crate) struct Args {
    /// Print for people: each template once, the most frequent first, with how often it came and its first line
    #[arg(long)]
    explain: bool,
}

/// Reads everything and answers.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lines = Lines::new(std::io::stdin().lock());
    match args.explain {
        true => explain(lines, &mut Screen::stdout())?,
        false => answer(lines, &mut BufWriter::new(std::io::stdout().lock()))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn answer<R: Read>(mut lines: Lines<R>, out: &mut impl Write) -> std::io::Result<()> {
    let mut miner = Miner::new();
    while let Some(line) = lines.next(out)? {
        let text = String::from_utf8_lossy(line.bytes);
        let learned = miner.learn(&header::parse(&text).message);
        let answer = json!({
            "line_id": line.number,
            "template_id": learned.birth_key,
            "template": miner.template(learned.cluster),
        });
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

/// What is told of a template.
struct Seen {
    count: u64,
    first_number: u64,
    first_line: String,
}

fn explain<R: Read, W: Write>(mut lines: Lines<R>, screen: &mut Screen<W>) -> std::io::Result<()> {
    let mut miner = Miner::new();
    let mut seen: Vec<Seen> = Vec::new();
    let mut total = 0;
    while let Some(line) = lines.next(&mut std::io::sink())? {
        let text = String::from_utf8_lossy(line.bytes);
        let learned = miner.learn(&header::parse(&text).message);
        total += 1;
        // A miner's clusters are numbered in the order in which they are founded.
        if learned.cluster == seen.len() {
            seen.push(Seen { count: 0, first_number: line.number, first_line: cut(&text, 300) });
        }
        if let Some(seen) = seen.get_mut(learned.cluster) {
            seen.count += 1;
        }
    }
    screen.line(format!("{} of {}", counted(seen.len() as u64, "template"), counted(total, "line")))?;
    let mut order: Vec<usize> = (0..seen.len()).collect();
    order.sort_by_key(|cluster| std::cmp::Reverse(seen[*cluster].count));
    for cluster in order {
        let Seen { count, first_number, first_line } = &seen[cluster];
        screen.heading(&format!("{count} × {}", harmless(&miner.template(cluster))))?;
        screen.line(format!("    line {first_number}: {}", harmless(first_line.trim())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::Value;

    fn answers(input: &str) -> Vec<Value> {
        let mut out = Vec::new();
        answer(Lines::new(input.as_bytes()), &mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn every_line_has_its_answer_and_a_template_keeps_its_id_while_it_learns() {
        let answers = answers(
            "Jan  2 03:04:05 db sshd[7]: session of user alice began\n\nJan  2 03:04:06 db sshd[8]: session of user bob began\nother",
        );
        assert_eq!(answers.iter().map(|answer| answer["line_id"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(answers[0]["template_id"], answers[2]["template_id"]);
        assert_eq!(answers[0]["template"], "session of user alice began");
        assert_eq!(answers[2]["template"], "session of user <*> began");
        assert_ne!(answers[3]["template_id"], answers[0]["template_id"]);
    }

    #[test]
    fn people_see_each_template_once_with_its_count_and_a_line() {
        let mut out = Vec::new();
        let input = "took 5 ms\nready\u{1b}[31m\ntook 6 ms\ntook 7 ms\n";
        explain(Lines::new(input.as_bytes()), &mut screen_of(&mut out, false, None)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("2 templates of 4 lines\n\n3 × took <*>"), "{out}");
        assert!(out.contains("    line 2: ready\n") && !out.contains('\u{1b}'), "{out}");
    }
}
