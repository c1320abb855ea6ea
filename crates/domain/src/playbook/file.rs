//! One playbook file: its YAML shape, and the checks that turn it into a playbook.

use super::condition::Condition;
use super::error::{PlaybookError, PlaybookProblem};
use super::template::Template;
use super::{Cause, Playbook};
use crate::finding::Kind;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 256 * 1024;
/// The most causes in one file.
const MAX_CAUSES: usize = 50;
/// The most entries in one list of a `when`, and the most docs.
const MAX_ENTRIES: usize = 100;

/// The YAML of a playbook.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaybookYaml {
    kind: Spanned<Kind>,
    service: Option<Spanned<String>>,
    #[serde(default)]
    extends: bool,
    summary: Option<Spanned<String>>,
    causes: Vec<Spanned<CauseYaml>>,
    #[serde(default)]
    docs: Vec<Spanned<String>>,
}

/// The YAML of one cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseYaml {
    cause: Spanned<String>,
    why: Spanned<String>,
    when: Option<Spanned<WhenYaml>>,
    fixes: Vec<Spanned<String>>,
    rollback: Spanned<String>,
}

/// The YAML of what supports a cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenYaml {
    #[serde(default)]
    any_text: Vec<String>,
    #[serde(default)]
    any_rule: Vec<String>,
    #[serde(default)]
    any_label: Vec<String>,
    min_events: Option<u64>,
}

/// A file that has passed every check.
#[derive(Debug)]
pub(super) struct CheckedFile {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Lower case.
    pub(super) service: Option<String>,
    pub(super) extends: bool,
    summary: Option<Template>,
    causes: Vec<Cause>,
    docs: Vec<Template>,
}

impl CheckedFile {
    /// The playbook, on top of the one it extends. `None` when it has no summary and extends nothing.
    pub(super) fn into_playbook(self, below: Option<&Playbook>) -> Option<Playbook> {
        let below = below.filter(|_| self.extends);
        let mut causes = self.causes;
        let mut docs = self.docs;
        if let Some(below) = below {
            causes.extend(below.causes.iter().cloned());
            docs.extend(below.docs.iter().cloned());
        }
        let summary = self.summary.or_else(|| below.map(|below| below.summary.clone()))?;
        Some(Playbook { summary, causes, docs })
    }
}

/// Reads and checks one file.
pub(super) fn read(name: &str, yaml: &str) -> Result<CheckedFile, PlaybookError> {
    if yaml.len() > MAX_FILE {
        return Err(PlaybookError::in_file(name, PlaybookProblem::Incomplete("a playbook has at most 256 KiB")));
    }
    let options = serde_saphyr::options! { with_snippet: false };
    let read: PlaybookYaml = serde_saphyr::from_str_with_options(yaml, options).map_err(|error| {
        let problem = PlaybookProblem::Yaml(error.without_snippet().to_string());
        match error.location() {
            Some(location) => PlaybookError::at(name, location, problem),
            None => PlaybookError::in_file(name, problem),
        }
    })?;
    let check = Checker { name };
    if read.summary.is_none() && !read.extends {
        return Err(check.incomplete(&read.kind, "a playbook needs a summary, unless it extends another"));
    }
    if read.causes.is_empty() || read.causes.len() > MAX_CAUSES {
        return Err(check.incomplete(&read.kind, "a playbook has 1 to 50 causes"));
    }
    if read.docs.len() > MAX_ENTRIES {
        return Err(check.incomplete(&read.kind, "a playbook has at most 100 docs"));
    }
    let service = match read.service {
        Some(service) if service.value.trim().is_empty() => {
            return Err(check.incomplete(&service, "service must not be blank"));
        }
        Some(service) => Some(service.value.trim().to_lowercase()),
        None => None,
    };
    let summary = read.summary.as_ref().map(|summary| check.template(summary)).transpose()?;
    let causes = read.causes.into_iter().map(|cause| check.cause(cause)).collect::<Result<_, _>>()?;
    let docs = check.templates(&read.docs)?;
    Ok(CheckedFile {
        name: name.to_owned(),
        kind: read.kind.value,
        service,
        extends: read.extends,
        summary,
        causes,
        docs,
    })
}

/// The checks of one file, which put its name into every error.
struct Checker<'a> {
    name: &'a str,
}

impl Checker<'_> {
    fn incomplete<T>(&self, near: &Spanned<T>, what: &'static str) -> PlaybookError {
        PlaybookError::at(self.name, near.referenced, PlaybookProblem::Incomplete(what))
    }

    fn template(&self, text: &Spanned<String>) -> Result<Template, PlaybookError> {
        if text.value.trim().is_empty() {
            return Err(self.incomplete(text, "a text must not be blank"));
        }
        Template::parse(text.value.trim())
            .map_err(|name| PlaybookError::at(self.name, text.referenced, PlaybookProblem::UnknownPlaceholder { name }))
    }

    fn templates(&self, texts: &[Spanned<String>]) -> Result<Vec<Template>, PlaybookError> {
        texts.iter().map(|text| self.template(text)).collect()
    }

    fn cause(&self, cause: Spanned<CauseYaml>) -> Result<Cause, PlaybookError> {
        if cause.value.fixes.is_empty() || cause.value.fixes.len() > 2 {
            return Err(self.incomplete(&cause, "a cause has one or two fixes"));
        }
        Ok(Cause {
            cause: self.template(&cause.value.cause)?,
            why: self.template(&cause.value.why)?,
            fixes: self.templates(&cause.value.fixes)?,
            rollback: self.template(&cause.value.rollback)?,
            when: cause.value.when.map(|when| self.condition(when)).transpose()?,
        })
    }

    fn condition(&self, when: Spanned<WhenYaml>) -> Result<Condition, PlaybookError> {
        let WhenYaml { any_text, any_rule, any_label, min_events } = &when.value;
        let lists = [any_text, any_rule, any_label];
        if lists.iter().any(|list| list.len() > MAX_ENTRIES) {
            return Err(self.incomplete(&when, "a list in `when` has at most 100 entries"));
        }
        if lists.iter().any(|list| list.iter().any(|entry| entry.trim().is_empty())) {
            return Err(self.incomplete(&when, "an entry in `when` must not be blank"));
        }
        if lists.iter().all(|list| list.is_empty()) && min_events.is_none_or(|least| least < 2) {
            return Err(self.incomplete(&when, "`when` needs any_text, any_rule, any_label or min_events of 2 or more"));
        }
        let WhenYaml { any_text, any_rule, any_label, min_events } = when.value;
        Condition::compile(any_text, any_rule, any_label, min_events.unwrap_or(0))
            .map_err(|problem| PlaybookError::at(self.name, when.referenced, problem))
    }
}
