//! Whole files: what is read, and every fault in its place.

use crate::attributes::Attributes;
use crate::routing::Routing;
use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::finding::Kind;
use foghorn_domain::severity::Urgency;

const HEAD: &str = "fallback = ['ops']
[receivers.ops]
kind = 'dashboard'
[receivers.web]
kind = 'slack'
channel = '#web'
[receivers.phone]
kind = 'pagerduty'
routing_key_env = 'PHONE_KEY'
[teams.shop]
name = 'The shop'
";

/// Lines of [`HEAD`]; what is put behind it begins on the next.
const HEAD_LINES: usize = 11;

fn faults(text: &str) -> Vec<String> {
    Routing::parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The faults of a file that goes on behind [`HEAD`], with lines counted from its end; warnings left out.
fn faults_behind_head(text: &str) -> Vec<String> {
    let mut list = Routing::parse(&format!("{HEAD}{text}")).err().unwrap_or_default();
    list.retain(|fault| !fault.is_warning);
    list.iter_mut().for_each(|fault| fault.line -= HEAD_LINES);
    list.iter().map(ToString::to_string).collect()
}

fn read(text: &str) -> Routing {
    Routing::parse(&format!("{HEAD}{text}")).unwrap()
}

fn noon() -> Timestamp {
    "2026-01-07T12:00:00Z".parse().unwrap()
}

/// `receiver path` of everybody who is told.
fn told(routing: &Routing, attributes: &Attributes) -> Vec<String> {
    let routed = routing.route(&attributes.subject(), noon());
    routed.iter().map(|routed| format!("{} {}", routed.receiver, routed.path)).collect()
}

fn of_service(service: &str) -> Attributes {
    Attributes { service: service.to_owned(), ..Attributes::default() }
}

#[test]
fn the_example_of_the_documentation_is_right_and_meets_its_own_ten_expectations() {
    let routing = Routing::parse(include_str!("../../../../docs/routing.example.toml")).unwrap();
    assert_eq!(routing.warnings(), []);
    assert_eq!(routing.expectation_count(), 10);
}

#[test]
fn one_wrong_receiver_in_an_expectation_of_the_example_is_a_fault() {
    let example = include_str!("../../../../docs/routing.example.toml");
    let wrong = example
        .replace("receivers = [\"phone\", \"oncall-channel\"]\n\n[[expect]]", "receivers = [\"phone\"]\n\n[[expect]]");
    assert_ne!(wrong, example);
    let found = faults(&wrong);
    let expected = "an alert of anybody that pages: expected phone; told phone by route[3] \"whatever pages\", \
                    oncall-channel by route[3] \"whatever pages\"";
    assert!(found.len() == 1 && found[0].ends_with(expected), "{found:?}");
}

#[test]
fn the_first_route_that_fits_is_the_answer_and_continue_goes_on() {
    let routing = read(
        "[[route]]\nname = 'log'\nmatch = ['environment = default']\nreceivers = ['ops']\ncontinue = true\n\
         [[route]]\nmatch = ['service = a']\nreceivers = ['web', 'ops']\n\
         [[route]]\nmatch = ['service =~ a|b']\nreceivers = ['phone']\n",
    );
    assert_eq!(told(&routing, &of_service("a")), ["ops route[0] \"log\"", "web route[1]"]);
    assert_eq!(told(&routing, &of_service("b")), ["ops route[0] \"log\"", "phone route[2]"]);
    let elsewhere = Attributes { environment: "staging".to_owned(), ..of_service("c") };
    assert_eq!(told(&routing, &elsewhere), ["ops fallback"]);
}

#[test]
fn a_child_answers_before_its_parent_and_a_parent_that_leads_nowhere_is_passed() {
    let routing = read(
        "[[route]]\nmatch = ['service = a']\nreceivers = ['ops']\n\
         [[route.route]]\nmatch = ['urgency = page']\nreceivers = ['phone']\n\
         [[route]]\nmatch = ['severity >= warning']\n\
         [[route.route]]\nmatch = ['kind = sqli']\nreceivers = ['phone']\n\
         [[route]]\nreceivers = ['web']\n",
    );
    let paging = Attributes { urgency: Urgency::Page, ..of_service("a") };
    assert_eq!(told(&routing, &paging), ["phone route[0] > route[0]"]);
    assert_eq!(told(&routing, &of_service("a")), ["ops route[0]"]);
    assert_eq!(told(&routing, &Attributes { kind: Kind::Sqli, ..of_service("b") }), ["phone route[1] > route[0]"]);
    assert_eq!(told(&routing, &of_service("b")), ["web route[2]"]);
}

#[test]
fn team_intervals_and_escalation_hold_below_the_route_that_names_them() {
    let routing = read(
        "[[route]]\nteam = 'shop'\ngroup_interval = '5m'\nrepeat_interval = '4h'\nreceivers = ['ops']\n\
         escalation = [{ after = '15m', receivers = ['phone'] }]\n\
         [[route.route]]\nmatch = ['service = a']\nreceivers = ['web']\ngroup_interval = '1m'\nescalation = []\n",
    );
    let minutes = |minutes| Some(SignedDuration::from_mins(minutes));
    let below = routing.route(&of_service("a").subject(), noon()).remove(0);
    assert_eq!((below.team.as_deref(), below.group_interval), (Some("shop"), minutes(1)));
    assert_eq!((below.repeat_interval, below.escalation.len()), (minutes(240), 0));
    assert_eq!(below.because, ["service = a"]);
    let above = routing.route(&of_service("b").subject(), noon()).remove(0);
    assert_eq!((above.group_interval, above.escalation[0].after), (minutes(5), SignedDuration::from_mins(15)));
    assert_eq!(routing.team_name("shop"), "The shop");
    let json = serde_json::to_string(&above).unwrap();
    assert_eq!(serde_json::from_str::<crate::Routed>(&json).unwrap(), above);
}

#[test]
fn hours_decide_where_it_goes() {
    let routing = read(
        "[[route]]\nwhen = { days = ['mon-fri'], from = '09:00', to = '17:00', zone = 'America/New_York' }\n\
         receivers = ['web']\n[[route]]\nreceivers = ['phone']\n",
    );
    let check = |at: &str, receiver: &str| {
        let routed = routing.route(&of_service("a").subject(), at.parse().unwrap());
        assert_eq!(routed[0].receiver, receiver, "{at}");
    };
    check("2026-01-07T14:00:00Z", "web");
    check("2026-01-07T13:59:00Z", "phone");
    check("2026-07-08T13:00:00Z", "web");
    check("2026-01-10T15:00:00Z", "phone");
}

#[test]
fn every_fault_of_a_file_is_named_with_line_and_column() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults_behind_head(text), expected, "{text}");
    let route = |rest: &str| format!("[[route]]\nreceivers = ['web', 'phone']\n{rest}\n");
    check(&route("match = ['service = a']"), &[]);
    check("[[route]]\nreceivers = ['wbe']\n", &["2:14: there is no receiver \"wbe\"; did you mean web?"]);
    check("[[route]]\nreceivers = ['web', 'web']\n", &["2:21: receiver \"web\" is named twice"]);
    check("[[route]]\nreceivers = 'web'\n", &["2:13: receivers must be a list of texts such as [\"…\"], not a text"]);
    check("[[route]]\nname = 'x'\n", &["1:1: the route leads nowhere: it has neither receivers nor routes below it"]);
    check(
        &route("team = 'shp'"),
        &["3:8: there is no team \"shp\"; did you mean shop?; teams are tables: [teams.NAME]"],
    );
    check(&route("matches = []"), &["3:1: unknown key \"matches\" in a route; did you mean match?"]);
    check(&route("match = ['servce = a']"), &["3:10: nothing is called \"servce\"; did you mean service?"]);
    check(
        &route("match = ['service =~ (a', 'kind = x', \"ünd = ü\", 'team = 漢', 'service >= a']"),
        &[
            "3:10: \"(a\" is no regular expression: unclosed group",
            "3:27: there is no kind \"x\"; there are xss, sqli, ssrf, path_traversal, rce, rfi, xxe, ssti, nosql, \
             ldap, crlf, brute_force, db_timeout, db_issue, alert, error, anomaly",
            "3:39: nothing is called \"ünd\"; there are kind, severity, urgency, service, environment, team, summary, \
             label, labels.NAME",
            "3:62: service cannot be ordered; >= and <= are for severity and urgency",
        ],
    );
    check(&route("match = []"), &["3:1: match is empty; leave it out for a route that takes everything"]);
    check(&route("continue = 'yes'"), &["3:12: continue must be true or false"]);
    check(
        &route("group_interval = '5 parsecs'"),
        &["3:18: group_interval: \"5 parsecs\" is no length of time; write it as 90s, 15m, 1h 30m or 2d"],
    );
    check(
        &route("when = { from = '25:00', to = '26:00' }"),
        &["3:17: \"25:00\" is no time of day such as 08:30", "3:31: \"26:00\" is no time of day such as 08:30"],
    );
    check(
        &route("escalation = [{ after = '15m', receivers = ['ops'] }, { after = '900s', receivers = ['nobody'] }, {}]"),
        &[
            "3:65: times must grow from step to step, and this is not later than 15m",
            "3:86: there is no receiver \"nobody\"; there are ops, web, phone",
            "3:99: the step has no receivers",
            "3:99: the step has no time; write after = \"15m\"",
        ],
    );
    check("[route]\nreceivers = ['web']\n", &["1:1: route is a list; write [[route]] with two brackets"]);
}

#[test]
fn receivers_without_an_address_and_secrets_in_the_file_are_faults() {
    let check = |text: &str, expected: &str| {
        let all = format!("fallback = ['x']\n[receivers.x]\n{text}");
        let found = faults(&all);
        assert!(found.iter().any(|fault| fault == expected), "{text}: {found:#?}");
        assert!(!found.iter().any(|fault| fault.contains("hunter2") || fault.contains("0123456789")), "{found:?}");
    };
    check("", "2:12: receiver x has no kind; there are slack, email, pagerduty, webhook, dashboard");
    check("kind = 'slak'", "3:8: there is no receiver of kind \"slak\"; did you mean slack?");
    check("kind = 'slack'", "2:12: receiver x has no address: channel is missing");
    check("kind = 'slack'\nchannel = ' '", "4:11: channel must not be blank");
    check("kind = 'slack'\nchannel = 'a b'", "4:11: \"a b\" is no channel such as #oncall or C0123ABCD");
    check(
        "kind = 'slack'\nchannel = '#a'\nto = ['a@b']",
        "5:1: unknown key \"to\" in a receiver of kind slack; there are kind, storm_above, channel",
    );
    check("kind = 'email'\nto = []", "4:1: to is empty; name at least one mailbox");
    check(
        "kind = 'email'\nto = ['a@b', 'ops', \"c@d\\r\\nBcc: e@f\"]",
        "4:14: \"ops\" is no mailbox such as oncall@example.org",
    );
    check("kind = 'email'\nto = [\"c@d\\r\\nBcc:e\"]", "4:7: \"c@d Bcc:e\" is no mailbox such as oncall@example.org");
    let secret = "must be the name of an environment variable such as PAYMENTS_ROUTING_KEY (capitals, digits, _); \
                  the secret itself does not belong into the file";
    check("kind = 'pagerduty'\nrouting_key_env = '0123456789abcdef0123456789abcdef'", &format!("4:19: {secret}"));
    check("kind = 'webhook'\nsecret_env = 'hunter2'\nurl = 'https://a.org'", &format!("4:14: {secret}"));
    check(
        "kind = 'webhook'\nurl = 'https://ana:hunter2@a.org/'",
        "4:7: the address holds a user or password; sign with secret_env instead",
    );
    check(
        "kind = 'webhook'\nurl = 'ftp://a.org'",
        "4:7: \"ftp://a.org\" is no address such as https://hooks.example.org/foghorn",
    );
    check("kind = 'dashboard'\nstorm_above = 0", "4:15: storm_above must be a whole number from 1 to 10000");
}

#[test]
fn a_file_needs_receivers_and_a_fallback() {
    assert_eq!(
        faults(""),
        [
            "1:1: there are no receivers; one is a table: [receivers.NAME]",
            "1:1: fallback is missing; name whom to tell when no route fits: fallback = [\"…\"]",
        ]
    );
    assert_eq!(
        faults("fallback = []\n[receivers.a]\nkind = 'dashboard'"),
        ["1:1: fallback is empty; name whom to tell when no route fits", "2:12: warning: nobody uses receiver \"a\"",]
    );
}

#[test]
fn what_is_no_toml_is_a_fault_with_its_place_and_every_such_fault_is_named() {
    let found = faults("fallback = ['a'\n[receivers.a]\nkind = \n[[route]\n");
    assert!(found.len() >= 2, "{found:?}");
    assert!(found.iter().any(|fault| fault.starts_with("3:")), "{found:?}");
}

#[test]
fn a_receiver_that_nobody_uses_is_a_warning_and_the_file_is_used() {
    let routing = read("[[route]]\nmatch = ['kind = sqli']\nreceivers = ['web']\n");
    let warnings: Vec<String> = routing.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["7:12: warning: nobody uses receiver \"phone\""]);
}

#[test]
fn routes_that_nothing_reaches_are_faults() {
    let check = |routes: &[&str], expected: &[&str]| {
        let text: String =
            routes.iter().map(|route| format!("[[route]]\nreceivers = ['web', 'phone']\n{route}\n")).collect();
        let found: Vec<String> =
            faults_behind_head(&text).iter().map(|fault| fault.split_once(": ").unwrap().1.to_owned()).collect();
        assert_eq!(found, expected, "{routes:?}");
    };
    let taken =
        |later: &str, earlier: &str| format!("nothing reaches {later}: {earlier} before it takes everything that fits");
    let second = taken("route[1]", "route[0]");
    check(&["match = ['service = a']", "match = ['service = b']"], &[]);
    check(&["match = ['service = a']", "match = ['service = a']"], &[&second]);
    check(&["", "match = ['service = a']"], &[&second]);
    check(&["match = ['service = a']", "match = ['kind = sqli', 'service = a']"], &[&second]);
    check(&["match = ['kind = sqli', 'service = a']", "match = ['service = a']"], &[]);
    check(&["match = ['service =~ a|b']", "match = ['service = b']"], &[&second]);
    check(&["match = ['severity >= error']", "match = ['severity = critical']"], &[&second]);
    check(&["match = ['severity = critical']", "match = ['severity >= error']"], &[]);
    check(&["match = ['service = a']\ncontinue = true", "match = ['service = a']"], &[]);
    let night = "when = { from = '20:00', to = '08:00' }";
    check(&[night, "match = ['service = a']"], &[]);
    check(&[night, &format!("match = ['service = a']\n{night}")], &[&second]);
    check(
        &["name = 'all'", "", "name = 'x'"],
        &[&taken("route[1]", "route[0] \"all\""), &taken("route[2] \"x\"", "route[0] \"all\"")],
    );
    check(&["match = ['service = a', 'service = b']"], &["nothing reaches route[0]: no incident has such a service"]);
    check(
        &["match = ['service = a']\n[[route.route]]\nmatch = ['service = b']\nreceivers = ['web']"],
        &["nothing reaches route[0] > route[0]: no incident has such a service"],
    );
    check(
        &[
            "match = ['service = a']\n[[route.route]]\nreceivers = ['web']\n[[route.route]]\nmatch = ['kind = sqli']\nreceivers = ['web']",
        ],
        &[&taken("route[0] > route[1]", "route[0] > route[0]")],
    );
    // A parent without receivers takes only what its children take.
    let text = "[[route]]\nmatch = ['service = a']\n[[route.route]]\nmatch = ['kind = sqli']\nreceivers = ['web']\n\
                [[route]]\nmatch = ['service = a']\nreceivers = ['phone']\n";
    assert_eq!(faults_behind_head(text), [""; 0]);
}

#[test]
fn rules_of_quiet_name_what_they_are_about_and_end() {
    let check = |text: &str, expected: &[&str]| assert_eq!(faults_behind_head(text), expected, "{text}");
    check("[[inhibit]]\nsource = ['kind = error']\n", &["1:1: target is missing or empty; it says what this is about"]);
    check(
        "[[inhibit]]\nsource = []\ntarget = ['kind = error']\nequal = ['servise']\n",
        &[
            "2:1: source is missing or empty; it says what this is about",
            "4:10: nothing is called \"servise\"; did you mean service?",
        ],
    );
    check(
        "[[maintenance]]\nmatch = ['service = a']\n",
        &[
            "1:1: the maintenance has no why; whoever misses a message will ask",
            "1:1: the maintenance never ends; give it days, or from and to",
        ],
    );
    check(
        "[[maintenance]]\nwhy = 'x'\nmatch = ['service = a']\ndays = ['son']\nzone = 'Berlin'\n",
        &[
            "4:9: \"son\" is no day or range of days such as mon-fri; did you mean mon?",
            "5:8: \"Berlin\" is no zone such as Europe/Berlin or UTC",
        ],
    );
}

#[test]
fn an_expectation_says_what_was_expected_what_happened_and_by_which_route() {
    let routes = "[[route]]\nname = 'sql'\nmatch = ['kind = sqli']\nreceivers = ['web', 'phone']\n";
    let check = |text: &str, expected: &[&str]| {
        let found = faults_behind_head(&format!("{routes}[[expect]]\n{text}\n"));
        assert_eq!(found, expected, "{text}");
    };
    check("kind = 'sqli'\nreceivers = ['phone', 'web']", &[]);
    check("kind = 'xss'\nreceivers = ['ops']", &[]);
    let told = "told web by route[0] \"sql\", phone by route[0] \"sql\"";
    check("kind = 'sqli'\nreceivers = ['ops']", &[&format!("5:1: expect[0]: expected ops; {told}")]);
    check("name = 'n'\nreceivers = []", &["5:1: n: expected nobody; told ops by fallback"]);
    check("kind = 'sqli'", &["5:1: the expectation has no receivers; say who is to be told"]);
    check("receivers = ['opps']", &["6:14: there is no receiver \"opps\"; did you mean ops?"]);
    check(
        "severity = 'awful'\nreceivers = ['ops']",
        &["6:12: there is no \"awful\"; there are critical, error, warning, info"],
    );
    check(
        "at = 2026-01-07\nreceivers = ['ops']",
        &["6:6: at must be a time with its distance from UTC, such as 2026-03-01T22:30:00+01:00"],
    );
}

#[test]
fn labels_of_an_expectation_are_a_list_or_a_table() {
    let routes = "[[route]]\nmatch = ['labels.team = shop', 'severity = warning']\nreceivers = ['web', 'phone']\n";
    for labels in ["['a', 'team=shop']", "{ team = 'shop' }"] {
        let expectation = format!("[[expect]]\nseverity = 'warn'\nlabels = {labels}\nreceivers = ['web', 'phone']\n");
        assert_eq!(faults_behind_head(&format!("{routes}{expectation}")), [""; 0]);
    }
}

#[test]
fn bounds_hold_against_files_that_are_meant_to_hurt() {
    let many: String =
        (0..1_100).map(|n| format!("[[route]]\nmatch=['service = s{n}']\nreceivers=['web']\n")).collect();
    assert!(faults_behind_head(&many).iter().any(|fault| fault.ends_with("there are 1000 routes or more")));
    let deep: String =
        (0..40).map(|depth| format!("[[route{}]]\nreceivers=['web']\n", ".route".repeat(depth))).collect();
    assert!(faults_behind_head(&deep).iter().any(|fault| fault.ends_with("nested more than 10 deep")));
    let brackets = format!("a = {}", "[".repeat(100_000));
    assert!(!faults(&brackets).is_empty());
    assert_eq!(faults(&"#".repeat(2_000_000)), ["1:1: the file has more than 1048576 bytes"]);
    let costly: String = (0..1_001).map(|n| format!("[[route]]\nmatch = ['service =~ \\w{{9}}{n}']\n")).collect();
    assert_eq!(faults(&costly), ["1:1: the file has 1001 regular expressions; 1000 is the most"]);
    let wide: String = (0..5_000).map(|n| format!("x{n} = 1\n")).collect();
    assert_eq!(faults(&wide).len(), 201);
}

#[test]
fn cutting_or_garbling_a_file_anywhere_never_panics() {
    let example = include_str!("../../../../docs/routing.example.toml");
    for at in (0..example.len()).filter(|at| example.is_char_boundary(*at)).step_by(7) {
        let _ = Routing::parse(&example[..at]);
        for garbage in ["\"", "[", "\u{0}", "= 漢\n", "'] , {"] {
            let _ = Routing::parse(&format!("{}{garbage}{}", &example[..at], &example[at..]));
        }
    }
}
