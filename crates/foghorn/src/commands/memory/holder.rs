//! Who holds the memory: a running server, asked over HTTP, or a data directory that nobody uses, opened here.

use crate::client::{self, Server};
use crate::commands::StoreArgs;
use crate::commands::serve::wiring;
use crate::config::Config;
use foghorn_pipeline::recall::{RecallRequest, Recollection};
use foghorn_pipeline::remember;
use foghorn_store::Store;
use foghorn_store::memory_keeping::{Imported, MemoryEdit, NewMemory};
use foghorn_store::model::Paging;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

/// Which memory a command works on.
#[derive(clap::Args)]
pub(crate) struct HolderArgs {
    /// The server to speak to; without it, the data directory is used, or the server that has it open
    #[arg(long, env = "FOGHORN_URL", value_name = "URL", help_heading = "Store")]
    url: Option<String>,
    /// The server's token, where it asks for one
    #[arg(long, env = "FOGHORN_API_TOKEN", value_name = "TOKEN", hide_env_values = true, help_heading = "Store")]
    token: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

// The token stays out of debug output.
impl std::fmt::Debug for HolderArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HolderArgs").field("url", &self.url).field("store", &self.store).finish_non_exhaustive()
    }
}

/// Who holds the memory.
pub(crate) enum Holder {
    /// A server.
    Server(Server),
    /// Nobody else: the directory is held here until the command ends.
    Own(Store, Box<Config>),
}

/// Whether a data directory is made where there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    /// Something is about to be remembered.
    Make,
    /// There is nothing to look at.
    Refuse,
}

impl Holder {
    /// Finds it.
    pub(crate) fn find(args: &HolderArgs, if_missing: IfMissing) -> anyhow::Result<Self> {
        if let Some(url) = args.url.as_deref().filter(|url| !url.trim().is_empty()) {
            return Ok(Self::Server(Server::at(url, args.token.as_deref())?));
        }
        let config = args.store.configuration()?;
        let directory = &config.storage.data_dir;
        let has_file = config.database.address.is_none();
        if has_file && if_missing == IfMissing::Refuse && !directory.join("foghorn.db").exists() {
            anyhow::bail!(
                "nothing is stored in {} yet; `foghorn serve` and `foghorn memory import` fill it, --data-dir or --url name another store",
                directory.display()
            );
        }
        match Store::open(wiring::store_options(&config)) {
            Ok(store) => Ok(Self::Own(store, Box::new(config))),
            Err(foghorn_store::Error::InUse { .. }) => Ok(Self::Server(server_of(&config, args.token.as_deref())?)),
            Err(error) => Err(error.into()),
        }
    }

    /// Imports memories that were read and cleaned.
    pub(super) async fn import(&self, memories: Vec<NewMemory>, who: &str) -> anyhow::Result<Imported> {
        match self {
            Self::Own(store, _) => Ok(store.import_memories(memories, who.to_owned()).await?),
            Self::Server(server) => {
                let lines: String = memories.iter().map(|memory| format!("{}\n", remember::line_of(memory))).collect();
                let path = format!("/api/v1/memory/import?user={}", client::segment(who));
                let answer = server.post_lines(&path, lines.into_bytes()).await?;
                let ids = answer["replaced_ids"].as_array().into_iter().flatten();
                let rejected = answer["rejected"].as_u64().unwrap_or(0);
                anyhow::ensure!(
                    rejected == 0,
                    "the server refused {rejected} of {} memories: {answer}",
                    memories.len()
                );
                Ok(Imported {
                    new: answer["new"].as_u64().and_then(|new| usize::try_from(new).ok()).unwrap_or(0),
                    replaced: ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect(),
                })
            }
        }
    }

    /// Changes one memory, and answers it.
    pub(super) async fn edit(&self, id: &str, edit: MemoryEdit, who: &str) -> anyhow::Result<Value> {
        match self {
            Self::Own(store, _) => {
                let edit = remember::cleaned_edit(edit);
                let said = json!({ "via": "cli" });
                Ok(remember::shown(&store.edit_memory(id.to_owned(), edit, who.to_owned(), said).await?))
            }
            Self::Server(server) => {
                let MemoryEdit { summary, solution, confirmed, retired, helped } = edit;
                let body = json!({
                    "summary": summary, "solution": solution, "confirmed": confirmed, "retired": retired,
                    "helped": helped, "user": who,
                });
                Ok(server.patch(&format!("/api/v1/memory/{}", client::segment(id)), &body).await?)
            }
        }
    }

    /// The newest memories that hold some words, as the interface shows them.
    pub(super) async fn list(&self, q: Option<&str>, limit: u32) -> anyhow::Result<Value> {
        match self {
            Self::Own(store, _) => {
                let paging = Paging { limit, cursor: None, exact_count: true };
                let page = store.memories(q.map(str::to_owned), paging).await?;
                let items: Vec<Value> = page.items.iter().map(remember::shown).collect();
                Ok(
                    json!({ "items": items, "next_cursor": page.next_cursor.map(|cursor| cursor.to_string()), "total": page.total }),
                )
            }
            Self::Server(server) => {
                let mut query = vec![("limit", limit.to_string()), ("count", "exact".to_owned())];
                query.extend(q.map(|q| ("q", q.to_owned())));
                Ok(server.get("/api/v1/memory", &query).await?)
            }
        }
    }

    /// Writes everything as JSON lines, newest first.
    pub(super) async fn export(&self, retired: bool, out: &mut impl Write) -> anyhow::Result<()> {
        let (store, mut cursor) = match self {
            Self::Own(store, _) => (store, None),
            Self::Server(server) => {
                return Ok(server.copy("/api/v1/memory/export", &[("retired", retired.to_string())], out).await?);
            }
        };
        loop {
            let page = store.memories(None, Paging { limit: 500, cursor, exact_count: false }).await?;
            for item in page.items.iter().filter(|item| retired || item.retired_at.is_none()) {
                writeln!(out, "{}", remember::exported(item))?;
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// Makes the memory searchable, with a bar that moves while embeddings are made.
    pub(crate) async fn searchable(self, is_quiet: bool) -> anyhow::Result<Searchable> {
        let (store, config) = match self {
            Self::Server(server) => return Ok(Searchable::Server(server)),
            Self::Own(store, config) => (store, config),
        };
        let embedder = wiring::embedder(&config)?;
        if embedder.is_none() {
            // Standard error, so that it is seen and does not mix with the answer.
            let _ = writeln!(std::io::stderr(), "note: {}", wiring::WORDS_ALONE);
        }
        let recollection = Recollection::new(store.clone(), embedder);
        let bar = bar("embedding", is_quiet);
        let mut most = 0;
        while recollection.refresh_step().await? > 0 {
            let waiting = recollection.waiting() as u64;
            most = most.max(waiting);
            bar.set_length(most);
            bar.set_position(most - waiting);
        }
        bar.finish_and_clear();
        Ok(Searchable::Own(store, recollection))
    }

    /// Finishes what was written.
    pub(super) async fn close(&self) {
        if let Self::Own(store, _) = self {
            store.close().await;
        }
    }
}

/// A memory that can be searched.
pub(crate) enum Searchable {
    /// By a server.
    Server(Server),
    /// By this process.
    Own(Store, Recollection),
}

impl Searchable {
    /// What is like a text, as the interface shows it, best first.
    pub(crate) async fn recall(&self, request: RecallRequest) -> anyhow::Result<Vec<Value>> {
        match self {
            Self::Own(_, recollection) => {
                Ok(recollection.recall(request).await?.iter().map(|recalled| recalled.shown()).collect())
            }
            Self::Server(server) => {
                let body = json!({
                    "query": request.text, "limit": request.limit, "service": request.only_service,
                    "similarity_threshold": request.threshold,
                });
                let answer = server.post("/semantic-search", &body).await?;
                Ok(answer["incidents"].as_array().cloned().unwrap_or_default())
            }
        }
    }

    /// Lets go of the data directory.
    pub(crate) async fn close(self) {
        if let Self::Own(store, _) = self {
            store.close().await;
        }
    }
}

/// A bar on standard error, where that is a terminal.
pub(in crate::commands) fn bar(what: &str, is_quiet: bool) -> ProgressBar {
    let target = if is_quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    // A template of our own that would not parse leaves the plain bar.
    if let Ok(style) = ProgressStyle::with_template(&format!("{what} {{bar:30}} {{pos}} of {{len}}  {{eta}} left")) {
        bar.set_style(style);
    }
    bar
}

/// The server that has the directory open listens, as far as anybody can know, at the configured address.
fn server_of(config: &Config, token: Option<&str>) -> anyhow::Result<Server> {
    let listen = config.http.listen;
    let host = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        ip => ip,
    };
    anyhow::ensure!(
        listen.port() != 0,
        "a server has {} open and its port is not known; name its address with --url or FOGHORN_URL",
        config.storage.data_dir.display()
    );
    let own = config.http.api_token.as_ref().map(|token| token.expose());
    Server::at(&format!("http://{}", SocketAddr::new(host, listen.port())), token.or(own))
}
