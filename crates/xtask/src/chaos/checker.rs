//! Compares three ledgers that know nothing of each other: what the sender had accepted, what the database holds,
//! what stands in Slack.

use super::faults::Target;
use super::sender::{Ledger, Trouble};
use super::servers::Postgres;
use anyhow::bail;
use foghorn_testkit::{FakeSlack, SlackMessage};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Whether processes that were asked to stop have given back what they held, so that others need not wait.
pub(super) async fn given_back(postgres: &Postgres) -> anyhow::Result<Verdict> {
    let sql = "SELECT id::text || ' of triage' FROM partitions WHERE holder IS NOT NULL
               UNION ALL SELECT name FROM leases ORDER BY 1";
    let held: Vec<String> = postgres.client().await?.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    let mut verdict = Verdict::default();
    verdict.must("leases held by processes that have stopped", held.len(), &held);
    Ok(verdict)
}

/// Waits until every event has been triaged and every telling is out, and stays so.
pub(crate) async fn until_quiet(postgres: &Postgres, within: Duration) -> anyhow::Result<()> {
    let client = postgres.client().await?;
    let give_up = Instant::now() + within;
    let (mut calm, mut last) = (0, String::new());
    while calm < 6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let left = client
            .query_one(
                "SELECT (SELECT count(*) FROM raw_events)::bigint, (SELECT coalesce(sum(event_count), 0) FROM incidents)::bigint,
                        (SELECT count(*) FROM notifications WHERE status = 'pending')::bigint",
                &[],
            )
            .await?;
        let now: (i64, i64, i64) = (left.get(0), left.get(1), left.get(2));
        let now = format!("{} events, {} in incidents, {} tellings waiting", now.0, now.1, now.2);
        calm = if now == last && now.ends_with(" 0 tellings waiting") { calm + 1 } else { 0 };
        last = now;
        if Instant::now() > give_up {
            bail!("never quiet: {last}");
        }
    }
    Ok(())
}

/// What was found.
#[derive(Default)]
pub(crate) struct Verdict {
    lines: Vec<(bool, String)>,
}

impl Verdict {
    pub(crate) fn must(&mut self, what: &str, wrong: usize, examples: &[String]) {
        let shown: Vec<&str> = examples.iter().take(5).map(String::as_str).collect();
        let tail = if shown.is_empty() { String::new() } else { format!(": {}", shown.join(", ")) };
        self.lines.push((wrong == 0, format!("{wrong} {what}{tail}")));
    }

    pub(crate) fn note(&mut self, line: String) {
        self.lines.push((true, line));
    }

    pub(crate) fn is_good(&self) -> bool {
        self.lines.iter().all(|(is_good, _)| *is_good)
    }

    /// Both in one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self
    }

    pub(crate) fn report(&self) {
        super::say("\nverdict:");
        for (is_good, line) in &self.lines {
            super::say(&format!("  {}  {line}", if *is_good { "ok   " } else { "WRONG" }));
        }
    }
}

/// Counts what was lost, doubled, left untold, and the crash points at which fewer than so many processes died.
pub(super) async fn check(ledger: &Ledger, target: &Target, crash_hits: usize) -> anyhow::Result<Verdict> {
    let Target { slack, fleet, points, postgres, .. } = target;
    let mut verdict = Verdict::default();
    let spared = |(name, hits): (&str, u32)| ((hits as usize) < crash_hits).then(|| format!("{name} ({hits})"));
    let spared: Vec<String> = points.hits().into_iter().filter_map(spared).collect();
    verdict.must(&format!("crash points hit fewer than {crash_hits} times"), spared.len(), &spared);
    let client = postgres.client().await?;
    events(&client, ledger, &mut verdict).await?;
    let incidents = incidents(&client, ledger, &mut verdict).await?;
    tellings(&client, &incidents, slack, &mut verdict).await?;
    acts(&client, &target.people.acknowledged(), &mut verdict).await?;
    let verified = fleet.run(&["audit", "verify"]).await?;
    let said = String::from_utf8_lossy(&verified.stdout).trim().to_owned();
    let wrong = usize::from(!verified.status.success());
    let examples =
        if wrong == 0 { Vec::new() } else { vec![said, String::from_utf8_lossy(&verified.stderr).into_owned()] };
    verdict.must("breaks in the audit chain", wrong, &examples);
    verdict.note(format!("{} attempts to send were made again", ledger.again));
    Ok(verdict)
}

async fn events(client: &Client, ledger: &Ledger, verdict: &mut Verdict) -> anyhow::Result<()> {
    let rows = client
        .query(
            "SELECT (metadata->>'number')::bigint, count(*) FROM raw_events
              WHERE metadata ? 'number' GROUP BY 1",
            &[],
        )
        .await?;
    let stored: BTreeMap<u64, i64> = rows.iter().map(|row| (row.get::<_, i64>(0).unsigned_abs(), row.get(1))).collect();
    let lost: Vec<String> =
        ledger.accepted.keys().filter(|number| !stored.contains_key(number)).map(u64::to_string).collect();
    let doubled: Vec<String> =
        stored.iter().filter(|(_, count)| **count > 1).map(|(number, _)| number.to_string()).collect();
    verdict.note(format!("{} events accepted, {} stored", ledger.accepted.len(), stored.len()));
    verdict.must("accepted events lost", lost.len(), &lost);
    verdict.must("events stored more than once", doubled.len(), &doubled);
    Ok(())
}

/// Each trouble is one incident with the right count. Answers the incidents there must be.
async fn incidents(client: &Client, ledger: &Ledger, verdict: &mut Verdict) -> anyhow::Result<BTreeSet<i64>> {
    let mut expected: BTreeMap<Trouble, i64> = BTreeMap::new();
    ledger.accepted.values().for_each(|trouble| *expected.entry(*trouble).or_default() += 1);
    let rows = client
        .query(
            "SELECT e.metadata->>'service', (e.metadata->>'text')::bigint, f.incident_id::bigint, count(*), max(i.event_count)::bigint
               FROM raw_events e JOIN event_findings f ON f.event_id = e.id JOIN incidents i ON i.id = f.incident_id
              WHERE e.metadata ? 'number' GROUP BY 1, 2, 3",
            &[],
        )
        .await?;
    let mut found: BTreeMap<Trouble, Vec<(i64, i64, i64)>> = BTreeMap::new();
    for row in &rows {
        let service: &str = row.get(0);
        let service = service.trim_start_matches("service-").parse().unwrap_or(u64::MAX);
        let trouble = Trouble { service, text: row.get::<_, i64>(1).unsigned_abs() };
        found.entry(trouble).or_default().push((row.get(2), row.get(3), row.get(4)));
    }
    let (mut missing, mut split, mut miscounted) = (Vec::new(), Vec::new(), Vec::new());
    for (trouble, count) in &expected {
        match found.get(trouble).map(Vec::as_slice) {
            None => missing.push(format!("{trouble:?}")),
            Some([(incident, events, counted)]) => {
                if events != count || counted != count {
                    miscounted.push(format!("incident {incident}: {count} sent, {events} found, {counted} counted"));
                }
            }
            Some(several) => split.push(format!("{trouble:?} is {several:?}")),
        }
    }
    verdict.note(format!("{} incidents expected", expected.len()));
    verdict.must("incidents missing", missing.len(), &missing);
    verdict.must("troubles split over several incidents", split.len(), &split);
    verdict.must("incidents with a wrong count", miscounted.len(), &miscounted);
    Ok(found.into_values().flatten().map(|(incident, ..)| incident).collect())
}

/// Each incident stands in Slack, alone or in a message that names others, and no message stands there twice but
/// where the first landed after somebody had looked for it, and then the other is marked.
async fn tellings(
    client: &Client,
    incidents: &BTreeSet<i64>,
    slack: &FakeSlack,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let rows = client
        .query(
            "SELECT incident_id::bigint, status, told_with::bigint, id::bigint FROM notifications
              WHERE receiver LIKE 'slack%' AND reason = 'opened'",
            &[],
        )
        .await?;
    let in_slack: BTreeMap<String, usize> = slack.ledger();
    let mut told: BTreeSet<i64> = BTreeSet::new();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    let known: BTreeSet<&str> = in_slack.keys().map(|id| number_of(id)).collect();
    for row in &rows {
        let (incident, status, id): (i64, &str, i64) = (row.get(0), row.get(1), row.get(3));
        match status {
            "sent" if known.contains(&*id.to_string()) => {
                told.insert(incident);
            }
            "joined" => joined.extend(row.get::<_, Option<i64>>(2).map(|with| (incident, with))),
            _ => {}
        }
    }
    for _ in 0..3 {
        joined.iter().for_each(|(incident, with)| {
            if told.contains(with) {
                told.insert(*incident);
            }
        });
    }
    let untold: Vec<String> = incidents.difference(&told).map(i64::to_string).collect();
    verdict.must("incidents that nobody was told of", untold.len(), &untold);
    repeats(&in_slack, slack, verdict);
    Ok(())
}

/// What people were told is done has been done, and is written down once however often they had to ask.
async fn acts(client: &Client, acknowledged: &BTreeSet<i64>, verdict: &mut Verdict) -> anyhow::Result<()> {
    let sql = "SELECT incident_id, count(*) FROM audit_logs WHERE who = $1 GROUP BY 1";
    let rows = client.query(sql, &[&super::people::WHO]).await?;
    let written: BTreeMap<i64, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let lost: Vec<String> = acknowledged.iter().filter(|id| !written.contains_key(id)).map(i64::to_string).collect();
    let twice: Vec<String> = written.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id.to_string()).collect();
    verdict.note(format!("{} incidents acknowledged", acknowledged.len()));
    verdict.must("acknowledgements lost", lost.len(), &lost);
    verdict.must("acknowledgements written down more than once", twice.len(), &twice);
    Ok(())
}

/// Whether each telling that stands in Slack more than once had to be repeated, and says so.
fn repeats(in_slack: &BTreeMap<String, usize>, slack: &FakeSlack, verdict: &mut Verdict) {
    let (messages, look_ups) = (slack.all_messages(), slack.look_ups());
    let twice: Vec<&String> = in_slack.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id).collect();
    let (mut unmarked, mut needless) = (Vec::new(), Vec::new());
    for id in &twice {
        let copies: Vec<_> = messages.iter().filter(|message| message.notification_id() == Some(id)).collect();
        let (marked, plain): (Vec<_>, Vec<_>) =
            copies.iter().partition(|message| message.blocks.to_string().contains("may repeat"));
        if plain.len() > 1 {
            unmarked.push((*id).clone());
        }
        let is_needless = |repeat: &&&SlackMessage| {
            let others = copies.iter().filter(|copy| copy.ts != repeat.ts).map(|copy| copy.at);
            was_to_be_found(repeat.sent_at, others, &look_ups)
        };
        if marked.iter().any(is_needless) {
            needless.push((*id).clone());
        }
    }
    verdict.note(format!("{} tellings in Slack, {} of them twice", in_slack.len(), twice.len()));
    verdict.must("tellings posted again without saying so", unmarked.len(), &unmarked);
    verdict.must("tellings posted again although they were to be found", needless.len(), &needless);
}

/// Whether what was sent again at a moment had landed before somebody looked for it, or nobody had looked. Whoever sends
/// again looks right before.
fn was_to_be_found(sent_at: Timestamp, mut landed: impl Iterator<Item = Timestamp>, look_ups: &[Timestamp]) -> bool {
    let looked = look_ups.iter().rfind(|at| **at <= sent_at);
    looked.is_none_or(|looked| landed.any(|at| at < *looked))
}

/// The row that a message in Slack bears the number of.
fn number_of(id: &str) -> &str {
    id.rsplit([':', '-']).next().unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_needless_where_the_first_had_landed_before_anybody_looked() {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let cases = [
            ("it landed after the look-up", 6, vec![7], vec![5], false),
            ("it landed before", 6, vec![4], vec![5], true),
            ("only a look-up for another came after it", 6, vec![7], vec![1, 5, 8], false),
            ("nobody looked", 6, vec![4], vec![], true),
            ("one of two was to be found", 9, vec![3, 20], vec![8], true),
        ];
        for (case, sent, landed, looked, expected) in cases {
            let looked: Vec<Timestamp> = looked.into_iter().map(at).collect();
            assert_eq!(was_to_be_found(at(sent), landed.into_iter().map(at), &looked), expected, "{case}");
        }
    }
}
