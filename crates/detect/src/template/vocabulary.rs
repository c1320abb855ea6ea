//! The few words that template mining knows the meaning of.

/// Whether the next word is most likely a name that somebody chose: `user alice`, `host db`, `queue orders`.
pub(super) fn introduces_a_name(word: &str) -> bool {
    const WORDS: [&str; 40] = [
        "account",
        "bucket",
        "channel",
        "cluster",
        "collection",
        "container",
        "customer",
        "database",
        "device",
        "directory",
        "domain",
        "file",
        "folder",
        "group",
        "host",
        "hostname",
        "index",
        "interface",
        "job",
        "login",
        "member",
        "namespace",
        "node",
        "peer",
        "pod",
        "queue",
        "region",
        "replica",
        "role",
        "schema",
        "server",
        "service",
        "shard",
        "table",
        "tenant",
        "topic",
        "upstream",
        "user",
        "username",
        "volume",
    ];
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (3..=10).contains(&word.len())
        && WORDS.binary_search_by(|known| known.bytes().cmp(word.bytes().map(|b| b.to_ascii_lowercase()))).is_ok()
}

/// Whether the word before is a name if `for` stands in front of that: `for root from …`, `for admin [preauth]`.
pub(super) fn follows_a_name(word: &str) -> bool {
    matches!(word, "from" | "on" | "at" | "by" | "via" | "port") || word.starts_with('[')
}

/// A request line's first word.
pub(super) fn is_http_method(word: &str) -> bool {
    matches!(word, "GET" | "POST" | "PUT" | "DELETE" | "HEAD" | "PATCH" | "OPTIONS" | "CONNECT" | "TRACE")
}

/// A truth value, which varies wherever it is written.
pub(super) fn is_truth_value(word: &str) -> bool {
    matches!(word, "true" | "false" | "True" | "False" | "TRUE" | "FALSE")
}

/// A word that says there is no value.
pub(super) fn is_nothing(word: &str) -> bool {
    matches!(word, "null" | "nil" | "none" | "None" | "NULL" | "undefined" | "NaN" | "nan")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_introduce_a_name_are_found_in_any_case_and_punctuation() {
        let check = |word, expected| assert_eq!(introduces_a_name(word), expected, "{word}");
        check("user", true);
        check("User:", true);
        check("account", true);
        check("volume", true);
        check("used", false);
        check("", false);
    }
}
