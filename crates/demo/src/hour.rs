//! [`Hour`]: healthy traffic, faults and hands on one line of time.

use crate::fault::Fault;
use crate::hands::{self, Hand};
use crate::script::seconds;
use crate::shop::Service;
use crate::traffic;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::event::NewEvent;

/// An event with its moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// When it is heard, from the beginning of the hour (or of the past incident).
    pub offset: SignedDuration,
    /// The fault it belongs to; `None` for the traffic of a good day.
    pub fault: Option<Fault>,
    /// What is heard.
    pub event: NewEvent,
}

/// An hour of the shop.
#[derive(Clone, Debug)]
pub struct Hour {
    seed: u64,
    begins: Timestamp,
    lasts: SignedDuration,
    rate: u32,
    faults: Vec<(Fault, SignedDuration)>,
}

impl Hour {
    /// The whole story: healthy traffic at first, then every fault.
    pub fn new(seed: u64, begins: Timestamp) -> Self {
        Self::with(seed, begins, &Fault::ALL)
    }

    /// The hour with only these faults.
    pub fn with(seed: u64, begins: Timestamp, faults: &[Fault]) -> Self {
        let faults = faults.iter().map(|fault| (*fault, fault.begins(seed))).collect();
        Self { seed, begins, lasts: SignedDuration::from_hours(1), rate: 1, faults }
    }

    /// Healthy traffic alone, for so long and at so many times the usual rate.
    pub fn healthy(seed: u64, begins: Timestamp, lasts: SignedDuration, rate: u32) -> Self {
        Self { seed, begins, lasts, rate, faults: Vec::new() }
    }

    /// The same, but it begins three minutes before its first fault and is over ten after its last one began.
    pub fn around_its_faults(mut self) -> Self {
        let first = self.faults.iter().map(|(_, at)| *at).min().unwrap_or(SignedDuration::ZERO);
        let skipped = (first - SignedDuration::from_mins(3)).max(SignedDuration::ZERO);
        for (_, at) in &mut self.faults {
            *at -= skipped;
        }
        let last = self.faults.iter().map(|(_, at)| *at).max().unwrap_or(SignedDuration::ZERO);
        self.lasts = self.lasts.min(last + SignedDuration::from_mins(10));
        self
    }

    /// When it begins.
    pub fn begins(&self) -> Timestamp {
        self.begins
    }

    /// How long it lasts.
    pub fn lasts(&self) -> SignedDuration {
        self.lasts
    }

    /// The faults of this hour and when they begin, in order of time.
    pub fn faults(&self) -> &[(Fault, SignedDuration)] {
        &self.faults
    }

    /// Everything that is heard, in order of time. The same seed and beginning give the same events.
    pub fn events(&self) -> Vec<Planned> {
        let mut planned = traffic::healthy(self.seed, self.begins, self.lasts, self.rate, &self.faults);
        for (fault, at) in &self.faults {
            planned.extend(fault.write(self.seed, self.begins, *at));
        }
        planned.extend(self.uneventful_deploy());
        planned.retain(|planned| planned.offset < self.lasts);
        planned.sort_by_key(|planned| planned.offset);
        planned
    }

    /// What people do, in order of time.
    pub fn hands(&self) -> Vec<Hand> {
        hands::of(&self.faults)
    }

    /// A deploy after which nothing happens.
    fn uneventful_deploy(&self) -> Vec<Planned> {
        let at = seconds(54 * 60);
        let mut script = crate::script::Script::new(self.begins, crate::dice::Dice::new(self.seed, "deploy"), None);
        if at < self.lasts {
            script.change(
                at,
                Service::Auth,
                "v1.18.2",
                "deployed v1.18.2 (commit 7be0a41): longer session names, by chen",
            );
        }
        script.finish()
    }
}

#[cfg(test)]
mod tests;
