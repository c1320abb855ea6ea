//! Named places at which a process can be made to die, for crash tests. Without the feature `crash-points` a call
//! to [`point`] is nothing.
//!
//! `FOGHORN_CRASH_AT` names the place, `FOGHORN_CRASH_AFTER` how often it is passed before. Who dies writes the name
//! into the file `FOGHORN_CRASH_LOG` first. It ends as by `kill -9`: nothing is finished, nothing flushed.

/// Dies here if that was asked for.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub(crate) fn point(_name: &'static str) {}

/// Dies here if that was asked for.
#[cfg(feature = "crash-points")]
pub(crate) fn point(name: &'static str) {
    use std::io::Write;
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static AT: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("FOGHORN_CRASH_AT").ok());
    static LEFT: LazyLock<AtomicU64> = LazyLock::new(|| {
        let after = std::env::var("FOGHORN_CRASH_AFTER").ok().and_then(|text| text.parse().ok());
        AtomicU64::new(after.unwrap_or(0))
    });
    if AT.as_deref() != Some(name) {
        return;
    }
    if LEFT.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        return;
    }
    if let Ok(path) = std::env::var("FOGHORN_CRASH_LOG")
        && let Ok(mut log) = std::fs::File::options().create(true).append(true).open(path)
    {
        let _ = writeln!(log, "{name}");
    }
    std::process::abort();
}
