//! How much of freed memory the allocator may keep from other threads.
//!
//! glibc gives threads arenas of their own, up to eight a core, and what is free in one is of no use to the others: of
//! a server under overload a tenth of its memory. One arena a core is enough. The limit is read from the environment
//! before `main`, so the program has to start once more, as the same process.

/// Starts the program once more with the limit, unless the operator has set one. Returns where that is not possible:
/// the limit saves memory, nothing depends on it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn limit() {
    use std::os::unix::process::CommandExt;

    const LIMIT: &str = "MALLOC_ARENA_MAX";
    if std::env::var_os(LIMIT).is_some() || std::env::var_os("GLIBC_TUNABLES").is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut words = std::env::args_os();
    let mut again = std::process::Command::new(program);
    if let Some(name) = words.next() {
        again.arg0(name);
    }
    // Comes back only if it fails.
    let _ = again.args(words).env(LIMIT, cores.max(2).to_string()).exec();
}

/// Other allocators need none.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn limit() {}
