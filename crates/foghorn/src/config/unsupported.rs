//! Variables that other installations set for the same purpose and that this version does not honour. To
//! ignore one in silence would let somebody believe that it works.

/// What is set, and what happens instead.
const UNSUPPORTED: [(&[&str], &str); 3] = [
    (
        &["REDIS_URL", "REDIS_CHANNEL", "QUEUE_NAME"],
        "this version uses no Redis: events come in over HTTP and its own event log is the queue",
    ),
    (
        &["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"],
        "this version asks no language model: the built-in analyst explains incidents",
    ),
    (&["WINDOW_N", "POLL_INTERVAL_SECONDS"], "this version has no metric windows or polled sources"),
];

/// One sentence for each purpose of which at least one variable is set.
pub(super) fn warnings(environment: &[(String, String)]) -> Vec<String> {
    let is_set = |name: &&&str| environment.iter().any(|(known, value)| known == **name && !value.is_empty());
    let warning = |(names, instead): &(&[&str], &str)| {
        let set: Vec<&str> = names.iter().filter(is_set).copied().collect();
        let verb = if set.len() == 1 { "is" } else { "are" };
        (!set.is_empty()).then(|| format!("{} {verb} set but {instead}", set.join(", ")))
    };
    UNSUPPORTED.iter().filter_map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_honoured_is_said_without_its_value() {
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = [
            set("POLL_INTERVAL_SECONDS", "2"),
            set("OPENAI_API_KEY", "sk-1"),
            set("OPENAI_MODEL", "some"),
            set("REDIS_URL", ""),
            set("PATH", "/bin"),
        ];
        assert_eq!(
            warnings(&environment),
            [
                "OPENAI_API_KEY, OPENAI_MODEL are set but this version asks no language model: the built-in analyst explains \
                 incidents",
                "POLL_INTERVAL_SECONDS is set but this version has no metric windows or polled sources",
            ]
        );
    }
}
