//! How bad it is ([`Severity`]) and whom to disturb ([`Urgency`]). Both are ordered, worst greatest.

use serde::{Deserialize, Serialize};

/// How bad an incident is, from the source's own words or from the finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// May become a problem.
    Warning,
    /// Something fails.
    Error,
    /// Users are hurt, or soon will be.
    Critical,
}

impl Severity {
    /// The name used in JSON, tables and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Reads the spellings that sources use: our own, syslog's keywords, PagerDuty's and P1 to P5.
    /// `None` for a word that says nothing about severity.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" | "crit" | "fatal" | "emergency" | "emerg" | "alert" | "panic" | "disaster" | "page" | "p1"
            | "sev1" => Self::Critical,
            "error" | "err" | "high" | "major" | "severe" | "p2" | "sev2" => Self::Error,
            "warning" | "warn" | "medium" | "minor" | "average" | "p3" | "sev3" => Self::Warning,
            "info" | "informational" | "information" | "notice" | "low" | "none" | "debug" | "trace" | "ok" | "p4"
            | "p5" | "sev4" | "sev5" => Self::Info,
            _ => return None,
        })
    }
}

/// Whom to disturb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// Nobody: it is kept and can be looked at.
    Record,
    /// People who look at the channel.
    Notify,
    /// Wake somebody.
    Page,
}

impl Urgency {
    /// The name used in JSON, tables and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Notify => "notify",
            Self::Page => "page",
        }
    }

    /// The reverse of [`Urgency::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "record" => Self::Record,
            "notify" => Self::Notify,
            "page" => Self::Page,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_reads_the_words_of_other_tools() {
        let check = |word, expected| assert_eq!(Severity::parse(word), expected, "{word}");
        check("CRITICAL", Some(Severity::Critical));
        check(" err ", Some(Severity::Error));
        check("P3", Some(Severity::Warning));
        check("notice", Some(Severity::Info));
        check("purple", None);
        assert!(Severity::Critical > Severity::Error && Urgency::Page > Urgency::Notify);
    }
}
