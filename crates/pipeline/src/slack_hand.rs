//! A person's hand in Slack: a button, a form or a command, whichever way it came (a signed request or Socket
//! Mode), carried out once and answered in time.
//!
//! [`SlackHand::interact`] takes clicks and forms, [`SlackHand::command`] (in [`command`]) what is typed after
//! `/foghorn`, and [`socket`] brings both over a connection of our own; [`people`] says who may. They answer with a
//! [`Reply`], and say honestly when nothing was recorded.

mod command;
mod people;
mod socket;

use crate::act::{Acting, Actor};
use crate::receivers::SlackSettings;
use crate::silences::Silences;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_slack::interaction::{Button, Click, Interaction, Person, Submission};
use foghorn_slack::{Retry, SlackClient};
use foghorn_store::once::{Answered, Asked, Wording};
use foghorn_store::{Error, Result, Store};
use people::People;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Slack shows an error after three seconds; what is not begun by now is not recorded. Finding out who it is counts.
const WITHIN: Duration = Duration::from_millis(2500);
/// How long after the request came a form may be opened.
const OPEN_FORM_WITHIN: Duration = Duration::from_millis(2400);
/// How long after a failure Slack is asked again whose token it is, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// What is said when nothing has changed because the store did not get to it.
const NOT_RECORDED: &str = "not recorded, try again";

/// Names under which Foghorn itself writes to the audit log. A Slack user of that name is written by their id.
const NAMES_OF_THE_SYSTEM: [&str; 8] =
    ["agent", "triage", "foghorn", "source", "external", "dashboard", "api-token", "system"];

/// Who may act from Slack, and how they are answered.
#[derive(Clone)]
pub struct SlackHand {
    store: Store,
    acting: Acting,
    silences: Silences,
    client: Option<SlackClient>,
    people: Arc<People>,
}

/// An answer to Slack.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

impl Reply {
    fn said(text: &str) -> Self {
        Self { status: 200, body: json!({ "response_type": "ephemeral", "replace_original": false, "text": text }) }
    }
}

impl SlackHand {
    pub(crate) fn new(
        store: Store,
        acting: Acting,
        silences: Silences,
        client: Option<SlackClient>,
        settings: &SlackSettings,
    ) -> Self {
        let people = Arc::new(People::new(settings.team_id.clone(), settings.people.clone()));
        Self { store, acting, silences, client, people }
    }

    /// Asks Slack, until it answers, whose token it is, so that clicks from elsewhere can be told apart.
    pub(crate) async fn learn_workspace(&self) {
        let Some(client) = &self.client else { return };
        let mut pause = FIRST_PAUSE;
        loop {
            match client.auth_test().await {
                Ok(identity) => {
                    tracing::info!(workspace = identity.team, "Slack knows the token");
                    self.people.learn_team(identity.team_id);
                    return;
                }
                Err(error) if error.retry() == Retry::Never => {
                    tracing::error!(%error, "Slack does not know the token; check slack.bot_token (SLACK_BOT_TOKEN)");
                    return;
                }
                Err(error) => tracing::warn!(%error, "Slack does not say yet whose token it is; asking again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Carries out a click or a form. `key` is what makes the request the same one: its signature.
    pub async fn interact(&self, interaction: Interaction, key: &str) -> Result<Reply> {
        match interaction {
            Interaction::Click(click) => self.click(click, key).await,
            Interaction::Submission(form) => self.form(form, key).await,
            Interaction::Ignored { .. } => Ok(Reply { status: 200, body: json!({}) }),
        }
    }

    async fn click(&self, click: Click, key: &str) -> Result<Reply> {
        let begun = Instant::now();
        let actor = match self.actor(&click.person, click.team_id.as_deref()).await {
            Ok(actor) => actor,
            Err(why) => return Ok(Reply::said(&format!("Incident {} was not changed: {why}", click.incident_id))),
        };
        let action = match click.action {
            Button::Act(action) => action,
            Button::AddSolution => return self.open_form(&click, begun).await,
        };
        let asked = Asked::Act(self.acting.asked(click.incident_id, action, &actor, None, None));
        let reply = self.carry_out(begun, key, asked, wording(click.incident_id, action, &actor)).await?;
        self.respond(click.response_url.as_deref(), &reply.0);
        if action == Action::Info && reply.1 {
            self.show_details(click.incident_id, click.message_ts, key).await;
        }
        Ok(reply.0)
    }

    /// What somebody asked for stands recorded already; that the details could not be queued is no reason to say
    /// that it does not.
    async fn show_details(&self, id: IncidentId, ts: Option<String>, key: &str) {
        if let Err(error) = self.acting.ask_for_details(id, ts, wish(key)).await {
            tracing::error!(%error, incident.id = id, "the details that somebody asked for cannot be shown");
        }
    }

    async fn form(&self, form: Submission, key: &str) -> Result<Reply> {
        let begun = Instant::now();
        let actor = match self.actor(&form.person, form.team_id.as_deref()).await {
            Ok(actor) => actor,
            Err(why) => return Ok(form_error(&why)),
        };
        let (id, who) = (form.incident_id, actor.who.clone());
        let (asked, wording) = if form.resolve {
            let act = self.acting.asked(id, Action::Resolve, &actor, None, Some(&form.solution));
            (Asked::Act(act), wording(id, Action::Resolve, &actor))
        } else {
            let said: Wording = Box::new(move |_| format!("Solution of incident {id} remembered, {who}"));
            (self.acting.written(id, &actor, &form.solution), said)
        };
        let (reply, is_done) = self.carry_out(begun, key, asked, wording).await?;
        // A form is answered with what becomes of it.
        Ok(match (reply.status, is_done) {
            (200, true) => Reply { status: 200, body: json!({ "response_action": "clear" }) },
            (200, false) => form_error(reply.body["text"].as_str().unwrap_or(NOT_RECORDED)),
            _ => form_error(&format!("there is no incident {id}")),
        })
    }

    /// Slack shows nobody the body of the answer to a click: what it says goes to the address that came with it.
    fn respond(&self, response_url: Option<&str>, reply: &Reply) {
        let (Some(client), Some(url)) = (self.client.clone(), response_url.map(str::to_owned)) else { return };
        let body = reply.body.clone();
        tokio::spawn(async move {
            if let Err(error) = client.respond(&url, &body).await {
                tracing::warn!(%error, "the answer to a click could not be shown");
            }
        });
    }

    /// The reply, and whether it was carried out, now or before.
    async fn carry_out(&self, begun: Instant, key: &str, asked: Asked, wording: Wording) -> Result<(Reply, bool)> {
        match self.acting.once(key.to_owned(), asked, wording, WITHIN.saturating_sub(begun.elapsed())).await {
            Ok(Answered::Now(text) | Answered::Before(text)) => Ok((Reply::said(&text), true)),
            Ok(Answered::Refused(text)) => Ok((Reply::said(&text), false)),
            Ok(Answered::TakenBack) => Ok((Reply::said(NOT_RECORDED), false)),
            Err(Error::NotFound { what, id }) => {
                let text = format!("There is no {what} {id}");
                Ok((Reply { status: 404, body: json!({ "response_type": "ephemeral", "text": text }) }, false))
            }
            Err(error) => {
                tracing::error!(%error, "a hand in Slack could not be recorded");
                Ok((Reply::said(NOT_RECORDED), false))
            }
        }
    }

    async fn open_form(&self, click: &Click, begun: Instant) -> Result<Reply> {
        let id = click.incident_id;
        match self.store.incident(id).await {
            Ok(_) => {}
            Err(Error::NotFound { .. }) => {
                let text = format!("There is no incident {id}");
                return Ok(Reply { status: 404, body: json!({ "response_type": "ephemeral", "text": text }) });
            }
            Err(error) => return Err(error),
        }
        let instead = format!("Write it as: /foghorn solution {id} what fixed it");
        let (Some(client), Some(trigger)) = (&self.client, &click.trigger_id) else {
            return Ok(Reply::said(&instead));
        };
        let view = foghorn_slack::blocks::render_modal(id);
        match tokio::time::timeout(OPEN_FORM_WITHIN.saturating_sub(begun.elapsed()), client.open_view(trigger, &view))
            .await
        {
            Ok(Ok(())) => Ok(Reply { status: 200, body: json!({}) }),
            Ok(Err(error)) => {
                tracing::warn!(%error, incident.id = id, "the form for a solution could not be opened");
                Ok(Reply::said(&instead))
            }
            Err(_) => Ok(Reply::said(&instead)),
        }
    }

    /// Who acts, or why they may not.
    async fn actor(&self, person: &Person, team_id: Option<&str>) -> std::result::Result<Actor, String> {
        let now = self.store.clock().now();
        self.people.check(person, team_id, self.client.as_ref(), now).await?;
        let name = self.people.name_of(person).unwrap_or(&person.name);
        let is_reserved = NAMES_OF_THE_SYSTEM.iter().any(|reserved| name.eq_ignore_ascii_case(reserved));
        let who = if is_reserved { person.id.clone() } else { name.clone() };
        Ok(Actor { who, on_behalf_of: None, via: "slack" })
    }
}

/// Names the wish of a request, so that the same request is the same wish.
pub(super) fn wish(key: &str) -> String {
    key.chars().rev().take(12).collect()
}

fn form_error(why: &str) -> Reply {
    Reply { status: 200, body: json!({ "response_action": "errors", "errors": { "solution": why } }) }
}

/// `Incident 123 acknowledged by john.doe`, as the reference says it.
fn wording(id: IncidentId, action: Action, actor: &Actor) -> Wording {
    let who = actor.who.clone();
    Box::new(move |outcome: std::result::Result<(&Incident, bool), &str>| match outcome {
        Ok((_, true)) => format!("Incident {id} {} by {who}", action.past_tense()),
        Ok((incident, false)) => format!("Incident {id} is already {}", incident.status),
        Err(why) => format!("Incident {id} was not changed: {why}"),
    })
}
