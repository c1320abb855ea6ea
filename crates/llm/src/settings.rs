//! How a model is reached, and how much it may cost.

use crate::budget::Limits;
use foghorn_domain::secret::Secret;
use std::time::Duration;

/// Where OpenAI itself answers.
pub const OPENAI_BASE_URL: &str = "https://api.openai.com/v1";

/// Everything there is to set about a model.
#[derive(Clone, Debug)]
pub struct ModelSettings {
    /// The base of the interface, `/v1` included, without a slash at the end.
    pub base_url: String,
    /// The key, where the server asks for one.
    pub api_key: Option<Secret>,
    /// The model's name.
    pub model: String,
    /// The longest a call may take.
    pub call_deadline: Duration,
    /// The longest a question may take: calls, repeats and waits together.
    pub question_deadline: Duration,
    /// Calls under way at the same time.
    pub concurrency: usize,
    /// The largest reply that is read, in bytes.
    pub max_reply_bytes: usize,
    /// The longest prompt that is sent, in estimated tokens.
    pub max_prompt_tokens: u64,
    /// What may be spent.
    pub limits: Limits,
    /// What tokens cost.
    pub prices: Prices,
}

impl ModelSettings {
    /// The defaults for a model at an address.
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            model: model.into(),
            call_deadline: Duration::from_secs(20),
            question_deadline: Duration::from_secs(45),
            concurrency: 4,
            max_reply_bytes: 256 * 1024,
            max_prompt_tokens: 6_000,
            limits: Limits::default(),
            prices: Prices::default(),
        }
    }
}

/// What tokens cost, in dollars for a million of them; zero for a model of one's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// Tokens that are sent.
    pub input: f64,
    /// Tokens that come back.
    pub output: f64,
}

impl Prices {
    /// The price of a call in millionths of a dollar.
    pub fn of(self, input_tokens: u64, output_tokens: u64) -> u64 {
        let price = input_tokens as f64 * self.input + output_tokens as f64 * self.output;
        // A price that is no number would otherwise make everything free or everything too dear.
        if price.is_finite() && price > 0.0 { price.ceil() as u64 } else { 0 }
    }
}
