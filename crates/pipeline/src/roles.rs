//! What one process of several does. Any number of processes may have each role.

use std::fmt;
use std::str::FromStr;

/// The roles of a process. One process has all of them unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// Takes events.
    pub ingest: bool,
    /// Reads the event log and opens, grows and ends incidents.
    pub triage: bool,
    /// Explains incidents, tells people, and does what time asks for.
    pub agent: bool,
    /// Answers people: pages, API, Slack's clicks and commands.
    pub web: bool,
}

impl Roles {
    /// Every role.
    pub const ALL: Self = Self { ingest: true, triage: true, agent: true, web: true };

    fn named(&self) -> [(&'static str, bool); 4] {
        [("ingest", self.ingest), ("triage", self.triage), ("agent", self.agent), ("web", self.web)]
    }
}

impl Default for Roles {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.named().into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect();
        formatter.write_str(&names.join(","))
    }
}

impl FromStr for Roles {
    type Err = String;

    /// Reads `ingest,triage`; the error says what is known.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = Self { ingest: false, triage: false, agent: false, web: false };
        for name in text.split(',').map(str::trim) {
            match name {
                "ingest" => roles.ingest = true,
                "triage" => roles.triage = true,
                "agent" => roles.agent = true,
                "web" => roles.web = true,
                "" => {
                    return Err("names no role where one should stand; known are ingest, triage, agent, web".to_owned());
                }
                other => return Err(format!("`{other}` is no role; known are ingest, triage, agent, web")),
            }
        }
        Ok(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_in_any_order_and_written_in_one() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let read = text.parse::<Roles>().map(|roles| roles.to_string());
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{text:?}");
        };
        check("ingest,triage,agent,web", Ok("ingest,triage,agent,web"));
        check(" web , ingest", Ok("ingest,web"));
        check("agent,agent", Ok("agent"));
        check("ingest,worker", Err("`worker` is no role; known are ingest, triage, agent, web"));
        check("ingest,", Err("names no role where one should stand; known are ingest, triage, agent, web"));
        check("", Err("names no role where one should stand; known are ingest, triage, agent, web"));
        assert_eq!(Roles::default(), Roles::ALL);
    }
}
