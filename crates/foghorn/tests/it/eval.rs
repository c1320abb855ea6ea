//! How well what fixed the like before is found, scored by the program itself.

use crate::process::foghorn;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

fn evals() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/recall")
}

fn eval(directory: &Path, arguments: &[&str]) -> Output {
    foghorn().args(["eval", "recall"]).args(arguments).current_dir(directory).output().unwrap()
}

#[test]
fn the_repositorys_own_set_is_found_and_both_signals_together_are_better_than_each_alone() {
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let output = eval(&inside, &["--json", "--wrong"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    let set = &whole["sets"][0];
    let of = |row: &str, measure: &str| set["scores"][row][measure].as_f64().unwrap();
    for alone in ["meaning", "words", "without_model"] {
        for measure in ["r1", "mrr"] {
            assert!(of("product", measure) > of(alone, measure), "{measure} of {alone}: {set:#}");
        }
    }
    assert!(of("product", "kept") >= 0.93 && of("product", "rejected") >= 0.85, "{set:#}");
    // What is listed as wrong is what the score counts as wrong.
    let answerable = set["answerable"].as_u64().unwrap() as f64;
    let wrong = set["wrong"].as_array().unwrap();
    let missed = wrong.iter().filter(|wrong| !wrong["relevant"].as_array().unwrap().is_empty()).count();
    assert!(((1.0 - of("product", "r1")) * answerable - missed as f64).abs() < 1e-6, "{set:#}");
}

#[test]
fn a_set_that_is_not_whole_is_a_loud_error_and_no_table() {
    let check = |set: &Path, words: &[&str]| {
        let output = eval(set, &["--data", set.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(output.stdout.is_empty() && words.iter().all(|word| text.contains(word)), "{text}");
    };
    let directory = TempDir::new().unwrap();
    check(directory.path(), &["memory.jsonl"]);
    std::fs::copy(evals().join("memory.jsonl"), directory.path().join("memory.jsonl")).unwrap();
    check(directory.path(), &["queries.jsonl"]);
    std::fs::write(directory.path().join("queries.jsonl"), "\n").unwrap();
    check(directory.path(), &["queries.jsonl", "empty"]);
    // Where there is none to be found and none was named.
    let output = eval(directory.path(), &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("evals/recall") && text.contains("--data"), "{text}");
}

#[test]
fn weights_are_validated_in_folds() {
    let directory = TempDir::new().unwrap();
    let lines = |name: &str, count: usize| -> String {
        let text = std::fs::read_to_string(evals().join(name)).unwrap();
        text.lines().take(count).map(|line| format!("{line}\n")).collect()
    };
    std::fs::write(directory.path().join("memory.jsonl"), lines("memory.jsonl", 10)).unwrap();
    std::fs::write(directory.path().join("queries.jsonl"), lines("queries.jsonl", 6)).unwrap();
    let output = eval(directory.path(), &["--data", ".", "--folds", "2", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    let folds = whole["folds"].as_array().unwrap();
    assert_eq!(folds.iter().map(|fold| fold["questions"].as_u64().unwrap()).sum::<u64>(), 6);
    for fold in folds {
        for name in ["score", "product"] {
            assert!((0.0..=1.0).contains(&fold[name]["mrr"].as_f64().unwrap()), "{fold}");
        }
        assert!(fold["weights"]["lexical"].is_f64(), "{fold}");
    }
    let output = eval(directory.path(), &["--data", ".", "--folds", "20"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("fewer folds"));
}

#[test]
fn nothing_that_is_promised_of_judgement_is_missed_and_nothing_is_worse_than_it_was() {
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let baseline = evals().parent().unwrap().join("baseline.json");
    let output = foghorn().args(["eval", "--baseline"]).arg(&baseline).current_dir(&inside).output().unwrap();
    let (table, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaints}\n{table}");
    for part in ["recall.first", "replies.ended_well", "injection.advised", "redaction.in_prompts", "confidence.brier"]
    {
        assert!(table.contains(part), "{part}: {table}");
    }
}

#[test]
fn an_evaluation_without_its_data_or_worse_than_before_is_a_loud_error() {
    let inside = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let directory = TempDir::new().unwrap();
    let run = |directory: &Path, arguments: &[&str]| {
        let output = foghorn().arg("eval").args(arguments).current_dir(directory).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), output.stdout)
    };
    let (code, text, table) = run(directory.path(), &["--only", "confidence"]);
    assert!(code == Some(1) && text.contains("evals/incidents") && table.is_empty(), "{text}");
    let better = directory.path().join("better.json");
    std::fs::write(&better, r#"{"measures":{"confidence.right":1.0,"confidence.gone":1.0}}"#).unwrap();
    let (code, text, _) = run(&inside, &["--only", "confidence", "--baseline", better.to_str().unwrap()]);
    assert!(code == Some(1) && text.contains("confidence.right") && !text.contains("gone"), "{text}");
    std::fs::write(&better, "{}").unwrap();
    let (code, text, table) = run(&inside, &["--only", "confidence", "--baseline", better.to_str().unwrap()]);
    assert!(code == Some(1) && text.contains("no measures") && table.is_empty(), "{text}");
}
