//! The user's own detection rules in force. Their file may change while Foghorn runs: a new one that is wrong is said
//! to be wrong, and the rules in force stay.

use foghorn_detect::user_rules::UserRules;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The rules in force; clones share them. None by default.
#[derive(Clone, Default)]
pub struct OwnRules(Arc<Inner>);

#[derive(Default)]
struct Inner {
    file: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_force: UserRules,
    /// Grows whenever other rules come into force.
    version: u64,
    /// What the file held when it was last read, right or wrong; an error where it could not be read.
    read: Option<Result<String, String>>,
    /// Why the newest version of the file is not in force.
    fault: Option<String>,
}

impl fmt::Debug for OwnRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.in_force().fmt(f)
    }
}

impl OwnRules {
    /// Reads the rules of a file; without one there are none.
    ///
    /// # Errors
    /// What is wrong with the file, a line for each fault, with its place.
    pub fn load(file: Option<&Path>) -> Result<Self, Vec<String>> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = read(file).map_err(|error| vec![error])?;
        let in_force = parse(file, &text)?;
        let state = State { in_force, read: Some(Ok(text)), ..State::default() };
        Ok(Self(Arc::new(Inner { file: Some(file.to_owned()), state: Mutex::new(state) })))
    }

    /// Reads the file again. If it has changed and is right, its rules are in force from now on; if it is wrong, that
    /// is logged, once. May block.
    pub fn reload(&self) {
        let Some(file) = &self.0.file else { return };
        let now = read(file);
        if self.state().read.as_ref() == Some(&now) {
            return;
        }
        let parsed = now.clone().map_err(|error| vec![error]).and_then(|text| parse(file, &text));
        let mut state = self.state();
        state.read = Some(now);
        match parsed {
            Ok(rules) => {
                tracing::info!(path = %file.display(), rules = rules.len(), "the file of detection rules has changed and is in force");
                state.in_force = rules;
                state.version += 1;
                state.fault = None;
            }
            Err(faults) => {
                let faults = faults.join("\n");
                tracing::error!(
                    faults,
                    "the file of detection rules has changed and cannot be used; the rules in force stay"
                );
                state.fault = Some(faults);
            }
        }
    }

    /// The rules in force. Cheap.
    pub fn in_force(&self) -> UserRules {
        self.state().in_force.clone()
    }

    /// The same, with their version.
    pub(crate) fn versioned(&self) -> (UserRules, u64) {
        let state = self.state();
        (state.in_force.clone(), state.version)
    }

    /// The same, if they are other than those of a version.
    pub(crate) fn newer_than(&self, version: u64) -> Option<(UserRules, u64)> {
        Some(self.versioned()).filter(|(_, newest)| *newest != version)
    }

    /// Where they were read from.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    /// Why the newest version of the file is not in force, a fault a line; `None` where it is.
    pub fn fault(&self) -> Option<String> {
        self.state().fault.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(file).and_then(|opened| opened.take(LARGEST + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > LARGEST => Err(format!("{} is larger than {LARGEST} bytes", file.display())),
        Ok(_) => Ok(text),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

fn parse(file: &Path, text: &str) -> Result<UserRules, Vec<String>> {
    UserRules::parse(text).map_err(|faults| faults.iter().map(|fault| format!("{}:{fault}", file.display())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "[[rule]]\nname = \"shop.console\"\nkind = \"rce\"\npattern = '/debug/console'\nweight = 0.8\n";

    #[test]
    fn a_changed_file_counts_and_a_wrong_one_is_named_in_its_place_while_the_rules_in_force_stay() {
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join("rules.toml");
        std::fs::write(&file, RULE).unwrap();
        let rules = OwnRules::load(Some(&file)).unwrap();
        rules.reload();
        assert!(rules.newer_than(0).is_none(), "what has not changed is not taken for news");

        std::fs::write(&file, RULE.replace("rce", "evil")).unwrap();
        rules.reload();
        let fault = rules.fault().unwrap();
        assert!(fault.starts_with(&format!("{}:3:8: kind: must be one of", file.display())), "{fault}");
        assert!(rules.newer_than(0).is_none() && rules.in_force().names().eq(["shop.console"]));

        std::fs::remove_file(&file).unwrap();
        rules.reload();
        assert!(rules.fault().unwrap().starts_with("cannot read") && rules.in_force().len() == 1);

        std::fs::write(&file, RULE.replace("console", "shell")).unwrap();
        rules.reload();
        let (newer, version) = rules.newer_than(0).unwrap();
        assert!(newer.names().eq(["shop.shell"]) && rules.newer_than(version).is_none());
        assert_eq!(rules.fault(), None);
    }

    #[test]
    fn without_a_file_there_are_no_rules_and_nothing_is_read() {
        let rules = OwnRules::load(None).unwrap();
        rules.reload();
        assert!(rules.in_force().is_empty() && rules.file().is_none() && rules.fault().is_none());
        let missing = OwnRules::load(Some(Path::new("/nowhere/rules.toml"))).unwrap_err();
        assert!(missing[0].starts_with("cannot read /nowhere/rules.toml"), "{missing:?}");
    }
}
