//! `foghorn routes test`: where an event would go.

use super::event::{Found, subject};
use super::{read, read_text};
use crate::table::{self, Cell};
use crate::terminal::{Screen, harmless};
use anyhow::{Context, anyhow};
use foghorn_domain::clock::Timestamp;
use foghorn_routing::{Attributes, Held, Quiet, Routed, Routing};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Says who would be told about an event, by which route and why. The event is one as it is posted (Foghorn's
/// own, an alert of Prometheus or Alertmanager, one for PagerDuty), which is then judged as that of a service
/// that Foghorn knows for long, or the attributes of an incident as the API gives it (kind, severity, urgency,
/// service, environment, labels). Maintenance of the file counts; silences and other incidents are the server's.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  foghorn routes test routes.toml --event event.json
  foghorn routes test routes.toml --event - --at 2026-03-01T03:30:00Z --json")]
pub(super) struct Args {
    /// The routing file
    file: PathBuf,
    /// JSON of an event, or of an incident's attributes; - is standard input
    #[arg(long, value_name = "FILE")]
    event: PathBuf,
    /// When it happens, such as 2026-03-01T03:30:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

/// Routes and says where to.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let name = args.file.display();
    let routing = Routing::parse(&read_text(&args.file)?).map_err(|faults| {
        let first = faults.iter().find(|fault| !fault.is_warning).map(ToString::to_string).unwrap_or_default();
        anyhow!("{name}:{first}; `foghorn routes check {name}` names every fault")
    })?;
    let now = args.at.unwrap_or_else(Timestamp::now);
    let bytes = read(&args.event)?;
    let mut screen = Screen::stdout();
    let answer = match subject(&bytes, now).with_context(|| args.event.display().to_string())? {
        Found::Incident(attributes) => Answer::of(&routing, *attributes, now),
        Found::Nothing(why) => {
            let (text, value) = (format!("nobody is told: {why}"), json!({ "routed": [], "opens": null, "why": why }));
            if args.json {
                screen.json(&value)?
            } else {
                screen.line(harmless(&text))?
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    if args.json {
        screen.json(&answer.as_json(now))?
    } else {
        answer.write(&mut screen)?
    }
    Ok(ExitCode::SUCCESS)
}

/// Where it goes, and what keeps it.
struct Answer {
    attributes: Attributes,
    routed: Vec<(Routed, Option<Held>)>,
}

impl Answer {
    fn of(routing: &Routing, attributes: Attributes, now: Timestamp) -> Self {
        let quiet = Quiet { maintenance: routing.maintenance(), ..Quiet::default() };
        let routed = routing.route(&attributes.subject(), now).into_iter().map(|routed| {
            let held = quiet.verdict(&attributes.subject().for_team(routed.team.as_deref()), &[], now);
            (routed, held)
        });
        Self { routed: routed.collect(), attributes }
    }

    fn as_json(&self, now: Timestamp) -> Value {
        let Attributes { kind, severity, urgency, service, environment, labels, summary } = &self.attributes;
        let each = self.routed.iter().map(|(routed, held)| {
            let mut value = serde_json::to_value(routed).unwrap_or_default();
            value["held"] = json!(held);
            value
        });
        json!({
            "at": now,
            "opens": { "kind": kind, "severity": severity, "urgency": urgency, "service": service,
                       "environment": environment, "labels": labels, "summary": summary },
            "routed": each.collect::<Vec<_>>(),
        })
    }

    fn write<W: Write>(&self, screen: &mut Screen<W>) -> std::io::Result<()> {
        let Attributes { kind, severity, urgency, service, environment, labels, summary } = &self.attributes;
        let words = [kind.as_str(), severity.as_str(), urgency.as_str(), service, environment];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        screen.line(harmless(&words.join(" · ")))?;
        for line in [summary.clone(), labels.join(", ")].iter().filter(|line| !line.is_empty()) {
            screen.line(harmless(line))?;
        }
        screen.line("")?;
        let row = |(routed, held): &(Routed, Option<Held>)| {
            let why = match held {
                Some(held) => format!("NOT told: {}", held.why),
                None if routed.because.is_empty() => "no route fits".to_owned(),
                None => routed.because.join("; "),
            };
            let team = routed.team.clone().unwrap_or_default();
            [routed.receiver.clone(), team, routed.path.clone(), why].map(|text| Cell::new(harmless(&text))).to_vec()
        };
        let rows: Vec<Vec<Cell>> = self.routed.iter().map(row).collect();
        table::write(screen, &["RECEIVER", "TEAM", "ROUTE", "WHY"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;

    const FILE: &str = "fallback = ['ops']
[receivers.ops]
kind = 'dashboard'
[receivers.web]
kind = 'dashboard'
[teams.shop]
[[route]]
name = 'shop'
match = ['service = checkout', 'severity >= error']
team = 'shop'
receivers = ['web']
[[maintenance]]
why = 'the nightly import'
match = ['team = shop']
from = '02:00'
to = '03:00'
";

    fn tried(event: &Value, at: &str) -> (String, Value) {
        let now: Timestamp = at.parse().unwrap();
        let Found::Incident(attributes) = subject(event.to_string().as_bytes(), now).unwrap() else {
            panic!("{event} opens nothing")
        };
        let answer = Answer::of(&Routing::parse(FILE).unwrap(), *attributes, now);
        let mut out = Vec::new();
        answer.write(&mut screen_of(&mut out, false, None)).unwrap();
        (String::from_utf8(out).unwrap(), answer.as_json(now))
    }

    #[test]
    fn an_event_as_it_is_posted_is_judged_and_routed() {
        let event =
            json!({"source": "checkout", "type": "log", "payload": "ERROR Database connection timeout after 30s"});
        let (text, json) = tried(&event, "2026-01-07T12:00:00Z");
        assert!(text.starts_with("db_timeout · "), "{text}");
        assert_eq!((&json["opens"]["kind"], &json["routed"][0]["receiver"]), (&"db_timeout".into(), &"web".into()));
        assert_eq!(json["routed"][0]["because"], json!(["service = checkout", "severity >= error"]));
    }

    #[test]
    fn attributes_of_an_incident_are_routed_and_maintenance_is_said() {
        let incident = json!({"kind": "alert", "severity": "critical", "service": "checkout"});
        let (text, json) = tried(&incident, "2026-01-07T02:30:00Z");
        assert!(
            text.contains("web       shop  route[0] \"shop\"  NOT told: maintenance until 7 Jan 03:00 UTC"),
            "{text}"
        );
        assert_eq!(json["routed"][0]["held"]["by"], "maintenance");
        let (text, _) = tried(&json!({"service": "other"}), "2026-01-07T02:30:00Z");
        assert!(text.contains("ops             fallback  no route fits"), "{text}");
    }
}
