//! Whether the weights of the signals were only good for the questions they were chosen on: chosen again on
//! four fifths of all questions and scored on the fifth that had no say (k-fold cross-validation).
//!
//! The questions of all sets are dealt out together, each kind evenly, in the order of the files: no dice, so
//! that everybody gets the same folds.

use super::runs::{Asked, Shown};
use super::score::{Answer, AnsweredFrom, Score, score};
use foghorn_recall::Weights;
use std::collections::HashMap;

/// The weights that are tried: the product's and what lies around them.
const LEXICAL: [f32; 5] = [0.0, 0.1, 0.2, 0.4, 0.8];
const LEXICAL_BY_SAMENESS: [f32; 4] = [0.0, 0.6, 1.2, 2.4];
const SERVICE: [f32; 4] = [0.0, 0.05, 0.1, 0.2];

/// One fold.
#[derive(Debug)]
pub(super) struct Fold {
    /// Questions that had no say.
    pub(super) questions: usize,
    /// The weights that were best on the others.
    pub(super) chosen: Weights,
    /// What those score on the questions that had no say.
    pub(super) score: Score,
    /// What the product's own weights score on them.
    pub(super) of_product: Score,
}

/// All weights that are tried, the product's first: it wins where another is no better.
pub(super) fn grid() -> Vec<Weights> {
    let mut grid = vec![Weights::default()];
    for lexical in LEXICAL {
        for lexical_by_sameness in LEXICAL_BY_SAMENESS {
            for service in SERVICE {
                let weights = Weights { lexical, lexical_by_sameness, service };
                if weights != Weights::default() {
                    grid.push(weights);
                }
            }
        }
    }
    grid
}

/// Chooses and scores. `asking` is told how many of the weights have been tried.
pub(super) async fn validate(sets: &[Asked], folds: usize, mut asking: impl FnMut(usize)) -> anyhow::Result<Vec<Fold>> {
    let grid = grid();
    let mut answers = Vec::with_capacity(grid.len());
    for (tried, weights) in grid.iter().enumerate() {
        asking(tried);
        let mut of_weights = Vec::new();
        for set in sets {
            of_weights.extend(set.by_both(*weights, Shown::WorthShowing).await?);
        }
        answers.push(of_weights);
    }
    let kinds: Vec<&str> =
        sets.iter().flat_map(|set| &set.set.questions).map(|question| question.kind.as_str()).collect();
    choose(&grid, &answers, &dealt(&kinds, folds), folds)
}

/// The fold of each question: those of a kind take turns.
fn dealt(kinds: &[&str], folds: usize) -> Vec<usize> {
    let mut turns: HashMap<&str, usize> = HashMap::new();
    let mut dealt = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let turn = turns.entry(kind).or_default();
        dealt.push(*turn % folds);
        *turn += 1;
    }
    dealt
}

/// `answers` holds, for each of the grid's weights, an answer to each question; `fold_of` the fold of each.
fn choose(grid: &[Weights], answers: &[Vec<Answer>], fold_of: &[usize], folds: usize) -> anyhow::Result<Vec<Fold>> {
    let part = |weights: usize, takes: &dyn Fn(usize) -> bool| {
        let held = answers[weights].iter().zip(fold_of).filter(|(_, fold)| takes(**fold));
        let held: Vec<&Answer> = held.map(|(answer, _)| answer).collect();
        score(held, AnsweredFrom::AnyResult)
    };
    let mut done = Vec::with_capacity(folds);
    for fold in 0..folds {
        let (mut chosen, mut best) = (0, f64::NEG_INFINITY);
        for weights in 0..grid.len() {
            let mrr = part(weights, &|other| other != fold).map_or(0.0, |score| score.mrr);
            // Sums of the same fractions in another order differ in the last digits.
            if mrr > best + 1e-9 {
                (chosen, best) = (weights, mrr);
            }
        }
        let left_out = |weights| {
            let too_few = || anyhow::anyhow!("fold {} has no answerable question; ask for fewer folds", fold + 1);
            part(weights, &|other| other == fold).ok_or_else(too_few)
        };
        done.push(Fold {
            questions: fold_of.iter().filter(|other| **other == fold).count(),
            chosen: grid[chosen],
            score: left_out(chosen)?,
            of_product: left_out(0)?,
        });
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_own_weights_are_among_those_that_are_tried_and_none_twice() {
        let grid = grid();
        assert_eq!(grid[0], Weights::default());
        assert_eq!(grid.len(), LEXICAL.len() * LEXICAL_BY_SAMENESS.len() * SERVICE.len());
    }

    #[test]
    fn every_kind_is_dealt_evenly() {
        assert_eq!(dealt(&["a", "b", "a", "a", "b", "c"], 2), [0, 0, 1, 0, 1, 0]);
    }

    #[test]
    fn weights_are_chosen_without_the_questions_they_are_scored_on() {
        let answer = |rank| Answer { is_answerable: true, rank, best: Some(0.5), first: None };
        // The first weights are right about the questions of fold 0 alone, the second about those of fold 1.
        let right = |fold: usize| -> Vec<Answer> { (0..6).map(|n| answer((n % 2 == fold).then_some(1))).collect() };
        let grid = [Weights::default(), Weights { service: 0.5, ..Weights::default() }];
        let folds = choose(&grid, &[right(0), right(1)], &[0, 1, 0, 1, 0, 1], 2).unwrap();
        assert_eq!(folds.iter().map(|fold| fold.chosen).collect::<Vec<_>>(), [grid[1], grid[0]]);
        assert_eq!(folds.iter().map(|fold| fold.score.r1).collect::<Vec<_>>(), [0.0, 0.0]);
        assert_eq!(folds.iter().map(|fold| fold.of_product.r1).collect::<Vec<_>>(), [1.0, 0.0]);
        assert_eq!(folds[0].questions, 3);
    }

    #[test]
    fn more_folds_than_answerable_questions_are_refused() {
        let answer = Answer { is_answerable: true, rank: None, best: None, first: None };
        let error = choose(&[Weights::default()], &[vec![answer]], &[0], 2).unwrap_err();
        assert!(error.to_string().contains("fewer folds"), "{error}");
    }
}
