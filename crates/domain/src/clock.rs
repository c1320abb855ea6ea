//! Time as an argument. Stages hold a [`Clock`]; pure functions take a [`Timestamp`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub use jiff::{SignedDuration, Timestamp};

/// Where a stage asks what time it is.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_microsecond()))))
    }

    /// The present moment, to the microsecond.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => truncate(Timestamp::now()),
            Source::Manual(micros) => from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. The machine's clock is left alone.
    pub fn advance(&self, by: SignedDuration) {
        if let Source::Manual(micros) = &self.0 {
            let step = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, never backwards. The machine's clock is left alone.
    pub fn advance_to(&self, at: Timestamp) {
        if let Source::Manual(micros) = &self.0 {
            micros.fetch_max(at.as_microsecond(), Ordering::SeqCst);
        }
    }
}

/// Cuts a timestamp to the microsecond, the precision both stores keep.
pub fn truncate(at: Timestamp) -> Timestamp {
    from_micros(at.as_microsecond())
}

fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}
