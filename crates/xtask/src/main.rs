//! Work on Foghorn itself, apart from building and testing it.

mod absence;
mod chaos;
mod partitions;

use clap::Parser;
use std::process::ExitCode;

/// Work on Foghorn itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Take Postgres away for three minutes, and see that criticals are told in time and everything is stored in order
    Absence(absence::Args),
    /// Run Foghorn as several processes, break everything under it, and count what is lost
    Chaos(chaos::Args),
    /// Send the same events through one, two and three processes of triage, and compare what comes of them
    Partitions(partitions::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match Task::parse() {
        Task::Absence(args) => runtime.block_on(absence::run(&args)),
        Task::Chaos(args) => runtime.block_on(chaos::run(&args)),
        Task::Partitions(args) => runtime.block_on(partitions::run(&args)),
    }
}
