//! The file of rules: its fields, and every fault in its place.

use super::{Compiled, LARGEST, LONGEST_PATTERN, MOST, RuleFault, UserRule, UserRules};
use crate::decode::Reach;
use crate::rule_names;
use foghorn_domain::finding::Kind;
use regex::bytes::{RegexBuilder, RegexSetBuilder};
use serde::Deserialize;
use std::collections::HashSet;
use std::sync::Arc;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Fields>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: Spanned<String>,
    kind: Spanned<String>,
    pattern: Spanned<String>,
    #[serde(rename = "where", default)]
    places: Vec<Spanned<String>>,
    weight: Spanned<f32>,
}

/// Places by the names they have in the file.
const PLACES: [(&str, Reach); 5] = [
    ("parameter", Reach::PARAMETER),
    ("path", Reach::PATH),
    ("header", Reach::HEADER),
    ("file", Reach::FILE),
    ("log", Reach::LOG),
];

struct Reader<'t> {
    text: &'t str,
    faults: Vec<RuleFault>,
}

pub(super) fn parse(text: &str) -> Result<UserRules, Vec<RuleFault>> {
    let mut reader = Reader { text, faults: Vec::new() };
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            reader.fault(error.span().map_or(0, |span| span.start), error.message());
            return Err(reader.faults);
        }
    };
    if file.rule.len() > MOST {
        reader.fault(0, format!("more than {MOST} rules"));
        return Err(reader.faults);
    }
    let mut names: HashSet<String> = rule_names().map(str::to_owned).collect();
    let rules: Vec<Option<UserRule>> = file.rule.iter().map(|fields| reader.rule(fields, &mut names)).collect();
    if !reader.faults.is_empty() {
        return Err(reader.faults);
    }
    let rules: Vec<UserRule> = rules.into_iter().flatten().collect();
    if rules.is_empty() {
        return Ok(UserRules::default());
    }
    let patterns = rules.iter().map(|rule| rule.pattern.as_str());
    match RegexSetBuilder::new(patterns).unicode(false).size_limit(LARGEST).build() {
        Ok(set) => Ok(UserRules(Some(Arc::new(Compiled { rules, set })))),
        Err(error) => {
            reader.fault(0, format!("the patterns cannot be compiled together: {error}"));
            Err(reader.faults)
        }
    }
}

impl Reader<'_> {
    /// Notes a fault at a byte of the file.
    fn fault(&mut self, offset: usize, message: impl Into<String>) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before[line_start..].chars().count() + 1;
        self.faults.push(RuleFault { line, column, message: message.into() });
    }

    fn rule(&mut self, fields: &Fields, names: &mut HashSet<String>) -> Option<UserRule> {
        let name = self.name(&fields.name, names);
        let kind = self.kind(&fields.kind);
        let reach = self.places(&fields.places);
        let weight = *fields.weight.get_ref();
        let is_weight = weight > 0.0 && weight < 1.0;
        if !is_weight {
            self.fault(fields.weight.span().start, "weight: must lie between 0 and 1, both excluded");
        }
        let pattern = self.pattern(&fields.pattern);
        Some(UserRule {
            name: name?,
            kind: kind?,
            reach: reach?,
            weight: is_weight.then_some(weight)?,
            pattern: pattern?,
        })
    }

    fn name(&mut self, name: &Spanned<String>, names: &mut HashSet<String>) -> Option<String> {
        let (at, name) = (name.span().start, name.get_ref());
        let is_plain = (1..=80).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if !is_plain {
            self.fault(at, "name: must be letters, digits, dots, - and _, at most 80 of them");
            None
        } else if !names.insert(name.clone()) {
            self.fault(at, format!("name: there is another rule {name}"));
            None
        } else {
            Some(name.clone())
        }
    }

    fn kind(&mut self, kind: &Spanned<String>) -> Option<Kind> {
        let can_be = |kind: &Kind| !matches!(kind, Kind::BruteForce | Kind::Alert | Kind::Anomaly);
        let known = Kind::parse(kind.get_ref()).filter(can_be);
        if known.is_none() {
            let kinds: Vec<&str> = Kind::ALL.iter().filter(|kind| can_be(kind)).map(|kind| kind.as_str()).collect();
            self.fault(kind.span().start, format!("kind: must be one of {}", kinds.join(", ")));
        }
        known
    }

    /// All places, where none is named.
    fn places(&mut self, named: &[Spanned<String>]) -> Option<Reach> {
        let mut reach: Option<Reach> = None;
        let before = self.faults.len();
        for name in named {
            match PLACES.iter().find(|(known, _)| known == name.get_ref()) {
                Some((_, place)) => reach = Some(reach.map_or(*place, |reach| reach.and(*place))),
                None => self.fault(name.span().start, "where: must be parameter, path, header, file or log"),
            }
        }
        (self.faults.len() == before).then_some(reach.unwrap_or(Reach::ALL))
    }

    fn pattern(&mut self, pattern: &Spanned<String>) -> Option<regex::bytes::Regex> {
        let (at, text) = (pattern.span().start, pattern.get_ref());
        if text.is_empty() || text.len() > LONGEST_PATTERN {
            self.fault(at, format!("pattern: must have 1 to {LONGEST_PATTERN} bytes"));
            return None;
        }
        match RegexBuilder::new(text).unicode(false).size_limit(1024 * 1024).build() {
            Ok(compiled) if compiled.is_match(b"") => {
                self.fault(at, "pattern: matches an empty text, and so every text");
                None
            }
            Ok(compiled) => Some(compiled),
            Err(error) => {
                let last =
                    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.fault(at, format!("pattern: {last}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Detectors, Subject};
    use serde_json::Map;

    const RULE: &str =
        "[[rule]]\nname = \"shop.console\"\nkind = \"rce\"\npattern = '(?i)/debug/console'\nweight = 0.8\n";

    fn faults(text: &str) -> Vec<String> {
        UserRules::parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_fault_is_named_in_its_place() {
        let check = |text: &str, expected: &[&str]| {
            let faults = faults(text);
            assert_eq!(faults.len(), expected.len(), "{faults:?}");
            for (fault, start) in faults.iter().zip(expected) {
                assert!(fault.starts_with(start), "{fault:?} is not {start:?}");
            }
        };
        check("", &[]);
        check(RULE, &[]);
        check("[[rule]]\nname = ", &["2:8: "]);
        check("[[rule]]\nnames = \"é\"\n", &["2:1: unknown field `names`"]);
        check(&RULE.replace("0.8", "1.5"), &["5:10: weight: must lie"]);
        check(&RULE.replace("rce", "evil"), &["3:8: kind: must be one of xss, sqli"]);
        check(&RULE.replace("rce", "anomaly"), &["3:8: kind: must be one of"]);
        check(&RULE.replace("(?i)", "("), &["4:11: pattern: unclosed group"]);
        check(&RULE.replace("(?i)/debug/console", "a*"), &["4:11: pattern: matches an empty text"]);
        check(&RULE.replace("(?i)", "(a{999}){999}"), &["4:11: pattern: "]);
        check(&RULE.replace("shop.console", "my shop"), &["2:8: name: must be letters"]);
        check(&format!("{RULE}where = [\"path\", \"body\"]\n"), &["6:18: where: must be"]);
        check(&format!("{RULE}{RULE}"), &["7:8: name: there is another rule shop.console"]);
        check(&RULE.replace("shop.console", "xss.script_tag"), &["2:8: name: there is another rule"]);
        let twice_wrong = RULE.replace("rce", "evil").replace("0.8", "0");
        check(&twice_wrong, &["3:8: kind", "5:10: weight"]);
    }

    #[test]
    fn a_rule_speaks_where_it_may_and_sees_the_decoded_text() {
        let check = |places: &str, payload: &str, expected: bool| {
            let rules = UserRules::parse(&format!("{RULE}{places}")).unwrap();
            let detectors = Detectors::with_rules(rules);
            let subject = Subject { event_type: "", payload, metadata: &Map::new() };
            let found = detectors.examine(&subject);
            let names = found.iter().flat_map(|finding| &finding.evidence).map(|evidence| evidence.rule.as_str());
            assert_eq!(names.into_iter().any(|name| name == "shop.console"), expected, "{places} {payload}");
        };
        check("", "GET /x/%2564ebug/CONSOLE?a=1 HTTP/1.1", true);
        check("where = [\"path\"]", "GET /x/debug/console HTTP/1.1", true);
        check("where = [\"parameter\"]", "GET /x/debug/console HTTP/1.1", false);
        check("where = [\"parameter\", \"path\"]", "GET /?next=/debug/console HTTP/1.1", true);
        check("where = [\"log\"]", "2026-01-02 03:04:05 INFO opened /debug/console for ana", true);
        check("where = [\"header\"]", "2026-01-02 03:04:05 INFO opened /debug/console for ana", false);
    }
}
