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

/// Levenshtein's distance, in characters, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let cost = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
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
        check("zone", "; there are receivers, continue, match");
        assert_eq!(hint("x", std::iter::empty()), "");
        assert_eq!(hint(&"x".repeat(10_000), ["x"].into_iter()), "; there are x");
    }
}
