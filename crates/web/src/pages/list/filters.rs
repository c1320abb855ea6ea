//! The tabs over the list, with their counts, and the form that narrows it.

use crate::pages::layout::said;
use crate::pages::query::address;
use foghorn_domain::severity::Severity;
use foghorn_domain::words::with_thousands;
use foghorn_store::model::IncidentFilter;
use maud::{Markup, html};

/// Statuses of incidents that nobody has taken.
pub(super) const NEW: &str = "open,notified";
/// Statuses of incidents that run.
pub(in crate::pages) const OPEN: &str = "open,notified,acknowledged,needs_info";

/// Tabs: name, and the statuses behind it.
const TABS: [(&str, &str); 6] = [
    ("New", NEW),
    ("Acknowledged", "acknowledged"),
    ("Needs info", "needs_info"),
    ("Resolved", "resolved"),
    ("False positive", "false_positive"),
    ("All", ""),
];

/// What the list is narrowed by, as it stands in its address.
pub(super) struct Shown {
    statuses: String,
    severity: String,
    kind: String,
    service: String,
    q: String,
    since: String,
    until: String,
}

impl Shown {
    pub(super) fn of(filter: &IncidentFilter) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let moment = |at: Option<foghorn_domain::clock::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        Self {
            statuses: filter.statuses.join(","),
            severity: text(&filter.severity),
            kind: text(&filter.kind),
            service: text(&filter.service),
            q: text(&filter.q),
            since: moment(filter.since),
            until: moment(filter.until),
        }
    }

    pub(super) fn is_narrowed(&self) -> bool {
        self.address(None) != "/"
    }

    /// The list's address, from a row on.
    pub(super) fn address(&self, cursor: Option<i64>) -> String {
        let cursor = cursor.map(|cursor| cursor.to_string()).unwrap_or_default();
        self.with(&self.statuses, &self.service, &cursor)
    }

    fn with(&self, statuses: &str, service: &str, cursor: &str) -> String {
        address(
            "/",
            &[
                ("status", statuses),
                ("severity", &self.severity),
                ("kind", &self.kind),
                ("service", service),
                ("q", &self.q),
                ("since", &self.since),
                ("until", &self.until),
                ("cursor", cursor),
            ],
        )
    }
}

pub(super) fn tabs(shown: &Shown, counts: &[(String, u64)]) -> Markup {
    html! {
        nav.tabs #tabs data-live aria-label="Incidents by status" {
            @for (name, statuses) in TABS {
                a id=(format!("tab-{}", name.to_lowercase().replace(' ', "-")))
                  href=(shown.with(statuses, &shown.service, ""))
                  aria-current=[(shown.statuses == statuses).then_some("page")] {
                    (name) " " span.count { (with_thousands(count_of(statuses, counts))) }
                }
            }
        }
    }
}

/// How many have one of these statuses; all when none is named.
pub(super) fn count_of(statuses: &str, counts: &[(String, u64)]) -> u64 {
    let is_counted = |status: &str| statuses.is_empty() || statuses.split(',').any(|wanted| wanted == status);
    counts.iter().filter(|(status, _)| is_counted(status)).map(|(_, count)| count).sum()
}

pub(super) fn filters(shown: &Shown) -> Markup {
    let severities = [Severity::Critical, Severity::Error, Severity::Warning, Severity::Info];
    html! {
        form.search method="get" action="/" role="search" {
            @for (name, value) in [("status", &shown.statuses), ("kind", &shown.kind), ("service", &shown.service)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            label for="q" { "Search" }
            input type="search" id="q" name="q" value=(shown.q) maxlength="500" placeholder="Words, service, #";
            label for="severity" { "Severity" }
            select id="severity" name="severity" {
                option value="" { "Every severity" }
                @for severity in severities.map(Severity::as_str) {
                    option value=(severity) selected[severity == shown.severity] { (severity) }
                }
            }
            button { "Search" }
            @if !shown.service.is_empty() {
                a.chip href=(shown.with(&shown.statuses, "", "")) { "service " (said(&shown.service, 60)) " ✕"
                    span.unseen { " show every service" } }
            }
        }
    }
}
