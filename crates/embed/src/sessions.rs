//! How many texts are worked on at the same time.
//!
//! One text on one thread, several texts side by side, gives more vectors a second than one text on
//! several threads. A caller borrows a session, runs the network on its thread and gives it back by
//! dropping it; when all are out, it waits.

use rten::ThreadPool;
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// The sessions of one embedder, those that are free at the moment.
pub(crate) struct Sessions {
    count: NonZeroUsize,
    free: Mutex<Vec<Arc<ThreadPool>>>,
    returned: Condvar,
}

impl Sessions {
    /// Starts `count` threads, which sleep until a text comes.
    pub(crate) fn new(count: NonZeroUsize) -> Self {
        let free = (0..count.get()).map(|_| Arc::new(ThreadPool::with_num_threads(1))).collect();
        Self { count, free: Mutex::new(free), returned: Condvar::new() }
    }

    /// How many texts can be worked on at the same time.
    pub(crate) fn count(&self) -> NonZeroUsize {
        self.count
    }

    /// Waits until a session is free and takes it.
    pub(crate) fn borrow(&self) -> Session<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match free.pop() {
                Some(thread) => return Session { sessions: self, thread },
                None => free = self.returned.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// A borrowed session; it goes back when it is dropped.
pub(crate) struct Session<'a> {
    sessions: &'a Sessions,
    thread: Arc<ThreadPool>,
}

impl Session<'_> {
    /// The one thread to run the network on.
    pub(crate) fn thread(&self) -> &Arc<ThreadPool> {
        &self.thread
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.sessions.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.thread.clone());
        self.sessions.returned.notify_one();
    }
}
