//! `[receivers.NAME]` and `[teams.NAME]`.

use crate::fault::Faults;
use crate::near;
use crate::receiver::{Address, Receiver, STORM_ABOVE};
use crate::spell::quoted;
use crate::toml_table::{Table, Text};
use foghorn_domain::text::plain_text;

/// Receivers of one file.
const MOST: usize = 1_000;

pub(super) fn read<'a>(table: &Table<'a>, faults: &mut Faults<'_>) -> Vec<(Text<'a>, Receiver)> {
    let tables = table.named("receivers", faults);
    if tables.is_empty() {
        faults.fault(table.place_of("receivers"), "there are no receivers; one is a table: [receivers.NAME]");
    }
    if tables.len() > MOST {
        faults.fault(table.place_of("receivers"), format!("there are more than {MOST} receivers"));
    }
    let each = tables.into_iter().take(MOST).map(|(name, table)| {
        check_name(name, "receiver", faults);
        // A receiver that cannot be reached stays known, so that routes to it are not faults as well.
        let address = address(&table, name, faults).unwrap_or(Address::Dashboard);
        let storm_above = table.number("storm_above", 1..10_001, faults).unwrap_or(STORM_ABOVE);
        (name, Receiver { name: name.text.to_owned(), address, storm_above })
    });
    each.collect()
}

pub(super) fn teams<'a>(table: &Table<'a>, faults: &mut Faults<'_>) -> Vec<(Text<'a>, String)> {
    let each = table.named("teams", faults).into_iter().map(|(name, table)| {
        check_name(name, "team", faults);
        table.refuse_unknown(&["name"], "a team", faults);
        let display = table.text("name", faults).map_or_else(|| name.text.to_owned(), |text| plain_text(text.text));
        (name, display)
    });
    each.collect()
}

/// Names stand in addresses, keys and logs.
fn check_name(name: Text<'_>, what: &str, faults: &mut Faults<'_>) {
    let is_fit = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.text.is_empty() || name.text.chars().count() > 60 || !name.text.chars().all(is_fit) {
        let name_text = quoted(name.text);
        faults.fault(name.at, format!("{name_text} is no name of a {what}: up to 60 letters, digits, - _ ."));
    }
}

fn address(table: &Table<'_>, name: Text<'_>, faults: &mut Faults<'_>) -> Option<Address> {
    let Some(kind) = table.text("kind", faults) else {
        if !table.has("kind") {
            faults
                .fault(name.at, format!("receiver {} has no kind; there are {}", name.text, Address::KINDS.join(", ")));
        }
        return None;
    };
    let own_keys: &[&str] = match kind.text {
        "slack" => &["kind", "storm_above", "channel"],
        "email" => &["kind", "storm_above", "to"],
        "pagerduty" => &["kind", "storm_above", "routing_key_env"],
        "webhook" => &["kind", "storm_above", "url", "secret_env"],
        "dashboard" => &["kind", "storm_above"],
        other => {
            let hint = near::hint(other, Address::KINDS.into_iter());
            faults.fault(kind.at, format!("there is no receiver of kind {}{hint}", quoted(other)));
            return None;
        }
    };
    table.refuse_unknown(own_keys, &format!("a receiver of kind {}", kind.text), faults);
    let needed = own_keys.get(2).filter(|key| !table.has(key));
    if let Some(key) = needed {
        faults.fault(name.at, format!("receiver {} has no address: {key} is missing", name.text));
        return None;
    }
    match kind.text {
        "slack" => table.text("channel", faults).and_then(|text| channel(text, faults)),
        "email" => email(table, faults),
        "pagerduty" => {
            let routing_key_env = environment_name(table.text("routing_key_env", faults)?, faults)?;
            Some(Address::PagerDuty { routing_key_env })
        }
        "webhook" => webhook(table, faults),
        _ => Some(Address::Dashboard),
    }
}

fn channel(text: Text<'_>, faults: &mut Faults<'_>) -> Option<Address> {
    let channel = text.text.trim();
    let is_fit =
        channel.len() <= 100 && channel != "#" && !channel.contains(|c: char| c.is_whitespace() || c.is_control());
    if !is_fit {
        faults.fault(text.at, format!("{} is no channel such as #oncall or C0123ABCD", quoted(text.text)));
    }
    is_fit.then(|| Address::Slack { channel: channel.to_owned() })
}

fn email(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Address> {
    let texts = table.texts("to", faults)?;
    if texts.is_empty() {
        faults.fault(table.place_of("to"), "to is empty; name at least one mailbox");
        return None;
    }
    let mut to = Vec::with_capacity(texts.len());
    for text in texts {
        let is_bad =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"');
        match text.text.split_once('@') {
            Some((mailbox, host))
                if !mailbox.is_empty()
                    && !host.is_empty()
                    && !host.contains('@')
                    && text.text.len() <= 254
                    && !text.text.contains(is_bad) =>
            {
                to.push(text.text.to_owned());
            }
            _ => faults.fault(text.at, format!("{} is no mailbox such as oncall@example.org", quoted(text.text))),
        }
    }
    Some(Address::Email { to })
}

fn webhook(table: &Table<'_>, faults: &mut Faults<'_>) -> Option<Address> {
    let secret_env = match table.text("secret_env", faults) {
        Some(text) => Some(environment_name(text, faults)?),
        None => None,
    };
    let text = table.text("url", faults)?;
    let url = text.text.trim();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let is_plain = url.len() <= 2_000 && !url.contains(|c: char| c.is_whitespace() || c.is_control());
    match host {
        Some(host) if host.contains('@') => {
            // The text is not shown: what stands before the @ is a secret.
            faults.fault(text.at, "the address holds a user or password; sign with secret_env instead");
            None
        }
        Some(host) if !host.is_empty() && is_plain => Some(Address::Webhook { url: url.to_owned(), secret_env }),
        _ => {
            faults.fault(text.at, format!("{} is no address such as https://hooks.example.org/foghorn", quoted(url)));
            None
        }
    }
}

/// The name of a variable, and not, by mistake, the secret itself: the text is not shown.
fn environment_name(text: Text<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let name = text.text;
    let is_fit = name.len() <= 100
        && name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if !is_fit {
        let message = "must be the name of an environment variable such as PAYMENTS_ROUTING_KEY (capitals, digits, \
                       _); the secret itself does not belong into the file";
        faults.fault(text.at, message);
    }
    is_fit.then(|| name.to_owned())
}
