//! Work on Foghorn itself, apart from building and testing it.

mod chaos;

use clap::Parser;
use std::process::ExitCode;

/// Work on Foghorn itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Run Foghorn as several processes, break everything under it, and count what is lost
    Chaos(chaos::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Chaos(args) => {
            tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(chaos::run(&args))
        }
    }
}
