//! `/foghorn` and what is typed after it.

use super::{NOT_RECORDED, Reply, SlackHand, wording};
use crate::act::Actor;
use foghorn_domain::incident::{Action, Incident, IncidentId};
use foghorn_domain::redaction::redact;
use foghorn_domain::text::{cut, outside_text};
use foghorn_slack::escape::mrkdwn;
use foghorn_slack::interaction::SlashCommand;
use foghorn_store::model::{IncidentFilter, Paging};
use foghorn_store::mutes::Mute;
use foghorn_store::once::Asked;
use foghorn_store::{Error, Result};
use std::time::Instant;

const HELP: &str = "What you can type:\n\
    `/foghorn list` open incidents, newest first\n\
    `/foghorn show N` one incident\n\
    `/foghorn ack N` you have it\n\
    `/foghorn info N` you want to know more\n\
    `/foghorn resolve N what fixed it` it is over\n\
    `/foghorn solution N what fixed it` write it down for the next time\n\
    `/foghorn false-positive N` it was nothing\n\
    `/foghorn reopen N` it is not over\n\
    `/foghorn silence 2h service=checkout why` nobody is told about it\n\
    `/foghorn unsilence N` end a silence\n\
    `/foghorn silences` what is silenced";

/// What the same request again is answered while the first one is carried out.
const BEGUN: &str = "It is being done; `/foghorn silences` shows what holds";

/// Incidents in a list.
const MOST_LISTED: u32 = 15;

impl SlackHand {
    /// Carries out what was typed. `key` is what makes the request the same one: its signature.
    pub async fn command(&self, command: SlashCommand, key: &str) -> Result<Reply> {
        let begun = Instant::now();
        let actor = match self.actor(&command.person, command.team_id.as_deref()).await {
            Ok(actor) => actor,
            Err(why) => return Ok(Reply::said(&why)),
        };
        let text = command.text.trim();
        let (verb, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let action = match verb.to_lowercase().replace('-', "_").as_str() {
            "" | "help" => return Ok(Reply::said(HELP)),
            "list" => return self.list().await,
            "silences" => return self.list_silences().await,
            "show" => return self.show(rest).await,
            "silence" | "unsilence" => return self.about_silence(verb, rest, &actor, key).await,
            "solution" => None,
            word => match Action::parse(word) {
                Some(action) => Some(action),
                None => return Ok(Reply::said(&format!("`{}` is no command.\n{HELP}", escape(&cut(verb, 40))))),
            },
        };
        let (number, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(id) = number_of(number) else {
            return Ok(Reply::said(&format!("`{verb}` needs the number of an incident: `/foghorn {verb} 7`")));
        };
        let words = Some(words.trim()).filter(|words| !words.is_empty());
        let (asked, wording) = match (action, words) {
            (Some(action), words) => {
                // What is said with a resolve is what fixed it; with anything else it is a note.
                let is_fix = action == Action::Resolve;
                let (note, fix) = (words.filter(|_| !is_fix), words.filter(|_| is_fix));
                (Asked::Act(self.acting.asked(id, action, &actor, note, fix)), wording(id, action, &actor))
            }
            (None, None) => return Ok(Reply::said("`solution` needs words: `/foghorn solution 7 raised the pool`")),
            (None, Some(words)) => {
                let said = format!("Solution of incident {id} remembered, {}", actor.who);
                (
                    self.acting.written(id, &actor, words),
                    Box::new(move |_: std::result::Result<(&Incident, bool), &str>| said) as _,
                )
            }
        };
        let (reply, is_done) = self.carry_out(begun, key, asked, wording).await?;
        if is_done && action == Some(Action::Info) {
            self.show_details(id, None, key).await;
        }
        // A command is always answered with 200: anything else shows as a broken app.
        Ok(Reply { status: 200, ..reply })
    }

    async fn list(&self) -> Result<Reply> {
        let statuses = ["open", "notified", "acknowledged", "needs_info"].map(str::to_owned).to_vec();
        let filter = IncidentFilter { statuses, ..IncidentFilter::default() };
        let page =
            self.store.incidents(filter, Paging { limit: MOST_LISTED, cursor: None, exact_count: false }).await?;
        if page.items.is_empty() {
            return Ok(Reply::said("Nothing is open."));
        }
        let mut lines: Vec<String> = page.items.iter().map(line).collect();
        let more = page.total.saturating_sub(page.items.len() as u64);
        if more > 0 {
            lines.push(format!("… and {more} more"));
        }
        Ok(Reply::said(&lines.join("\n")))
    }

    async fn show(&self, rest: &str) -> Result<Reply> {
        let Some(id) = number_of(rest) else {
            return Ok(Reply::said("`show` needs the number of an incident: `/foghorn show 7`"));
        };
        let incident = match self.store.incident(id).await {
            Ok(incident) => incident,
            Err(Error::NotFound { .. }) => return Ok(Reply::said(&format!("There is no incident {id}"))),
            Err(error) => return Err(error),
        };
        let evidence: Vec<String> = incident
            .evidence
            .iter()
            .take(3)
            .map(|evidence| format!("> {}", escape(&outside_text(&evidence.text))))
            .collect();
        Ok(Reply::said(&format!("{}\n{} events\n{}", line(&incident), incident.event_count, evidence.join("\n"))))
    }

    /// The same signed request again begins no second silence.
    async fn about_silence(&self, verb: &str, rest: &str, actor: &Actor, key: &str) -> Result<Reply> {
        if let Some(before) = self.store.take_request(key.to_owned(), BEGUN.to_owned()).await? {
            return Ok(Reply::said(&before));
        }
        let done = match verb.to_lowercase().as_str() {
            "silence" => self.silence(rest, actor).await,
            _ => self.unsilence(rest, actor).await,
        };
        let answer =
            done.as_ref().ok().and_then(|reply| reply.body["text"].as_str()).filter(|text| *text != NOT_RECORDED);
        self.store.keep_answer(key.to_owned(), answer.map(str::to_owned)).await?;
        done
    }

    async fn silence(&self, rest: &str, actor: &Actor) -> Result<Reply> {
        Ok(match self.silences.add_typed(rest, actor).await {
            Ok(Ok(silence)) => {
                // That it holds counts more than what it would have hidden.
                let hidden = self.silences.would_have_hidden(&silence).await.unwrap_or_default();
                Reply::said(&format!(
                    "Silence {} holds until {}. In the last 24 hours it would have hidden {hidden}.",
                    silence.id,
                    silence.ends_at.strftime("%d %b %H:%M UTC")
                ))
            }
            Ok(Err(why)) => Reply::said(&format!("Nothing is silenced: {}", escape(&why))),
            Err(error) => {
                tracing::error!(%error, "a silence could not be stored");
                Reply::said(NOT_RECORDED)
            }
        })
    }

    async fn unsilence(&self, rest: &str, actor: &Actor) -> Result<Reply> {
        let Some(id) = number_of(rest) else {
            return Ok(Reply::said("`unsilence` needs the number of a silence: `/foghorn unsilence 3`"));
        };
        Ok(match self.silences.end(id, actor).await {
            Ok(_) => Reply::said(&format!("Silence {id} has ended; what still fires is told.")),
            Err(Error::NotFound { .. }) => Reply::said(&format!("There is no silence {id}")),
            Err(error) => return Err(error),
        })
    }

    async fn list_silences(&self) -> Result<Reply> {
        let (silences, mutes) = (self.silences.list(false).await?, self.silences.mutes().await?);
        if silences.is_empty() && mutes.is_empty() {
            return Ok(Reply::said("Nothing is silenced."));
        }
        let line = |silence: &foghorn_routing::Silence| {
            format!(
                "*{}* {} until {} ({}: {})",
                silence.id,
                escape(&silence.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
                silence.ends_at.strftime("%d %b %H:%M UTC"),
                escape(&silence.created_by),
                escape(&outside_text(&silence.comment))
            )
        };
        let lines = silences.iter().map(line).chain(mutes.iter().map(mute_line));
        Ok(Reply::said(&lines.take(20).collect::<Vec<_>>().join("\n")))
    }
}

fn mute_line(mute: &Mute) -> String {
    format!(
        "*#{}* {} until {} (false positive{})",
        mute.incident.id,
        escape(&outside_text(&mute.incident.service)),
        mute.ends_at.strftime("%d %b %H:%M UTC"),
        mute.muted_by.as_ref().map(|who| format!(", {}", escape(&outside_text(who)))).unwrap_or_default()
    )
}

/// Outside text in an answer.
fn escape(text: &str) -> String {
    mrkdwn(text, 600)
}

fn number_of(text: &str) -> Option<IncidentId> {
    text.trim().trim_start_matches('#').parse().ok().filter(|id| *id > 0)
}

fn line(incident: &Incident) -> String {
    let summary = cut(&outside_text(&redact(&incident.summary).into_string()), 200);
    format!("*#{}* {} · {} · {}", incident.id, incident.status, escape(&incident.service), escape(&summary))
}
