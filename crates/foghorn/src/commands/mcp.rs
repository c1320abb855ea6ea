//! `foghorn mcp`: a running server's incidents for an assistant, on standard input and output.

use crate::client::{Server, ServerArgs};
use foghorn_web::mcp::{Source, Tools};
use serde_json::Value;
use std::process::ExitCode;

/// Speaks the Model Context Protocol on standard input and output: an assistant may look at incidents and at what
/// fixed the like, and do nothing. A server has the same at /mcp.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn mcp
  FOGHORN_URL=https://foghorn.example.org FOGHORN_API_TOKEN=… foghorn mcp")]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
}

/// A running server.
#[derive(Clone)]
struct Outside(Server);

impl Source for Outside {
    async fn get(&self, path: &str, query: Vec<(&'static str, String)>) -> Result<Value, String> {
        let query: Vec<(&str, String)> = query.into_iter().collect();
        self.0.get(path, &query).await.map_err(|error| error.to_string())
    }
}

/// Speaks until the input ends.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let tools = Tools::new(Outside(Server::new(&args.server)?));
    tools.serve_on_standard_streams().await.map_err(anyhow::Error::msg)?;
    Ok(ExitCode::SUCCESS)
}
