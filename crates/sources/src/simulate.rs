//! Events that are made up, to see what Foghorn does with them.
//!
//! Each scenario is one trouble of one service. Its events differ in numbers, names and addresses, as
//! real ones do, and are the same again for the same index and seed. Addresses are from the blocks that
//! are reserved for documentation (RFC 5737).

mod dice;
mod scenarios;

use dice::Dice;
use foghorn_domain::event::{NewEvent, Origin};
pub use scenarios::SCENARIOS;

/// Something that can be simulated.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is asked for by, such as `db_timeout`.
    pub name: &'static str,
    /// One line on what it shows.
    pub description: &'static str,
    build: fn(&mut Dice) -> NewEvent,
}

/// A scenario nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scenario {asked:?}; known are {known}", known = known())]
pub struct UnknownScenario {
    /// What was asked for, cut to 40 characters.
    pub asked: String,
}

/// Finds a scenario by its name. Case does not matter, `-` is `_`, and `database_timeout` is
/// `db_timeout`.
///
/// # Errors
/// Names the known ones.
pub fn scenario(name: &str) -> Result<Scenario, UnknownScenario> {
    let plain = name.trim().to_ascii_lowercase().replace('-', "_");
    let plain = if plain == "database_timeout" { "db_timeout" } else { plain.as_str() };
    let found = SCENARIOS.iter().find(|scenario| scenario.name == plain);
    found.cloned().ok_or_else(|| UnknownScenario { asked: crate::field_error::short(name) })
}

impl Scenario {
    /// The `index`th event of a run. `seed` tells one run from the next.
    pub fn event(&self, index: u32, seed: u64) -> NewEvent {
        let mut event = (self.build)(&mut Dice::new(seed, index));
        event.origin = Origin::Simulation;
        event.metadata.insert("simulated".to_owned(), self.name.into());
        event
    }
}

fn known() -> String {
    let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::severity::Severity;
    use std::collections::HashSet;

    #[test]
    fn the_scenarios_of_the_contract_are_there_under_all_their_names() {
        for name in ["xss", "sqli", "ssrf", "db_timeout", "latency_spike", "brute_force", "error", "db_issue"] {
            assert_eq!(scenario(name).unwrap().name, name);
        }
        for name in ["database_timeout", " DB-Timeout "] {
            assert_eq!(scenario(name).unwrap().name, "db_timeout");
        }
    }

    #[test]
    fn an_unknown_scenario_is_answered_with_the_known_ones() {
        let error = scenario("earthquake").unwrap_err().to_string();
        assert!(error.contains("earthquake"), "{error}");
        for scenario in SCENARIOS {
            assert!(error.contains(scenario.name), "{error}");
            assert!(!scenario.description.is_empty());
        }
    }

    #[test]
    fn events_of_a_run_differ_and_are_the_same_again() {
        for scenario in SCENARIOS {
            let run: Vec<NewEvent> = (0..50).map(|index| scenario.event(index, 7)).collect();
            let again: Vec<NewEvent> = (0..50).map(|index| scenario.event(index, 7)).collect();
            assert_eq!(run, again);
            let payloads: HashSet<&str> = run.iter().map(|event| event.payload.as_str()).collect();
            assert!(payloads.len() >= 40, "{}: {} different payloads", scenario.name, payloads.len());
            assert_ne!(scenario.event(0, 7).payload, scenario.event(0, 8).payload, "{}", scenario.name);
        }
    }

    #[test]
    fn every_event_of_a_scenario_is_of_one_service_and_passes_intake() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        for scenario in SCENARIOS {
            let first = scenario.event(0, 1);
            for index in 0..50 {
                let event = scenario.event(index, 1);
                assert_eq!((event.service(), event.environment()), (first.service(), "production"));
                assert_eq!(event.origin, Origin::Simulation);
                let json = crate::event::to_json(&event).to_string();
                let read = crate::event::parse_event(json.as_bytes(), Origin::Simulation, now, &Default::default());
                assert_eq!(read.unwrap(), event);
            }
        }
    }

    #[test]
    fn an_error_calls_itself_one() {
        assert_eq!(scenario("error").unwrap().event(0, 0).severity, Some(Severity::Error));
    }
}
