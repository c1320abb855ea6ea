//! What is broken, one thing after the other.

use super::dice::Dice;
use super::fleet::Fleet;
use super::servers::{Postgres, Redis};
use super::wire::Wire;
use foghorn_testkit::{FakeSlack, Fault};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Where a process can be made to die: the role that passes there, and the point's name.
pub(super) const CRASH_POINTS: [(&str, &str); 14] = [
    ("ingest", "intake before commit"),
    ("ingest", "intake after commit"),
    ("triage", "triage before commit"),
    ("triage", "triage after commit"),
    ("agent", "notify before commit"),
    ("agent", "notify after commit"),
    ("agent", "deliver before intent"),
    ("agent", "deliver after intent"),
    ("agent", "deliver before send"),
    ("agent", "deliver after send"),
    ("agent", "deliver after record"),
    ("agent", "edit before send"),
    ("agent", "edit after send"),
    ("agent", "edit after record"),
];

/// A process stopped for longer than any lease lasts.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(20);

/// The faults so far.
pub(super) struct Faults {
    dice: Dice,
    every: f64,
    /// Which crash point is next, so that each is hit equally often.
    next_point: usize,
    counts: BTreeMap<String, u32>,
}

impl Faults {
    pub(super) fn new(dice: Dice, every: f64) -> Self {
        Self { dice, every, next_point: 0, counts: BTreeMap::new() }
    }

    /// Waits a moment and breaks something.
    pub(super) async fn next(
        &mut self,
        fleet: &Fleet,
        postgres: &Postgres,
        redis: &Redis,
        wire: &Wire,
        slack: &FakeSlack,
    ) -> anyhow::Result<()> {
        let moment = self.every * (0.5 + self.dice.below(1000) as f64 / 1000.0);
        tokio::time::sleep(Duration::from_secs_f64(moment)).await;
        let what = match self.dice.below(100) {
            0..45 => self.crash_at_a_point(fleet),
            45..65 => self.kill(fleet),
            65..75 => {
                wire.cut_after(self.dice.below(20_000)).await;
                "connections to Postgres cut".to_owned()
            }
            75..80 => self.stop_longer_than_a_lease(fleet),
            80..84 => {
                postgres.stop_at_once().await?;
                tokio::time::sleep(Duration::from_millis(500 + self.dice.below(4_000))).await;
                postgres.start_again().await?;
                "Postgres stopped at once and started".to_owned()
            }
            84..88 => {
                redis.kill_and_start().await?;
                "Redis killed and started".to_owned()
            }
            88..91 => {
                redis.flush().await?;
                "Redis flushed".to_owned()
            }
            91..94 => self.move_the_clock(fleet),
            _ => self.break_slack(slack),
        };
        *self.counts.entry(what).or_default() += 1;
        Ok(())
    }

    fn kill(&mut self, fleet: &Fleet) -> String {
        let Some(slot) = self.dice.one(fleet.slots()) else { return "nothing".to_owned() };
        slot.signal("KILL");
        format!("{} killed", slot.role)
    }

    /// A process dies at one place soon after its next start; the one there is makes room for it.
    fn crash_at_a_point(&mut self, fleet: &Fleet) -> String {
        let (role, point) = CRASH_POINTS[self.next_point % CRASH_POINTS.len()];
        self.next_point += 1;
        let of_role: Vec<_> = fleet.slots().iter().filter(|slot| slot.role == role).collect();
        let passes = self.dice.below(3).to_string();
        let extra = [("FOGHORN_CRASH_AT", point), ("FOGHORN_CRASH_AFTER", passes.as_str())];
        let extra = extra.map(|(name, value)| (name.to_owned(), value.to_owned()));
        // Of several agents one is at work, and nobody knows which of them will be next: so each is to die there.
        let chosen = if role == "agent" { of_role } else { self.dice.one(&of_role).copied().into_iter().collect() };
        for slot in chosen {
            slot.give_next(extra.to_vec());
            slot.signal("KILL");
        }
        format!("{role} killed and made to die at a crash point")
    }

    fn stop_longer_than_a_lease(&mut self, fleet: &Fleet) -> String {
        let Some(slot) = self.dice.one(fleet.slots()).cloned() else { return "nothing".to_owned() };
        slot.signal("STOP");
        let role = slot.role;
        let stopped: Arc<_> = slot;
        tokio::spawn(async move {
            tokio::time::sleep(LONGER_THAN_A_LEASE).await;
            stopped.signal("CONT");
        });
        format!("{role} stopped for longer than its lease")
    }

    /// The next process of a place runs by a clock that is off, where faketime is installed.
    fn move_the_clock(&mut self, fleet: &Fleet) -> String {
        let Some(library) = faketime() else { return "clock not moved: faketime is not installed".to_owned() };
        let Some(slot) = self.dice.one(fleet.slots()) else { return "nothing".to_owned() };
        let offset = ["-90s", "+90s", "-20m", "+20m"][self.dice.below(4) as usize];
        slot.give_next(vec![("LD_PRELOAD".to_owned(), library), ("FAKETIME".to_owned(), offset.to_owned())]);
        slot.signal("KILL");
        format!("{} started with its clock {offset} off", slot.role)
    }

    fn break_slack(&mut self, slack: &FakeSlack) -> String {
        let faults = [
            (Fault::LandThenHang, "Slack takes a message and never answers"),
            (Fault::Hang, "Slack hangs"),
            (Fault::LandLate, "a message to Slack lands late"),
        ];
        let chosen = self.dice.below(faults.len() as u64) as usize;
        match faults.into_iter().nth(chosen) {
            Some((fault, said)) => {
                slack.fault_on("chat.postMessage", fault);
                said.to_owned()
            }
            None => "nothing".to_owned(),
        }
    }

    /// Lets everything run again.
    pub(super) async fn mend(
        &mut self,
        fleet: &Fleet,
        postgres: &Postgres,
        redis: &Redis,
        slack: &FakeSlack,
    ) -> anyhow::Result<()> {
        postgres.start_again().await?;
        redis.start_again().await?;
        for slot in fleet.slots() {
            slot.signal("CONT");
        }
        slack.land_late();
        Ok(())
    }

    pub(super) fn report(&self, fleet: &Fleet) {
        let total: u32 = self.counts.values().sum();
        super::say(&format!("\n{total} faults:"));
        for (what, count) in &self.counts {
            super::say(&format!("  {count:>4}  {what}"));
        }
        super::say("crash points hit:");
        let hits = fleet.crashes();
        for (_, point) in CRASH_POINTS {
            super::say(&format!("  {:>4}  {point}", hits.get(point).copied().unwrap_or(0)));
        }
        let starts: Vec<String> = fleet.starts().into_iter().map(|(role, count)| format!("{role} {count}")).collect();
        super::say(&format!("processes started: {}", starts.join(", ")));
    }
}

/// Debian's library that moves a process's clock.
fn faketime() -> Option<String> {
    let found = std::fs::read_dir("/usr/lib").ok()?;
    let candidates = found.flatten().map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    candidates.into_iter().find(|path| path.exists()).map(|path| path.display().to_string())
}
