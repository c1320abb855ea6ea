//! How long to wait before the next attempt.

use std::time::Duration;

/// The first pause at its longest.
const FIRST: Duration = Duration::from_secs(2);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The pause after the `attempt`th failure (the first is 1): between half of and the whole of 2 s, 4 s, 8 s, …,
/// 15 min, the place in between given by `randomness`.
///
/// The lower half is never given up, so that no attempt follows at once; the upper half is spread, so that a
/// thousand tellings that failed together do not come back together.
pub fn backoff(attempt: u32, randomness: u64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    // Milliseconds are enough: half of 15 min is below 2³² of them.
    let half = u64::try_from(whole.as_millis() / 2).unwrap_or(u64::MAX);
    Duration::from_millis(half + randomness % (half + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let check = |attempt, longest: u64| {
            assert_eq!(backoff(attempt, 0), Duration::from_secs(longest) / 2, "the shortest, attempt {attempt}");
            let half = longest * 500;
            assert_eq!(backoff(attempt, half), Duration::from_secs(longest), "the longest, attempt {attempt}");
        };
        check(0, 2);
        check(1, 2);
        check(2, 4);
        check(3, 8);
        check(9, 512);
        check(10, 900);
        check(u32::MAX, 900);
    }

    #[test]
    fn any_randomness_stays_between_half_and_the_whole() {
        for randomness in [0, 1, 999, 1000, 1001, u64::MAX / 3, u64::MAX] {
            let pause = backoff(1, randomness);
            assert!((Duration::from_secs(1)..=Duration::from_secs(2)).contains(&pause), "{randomness}: {pause:?}");
        }
    }
}
