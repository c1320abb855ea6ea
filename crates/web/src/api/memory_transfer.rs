//! `POST /api/v1/memory/import` and `GET /api/v1/memory/export`: memories in and out as JSON lines.

use super::actions::actor;
use super::paging::short;
use crate::body::Bounded;
use crate::guard::Caller;
use crate::problem::Problem;
use crate::state::App;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use foghorn_pipeline::remember::{self, Offered, Read, exported};
use foghorn_store::Store;
use foghorn_store::model::Paging;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

/// Who imports.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct ImportQuery {
    /// Your name in the audit log, where no token says it.
    user: Option<String>,
}

/// Refused lines, cut fields and replaced ids that an answer lists.
const MOST_LISTED: usize = 200;

/// Remembers what the body holds: JSON lines, or a JSON array, of `{"id","summary","service","labels",
/// "incident_type","solution"}`. An id that is known is replaced. A bad line is named, and the others are
/// imported. Secrets are masked, and texts are cut to 20,000 characters.
#[utoipa::path(post, path = "/api/v1/memory/import", operation_id = "import_memory", tag = "memory", params(ImportQuery),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, description = "all imported", body = Object),
    (status = 207, description = "some imported", body = Object),
    (status = 400, body = Problem), (status = 422, description = "none imported", body = Object)))]
pub(crate) async fn import(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ImportQuery>,
    body: Bounded,
) -> Result<Response, Problem> {
    let actor = actor(&caller, query.user.as_deref(), "http")?;
    // Redaction goes over every text; that is no work for a thread that serves others.
    let bytes = body.bytes.clone();
    let read = tokio::task::spawn_blocking(move || remember::from_bytes(&bytes)).await;
    let read = read.unwrap_or_else(|_| Err("the body could not be read".to_owned()));
    let read = read.map_err(|error| Problem::invalid("body", error))?;
    if read.is_empty() {
        return Err(Problem::invalid("body", "the body holds no memory; send JSON lines or a JSON array"));
    }
    let (mut offered, mut rejected, mut cut) = (Vec::new(), Vec::new(), Vec::new());
    for Read { number, outcome } in read {
        match outcome {
            Ok(Offered { memory, cut: fields }) => {
                cut.extend(fields.into_iter().map(|field| json!({ "line": number, "field": field })));
                offered.push(memory);
            }
            Err(error) => rejected.push(json!({ "line": number, "error": short_of(&error) })),
        }
    }
    let count = offered.len();
    let imported = match count {
        0 => Default::default(),
        _ => app.store().import_memories(offered, actor.who).await?,
    };
    let (status, word) = match (count, rejected.len()) {
        (_, 0) => (StatusCode::OK, "success"),
        (0, _) => (StatusCode::UNPROCESSABLE_ENTITY, "rejected"),
        _ => (StatusCode::MULTI_STATUS, "partial"),
    };
    let answer = json!({
        "status": word,
        "imported": count,
        "new": imported.new,
        "replaced": imported.replaced.len(),
        "rejected": rejected.len(),
        "replaced_ids": listed(imported.replaced.into_iter().map(Value::from).collect()),
        "rejected_lines": listed(rejected),
        "cut_fields": listed(cut),
    });
    Ok((status, Json(answer)).into_response())
}

fn listed(mut entries: Vec<Value>) -> Vec<Value> {
    entries.truncate(MOST_LISTED);
    entries
}

/// A parser's words may quote what it read.
fn short_of(error: &str) -> String {
    error.chars().take(300).collect()
}

/// Whether to export retired memories too.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct ExportQuery {
    /// `true` exports what is out of recall too.
    retired: Option<String>,
}

/// Memories read from the store at a time.
const PAGE: u32 = 500;

/// Everything that is remembered as JSON lines, newest first, in the form that the import takes.
#[utoipa::path(get, path = "/api/v1/memory/export", operation_id = "export_memory", tag = "memory", params(ExportQuery),
    responses((status = 200, description = "JSON lines", body = String, content_type = "application/x-ndjson"),
    (status = 422, body = Problem)))]
pub(crate) async fn export(State(app): State<App>, Query(query): Query<ExportQuery>) -> Result<Response, Problem> {
    let retired = match query.retired.as_deref() {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(other) => {
            let detail = format!("retired: must be true or false, is `{}`", short(other));
            return Err(Problem::unprocessable("retired", detail));
        }
    };
    // The first page is read before the answer begins, so that a store in trouble is a problem and no half file.
    let first = page(app.store(), None, retired).await?;
    let store = app.store().clone();
    let pages = stream::unfold(Some(Ok(first)), move |state| {
        let store = store.clone();
        async move {
            match state? {
                Ok((lines, next)) => {
                    let following = match next {
                        Some(cursor) => Some(page(&store, Some(cursor), retired).await),
                        None => None,
                    };
                    Some((Ok(lines), following))
                }
                Err(error) => Some((Err(error), None)),
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"foghorn-memory.jsonl\""),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

async fn page(store: &Store, cursor: Option<i64>, retired: bool) -> foghorn_store::Result<(String, Option<i64>)> {
    let page = store.memories(None, Paging { limit: PAGE, cursor, exact_count: false }).await?;
    let mut lines = String::new();
    for item in page.items.iter().filter(|item| retired || item.retired_at.is_none()) {
        lines.push_str(&exported(item).to_string());
        lines.push('\n');
    }
    Ok((lines, page.next_cursor))
}
