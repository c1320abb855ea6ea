use super::*;
use crate::analyst::samples::{db_timeout, xss};
use crate::analyst::{explain, is_risky};

/// A playbook of one cause, with a line of the test's own in the place of `{}`.
fn yaml(kind: &str, head: &str, when: &str) -> String {
    format!(
        "kind: {kind}\n{head}causes:\n  - cause: Ours\n    why: We have seen it\n{when}    fixes: ['Look at {{service}}']\n    rollback: Nothing\n"
    )
}

const ALWAYS: &str = "    when: {min_events: 2}\n";

fn causes(playbooks: &Playbooks, incident: &crate::incident::Incident) -> Vec<String> {
    explain(incident, &[], playbooks).analysis.root_causes.into_iter().map(|cause| cause.cause).collect()
}

fn error(name: &str, yaml: &str) -> String {
    Playbooks::with_user_files(&[(name, yaml)]).unwrap_err().to_string()
}

#[test]
fn every_kind_has_a_compiled_in_playbook_that_passes_all_checks() {
    for ((name, yaml), kind) in BUILTIN.into_iter().zip(Kind::ALL) {
        let file = file::read(name, yaml).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((format!("{}.yaml", file.kind), file.kind), (name.to_owned(), kind));
        assert!(!file.extends && file.service.is_none());
    }
    let playbooks = Playbooks::builtin();
    for kind in Kind::ALL {
        let playbook = playbooks.find(kind, "any").unwrap();
        assert!(playbook.causes.len() >= 2 && !playbook.docs.is_empty(), "{kind}");
        assert!(playbook.causes.iter().any(|cause| cause.when.is_some()), "{kind}");
    }
}

#[test]
fn compiled_in_steps_only_look_or_can_be_undone() {
    for kind in Kind::ALL {
        for cause in &Playbooks::builtin().find(kind, "").unwrap().causes {
            for step in &cause.fixes {
                let step = step.fill_command(|_| Some("x".to_owned()));
                // A link to a host that the reader has to fill in is no harm.
                assert_eq!(is_risky(&step).filter(|risk| !risk.contains("link")), None, "{kind}: {step}");
            }
            assert!(!cause.rollback.fill_command(|_| None).is_empty());
        }
    }
}

#[test]
fn a_file_of_ones_own_replaces_or_extends() {
    let replaced = Playbooks::with_user_files(&[("a.yaml", yaml("db_timeout", "summary: S\n", ALWAYS))]).unwrap();
    assert_eq!(causes(&replaced, &db_timeout()), ["Ours"]);
    let extended = Playbooks::with_user_files(&[("a.yaml", yaml("db_timeout", "extends: true\n", ALWAYS))]).unwrap();
    let found = causes(&extended, &db_timeout());
    assert_eq!((found.len(), &found[0][..]), (3, "Every connection of the pool is taken"));
    assert!(found.contains(&"Ours".to_owned()));
    assert_eq!(causes(&extended, &xss()), causes(&Playbooks::builtin(), &xss()), "other kinds are left alone");
}

#[test]
fn a_file_may_count_for_one_service_alone_and_lies_over_what_counts_everywhere() {
    let files = [
        ("b.yaml", yaml("db_timeout", "service: Checkout\nextends: true\n", ALWAYS).replace("Ours", "Checkout's")),
        ("a.yaml", yaml("db_timeout", "summary: S\n", ALWAYS)),
    ];
    let playbooks = Playbooks::with_user_files(&files).unwrap();
    assert_eq!(causes(&playbooks, &db_timeout()), ["Checkout's", "Ours"]);
    let mut elsewhere = db_timeout();
    elsewhere.service = "orders".to_owned();
    assert_eq!(causes(&playbooks, &elsewhere), ["Ours"]);
}

#[test]
fn a_cause_is_supported_by_text_rule_label_or_number_as_it_says() {
    let check = |when: &str, expected: bool| {
        let file = yaml("db_timeout", "summary: S\n", &format!("    when: {{{when}}}\n"));
        let playbooks = Playbooks::with_user_files(&[("a.yaml", file)]).unwrap();
        let mut incident = db_timeout();
        incident.labels = vec!["Deploy".to_owned()];
        assert_eq!(causes(&playbooks, &incident)[0] == "Ours", expected, "{when}");
    };
    check("any_text: [QUEUEPOOL]", true);
    check("any_text: ['/pool .* size \\d+/']", true);
    check("any_text: ['pool .* size']", false);
    check("any_text: [nothing of it, QueuePool]", true);
    check("any_rule: [db_timeout.words]", true);
    check("any_rule: ['db_*']", true);
    check("any_rule: [db_timeout]", false);
    check("any_label: [deploy]", true);
    check("any_label: [dep]", false);
    check("min_events: 1000", true);
    check("min_events: 1001", false);
    check("any_text: [QueuePool], min_events: 1001", false);
    check("any_text: [nothing of it], min_events: 2", false);
}

#[test]
fn problems_name_file_place_and_what_is_wrong() {
    let check = |yaml: &str, expected: &str| {
        let error = error("team/x.yaml", yaml);
        assert!(error.starts_with("team/x.yaml:") && error.contains(expected), "{error}");
    };
    check(
        &yaml("xss", "summary: In {servce}\n", ""),
        "team/x.yaml:2:10: unknown placeholder {servce}; there are {service}",
    );
    check(
        &yaml("xss", "summary: S\n", "").replace("['Look at {service}']", "['${HOME} {hostname}']"),
        "x.yaml:6:13: unknown placeholder {hostname}",
    );
    check(&yaml("xss", "sumary: S\n", ""), "team/x.yaml:2:1: ");
    check(&yaml("xss", "sumary: S\n", ""), "sumary");
    check(&yaml("xxs", "summary: S\n", ""), "team/x.yaml:1:7: ");
    check(
        &yaml("xss", "summary: S\n", "    when: {any_text: ['/(/']}\n"),
        "x.yaml:6:11: the pattern /(/ cannot be used: ",
    );
    check(&yaml("xss", "summary: S\n", "    when: {any_text: ['/\\w{900}{900}/']}\n"), "cannot be used");
    check(&yaml("xss", "summary: S\n", "    when: {}\n"), "`when` needs");
    check(&yaml("xss", "", ""), "needs a summary");
    check(&yaml("xss", "summary: ' '\n", ""), "must not be blank");
    check(&yaml("xss", "summary: S\n", "").replace("['Look at {service}']", "[a, b, c]"), "one or two fixes");
    check("kind: xss\nsummary: S\ncauses: []\n", "1 to 50 causes");
    check("kind: xss\n\tsummary: S\n", "tab");
    check("", "end of input");
    check("[1, 2", "x.yaml:");
}

#[test]
fn two_files_that_replace_the_same_playbook_are_refused() {
    let one = yaml("xss", "summary: S\n", "");
    let error = Playbooks::with_user_files(&[("a.yaml", &one), ("b.yaml", &one)]).unwrap_err();
    assert_eq!(error.to_string(), "b.yaml: a.yaml replaces the same playbook; write `extends: true` in one of them");
}

#[test]
fn hostile_files_are_refused_without_harm() {
    let deep = format!("kind: {}", "[".repeat(100_000));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(0..9).map(|_| "b: &a [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n").collect::<String>();
    for hostile in [deep, bomb, "x".repeat(1 << 20), "\0\u{feff}\r".to_owned(), "kind: xss\nkind: xss".to_owned()] {
        assert!(Playbooks::with_user_files(&[("x.yaml", hostile)]).is_err());
    }
}
