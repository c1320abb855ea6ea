//! Variables that other installations set for the same purpose and that this version does not honour. To
//! ignore one in silence would let somebody believe that it works.

/// What is set, and what happens instead.
const UNSUPPORTED: [(&[&str], &str); 2] = [
    (&["WINDOW_N"], "metric anomalies keep no fixed window: every series has a memory of its own"),
    (&["POLL_INTERVAL_SECONDS"], "this version polls no log sources"),
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
        let environment = [set("WINDOW_N", "60"), set("POLL_INTERVAL_SECONDS", ""), set("PATH", "/bin")];
        assert_eq!(
            warnings(&environment),
            ["WINDOW_N is set but metric anomalies keep no fixed window: every series has a memory of its own",]
        );
    }
}
