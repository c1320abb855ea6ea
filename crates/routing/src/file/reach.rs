//! Routes that nothing reaches: an earlier one takes everything that they could, or their own matchers
//! contradict each other.

use crate::fault::Faults;
use crate::matcher::Matcher;
use crate::matcher::imply::{contradiction, follows};
use crate::route::{Route, below};

pub(super) fn check(routes: &[Route], faults: &mut Faults<'_>) {
    level(routes, &[], "", faults);
}

fn level(routes: &[Route], above: &[&Matcher], path: &str, faults: &mut Faults<'_>) {
    for (index, route) in routes.iter().enumerate() {
        let own = below(path, &route.label(index));
        let all: Vec<&Matcher> = above.iter().copied().chain(&route.matchers).collect();
        if let Some(attribute) = contradiction(&all) {
            faults.fault(route.at, format!("nothing reaches {own}: no incident has such a {attribute}"));
            continue;
        }
        let earlier = routes[..index].iter().position(|earlier| takes_everything_of(earlier, route, &all));
        if let Some(earlier) = earlier {
            let taker = below(path, &routes[earlier].label(earlier));
            faults.fault(route.at, format!("nothing reaches {own}: {taker} before it takes everything that fits"));
            continue;
        }
        level(&route.children, &all, &own, faults);
    }
}

/// Whether whatever fits the later route has already ended the walk at the earlier one.
fn takes_everything_of(earlier: &Route, later: &Route, all_of_later: &[&Matcher]) -> bool {
    !earlier.goes_on
        && earlier.takes_all()
        && (earlier.hours.is_none() || earlier.hours == later.hours)
        && earlier.matchers.iter().all(|matcher| follows(matcher, all_of_later))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::Attributes;
    use crate::route::{Place, RouteSettings, walk};
    use foghorn_domain::clock::Timestamp;
    use foghorn_domain::finding::Kind;
    use foghorn_domain::severity::Severity;
    use std::collections::HashSet;

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % sides
        }
    }

    const MATCHERS: [&str; 14] = [
        "service = a",
        "service = b",
        "service != a",
        "service =~ a|b",
        "service =~ [ab]",
        "severity >= error",
        "severity = critical",
        "severity <= warning",
        "kind = sqli",
        "kind =~ sqli|xss",
        "labels.team = x",
        "labels.team =~ x|y",
        "labels.team != x",
        "label = x",
    ];

    /// A tree of routes, each with a place and, where it has receivers, one named after the place.
    fn grown(dice: &mut Dice, depth: usize, places: &mut usize) -> Vec<Route> {
        let count = 1 + dice.roll(4);
        let route = |_| {
            let at = *places;
            *places += 1;
            let matchers = (0..dice.roll(3)).map(|_| Matcher::parse(MATCHERS[dice.roll(14)]).unwrap()).collect();
            let children = if depth > 0 && dice.roll(3) == 0 { grown(dice, depth - 1, places) } else { Vec::new() };
            let has_receivers = children.is_empty() || dice.roll(2) == 0;
            Route {
                name: None,
                matchers,
                hours: None,
                receivers: if has_receivers { vec![at.to_string()] } else { Vec::new() },
                goes_on: dice.roll(4) == 0,
                settings: RouteSettings::default(),
                children,
                at,
            }
        };
        (0..count).map(route).collect()
    }

    /// Every incident that the matchers can tell apart.
    fn everything() -> Vec<Attributes> {
        let mut all = Vec::new();
        for service in ["a", "b", "c"] {
            for severity in [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical] {
                for kind in [Kind::Sqli, Kind::Xss, Kind::Error] {
                    for labels in [&[][..], &["team=x"], &["team=y"], &["team=x", "team=y"], &["x", "team=z"]] {
                        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
                        let service = service.to_owned();
                        all.push(Attributes { kind, severity, service, labels, ..Attributes::default() });
                    }
                }
            }
        }
        all
    }

    /// The receivers in and below a route.
    fn receivers_of<'a>(routes: &'a [Route], at: usize, is_inside: bool, found: &mut Vec<&'a str>) {
        for route in routes {
            let is_inside = is_inside || route.at == at;
            found.extend(route.receivers.iter().filter(|_| is_inside).map(String::as_str));
            receivers_of(&route.children, at, is_inside, found);
        }
    }

    #[test]
    fn no_incident_ever_comes_to_a_route_that_is_called_unreachable() {
        let (mut dice, all, mut blamed) = (Dice(7), everything(), 0);
        for _ in 0..400 {
            let mut places = 0;
            let routes = grown(&mut dice, 2, &mut places);
            let mut told = HashSet::new();
            for attributes in &all {
                let mut found = Vec::new();
                walk(&routes, &Place::default(), &attributes.subject(), Timestamp::UNIX_EPOCH, &mut found);
                told.extend(found.into_iter().map(|routed| routed.receiver));
            }
            // A text of line breaks turns places into lines.
            let text = "\n".repeat(places);
            let mut faults = Faults::of(&text);
            check(&routes, &mut faults);
            for fault in faults.into_list() {
                blamed += 1;
                let mut unreachable = Vec::new();
                receivers_of(&routes, fault.line - 1, false, &mut unreachable);
                assert!(!unreachable.iter().any(|receiver| told.contains(*receiver)), "{fault}: {routes:#?}");
            }
        }
        assert!(blamed > 100, "{blamed}");
    }
}
