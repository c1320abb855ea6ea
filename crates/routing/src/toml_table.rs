//! A table of a TOML file, read key by key; what is wrong with a value becomes a fault in its place.

use crate::fault::Faults;
use crate::near;
use crate::spell::{self, quoted};
use foghorn_domain::clock::SignedDuration;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A text and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

/// A table and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) inner: &'a DeTable<'a>,
    pub(crate) at: usize,
}

impl<'a> Table<'a> {
    /// The table in a value; anything else is a fault.
    pub(crate) fn of(value: &'a Spanned<DeValue<'a>>, key: &str, faults: &mut Faults<'_>) -> Option<Self> {
        let at = value.span().start;
        let table = value.get_ref().as_table();
        if table.is_none() {
            faults.fault(at, format!("{key} must be a table, not {}", kind_of(value.get_ref())));
        }
        table.map(|inner| Self { inner, at })
    }

    /// Every key that is not among `known` is a fault.
    pub(crate) fn refuse_unknown(&self, known: &[&str], what: &str, faults: &mut Faults<'_>) {
        for (key, _) in self.inner.iter() {
            if !known.contains(&key.get_ref().as_ref()) {
                let hint = near::hint(key.get_ref(), known.iter().copied());
                faults.fault(key.span().start, format!("unknown key {} in {what}{hint}", quoted(key.get_ref())));
            }
        }
    }

    /// Where a key stands; the table's own place where it is not there.
    pub(crate) fn place_of(&self, key: &str) -> usize {
        self.inner.get_key_value(key).map_or(self.at, |(key, _)| key.span().start)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.inner.contains_key(key)
    }

    pub(crate) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.inner.get(key)
    }

    /// A text that is not blank.
    pub(crate) fn text(&self, key: &str, faults: &mut Faults<'_>) -> Option<Text<'a>> {
        text_of(self.value(key)?, key, faults)
    }

    /// A list of texts that are not blank; `None` only where the key is missing.
    pub(crate) fn texts(&self, key: &str, faults: &mut Faults<'_>) -> Option<Vec<Text<'a>>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            let kind = kind_of(value.get_ref());
            faults.fault(value.span().start, format!("{key} must be a list of texts such as [\"…\"], not {kind}"));
            return Some(Vec::new());
        };
        Some(array.iter().filter_map(|value| text_of(value, key, faults)).collect())
    }

    pub(crate) fn flag(&self, key: &str, faults: &mut Faults<'_>) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            faults.fault(value.span().start, format!("{key} must be true or false"));
        }
        flag
    }

    /// A whole number in a range.
    pub(crate) fn number(&self, key: &str, range: Range<u32>, faults: &mut Faults<'_>) -> Option<u32> {
        let value = self.value(key)?;
        let whole = value.get_ref().as_integer();
        let number = whole.and_then(|whole| u32::from_str_radix(whole.as_str(), whole.radix()).ok());
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start, range.end - 1);
            faults.fault(value.span().start, format!("{key} must be a whole number from {least} to {most}"));
        }
        number
    }

    /// A length of time.
    pub(crate) fn length(&self, key: &str, faults: &mut Faults<'_>) -> Option<SignedDuration> {
        let text = self.text(key, faults)?;
        spell::parse(text.text).map_err(|why| faults.fault(text.at, format!("{key}: {why}"))).ok()
    }

    /// A table below this one.
    pub(crate) fn table(&self, key: &str, faults: &mut Faults<'_>) -> Option<Table<'a>> {
        Table::of(self.value(key)?, key, faults)
    }

    /// A list of tables, as `[[key]]` makes it; empty where the key is missing.
    pub(crate) fn tables(&self, key: &str, faults: &mut Faults<'_>) -> Vec<Table<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            faults.fault(value.span().start, format!("{key} is a list; write [[{key}]] with two brackets"));
            return Vec::new();
        };
        array.iter().filter_map(|value| Table::of(value, key, faults)).collect()
    }

    /// Names and tables below this one, as `[key.NAME]` makes them, in the order of the file.
    pub(crate) fn named(&self, key: &str, faults: &mut Faults<'_>) -> Vec<(Text<'a>, Table<'a>)> {
        let Some(table) = self.table(key, faults) else { return Vec::new() };
        let each = table.inner.iter().filter_map(|(name, value)| {
            let at = name.span().start;
            let inner = Table::of(value, &format!("{key}.{}", name.get_ref()), faults)?.inner;
            Some((Text { text: name.get_ref(), at }, Table { inner, at }))
        });
        let mut each: Vec<_> = each.collect();
        each.sort_by_key(|(name, _)| name.at);
        each
    }
}

fn text_of<'a>(value: &'a Spanned<DeValue<'a>>, key: &str, faults: &mut Faults<'_>) -> Option<Text<'a>> {
    let at = value.span().start;
    match value.get_ref().as_str() {
        Some(text) if !text.trim().is_empty() => Some(Text { text, at }),
        Some(_) => {
            faults.fault(at, format!("{key} must not be blank"));
            None
        }
        None => {
            faults.fault(at, format!("{key} must be a text, not {}", kind_of(value.get_ref())));
            None
        }
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
