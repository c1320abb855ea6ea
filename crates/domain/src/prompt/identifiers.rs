//! Placeholders for identifiers: addresses, e-mail addresses, hosts and accounts leave as `IP_1`, `EMAIL_1`,
//! `HOST_1`, `ACCOUNT_1`, the same each time within one prompt, and are put back byte for byte in what comes
//! back. How many there were of each kind may be said; which ones may not.
//!
//! A text that already holds something like a placeholder has that hidden, too (`LITERAL_1`), so that nobody can
//! have another's address put in place of a word of their own.

use regex::{Captures, Regex};
use std::collections::{BTreeMap, HashMap};
use std::net::Ipv6Addr;
use std::sync::LazyLock;

/// Placeholders of one prompt at most; further identifiers share the last one's kind and are not put back.
const MAX_PLACEHOLDERS: usize = 500;

/// What was hidden, by its placeholder.
#[derive(Clone, Debug, Default)]
pub struct Placeholders {
    by_value: HashMap<(Kind, String), String>,
    values: HashMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Ip,
    Email,
    Host,
    Account,
    Literal,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Ip => "IP",
            Self::Email => "EMAIL",
            Self::Host => "HOST",
            Self::Account => "ACCOUNT",
            Self::Literal => "LITERAL",
        }
    }
}

/// The last part of a name that makes it a host's: common top-level domains, and what is used inside networks.
const ENDINGS: &str = "com|net|org|edu|gov|mil|int|io|dev|app|cloud|ai|co|me|info|biz|xyz|online|site|tech|shop|store|top|link|eu|de|fr|uk|nl|be|ch|at|it|es|pt|pl|cz|se|no|fi|dk|ie|ru|ua|cn|jp|kr|in|br|au|ca|us|mx|za|tr|il|ro|hu|gr|internal|intern|local|lan|corp|home|localdomain|private|svc|cluster|test|example|invalid|arpa";

static FOUND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = format!(
        r#"(?P<literal>\b(?:IP|EMAIL|HOST|ACCOUNT|LITERAL)_\d{{1,9}}\b)|(?P<email>[A-Za-z0-9._%+-]{{1,64}}@[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{1,5}})|(?P<ip>\b\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b)|(?P<ip6>(?:\b[0-9a-fA-F]{{1,4}}|:):[0-9a-fA-F:]{{1,40}}(?:\.\d{{1,3}}){{0,3}})|(?i:(?P<named>\b(?:host(?:_?name)?|node|server_?name|instance)["']?\s{{0,3}}[=:]\s{{0,3}}["']?)(?P<host>[a-z0-9][a-z0-9._-]{{1,100}}))|(?i:(?P<who>\b(?:user(?:_?name)?|account|login|principal|ruser|logname)["']?\s{{0,3}}[=:]\s{{0,3}}["']?|\b(?:password for(?:\sinvalid user)?|for user|invalid user|for role|for account)\s["']?)(?P<account>[a-z0-9_][a-z0-9._\\$-]{{0,63}}))|(?i:(?P<fqdn>\b[a-z0-9][a-z0-9-]{{0,62}}(?:\.[a-z0-9][a-z0-9-]{{0,62}}){{0,6}}\.(?:{ENDINGS})\b))"#
    );
    Regex::new(&pattern).ok()
});

static PLACEHOLDER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:IP|EMAIL|HOST|ACCOUNT|LITERAL)_\d{1,9}\b").ok());

impl Placeholders {
    /// The text with a placeholder in place of every identifier.
    pub fn hide(&mut self, text: &str) -> String {
        let Some(pattern) = FOUND.as_ref() else { return String::new() };
        pattern.replace_all(text, |found: &Captures<'_>| self.hidden(found, text)).into_owned()
    }

    fn hidden(&mut self, found: &Captures<'_>, text: &str) -> String {
        let whole = &found[0];
        let part = |name| found.name(name).map(|part| part.as_str());
        if part("literal").is_some() {
            return self.stand_in(Kind::Literal, whole);
        }
        if part("email").is_some() {
            return self.stand_in(Kind::Email, whole);
        }
        if part("ip").is_some() {
            return self.stand_in(Kind::Ip, whole);
        }
        if let Some(six) = found.name("ip6") {
            let bare = whole.trim_end_matches(':');
            let address = if bare.parse::<Ipv6Addr>().is_ok() { bare } else { whole };
            // `std::io::Error` holds what could be the end of one, and `::` alone is a separator.
            let is_letter = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
            let is_inside =
                is_letter(text[..six.start()].chars().next_back()) || is_letter(text[six.end()..].chars().next());
            return match address.parse::<Ipv6Addr>() {
                Ok(_) if address.len() > 2 && !is_inside => {
                    format!("{}{}", self.stand_in(Kind::Ip, address), &whole[address.len()..])
                }
                _ => whole.to_owned(),
            };
        }
        if let Some((named, host)) = part("named").zip(part("host")) {
            let bare = host.trim_end_matches(['.', '-', '_']);
            let kind = if bare.parse::<std::net::Ipv4Addr>().is_ok() { Kind::Ip } else { Kind::Host };
            return format!("{named}{}{}", self.stand_in(kind, bare), &host[bare.len()..]);
        }
        if let Some((who, account)) = part("who").zip(part("account")) {
            let bare = account.trim_end_matches(['.', '-']);
            return format!("{who}{}{}", self.stand_in(Kind::Account, bare), &account[bare.len()..]);
        }
        self.stand_in(Kind::Host, whole)
    }

    fn stand_in(&mut self, kind: Kind, value: &str) -> String {
        if let Some(known) = self.by_value.get(&(kind, value.to_owned())) {
            return known.clone();
        }
        if self.values.len() >= MAX_PLACEHOLDERS {
            return format!("{}_0", kind.word());
        }
        let count = self.counts.entry(kind.word()).or_default();
        *count += 1;
        let placeholder = format!("{}_{count}", kind.word());
        self.by_value.insert((kind, value.to_owned()), placeholder.clone());
        self.values.insert(placeholder.clone(), value.to_owned());
        placeholder
    }

    /// The text with every placeholder replaced by what it stands for. One that stands for nothing here is said
    /// in words.
    pub fn restore(&self, text: &str) -> String {
        let Some(pattern) = PLACEHOLDER.as_ref() else { return text.to_owned() };
        let restored = pattern.replace_all(text, |found: &Captures<'_>| match self.values.get(&found[0]) {
            Some(value) => value.clone(),
            None => match found[0].split('_').next() {
                Some("IP") => "an address",
                Some("EMAIL") => "a mail address",
                Some("HOST") => "a host",
                Some("ACCOUNT") => "an account",
                _ => "a name",
            }
            .to_owned(),
        });
        restored.into_owned()
    }

    /// How many identifiers of each kind were hidden: what may be logged. Never values.
    pub fn counts(&self) -> &BTreeMap<&'static str, usize> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_hidden_and_come_back_byte_for_byte() {
        let check = |text: &str, expected: &str| {
            let mut placeholders = Placeholders::default();
            let hidden = placeholders.hide(text);
            assert_eq!(hidden, expected);
            assert_eq!(placeholders.restore(&hidden), text);
        };
        check("from 203.0.113.9 port 22, again 203.0.113.9", "from IP_1 port 22, again IP_1");
        check("peer 2001:db8::1 and ::1 at 12:34:56", "peer IP_1 and IP_2 at 12:34:56");
        check("mail to ana.b@shop.example.org.", "mail to EMAIL_1.");
        check("db1.prod.internal and DB1.prod.internal", "HOST_1 and HOST_2");
        check("host=db-7 user=app_rw dbname=x", "host=HOST_1 user=ACCOUNT_1 dbname=x");
        check(r#"{"username": "ana", "hostname":"web-3"}"#, r#"{"username": "ACCOUNT_1", "hostname":"HOST_1"}"#);
        check(
            "Failed password for invalid user oracle from 10.0.0.1",
            "Failed password for invalid user ACCOUNT_1 from IP_1",
        );
        check(
            r#"password authentication failed for user "app""#,
            r#"password authentication failed for user "ACCOUNT_1""#,
        );
        check("IP_1 is what 10.0.0.1 says", "LITERAL_1 is what IP_1 says");
        check(
            "org.postgresql.util.PSQLException at main.rs:10 std::io::Error",
            "org.postgresql.util.PSQLException at main.rs:10 std::io::Error",
        );
        check("version 1.2.3 of ünï", "version 1.2.3 of ünï");
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_said_in_words() {
        assert_eq!(Placeholders::default().restore("restart HOST_9 for IP_3"), "restart a host for an address");
    }

    #[test]
    fn identifiers_without_end_do_not_fill_the_memory() {
        let mut placeholders = Placeholders::default();
        let many: String = (0..2_000).map(|n| format!("10.{}.{}.1 ", n / 250, n % 250)).collect();
        placeholders.hide(&many);
        assert_eq!(placeholders.counts()["IP"], MAX_PLACEHOLDERS);
    }
}
