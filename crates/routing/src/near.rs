//! "Did you mean": the known name that a mistyped one is nearest to.

/// A hint to put behind "unknown name": what may have been meant, or what there is.
pub(crate) fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(meant) => format!("; did you mean {meant}?"),
        None => {
            let list: Vec<&str> = known.take(20).collect();
            if list.is_empty() { String::new() } else { format!("; there are {}", list.join(", ")) }
        }
    }
}

/// The nearest known name, if it is near enough to be a slip of the fingers.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 60 {
        return None;
    }
    let slips = 1 + name.chars().count() / 4;
    let scored = known.filter(|other| other.len() <= 80).map(|other| (distance(name, other), other));
    scored.filter(|(distance, _)| *distance <= slips).min_by_key(|(distance, _)| *distance).map(|(_, other)| other)
}

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, each counted as one,
/// whatever the case of the letters.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|text| text.to_lowercase().chars().collect::<Vec<char>>());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_shown_what_there_is() {
        let known = ["receivers", "continue", "match"];
        let check = |name: &str, expected: &str| assert_eq!(hint(name, known.into_iter()), expected, "{name}");
        check("recievers", "; did you mean receivers?");
        check("Match", "; did you mean match?");
        check("contineu", "; did you mean continue?");
        check("mathc", "; did you mean match?");
        check("zone", "; there are receivers, continue, match");
        assert_eq!(hint("x", std::iter::empty()), "");
        assert_eq!(hint(&"x".repeat(10_000), ["x"].into_iter()), "; there are x");
    }
}
