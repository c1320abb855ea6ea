//! Whether triage keeps up with a steady rate: how many events it was past within so many seconds of their acceptance.

use super::bodies::Bodies;
use super::child::Child;
use super::load::{self, Drive, Load, Manner};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An event counts when triage is past it by then.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// From one look at the server to the next.
const LOOK: Duration = Duration::from_millis(100);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct KeepingUp {
    /// What the server took.
    pub(super) load: Load,
    /// Events that triage was past in time.
    pub(super) in_time: u64,
    /// The longest that triage lay behind.
    pub(super) worst: Duration,
}

impl KeepingUp {
    /// Events a second that were triaged in time.
    pub(super) fn rate(&self) -> f64 {
        self.in_time as f64 / self.load.elapsed.as_secs_f64().max(f64::EPSILON)
    }
}

/// How many events were accepted and triaged by some moment, at least.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    accepted: u64,
    triaged: u64,
}

/// Sends batches at a rate and looks at the server meanwhile. Before it, triage has nothing to do.
pub(super) async fn measure(child: &Child, drive: Drive, bodies: &Bodies) -> anyhow::Result<KeepingUp> {
    let accepted = Arc::new(AtomicU64::new(0));
    let load = load::send(child.address(), Drive { manner: Manner::Batches, ..drive }, bodies, &accepted);
    let mut load = std::pin::pin!(load);
    let (mut looks, mut load_ended) = (Vec::new(), None);
    let end = loop {
        let ended = tokio::select! {
            load = &mut load, if load_ended.is_none() => Some(load?),
            () = tokio::time::sleep(LOOK) => None,
        };
        load_ended = load_ended.or(ended);
        // Read before the server counts, so that what it has triaged is rather counted too low.
        let known = accepted.load(Ordering::Relaxed);
        let untriaged = child.status().await?["events_untriaged"].as_u64().unwrap_or(u64::MAX);
        looks.push(Look { at: Instant::now(), accepted: known, triaged: known.saturating_sub(untriaged) });
        if let Some(load) = load_ended.take_if(|_| untriaged == 0) {
            break load;
        }
        let waited = looks.first().map(|first| first.at.elapsed()).unwrap_or_default();
        anyhow::ensure!(waited < drive.seconds + Duration::from_secs(300), "triage has not caught up");
    };
    let (in_time, worst) = count(&looks);
    Ok(KeepingUp { load: end, in_time, worst })
}

/// Events triaged within [`SOON`], and the longest wait.
fn count(looks: &[Look]) -> (u64, Duration) {
    let (mut in_time, mut worst, mut before, mut done) = (0, Duration::ZERO, 0, 0);
    for look in looks {
        while looks.get(done).is_some_and(|later| later.triaged < look.accepted) {
            done += 1;
        }
        let behind = looks.get(done).map(|later| later.at.saturating_duration_since(look.at));
        worst = worst.max(behind.unwrap_or(Duration::MAX));
        if behind.is_some_and(|behind| behind <= SOON) {
            in_time += look.accepted - before;
        }
        before = look.accepted;
    }
    (in_time, worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_count_when_triage_was_past_them_in_time() {
        let start = Instant::now();
        let look = |seconds, accepted, triaged| Look { at: start + Duration::from_secs(seconds), accepted, triaged };
        let looks = [look(0, 100, 90), look(1, 200, 100), look(2, 300, 150), look(9, 300, 300)];
        assert_eq!(count(&looks), (100, Duration::from_secs(8)));
        let (in_time, worst) = count(&[look(0, 100, 50), look(5, 100, 100)]);
        assert_eq!((in_time, worst), (100, Duration::from_secs(5)));
        assert_eq!(count(&[]), (0, Duration::ZERO));
    }
}
