//! How many tokens a text has, without the model's own table: an estimate that errs upwards.

/// Tokens in a text, estimated: four ASCII characters make one, any other character makes one of its own.
///
/// English prose has about four characters to a token, logs about three; the result is raised by a third so
/// that a budget is not overrun by an estimate.
pub fn estimate(text: &str) -> u64 {
    let ascii = text.bytes().filter(u8::is_ascii).count() as u64;
    let others = text.chars().filter(|character| !character.is_ascii()).count() as u64;
    of_characters(ascii, others)
}

/// The same by the number of ASCII characters and of others.
pub(crate) fn of_characters(ascii: u64, others: u64) -> u64 {
    ascii.div_ceil(4).saturating_add(others).saturating_mul(4) / 3 + 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_grows_with_the_text_and_counts_other_scripts_dearer() {
        assert_eq!(estimate(""), 4);
        assert!(estimate("connection pool exhausted") >= 6);
        assert!(estimate("漢字漢字") > estimate("abcd"));
    }
}
