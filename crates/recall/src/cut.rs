//! Whether the best match of a query is worth showing.
//!
//! A query of another trade is unlike everything a memory holds; one about the house's own systems is a
//! little like all of it. So the meaning of the best match and the likeness to the memory as a whole are
//! judged together. Rare words that a memory shares (the name of an exception, a host) speak for it too, where
//! meaning alone would be in doubt: a model knows little of such names.

/// What was decided about the results of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Results below this similarity are not shown.
    pub similarity: f32,
    /// Whether results are to be called weak matches: the memory is too small to know what noise is.
    pub is_weak: bool,
}

/// How near a query is to what is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nearness {
    /// The similarity of the best match.
    pub best: f32,
    /// The highest cosine, with what the name of the service adds; `None` without a model.
    pub meaning: Option<f32>,
    /// The highest lexical score.
    pub words: f32,
    /// The mean cosine with all memories.
    pub at_home: f32,
    /// The mean cosine of the memories with each other.
    pub sameness: f32,
    /// How many memories there are.
    pub memories: usize,
}

/// Below this many memories the cut is fixed.
const COLD_START: usize = 50;

/// The fixed cut of a small memory, and of one that is searched by words alone.
const FIXED_CUT: f32 = 0.30;

/// What meaning and likeness must reach together, and what full sameness adds to it.
const GATE: f32 = 0.45;
const GATE_BY_SAMENESS: f32 = 0.10;

/// What shared words add to it, beyond what any two texts share by chance.
const GATE_BY_WORDS: f32 = 0.25;
const WORDS_BY_CHANCE: f32 = 0.12;

/// Once a query is answered, results down to this share of the best one are shown.
const SHOWN_SHARE: f32 = 0.4;

/// The cut for one query.
pub fn cut_for(nearness: &Nearness) -> Cut {
    let Nearness { best, meaning, words, at_home, sameness, memories } = *nearness;
    match meaning {
        Some(meaning) if memories >= COLD_START => {
            let by_words = GATE_BY_WORDS * (words - WORDS_BY_CHANCE).max(0.0);
            let is_answered = meaning + at_home + by_words >= GATE + GATE_BY_SAMENESS * sameness;
            Cut { similarity: if is_answered { best * SHOWN_SHARE } else { f32::INFINITY }, is_weak: false }
        }
        _ => Cut { similarity: FIXED_CUT, is_weak: memories < COLD_START },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_memory_has_a_fixed_cut_and_weak_matches() {
        let near = Nearness { best: 0.9, meaning: Some(0.9), memories: 49, ..Nearness::default() };
        assert_eq!(cut_for(&near), Cut { similarity: 0.30, is_weak: true });
        assert!(!cut_for(&Nearness { memories: 50, ..near }).is_weak);
    }

    #[test]
    fn words_alone_have_the_fixed_cut_however_many_memories_there_are() {
        let near = Nearness { best: 0.9, memories: 5_000, ..Nearness::default() };
        assert_eq!(cut_for(&near), Cut { similarity: 0.30, is_weak: false });
    }

    #[test]
    fn a_query_that_is_at_home_nowhere_is_answered_with_nothing() {
        let near = |meaning, at_home, sameness| Nearness {
            best: 0.5,
            meaning: Some(meaning),
            at_home,
            sameness,
            memories: 500,
            ..Nearness::default()
        };
        assert!(cut_for(&near(0.30, 0.05, 0.2)).similarity > 1.0);
        assert_eq!(cut_for(&near(0.40, 0.15, 0.2)).similarity, 0.2);
        assert!(cut_for(&near(0.36, 0.12, 0.2)).similarity <= 0.2);
        // Where all memories are alike, being a little like all of them says less.
        assert!(cut_for(&near(0.36, 0.12, 0.7)).similarity > 1.0);
    }

    #[test]
    fn shared_rare_words_speak_for_a_match_that_meaning_alone_leaves_in_doubt() {
        let near = |words, meaning| Nearness {
            best: 0.5,
            meaning: Some(meaning),
            words,
            at_home: 0.09,
            sameness: 0.2,
            memories: 500,
        };
        assert!(cut_for(&near(0.1, 0.36)).similarity > 1.0);
        assert_eq!(cut_for(&near(0.31, 0.36)).similarity, 0.2);
        assert!(cut_for(&near(0.31, 0.2)).similarity > 1.0, "not where the meaning is another");
    }
}
