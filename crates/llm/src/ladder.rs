//! The ways of asking for JSON, and which of them a server was found to understand.
//!
//! Not every server that speaks the interface takes a schema, some take one without lengths only, and not every one
//! takes JSON mode. The best way is tried first; what a server refuses is not tried again for as long as the program
//! runs. What it takes and answers badly is left, too, until it has been ill and is well again: then it may be
//! another model.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A way of asking for JSON, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rung {
    /// `response_format` with the schema and how long texts may be. Where the server makes a grammar of it, the
    /// model cannot write on and on.
    BoundedSchema,
    /// The same without lengths, which some servers refuse.
    Schema,
    /// `response_format` of any JSON object.
    Object,
    /// In words alone; the object is looked for in the text.
    Text,
}

impl Rung {
    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BoundedSchema => "json_schema with lengths",
            Self::Schema => "json_schema",
            Self::Object => "json_object",
            Self::Text => "text",
        }
    }

    /// The next lower one.
    pub(crate) fn below(self) -> Self {
        match self {
            Self::BoundedSchema => Self::Schema,
            Self::Schema => Self::Object,
            Self::Object | Self::Text => Self::Text,
        }
    }
}

/// Unusable answers in a row on one rung, after which the next lower one is tried.
const STEPS_DOWN_AFTER: u8 = 3;

/// What is known of one server.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    /// The best that was not refused.
    taken: AtomicU8,
    /// The best that was not answered badly.
    trusted: AtomicU8,
    unusable: AtomicU8,
    wants_completion_tokens: AtomicBool,
    has_own_temperature: AtomicBool,
}

impl Ladder {
    pub(crate) fn rung(&self) -> Rung {
        match self.taken.load(Ordering::Relaxed).max(self.trusted.load(Ordering::Relaxed)) {
            0 => Rung::BoundedSchema,
            1 => Rung::Schema,
            2 => Rung::Object,
            _ => Rung::Text,
        }
    }

    /// The server does not take this rung. `false` where there is no lower one.
    pub(crate) fn step_down(&self, from: Rung) -> bool {
        self.unusable.store(0, Ordering::Relaxed);
        self.taken.fetch_max(from.below() as u8, Ordering::Relaxed);
        from != Rung::Text
    }

    /// A lower rung has been tried and was understood.
    pub(crate) fn settle_on(&self, rung: Rung) {
        self.taken.fetch_max(rung as u8, Ordering::Relaxed);
    }

    /// The server was ill: how badly it answered then says nothing about what it understands.
    pub(crate) fn trust_again(&self) {
        self.unusable.store(0, Ordering::Relaxed);
        self.trusted.store(0, Ordering::Relaxed);
    }

    /// An answer on this rung could, or could not, be used.
    pub(crate) fn answered(&self, rung: Rung, usable: bool) {
        if usable {
            self.unusable.store(0, Ordering::Relaxed);
        } else if self.unusable.fetch_add(1, Ordering::Relaxed) + 1 >= STEPS_DOWN_AFTER {
            self.unusable.store(0, Ordering::Relaxed);
            self.trusted.fetch_max(rung.below() as u8, Ordering::Relaxed);
        }
    }

    pub(crate) fn wants_completion_tokens(&self) -> bool {
        self.wants_completion_tokens.load(Ordering::Relaxed)
    }

    /// The server refused `max_tokens`. `false` if that was known.
    pub(crate) fn use_completion_tokens(&self) -> bool {
        !self.wants_completion_tokens.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn has_own_temperature(&self) -> bool {
        self.has_own_temperature.load(Ordering::Relaxed)
    }

    /// The server refused the temperature. `false` if that was known.
    pub(crate) fn leave_temperature(&self) -> bool {
        !self.has_own_temperature.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_rung_is_left_for_good_and_the_last_one_stays() {
        let ladder = Ladder::default();
        assert!(ladder.step_down(Rung::BoundedSchema) && ladder.rung() == Rung::Schema);
        assert!(ladder.step_down(Rung::Schema) && ladder.rung() == Rung::Object);
        // A call that was under way on the first rung learns the same and takes no second step.
        assert!(ladder.step_down(Rung::Schema) && ladder.rung() == Rung::Object);
        assert!(ladder.step_down(Rung::Object) && ladder.rung() == Rung::Text);
        assert!(!ladder.step_down(Rung::Text) && ladder.rung() == Rung::Text);
    }

    #[test]
    fn unusable_answers_in_a_row_lead_down_and_one_good_answer_forgets_them() {
        let ladder = Ladder::default();
        ladder.step_down(Rung::BoundedSchema);
        ladder.answered(Rung::Schema, false);
        ladder.answered(Rung::Schema, false);
        ladder.answered(Rung::Schema, true);
        ladder.answered(Rung::Schema, false);
        ladder.answered(Rung::Schema, false);
        assert_eq!(ladder.rung(), Rung::Schema);
        ladder.answered(Rung::Schema, false);
        assert_eq!(ladder.rung(), Rung::Object);
        // After an illness the best is tried again, but not what was refused.
        ladder.trust_again();
        assert_eq!(ladder.rung(), Rung::Schema);
    }
}
