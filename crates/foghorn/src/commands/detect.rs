//! `foghorn detect`: what the detectors make of texts, a JSON line each, without a server.
//!
//! [`record`] reads a line, [`answer`] is what is said of it.

mod answer;
mod record;

use super::lines::{LONGEST_LINE, Lines};
use super::serve::wiring;
use crate::config::{Config, Sources};
use crate::terminal::Screen;
use answer::Answer;
use foghorn_detect::{Detectors, Subject};
use foghorn_domain::finding::Kind;
use foghorn_domain::words::counted;
use record::Record;
use serde_json::Map;
use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads JSON lines {"id","text"} from standard input and prints for each, in order, what was found in the text:
/// {"id","labels","score","evidence"}. Labels are kinds of attacks and of database trouble that reach the
/// configured detection.min_score; score, from 0 to 1, is the strongest of these kinds whether it reaches that or
/// not. A line that cannot be read is named on standard error, the others are answered, and the status is 1.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  echo '{\"id\":1,\"text\":\"GET /?q=<script>alert(1)</script> HTTP/1.1\"}' | foghorn detect
  foghorn detect --all --explain < events.jsonl")]
pub(crate) struct Args {
    /// Look for errors, anomalies and alerts too
    #[arg(long)]
    all: bool,
    /// Print for people: why each text was labelled as it was
    #[arg(long)]
    explain: bool,
    /// Configuration file
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Reads everything and answers.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let config = Config::load(&Sources::of_process(args.config.clone(), Vec::new()))?;
    let rules = wiring::rules(&config).map_err(|faults| anyhow::anyhow!("detection.rules: {}", faults.join("; ")))?;
    let examiner = Examiner {
        detectors: Detectors::with_rules(rules.in_force()),
        threshold: config.detection.min_score,
        with_all: args.all,
    };
    let lines = Lines::new(std::io::stdin().lock());
    let refused = match args.explain {
        true => examiner.explain(lines, &mut Screen::stdout(), &mut std::io::stderr())?,
        false => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            let refused = examiner.answer_all(lines, &mut out, &mut std::io::stderr())?;
            out.flush()?;
            refused
        }
    };
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What it takes to answer.
struct Examiner {
    detectors: Detectors,
    threshold: f32,
    with_all: bool,
}

impl Examiner {
    fn examine(&self, text: &str) -> Answer {
        let metadata = Map::new();
        let mut findings = self.detectors.examine(&Subject { event_type: "", payload: text, metadata: &metadata });
        findings.retain(|finding| self.with_all || is_told(finding.kind));
        Answer::new(findings, self.threshold)
    }

    /// Answers all lines and says how many could not be read.
    fn answer_all<R: Read>(
        &self,
        mut lines: Lines<R>,
        out: &mut impl Write,
        complaints: &mut impl Write,
    ) -> std::io::Result<u64> {
        let mut refused = 0;
        while let Some(line) = lines.next(out)? {
            match read(&line) {
                Ok(None) => {}
                Ok(Some(record)) => self.examine(&record.text).write(&record.id, out)?,
                Err(fault) => {
                    refused += 1;
                    // Nothing can be done about a closed standard error.
                    let _ = writeln!(complaints, "line {}: {}", line.number, fault.what);
                    if let Some(id) = fault.id {
                        Answer::refusal(&fault.what).write(&id, out)?;
                    }
                }
            }
        }
        Ok(refused)
    }

    fn explain<R: Read, W: Write>(
        &self,
        mut lines: Lines<R>,
        screen: &mut Screen<W>,
        complaints: &mut impl Write,
    ) -> std::io::Result<u64> {
        let (mut refused, mut examined, mut labelled) = (0, 0, 0);
        while let Some(line) = lines.next(&mut std::io::sink())? {
            match read(&line) {
                Ok(None) => {}
                Ok(Some(record)) => {
                    let answer = self.examine(&record.text);
                    examined += 1;
                    labelled += u64::from(answer.is_labelled());
                    answer.explain(&record, self.threshold, screen)?;
                }
                Err(fault) => {
                    refused += 1;
                    let _ = writeln!(complaints, "line {}: {}", line.number, fault.what);
                }
            }
        }
        screen.line(format!(
            "\n{} examined, {labelled} labelled at {} or more",
            counted(examined, "text"),
            self.threshold
        ))?;
        Ok(refused)
    }
}

fn is_told(kind: Kind) -> bool {
    kind.is_attack() || kind.is_database()
}

/// A record, or nothing where a line is blank.
fn read(line: &super::lines::Line<'_>) -> Result<Option<Record>, record::Fault> {
    if line.is_cut {
        let what = format!("is longer than {} MiB", LONGEST_LINE >> 20);
        return Err(record::Fault { id: None, what });
    }
    let text = match line.number {
        1 => line.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line.bytes),
        _ => line.bytes,
    };
    if text.trim_ascii().is_empty() { Ok(None) } else { Record::parse(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::Value;

    fn examiner(with_all: bool) -> Examiner {
        Examiner { detectors: Detectors::builtin(), threshold: 0.3, with_all }
    }

    fn answers(with_all: bool, input: &str) -> (Vec<Value>, String, u64) {
        let (mut out, mut complaints) = (Vec::new(), Vec::new());
        let refused = examiner(with_all).answer_all(Lines::new(input.as_bytes()), &mut out, &mut complaints).unwrap();
        let out = String::from_utf8(out).unwrap();
        let answers = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (answers, String::from_utf8(complaints).unwrap(), refused)
    }

    #[test]
    fn each_text_has_its_answer_in_order() {
        let (answers, complaints, refused) = answers(
            false,
            concat!(
                "\u{feff}{\"id\":\"a\",\"text\":\"GET /?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\"}\n\n",
                "{\"text\":\"all is well\",\"id\":7,\"more\":[1]}\r\n",
                "{\"id\":8,\"text\":\"ERROR Database connection timeout after 30000ms\"}",
            ),
        );
        assert_eq!((complaints.as_str(), refused), ("", 0));
        assert_eq!(answers[0]["id"], "a");
        assert_eq!(answers[0]["labels"][0], "xss");
        assert!(answers[0]["score"].as_f64().unwrap() >= 0.3);
        let first = &answers[0]["evidence"][0];
        assert!(first["rule"].as_str().unwrap().starts_with("xss."), "{first}");
        assert!(first["text"].is_string() && first["at"].is_string(), "{first}");
        assert_eq!(answers[1].to_string(), r#"{"id":7,"labels":[],"score":0.0,"evidence":[]}"#);
        assert_eq!(answers[2]["labels"], serde_json::json!(["db_timeout"]));
        assert_eq!(answers.len(), 3);
    }

    #[test]
    fn errors_are_labels_only_where_all_is_asked_for() {
        let line =
            "{\"id\":1,\"text\":\"2026-01-02 03:04:05 ERROR [main] org.example.A: java.lang.NullPointerException\"}";
        assert_eq!(answers(false, line).0[0]["labels"], serde_json::json!([]));
        assert_eq!(answers(true, line).0[0]["labels"], serde_json::json!(["error"]));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_the_others_are_answered() {
        let (answers, complaints, refused) = answers(
            false,
            "{\"id\":1,\"text\":\"a\"}\nnot json\n{\"id\":3}\n{\"text\":\"x\"}\n{\"id\":5,\"text\":\"b\"}\n",
        );
        let ids: Vec<i64> = answers.iter().map(|answer| answer["id"].as_i64().unwrap()).collect();
        assert_eq!((ids, refused), (vec![1, 3, 5], 3));
        assert_eq!(answers[1]["error"], "text: must be a string");
        let named: Vec<&str> = complaints.lines().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(named, ["line 2", "line 3", "line 4"]);
    }

    #[test]
    fn people_read_why() {
        let mut out = Vec::new();
        let input = "{\"id\":\"a\",\"text\":\"GET /?q=%3Cscript%3Ealert(1)%3C/script%3E\\u001b[31m HTTP/1.1\"}\n{\"id\":2,\"text\":\"well\"}\n";
        let mut screen = screen_of(&mut out, false, None);
        examiner(false).explain(Lines::new(input.as_bytes()), &mut screen, &mut Vec::new()).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("xss") && out.contains("xss.script_tag"), "{out}");
        assert!(
            out.contains("nothing found") && out.ends_with("2 texts examined, 1 labelled at 0.3 or more\n"),
            "{out}"
        );
        assert!(!out.contains('\u{1b}'));
    }
}
