//! Scores side by side, for people and for programs.

use super::folds::Fold;
use super::recall::{Outcome, Wrong};
use super::score::Score;
use crate::table::{self, Cell};
use crate::terminal::{Colour, Screen, harmless};
use foghorn_domain::text::cut;
use foghorn_recall::Weights;
use serde_json::{Value, json};
use std::io::{Result, Write};

const HEADINGS: [&str; 6] = ["", ">R@1", ">R@5", ">MRR", ">KEPT", ">REJECTED"];

/// For people.
pub(super) fn write<W: Write>(
    screen: &mut Screen<W>,
    outcomes: &[Outcome],
    folds: Option<&[Fold]>,
    lists_wrong: bool,
) -> Result<()> {
    for outcome in outcomes {
        let Outcome { name, memories, answerable, unanswerable, rows, wrong } = outcome;
        let head = format!(
            "{}: {memories} memories, {answerable} answerable and {unanswerable} unanswerable questions",
            harmless(name)
        );
        screen.line(screen.painted(Colour::Bold, &head))?;
        let rows: Vec<Vec<Cell>> =
            rows.iter().map(|row| cells(row.name.to_owned(), &row.score, row.is_flattered)).collect();
        table::write(screen, &HEADINGS, &rows)?;
        if lists_wrong {
            wrong.iter().try_for_each(|wrong| screen.line(line_of(wrong)))?;
        }
        screen.line("")?;
    }
    screen.line("* at the similarity that keeps nine tenths, found by looking at the answers")?;
    let Some(folds) = folds else { return Ok(()) };
    screen.line("")?;
    let head = format!("weights chosen on {} of {} parts, scored on the part left out", folds.len() - 1, folds.len());
    screen.line(screen.painted(Colour::Bold, &head))?;
    let mut rows = Vec::new();
    for (number, fold) in (1..).zip(folds) {
        let name = format!("part {number} ({}): {}", fold.questions, shown(&fold.chosen));
        rows.push(cells(name, &fold.score, false));
        rows.push(cells("  the product's weights".to_owned(), &fold.of_product, false));
    }
    table::write(screen, &HEADINGS, &rows)?;
    screen.line("")?;
    let of = |of: fn(&Fold) -> &Score| -> Vec<Vec<f64>> { folds.iter().map(|fold| measures(of(fold))).collect() };
    let rows = [
        spread_cells("chosen weights", &of(|fold| &fold.score)),
        spread_cells(&format!("product: {}", shown(&Weights::default())), &of(|fold| &fold.of_product)),
    ];
    table::write(screen, &["MEAN ± STANDARD DEVIATION", ">R@1", ">R@5", ">MRR", ">KEPT", ">REJECTED"], &rows)
}

fn cells(name: String, score: &Score, is_flattered: bool) -> Vec<Cell> {
    let mark = if is_flattered { "*" } else { "" };
    let mut cells = vec![Cell::new(name)];
    cells.extend([score.r1, score.r5, score.mrr].map(|share| Cell::new(format!("{share:.3}"))));
    cells.push(Cell::new(format!("{:.3}{mark}", score.kept)));
    cells.push(Cell::new(score.rejected.map_or("-".to_owned(), |share| format!("{share:.3}{mark}"))));
    cells
}

fn shown(weights: &Weights) -> String {
    let Weights { lexical, lexical_by_sameness, service } = weights;
    format!("words {lexical} + {lexical_by_sameness} × sameness, service {service}")
}

fn line_of(wrong: &Wrong) -> String {
    let Wrong { id, query, relevant, answer, .. } = wrong;
    let got = match (&answer.first, answer.best) {
        (Some(first), Some(best)) => format!("got {} at {best:.3}", harmless(first)),
        _ => "got nothing".to_owned(),
    };
    let wanted = if relevant.is_empty() { "nothing".to_owned() } else { relevant.join(" or ") };
    let rank = answer.rank.map(|rank| format!(", the right one at {rank}")).unwrap_or_default();
    harmless(&format!("{id} wants {wanted}, {got}{rank}: {}", cut(query, 120)))
}

/// R@1, R@5, MRR, kept, rejected; a share of no questions is left out.
fn measures(score: &Score) -> Vec<f64> {
    [Some(score.r1), Some(score.r5), Some(score.mrr), Some(score.kept), score.rejected].into_iter().flatten().collect()
}

fn spread_cells(name: &str, folds: &[Vec<f64>]) -> Vec<Cell> {
    let mut cells = vec![Cell::new(name)];
    for column in 0..HEADINGS.len() - 1 {
        let values: Vec<f64> = folds.iter().filter_map(|fold| fold.get(column).copied()).collect();
        let text = spread(&values).map(|(mean, deviation)| format!("{mean:.3} ± {deviation:.3}"));
        cells.push(Cell::new(text.unwrap_or_else(|| "-".to_owned())));
    }
    cells
}

/// Mean and sample standard deviation.
fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (mean, (squares / (count - 1.0)).sqrt()))
}

/// For programs.
pub(super) fn json(outcomes: &[Outcome], folds: Option<&[Fold]>, lists_wrong: bool) -> Value {
    let sets: Vec<Value> = outcomes.iter().map(|outcome| set(outcome, lists_wrong)).collect();
    let mut whole = json!({ "sets": sets });
    if let Some(folds) = folds {
        let fold = |fold: &Fold| {
            json!({
                "questions": fold.questions, "weights": weights(&fold.chosen), "score": fold.score,
                "product": fold.of_product,
            })
        };
        whole["folds"] = folds.iter().map(fold).collect();
        whole["product_weights"] = weights(&Weights::default());
    }
    whole
}

fn set(outcome: &Outcome, lists_wrong: bool) -> Value {
    let Outcome { name, memories, answerable, unanswerable, rows, wrong } = outcome;
    let scores: serde_json::Map<String, Value> =
        rows.iter().map(|row| (row.key.to_owned(), json!(row.score))).collect();
    let mut set = json!({
        "name": name, "memories": memories, "answerable": answerable, "unanswerable": unanswerable,
        "scores": scores,
    });
    if lists_wrong {
        let line = |wrong: &Wrong| {
            json!({
                "id": wrong.id, "kind": wrong.kind, "query": wrong.query, "relevant": wrong.relevant,
                "first": wrong.answer.first, "similarity": wrong.answer.best, "rank": wrong.answer.rank,
            })
        };
        set["wrong"] = wrong.iter().map(line).collect();
    }
    set
}

fn weights(weights: &Weights) -> Value {
    let Weights { lexical, lexical_by_sameness, service } = weights;
    json!({ "lexical": lexical, "lexical_by_sameness": lexical_by_sameness, "service": service })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::eval::recall::Row;
    use crate::commands::eval::score::Answer;
    use crate::terminal::screen_of;

    #[test]
    fn every_row_stands_beside_the_product_and_what_flatters_is_marked() {
        let score = Score { r1: 0.5, r5: 0.75, mrr: 0.6, kept: 0.9, rejected: None };
        let row = |name, is_flattered| Row { name, key: name, score, is_flattered };
        let answer = Answer { is_answerable: true, rank: Some(2), best: Some(0.4), first: Some("a\u{1b}".to_owned()) };
        let wrong = Wrong {
            id: "q".to_owned(),
            kind: String::new(),
            query: "no space".to_owned(),
            relevant: vec!["b".to_owned()],
            answer,
        };
        let outcome = Outcome {
            name: "set".to_owned(),
            memories: 3,
            answerable: 4,
            unanswerable: 0,
            rows: vec![row("both", false), row("words", true)],
            wrong: vec![wrong],
        };
        let better = Score { r1: 0.7, ..score };
        let fold =
            |score| Fold { questions: 2, chosen: Weights::default(), score, of_product: Score { r1: 0.5, ..better } };
        let folds = [fold(score), fold(better)];
        let mut out = Vec::new();
        write(&mut screen_of(&mut out, false, None), &[outcome], Some(&folds), true).unwrap();
        let text = String::from_utf8(out).unwrap();
        for part in [
            "set: 3 memories, 4 answerable and 0 unanswerable",
            "both   0.500  0.750  0.600   0.900         -",
            "words  0.500  0.750  0.600  0.900*",
            "q wants b, got a",
            "at 0.400, the right one at 2: no space",
            "0.600 ± 0.141",
            "0.500 ± 0.000",
        ] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
