//! Events as a busy day brings them: mostly clean lines of many shapes, some warnings, some database
//! timeouts, no text twice.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes bodies; each is numbered, so that no two are the same. Clones count on together.
#[derive(Clone, Debug, Default)]
pub(super) struct Bodies(Arc<AtomicU64>);

/// Services there are.
const SERVICES: u64 = 40;

/// Shapes of clean lines; each belongs to one service.
const SHAPES: u64 = 2_000;

/// Names of services, before their number.
const NAMES: [&str; 8] = ["checkout", "catalogue", "search", "payments", "accounts", "shipping", "gateway", "mailer"];

/// Words of clean lines are made of these.
const SYLLABLES: [&str; 16] =
    ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "ve"];

impl Bodies {
    /// Appends one event as JSON.
    fn write(&self, body: &mut String) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let dice = scramble(number);
        let shape = dice % SHAPES;
        let service = shape % SERVICES;
        let (name, of_name) = (NAMES[(service % 8) as usize], service / 8);
        let (host, request, milliseconds) = (dice >> 14 & 15, dice >> 18 & 0xff_ffff, dice >> 42 & 1023);
        // Writing into a String cannot fail.
        let _ = write!(body, r#"{{"source":"{name}-{of_name}-{host}","type":"log","payload":""#);
        let _ = match dice >> 52 & 1023 {
            0..10 => write!(
                body,
                "ERROR database connection timeout after {} ms while waiting for pool {name} (request {request:06x}-{number})",
                30_000 + milliseconds
            ),
            10..30 => write!(body, "WARN slow request {request:06x}-{number} took {} ms", 1000 + milliseconds),
            _ => {
                let _ = body.write_str("INFO ");
                write_words(shape, body);
                write!(body, "id={request:06x}-{number} status=200 duration={milliseconds}ms")
            }
        };
        let _ = write!(
            body,
            r#"","metadata":{{"service":"{name}-{of_name}","host":"web-{host}","environment":"production"}}}}"#
        );
    }

    /// So many events, one on each line.
    pub(super) fn fill(&self, count: usize, body: &mut String) {
        body.clear();
        for index in 0..count {
            if index > 0 {
                body.push('\n');
            }
            self.write(body);
        }
    }
}

/// Six words, the same for the same shape; two shapes share next to none.
fn write_words(shape: u64, body: &mut String) {
    let mut dice = scramble(shape ^ 0x5eed);
    for _ in 0..6 {
        for _ in 0..3 {
            body.push_str(SYLLABLES[(dice & 15) as usize]);
            dice = dice.rotate_right(4);
        }
        body.push(' ');
        dice = scramble(dice);
    }
}

/// A number that looks random, the same for the same input (the finaliser of SplitMix64, Steele et al. 2014).
fn scramble(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foghorn_domain::event::Origin;
    use foghorn_sources::event::parse_event;
    use std::collections::HashSet;

    #[test]
    fn bodies_are_events_and_no_text_comes_twice() {
        let (bodies, mut body) = (Bodies::default(), String::new());
        let (mut texts, mut timeouts) = (HashSet::new(), 0);
        for _ in 0..5_000 {
            bodies.fill(1, &mut body);
            let now = jiff::Timestamp::now();
            let event = parse_event(body.as_bytes(), Origin::Events, now, &Default::default()).unwrap();
            timeouts += usize::from(event.payload.contains("timeout"));
            assert!(texts.insert(event.payload));
        }
        assert!((10..200).contains(&timeouts), "{timeouts}");
    }
}
