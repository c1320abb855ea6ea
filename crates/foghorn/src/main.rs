//! The `foghorn` program: configuration, commands and wiring. What Foghorn does is in the other crates.
//!
//! [`cli`] says which commands there are, [`commands`] holds one file for each, [`config`] what an operator
//! can change. Commands beside a running server speak to it through [`client`]; [`terminal`] and [`table`]
//! are how answers look; [`bench`] measures.

mod cli;
mod config;
mod commands;
mod client;
mod terminal;
mod table;
mod bench;

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => report(&error),
    }
}

/// One line that says what is wrong. 2 for a configuration that cannot be used, 1 for everything else.
fn report(error: &anyhow::Error) -> ExitCode {
    // Whoever reads our output has seen enough, as in `foghorn incidents | head`.
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    if io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS;
    }
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::from(if error.is::<config::ConfigErrors>() { 2 } else { 1 })
}
