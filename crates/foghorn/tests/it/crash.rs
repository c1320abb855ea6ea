//! `kill -9` at random points of a stream: nothing that was answered is lost, nothing is counted or told twice.

use crate::process::Server;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;

const EVENTS: usize = 20_000;
const BATCH: usize = 40;
const KILLS: usize = 10;

/// The `n`th event of the stream: of twenty services, some clean, some broken, each with its number.
fn numbered(n: usize) -> Value {
    let text = match n % 5 {
        0 => format!("ERROR Database connection timeout after {}ms, event <{n}>", 1000 + n % 977),
        1 => format!("ERROR deadlock detected while updating row {}, event <{n}>", n * 31),
        2 => format!("ERROR worker {} failed: java.lang.NullPointerException, event <{n}>", n % 7),
        _ => format!("INFO request {} served in {} ms, event <{n}>", n * 17, n % 300),
    };
    json!({ "source": format!("service-{}", n / 5 % 20), "type": "log", "payload": text })
}

fn batch(first: usize) -> String {
    Value::Array((first..first + BATCH).map(numbered).collect()).to_string()
}

/// A small generator of pseudo-random numbers (xorshift), so that a run can be repeated by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Streams all events at a server that is killed `kills` times. Answers the directory, and which batches
/// were answered with success.
fn stream(kills: usize, random: &mut Random) -> (TempDir, BTreeSet<usize>) {
    let directory = TempDir::new().unwrap();
    let mut server = Server::start_in(directory.path());
    let mut answered = BTreeSet::new();
    let batches = EVENTS / BATCH;
    let mut kill_at: BTreeSet<usize> = BTreeSet::new();
    while kill_at.len() < kills {
        kill_at.insert(random.below(batches as u64) as usize);
    }
    for index in 0..batches {
        if kill_at.contains(&index) {
            // The kill meets the request somewhere on its way: before, in the middle of, or after its commit.
            let pid = server.pid().to_string();
            let pause = std::time::Duration::from_micros(random.below(12_000));
            let killer = std::thread::spawn(move || {
                std::thread::sleep(pause);
                std::process::Command::new("kill").args(["-KILL", &pid]).status().unwrap();
            });
            let answer = server.request("POST", "/events", &batch(index * BATCH));
            killer.join().unwrap();
            answered.extend(matches!(answer, Some((200, _))).then_some(index));
            server.kill();
            server = Server::start_in(directory.path());
        } else {
            let (status, answer) = server.request("POST", "/events", &batch(index * BATCH)).unwrap();
            assert_eq!(status, 200, "{answer}");
            answered.insert(index);
        }
    }
    server.wait_until_idle();
    assert_eq!(server.stop(), Some(0));
    (directory, answered)
}

fn numbers_in_store(db: &Connection) -> BTreeMap<usize, usize> {
    let mut numbers = BTreeMap::new();
    let mut statement = db.prepare("SELECT payload FROM raw_events").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let payload: String = row.get(0).unwrap();
        let number = payload.split_once('<').unwrap().1.trim_end_matches('>').parse().unwrap();
        *numbers.entry(number).or_insert(0) += 1;
    }
    numbers
}

fn fingerprints(db: &Connection) -> BTreeSet<(String, String, String)> {
    let mut statement = db.prepare("SELECT service, kind, fingerprint FROM incidents").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn ten_kills_in_a_stream_of_twenty_thousand_events_lose_and_double_nothing() {
    let seed = std::env::var("FOGHORN_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed_0f09);
    println!("repeat with FOGHORN_TEST_SEED={seed}");
    let mut random = Random(seed);
    let (directory, answered) = stream(KILLS, &mut random);
    let db = Connection::open(directory.path().join("foghorn.db")).unwrap();

    let stored = numbers_in_store(&db);
    for (number, times) in &stored {
        assert_eq!(*times, 1, "event {number} is there {times} times");
    }
    for index in &answered {
        let whole = (index * BATCH..(index + 1) * BATCH).all(|number| stored.contains_key(&number));
        assert!(whole, "batch {index} was answered with success and is not all there");
    }
    assert!(answered.len() >= EVENTS / BATCH - KILLS);

    let counted = number(&db, "SELECT sum(event_count) FROM incidents");
    let belonging = number(&db, "SELECT count(*) FROM event_findings WHERE incident_id IS NOT NULL");
    let broken = stored.keys().filter(|number| *number % 5 <= 2).count() as i64;
    assert_eq!((counted, belonging), (broken, broken));
    let told_twice = number(
        &db,
        "SELECT count(*) FROM (SELECT 1 FROM audit_logs WHERE action = 'notified'
          GROUP BY incident_id, json_extract(details, '$.reason'), json_extract(details, '$.occurrence') HAVING count(*) > 1)",
    );
    assert_eq!(told_twice, 0);

    let (undisturbed, _) = stream(0, &mut random);
    let reference = Connection::open(undisturbed.path().join("foghorn.db")).unwrap();
    assert_eq!(fingerprints(&db), fingerprints(&reference));
    assert_eq!(fingerprints(&db).len(), 60);
}
