//! Texts with placeholders, read once and filled in for each incident.

/// What can stand between braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    Service,
    Environment,
    Count,
    FirstSeen,
    LatencyMs,
    Client,
    Database,
    Matched,
}

impl Placeholder {
    pub(crate) const ALL: [Self; 8] = [
        Self::Service,
        Self::Environment,
        Self::Count,
        Self::FirstSeen,
        Self::LatencyMs,
        Self::Client,
        Self::Database,
        Self::Matched,
    ];

    /// The name between the braces.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Environment => "environment",
            Self::Count => "count",
            Self::FirstSeen => "first_seen",
            Self::LatencyMs => "latency_ms",
            Self::Client => "client",
            Self::Database => "database",
            Self::Matched => "matched",
        }
    }

    /// Whether the value is made by us from numbers, so that it cannot hold outside text.
    fn is_our_own(self) -> bool {
        matches!(self, Self::Count | Self::FirstSeen | Self::LatencyMs)
    }

    /// What a sentence says where the value is not known.
    fn when_unknown(self) -> &'static str {
        match self {
            Self::Service => "the service",
            Self::Environment => "its environment",
            Self::Count => "1",
            Self::FirstSeen => "its start",
            Self::LatencyMs => "an unknown number of",
            Self::Client => "an unknown client",
            Self::Database => "the database",
            Self::Matched => "the matched text",
        }
    }
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
    /// Left out when a placeholder in it has no value.
    Optional(Vec<Part>),
}

impl Template {
    /// Reads a text.
    ///
    /// `{name}` is a placeholder, `{{` and `}}` are braces. Braces around anything but a name, as in
    /// `{print $1}` or `{}`, and the shell's `${NAME}` are left as they are. `[…]` with a placeholder
    /// inside is an optional part; without one it is plain text.
    ///
    /// # Errors
    /// The name of the first unknown placeholder.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        // Each turn looks for the bracket's end once and moves past it, so the work stays linear.
        while let Some(open) = rest.find('[') {
            let Some(length) = rest[open..].find(']') else { break };
            let inside = &rest[open + 1..open + length];
            parse_flat(&rest[..open], &mut parts)?;
            let mut optional = Vec::new();
            parse_flat(inside, &mut optional)?;
            if optional.iter().any(|part| matches!(part, Part::Value(_))) {
                parts.push(Part::Optional(optional));
            } else {
                parts.push(Part::Text("[".to_owned()));
                parts.append(&mut optional);
                parts.push(Part::Text("]".to_owned()));
            }
            rest = &rest[open + length + 1..];
        }
        parse_flat(rest, &mut parts)?;
        Ok(Self(parts))
    }

    /// The text as a sentence for people.
    pub(crate) fn fill(&self, value: impl Fn(Placeholder) -> Option<String>) -> String {
        let mut text = String::new();
        fill_parts(&self.0, &value, &|placeholder| placeholder.when_unknown().to_owned(), &mut text);
        text
    }

    /// The text as something people may copy into a shell: values that are more than a plain name
    /// are shown as `<service>`, so that no outside text becomes part of a command.
    pub(crate) fn fill_command(&self, value: impl Fn(Placeholder) -> Option<String>) -> String {
        let mut text = String::new();
        let safe = |placeholder: Placeholder| {
            value(placeholder).filter(|value| placeholder.is_our_own() || is_plain_name(value))
        };
        fill_parts(&self.0, &safe, &|placeholder| format!("<{}>", placeholder.name()), &mut text);
        text
    }
}

/// A word that means nothing to a shell and cannot be taken for an option.
fn is_plain_name(value: &str) -> bool {
    let first_is_plain = value.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    first_is_plain
        && value.len() <= 64
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:@-".contains(&byte))
}

fn fill_parts(
    parts: &[Part],
    value: &dyn Fn(Placeholder) -> Option<String>,
    unknown: &dyn Fn(Placeholder) -> String,
    text: &mut String,
) {
    for part in parts {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Value(placeholder) => text.push_str(&value(*placeholder).unwrap_or_else(|| unknown(*placeholder))),
            Part::Optional(inner) => {
                let known = |part: &Part| !matches!(part, Part::Value(placeholder) if value(*placeholder).is_none());
                if inner.iter().all(known) {
                    fill_parts(inner, value, unknown, text);
                }
            }
        }
    }
}

fn parse_flat(text: &str, parts: &mut Vec<Part>) -> Result<(), String> {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        plain.push_str(before);
        if brace.starts_with("{{") || brace.starts_with("}}") {
            plain.push_str(&brace[..1]);
            rest = &brace[2..];
            continue;
        }
        match placeholder_name(brace).filter(|_| !before.ends_with('$')) {
            Some(name) => {
                let placeholder = Placeholder::ALL.into_iter().find(|placeholder| placeholder.name() == name);
                let Some(placeholder) = placeholder else { return Err(name.to_owned()) };
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Value(placeholder));
                rest = &brace[name.len() + 2..];
            }
            None => {
                plain.push_str(&brace[..1]);
                rest = &brace[1..];
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(())
}

/// The name in `{name}…`, where it is one.
fn placeholder_name(brace: &str) -> Option<&str> {
    let inside = brace.strip_prefix('{')?;
    let length = inside.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let name = &inside[..length];
    (inside[length..].starts_with('}') && name.starts_with(|first: char| first.is_ascii_alphabetic())).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(placeholder: Placeholder) -> Option<String> {
        match placeholder {
            Placeholder::Service => Some("checkout".to_owned()),
            Placeholder::Client => Some("10.0.0.1; reboot".to_owned()),
            Placeholder::Database => Some("-rf".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn placeholders_are_filled_and_other_braces_stay() {
        let check = |text, filled| assert_eq!(Template::parse(text).unwrap().fill(value), filled);
        check("{service} is slow", "checkout is slow");
        check("after {latency_ms} ms", "after an unknown number of ms");
        check("slow[ after {latency_ms} ms]", "slow");
        check("slow[ for {client}]!", "slow for 10.0.0.1; reboot!");
        check("grep '[0-9]' {service}", "grep '[0-9]' checkout");
        check("awk '{print $1}' {} {{service}} ${HOME} {", "awk '{print $1}' {} {service} ${HOME} {");
        check("[open {service}", "[open checkout");
        check("ß{service}ß", "ßcheckoutß");
    }

    #[test]
    fn outside_text_never_becomes_part_of_a_command() {
        let check = |text, filled| assert_eq!(Template::parse(text).unwrap().fill_command(value), filled);
        check("journalctl -u {service}", "journalctl -u checkout");
        check("ping {client}", "ping <client>");
        check("psql {database}", "psql <database>");
        check("sleep {latency_ms}", "sleep <latency_ms>");
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        assert_eq!(Template::parse("{servce}"), Err("servce".to_owned()));
        assert_eq!(Template::parse("[in {Environment}]"), Err("Environment".to_owned()));
    }
}
