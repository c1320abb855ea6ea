//! One file for each command: its arguments, what it does, its tests.
//!
//! [`serve`] runs the program, [`demo`] shows it at work; [`send`] and [`simulate`] give it something to do;
//! [`incidents`], [`show`] and [`explain`] look at what came of it; [`act`] is a person's hand;
//! [`search`] and [`memory`] are about what fixed things before, and [`eval`] says how well that is found;
//! [`routes`] looks at whom to tell, [`silence`] keeps quiet; [`audit`], [`backup`] and [`check`] look after the
//! store.

pub(crate) mod serve;
pub(crate) mod demo;
pub(crate) mod send;
pub(crate) mod simulate;
pub(crate) mod incidents;
pub(crate) mod show;
pub(crate) mod explain;
pub(crate) mod act;
pub(crate) mod search;
pub(crate) mod memory;
pub(crate) mod migrate;
pub(crate) mod routes;
pub(crate) mod silence;
pub(crate) mod eval;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod completions;
mod json;

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
