//! Errors: a stated level, a server error, an exception, a panic, a bad exit, a killed process.
//!
//! A line that states a harmless level is believed, whatever words it uses; only traces of a crash
//! outweigh it.

use crate::attack::engine::Match;
use crate::attack::rule::{Rule, rule};
use crate::decode::Reach;
use crate::decode::view::View::Plain;
use crate::detectors::Subject;
use crate::level::Stated;
use crate::tally::Tally;
use foghorn_domain::finding::Kind::Error;
use foghorn_domain::severity::Severity;

const LOG: Reach = Reach::LOG;

/// From this weight on a trace is one of a crash.
const CRASH: f32 = 0.75;

/// Traces of a failure in a line's words.
pub(crate) const RULES: &[Rule] = &[
    rule(
        "error.traceback",
        Error,
        0.8,
        LOG,
        Plain,
        &[
            "traceback (most recent",
            "\n\tat ",
            "\n    at ",
            "goroutine ",
            "stack trace:",
            "stack backtrace",
            "caused by:",
        ],
        r"traceback \(most recent call last\)|\n\s+at [\w$.<>]+[\s(]|goroutine \d+ \[|stack ?trace:|stack backtrace|caused by: [\w.]+",
        "x\n\tat a.b(C.java:1)",
        "look at goroutine pools",
    ),
    rule(
        "error.exception",
        Error,
        0.6,
        LOG,
        Plain,
        &["exception", "error:", "error ("],
        r"\bexception in thread\b|\b(unhandled|uncaught|unexpected)\s+(\w+\s+)?(exception|error|rejection)|\b([a-z]\w*\.)+\w*(exception|error)\b\s*(:|$|\()|\b[A-Z]\w+(Exception|Error): \S|\bthrow(s|n|ing)? (an? )?(\w+\s)?exception",
        "java.io.IOException: gone",
        "0 exceptions; error: none",
    ),
    rule(
        "error.panic",
        Error,
        0.75,
        LOG,
        Plain,
        &["panic", "segfault", "segmentation fault", "core dumped", "sigsegv", "sigabrt", "assertion"],
        r"\bpanicked at\b|\bpanic:|kernel panic|\bsegfault at\b|segmentation fault|core dumped|\bsig(segv|abrt|bus|ill)\b|assertion .*failed",
        "panic: runtime error",
        "do not panic",
    ),
    rule(
        "error.out_of_memory",
        Error,
        0.75,
        LOG,
        Plain,
        &["out of memory", "oom", "outofmemory", "cannot allocate memory"],
        r"out of memory(:| error|\b.{0,20}kill)|\boom[- ]?kill|\boomkilled\b|outofmemoryerror|cannot allocate memory|killed process \d+",
        "Out of memory: Killed process 12 (java)",
        "room out",
    ),
    rule(
        "error.exit_code",
        Error,
        0.55,
        LOG,
        Plain,
        &["exit", "exited", "status", "returned"],
        r"\b(exit(ed)?|terminated|returned|failed|finished)\b.{0,24}\b(code|status|with)\s*[=:]?\s*(-?[1-9]\d{0,2})\b|code=exited, status=[1-9]|exit code [1-9]|entered failed state|status=[1-9]\d*/\w+",
        "process exited with code 137",
        "exited with code 0",
    ),
    rule(
        "error.failure_words",
        Error,
        0.4,
        LOG,
        Plain,
        &["failed", "failure", "cannot", "could not", "unable to", "refused", "unreachable", "fatal"],
        r"\b(failed to|failure (of|in|to|while)|could not|unable to|cannot (connect|open|read|write|start|load|find|access|bind|create|resolve))\b|connection (was )?(refused|reset)|(host|network|service) (is )?unreachable|\bfatal\b",
        "failed to start unit",
        "0 failed, failure rate 0",
    ),
];

/// Whether somebody chose to report this as an error.
fn is_report(subject: &Subject<'_>) -> bool {
    matches!(subject.event_type, "error" | "error_log" | "exception")
}

/// Adds what the event states about its level.
pub(crate) fn weigh_level(subject: &Subject<'_>, stated: Option<&Stated>, tally: &mut Tally) {
    if let Some((severity, reason)) = stated.filter(|(severity, _)| *severity >= Severity::Error) {
        let weight = if *severity == Severity::Critical { 0.8 } else { 0.7 };
        let place = if reason.starts_with("metadata") { "metadata" } else { "payload" };
        tally.add("error.level", Error, weight, reason, &place);
    }
    if is_report(subject) {
        tally.add("error.reported", Error, 0.6, subject.payload, &"payload");
    }
}

/// Adds what a line's words say about a failure.
pub(crate) fn weigh<'m>(
    text: &str,
    subject: &Subject<'_>,
    stated: Option<&Stated>,
    found: impl Iterator<Item = &'m Match>,
    tally: &mut Tally,
) {
    let harmless = !is_report(subject) && stated.is_some_and(|(severity, _)| *severity < Severity::Error);
    // Weak words weigh nothing beside a stated level; a crash is one whatever the level.
    for found in found.filter(|found| !harmless || found.rule.weight >= CRASH) {
        tally.add_match(found.rule, text, found.range.clone(), &"payload");
    }
}
