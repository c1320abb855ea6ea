//! `foghorn routes`: the routing file, looked at without a server.

mod check;
mod event;
mod trial;

use clap::Subcommand;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// Checks a routing file and says where it leads.
#[derive(clap::Args, Debug)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Read a routing file, run its expectations, and name every fault with its place
    Check(check::Args),
    /// Say who would be told about an event, by which route
    Test(trial::Args),
}

/// Does what was asked.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Check(args) => check::run(args),
        Command::Test(args) => trial::run(args),
    }
}

/// Larger files are neither routing nor event.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A file, or standard input for `-`.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let name = file.display();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().take(LARGEST + 1).read_to_end(&mut bytes),
        _ => std::fs::File::open(file).and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|error| anyhow::anyhow!("cannot read {name}: {error}"))?;
    anyhow::ensure!(bytes.len() as u64 <= LARGEST, "{name} has more than {LARGEST} bytes");
    Ok(bytes)
}

/// The same as text.
fn read_text(file: &Path) -> anyhow::Result<String> {
    String::from_utf8(read(file)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("{} is no UTF-8 from byte {at} on", file.display())
    })
}
