//! A flag for every key, made from the list of keys.

use super::keys::{Key, keys};
use clap::{Arg, ArgMatches, Command};

/// The heading under which they stand in `--help`.
const HEADING: &str = "Configuration";

/// Adds all of them to a command. They show in `--help`, not in `-h`.
pub(crate) fn add(command: Command) -> Command {
    command.args(keys().iter().map(argument))
}

fn argument(key: &'static Key) -> Arg {
    let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
    let mut argument = Arg::new(key.path.as_str())
        .long(key.flag.as_str())
        .value_name("VALUE")
        .help_heading(HEADING)
        .hide_short_help(true)
        .help(format!("{}{default} [env: {}]", key.about, key.environment));
    if let Some(alias) = key.flag_alias {
        argument = argument.visible_alias(alias);
    }
    if key.is_switch() {
        argument = argument.num_args(0..=1).require_equals(true).default_missing_value("true");
    }
    argument
}

/// What was given, as (path of the key, value).
pub(crate) fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let value = |key: &Key| Some((key.path.clone(), matches.try_get_one::<String>(&key.path).ok()??.clone()));
    keys().iter().filter_map(value).collect()
}
