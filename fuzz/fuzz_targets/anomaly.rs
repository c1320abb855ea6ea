//! Values and times of any kind: scores stay in their range, state keeps its bound, and a restored series agrees.
#![no_main]

use foghorn_detect::metric::Series;
use foghorn_detect::quantity::quantities;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<(i64, f64)>, &str)| {
    let (values, line) = input;
    let mut series = Series::new();
    let found = quantities(line);
    let of_line = [found.duration, found.size].into_iter().flatten().map(|value| (0, value));
    for (second, value) in values.into_iter().chain(of_line) {
        let at = Timestamp::from_second(second).ok();
        let stored = serde_json::to_string(&series).unwrap();
        assert!(stored.len() <= 16 * 1024);
        let mut restored: Series = serde_json::from_str(&stored).unwrap();
        let reading = series.observe(at, value);
        assert!((0.0..=1.0).contains(&reading.score) && reading.why().len() < 300);
        assert_eq!(restored.observe(at, value).score.to_bits(), reading.score.to_bits());
    }
});
