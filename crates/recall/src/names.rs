//! Words that stand in very many memories (services, labels), kept once.

use std::collections::HashSet;
use std::sync::Arc;

/// Every name that was asked for, kept once for as long as somebody holds it.
#[derive(Debug, Default)]
pub struct Names {
    known: HashSet<Arc<str>>,
    /// How many may be known before those that nobody holds any more are forgotten.
    room: usize,
}

/// Fewer names than this are not worth going through.
const LEAST_ROOM: usize = 1_000;

impl Names {
    /// The name, shared with everybody who asked for it.
    pub fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        if self.known.len() >= self.room.max(LEAST_ROOM) {
            self.known.retain(|name| Arc::strong_count(name) > 1);
            self.room = 2 * self.known.len();
        }
        let name: Arc<str> = name.into();
        self.known.insert(name.clone());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_forgotten_when_nobody_holds_it() {
        let mut names = Names::default();
        let first = names.shared("orders");
        assert!(Arc::ptr_eq(&first, &names.shared("orders")));
        for number in 0..10 * LEAST_ROOM {
            names.shared(&format!("service-{number}"));
        }
        assert!(names.known.len() <= LEAST_ROOM + 1, "{}", names.known.len());
        assert!(Arc::ptr_eq(&first, &names.shared("orders")));
    }
}
