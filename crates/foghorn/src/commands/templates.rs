//! `foghorn templates`: which statement of a program each line came from, as triage would tell.
//!
//! [`inputs`] makes one stream of several logs; [`state`] keeps the templates from one run to the next.

mod inputs;
mod state;

use super::send::reading;
use crate::terminal::{Screen, harmless};
use foghorn_detect::header;
use foghorn_detect::template::Miner;
use foghorn_domain::text::cut;
use foghorn_domain::words::counted;
use inputs::Inputs;
use serde_json::{Map, Value, json};
use state::State;
use std::io::{BufRead, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads log lines and prints for each, as soon as it is read, a JSON line: line_id counts from 1, template_id names the
/// template for ever, template is how it reads so far, with <*> for what varies. Log headers are taken off first. Of
/// several files a line of each is read in turn, as one process would hear several programs, and file says which it is
/// from. Memory stays bounded however many lines and templates there are.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn templates < app.log | head
  foghorn templates --explain app.log proxy.log.gz
  foghorn templates --state templates.jsonl yesterday.log > /dev/null
  foghorn templates --state templates.jsonl today.log")]
pub(crate) struct Args {
    /// Logs, also packed with gzip; without any, or as -, standard input
    files: Vec<PathBuf>,
    /// Print for people: each template once, the most frequent first, with how often it came and its first line
    #[arg(long)]
    explain: bool,
    /// Go on from the templates that an earlier run left in this file, and leave them there for the next one
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// Reads everything and answers.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let state = args.state.as_deref().map(State::open).transpose()?;
    let mut miner = state.as_ref().map_or_else(Miner::new, State::miner);
    let inputs = Inputs::new(readers(&args.files)?);
    match args.explain {
        true => explain(inputs, &mut miner, &mut Screen::stdout())?,
        false => answer(inputs, &mut miner, &mut BufWriter::new(std::io::stdout().lock()))?,
    }
    if let Some(state) = state {
        state.save(&mut miner)?;
    }
    Ok(ExitCode::SUCCESS)
}

type Reader = (Option<String>, Box<dyn BufRead + Send>);

fn readers(files: &[PathBuf]) -> anyhow::Result<Vec<Reader>> {
    if files.is_empty() {
        return Ok(vec![(None, Box::new(std::io::BufReader::new(std::io::stdin())))]);
    }
    files.iter().map(|file| Ok((Some(file.display().to_string()), reading::open(file)?.reader))).collect()
}

fn answer<R: Read>(mut inputs: Inputs<R>, miner: &mut Miner, out: &mut impl Write) -> std::io::Result<()> {
    while let Some((file, line)) = inputs.next(out)? {
        let text = String::from_utf8_lossy(line.bytes);
        let learned = miner.learn(&header::parse(&text).message);
        let mut answer = Map::new();
        answer.extend(file.map(|file| ("file".to_owned(), Value::from(file))));
        answer.insert("line_id".to_owned(), json!(line.number));
        answer.insert("template_id".to_owned(), Value::from(learned.birth_key));
        answer.insert("template".to_owned(), Value::from(miner.template(learned.cluster)));
        writeln!(out, "{}", Value::Object(answer))?;
    }
    out.flush()
}

/// What is told of a template.
struct Seen {
    count: u64,
    first_place: String,
    first_line: String,
}

fn explain<R: Read, W: Write>(mut inputs: Inputs<R>, miner: &mut Miner, screen: &mut Screen<W>) -> std::io::Result<()> {
    // By the number of the cluster; of those that an earlier run has left, none has been seen yet.
    let mut seen: Vec<Option<Seen>> = Vec::new();
    let mut total = 0;
    while let Some((file, line)) = inputs.next(&mut std::io::sink())? {
        let text = String::from_utf8_lossy(line.bytes);
        let learned = miner.learn(&header::parse(&text).message);
        total += 1;
        if learned.cluster >= seen.len() {
            seen.resize_with(learned.cluster + 1, || None);
        }
        let seen = seen[learned.cluster].get_or_insert_with(|| Seen {
            count: 0,
            first_place: file.map_or_else(String::new, |file| format!("{}, ", harmless(file)))
                + &format!("line {}", line.number),
            first_line: cut(&text, 300),
        });
        seen.count += 1;
    }
    let mut order: Vec<(usize, Seen)> =
        seen.into_iter().enumerate().filter_map(|(cluster, seen)| Some((cluster, seen?))).collect();
    order.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
    screen.line(format!("{} of {}", counted(order.len() as u64, "template"), counted(total, "line")))?;
    for (cluster, Seen { count, first_place, first_line }) in order {
        screen.heading(&format!("{count} × {}", harmless(&miner.template(cluster))))?;
        screen.line(format!("    {first_place}: {}", harmless(first_line.trim())))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    fn answers(input: &str) -> Vec<Value> {
        let mut out = Vec::new();
        answer(Inputs::new(vec![(None, input.as_bytes())]), &mut Miner::new(), &mut out).unwrap();
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
        let inputs = Inputs::new(vec![(None, input.as_bytes())]);
        explain(inputs, &mut Miner::new(), &mut screen_of(&mut out, false, None)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("2 templates of 4 lines\n\n3 × took <*>"), "{out}");
        assert!(out.contains("    line 2: ready\n") && !out.contains('\u{1b}'), "{out}");
    }

    #[test]
    fn several_logs_are_told_apart_by_their_names() {
        let logs = || [("a.log", "took 5 ms\nready\n"), ("b.log", "took 6 ms\n")];
        let inputs = || Inputs::new(logs().map(|(name, text)| (Some(name.to_owned()), text.as_bytes())).into());
        let mut out = Vec::new();
        answer(inputs(), &mut Miner::new(), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let places: Vec<_> =
            answers.iter().map(|answer| (answer["file"].as_str(), answer["line_id"].as_u64())).collect();
        assert_eq!(places, [(Some("a.log"), Some(1)), (Some("b.log"), Some(1)), (Some("a.log"), Some(2))]);
        assert_eq!(answers[0]["template_id"], answers[1]["template_id"]);

        let (mut out, mut miner) = (Vec::new(), Miner::new());
        miner.learn("known from an earlier run");
        explain(inputs(), &mut miner, &mut screen_of(&mut out, false, None)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("2 templates of 3 lines\n\n2 × took <*>"), "{out}");
        assert!(out.contains("    a.log, line 2: ready\n"), "{out}");
    }
}
