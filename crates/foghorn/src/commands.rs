//! One file for each command: its arguments, what it does, its tests.
//!
//! [`serve`] runs the program, [`demo`] shows it at work; [`send`] and [`simulate`] give it something to do;
//! [`replay`] says what it would have done; [`incidents`], [`show`] and [`explain`] look at what came of it; [`act`] is a person's hand;
//! [`search`] and [`memory`] are about what fixed things before, and [`eval`] says how well that is found;
//! [`mcp`] shows all of it to an assistant;
//! [`detect`], [`anomaly`] and [`templates`] try the detectors on a file, reading it by [`lines`]; [`routes`] looks at
//! whom to tell, [`silence`] keeps quiet; [`keys`] says which programs may call; [`audit`], [`backup`] and [`check`] look
//! after the store, [`dead_letters`] after what other programs left and could not be used.

pub(crate) mod serve;
pub(crate) mod dead_letters;
pub(crate) mod demo;
pub(crate) mod send;
pub(crate) mod replay;
pub(crate) mod simulate;
pub(crate) mod incidents;
pub(crate) mod show;
pub(crate) mod explain;
pub(crate) mod act;
pub(crate) mod search;
pub(crate) mod memory;
pub(crate) mod detect;
pub(crate) mod anomaly;
pub(crate) mod templates;
pub(crate) mod migrate;
pub(crate) mod routes;
pub(crate) mod silence;
pub(crate) mod keys;
pub(crate) mod eval;
pub(crate) mod mcp;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completions;
mod json;
mod lines;

use crate::config::{Config, ConfigErrors, Sources};
use clap::Args;
use std::path::PathBuf;

/// Which store a command reads that needs no server.
#[derive(Args, Debug, Default)]
pub(crate) struct StoreArgs {
    /// Configuration file
    #[arg(long, env = "FOGHORN_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data directory, where it is not the configured one
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl StoreArgs {
    /// The configuration, with the data directory that was named.
    fn configuration(&self) -> Result<Config, ConfigErrors> {
        let directory = self.data_dir.as_ref().map(|dir| ("store.data_dir".to_owned(), dir.display().to_string()));
        Config::load(&Sources::of_process(self.config.clone(), directory.into_iter().collect()))
    }
}

/// The range of an incident's or event's number, for the command line.
fn id() -> clap::builder::RangedI64ValueParser<i64> {
    clap::value_parser!(i64).range(1..)
}
