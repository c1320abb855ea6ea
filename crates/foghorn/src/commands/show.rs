//! `foghorn show`: everything about one incident.

use super::json::{list, moment, number, text, texts};
use crate::client::{Server, ServerArgs};
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::words::counted;
use serde_json::Value;
use std::collections::HashSet;
use std::io::{Result, Write};
use std::process::ExitCode;

/// Shows everything about one incident: what broke, what it probably is, what fixed it last time, who was
/// told and who did what.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  foghorn show 12")]
pub(crate) struct Args {
    /// The incident's number
    #[arg(value_parser = super::id())]
    incident: i64,
    /// Print the server's answer as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Asks and draws.
pub(crate) async fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let server = Server::new(&args.server)?;
    let incident = server.get(&format!("/api/v1/incidents/{}", args.incident), &[]).await?;
    let mut screen = Screen::stdout();
    if args.json {
        screen.json(&incident)?
    } else {
        draw(&mut screen, &incident)?
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn draw<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    headline(screen, incident)?;
    analysis(screen, incident)?;
    evidence(screen, incident)?;
    similar(screen, incident)?;
    draft(screen, incident)?;
    tellings(screen, incident)?;
    timeline(screen, incident)
}

fn headline<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let severity = text(incident, "severity");
    let headline =
        format!("{} · {} · {}", severity.to_uppercase(), text(incident, "service"), text(incident, "summary"));
    screen.line(screen.painted(Colour::of_severity(&severity), &headline))?;
    // The lines under the headline stand in the message that people got.
    let message = list(incident, "notifications").iter().rev().find_map(|telling| telling.get("message"));
    for field in ["history", "change"] {
        let line = message.map(|message| text(message, field)).unwrap_or_default();
        if !line.is_empty() {
            screen.line(line)?;
        }
    }
    let ended = match text(incident, "ended_by") {
        by if by.is_empty() => String::new(),
        by => format!(", ended by {by}"),
    };
    screen.line(format!(
        "#{} {}{ended} · {} · {} · environment {}",
        text(incident, "id"),
        text(incident, "status"),
        text(incident, "kind"),
        counted(number(incident, "event_count"), "event"),
        text(incident, "environment"),
    ))?;
    screen.line(format!(
        "first seen {}, last seen {}",
        moment(incident, "first_seen"),
        moment(incident, "last_seen")
    ))?;
    let labels = texts(incident, "labels");
    if labels.is_empty() { Ok(()) } else { screen.line(format!("labels: {}", labels.join(", "))) }
}

fn analysis<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let Some(analysis) = incident.get("analysis").filter(|analysis| analysis.is_object()) else { return Ok(()) };
    let source = if text(analysis, "source") == "model" { "language model" } else { "built-in analyst" };
    screen.heading(&format!("Analysis ({source}, confidence {})", text(analysis, "confidence")))?;
    screen.line(text(analysis, "summary"))?;
    for (index, cause) in list(analysis, "root_causes").iter().enumerate() {
        let evidence = texts(cause, "evidence");
        let rests_on = if evidence.is_empty() { String::new() } else { format!(" [{}]", evidence.join(", ")) };
        screen.line(format!("  {}. {}{rests_on}", index + 1, text(cause, "cause")))?;
        for fix in texts(cause, "fixes") {
            screen.line(format!("     fix: {fix}"))?;
        }
        let rollback = text(cause, "rollback");
        if !rollback.is_empty() {
            screen.line(format!("     rollback: {rollback}"))?;
        }
    }
    for note in texts(analysis, "docs") {
        screen.line(format!("  {note}"))?;
    }
    Ok(())
}

/// Evidence that is shown although no cause cites it.
const FIRST_EVIDENCE: usize = 5;

fn evidence<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let entries = list(incident, "evidence");
    if !entries.is_empty() {
        screen.heading("Evidence")?;
    }
    let causes = incident.get("analysis").map(|analysis| list(analysis, "root_causes")).unwrap_or_default();
    let cited: HashSet<String> = causes.iter().flat_map(|cause| texts(cause, "evidence")).collect();
    let mut unshown = 0;
    for (index, entry) in entries.iter().enumerate() {
        let name = format!("E{}", index + 1);
        if index >= FIRST_EVIDENCE && !cited.contains(&name) {
            unshown += 1;
        } else {
            evidence_entry(screen, &name, entry)?;
        }
    }
    if unshown > 0 { screen.line(format!("  and {unshown} more, see --json")) } else { Ok(()) }
}

fn evidence_entry<W: Write>(screen: &mut Screen<W>, name: &str, entry: &Value) -> Result<()> {
    // Rows that other programs wrote may hold any object.
    if entry.get("rule").is_none() {
        return screen.line(format!("  {name}  {}", harmless(&entry.to_string())));
    }
    let seen = format!("event {}, {}", text(entry, "event_id"), moment(entry, "seen_at"));
    screen.line(format!("  {name}  {} matched {:?} ({seen})", text(entry, "rule"), text(entry, "text")))?;
    let line = text(entry, "line");
    if line.is_empty() { Ok(()) } else { screen.line(screen.painted(Colour::Dim, &format!("      {line}"))) }
}

fn similar<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let entries = list(incident, "similar");
    if !entries.is_empty() {
        screen.heading("Similar incidents")?;
    }
    for entry in entries {
        let percent = entry.get("similarity").and_then(Value::as_f64).unwrap_or(0.0) * 100.0;
        screen.line(format!("  #{} ({percent:.0} %) {}", text(entry, "id"), text(entry, "summary")))?;
        let solution = text(entry, "solution");
        let is_draft = entry.get("confirmed") == Some(&Value::Bool(false));
        let about = [text(entry, "author"), text(entry, "outcome")];
        let about: Vec<String> = about.into_iter().filter(|part| !part.is_empty()).collect();
        match (solution.is_empty(), is_draft, about.is_empty()) {
            (true, ..) => {}
            (_, true, _) => screen.line(format!("     not confirmed: {solution}"))?,
            (_, _, true) => screen.line(format!("     what fixed it: {solution}"))?,
            (_, _, false) => screen.line(format!("     what fixed it ({}): {solution}", about.join(", ")))?,
        }
    }
    Ok(())
}

fn draft<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let Some(draft) = incident.get("draft").filter(|draft| draft.is_object()) else { return Ok(()) };
    screen.heading("Was it this?")?;
    screen.line(format!("  {}", text(draft, "solution")))?;
    screen.line(format!("  to confirm it: foghorn memory confirm {}", text(draft, "id")))
}

fn tellings<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let entries = list(incident, "notifications");
    if !entries.is_empty() {
        screen.heading("Told")?;
    }
    for entry in entries {
        let at = match moment(entry, "sent_at") {
            at if at.is_empty() => "not sent".to_owned(),
            at => at,
        };
        let edits = counted(number(entry, "edits"), "edit");
        let (receiver, reason, status) = (text(entry, "receiver"), text(entry, "reason"), text(entry, "status"));
        screen.line(format!("  {at}  {receiver}: {reason}, {status}, {edits}"))?;
    }
    Ok(())
}

fn timeline<W: Write>(screen: &mut Screen<W>, incident: &Value) -> Result<()> {
    let entries = list(incident, "timeline");
    if !entries.is_empty() {
        screen.heading("Timeline")?;
    }
    for entry in entries {
        let details = match entry.get("details") {
            Some(Value::Object(fields)) if !fields.is_empty() => {
                format!("  {}", harmless(&Value::Object(fields.clone()).to_string()))
            }
            _ => String::new(),
        };
        let said = format!("  {}  {} {}", moment(entry, "at"), text(entry, "who"), text(entry, "action"));
        screen.line(format!("{said}{}", screen.painted(Colour::Dim, &details)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::screen_of;
    use serde_json::json;

    #[test]
    fn an_incident_is_shown_from_headline_to_timeline() {
        let incident = json!({
            "id": 3, "status": "resolved", "ended_by": "person", "severity": "error", "urgency": "notify",
            "kind": "db_timeout", "service": "checkout", "environment": "production",
            "summary": "Database connection timeout", "event_count": 1000, "labels": ["db_issue"],
            "first_seen": "2020-01-02T03:04:05Z", "last_seen": "2020-01-02T04:04:05Z",
            "evidence": [
                {"event_id": 9, "seen_at": "2020-01-02T03:04:05Z", "rule": "db.timeout", "text": "connection timeout",
                 "line": "ERROR connection timeout after 30 s"},
                {"cpu": 95}
            ],
            "analysis": {"summary": "The pool is exhausted.", "confidence": "medium", "source": "builtin", "root_causes": [
                {"cause": "Pool too small", "fixes": ["Look at the pool"], "rollback": "Nothing to undo", "evidence": ["E1"]}
            ]},
            "similar": [
                {"id": "inc-1", "summary": "the same", "solution": "raised max_connections", "similarity": 0.5,
                 "author": "ana", "outcome": "quiet at once", "confirmed": true},
                {"id": "draft-2", "summary": "alike", "solution": "ben: restarted it.", "similarity": 0.4, "confirmed": false}
            ],
            "draft": {"id": "draft-3", "solution": "ana: the pool was full."},
            "notifications": [{"receiver": "dashboard", "reason": "opened", "status": "sent",
                               "sent_at": "2020-01-02T03:04:06Z", "edits": 2,
                               "message": {"history": "New here", "change": null}}],
            "timeline": [{"at": "2020-01-02T04:04:05Z", "who": "ana", "action": "resolved", "details": {"via": "cli"}}]
        });
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &incident).unwrap();
        let expected = r#"ERROR · checkout · Database connection timeout
New here
#3 resolved, ended by person · db_timeout · 1,000 events · environment production
first seen 2 Jan 2020 03:04 UTC, last seen 2 Jan 2020 04:04 UTC
labels: db_issue

Analysis (built-in analyst, confidence medium)
The pool is exhausted.
  1. Pool too small [E1]
     fix: Look at the pool
     rollback: Nothing to undo

Evidence
  E1  db.timeout matched "connection timeout" (event 9, 2 Jan 2020 03:04 UTC)
      ERROR connection timeout after 30 s
  E2  {"cpu":95}

Similar incidents
  #inc-1 (50 %) the same
     what fixed it (ana, quiet at once): raised max_connections
  #draft-2 (40 %) alike
     not confirmed: ben: restarted it.

Was it this?
  ana: the pool was full.
  to confirm it: foghorn memory confirm draft-3

Told
  2 Jan 2020 03:04 UTC  dashboard: opened, sent, 2 edits

Timeline
  2 Jan 2020 04:04 UTC  ana resolved  {"via":"cli"}
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn an_incident_of_which_little_is_known_is_shown_all_the_same() {
        let mut out = Vec::new();
        draw(&mut screen_of(&mut out, false, None), &json!({"id": 1, "summary": "x"})).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("#1 "));
    }
}
