//! Named places at which a process can be made to die, for crash tests. A release has none: [`point`] is nothing there,
//! unless it was built with the feature `crash-points`.
//!
//! `FOGHORN_CRASH_DIR` names a directory. Whoever passes a point while a file of that name lies there renames the file,
//! so that it is known who took it and nobody else does, and ends as by `kill -9`: nothing is finished, nothing flushed.

/// Dies here if that is asked for.
#[cfg(not(any(debug_assertions, feature = "crash-points")))]
#[inline(always)]
pub(crate) fn point(_name: &'static str) {}

/// Dies here if that is asked for.
#[cfg(any(debug_assertions, feature = "crash-points"))]
pub(crate) fn point(name: &'static str) {
    use std::path::PathBuf;
    use std::sync::LazyLock;

    static DIRECTORY: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os("FOGHORN_CRASH_DIR").map(PathBuf::from));
    let Some(directory) = DIRECTORY.as_ref() else { return };
    let taken = directory.join(format!("{name}.{}", std::process::id()));
    if std::fs::rename(directory.join(name), taken).is_ok() {
        std::process::abort();
    }
}
