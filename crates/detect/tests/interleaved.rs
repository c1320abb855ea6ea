//! The logs of eight programs, each in a format of its own, line by line in one miner that is stopped and restored on the
//! way: every log is grouped as if it were alone, and no template changes its name.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

use foghorn_detect::header;
use foghorn_detect::template::{ClusterRow, Miner};
use std::collections::{BTreeMap, HashMap, HashSet};

const LINES: usize = 400;
const STOPS: usize = 4;

/// What a program writes before its message; `{n}` is a number that grows.
const FORMATS: [&str; 8] = [
    "Dec 10 07:28:{s} LabSZ sshd[{n}]: ",
    "[Thu Jun 09 06:07:{s} 2005] [error] [client 10.0.0.{s}] ",
    "2026-01-02 03:04:{s},{m} INFO [main-{n}] org.example.Server: ",
    "I0102 15:04:{s}.{m}123 {n} controller.go:{n}] ",
    "03-17 16:13:{s}.{m}  1702  {n} D PowerManager: ",
    "081109 2036{s} {n} INFO dfs.DataNode: ",
    "<165>1 2026-01-02T03:04:{s}.{m}Z host app {n} ID47 - ",
    "2017-05-16 00:00:{s}.{m} 2931 INFO nova.compute.manager [req-{n}-a1 - - -] ",
];

/// What the eight programs say, four statements each, with a name (`{w}`), numbers and addresses.
const STATEMENTS: [[&str; 4]; 8] = [
    [
        "Failed password for {w} from 10.1.2.{s} port {n} ssh2",
        "session opened for user {w} by (uid={n})",
        "Received disconnect from 10.1.2.{s}: 11: Bye Bye",
        "reverse mapping checking getaddrinfo for {w}.example.net [10.1.2.{s}] failed",
    ],
    [
        "script not found or unable to stat: /var/www/{w}.php",
        "Directory index forbidden by rule: /var/www/{w}/",
        "mod_jk child workerEnv in error state {s}",
        "jk2_init() Found child {n} in scoreboard slot {s}",
    ],
    [
        "accepted connection from 10.0.0.{s}:{n} in {m} ms",
        "order {n} paid by card, {s} items",
        "cache refreshed: {n} entries, {m} kB",
        "shutting down worker {s} after {n} jobs",
    ],
    [
        "Starting pod {w}-{n} on node 10.3.0.{s}",
        "Observed a change of replicas of {w}-{n}: {s} of {m} ready",
        "Garbage collected {n} images, freed {m} MB",
        "lease {n} renewed for {s} seconds",
    ],
    [
        "acquire lock=0x{n}, flags=0x{s}, tag=\"*launch*\"",
        "release lock=0x{n}, flags=0x{s}",
        "ready=true, policy={s}, wakefulness={m}",
        "visible is system.time.showampm",
    ],
    [
        "Receiving block blk_-{n}00{m} src: /10.4.0.{s}:{n} dest: /10.4.1.{s}:50010",
        "PacketResponder {s} for block blk_{n}00{m} terminating",
        "Deleting block blk_{n} file /data/{w}/blk_{n}",
        "Verification succeeded for blk_-{n}",
    ],
    [
        "connection refused (111) after {n}ms",
        "queue depth is {n}, oldest message {m} s",
        "retrying upload of part {s} to bucket {n}",
        "certificate expires in {s} days",
    ],
    [
        "VM Started (Lifecycle Event) {n}",
        "Took {s}.{m} seconds to build instance {n}",
        "Attempting claim: memory {n} MB, disk {s} GB, vcpus {s} CPU",
        "Deleting instance files /var/lib/nova/instances/{n}_del",
    ],
];

const NAMES: [&str; 6] = ["root", "ana", "db-1", "x7", "git", "test0"];

/// A line and which statement it is of.
struct Line {
    text: String,
    statement: usize,
}

/// The log of one program, the same each time.
fn log(program: usize) -> Vec<Line> {
    let mut state = program as u64 + 1;
    let mut dice = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let mut line = |_| {
        let statement = dice(4) as usize;
        let text = format!("{}{}", FORMATS[program], STATEMENTS[program][statement]);
        let text =
            text.replace("{n}", &(1_000 + dice(9_000)).to_string()).replace("{m}", &(100 + dice(900)).to_string());
        let text = text.replace("{s}", &(10 + dice(50)).to_string()).replace("{w}", NAMES[dice(6) as usize]);
        Line { text, statement }
    };
    (0..LINES).map(&mut line).collect()
}

fn name(miner: &mut Miner, line: &Line) -> String {
    miner.learn(&header::parse(&line.text).message).birth_key
}

/// Which lines are together, whatever their groups are called: for each the first of its group.
fn grouping(names: &[String]) -> Vec<usize> {
    let mut first = HashMap::new();
    names.iter().enumerate().map(|(index, name)| *first.entry(name).or_insert(index)).collect()
}

/// The share of lines whose group is exactly their statement.
fn accuracy(lines: &[Line], names: &[String]) -> f64 {
    let mut together: HashMap<(usize, &str), usize> = HashMap::new();
    let (mut of_statement, mut of_name) = (BTreeMap::new(), HashMap::new());
    for (line, name) in lines.iter().zip(names) {
        *together.entry((line.statement, name.as_str())).or_default() += 1;
        *of_statement.entry(line.statement).or_insert(0) += 1;
        *of_name.entry(name.as_str()).or_insert(0) += 1;
    }
    let exact = together
        .iter()
        .filter(|((statement, name), count)| of_statement[statement] == **count && of_name[name] == **count);
    exact.map(|(_, count)| *count).sum::<usize>() as f64 / lines.len() as f64
}

#[test]
fn eight_programs_in_one_process_with_restarts_are_grouped_as_each_alone_and_keep_their_names() {
    let logs: Vec<Vec<Line>> = (0..FORMATS.len()).map(log).collect();
    let mut names: Vec<Vec<String>> = vec![Vec::new(); logs.len()];
    let mut never_stopped = Miner::new();
    let mut miner = Miner::new();
    let mut stored: BTreeMap<u32, String> = BTreeMap::new();
    for index in 0..LINES {
        for (log, names) in logs.iter().zip(&mut names) {
            let name_now = name(&mut miner, &log[index]);
            assert_eq!(name_now, name(&mut never_stopped, &log[index]), "line {index}: {}", log[index].text);
            names.push(name_now);
        }
        let rows = miner.rows_changed();
        stored.extend(rows.iter().map(|row| (row.sequence, serde_json::to_string(row).unwrap())));
        if index % (LINES / (STOPS + 1)) == LINES / (STOPS + 1) - 1 {
            let rows = stored.values().map(|row| serde_json::from_str::<ClusterRow>(row).unwrap());
            miner = Miner::restore(rows);
        }
    }
    for (log, names) in logs.iter().zip(&names) {
        let mut alone = Miner::new();
        let names_alone: Vec<String> = log.iter().map(|line| name(&mut alone, line)).collect();
        assert_eq!(grouping(names), grouping(&names_alone), "{}", log[0].text);
        assert!(accuracy(log, names) >= 0.98, "{}: {}", log[0].text, accuracy(log, names));
        // A line that comes again, however much was learned since, is called what it was called.
        for (line, named) in log.iter().zip(names) {
            assert_eq!(&name(&mut miner, line), named, "{}", line.text);
        }
    }
    let of_each: Vec<HashSet<&String>> = names.iter().map(|names| names.iter().collect()).collect();
    assert_eq!(of_each.iter().map(HashSet::len).sum::<usize>(), of_each.iter().flatten().collect::<HashSet<_>>().len());
}
