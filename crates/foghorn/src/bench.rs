//! `foghorn bench`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example: x")]
pub(crate) struct Args {}
pub(crate) fn run(_args: &Args) -> anyhow::Result<std::process::ExitCode> { Ok(std::process::ExitCode::SUCCESS) }
