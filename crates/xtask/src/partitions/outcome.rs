//! What has come of the events, apart from what a run decides: numbers of rows and moments.

use std::collections::BTreeMap;
use tokio_postgres::Client;

/// An incident, by its fingerprint: kind, severity, urgency, service and the events counted.
type Incidents = BTreeMap<String, (String, String, String, String, i64)>;

/// The end of a run.
pub(super) struct Outcome {
    incidents: Incidents,
    /// By the number of an event the fingerprint of its incident, empty where it belongs to none.
    events: BTreeMap<i64, String>,
}

impl Outcome {
    pub(super) async fn read(db: &Client) -> anyhow::Result<Self> {
        // The rows of two incidents with one fingerprint must not pass for one.
        let sql = "SELECT fingerprint || '#' || row_number() OVER (PARTITION BY fingerprint ORDER BY id),
                          kind, severity, urgency, service, event_count FROM incidents";
        let incident =
            |row: &tokio_postgres::Row| (row.get(0), (row.get(1), row.get(2), row.get(3), row.get(4), row.get(5)));
        let incidents = db.query(sql, &[]).await?.iter().map(incident).collect();
        let sql = "SELECT (e.metadata->>'number')::bigint, coalesce(string_agg(i.fingerprint, ' '), '')
                     FROM raw_events e LEFT JOIN event_findings f ON f.event_id = e.id
                     LEFT JOIN incidents i ON i.id = f.incident_id
                    WHERE e.metadata ? 'number' GROUP BY e.id, 1";
        let mut events: BTreeMap<i64, String> = BTreeMap::new();
        for row in db.query(sql, &[]).await? {
            // One that is there twice is to differ from one that is there once.
            let of = events.entry(row.get(0)).or_default();
            of.push_str(row.get(1));
            of.push(';');
        }
        Ok(Self { incidents, events })
    }

    pub(super) fn events(&self) -> usize {
        self.events.len()
    }

    pub(super) fn incidents(&self) -> usize {
        self.incidents.len()
    }

    /// The events that incidents have counted.
    pub(super) fn counted(&self) -> i64 {
        self.incidents.values().map(|incident| incident.4).sum()
    }

    /// What is not the same in another run, in words.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = differences("incident", &self.incidents, &other.incidents);
        found.extend(differences("event", &self.events, &other.events));
        found
    }
}

fn differences<K, V>(what: &str, one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> Vec<String>
where
    K: Ord + std::fmt::Display,
    V: PartialEq + std::fmt::Debug,
{
    let changed = one.iter().filter_map(|(key, value)| match other.get(key) {
        Some(same) if same == value => None,
        Some(changed) => Some(format!("{what} {key} is {changed:?} instead of {value:?}")),
        None => Some(format!("{what} {key} is missing")),
    });
    let added =
        other.keys().filter(|key| !one.contains_key(key)).map(|key| format!("{what} {key} is there in addition"));
    changed.chain(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_differs_is_named() {
        let one = BTreeMap::from([(1, "a"), (2, "b"), (3, "c")]);
        let other = BTreeMap::from([(1, "a"), (2, "x"), (4, "d")]);
        let expected = ["event 2 is \"x\" instead of \"b\"", "event 3 is missing", "event 4 is there in addition"];
        assert_eq!(differences("event", &one, &other), expected);
        assert!(differences("event", &one, &one).is_empty());
    }
}
