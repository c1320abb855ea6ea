//! A good day: what the shop says while nothing is wrong.
//!
//! [`visits`] are customers, each a line of the proxy and the lines of the services behind it;
//! [`housekeeping`] is what databases, jobs and watchers do on their own; [`numbers`] are the metrics.
//! [`complaints`] are the error lines that every real system writes and nobody minds.

mod visits;
mod housekeeping;
mod numbers;
pub(crate) mod complaints;

pub(crate) use housekeeping::slow_query;

use crate::dice::Dice;
use crate::fault::Fault;
use crate::hour::Planned;
use crate::script::{Request, Script};
use crate::shop::Service;
use foghorn_domain::clock::{SignedDuration, Timestamp};

/// Healthy traffic of a stretch of time, in its order. `rate` is how many times the usual amount; the numbers
/// show the strain of the `faults`.
pub(crate) fn healthy(
    seed: u64,
    begins: Timestamp,
    lasts: SignedDuration,
    rate: u32,
    faults: &[(Fault, SignedDuration)],
) -> Vec<Planned> {
    let part = |name: &str| Script::new(begins, Dice::new(seed, name), None);
    let mut planned = visits::write(part("visits"), lasts, rate);
    planned.extend(housekeeping::write(part("housekeeping"), lasts, rate));
    planned.extend(numbers::write(part("numbers"), lasts, rate, faults));
    planned.extend(complaints::write(part("complaints"), lasts, rate));
    // What a visit leads to may come after the end.
    planned.retain(|planned| planned.offset < lasts);
    planned.sort_by_key(|planned| planned.offset);
    planned
}

/// Moments over a stretch of time, `per_hour` in an hour on average, irregular as people are.
fn moments(dice: &mut Dice, lasts: SignedDuration, per_hour: i64) -> Vec<SignedDuration> {
    let mean_gap = 3_600_000 / per_hour.max(1);
    let mut moments = Vec::new();
    let mut at = dice.between(0, mean_gap);
    while i128::from(at) < lasts.as_millis() {
        moments.push(SignedDuration::from_millis(at));
        at += dice.between(1, 2 * mean_gap);
    }
    moments
}

/// A request that went wrong, at the proxy. Gives its trace.
pub(crate) fn failed_request(
    script: &mut Script,
    at: SignedDuration,
    (method, target): (&str, &str),
    (status, took): (u16, i64),
    upstream: (Service, i64),
) -> String {
    let (client, trace) = (visits::client(&mut script.dice), script.dice.hex(16));
    let request = Request { client: &client, method, target, status, millis: took, upstream, trace: &trace };
    script.access(at, &request);
    trace
}
