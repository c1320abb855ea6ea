//! What the people of the shop do about the faults, and when: `ana` looks after databases, `ben` after
//! checkout and catalog, `chen` after security, `dana` is on call for everything else.

use crate::fault::{Fault, attack, deploy, latency, pool};
use crate::script::seconds;
use foghorn_domain::clock::SignedDuration;

/// Something a person does to incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    /// When, counted like the offsets of the events beside it.
    pub at: SignedDuration,
    /// Incidents of which fault; `None` in a past incident that is none of the hour's faults.
    pub fault: Option<Fault>,
    /// Which of them.
    pub whom: Whom,
    /// The person.
    pub who: &'static str,
    /// What the person does.
    pub deed: Deed,
}

/// Which incidents of a fault a hand is laid on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The one that people were told about by a message of its own.
    Told,
    /// Every one that is still open.
    Open,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Takes it.
    Acknowledge,
    /// Asks for more, with a note.
    AskForMore(&'static str),
    /// Ends it and writes down what fixed it.
    Resolve(&'static str),
    /// Ends it with a note.
    Close(&'static str),
    /// Says that it is nothing, with a note.
    Dismiss(&'static str),
    /// Writes down what fixed it after its source has ended it.
    WriteDown(&'static str),
}

impl Deed {
    /// Whether it leaves in memory what fixed an incident.
    pub fn is_a_fix(self) -> bool {
        matches!(self, Self::Resolve(_) | Self::WriteDown(_))
    }
}

fn hand(at: SignedDuration, fault: Fault, whom: Whom, who: &'static str, deed: Deed) -> Hand {
    Hand { at, fault: Some(fault), whom, who, deed }
}

/// The deeds of the hour, in order of time. `begins` says when each fault that is played began.
pub(crate) fn of(faults: &[(Fault, SignedDuration)]) -> Vec<Hand> {
    let mut hands: Vec<Hand> = faults.iter().flat_map(|(fault, begins)| about(*fault, *begins)).collect();
    hands.sort_by_key(|hand| hand.at);
    hands
}

fn about(fault: Fault, begins: SignedDuration) -> Vec<Hand> {
    let after = |second: i64, whom, who, deed| hand(begins + seconds(second), fault, whom, who, deed);
    match fault {
        Fault::PoolExhaustion => vec![
            after(90, Whom::Told, "ana", Deed::Acknowledge),
            after(
                pool::LASTS + 60,
                Whom::Told,
                "ana",
                Deed::Resolve("stopped the sales report that held 140 idle connections; reports now use the replica"),
            ),
        ],
        Fault::AttackWave => vec![
            after(70, Whom::Told, "chen", Deed::Acknowledge),
            after(
                attack::LASTS + 45,
                Whom::Told,
                "chen",
                Deed::Resolve("blocked 203.0.113.66 at the proxy; no request got through, nothing was read"),
            ),
            after(attack::LASTS + 60, Whom::Open, "chen", Deed::Close("the same scanner")),
        ],
        Fault::FlappingCheck => vec![
            after(420, Whom::Told, "dana", Deed::AskForMore("does it always stall while Redis saves to disk?")),
            after(1290, Whom::Told, "dana", Deed::WriteDown("moved saving to disk to the replica of sessions")),
        ],
        Fault::LatencyClimb => vec![
            after(150, Whom::Told, "ben", Deed::Acknowledge),
            after(latency::LASTS + 70, Whom::Open, "ben", Deed::Close("ended with the slow queries")),
            after(
                latency::LASTS + 90,
                Whom::Told,
                "ben",
                Deed::WriteDown(
                    "added the index product_views (product, day); views older than a year go to the archive",
                ),
            ),
        ],
        Fault::BadDeploy => vec![
            after(60, Whom::Told, "ben", Deed::Acknowledge),
            after(
                deploy::LASTS + 60,
                Whom::Told,
                "ben",
                Deed::Resolve("rolled checkout back to v2.40.3; a test with an empty coupon goes into v2.41.1"),
            ),
            after(deploy::LASTS + 75, Whom::Open, "ben", Deed::Close("gone with the rollback")),
        ],
    }
}
