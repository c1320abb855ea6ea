//! The form that begins a silence: what was typed is kept, a fault stands beside its field, and what would have
//! been hidden is shown before anything begins.

use super::matchers;
use crate::pages::layout::{moment, said};
use crate::problem::Problem;
use foghorn_domain::clock::Timestamp;
use foghorn_domain::words::counted;
use foghorn_routing::{Comparison, FieldFault, Matcher, Silence};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

/// What was typed.
#[derive(Default, Deserialize)]
pub(crate) struct SilenceForm {
    #[serde(default)]
    matchers: String,
    #[serde(default)]
    duration: String,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    user: String,
    /// `preview` or `begin`.
    #[serde(default)]
    step: String,
    /// What the preview was about.
    #[serde(default)]
    previewed: String,
}

/// What the page says about it.
pub(super) enum Shown {
    Nothing,
    /// What cannot be used.
    Fault(FieldFault),
    /// What would begin.
    Preview {
        silence: Silence,
        hidden: usize,
    },
}

impl SilenceForm {
    pub(super) fn begin(service: Option<&str>, user: Option<String>) -> Self {
        let of_service = service.and_then(|service| Matcher::new("service", Comparison::Equal, service).ok());
        Self {
            matchers: of_service.map(|matcher| matcher.to_string()).unwrap_or_default(),
            duration: "2h".to_owned(),
            user: user.unwrap_or_default(),
            ..Self::default()
        }
    }

    pub(super) fn user(&self) -> Option<&str> {
        Some(self.user.trim()).filter(|user| !user.is_empty())
    }

    /// The request, as the routing rules read it.
    pub(super) fn body(&self) -> Value {
        json!({ "matchers": self.lines(), "duration": self.duration.trim(), "comment": self.comment.trim() })
    }

    /// Whether somebody wants it to begin who has seen what exactly this would hide.
    pub(super) fn begins_what_was_shown(&self) -> bool {
        self.step == "begin" && self.previewed == self.subject()
    }

    fn lines(&self) -> Vec<&str> {
        self.matchers.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
    }

    fn subject(&self) -> String {
        format!("{} for {}", self.lines().join(", "), self.duration.trim())
    }
}

/// A name that cannot be used.
pub(super) fn of_user(problem: &Problem) -> FieldFault {
    FieldFault { field: "created_by".to_owned(), message: problem.detail().to_owned() }
}

/// The form's field at which a fault of the request stands.
fn field_of(fault: &FieldFault) -> &'static str {
    match fault.field.split('[').next().unwrap_or_default() {
        "matchers" => "matchers",
        "duration" | "starts_at" | "ends_at" => "duration",
        "comment" => "comment",
        "created_by" => "user",
        _ => "",
    }
}

/// The fault in words; of many matchers it says which.
fn wording(fault: &FieldFault) -> String {
    let nth = fault.field.strip_prefix("matchers[").and_then(|rest| rest.strip_suffix(']'));
    let line = nth.and_then(|nth| nth.parse::<usize>().ok()).map(|nth| format!("line {}: ", nth + 1));
    said(&format!("{}{}", line.unwrap_or_default(), fault.message), 600)
}

pub(super) fn render(form: &SilenceForm, shown: &Shown, now: Timestamp) -> Markup {
    let fault = match shown {
        Shown::Fault(fault) => Some((field_of(fault), wording(fault))),
        _ => None,
    };
    let wrong = |name: &str| fault.as_ref().filter(|(field, _)| *field == name).map(|(_, text)| text.as_str());
    let is_wrong = |name: &str| wrong(name).map(|_| "true");
    let told_by = |name: &str| wrong(name).map(|_| format!("{name}-wrong"));
    let said_wrong = |name: &str| {
        html! {
            @if let Some(text) = wrong(name) { p.wrong id=(format!("{name}-wrong")) role="alert" { (text) } }
        }
    };
    html! {
        form.card.resolve #silence-form method="post" action="/silences" {
            h2 { "Begin a silence" }
            (said_wrong(""))
            div.field { label for="matchers" { "Over what, a condition a line; all must fit, one must name a service or team" }
                textarea id="matchers" name="matchers" rows="3" maxlength="8000" required placeholder="service = checkout"
                    aria-invalid=[is_wrong("matchers")] aria-describedby=[told_by("matchers")] { "\n" (form.matchers) }
                (said_wrong("matchers")) }
            div.field { label for="duration" { "For how long: 30m, 2h, 1d" }
                input id="duration" name="duration" maxlength="40" required autocomplete="off" value=(form.duration)
                    aria-invalid=[is_wrong("duration")] aria-describedby=[told_by("duration")];
                (said_wrong("duration")) }
            div.field { label for="comment" { "Why" }
                input id="comment" name="comment" maxlength="1000" required autocomplete="off" value=(form.comment)
                    placeholder="moving the database"
                    aria-invalid=[is_wrong("comment")] aria-describedby=[told_by("comment")];
                (said_wrong("comment")) }
            div.field { label for="user" { "Your name" }
                input id="user" name="user" maxlength="100" autocomplete="username" value=(form.user)
                    aria-invalid=[is_wrong("user")] aria-describedby=[told_by("user")];
                (said_wrong("user")) }
            @if let Shown::Preview { silence, hidden } = shown { (preview(form, silence, *hidden, now)) }
            @else { div.buttons { button.primary #preview name="step" value="preview" { "Preview" } } }
        }
    }
}

fn preview(form: &SilenceForm, silence: &Silence, hidden: usize, now: Timestamp) -> Markup {
    html! {
        div #preview-of role="status" {
            p { "Until " (moment(silence.end())) " nobody would be told of what fits " (matchers(silence)) }
            p { strong { "Of the last 24 hours it fits " (counted(hidden as u64, "incident")) "." }
                @if hidden == 0 { " If you expected some, look at the spelling: case counts." } }
            @if silence.end().duration_since(now).as_hours() >= 24 {
                p { span.flag { "That is long." } " What still fires at its end is told then." }
            }
        }
        input type="hidden" name="previewed" value=(form.subject());
        div.buttons {
            button.primary #begin name="step" value="begin" { "Begin silence" }
            button name="step" value="preview" { "Preview again" }
        }
    }
}
