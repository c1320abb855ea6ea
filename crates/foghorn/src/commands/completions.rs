//! `foghorn completions`: what a shell needs to complete the command line.

use clap_complete::Shell;
use std::io::Write;
use std::process::ExitCode;

/// Prints completions for a shell.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn completions bash > /etc/bash_completion.d/foghorn")]
pub(crate) struct Args {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(args: &Args, command: &mut clap::Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "foghorn", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
