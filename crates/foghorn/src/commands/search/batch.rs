//! Many queries, a line each, answered in their order.

use super::Args;
use crate::commands::memory::holder::{Holder, IfMissing};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::process::ExitCode;

/// The longest line that is read.
const LONGEST_LINE: u64 = 8 * 1024 * 1024;

/// Answers every line of the file. A line that is no query is named, and the others are answered.
pub(super) async fn run(args: &Args, file: &Path) -> anyhow::Result<ExitCode> {
    let mut input = open(file)?;
    let memory = Holder::find(&args.holder, IfMissing::Refuse)?.searchable(args.json).await?;
    let mut out = BufWriter::new(std::io::stdout());
    let (mut line, mut number, mut refused) = (Vec::new(), 0u64, 0u64);
    loop {
        line.clear();
        if (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        match query(&line) {
            Ok((id, query)) => {
                let found = memory.recall(args.request(query)).await?;
                writeln!(out, "{}", json!({ "id": id, "results": found.iter().map(result).collect::<Vec<_>>() }))?;
            }
            Err((id, error)) => {
                refused += 1;
                // Standard error, beside the answers.
                let _ = writeln!(std::io::stderr(), "{} line {number}: {error}", file.display());
                if let Some(id) = id {
                    writeln!(out, "{}", json!({ "id": id, "results": [] }))?;
                }
            }
        }
    }
    out.flush()?;
    memory.close().await;
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).map_err(|error| anyhow::anyhow!("cannot read {}: {error}", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn result(memory: &Value) -> Value {
    json!({ "id": memory["incident_id"], "similarity": memory["similarity"] })
}

/// A line's id and query; of a line that is none, what is wrong, and its id as far as it has one.
fn query(line: &[u8]) -> Result<(Value, String), (Option<Value>, String)> {
    let line: Value = serde_json::from_slice(line).map_err(|error| (None, format!("is no JSON: {error}")))?;
    let id = line.get("id").filter(|id| id.is_string() || id.is_number()).cloned();
    let Some(id) = id else { return Err((None, "id: must be a string or a number".to_owned())) };
    match line.get("query").and_then(Value::as_str).filter(|query| !query.trim().is_empty()) {
        Some(query) => Ok((id, query.to_owned())),
        None => Err((Some(id), "query: must be a non-blank string".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_query_or_says_why_not() {
        let check = |line: &str, id: Option<Value>, is_query: bool| {
            let (found, error) = match query(line.as_bytes()) {
                Ok((id, _)) => (Some(id), None),
                Err((id, error)) => (id, Some(error)),
            };
            assert_eq!((found, error.is_none()), (id, is_query), "{line}");
        };
        check(r#"{"id":"q-1","query":"disk full","kind":"alert"}"#, Some(json!("q-1")), true);
        check(r#"{"id":7,"query":"🙂"}"#, Some(json!(7)), true);
        check(r#"{"id":"q-1","query":" "}"#, Some(json!("q-1")), false);
        check(r#"{"id":"q-1"}"#, Some(json!("q-1")), false);
        check(r#"{"query":"x"}"#, None, false);
        check("{", None, false);
        check("[]", None, false);
    }
}
