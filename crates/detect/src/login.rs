//! Failed log-ins, and brute force: many of them from few sources.
//!
//! [`failed_login`] reads one line and says whether somebody was refused, who, and from where.
//! [`BruteForceWindow`] remembers the last five minutes of them and says when they are too many.

mod window;

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::LazyLock;
pub use window::BruteForceWindow;

/// Longest part of a message that is read, in bytes.
const MAX_BYTES: usize = 4096;
/// Longest source or user that is believed, in bytes.
const MAX_NAME: usize = 128;

/// A refused log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedLogin<'a> {
    /// The address or host name it came from, without a port.
    pub source: Option<&'a str>,
    /// The account that was tried.
    pub user: Option<&'a str>,
    /// Which of a program's lines about the attempt this is.
    pub form: Form,
}

/// Programs write several lines about one attempt; only lines of one form are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A program's own line that says the credentials were refused.
    Refused,
    /// PAM's line about the same.
    Pam,
    /// A line that says the account does not exist.
    UnknownUser,
    /// A line that says the connection was closed before anybody was let in.
    Closed,
}

/// Lines that say a log-in failed, each with its form. Sources: OpenSSH, Linux-PAM, shadow, Dovecot, Postfix, vsftpd,
/// PostgreSQL, MySQL, SQL Server, MongoDB, Windows event 4625, nginx and Apache `auth_basic`, and the
/// usual words of web applications.
const FAILURES: [(Form, &str); 5] = [
    (Form::Pam, r"authentication failures?; "),
    (Form::UnknownUser, r"(?:^|: )(?:invalid|illegal) user \S* ?from |user unknown.* from "),
    (Form::Closed, r"(?:closed|reset|disconnected) (?:by|from) (?:authenticating|invalid) user "),
    (
        Form::Refused,
        r"failed (?:password|publickey|none|keyboard-interactive\S*) for |maximum authentication attempts exceeded|too many authentication failures for|pam: authentication failure for |failed login \d+ from |fail login: client|failed su |incorrect password attempt|authenticator failed|sasl \S+ authentication failed|auth failed, \d+ attempts|login failed for (?:user|login)|(?:password|peer|ident|ldap|gssapi|pam|radius|certificate) authentication failed for|access denied for user|authentication failed for |an account failed to log on|password mismatch|no pg_hba\.conf entry for|bad password attempt|user \S+ not found: /|was not found in .*, client: ",
    ),
    (
        Form::Refused,
        r"\b(?:log-?in|log-?on|sign-?in|authentication|auth)\b(?: attempt| request)? (?:has |was )?(?:failed|failure|rejected|denied|refused|unsuccessful)|\b(?:failed|unsuccessful|rejected|denied|invalid|bad) (?:log-?in|log-?on|sign-?in|authentication)\b|\b(?:invalid|bad|wrong|incorrect) (?:credentials?|passwords?|user ?name or password|username/password|login or password)\b",
    ),
];

static FAILURE: LazyLock<Vec<(Form, Regex)>> =
    LazyLock::new(|| FAILURES.iter().filter_map(|(form, pattern)| Some((*form, regex(pattern)?))).collect());

/// One look for all forms, so that the many lines about other things are let go at once.
static ANY: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(&FAILURES.map(|(_, pattern)| format!("(?:{pattern})")).join("|")));

/// A request to a log-in path that was answered with 401 or 403, in an access log or in words.
static REQUEST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#""(?:POST|GET|PUT) (?:\S*/)?(?:wp-login\.php|xmlrpc\.php|log-?in|log-?on|sign-?in|signin|auth|authenticate|authentication|sessions?|token|oauth2?)(?:[/?.;][^\s"]*)?(?: HTTP/[\d.]+)?"(?: status:?)?[ =]*40[13]\b"#,
    )
});

/// Where the address stands, surest first.
static SOURCE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"\b(?:rhost|rip|source network address|src_?ip|source_?ip|client_?ip|remote_?addr(?:ess)?|remote_?ip|ip_?address|ip|src|client|remote)['\x22]?\s?[=:]\s{0,8}['\x22\[(<]{0,2}([\w.:%-]+)",
        r"\bfrom (?:client |host |ip |address |source )?['\x22\[(<]{0,2}([\w.:%-]+)",
        r"@['\x22]?([\w.:%-]+)",
        r"\bclient ['\x22\[]{0,2}([\w.:%-]+)",
        r"(?:authenticating|invalid) user \S+ ([\w.:%-]+) port",
        r"\bhost ['\x22]([\w.:%-]+)",
        r"\[([\da-f.:]{3,45})\]",
        r"^([\da-f.:]{3,45}) ",
    ]
    .iter()
    .filter_map(|pattern| regex(pattern))
    .collect()
});

/// Where the account stands, surest first.
static USER: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"account for which logon failed:[\s\S]{0,200}?account name:\s{0,16}([^\s]+)",
        r"\b(?:invalid|illegal|authenticating) user (\S+)",
        r"(?:^|[\s,;{\x22(])(?:user|username|user_name|login|account|user=<?)['\x22]?\s?[=:]\s?['\x22<]?([^\s'\x22,;<>)\]}]+)",
        r"\b(?:user|account|login|username) ['\x22<]([^'\x22>]{1,128})['\x22>]",
        r"\bfor (?:user |account |login )?['\x22]?([^\s'\x22,;:(]+)['\x22]? (?:from|on|at|by|via)\b",
        r"\buser ([^\s'\x22,;:]+)",
        r"\bfor ([^\s'\x22,;:]+)\s?(?:,|$|\[)",
    ]
    .iter()
    .filter_map(|pattern| regex(pattern))
    .collect()
});

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("(?i){pattern}")).ok()
}

/// Reads a refused log-in out of a message or a whole line; `None` where the line is about something else. Of
/// access logs give the whole line: the address stands in front of the request.
pub fn failed_login(message: &str) -> Option<FailedLogin<'_>> {
    let message = &message[..message.floor_char_boundary(MAX_BYTES)];
    let form = if ANY.as_ref()?.is_match(message) {
        FAILURE.iter().find(|(_, pattern)| pattern.is_match(message)).map(|(form, _)| *form)?
    } else if message.contains(" 40") && REQUEST.as_ref()?.is_match(message) {
        return Some(FailedLogin { source: first(message), user: None, form: Form::Refused });
    } else {
        return None;
    };
    let found = |patterns: &'static [Regex]| {
        patterns.iter().filter_map(move |pattern| pattern.captures(message)?.get(1)).map(|found| found.as_str())
    };
    let source = found(&SOURCE).find_map(address);
    let user = found(&USER).find(|user| user.len() <= MAX_NAME && *user != "-" && !user.starts_with('('));
    Some(FailedLogin { source, user, form })
}

/// The client in an access log's first word.
fn first(line: &str) -> Option<&str> {
    line.split_ascii_whitespace().next().and_then(address)
}

/// An address or a host name without its port; `None` for a word that is neither.
fn address(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(['.', ':', '-', ',']);
    if text.is_empty() || text.len() > MAX_NAME {
        return None;
    }
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    let text = text.strip_prefix("::ffff:").filter(|text| is_ip(text)).unwrap_or(text);
    if is_ip(text) {
        return Some(text);
    }
    let host = match text.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    };
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let is_host = is_name
        && host.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && (host.contains(['.', '-']) || host.bytes().any(|b| b.is_ascii_digit()));
    (is_host || is_ip(host)).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_log_ins_of_many_programs_are_read() {
        let check = |line: &str, source: Option<&str>, user: Option<&str>| {
            let found = failed_login(line).unwrap_or_else(|| panic!("not seen: {line}"));
            assert_eq!((found.source, found.user), (source, user), "{line}");
        };
        check("Failed password for root from 5.36.59.76 port 42393 ssh2", Some("5.36.59.76"), Some("root"));
        check("Failed password for invalid user web from 10.0.0.1 port 1 ssh2", Some("10.0.0.1"), Some("web"));
        check("Invalid user admin from 173.234.31.186", Some("173.234.31.186"), Some("admin"));
        check("Invalid user  from 173.234.31.186", Some("173.234.31.186"), None);
        check(
            "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=a.example.net  user=root",
            Some("a.example.net"),
            Some("root"),
        );
        check(
            "Connection closed by authenticating user root 10.1.2.3 port 55 [preauth]",
            Some("10.1.2.3"),
            Some("root"),
        );
        check("FATAL:  password authentication failed for user \"orders\"", None, Some("orders"));
        check(
            "Login failed for user 'sa'. Reason: Password did not match. [CLIENT: 10.9.8.7]",
            Some("10.9.8.7"),
            Some("sa"),
        );
        check("Access denied for user 'root'@'10.0.0.5' (using password: YES)", Some("10.0.0.5"), Some("root"));
        check(
            "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<ana>, method=PLAIN, rip=10.2.3.4, lip=10.0.0.1",
            Some("10.2.3.4"),
            Some("ana"),
        );
        check("warning: unknown[10.4.4.4]: SASL LOGIN authentication failed: no", Some("10.4.4.4"), None);
        check("10.5.5.5 - - [10/Oct/2000:13:55:36 -0700] \"POST /login HTTP/1.1\" 401 12", Some("10.5.5.5"), None);
        check("Login attempt failed for ana from 2001:db8::7", Some("2001:db8::7"), Some("ana"));
        check("invalid credentials username=ana ip=10.6.6.6:443", Some("10.6.6.6"), Some("ana"));
        check(
            "An account failed to log on.\n\nSubject:\n\tAccount Name:\t\t-\n\nAccount For Which Logon Failed:\n\tAccount Name:\t\tbob\n\nSource Network Address:\t10.7.7.7\n",
            Some("10.7.7.7"),
            Some("bob"),
        );
        check(
            "2024/01/01 12:00:00 [error] 12#0: *5 user \"bob\": password mismatch, client: 10.8.8.8, server: x",
            Some("10.8.8.8"),
            Some("bob"),
        );
    }

    #[test]
    fn other_lines_are_no_failed_log_ins() {
        for line in [
            "Accepted password for ana from 10.0.0.1 port 2 ssh2",
            "10.5.5.5 - - [10/Oct/2000:13:55:36 -0700] \"POST /login HTTP/1.1\" 200 12",
            "10.5.5.5 - - [10/Oct/2000:13:55:36 -0700] \"GET /authors HTTP/1.1\" 401 12",
            "Failed to renew lease for client 7",
            "session opened for user root by (uid=0)",
            "login page rendered in 4 ms",
            "",
        ] {
            assert_eq!(failed_login(line), None, "{line}");
        }
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(FAILURE.len(), FAILURES.len());
        assert!(ANY.is_some() && REQUEST.is_some());
        assert_eq!((SOURCE.len(), USER.len()), (8, 7));
    }
}
