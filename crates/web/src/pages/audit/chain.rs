//! What is known of the chain: its end, the head that was published last, and the outcome of the last time
//! somebody had every row checked.

use crate::pages::layout::{moment, said};
use crate::problem::Problem;
use crate::state::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;
use foghorn_domain::audit::{Anchor, Head, SigningKey, verify_head};
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::counted;
use foghorn_store::Store;
use foghorn_store::audit::verify;
use maud::{Markup, html};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The newest heads that are looked at lie in so many bytes at the end of their file.
const HEADS_TAIL_BYTES: u64 = 256 * 1024;

/// The outcome of checking every row.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    at: Timestamp,
    rows: u64,
    last_id: i64,
    heads: usize,
    problems: Vec<String>,
}

/// What the page says about the chain.
pub(super) struct ChainState {
    end: Option<i64>,
    head: Option<Head>,
    verified: Option<Verified>,
}

pub(super) async fn state(app: &App) -> Result<ChainState, Problem> {
    let end = app.store().audit_tip().await?.map(|(id, _)| id);
    let file = app.pipeline.settings.audit_heads.clone();
    let heads = tokio::task::spawn_blocking(move || newest_heads(&file)).await.unwrap_or_default();
    let verified = app.verified.lock().await.clone();
    Ok(ChainState { end, head: heads.into_iter().next_back(), verified })
}

pub(super) fn card(state: &ChainState) -> Markup {
    html! {
        section.card #chain data-live aria-label="The chain" {
            p {
                "Every row carries the hash of the one before it, so that no row can be changed or cut out unnoticed. "
                @match (state.end, &state.head) {
                    (None, _) => "The chain is empty.",
                    (Some(end), None) => { "It ends with row " (end) "; no signed head has been published yet." },
                    (Some(end), Some(head)) => {
                        "It ends with row " (end) ". The last signed head was published at " (moment(head.at))
                        " and covers rows up to " (head.id) "."
                    },
                }
            }
            @match &state.verified {
                None => p.quiet { "Nobody has had it checked since this server started." },
                Some(verified) if verified.problems.is_empty() => p.good {
                    "Whole up to row " (verified.last_id) ": " (counted(verified.rows, "row")) " checked at "
                    (moment(verified.at)) ", held against " (counted(verified.heads as u64, "signed head")) "."
                },
                Some(verified) => {
                    p.wrong role="alert" { "Not whole, as checked at " (moment(verified.at)) ":" }
                    ul { @for problem in &verified.problems { li { (said(problem, 400)) } } }
                },
            }
            form method="post" action="/audit/verify" { button { "Check every row" } }
        }
    }
}

/// `POST /audit/verify`: reads every row and checks the chain. One check at a time.
pub(crate) async fn post_verify(State(app): State<App>) -> Result<Redirect, Problem> {
    let Ok(mut verified) = app.verified.try_lock() else {
        let detail = "the rows are being checked already; look at the audit page again in a moment";
        return Err(Problem::new(StatusCode::CONFLICT, "conflict", "It is being done", detail));
    };
    let (store, settings) = (app.store().clone(), app.pipeline.settings.clone());
    let checked = tokio::task::spawn_blocking(move || check(&store, &settings.audit_heads, &settings.audit_key));
    let failed = |detail: String| foghorn_store::Error::Database { doing: "checking the audit log", detail };
    *verified = Some(checked.await.map_err(|panic| failed(panic.to_string()))??);
    Ok(Redirect::to("/audit"))
}

fn check(store: &Store, heads_file: &Path, key_file: &Path) -> foghorn_store::Result<Verified> {
    // Heads first: one that is published while the rows are read names a row that is not among them.
    let seed = std::fs::read(key_file).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let key = seed.map(|seed| SigningKey::from_bytes(&seed).verifying_key());
    let mut problems = Vec::new();
    let mut heads = newest_heads(heads_file);
    heads.retain(|head| match key.as_ref().map_or(Ok(()), |key| verify_head(key, head)) {
        Ok(()) => true,
        Err(error) => {
            problems.push(error.to_string());
            false
        }
    });
    let report = verify(&store.connection()?, heads.iter().map(Anchor::from))?;
    problems.extend(report.problems.iter().map(ToString::to_string));
    problems.truncate(20);
    Ok(Verified { at: store.clock().now(), rows: report.sealed, last_id: report.last_id, heads: heads.len(), problems })
}

/// The heads at the end of their file, oldest first; a line cut in two is passed over.
fn newest_heads(file: &Path) -> Vec<Head> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(HEADS_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(HEADS_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().filter_map(|line| Head::from_line(line).ok()).collect()
}
