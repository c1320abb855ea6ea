use super::*;

/// A stream of many statements, with names, numbers and steady words that vary, the same for the same seed.
fn stream(seed: u64, lines: usize) -> Vec<String> {
    let mut state = seed;
    let mut next = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let names = ["ana", "bob", "eve", "root", "x1", "a.b.c", "db.prod.example", "10.0.0.1", "zoe", "kim"];
    let verbs = ["opened", "closed", "lost", "refused", "retried", "dropped"];
    let mut line = || {
        let name = names[next(10) as usize];
        let verb = verbs[next(6) as usize];
        let number = next(1000);
        let letters: String = (0..4).map(|_| char::from(b'a' + next(26) as u8)).collect();
        match next(8) {
            0 => format!("user {name} {verb} session {number}"),
            1 => format!("connection to {name} {verb} after {number} ms"),
            2 => format!("{letters} logged in"),
            3 => format!("order {number} of {letters} {verb}"),
            4 => format!("state={verb} host={name} took={number}"),
            5 => format!("{verb} {letters} {name} at /srv/{letters}"),
            6 => format!("failed for {name} from {number}: {verb}"),
            _ => format!("{letters}: {verb} {letters} {number}"),
        }
    };
    (0..lines).map(|_| line()).collect()
}

#[test]
fn a_miner_restored_at_any_point_answers_as_the_one_that_never_stopped() {
    for capacity in [2_000, 30] {
        let lines = stream(7, 600);
        let mut whole = Miner::with_capacity(capacity);
        let answers: Vec<_> = lines.iter().map(|line| (whole.learn(line), whole.len())).collect();
        for stop in (0..lines.len()).step_by(53) {
            let mut stored: Vec<ClusterRow> = Vec::new();
            let mut first = Miner::with_capacity(capacity);
            for (index, line) in lines[..stop].iter().enumerate() {
                first.learn(line);
                if index % 10 == 0 || index + 1 == stop {
                    // The store keeps one row for a birth key, and gives them back as JSON did.
                    for row in first.rows_changed() {
                        stored.retain(|old| old.birth_key != row.birth_key);
                        stored.push(serde_json::from_str(&serde_json::to_string(&row).unwrap()).unwrap());
                    }
                }
            }
            let mut second = Miner::restore_with_capacity(capacity, stored.into_iter());
            for (line, (expected, size)) in lines[stop..].iter().zip(&answers[stop..]) {
                assert_eq!((&second.learn(line), &second.len()), (expected, size), "stopped at {stop}: {line}");
            }
            assert!((0..whole.len()).all(|cluster| whole.template(cluster) == second.template(cluster)));
        }
    }
}

#[test]
fn birth_keys_are_stable_and_no_two_clusters_share_one() {
    let mut miner = Miner::new();
    let first = miner.learn("connection to a.b.c refused after 5 ms");
    assert_eq!(first.birth_key, "cf741bd9b01f1273", "a stored key must mean the same in every version");
    assert!(first.is_new && !first.changed);
    let second = miner.learn("connection to d.e.f refused after 9 ms");
    assert_eq!(
        (second.cluster, &second.birth_key, second.is_new, second.changed),
        (first.cluster, &first.birth_key, false, true)
    );
    assert_eq!(miner.template(first.cluster), "connection to <*> refused after <*> ms");
    let third = miner.learn("connection to d.e.f refused after 9 ms");
    assert!(!third.is_new && !third.changed);
    for line in stream(3, 3_000) {
        miner.learn(&line);
    }
    let keys: std::collections::BTreeSet<_> = miner.rows_changed().into_iter().map(|row| row.birth_key).collect();
    assert_eq!(keys.len(), miner.len());
}

#[test]
fn a_line_stays_in_its_cluster_however_the_template_learns() {
    let mut miner = Miner::new();
    let lines = stream(11, 2_000);
    let born: Vec<(String, String)> = lines
        .iter()
        .map(|line| (line.clone(), miner.learn(line)))
        .filter(|(_, learned)| learned.is_new)
        .map(|(line, learned)| (line, learned.birth_key))
        .collect();
    for (line, key) in born {
        assert_eq!(miner.learn(&line).birth_key, key, "{line}");
    }
}

#[test]
fn statements_that_differ_in_one_word_are_kept_apart_and_names_are_not() {
    let together = |one: &str, other: &str| {
        let mut miner = Miner::new();
        miner.learn(one).cluster == miner.learn(other).cluster
    };
    assert!(!together("VM Resumed (Lifecycle Event)", "VM Stopped (Lifecycle Event)"));
    assert!(!together("\"GET /a HTTP/1.1\" 200", "\"POST /a HTTP/1.1\" 200"));
    assert!(!together("open failed: disk full", "open failed: permission denied"));
    assert!(together("session opened for user ana by (uid=0)", "session opened for user eve by (uid=500)"));
    assert!(together("Failed password for root from 10.0.0.1", "Failed password for git from 10.0.0.2"));
    assert!(together("asking db.one.example", "asking db.two.example"));
    assert!(together(
        "failed\n\tat a.B.c(B.java:1)\nCaused by: x.Y: gone\n\tat d.E.f(E.java:7)",
        "failed\n\tat a.B.other(B.java:9)\nCaused by: x.Y: gone\n\tat d.E.f(E.java:8)"
    ));
}

#[test]
fn a_word_that_varies_often_enough_becomes_a_wildcard_even_in_front() {
    let mut miner = Miner::new();
    let letters = || ('a'..='z').map(String::from);
    for name in letters().flat_map(|a| letters().map(move |b| format!("{a}{b}{a}"))) {
        miner.learn(&format!("{name} logged in"));
        miner.learn(&format!("greeting {name} warmly"));
    }
    assert!(miner.len() < 30, "{} clusters", miner.len());
    assert!((0..miner.len()).any(|cluster| miner.template(cluster) == "<*> logged in"));
}

#[test]
fn memory_is_bounded_whatever_comes_in() {
    let mut miner = Miner::with_capacity(100);
    for number in 0..20_000_u32 {
        let word = |salt: u32| -> String {
            number.wrapping_mul(salt).to_be_bytes().iter().map(|byte| char::from(b'a' + byte % 26)).collect()
        };
        let tail = "x ".repeat(number as usize % 300);
        miner.learn(&format!("{} {} {tail}", word(2_654_435_761), word(40_503)));
    }
    assert!(miner.len() <= 100 + 256 + 201, "{} clusters", miner.len());
    let cluster = miner.learn("some words nobody has seen").cluster;
    assert_eq!(cluster, miner.learn("other words nobody has seen").cluster, "a full miner tells lines apart by count");
}

#[test]
fn an_empty_miner_is_small_and_empty_lines_are_lines() {
    assert!(size_of::<Miner>() <= 160);
    let mut miner = Miner::default();
    assert!(miner.is_empty() && miner.rows_changed().is_empty() && miner.template(0).is_empty());
    assert!(miner.learn("").is_new);
    assert!(!miner.learn("\n \n").is_new);
    assert_eq!(miner.rows_changed().len(), 1);
    assert!(miner.rows_changed().is_empty());
}

#[test]
fn masked_text_takes_out_what_varies() {
    assert_eq!(masked("order 5 of\tana@example.com"), "order <*> of <*>");
    assert_eq!(masked(&"word ".repeat(1000)).split(' ').count(), 200);
}
