//! Every way of tampering, each found and each named by its row.

use super::*;
use std::str::FromStr;

#[derive(Clone)]
struct Row {
    id: i64,
    incident_id: Option<i64>,
    who: String,
    action: String,
    details: String,
    created_at: String,
    prev_hash: String,
    hash: String,
}

impl Row {
    fn new(id: i64) -> Self {
        Self {
            id,
            incident_id: (id % 3 != 0).then_some(id.wrapping_mul(10)),
            who: ["ana", "agent", "bob"][id as usize % 3].to_owned(),
            action: "acknowledged".to_owned(),
            details: format!(r#"{{"row":{id}}}"#),
            created_at: format!("2026-01-02T03:04:{:02}Z", id % 60),
            prev_hash: String::new(),
            hash: String::new(),
        }
    }

    fn compute(&self) -> String {
        entry_hash(&self.prev_hash, self.id, self.incident_id, &self.who, &self.action, &self.details, &self.created_at)
    }

    fn contents(&mut self) -> [&mut String; 4] {
        [&mut self.who, &mut self.action, &mut self.details, &mut self.created_at]
    }
}

/// Seals rows from the one at `from` on, as the server would have.
fn seal(rows: &mut [Row], from: usize) {
    for at in from..rows.len() {
        rows[at].prev_hash = at.checked_sub(1).map_or(GENESIS.to_owned(), |before| rows[before].hash.clone());
        rows[at].hash = rows[at].compute();
    }
}

fn chain(ids: impl IntoIterator<Item = i64>) -> Vec<Row> {
    let mut rows: Vec<Row> = ids.into_iter().map(Row::new).collect();
    seal(&mut rows, 0);
    rows
}

fn read(mut verifier: Verifier, rows: &[Row]) -> Report {
    for row in rows {
        verifier.push(&StoredRow {
            id: row.id,
            incident_id: row.incident_id,
            who: &row.who,
            action: &row.action,
            details: &row.details,
            created_at: &row.created_at,
            prev_hash: &row.prev_hash,
            hash: &row.hash,
        });
    }
    verifier.finish()
}

fn problems(rows: &[Row]) -> Vec<Problem> {
    let strict = read(Verifier::new(IdSequence::Gapless), rows).problems;
    assert_eq!(read(Verifier::new(IdSequence::MayHaveGaps), rows).problems, strict, "with gaps allowed");
    strict
}

fn anchor(row: &Row) -> Anchor {
    Anchor { id: row.id, hash: row.hash.clone() }
}

fn against(heads: &[Anchor], rows: &[Row]) -> Vec<Problem> {
    read(Verifier::new(IdSequence::Gapless).with_heads(heads.iter().cloned()), rows).problems
}

#[test]
fn an_untouched_chain_is_intact_and_its_end_is_reported() {
    let rows = chain(1..=9);
    let report = read(Verifier::new(IdSequence::Gapless).with_heads(rows.iter().map(anchor)), &rows);
    assert!(report.is_intact(), "{:?}", report.problems);
    assert_eq!((report.rows, report.sealed, report.waiting, report.heads_confirmed), (9, 9, 0, 9));
    assert_eq!((report.last_id, &report.last_hash), (9, &rows[8].hash));
    assert!(read(Verifier::new(IdSequence::Gapless), &[]).is_intact());
}

#[test]
fn a_change_in_any_column_names_its_row() {
    for column in 0..7 {
        for place in 0..9 {
            let mut rows = chain(1..=9);
            let row = &mut rows[place];
            match column {
                0..4 => row.contents()[column].push('x'),
                4 => row.incident_id = Some(999),
                5 => row.prev_hash = "1".repeat(64),
                _ => row.hash = "2".repeat(64),
            }
            assert_eq!(problems(&rows), [Problem::Changed { id: place as i64 + 1 }], "column {column}");
        }
    }
    let mut rows = chain(1..=9);
    rows[0].incident_id = None;
    assert_eq!(problems(&rows), [Problem::Changed { id: 1 }]);
}

#[test]
fn a_row_changed_with_its_hash_computed_anew_is_named_by_the_next_one() {
    let mut rows = chain(1..=9);
    rows[3].who = "mallory".to_owned();
    rows[3].hash = rows[3].compute();
    assert_eq!(problems(&rows), [Problem::Rehashed { id: 4 }]);
}

#[test]
fn a_first_row_that_follows_nothing_known_is_named() {
    let mut rows = chain(1..=1);
    rows[0].prev_hash = "3".repeat(64);
    rows[0].hash = rows[0].compute();
    assert_eq!(problems(&rows), [Problem::Rehashed { id: 1 }]);
}

#[test]
fn removed_rows_are_named_exactly() {
    let check = |removed: std::ops::RangeInclusive<i64>, expected: Problem, sentence: &str| {
        let mut rows = chain(1..=9);
        rows.retain(|row| !removed.contains(&row.id));
        assert_eq!(problems(&rows), std::slice::from_ref(&expected));
        assert!(expected.to_string().starts_with(sentence), "{expected}");
    };
    check(
        5..=5,
        Problem::Missing { after_id: 4, before_id: 6 },
        "row 5 is missing between row 4 and row 6: bring it back",
    );
    check(2..=4, Problem::Missing { after_id: 1, before_id: 5 }, "rows 2 to 4 are missing between");
    check(1..=1, Problem::Missing { after_id: 0, before_id: 2 }, "row 1 is missing between row 0 and row 2");
}

#[test]
fn gaps_in_ids_are_no_problem_where_the_chain_goes_over_them() {
    let rows = chain([2, 3, 7, 8]);
    assert!(read(Verifier::new(IdSequence::MayHaveGaps), &rows).is_intact());
    assert_eq!(read(Verifier::new(IdSequence::Gapless), &rows).problems.len(), 2);
    let without_seven: Vec<Row> = rows.into_iter().filter(|row| row.id != 7).collect();
    let found = read(Verifier::new(IdSequence::MayHaveGaps), &without_seven).problems;
    assert_eq!(found, [Problem::Missing { after_id: 3, before_id: 8 }]);
}

#[test]
fn exchanged_rows_are_told_from_changed_ones() {
    for (one, other) in [(3, 4), (2, 7), (0, 8)] {
        let expected = [
            Problem::Reordered { id: one as i64 + 1, holds: other as i64 + 1 },
            Problem::Reordered { id: other as i64 + 1, holds: one as i64 + 1 },
        ];
        // With their hashes: everything but the ids.
        let mut rows = chain(1..=9);
        rows.swap(one, other);
        (rows[one].id, rows[other].id) = (one as i64 + 1, other as i64 + 1);
        assert_eq!(problems(&rows), expected);
        // Without: only what they say.
        let mut rows = chain(1..=9);
        let [left, right] = rows.get_disjoint_mut([one, other]).expect("two rows");
        for (left, right) in left.contents().into_iter().zip(right.contents()) {
            std::mem::swap(left, right);
        }
        std::mem::swap(&mut left.incident_id, &mut right.incident_id);
        assert_eq!(problems(&rows), expected);
    }
}

#[test]
fn rows_handed_over_out_of_order_are_named() {
    let mut rows = chain(1..=9);
    rows.swap(4, 5);
    let found = read(Verifier::new(IdSequence::MayHaveGaps), &rows).problems;
    assert!(found.contains(&Problem::OutOfOrder { id: 5, after_id: 6 }), "{found:?}");
}

#[test]
fn a_cut_off_end_is_seen_by_a_head_or_by_what_the_store_remembers() {
    let rows = chain(1..=9);
    let kept = &rows[..6];
    assert!(read(Verifier::new(IdSequence::Gapless), kept).is_intact(), "the chain alone cannot know");
    let cut = [Problem::Cut { last_id: 6, head_id: 9 }];
    assert_eq!(against(&[anchor(&rows[2]), anchor(&rows[8])], kept), cut);
    assert_eq!(read(Verifier::new(IdSequence::Gapless).with_remembered_end(anchor(&rows[8])), kept).problems, cut);
    assert_eq!(against(&[anchor(&rows[8])], &[]), [Problem::Cut { last_id: 0, head_id: 9 }]);
    assert!(cut[0].to_string().contains("rows 7 to 9 were cut off"), "{}", cut[0]);
    assert_eq!(cut[0].row(), 7);
}

#[test]
fn an_end_cut_off_and_written_over_by_others_is_seen_too() {
    let rows = chain(1..=9);
    let mut kept = rows[..6].to_vec();
    kept.push(Row::new(12));
    let found = read(Verifier::new(IdSequence::MayHaveGaps).with_heads([anchor(&rows[8])]), &kept).problems;
    assert_eq!(found, [Problem::Missing { after_id: 6, before_id: 12 }]);
}

#[test]
fn an_inserted_row_is_named() {
    // Ids with room in between, as Postgres may leave them.
    let mut rows = chain([1, 2, 3, 5, 6]);
    let mut forged = Row::new(4);
    forged.prev_hash = rows[2].hash.clone();
    forged.hash = forged.compute();
    rows.insert(3, forged);
    assert_eq!(problems(&rows), [Problem::Inserted { id: 4 }]);
}

#[test]
fn a_forged_row_behind_the_last_one_is_named_where_the_store_remembers_its_end() {
    let rows = chain(1..=9);
    let found = read(Verifier::new(IdSequence::Gapless).with_remembered_end(anchor(&rows[7])), &rows).problems;
    assert_eq!(found, [Problem::Inserted { id: 9 }]);
}

#[test]
fn a_chain_computed_anew_no_longer_fits_its_heads() {
    let original = chain(1..=9);
    let mut rows = original.clone();
    rows[4].who = "mallory".to_owned();
    seal(&mut rows, 4);
    assert!(problems(&rows).is_empty(), "the chain alone cannot know");
    let heads: Vec<Anchor> = [1, 3, 6, 8].map(|place| anchor(&original[place])).to_vec();
    let found = against(&heads, &rows);
    assert_eq!(found, [Problem::HeadMismatch { id: 7, last_good_id: 4 }]);
    assert!(found[0].to_string().contains("between row 5 and row 7"), "{}", found[0]);
}

#[test]
fn a_row_removed_from_a_chain_computed_anew_is_missed_by_its_head() {
    let original = chain(1..=9);
    let mut rows = original.clone();
    rows.remove(4);
    seal(&mut rows, 4);
    let verifier = Verifier::new(IdSequence::MayHaveGaps).with_heads([anchor(&original[4])]);
    assert_eq!(read(verifier, &rows).problems, [Problem::Missing { after_id: 4, before_id: 6 }]);
}

#[test]
fn rows_of_others_wait_at_the_end_and_are_a_problem_anywhere_else() {
    let mut rows = chain(1..=6);
    rows.extend([Row::new(7), Row::new(8)]);
    let report = read(Verifier::new(IdSequence::Gapless).with_heads([anchor(&rows[5])]), &rows);
    assert!(report.is_intact());
    assert_eq!((report.waiting, report.sealed, report.last_id), (2, 6, 6));

    let mut slipped_in = chain([1, 2, 3, 5, 6]);
    slipped_in.insert(3, Row::new(4));
    assert_eq!(problems(&slipped_in), [Problem::Unsealed { id: 4 }]);

    let mut lost_its_hash = chain(1..=6);
    lost_its_hash[2].hash.clear();
    assert_eq!(problems(&lost_its_hash), [Problem::Unsealed { id: 3 }]);
}

#[test]
fn a_last_row_that_lost_its_hash_does_not_pass_for_a_waiting_one() {
    let original = chain(1..=6);
    let mut rows = original.clone();
    rows[5].hash.clear();
    rows[5].who = "mallory".to_owned();
    assert_eq!(against(&[anchor(&original[5])], &rows), [Problem::Unsealed { id: 6 }]);
}

#[test]
fn two_problems_in_one_chain_are_both_named_in_the_order_of_the_rows() {
    let mut rows = chain(1..=20);
    rows[14].details.push(' ');
    rows.remove(3);
    assert_eq!(problems(&rows), [Problem::Missing { after_id: 3, before_id: 5 }, Problem::Changed { id: 15 }]);
}

#[test]
fn a_log_that_is_all_wrong_is_reported_in_bounded_room() {
    let mut rows = chain(1..=500);
    rows.iter_mut().for_each(|row| row.who.push('x'));
    let report = read(Verifier::new(IdSequence::Gapless), &rows);
    assert_eq!((report.problems.len(), report.problem_count), (Report::MAX_PROBLEMS, 500));
    assert!(!report.is_intact());
}

#[test]
fn ids_at_the_edge_of_their_range_do_no_harm() {
    let rows = chain([-5, 0, 1, i64::MAX]);
    let heads = [i64::MIN, -1, 0, i64::MAX - 1, i64::MAX].map(|id| Anchor { id, hash: "no hash".to_owned() });
    let report = read(Verifier::new(IdSequence::MayHaveGaps).with_heads(heads), &rows);
    assert!(!report.is_intact());
    assert!(report.problems.iter().all(|problem| !problem.to_string().is_empty()));
}

#[test]
fn fields_cannot_be_shifted_into_each_other() {
    let hash = |incident, who, action| entry_hash(GENESIS, 1, incident, who, action, "{}", "2026-01-02T03:04:05Z");
    assert_ne!(hash(None, "ab", "c"), hash(None, "a", "bc"));
    assert_ne!(hash(None, "a", "b"), hash(Some(0), "a", "b"));
    assert_eq!(hash(None, "a", "b").len(), GENESIS.len());
}

#[test]
fn the_hash_of_a_row_never_changes_between_versions() {
    // Written down, so that a change of the encoding, which would break every log there is, is noticed.
    let hash = entry_hash(GENESIS, 1, Some(7), "ana", "acknowledged", r#"{"note":null}"#, "2026-01-02T03:04:05Z");
    assert_eq!(hash, "2331e1adc5f57f8a8ea799424988ee568af116dcbb18ba57e29ab7ff20d2b731");
}

#[test]
fn a_signed_head_is_read_back_and_any_change_to_it_is_noticed() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = key.verifying_key();
    let at = Timestamp::from_str("2026-01-02T03:04:05.000006Z").expect("a time");
    let head = sign_head(&key, 9, &"a".repeat(64), at);
    assert_eq!(Head::from_line(&head.to_line()), Ok(head.clone()));
    assert_eq!(verify_head(&public, &head), Ok(()));
    assert_eq!(parse_verifying_key(&verifying_key_text(&public)), Ok(public));

    let wrong = Err(HeadError::WrongSignature { id: 9 });
    assert_eq!(verify_head(&public, &Head { hash: "b".repeat(64), ..head.clone() }), wrong);
    assert_eq!(
        verify_head(&public, &Head { at: at + crate::clock::SignedDuration::from_secs(1), ..head.clone() }),
        wrong
    );
    assert_eq!(verify_head(&public, &Head { signature: "0".repeat(128), ..head.clone() }), wrong);
    assert_eq!(verify_head(&public, &Head { signature: "é".to_owned(), ..head.clone() }), wrong);
    let moved = Head { id: 10, ..head.clone() };
    assert_eq!(verify_head(&public, &moved), Err(HeadError::WrongSignature { id: 10 }));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert!(matches!(verify_head(&other, &head), Err(HeadError::OtherKey { id: 9, .. })));
}

#[test]
fn lines_that_are_no_heads_are_refused() {
    for line in [
        "",
        "{}",
        "[1]",
        "{\"id\":1,\"hash\":\"short\",\"at\":\"2026-01-02T03:04:05Z\",\"signature\":\"\",\"key_id\":\"\"}",
    ] {
        assert!(matches!(Head::from_line(line), Err(HeadError::Malformed { .. })), "{line}");
    }
    for text in ["", "zz", &"0".repeat(63), &"é".repeat(64)] {
        assert_eq!(parse_verifying_key(text), Err(HeadError::MalformedKey), "{text}");
    }
}
