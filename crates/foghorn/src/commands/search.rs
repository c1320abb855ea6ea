//! `foghorn search`: what was like this, and what fixed it.

mod batch;

use super::json::{list, moment, text};
use super::memory::holder::{Holder, HolderArgs, IfMissing};
use crate::terminal::{Colour, Screen};
use foghorn_domain::text::cut;
use foghorn_pipeline::recall::{MAX_RECALLED, RecallRequest};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Finds what was like this, and what fixed it. Below Foghorn's own judgement of likeness it says nothing.
/// Works beside a running server, and without one on its data directory.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn search 'checkout cannot get a database connection'
  foghorn search timeouts --service orders --k 10
  foghorn search --batch queries.jsonl --k 10 --json")]
pub(crate) struct Args {
    /// What is wrong, in your words
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    query: Vec<String>,
    /// Answer each line {"id","query"} of a file with a line {"id","results":[{"id","similarity"}]}; - is
    /// standard input
    #[arg(long, value_name = "FILE")]
    batch: Option<PathBuf>,
    /// Only memories of this service
    #[arg(long)]
    service: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 5, value_parser = k)]
    k: usize,
    /// The lowest similarity to show, 0 to 1, instead of Foghorn's own judgement
    #[arg(long, value_parser = crate::config::value::score)]
    threshold: Option<f32>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

fn k(text: &str) -> Result<usize, String> {
    let k: Option<usize> = text.parse().ok().filter(|k| (1..=MAX_RECALLED).contains(k));
    k.ok_or_else(|| format!("must be 1 to {MAX_RECALLED}"))
}

impl Args {
    fn request(&self, text: String) -> RecallRequest {
        RecallRequest {
            text,
            only_service: self.service.clone(),
            limit: self.k,
            threshold: self.threshold,
            ..RecallRequest::default()
        }
    }
}

/// Searches.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(file) = &args.batch {
        return batch::run(args, file).await;
    }
    let query = args.query.join(" ");
    anyhow::ensure!(!query.trim().is_empty(), "the query must not be blank");
    let memory = Holder::find(&args.holder, IfMissing::Refuse)?.searchable(args.json).await?;
    let found = memory.recall(args.request(query.clone())).await?;
    memory.close().await;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&json!({ "query": query, "incidents": found, "total_found": found.len() }))?
    } else {
        draw(&mut screen, &json!({ "incidents": found }))?
    }
    Ok(ExitCode::SUCCESS)
}

fn draw<W: Write>(screen: &mut Screen<W>, answer: &Value) -> std::io::Result<()> {
    let found = list(answer, "incidents");
    if found.is_empty() {
        return screen.line("nothing similar is remembered");
    }
    for memory in found {
        let similarity = memory.get("similarity").and_then(Value::as_f64).unwrap_or(0.0);
        let mut facts = vec![text(memory, "incident_id"), text(memory, "service"), text(memory, "author")];
        facts.push(moment(memory, "created_at"));
        facts.push(text(memory, "outcome"));
        let is = |name: &str| memory.get(name).and_then(Value::as_bool) == Some(true);
        if is("is_weak_match") {
            facts.push("weak match".to_owned());
        }
        facts.retain(|fact| !fact.is_empty());
        let head = format!("{similarity:.2}  {}", facts.join(" · "));
        screen.line(screen.painted(Colour::Bold, &head))?;
        screen.line(format!("      {}", cut(&text(memory, "summary").replace('\n', " "), 300)))?;
        let solution = text(memory, "solution").replace('\n', "\n           ");
        match (solution.is_empty(), is("confirmed")) {
            (true, _) => screen.line(screen.painted(Colour::Dim, "      no fix is written down"))?,
            (false, true) => screen.line(format!("      {} {solution}", screen.painted(Colour::Green, "fix:")))?,
            (false, false) => screen.line(format!("      {} {solution}", screen.painted(Colour::Yellow, "draft:")))?,
        }
        let caution = text(memory, "check_before_use");
        if !caution.is_empty() {
            screen.line(screen.painted(Colour::Yellow, &format!("      check before use: {caution}")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    #[test]
    fn a_result_shows_how_alike_it_is_who_wrote_it_and_what_fixed_it() {
        let answer = json!({"incidents": [
            {"incident_id": "incident-7", "similarity": 0.618, "service": "orders", "author": "ana", "confirmed": true,
             "created_at": "2020-03-12T10:00:00Z", "outcome": "quiet after 6 min", "summary": "pool\nexhausted",
             "solution": "raised it\nthen rm -rf /tmp/x", "check_before_use": "it deletes"},
            {"incident_id": "x", "similarity": 0.3, "summary": "y", "confirmed": false, "solution": "z", "is_weak_match": true},
            {"incident_id": "w", "similarity": 0.3, "summary": "v"},
        ]});
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &answer).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("0.62  incident-7 · orders · ana · 12 Mar 2020"), "{text}");
        for part in [
            "      pool exhausted\n",
            "      fix: raised it\n           then",
            "check before use: it deletes",
            "x · weak match",
            "draft: z",
            "no fix is written down",
        ] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"incidents": []})).unwrap();
        assert_eq!(out, b"nothing similar is remembered\n");
    }

    #[test]
    fn k_has_its_bounds() {
        assert_eq!((k("1"), k("50")), (Ok(1), Ok(50)));
        assert!(["0", "51", "10000", "-1", "ten", ""].iter().all(|text| k(text).is_err()));
    }
}
