//! Attacks: rules as data, an engine that runs them, and the grammar of SQL and HTML beside them.
//!
//! A [`Rule`] is a pattern with a weight, the places it may speak about and a text it must and one it
//! must not match. The [`engine`] finds candidates with one pass over the text for all rules and runs
//! a rule's pattern only around the words it cannot do without. [`grammar`] asks libinjection. The
//! rules of one kind of attack stand together in one file.

pub(crate) mod engine;
pub(crate) mod grammar;
mod code;
mod command;
mod other;
mod php;
mod path;
pub(crate) mod rule;
mod sqli;
mod sqli_words;
mod ssrf;
mod windows;
mod xss;

pub(crate) use engine::Engine;
pub(crate) use rule::Rule;

/// Every attack rule, by kind.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        xss::RULES,
        sqli::RULES,
        sqli_words::RULES,
        ssrf::RULES,
        path::RULES,
        command::RULES,
        windows::RULES,
        php::RULES,
        code::RULES,
        other::RULES,
    ]
    .into_iter()
    .flatten()
}
