//! Playbooks: what somebody who has been on call knows about each kind of trouble, as YAML.
//!
//! A file names a [`Kind`] and holds a summary, causes and the names of runbooks. `template` reads the
//! placeholders in its texts, `condition` says which evidence speaks for a cause, `file` checks the
//! YAML and turns it into a [`Playbook`], and [`Playbooks`] puts a team's own files over those that are
//! compiled in. Everything is checked when it is loaded, so that explaining an incident cannot fail.
//!
//! ```yaml
//! kind: db_timeout            # one of the kinds of findings
//! service: checkout           # only for this service (own files; optional)
//! extends: true               # put these causes before the compiled-in ones (own files; optional)
//! summary: "{database} answers {service} too late[, after {latency_ms} ms]"
//! causes:
//!   - cause: Every connection of the pool is taken
//!     why: The evidence names the pool ("{matched}")
//!     when:
//!       any_text: ["pool exhausted", "/waiting for .* connection/"]
//!       any_rule: ["db_timeout.pool*"]
//!       any_label: ["deploy"]
//!       min_events: 10
//!     fixes: ["Look who holds connections: psql -c 'select state, count(*) from pg_stat_activity group by 1'"]
//!     rollback: Nothing to undo
//! docs: ["Look: journalctl -u {service} --since -15min", "Runbook: connection pools"]
//! ```
//!
//! A part in square brackets is left out when a placeholder in it has no value. Inside `fixes`,
//! `rollback` and `docs`, which people copy into a shell, a value that is more than a plain name stays
//! out too and `<service>` stands in its place.

mod condition;
mod error;
mod file;
mod template;

pub(crate) use condition::{Condition, Support};
pub use error::{PlaybookError, PlaybookProblem};
pub(crate) use template::{Placeholder, Template};

use crate::finding::Kind;
use std::collections::HashMap;

/// What is known about one kind of trouble, checked and ready to be filled in.
#[derive(Clone, Debug)]
pub struct Playbook {
    pub(crate) summary: Template,
    pub(crate) causes: Vec<Cause>,
    pub(crate) docs: Vec<Template>,
}

/// One possible cause.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) cause: Template,
    pub(crate) why: Template,
    /// `None` where the cause is always possible and nothing particular speaks for it.
    pub(crate) when: Option<Condition>,
    pub(crate) fixes: Vec<Template>,
    pub(crate) rollback: Template,
}

/// All playbooks in force.
#[derive(Clone, Debug)]
pub struct Playbooks {
    by_kind: HashMap<Kind, Playbook>,
    by_service: HashMap<(Kind, String), Playbook>,
}

/// The playbooks that are compiled in, one for each kind.
const BUILTIN: [(&str, &str); 17] = [
    ("xss.yaml", include_str!("../playbooks/xss.yaml")),
    ("sqli.yaml", include_str!("../playbooks/sqli.yaml")),
    ("ssrf.yaml", include_str!("../playbooks/ssrf.yaml")),
    ("path_traversal.yaml", include_str!("../playbooks/path_traversal.yaml")),
    ("rce.yaml", include_str!("../playbooks/rce.yaml")),
    ("rfi.yaml", include_str!("../playbooks/rfi.yaml")),
    ("xxe.yaml", include_str!("../playbooks/xxe.yaml")),
    ("ssti.yaml", include_str!("../playbooks/ssti.yaml")),
    ("nosql.yaml", include_str!("../playbooks/nosql.yaml")),
    ("ldap.yaml", include_str!("../playbooks/ldap.yaml")),
    ("crlf.yaml", include_str!("../playbooks/crlf.yaml")),
    ("brute_force.yaml", include_str!("../playbooks/brute_force.yaml")),
    ("db_timeout.yaml", include_str!("../playbooks/db_timeout.yaml")),
    ("db_issue.yaml", include_str!("../playbooks/db_issue.yaml")),
    ("alert.yaml", include_str!("../playbooks/alert.yaml")),
    ("error.yaml", include_str!("../playbooks/error.yaml")),
    ("anomaly.yaml", include_str!("../playbooks/anomaly.yaml")),
];

impl Playbooks {
    /// The playbooks that are compiled in: one for every kind.
    pub fn builtin() -> Self {
        let read = BUILTIN.iter().filter_map(|(name, yaml)| file::read(name, yaml).ok());
        let by_kind = read.filter_map(|file| Some((file.kind, file.into_playbook(None)?))).collect();
        Self { by_kind, by_service: HashMap::new() }
    }

    /// The compiled-in playbooks with a team's own files, each a name (for messages) and its YAML, on top.
    ///
    /// A file replaces the playbook of its kind or, with `extends: true`, puts its causes and docs
    /// before those it extends. With `service` it counts for that service alone, whatever the case of
    /// its letters. The order of files matters only among those that extend the same playbook: a later
    /// one goes on top.
    ///
    /// # Errors
    /// The first problem, with file and place: YAML that cannot be read, an unknown key or kind, an
    /// unknown placeholder, a pattern that is no regular expression, a missing part, or two files that
    /// replace the same playbook.
    pub fn with_user_files<N: AsRef<str>, Y: AsRef<str>>(files: &[(N, Y)]) -> Result<Self, PlaybookError> {
        let mut read = Vec::with_capacity(files.len());
        for (name, yaml) in files {
            read.push(file::read(name.as_ref(), yaml.as_ref())?);
        }
        // What replaces comes before what extends, and what counts everywhere before what counts for
        // one service, so that the order of files on a disk decides nothing.
        read.sort_by_key(|file| (file.service.is_some(), file.extends));
        let mut playbooks = Self::builtin();
        let mut replaced_by: HashMap<(Kind, Option<String>), String> = HashMap::new();
        for file in read {
            if !file.extends {
                let replaced = (file.kind, file.service.clone());
                if let Some(other) = replaced_by.insert(replaced, file.name.clone()) {
                    return Err(PlaybookError::in_file(&file.name, PlaybookProblem::ReplacedTwice { other }));
                }
            }
            playbooks.add(file);
        }
        Ok(playbooks)
    }

    fn add(&mut self, file: file::CheckedFile) {
        let kind = file.kind;
        let service = file.service.clone();
        let below = self.find(kind, service.as_deref().unwrap_or_default()).cloned();
        if let Some(playbook) = file.into_playbook(below.as_ref()) {
            match service {
                Some(service) => self.by_service.insert((kind, service), playbook),
                None => self.by_kind.insert(kind, playbook),
            };
        }
    }

    /// The playbook for a kind of trouble in a service.
    pub fn find(&self, kind: Kind, service: &str) -> Option<&Playbook> {
        self.by_service.get(&(kind, service.to_lowercase())).or_else(|| self.by_kind.get(&kind))
    }
}

#[cfg(test)]
mod tests;
