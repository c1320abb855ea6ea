//! How good answers are.
//!
//! R@1 and R@5 are the shares of the answerable questions with a right memory first, or among the first five;
//! MRR is the mean of one over the rank of the first right one among the first ten. *Kept* is the share of the
//! answerable questions that got any answer, *rejected* that of the others that got none.

use super::labelled::Question;
use serde::Serialize;

/// Results that are looked at.
pub(super) const DEPTH: usize = 10;

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Answer {
    /// Whether there was anything to be found.
    pub(super) is_answerable: bool,
    /// Where the first right memory stands, from 1.
    pub(super) rank: Option<usize>,
    /// The similarity of the first result; `None` where there was none.
    pub(super) best: Option<f32>,
    /// The memory that came first.
    pub(super) first: Option<String>,
}

impl Answer {
    /// Of a question and the results it got, best first.
    pub(super) fn of(question: &Question, results: &[(String, f32)]) -> Self {
        let is_right = |(id, _): &(String, f32)| question.relevant.contains(id);
        Self {
            is_answerable: !question.relevant.is_empty(),
            rank: results.iter().take(DEPTH).position(is_right).map(|place| place + 1),
            best: results.first().map(|(_, similarity)| *similarity),
            first: results.first().map(|(id, _)| id.clone()),
        }
    }
}

/// From which similarity on a question counts as answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum AnsweredFrom {
    /// Every result counts: what was not worth showing is not among them.
    AnyResult,
    /// The similarity that keeps nine tenths of the answerable questions. It is found by looking at the
    /// answers, which no program can do, and so flatters.
    KeepingNineTenths,
}

/// Shares of 1; `None` where there is no such question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Score {
    pub(super) r1: f64,
    pub(super) r5: f64,
    pub(super) mrr: f64,
    pub(super) kept: f64,
    pub(super) rejected: Option<f64>,
}

/// The score of some answers, `None` where none of the questions had an answer.
pub(super) fn score<'a>(answers: impl IntoIterator<Item = &'a Answer>, answered_from: AnsweredFrom) -> Option<Score> {
    let (on, off): (Vec<&Answer>, Vec<&Answer>) = answers.into_iter().partition(|answer| answer.is_answerable);
    let cut = match answered_from {
        AnsweredFrom::AnyResult => f32::NEG_INFINITY,
        AnsweredFrom::KeepingNineTenths => {
            let mut best: Vec<f32> = on.iter().map(|answer| answer.best.unwrap_or(0.0)).collect();
            best.sort_by(|a, b| b.total_cmp(a));
            *best.get((best.len() * 9).div_ceil(10).checked_sub(1)?)?
        }
    };
    let is_answered = |answer: &Answer| answer.best.is_some_and(|best| best >= cut);
    let within = |depth: usize| share(&on, |answer| answer.rank.is_some_and(|rank| rank <= depth));
    let ranks = on.iter().filter_map(|answer| answer.rank);
    Some(Score {
        r1: within(1)?,
        r5: within(5)?,
        mrr: ranks.map(|rank| 1.0 / rank as f64).sum::<f64>() / on.len() as f64,
        kept: share(&on, is_answered)?,
        rejected: share(&off, |answer| !is_answered(answer)),
    })
}

fn share(answers: &[&Answer], holds: impl Fn(&Answer) -> bool) -> Option<f64> {
    let held = answers.iter().filter(|answer| holds(answer)).count();
    (!answers.is_empty()).then(|| held as f64 / answers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(is_answerable: bool, rank: Option<usize>, best: Option<f32>) -> Answer {
        Answer { is_answerable, rank, best, first: None }
    }

    #[test]
    fn ranks_count_as_far_as_they_are_looked_at() {
        let relevant = ["b".to_owned(), "l".to_owned()].into();
        let question = Question { id: "q".into(), kind: String::new(), query: "x".into(), relevant };
        let results = |ids: &str| -> Vec<(String, f32)> {
            ids.chars().zip(1..).map(|(id, place)| (id.to_string(), 1.0 / place as f32)).collect()
        };
        let check = |ids: &str, rank, best| {
            let first = ids.chars().next().map(String::from);
            assert_eq!(Answer::of(&question, &results(ids)), Answer { first, ..answer(true, rank, best) }, "{ids}");
        };
        check("abc", Some(2), Some(1.0));
        check("acdefghijkl", None, Some(1.0));
        check("", None, None);
    }

    #[test]
    fn every_measure_is_the_share_it_is_named_after() {
        let answers = [
            answer(true, Some(1), Some(0.9)),
            answer(true, Some(4), Some(0.5)),
            answer(true, None, Some(0.2)),
            answer(true, None, None),
            answer(false, None, None),
            answer(false, None, Some(0.1)),
        ];
        let expected = Score { r1: 0.25, r5: 0.5, mrr: 0.3125, kept: 0.75, rejected: Some(0.5) };
        assert_eq!(score(&answers, AnsweredFrom::AnyResult), Some(expected));
        // Nine tenths of four are all four, at a similarity of zero; what had no result stays unanswered.
        let flattered = score(&answers, AnsweredFrom::KeepingNineTenths);
        assert_eq!(flattered, Some(expected));
        let of_ten: Vec<Answer> = (1..=10u8).map(|n| answer(n > 1, Some(1), Some(f32::from(n) / 10.0))).collect();
        let of_ten = score(&of_ten, AnsweredFrom::KeepingNineTenths).unwrap();
        assert_eq!((of_ten.kept, of_ten.rejected), (1.0, Some(1.0)));
    }

    #[test]
    fn where_nothing_can_be_found_there_is_no_score() {
        assert_eq!(score(&[answer(false, None, None)], AnsweredFrom::AnyResult), None);
        assert_eq!(score(&[], AnsweredFrom::KeepingNineTenths), None);
        assert_eq!(score(&[answer(true, Some(1), Some(0.5))], AnsweredFrom::AnyResult).unwrap().rejected, None);
    }
}
