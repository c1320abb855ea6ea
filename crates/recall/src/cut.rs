//! Whether the best match of a query is worth showing.
//!
//! A query of another trade is unlike everything a memory holds; one about the house's own systems is a
//! little like all of it. So the best match and the likeness to the memory as a whole are judged together.

/// What was decided about the results of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Results below this similarity are not shown.
    pub similarity: f32,
    /// Whether results are to be called weak matches: the memory is too small to know what noise is.
    pub is_weak: bool,
}

/// Below this many memories the cut is fixed.
pub(crate) const COLD_START: usize = 50;

/// The fixed cut of a small memory.
pub(crate) const COLD_CUT: f32 = 0.30;

/// What the best similarity and the likeness to the memory as a whole must reach together. Chosen on the
/// development half of the retrieval set, see docs/recall.md.
pub(crate) const GATE: f32 = 0.347;

/// Once a query is answered, results down to this share of the best one are shown.
pub(crate) const SHOWN_SHARE: f32 = 0.4;

/// The cut for one query. `at_home` is the query's likeness to the memory as a whole, on the scale of
/// similarities.
pub fn cut_for(best: f32, at_home: f32, memories: usize) -> Cut {
    if memories < COLD_START {
        return Cut { similarity: COLD_CUT, is_weak: true };
    }
    let similarity = if best + at_home >= GATE { best * SHOWN_SHARE } else { f32::INFINITY };
    Cut { similarity, is_weak: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_memory_has_a_fixed_cut_and_weak_matches() {
        assert_eq!(cut_for(0.9, 0.0, 10), Cut { similarity: COLD_CUT, is_weak: true });
    }

    #[test]
    fn a_query_that_is_at_home_nowhere_is_answered_with_nothing() {
        assert!(cut_for(0.2, 0.01, 500).similarity > 1.0);
        assert!(cut_for(0.5, 0.1, 500).similarity <= 0.2);
    }
}
