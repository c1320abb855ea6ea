//! What the system says of this process. Linux only; elsewhere nothing is known.

use std::time::Duration;

/// Memory in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Resident now.
    pub(super) now: u64,
    /// The most that ever was.
    pub(super) peak: u64,
}

/// What this process holds.
pub(super) fn held() -> Option<Held> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kibibytes * 1024)
    };
    Some(Held { now: bytes("VmRSS:")?, peak: bytes("VmHWM:")? })
}

/// Time that processors have spent on this process, in steps of 10 ms.
pub(super) fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
    let ticks = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
    let ticks: Vec<u64> = ticks.map(str::parse).collect::<Result<_, _>>().ok()?;
    Some(Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}
