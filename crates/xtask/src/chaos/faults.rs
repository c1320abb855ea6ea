//! Breaking one thing after the other, as the [`deck`](super::deck) has it.
//!
//! Agents die at their crash points beside everything else: one that is dead keeps the lease for some seconds, and the
//! others are not idle meanwhile.

use super::deck::{Deck, Fault};
use super::dice::Dice;
use super::fleet::{Fleet, Slot};
use super::people::People;
use super::points::{POINTS, Point, Points};
use super::servers::{Postgres, Redis};
use super::wire::Wire;
use foghorn_testkit::{FakeSlack, Fault as OfSlack};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A process stopped for longer than any lease lasts.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(20);

/// Postgres is away for so long that events wait for it.
const LONG_ENOUGH_TO_SPOOL: Duration = Duration::from_secs(2);

/// How often a crash point is tried again that nobody came by.
const TRIES: u32 = 2;

/// Everything that can be broken.
pub(super) struct Target {
    pub(super) fleet: Arc<Fleet>,
    pub(super) points: Points,
    pub(super) postgres: Postgres,
    pub(super) redis: Redis,
    pub(super) wire: Wire,
    pub(super) slack: Arc<FakeSlack>,
    pub(super) people: People,
}

/// The faults so far.
pub(super) struct Faults {
    target: Target,
    /// From one fault to the next, about.
    every: Duration,
    counts: Mutex<BTreeMap<String, u32>>,
    done: AtomicU32,
}

impl Faults {
    pub(super) fn new(target: Target, every: f64) -> Self {
        Self { target, every: Duration::from_secs_f64(every), counts: Mutex::default(), done: AtomicU32::new(0) }
    }

    pub(super) fn every(&self) -> Duration {
        self.every
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Goes through the whole deck. `progress` hears of it every now and then.
    pub(super) async fn inject(&self, deck: Deck, dice: &mut Dice, progress: impl Fn(u32)) -> anyhow::Result<()> {
        let mut of_agents = Dice::new(dice.roll());
        tokio::try_join!(
            self.kill_agents(deck.of_agents, &mut of_agents),
            self.go_through(deck.others, dice, progress)
        )?;
        Ok(())
    }

    async fn kill_agents(&self, points: Vec<Point>, dice: &mut Dice) -> anyhow::Result<()> {
        let mut spared = Vec::new();
        for point in points {
            tokio::time::sleep(Duration::from_millis(dice.below(1_500))).await;
            if !self.crash(point).await? {
                spared.push(point);
            }
        }
        // Another time: it depends on what there is to tell just then.
        for point in spared {
            self.crash(point).await?;
        }
        Ok(())
    }

    async fn go_through(&self, faults: Vec<Fault>, dice: &mut Dice, progress: impl Fn(u32)) -> anyhow::Result<()> {
        for (number, fault) in faults.into_iter().enumerate() {
            tokio::time::sleep(self.every.mul_f64(0.5 + dice.below(1000) as f64 / 1000.0)).await;
            if number > 0 && number.is_multiple_of(20) {
                progress(self.done.load(Ordering::Relaxed));
            }
            let what = match fault {
                Fault::Crash(point) => {
                    self.crash(point).await?;
                    continue;
                }
                other => self.break_something(other, dice).await?,
            };
            self.note(what);
        }
        Ok(())
    }

    fn note(&self, what: String) {
        *self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).entry(what).or_default() += 1;
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Has a process die at a point. It counts as a fault when one has, and only then is the answer `true`.
    async fn crash(&self, point: Point) -> anyhow::Result<bool> {
        for _ in 0..TRIES {
            let (hit, ()) = tokio::try_join!(self.target.points.hit(point), self.lead_to(point))?;
            if hit {
                self.note(format!("{} died at a crash point", point.role));
                return Ok(true);
            }
        }
        super::say(&format!("nobody came by \"{}\"", point.name));
        Ok(false)
    }

    /// Does what takes a process to a point, where nobody passes by himself.
    async fn lead_to(&self, point: Point) -> anyhow::Result<()> {
        let Target { fleet, points, postgres, slack, people, .. } = &self.target;
        if point.is_of_the_spool() {
            postgres.stop_at_once().await?;
            tokio::time::sleep(LONG_ENOUGH_TO_SPOOL).await;
            postgres.start_again().await?;
        }
        while point.role == "web" && points.is_armed(point) {
            people.acknowledge_something(slack, fleet).await?;
        }
        Ok(())
    }

    async fn break_something(&self, fault: Fault, dice: &mut Dice) -> anyhow::Result<String> {
        let Target { fleet, postgres, redis, wire, slack, .. } = &self.target;
        let slot = dice.one(fleet.slots()).cloned();
        let milliseconds = |from: u64, to: u64, dice: &mut Dice| Duration::from_millis(from + dice.below(to - from));
        Ok(match (fault, slot) {
            (Fault::Kill, Some(slot)) => {
                slot.signal("KILL");
                format!("{} killed", slot.role)
            }
            (Fault::Restart, Some(slot)) => {
                slot.signal("TERM");
                format!("{} asked to stop and started again", slot.role)
            }
            (Fault::Stop, Some(slot)) => stop_longer_than_a_lease(slot),
            (Fault::MoveTheClock, Some(slot)) => move_the_clock(&slot, dice),
            (Fault::CutConnections, _) => {
                wire.cut_after(dice.below(20_000)).await;
                "connections to Postgres cut".to_owned()
            }
            (Fault::StopPostgres, _) => {
                postgres.stop_at_once().await?;
                tokio::time::sleep(milliseconds(500, 4_500, dice)).await;
                postgres.start_again().await?;
                "Postgres stopped at once and started".to_owned()
            }
            (Fault::FreezePostgres, _) => {
                postgres.freeze().await?;
                tokio::time::sleep(milliseconds(2_000, 12_000, dice)).await;
                postgres.thaw().await?;
                "Postgres hung for 2 to 12 s".to_owned()
            }
            (Fault::KillRedis, _) => {
                redis.kill_and_start().await?;
                "Redis killed and started".to_owned()
            }
            (Fault::FlushRedis, _) => {
                redis.flush().await?;
                "Redis flushed".to_owned()
            }
            (Fault::BreakSlack, _) => break_slack(slack, dice),
            (Fault::Crash(_) | Fault::Kill | Fault::Restart | Fault::Stop | Fault::MoveTheClock, _) => {
                "nothing".to_owned()
            }
        })
    }

    /// Lets everything run again.
    pub(super) async fn mend(&self) -> anyhow::Result<()> {
        let Target { fleet, postgres, redis, slack, .. } = &self.target;
        postgres.thaw().await?;
        postgres.start_again().await?;
        redis.start_again().await?;
        for slot in fleet.slots() {
            slot.signal("CONT");
        }
        slack.heal();
        slack.land_late();
        Ok(())
    }

    /// How many faults there were.
    pub(super) fn total(&self) -> u32 {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn report(&self) {
        super::say(&format!("\n{} faults:", self.total()));
        for (what, count) in self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).iter() {
            super::say(&format!("  {count:>4}  {what}"));
        }
        super::say("crash points hit:");
        let hits = self.target.points.hits();
        for point in POINTS {
            super::say(&format!("  {:>4}  {}", hits.get(point.name).copied().unwrap_or(0), point.name));
        }
        let starts = self.target.fleet.starts().into_iter().map(|(role, count)| format!("{role} {count}"));
        super::say(&format!("processes started: {}", starts.collect::<Vec<_>>().join(", ")));
    }
}

fn stop_longer_than_a_lease(slot: Arc<Slot>) -> String {
    slot.signal("STOP");
    let role = slot.role;
    tokio::spawn(async move {
        tokio::time::sleep(LONGER_THAN_A_LEASE).await;
        slot.signal("CONT");
    });
    format!("{role} stopped for longer than its lease")
}

/// The next process of a place runs by a clock that is off, where faketime is installed.
fn move_the_clock(slot: &Slot, dice: &mut Dice) -> String {
    let Some(library) = faketime() else { return "clock not moved: faketime is not installed".to_owned() };
    let offset = ["-90s", "+90s", "-20m", "+20m"][dice.below(4) as usize];
    slot.give_next(vec![("LD_PRELOAD".to_owned(), library), ("FAKETIME".to_owned(), offset.to_owned())]);
    slot.signal("KILL");
    format!("{} started with its clock {offset} off", slot.role)
}

/// Debian's library that moves a process's clock.
fn faketime() -> Option<String> {
    let found = std::fs::read_dir("/usr/lib").ok()?;
    let candidates = found.flatten().map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    candidates.into_iter().find(|path| path.exists()).map(|path| path.display().to_string())
}

fn break_slack(slack: &Arc<FakeSlack>, dice: &mut Dice) -> String {
    let faults = [
        (OfSlack::LandThenHang, "Slack takes a message and never answers"),
        (OfSlack::Hang, "Slack hangs"),
        (OfSlack::LandLate, "a message to Slack lands late"),
    ];
    let Some((fault, said)) = dice.one(&faults) else { return "nothing".to_owned() };
    slack.fault_on("chat.postMessage", fault.clone());
    let (slack, later) = (slack.clone(), Duration::from_millis(15_000 + dice.below(30_000)));
    if *fault == OfSlack::LandLate {
        tokio::spawn(async move {
            tokio::time::sleep(later).await;
            slack.land_late();
        });
    }
    (*said).to_owned()
}
