//! `foghorn keys`: by what programs call. [`list`] shows them; what is here makes and revokes them, through a running
//! server or on a data directory that nobody uses.

mod list;

use super::json::text;
use super::memory::holder::{Holder, HolderArgs, IfMissing};
use crate::terminal::Screen;
use anyhow::Context;
use clap::Subcommand;
use foghorn_domain::audit::is_name_of_the_system;
use foghorn_pipeline::access_keys::{AccessKeys, Wanted, shown};
use foghorn_pipeline::act::Actor;
use foghorn_pipeline::metrics::Metrics;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;

/// Makes, lists and revokes the keys by which programs call. Works beside a running server, and without one on its
/// data directory.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make a key and print it, this once
    Add(AddArgs),
    /// List keys by name
    List(list::Args),
    /// Revoke a key, for good
    Revoke(RevokeArgs),
}

/// Makes a key and prints it on standard output, this once: only its digest is kept.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn keys add checkout --scope intake --source checkout --quota 500/s
  foghorn keys add grafana --scope read > grafana.key")]
struct AddArgs {
    /// Its name: small letters, digits, '.', '_' and '-'. It stands in the audit log
    name: String,
    /// What it may do: send events, look at everything, or look and act
    #[arg(long, value_parser = ["intake", "read", "act"])]
    scope: String,
    /// Events a second that may come with it, such as 500/s; alerts have as much again for themselves
    #[arg(long, value_name = "N/s")]
    quota: Option<String>,
    /// Events at once, after a pause [default: what two seconds allow]
    #[arg(long, value_name = "N", requires = "quota")]
    burst: Option<u32>,
    /// The source of events that name none
    #[arg(long)]
    source: Option<String>,
    #[command(flatten)]
    hand: Hand,
}

/// Revokes a key: the server refuses it from then on, every other one within seconds.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn keys revoke checkout")]
struct RevokeArgs {
    /// Its name
    name: String,
    #[command(flatten)]
    hand: Hand,
}

/// Whose hand, and on which store.
#[derive(clap::Args, Debug)]
struct Hand {
    /// Your name in the audit log, where no token says it
    #[arg(long, env = "USER", default_value = "cli")]
    user: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    holder: HolderArgs,
}

/// Does what was asked.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Add(args) => add(args).await,
        Command::List(args) => list::run(args).await,
        Command::Revoke(args) => revoke(args).await,
    }
}

async fn add(args: &AddArgs) -> anyhow::Result<ExitCode> {
    let AddArgs { name, scope, quota, burst, source, hand } = args;
    // Here, too, so that a wrong call makes no data directory.
    let wanted = Wanted::parse(name, scope, source.as_deref(), quota.as_deref(), *burst)
        .map_err(|fault| anyhow::anyhow!("{}: {}", fault.field, fault.message))?;
    let made = match Holder::find(&hand.holder, IfMissing::Make)? {
        Holder::Server(server) => {
            let body = json!({ "name": name, "scope": scope, "quota": quota, "burst": burst, "source": source,
                "user": hand.user });
            server.post("/api/v1/keys", &body).await?
        }
        Holder::Own(store, _) => {
            let made = async {
                let keys = AccessKeys::new(store.clone(), Metrics::default());
                anyhow::Ok(keys.add(wanted, &actor(&hand.user)?).await?)
            };
            let made = made.await;
            store.close().await;
            let (row, key) = made?;
            let mut made = shown(&row);
            made["key"] = key.expose().into();
            made
        }
    };
    let mut screen = Screen::stdout();
    if hand.json {
        screen.json(&made)?;
        return Ok(ExitCode::SUCCESS);
    }
    screen.line(text(&made, "key"))?;
    // Beside the key, so that a pipe gets the key alone.
    writeln!(std::io::stderr(), "{}", said_of(&made))?;
    Ok(ExitCode::SUCCESS)
}

fn said_of(made: &Value) -> String {
    let (name, scope, quota) = (text(made, "name"), text(made, "scope"), text(made, "quota"));
    let quota = if quota.is_empty() { String::new() } else { format!(", at most {quota}") };
    format!("the key {name} is made, scope {scope}{quota}; it is shown this once and is kept nowhere")
}

async fn revoke(args: &RevokeArgs) -> anyhow::Result<ExitCode> {
    let RevokeArgs { name, hand } = args;
    let unknown = || format!("there is no live key `{name}`; `foghorn keys list` shows those there are");
    let revoked = match Holder::find(&hand.holder, IfMissing::Refuse)? {
        Holder::Server(server) => {
            let keys = server.get("/api/v1/keys", &[]).await?;
            let of_name = |key: &&Value| key.get("name").and_then(Value::as_str) == Some(name);
            let id = super::json::list(&keys, "items").iter().find(of_name).and_then(|key| key.get("id")?.as_i64());
            let path = format!("/api/v1/keys/{}/revoke", id.with_context(unknown)?);
            server.post(&path, &json!({ "user": hand.user })).await?
        }
        Holder::Own(store, _) => {
            let keys = AccessKeys::new(store.clone(), Metrics::default());
            let revoked = async {
                let id = keys.list(false).await?.into_iter().find(|key| key.name == *name).map(|key| key.id);
                anyhow::Ok(keys.revoke(id.with_context(unknown)?, &actor(&hand.user)?).await?)
            };
            let revoked = revoked.await;
            store.close().await;
            shown(&revoked?)
        }
    };
    let mut screen = Screen::stdout();
    match hand.json {
        true => screen.json(&revoked)?,
        false => screen.line(format!("the key {name} is revoked"))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Who does it on a store without a server; a server looks at the name itself.
fn actor(user: &str) -> anyhow::Result<Actor> {
    anyhow::ensure!(
        !is_name_of_the_system(user),
        "--user: `{user}` is a name of the system in the audit log; give your own"
    );
    Ok(Actor { who: user.to_owned(), on_behalf_of: None, via: "cli" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_key_is_not_the_key() {
        let made = json!({"name": "prom", "scope": "intake", "quota": "500/s", "key": "fh_intake_ab"});
        let said = "the key prom is made, scope intake, at most 500/s; it is shown this once and is kept nowhere";
        assert_eq!(said_of(&made), said);
        let made = json!({"name": "grafana", "scope": "read", "quota": null, "key": "fh_read_ab"});
        let said = "the key grafana is made, scope read; it is shown this once and is kept nowhere";
        assert_eq!(said_of(&made), said);
    }
}
