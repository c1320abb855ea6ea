//! Findings: what a detector saw in one event, and the words it saw it in.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of trouble a finding is about. The order of the variants is of no meaning; see
/// [`Kind::precedence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Cross-site scripting.
    Xss,
    /// SQL injection.
    Sqli,
    /// Server-side request forgery.
    Ssrf,
    /// Path traversal and local file inclusion.
    PathTraversal,
    /// Command or code injection.
    Rce,
    /// Remote file inclusion.
    Rfi,
    /// XML external entities.
    Xxe,
    /// Server-side template injection.
    Ssti,
    /// NoSQL injection.
    Nosql,
    /// LDAP injection.
    Ldap,
    /// Header injection (CR LF).
    Crlf,
    /// Many failed log-ins from few sources.
    BruteForce,
    /// A database that does not answer in time.
    DbTimeout,
    /// Any other database trouble: refused, lost, exhausted, deadlocked, full, read-only.
    DbIssue,
    /// An alert that a source raised by name.
    Alert,
    /// An error by level, status code, exception or exit code.
    Error,
    /// A number or a rate that leaves its own past.
    Anomaly,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 17] = [
        Self::Xss,
        Self::Sqli,
        Self::Ssrf,
        Self::PathTraversal,
        Self::Rce,
        Self::Rfi,
        Self::Xxe,
        Self::Ssti,
        Self::Nosql,
        Self::Ldap,
        Self::Crlf,
        Self::BruteForce,
        Self::DbTimeout,
        Self::DbIssue,
        Self::Alert,
        Self::Error,
        Self::Anomaly,
    ];

    /// The name used in JSON, labels, playbooks and routes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Xss => "xss",
            Self::Sqli => "sqli",
            Self::Ssrf => "ssrf",
            Self::PathTraversal => "path_traversal",
            Self::Rce => "rce",
            Self::Rfi => "rfi",
            Self::Xxe => "xxe",
            Self::Ssti => "ssti",
            Self::Nosql => "nosql",
            Self::Ldap => "ldap",
            Self::Crlf => "crlf",
            Self::BruteForce => "brute_force",
            Self::DbTimeout => "db_timeout",
            Self::DbIssue => "db_issue",
            Self::Alert => "alert",
            Self::Error => "error",
            Self::Anomaly => "anomaly",
        }
    }

    /// The reverse of [`Kind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether somebody outside is trying something.
    pub fn is_attack(self) -> bool {
        self.precedence() == 6
    }

    /// Whether the kind is about a database.
    pub fn is_database(self) -> bool {
        matches!(self, Self::DbTimeout | Self::DbIssue)
    }

    /// Which finding of several gives an event its kind; the greatest wins, then the score.
    pub fn precedence(self) -> u8 {
        match self {
            Self::DbTimeout => 5,
            Self::DbIssue => 4,
            Self::Alert => 3,
            Self::Error => 2,
            Self::Anomaly => 1,
            _ => 6,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing a detector saw in one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How sure the detector is, 0 to 1.
    #[serde(serialize_with = "three_digits")]
    pub score: f32,
    /// Why: at least one entry.
    pub evidence: Vec<Evidence>,
}

/// Writes a score as people expect to read it: 0.925, not the digits of its binary form.
pub(crate) fn three_digits<S: serde::Serializer>(score: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((f64::from(*score) * 1000.0).round() / 1000.0)
}

/// One reason for a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The rule that matched, for instance `xss.script_tag`.
    pub rule: String,
    /// The text it matched.
    pub text: String,
    /// Where it stood: `payload`, `metadata.level`, `query.q`, `header.user-agent`, …
    pub at: String,
}

impl Evidence {
    /// The longest matched text that is kept once it is redacted, in characters.
    pub const MAX_TEXT: usize = 200;

    /// Evidence with its text bounded to ten times [`Evidence::MAX_TEXT`] characters: a secret cut in half
    /// before it is redacted would not be recognised any more.
    pub fn new(rule: impl Into<String>, text: &str, at: impl Into<String>) -> Self {
        Self { rule: rule.into(), text: text.chars().take(10 * Self::MAX_TEXT).collect(), at: at.into() }
    }
}

/// The finding that gives an event its kind: highest precedence, then highest score.
pub fn strongest(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().max_by(|a, b| a.kind.precedence().cmp(&b.kind.precedence()).then(a.score.total_cmp(&b.score)))
}
