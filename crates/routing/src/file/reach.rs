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
