//! Bodies of interactions and slash commands.
#![no_main]

use foghorn_slack::interaction::{Interaction, parse, parse_command};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(Interaction::Click(click)) = parse(body) {
        assert!(click.incident_id > 0 && !click.person.name.is_empty());
    }
    if let Ok(command) = parse_command(body) {
        assert!(!command.person.name.is_empty());
    }
});
