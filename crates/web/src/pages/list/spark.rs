//! How often an incident's events came lately, as a small drawing made on the server.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::Incident;
use foghorn_store::dashboard::MOST_PER_BUCKET;
use foghorn_store::{Result, Store};
use maud::{Markup, html};
use std::fmt::Write;

const BARS: u16 = 30;
const BAR_WIDTH: u16 = 3;
const HEIGHT: u16 = 20;

/// Periods a page may look back over, in seconds, and their names.
const PERIODS: [(i64, &str); 5] = [(120, "2 min"), (600, "10 min"), (3_600, "hour"), (21_600, "6 h"), (86_400, "24 h")];

/// The rates of a page of incidents. All share one period, so that they can be compared.
pub(super) struct Rates {
    /// The period's name.
    pub(super) period: &'static str,
    /// Bars of each incident, in the order of the page.
    pub(super) of_each: Vec<Vec<u16>>,
}

impl Rates {
    pub(super) async fn of(store: &Store, incidents: &[Incident], now: Timestamp) -> Result<Self> {
        let (seconds, period) = period(incidents, now);
        let ids = incidents.iter().map(|incident| incident.id).collect();
        let of_each = store.rates(ids, now - SignedDuration::from_secs(seconds), now, BARS).await?;
        Ok(Self { period, of_each })
    }
}

/// The shortest period that holds the beginning of everything that runs; a day where that is longer ago.
fn period(incidents: &[Incident], now: Timestamp) -> (i64, &'static str) {
    let running = incidents.iter().filter(|incident| incident.status.is_open());
    let oldest = running.map(|incident| now.duration_since(incident.first_seen).as_secs()).max();
    let last = incidents.iter().map(|incident| now.duration_since(incident.last_seen).as_secs()).min();
    let reach = oldest.or(last).unwrap_or(0);
    PERIODS.into_iter().find(|(seconds, _)| *seconds > reach).unwrap_or(PERIODS[PERIODS.len() - 1])
}

/// The drawing. Attributes only: the page's policy allows no style inside of it.
pub(super) fn sparkline(bars: &[u16], period: &str) -> Markup {
    let most = bars.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return html! { span.quiet { "quiet" } };
    }
    let most_said = if most >= MOST_PER_BUCKET { format!("{most} or more") } else { most.to_string() };
    let label = format!("Events over the last {period}, at most {most_said} in a bar");
    let width = BARS * (BAR_WIDTH + 1);
    html! {
        svg.spark role="img" aria-label=(label) viewBox=(format!("0 0 {width} {HEIGHT}")) width=(width) height=(HEIGHT) {
            path d=(path(bars, most)) {}
        }
    }
}

/// A bar is a rectangle of at least one unit where there was anything at all.
fn path(bars: &[u16], most: u16) -> String {
    // Few events must not look like many: the scale never starts below this.
    let full = f32::from(most.max(4));
    let mut path = String::new();
    for (index, count) in bars.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (f32::from(*count) / full * f32::from(HEIGHT)).round().clamp(1.0, f32::from(HEIGHT));
        let x = index * usize::from(BAR_WIDTH + 1);
        // Writing into a String cannot fail.
        let _ = write!(path, "M{x} {HEIGHT}v-{height}h{BAR_WIDTH}v{height}z");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_ground_and_scale_with_the_highest() {
        assert_eq!(path(&[0, 8, 4], 8), "M4 20v-20h3v20zM8 20v-10h3v10z");
        assert_eq!(path(&[1], 1), "M0 20v-5h3v5z");
        assert_eq!(path(&[200, 1], 200), "M0 20v-20h3v20zM4 20v-1h3v1z");
        assert!(sparkline(&[0, 0], "hour").into_string().contains("quiet"));
    }
}
