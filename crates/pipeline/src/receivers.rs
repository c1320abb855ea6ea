//! The doors through which people are told beside the dashboard, each with its own way of posting, finding
//! again and editing: [`slack`], [`email`], [`pagerduty`], [`webhook`]. What they share is here.

mod email;
mod pagerduty;
mod rehearsal;
mod settings;
mod slack;
mod webhook;

pub use email::EmailReceiver;
pub use pagerduty::PagerDutyReceiver;
pub use rehearsal::RehearsalReceiver;
pub use settings::{NamedSecrets, ReceiverSettings, SlackSettings};
pub use slack::SlackReceiver;
pub use webhook::WebhookReceiver;

use crate::deliver::Storm;
use crate::explain::Told;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::incident::{Incident, Status};
use foghorn_domain::message::News;
use foghorn_domain::notification::Reason;
use foghorn_store::model::Notification;
use foghorn_store::outbox::SlackRow;
use serde_json::Value;

/// One door.
pub enum Receiver {
    /// A channel of a Slack workspace.
    Slack(SlackReceiver),
    /// Mailboxes.
    Email(EmailReceiver),
    /// A PagerDuty service.
    PagerDuty(PagerDutyReceiver),
    /// An address of a team's own.
    Webhook(WebhookReceiver),
    /// Any of them, played: nobody is told.
    Rehearsal(RehearsalReceiver),
}

/// What is to be told.
pub(crate) struct Outgoing<'a> {
    /// The outbox row.
    pub(crate) row: &'a Notification,
    /// The incident as the message shows it.
    pub(crate) incident: &'a Incident,
    /// The message.
    pub(crate) told: &'a Told,
    /// Many incidents at once, where the message is about them.
    pub(crate) storm: Option<&'a Storm>,
    /// Criticals told without the database, where the message is about them.
    pub(crate) emergency: Option<&'a foghorn_slack::blocks::Emergency>,
    /// What the thread has not said yet, where it is a reply in one.
    pub(crate) news: Option<News>,
    /// The first notification of the incident to this receiver, where there was one.
    pub(crate) first_notification: Option<i64>,
    /// The present moment.
    pub(crate) now: Timestamp,
}

/// The receiver took it.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    /// What the receiver calls it.
    pub(crate) provider: Value,
    /// For Slack: what goes into the table of messages that others read.
    pub(crate) slack: Option<SlackRow>,
}

/// The receiver did not take it, or may have without saying so.
#[derive(Debug)]
pub(crate) struct Failure {
    /// In a word.
    pub(crate) code: String,
    /// In a sentence.
    pub(crate) detail: String,
    /// Whether and when to try again.
    pub(crate) retry: Retry,
    /// Whether it may have arrived all the same.
    pub(crate) may_have_landed: bool,
}

/// Whether and when to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Not before this has passed.
    After(SignedDuration),
    /// Later and later.
    Backoff,
    /// Somebody has to change something.
    Never,
}

/// What looking for an earlier attempt came to.
pub(crate) enum Looked {
    /// It is there.
    Found(Box<Delivered>),
    /// It is not there now; it may still be on its way.
    NotThere,
    /// There is no need to look: the receiver knows a repeat for what it is.
    NoNeed,
    /// It could not be found out.
    Unknown(Failure),
}

impl Receiver {
    /// `slack`, `email`, `pagerduty` or `webhook`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Email(_) => "email",
            Self::PagerDuty(_) => "pagerduty",
            Self::Webhook(_) => "webhook",
            Self::Rehearsal(rehearsal) => rehearsal.kind(),
        }
    }

    /// Where it leads, as the outbox and people see it; never a secret.
    pub fn channel(&self) -> &str {
        match self {
            Self::Slack(slack) => slack.channel(),
            Self::Email(email) => email.channel(),
            Self::PagerDuty(_) => "pagerduty",
            Self::Webhook(webhook) => webhook.channel(),
            Self::Rehearsal(rehearsal) => rehearsal.channel(),
        }
    }

    /// Whether the same channel is the same people. The host of a webhook has many, PagerDuty many services.
    pub(crate) fn is_known_by_its_channel(&self) -> bool {
        matches!(self.kind(), "slack" | "email")
    }

    /// Messages a second, after a burst.
    pub(crate) fn per_second(&self) -> f64 {
        match self.kind() {
            // About one a second and channel is what Slack allows.
            "slack" | "email" => 1.0,
            "pagerduty" => 2.0,
            _ => 20.0,
        }
    }

    /// Whether a message has a thread below it.
    pub(crate) fn has_threads(&self) -> bool {
        matches!(self, Self::Slack(_))
    }

    /// Whether edits are counted beside messages, for all channels together.
    pub(crate) fn counts_edits(&self) -> bool {
        self.kind() == "slack"
    }

    /// Whether a storm goes there as one message. Programs want every incident.
    pub(crate) fn folds_storms(&self) -> bool {
        matches!(self.kind(), "slack" | "email")
    }

    /// Whether a message can be changed once it is out, so that others can be told in it.
    pub(crate) fn can_edit(&self) -> bool {
        self.kind() == "slack"
    }

    /// Why a reason has passed while it waited, if it has: nobody is called up for what somebody took meanwhile, and
    /// no phone rings for what is over.
    pub(crate) fn no_longer_told(&self, row: &Notification, incident: &Incident) -> Option<&'static str> {
        let is_answered = matches!(incident.status, Status::Acknowledged | Status::NeedsInfo);
        let is_over = !incident.status.is_open();
        match self {
            _ if row.in_flight => None,
            _ if row.reason == Reason::Unacknowledged && (is_answered || is_over) => {
                Some("somebody answered meanwhile")
            }
            _ if self.kind() == "pagerduty" && is_over => Some("it was over before PagerDuty could be told"),
            _ => None,
        }
    }

    /// The status that a message shows right after it was posted. PagerDuty shows every alert as open: what became of
    /// the incident meanwhile is said next.
    pub(crate) fn shown_after_post(&self, status: Status) -> Status {
        if self.kind() == "pagerduty" { Status::Notified } else { status }
    }

    /// Posts a message.
    pub(crate) async fn post(&self, outgoing: &Outgoing<'_>) -> Result<Delivered, Failure> {
        match self {
            Self::Slack(slack) => slack.post(outgoing).await,
            Self::Email(email) => email.post(outgoing).await,
            Self::PagerDuty(pagerduty) => pagerduty.post(outgoing).await,
            Self::Webhook(webhook) => webhook.post(outgoing).await,
            Self::Rehearsal(_) => Ok(Delivered::default()),
        }
    }

    /// Looks for what an earlier attempt may have left.
    pub(crate) async fn look(&self, row: &Notification, now: Timestamp) -> Looked {
        match self {
            Self::Slack(slack) => slack.look(row, now).await,
            // Mail servers do not say what they have; most readers drop a second mail of the same Message-ID.
            Self::Email(_) => Looked::NotThere,
            Self::PagerDuty(_) | Self::Webhook(_) | Self::Rehearsal(_) => Looked::NoNeed,
        }
    }

    /// For Slack: what the table of messages that others read says of one that was found there.
    pub(crate) fn slack_row(&self, outgoing: &Outgoing<'_>) -> Option<SlackRow> {
        matches!(self, Self::Slack(_)).then(|| slack::slack_row(outgoing))
    }

    /// Whether its message would look another way than it does.
    pub(crate) fn shows(&self, row: &Notification, incident: &Incident) -> bool {
        let is_new_status = row.shown_status.as_deref() != Some(incident.status.as_str());
        match self {
            // What stands in a thread stays as it was said.
            Self::Slack(_) => !row.reason.is_in_thread(),
            Self::PagerDuty(_) | Self::Webhook(_) => is_new_status,
            // What has been mailed cannot be changed, and what was not sent need not be.
            Self::Email(_) | Self::Rehearsal(_) => false,
        }
    }

    /// Whether a change is said once, and not shown in every message there is.
    pub(crate) fn says_changes(&self) -> bool {
        matches!(self.kind(), "pagerduty" | "webhook")
    }

    /// Edits the message, or says what has changed.
    pub(crate) async fn edit(&self, outgoing: &Outgoing<'_>) -> Result<(), Failure> {
        match self {
            Self::Slack(slack) => slack.edit(outgoing).await,
            Self::Email(_) | Self::Rehearsal(_) => Ok(()),
            Self::PagerDuty(pagerduty) => pagerduty.edit(outgoing).await,
            Self::Webhook(webhook) => webhook.edit(outgoing).await,
        }
    }
}

impl From<foghorn_outbound::SendError> for Failure {
    fn from(error: foghorn_outbound::SendError) -> Self {
        use foghorn_outbound::Retry as Theirs;
        let retry = match error.retry {
            Theirs::After(pause) => {
                Retry::After(SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_secs(60)))
            }
            Theirs::Backoff => Retry::Backoff,
            Theirs::Never => Retry::Never,
        };
        Self {
            code: error.code.as_str().to_owned(),
            detail: error.detail,
            retry,
            may_have_landed: error.may_have_landed,
        }
    }
}

impl From<foghorn_slack::SlackError> for Failure {
    fn from(error: foghorn_slack::SlackError) -> Self {
        use foghorn_slack::Retry as Theirs;
        let retry = match error.retry() {
            Theirs::After(pause) => {
                Retry::After(SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_secs(60)))
            }
            Theirs::Backoff => Retry::Backoff,
            Theirs::Never => Retry::Never,
        };
        Self {
            code: error.code().to_owned(),
            detail: error.to_string(),
            retry,
            may_have_landed: error.may_have_landed(),
        }
    }
}
