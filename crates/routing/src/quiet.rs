//! Keeping quiet on purpose: whether an incident is held, by what, and until when.
//!
//! Asked at send time, from what the store holds then, so that a restart neither leaks what is silenced nor
//! loses what no longer is. The order is maintenance, silence, inhibition; then, for those who know when a
//! receiver was told last, [`within_interval`] and the storm. The first that holds is the reason that is kept.

use crate::inhibition::{Inhibition, Open};
use crate::maintenance::Maintenance;
use crate::silence::Silence;
use crate::spell;
use crate::subject::Subject;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::IncidentId;
use foghorn_domain::severity::Urgency;
use foghorn_domain::words;
use serde::{Deserialize, Serialize};

/// Everything that keeps quiet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet<'a> {
    /// Recurring maintenance, from the file.
    pub maintenance: &'a [Maintenance],
    /// Silences, from the store; those that are not active do not count.
    pub silences: &'a [Silence],
    /// Inhibition rules, from the file.
    pub inhibitions: &'a [Inhibition],
}

/// Not told, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The reason, a sentence.
    pub why: String,
    /// What holds it.
    #[serde(flatten)]
    pub by: HeldBy,
    /// When to look again; `None` where no time says so, but another incident.
    pub until: Option<Timestamp>,
}

/// What holds a telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", content = "id", rename_all = "lowercase")]
pub enum HeldBy {
    /// Recurring maintenance.
    Maintenance,
    /// The silence with this id.
    Silence(i64),
    /// The open incident with this id.
    Inhibition(IncidentId),
    /// The receiver was told about the like a moment ago.
    Interval,
    /// The receiver gets one message for many.
    Storm,
}

impl Quiet<'_> {
    /// Whether the subject is held now. `open` are the incidents that may inhibit; the subject's own may be
    /// among them.
    pub fn verdict(&self, subject: &Subject<'_>, open: &[Open<'_>], now: Timestamp) -> Option<Held> {
        self.maintained(subject, now).or_else(|| self.silenced(subject, now)).or_else(|| self.inhibited(subject, open))
    }

    /// Of several windows the one that ends last, so that nobody looks again for nothing.
    fn maintained(&self, subject: &Subject<'_>, now: Timestamp) -> Option<Held> {
        let holding = self.maintenance.iter().filter_map(|window| Some((window.holds(subject, now)?, window)));
        let (until, window) = holding.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
        let why = format!("maintenance until {}: {}", words::moment(until, now), window.why);
        Some(Held { why, by: HeldBy::Maintenance, until: Some(until) })
    }

    /// Likewise, then the oldest.
    fn silenced(&self, subject: &Subject<'_>, now: Timestamp) -> Option<Held> {
        let holding = self.silences.iter().filter(|silence| silence.is_active(now) && silence.matches(subject));
        let silence = holding.min_by_key(|silence| (std::cmp::Reverse(silence.end()), silence.id))?;
        let (id, until) = (silence.id, silence.end());
        let (who, moment) = (&silence.created_by, words::moment(until, now));
        let why = format!("silence {id} by {who} until {moment}: {}", silence.comment);
        Some(Held { why, by: HeldBy::Silence(id), until: Some(until) })
    }

    fn inhibited(&self, subject: &Subject<'_>, open: &[Open<'_>]) -> Option<Held> {
        let causes = open.iter().filter(|other| !other.is_inhibited);
        let muting = causes.filter_map(|cause| {
            let rule = self.inhibitions.iter().position(|rule| rule.mutes(&cause.subject, subject))?;
            Some((cause.id, rule))
        });
        let (id, rule) = muting.min()?;
        let name = self.inhibitions[rule].name.clone().unwrap_or_else(|| format!("inhibit[{rule}]"));
        let why = format!("inhibited by incident {id} ({name})");
        Some(Held { why, by: HeldBy::Inhibition(id), until: None })
    }
}

/// Whether a receiver is spared because it was told about the same service and environment less than the
/// route's `group_interval` ago. Pages are never held back. Meant for incidents that open: what is told again
/// because it got worse or came back has a reason of its own to be read.
pub fn within_interval(
    urgency: Urgency,
    interval: Option<SignedDuration>,
    told_last: Option<Timestamp>,
    now: Timestamp,
) -> Option<Held> {
    let (interval, told_last) = (interval?, told_last?);
    let until = told_last.checked_add(interval).ok()?;
    if urgency == Urgency::Page || until <= now {
        return None;
    }
    let why =
        format!("told about the same service {}; at most every {}", words::ago(told_last, now), spell::write(interval));
    Some(Held { why, by: HeldBy::Interval, until: Some(until) })
}

#[cfg(test)]
mod tests;
