//! What a list of matchers leaves possible: whether it can hold at all, and whether another follows from it.
//!
//! Both answers are cautious. They reason over values that are written out (`=`, alternatives such as
//! `=~ a|b`, and the few kinds, severities and urgencies there are), and stay silent about other expressions.

use super::{Attribute, Comparison, Matcher};

/// Whether whatever satisfies all of `given` satisfies `matcher` as well.
pub(crate) fn follows(matcher: &Matcher, given: &[&Matcher]) -> bool {
    if given.contains(&matcher) {
        return true;
    }
    if matcher.attribute().is_single() {
        return possible(matcher.attribute(), given)
            .is_some_and(|values| values.iter().all(|value| matcher.accepts(value)));
    }
    // Of several values one must fit: it does if every value of a narrower matcher would.
    let same = given.iter().filter(|other| other.attribute() == matcher.attribute());
    matcher.comparison().is_positive()
        && same
            .filter(|other| other.comparison().is_positive())
            .filter_map(|other| written_out(other))
            .any(|values| values.iter().all(|value| matcher.accepts(value)))
}

/// The attribute that no incident can have as the matchers want it, if there is one.
pub(crate) fn contradiction<'a>(given: &[&'a Matcher]) -> Option<&'a Attribute> {
    let attributes = given.iter().map(|matcher| matcher.attribute()).filter(|attribute| attribute.is_single());
    attributes.into_iter().find(|attribute| possible(attribute, given).is_some_and(|values| values.is_empty()))
}

/// The values that the matchers leave to an attribute; `None` where they cannot be listed.
fn possible(attribute: &Attribute, given: &[&Matcher]) -> Option<Vec<String>> {
    let own: Vec<&&Matcher> = given.iter().filter(|matcher| matcher.attribute() == attribute).collect();
    let every = attribute.universe().map(|values| values.into_iter().map(str::to_owned).collect());
    let mut values: Vec<String> = every.or_else(|| own.iter().find_map(|matcher| written_out(matcher)))?;
    values.retain(|value| own.iter().all(|matcher| matcher.accepts(value)));
    Some(values)
}

/// The values that satisfy a positive matcher, where they are written out.
fn written_out(matcher: &Matcher) -> Option<Vec<String>> {
    let is_literal = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '|' | '/' | ' ' | ':' | '@');
    match matcher.comparison() {
        Comparison::Equal => Some(vec![matcher.value().to_owned()]),
        Comparison::Matches if matcher.value().chars().all(is_literal) => {
            Some(matcher.value().split('|').map(str::to_owned).collect())
        }
        _ => None,
    }
}
