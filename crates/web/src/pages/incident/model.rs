//! What a language model was told about the incident and what it answered, folded away: word for word, as it left
//! and came, with secrets masked and names replaced.

use crate::pages::layout::{moment, said, said_lines};
use foghorn_domain::words::counted;
use foghorn_store::analyses::{KeptAnalysis, NewAnalysis};
use maud::{Markup, html};
use serde_json::Value;

/// Questions that are shown, the newest first.
pub(super) const SHOWN: u32 = 5;
/// Lines and characters of a text that are shown.
const MAX_LINES: usize = 200;
const MAX_TEXT: usize = 12_000;

pub(super) fn card(asked: &[KeptAnalysis], has_model: bool, id: i64) -> Markup {
    html! {
        @if has_model || !asked.is_empty() {
            section.card #model data-live aria-label="Language model" {
                h2 { "What the language model was asked" }
                @if asked.is_empty() { p.empty { "Nothing yet." } }
                @for (number, kept) in asked.iter().enumerate() { (question(number, kept)) }
                @if has_model {
                    form method="post" action=(format!("/incidents/{id}/analysis")) { button { "Ask again" } }
                }
            }
        }
    }
}

fn question(number: usize, kept: &KeptAnalysis) -> Markup {
    let NewAnalysis { model, prompt_version, outcome, sent, exchanges, took_ms, .. } = &kept.analysis;
    let tokens = kept.analysis.input_tokens.saturating_add(kept.analysis.output_tokens);
    let exchanges = exchanges.as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        details id=(format!("asked-{number}")) {
            summary {
                (said(model, 80)) ": " (said(outcome, 40)) ", " (counted(tokens, "token")) ", " (took_ms) " ms, "
                (moment(kept.created_at))
            }
            p.quiet { "Sent (prompt " (said(prompt_version, 40)) "):" }
            pre { (said_lines(sent, MAX_LINES, MAX_TEXT)) }
            @for exchange in exchanges {
                p.quiet {
                    "Received (" (said(word(exchange, "format"), 20)) ", " (said(word(exchange, "outcome"), 40))
                    @if exchange["is_repair"] == Value::Bool(true) { ", after being told what was wrong" } "):"
                }
                pre { (said_lines(word(exchange, "received"), MAX_LINES, MAX_TEXT)) }
            }
        }
    }
}

fn word<'a>(exchange: &'a Value, name: &str) -> &'a str {
    exchange.get(name).and_then(Value::as_str).unwrap_or_default()
}
