//! What is asked, and what came of it.

use crate::failure::Failure;
use crate::ladder::Rung;
use serde_json::Value;
use std::time::Duration;

/// A question to a model.
#[derive(Clone, Debug)]
pub struct Question {
    /// What it is to do: the part that is the same for every question.
    pub system: String,
    /// What it is about.
    pub user: String,
    /// What the answer's schema is called.
    pub schema_name: &'static str,
    /// The JSON schema that an answer must fit; see [`crate::schema`] for what is understood.
    pub schema: Value,
    /// The schema that is sent. It may be narrower: what bounds its texts and lists bounds what a model can write
    /// where the server makes a grammar of it, and what is a little longer is no worse for that.
    pub asked_schema: Value,
    /// The longest answer, in tokens.
    pub max_tokens: u32,
    /// On whose account it goes, for the budget of one subject.
    pub subject: i64,
}

/// What became of a question.
#[derive(Clone, Debug)]
pub struct Asked<T> {
    /// The answer, or why there is none.
    pub answer: Result<T, Failure>,
    /// Every call that was made, in order; empty where none was.
    pub exchanges: Vec<Exchange>,
    /// All calls together.
    pub usage: Usage,
    /// From the question to the answer, waits included.
    pub took: Duration,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// `ok`, or [`Failure::outcome`].
    pub outcome: &'static str,
    /// How JSON was asked for.
    pub rung: Rung,
    /// Whether it told the model what was wrong before.
    pub is_repair: bool,
    /// What the model wrote, cut; `None` where nothing came.
    pub received: Option<String>,
    /// How long it took.
    pub took: Duration,
}

/// What was used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// Their price in millionths of a dollar.
    pub micro_dollars: u64,
}

impl Usage {
    pub(crate) fn add(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.micro_dollars = self.micro_dollars.saturating_add(other.micro_dollars);
    }

    /// Tokens both ways.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
