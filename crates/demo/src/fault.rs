//! What goes wrong in the hour: five faults, one file each.

pub(crate) mod pool;
pub(crate) mod attack;
pub(crate) mod flapping;
pub(crate) mod latency;
pub(crate) mod deploy;

use crate::dice::Dice;
use crate::hour::Planned;
use crate::script::{Script, seconds};
use crate::shop::Service;
use foghorn_domain::clock::{SignedDuration, Timestamp};

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A report takes up the connections of the orders database; who needs one, waits and fails.
    PoolExhaustion,
    /// Somebody tries everything they know against the shop.
    AttackWave,
    /// A check of the session store fails and recovers every minute or two.
    FlappingCheck,
    /// Reading products gets slower and slower, until readers give up.
    LatencyClimb,
    /// A new version of checkout cannot handle coupons.
    BadDeploy,
}

impl Fault {
    /// Every fault, in the order in which they come.
    pub const ALL: [Self; 5] =
        [Self::PoolExhaustion, Self::AttackWave, Self::FlappingCheck, Self::LatencyClimb, Self::BadDeploy];

    /// What people would call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::PoolExhaustion => "connection pool exhausted",
            Self::AttackWave => "attack wave",
            Self::FlappingCheck => "flapping check",
            Self::LatencyClimb => "latency climb",
            Self::BadDeploy => "bad deploy",
        }
    }

    /// When it begins in the hour of this seed. The first ten minutes and more are free of faults, and no two
    /// begin within two minutes of each other.
    pub fn begins(self, seed: u64) -> SignedDuration {
        let minute = match self {
            Self::PoolExhaustion => 12,
            Self::AttackWave => 20,
            Self::FlappingCheck => 25,
            Self::LatencyClimb => 30,
            Self::BadDeploy => 45,
        };
        seconds(minute * 60 + Dice::new(seed, self.title()).between(0, 100))
    }

    /// Everything it causes, from `at` on.
    pub(crate) fn write(self, seed: u64, begins: Timestamp, at: SignedDuration) -> Vec<Planned> {
        let mut script = Script::new(begins, Dice::new(seed, self.title()), Some(self));
        match self {
            Self::PoolExhaustion => pool::write(&mut script, at, pool::LASTS),
            Self::AttackWave => attack::write(&mut script, at, attack::LASTS),
            Self::FlappingCheck => flapping::write(&mut script, at, flapping::FLIPS),
            Self::LatencyClimb => latency::write(&mut script, at, latency::LASTS),
            Self::BadDeploy => deploy::write(&mut script, at),
        }
        script.finish()
    }

    /// How many times its usual value a service's number has, so long after the fault began.
    pub(crate) fn strain(self, service: Service, since: SignedDuration) -> f64 {
        let share = |lasts: i64| {
            let at = since.as_secs_f64() / lasts as f64;
            if (0.0..=1.0).contains(&at) { at } else { 0.0 }
        };
        match (self, service) {
            (Self::PoolExhaustion, Service::OrdersDb) if share(pool::LASTS) > 0.0 => 2.7,
            (Self::PoolExhaustion, Service::Checkout) if share(pool::LASTS) > 0.0 => 18.0,
            (Self::LatencyClimb, Service::Catalog) => 1.0 + 38.0 * share(latency::LASTS).sqrt(),
            (Self::LatencyClimb, Service::CatalogDb) => 1.0 + 9.0 * share(latency::LASTS).sqrt(),
            _ => 1.0,
        }
    }
}
