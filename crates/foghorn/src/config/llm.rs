//! The language model: where it is, how long it may take, what it may cost.

use super::error::ConfigError;
use super::layers::Values;
use super::value;
use foghorn_domain::clock::SignedDuration;
use foghorn_domain::secret::Secret;
use foghorn_llm::budget::{Limit, Limits};
use foghorn_llm::{ModelSettings, OPENAI_BASE_URL, Prices};

/// `[llm]`.
#[derive(Debug)]
pub(crate) struct Llm {
    /// `None` where neither a key nor an address is set: no model is asked.
    pub(crate) model: Option<ModelSettings>,
}

/// Tokens and dollars that nobody means.
const MOST_TOKENS: usize = 1_000_000_000_000;
const MOST_DOLLARS: f64 = 1e6;

impl Llm {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let api_key = values.get("llm.api_key", key)?;
        let base_url = values.get("llm.base_url", value::url)?;
        let name = values.get("llm.model", value::name)?;
        let settings = ModelSettings {
            call_deadline: values.get("llm.call_deadline", deadline)?,
            question_deadline: values.get("llm.incident_deadline", deadline)?,
            concurrency: values.get("llm.concurrency", value::count(1..=64))?,
            limits: Limits {
                of_subject: Limit { tokens: tokens(values, "llm.tokens_per_incident")?, micro_dollars: 0 },
                of_hour: Limit {
                    tokens: tokens(values, "llm.tokens_per_hour")?,
                    micro_dollars: micro(values.get("llm.dollars_per_hour", dollars)?),
                },
                of_day: Limit {
                    tokens: tokens(values, "llm.tokens_per_day")?,
                    micro_dollars: micro(values.get("llm.dollars_per_day", dollars)?),
                },
            },
            prices: Prices {
                input: values.get("llm.input_price", dollars)?,
                output: values.get("llm.output_price", dollars)?,
            },
            ..ModelSettings::new(base_url.as_deref().unwrap_or(OPENAI_BASE_URL), name)
        };
        let has_prices = settings.prices != Prices::default();
        for (name, limit) in
            [("llm.dollars_per_hour", settings.limits.of_hour), ("llm.dollars_per_day", settings.limits.of_day)]
        {
            if limit.micro_dollars > 0 && !has_prices {
                let remedy = "needs llm.input_price and llm.output_price, or it would never be reached".to_owned();
                return Err(values.malformed(name, remedy));
            }
        }
        let is_on = api_key.is_some() || base_url.is_some();
        Ok(Self { model: is_on.then_some(ModelSettings { api_key, ..settings }) })
    }
}

/// A key goes into a header and nowhere else.
fn key(text: &str) -> Result<Option<Secret>, String> {
    match text.trim() {
        "" => Ok(None),
        text if text.chars().all(|character| character.is_ascii_graphic()) => Ok(Some(Secret::new(text))),
        _ => Err("write the key as the server gave it, without blanks".to_owned()),
    }
}

fn deadline(text: &str) -> Result<std::time::Duration, String> {
    let length = value::duration(text)?;
    match length > SignedDuration::from_mins(10) {
        true => Err(r#"must be at most "10m": nobody waits longer for an explanation"#.to_owned()),
        false => Ok(length.unsigned_abs()),
    }
}

fn tokens(values: &Values, key: &str) -> Result<u64, ConfigError> {
    Ok(values.get(key, value::count(0..=MOST_TOKENS))? as u64)
}

fn dollars(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|number| (0.0..=MOST_DOLLARS).contains(number));
    number.ok_or_else(|| "write an amount in dollars, such as 2.50".to_owned())
}

fn micro(dollars: f64) -> u64 {
    (dollars * 1e6).round() as u64
}
