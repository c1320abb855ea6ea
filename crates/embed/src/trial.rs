//! Whether a model and a tokenizer belong together, found out by running them.

use crate::embedder::MAX_TOKENS;
use crate::network::Network;
use crate::sessions::Session;
use crate::tokenizer::Tokenizer;

/// Published tables have more rows than there are word pieces, up to the next multiple of this.
const TABLE_ROUNDING: u32 = 128;

/// Which of the two files is at fault, and why.
pub(crate) enum TrialProblem {
    /// The model does not give vectors.
    Model(String),
    /// The tokenizer belongs to another model.
    Fit(String),
}

/// Runs the network on the longest text there can be and on tokens that should not exist, and answers
/// with the number of dimensions.
pub(crate) fn try_out(network: &Network, tokenizer: &Tokenizer, session: &Session<'_>) -> Result<usize, TrialProblem> {
    let [start, end] = tokenizer.marks();
    let highest = tokenizer.highest_id();
    // Token 0 exists wherever there are tokens, so what goes wrong with it is not the tokenizer's fault.
    let mut tokens = vec![0; 2];
    let dimensions = network.run(&tokens, session).map_err(TrialProblem::Model)?.len();

    tokens = vec![start, highest, end];
    network.run(&tokens, session).map_err(|reason| {
        TrialProblem::Fit(format!("the model does not know token {highest} of the tokenizer: {reason}"))
    })?;
    // Where the model knows far more tokens than the tokenizer, its numbers mean other words.
    tokens[1] = (highest + 1).next_multiple_of(TABLE_ROUNDING);
    if network.run(&tokens, session).is_ok() {
        return Err(TrialProblem::Fit(format!(
            "the model knows more tokens than the {} of the tokenizer",
            highest + 1
        )));
    }
    tokens = vec![end; MAX_TOKENS];
    let longest = network
        .run(&tokens, session)
        .map_err(|reason| TrialProblem::Model(format!("it does not take a text of {MAX_TOKENS} tokens: {reason}")))?;
    if longest.len() != dimensions {
        return Err(TrialProblem::Model(format!("it gives {dimensions} dimensions once and {} then", longest.len())));
    }
    Ok(dimensions)
}
