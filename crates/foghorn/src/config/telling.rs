//! Whom Foghorn tells, one small struct for each way.

use super::error::ConfigError;
use super::layers::Values;
use super::value;
use foghorn_domain::secret::Secret;
use std::collections::HashMap;
use std::path::PathBuf;

/// `[routing]`.
#[derive(Debug)]
pub(crate) struct Routing {
    pub(crate) file: Option<PathBuf>,
}

impl Routing {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self { file: values.get("routing.file", value::optional_path)? })
    }
}

/// `[slack]`.
#[derive(Debug)]
pub(crate) struct Slack {
    pub(crate) bot_token: Option<Secret>,
    pub(crate) signing_secret: Option<Secret>,
    pub(crate) app_token: Option<Secret>,
    pub(crate) channel: String,
    pub(crate) api_url: Option<String>,
    pub(crate) team_id: Option<String>,
    pub(crate) people: HashMap<String, String>,
}

impl Slack {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            bot_token: values.get("slack.bot_token", value::secret)?,
            signing_secret: values.get("slack.signing_secret", value::secret)?,
            app_token: values.get("slack.app_token", value::secret)?,
            channel: values.get("slack.channel", value::name)?,
            api_url: values.get("slack.api_url", value::url)?,
            team_id: values.get("slack.team_id", optional_name)?,
            people: values.get("slack.people", people)?,
        })
    }
}

/// `[email]`.
#[derive(Debug)]
pub(crate) struct Email {
    pub(crate) smtp_url: Option<Secret>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
}

impl Email {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            smtp_url: values.get("email.smtp_url", secret_address)?,
            from: values.get("email.from", |text| Ok(text.trim().to_owned()))?,
            to: values.get("email.to", list)?,
        })
    }
}

/// `[pagerduty]`.
#[derive(Debug)]
pub(crate) struct PagerDuty {
    pub(crate) routing_key: Option<Secret>,
    pub(crate) events_url: Option<String>,
}

impl PagerDuty {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            routing_key: values.get("pagerduty.routing_key", value::secret)?,
            events_url: values.get("pagerduty.events_url", value::url)?,
        })
    }
}

/// `[webhook]`.
#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) allow: Vec<String>,
}

impl Webhook {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self { allow: values.get("webhook.allow", list)? })
    }
}

/// `[watchman]`.
#[derive(Debug)]
pub(crate) struct Watchman {
    pub(crate) heartbeat_url: Option<Secret>,
    pub(crate) silent_sources: bool,
}

impl Watchman {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            heartbeat_url: values.get("watchman.heartbeat_url", |text| Ok(value::url(text)?.map(Secret::new)))?,
            silent_sources: values.get("watchman.silent_sources", value::switch)?,
        })
    }
}

/// An address that holds a password or is one. What it means is checked by whoever calls it.
fn secret_address(text: &str) -> Result<Option<Secret>, String> {
    match text.trim() {
        "" => Ok(None),
        text if text.chars().all(|character| character.is_ascii_graphic()) => Ok(Some(Secret::new(text))),
        _ => Err("write an address without blanks; percent-encode what is special in it".to_owned()),
    }
}

fn optional_name(text: &str) -> Result<Option<String>, String> {
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// `a, b`: what stands between commas, nothing where there is nothing.
fn list(text: &str) -> Result<Vec<String>, String> {
    Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// `U012AB3CD=ana, W987ZY6XW=bob`.
fn people(text: &str) -> Result<HashMap<String, String>, String> {
    let person = |part: String| {
        let (id, name) = part.split_once('=')?;
        let (id, name) = (id.trim(), name.trim());
        let is_id = id.starts_with(['U', 'W']) && id.chars().all(|letter| letter.is_ascii_alphanumeric());
        (is_id && !name.is_empty()).then(|| (id.to_owned(), name.to_owned()))
    };
    let remedy = r#"write Slack ids with names, such as "U012AB3CD=ana, W987ZY6XW=bob""#;
    list(text)?.into_iter().map(|part| person(part).ok_or_else(|| remedy.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_people_are_read_as_they_are_written() {
        assert_eq!(list(" a@x.org, b@x.org ,").unwrap(), ["a@x.org", "b@x.org"]);
        assert!(list("").unwrap().is_empty());
        let known = people("U012AB3CD=ana, W9=bob b").unwrap();
        assert_eq!((known["U012AB3CD"].as_str(), known["W9"].as_str()), ("ana", "bob b"));
        for wrong in ["ana", "U1=", "=ana", "T012=ana", "U1 2=ana"] {
            assert!(people(wrong).is_err(), "{wrong}");
        }
    }
}
