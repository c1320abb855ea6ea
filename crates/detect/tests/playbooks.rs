//! The playbooks that are compiled in refer to reasons that the detectors give.

use foghorn_detect::rule_names;
use std::collections::HashSet;
use std::path::Path;

#[test]
fn every_rule_that_a_playbook_refers_to_exists() {
    let names: HashSet<&str> = rule_names().collect();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/playbooks");
    let mut referred = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("any_rule:")) {
            let list = line.trim().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
            let list = list.unwrap_or_else(|| panic!("{}: a list on one line: {line}", path.display()));
            for name in list.split(',').map(|name| name.trim().trim_matches('"')) {
                referred += 1;
                let exists = match name.strip_suffix('*') {
                    Some(start) => names.iter().any(|name| name.starts_with(start)),
                    None => names.contains(name),
                };
                assert!(exists, "{}: there is no rule {name}", path.display());
            }
        }
    }
    assert!(referred > 40, "only {referred} names were found");
}
