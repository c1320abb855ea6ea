//! `foghorn routes test`: where an event would go.

use super::{read, read_text};
use crate::table::{self, Cell};
use crate::terminal::{Screen, harmless};
use anyhow::{Context, anyhow, bail};
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::{Event, NewEvent, Origin};
use foghorn_pipeline::Settings;
use foghorn_pipeline::triage::{Judge, Judgement, ServiceMemory};
use foghorn_routing::{Attributes, Held, Quiet, Routed, Routing};
use foghorn_sources::Limits;
use foghorn_sources::event::parse_event;
use serde_json::{Map, Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Says who would be told about an event, by which route and why. The event is one as it is posted (source,
/// type, payload), which is then judged as that of a service that Foghorn knows for long, or the attributes of
/// an incident as the API gives it (kind, severity, urgency, service, environment, labels). Maintenance of the
/// file counts; silences and other incidents are the server's.
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

/// What an event comes to.
enum Found {
    Incident(Box<Attributes>),
    Nothing(String),
}

fn subject(bytes: &[u8], now: Timestamp) -> anyhow::Result<Found> {
    let object: Map<String, Value> = serde_json::from_slice(bytes).context("is no JSON object")?;
    if object.contains_key("payload") {
        let event = parse_event(bytes, Origin::Events, now, &Limits::default()).map_err(|error| anyhow!("{error}"))?;
        return Ok(judged(event, now));
    }
    let known = ["kind", "severity", "urgency", "service", "environment", "labels", "summary"];
    if !known.iter().any(|field| object.contains_key(*field)) {
        bail!("is neither an event (source, type, payload) nor an incident's attributes ({})", known.join(", "));
    }
    Attributes::from_json(&object).map(|attributes| Found::Incident(Box::new(attributes))).map_err(|why| anyhow!(why))
}

/// What triage would make of the event, had it known the service for long.
fn judged(event: NewEvent, now: Timestamp) -> Found {
    let settings = Arc::new(Settings::new(Path::new(".")));
    let known_since = now.checked_sub(settings.learn + SignedDuration::from_hours(1)).unwrap_or(now);
    let (service, environment) = (event.service().to_owned(), event.environment().to_owned());
    let event = Event {
        id: 1,
        source: event.source,
        event_type: event.event_type,
        payload: event.payload,
        metadata: event.metadata,
        status: event.status,
        dedup_key: event.dedup_key,
        episode: event.episode,
        event_timestamp: event.event_timestamp,
        severity: event.severity,
        origin: event.origin,
        service,
        environment,
        partition: 0,
        created_at: now,
    };
    match Judge::new(settings).judge(&event, &mut ServiceMemory::new(0, known_since)) {
        Judgement::Nothing => Found::Nothing("nothing was found in the event".to_owned()),
        Judgement::Unclaimed(unclaimed) => Found::Nothing(unclaimed.decision),
        Judgement::Signal(signal) => Found::Incident(Box::new(Attributes {
            kind: signal.kind,
            severity: signal.severity.0,
            urgency: signal.urgency.0,
            service: signal.service,
            environment: signal.environment,
            labels: signal.labels,
            summary: signal.summary,
        })),
    }
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

    #[test]
    fn what_opens_nothing_or_is_no_event_is_said() {
        let now = Timestamp::UNIX_EPOCH;
        let quiet = json!({"source": "a", "type": "log", "payload": "GET /health 200"});
        assert!(matches!(subject(quiet.to_string().as_bytes(), now), Ok(Found::Nothing(_))));
        for wrong in ["", "[]", "{}", "{\"payload\": 7}", "{\"kind\": \"nonsense\"}", "{\"a\": \"b\"}"] {
            assert!(subject(wrong.as_bytes(), now).is_err(), "{wrong}");
        }
    }
}
