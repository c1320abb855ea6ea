//! Which faults there will be, in which order. The seed decides; nothing is left to how a run goes.

use super::dice::Dice;
use super::points::{POINTS, Point};
use anyhow::ensure;

/// Something to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A process dies at a named place.
    Crash(Point),
    /// A process is killed wherever it is.
    Kill,
    /// A process is asked to stop, as in a rolling restart.
    Restart,
    /// A process stands still for longer than any lease lasts.
    Stop,
    /// Connections to Postgres end in the middle of a statement.
    CutConnections,
    /// Postgres ends at once and recovers.
    StopPostgres,
    /// Postgres keeps its connections and answers nobody.
    FreezePostgres,
    /// Redis ends with all it had.
    KillRedis,
    /// Redis forgets all it had.
    FlushRedis,
    /// A process runs by a clock that is off.
    MoveTheClock,
    /// Slack hangs, or takes a message and does not say so, or takes it late.
    BreakSlack,
}

/// What is broken beside crash points, and how often compared with the others.
const OTHERS: [(Fault, u64); 10] = [
    (Fault::Kill, 20),
    (Fault::Restart, 8),
    (Fault::Stop, 10),
    (Fault::CutConnections, 20),
    (Fault::StopPostgres, 8),
    (Fault::FreezePostgres, 7),
    (Fault::KillRedis, 8),
    (Fault::FlushRedis, 6),
    (Fault::MoveTheClock, 6),
    (Fault::BreakSlack, 12),
];

/// Two rows of faults that go on beside each other.
pub(super) struct Deck {
    /// Deaths of the agents. The next one waits for the lease of the one before, so they are a row of their own.
    pub(super) of_agents: Vec<Point>,
    /// Everything else.
    pub(super) others: Vec<Fault>,
}

impl Deck {
    /// So many faults in all, each crash point so often among them and everything else at least once.
    pub(super) fn new(dice: &mut Dice, faults: usize, crash_hits: usize) -> anyhow::Result<Self> {
        let fewest = POINTS.len() * crash_hits + OTHERS.len();
        ensure!(faults >= fewest, "to hit each crash point {crash_hits} times takes --faults {fewest} or more");
        let points = POINTS.iter().flat_map(|point| std::iter::repeat_n(*point, crash_hits));
        let (mut of_agents, of_others): (Vec<Point>, Vec<Point>) = points.partition(|point| point.role == "agent");
        let mut others: Vec<Fault> = of_others.into_iter().map(Fault::Crash).collect();
        others.extend(OTHERS.map(|(fault, _)| fault));
        while others.len() + of_agents.len() < faults {
            others.push(weighted(dice));
        }
        dice.shuffle(&mut of_agents);
        dice.shuffle(&mut others);
        Ok(Self { of_agents, others })
    }
}

fn weighted(dice: &mut Dice) -> Fault {
    let mut left = dice.below(OTHERS.iter().map(|(_, weight)| weight).sum());
    for (fault, weight) in OTHERS {
        if left < weight {
            return fault;
        }
        left -= weight;
    }
    Fault::Kill
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deck_holds_every_crash_point_so_often_and_everything_else_at_least_once() {
        let deck = Deck::new(&mut Dice::new(1), 200, 5).unwrap();
        assert_eq!(deck.of_agents.len() + deck.others.len(), 200);
        for point in POINTS {
            let of_agents = deck.of_agents.iter().filter(|other| **other == point).count();
            let others = deck.others.iter().filter(|fault| **fault == Fault::Crash(point)).count();
            assert_eq!(of_agents + others, 5, "{point:?}");
        }
        for (fault, _) in OTHERS {
            assert!(deck.others.contains(&fault), "{fault:?}");
        }
    }

    #[test]
    fn too_few_faults_for_every_crash_point_are_refused() {
        assert!(Deck::new(&mut Dice::new(1), 99, 5).is_err());
        assert!(Deck::new(&mut Dice::new(1), 100, 5).is_ok());
    }

    #[test]
    fn a_seed_decides_the_order() {
        let deck = |seed| Deck::new(&mut Dice::new(seed), 120, 5).unwrap().others;
        assert_eq!(deck(1), deck(1));
        assert_ne!(deck(1), deck(2));
    }
}
