//! Whether the stages run: a stage that has ended while the process goes on is not ready to serve.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// The stages of this process, and whether each runs.
#[derive(Clone, Default)]
pub struct Vitals(Arc<Mutex<Vec<Stage>>>);

/// A stage's name, and whether it runs.
type Stage = (&'static str, Arc<AtomicBool>);

/// Held by a stage for as long as it runs, also when it ends by a panic.
pub(crate) struct Pulse(Arc<AtomicBool>);

impl Vitals {
    /// Each stage that was started, and whether it still runs.
    pub fn stages(&self) -> Vec<(&'static str, bool)> {
        let stages = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        stages.iter().map(|(name, alive)| (*name, alive.load(Ordering::SeqCst))).collect()
    }

    /// Begins to watch a stage.
    pub(crate) fn watch(&self, name: &'static str) -> Pulse {
        let alive = Arc::new(AtomicBool::new(true));
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((name, Arc::clone(&alive)));
        Pulse(alive)
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}
