//! What keeps all mails about one incident together, and addresses that cannot smuggle headers in.

use lettre::message::Mailbox;

/// The longest mail address with its name, in bytes.
const MAX_MAILBOX: usize = 320;

/// An address, with a name or without, and nothing else.
pub(super) fn mailbox(text: &str) -> Option<Mailbox> {
    let text = text.trim();
    if text.len() > MAX_MAILBOX || text.chars().any(char::is_control) {
        return None;
    }
    let mailbox = text.parse::<Mailbox>().ok()?;
    // The parser stops where it no longer understands; what is left over would be lost unsaid.
    text.trim_end_matches('>').ends_with(mailbox.email.domain()).then_some(mailbox)
}

/// The part after the `@` of ids: Foghorn's public host, or else the sender's domain.
pub(super) fn id_host(public_host: &str, from: &Mailbox) -> String {
    let fits = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.');
    let is_host = |host: &str| {
        (1..=200).contains(&host.len())
            && host.chars().all(fits)
            && !host.starts_with(['.', '-'])
            && !host.ends_with(['.', '-'])
            && !host.contains("..")
    };
    [public_host, from.email.domain()].into_iter().find(|host| is_host(host)).unwrap_or("foghorn.invalid").to_owned()
}

/// The id of the mail about a notification. Every attempt at it has the same, so that a mail server that gets
/// it twice may know.
pub(super) fn message_id(incident_id: i64, notification_id: i64, host: &str) -> String {
    format!("<incident-{incident_id}.notification-{notification_id}@{host}>")
}

/// The id that every mail about an incident refers to, the first one too. No mail has it, since the same
/// incident may begin with another mail for each reader; mail programs put together what refers to the same.
pub(super) fn root_id(incident_id: i64, host: &str) -> String {
    format!("<incident-{incident_id}@{host}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_one_address_and_nothing_else() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(mailbox(text).map(|mailbox| mailbox.email.to_string()).as_deref(), expected, "{text:?}");
        };
        check("ana@example.org", Some("ana@example.org"));
        check(" ana@example.org ", Some("ana@example.org"));
        check("Ana <ana@example.org>", Some("ana@example.org"));
        check("\"Ana, on call\" <ana+pager@example.org>", Some("ana+pager@example.org"));
        check("ana", None);
        check("ana@", None);
        check("ana@example.org, bob@example.org", None);
        check("ana@example.org\r\nBcc: bob@example.org", None);
        check("Ana\r\nBcc: bob@example.org <ana@example.org>", None);
        check("ana@example.org\0", None);
        check("ana@exam ple.org", None);
        check("<ana@example.org> RCPT TO:<bob@example.org>", None);
        check("", None);
        check(&format!("{}@example.org", "a".repeat(400)), None);
    }

    /// A parser that goes back and forth would not come to an end here.
    #[test]
    fn a_hostile_mailbox_is_soon_seen_through() {
        for piece in ["(", "()", "\"", "\"\\", "a.", "<", "\u{fc}", "a ", "@", "[", "\\", "(\\", " (", ",", "a@b,"] {
            assert!(mailbox(&piece.repeat(MAX_MAILBOX / piece.len())).is_none(), "{piece:?}");
            assert!(mailbox(&format!("{} <ana@example.org>x", piece.repeat(250 / piece.len()))).is_none(), "{piece:?}");
        }
    }

    #[test]
    fn ids_end_in_a_host_whatever_is_configured() {
        let from: Mailbox = "foghorn@mail.example.org".parse().unwrap();
        let check = |host: &str, expected: &str| assert_eq!(id_host(host, &from), expected, "{host:?}");
        check("foghorn.example.org", "foghorn.example.org");
        check("", "mail.example.org");
        check("foghorn.example.org:8000", "mail.example.org");
        check("x>\r\nBcc: all@example.org", "mail.example.org");
        check("a..b", "mail.example.org");
    }
}
