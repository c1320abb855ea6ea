//! The spelling of the two engines. Statements are written for SQLite, with two liberties: a cast of Postgres
//! (`?3::timestamptz`, `labels::text`) where that engine could not tell the type by itself, and nothing else.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What is spelled differently, as SQLite has it and as Postgres has it. Each stands between spaces or before
/// a parenthesis, so none is found inside a name.
const SPELLINGS: &[(&str, &str)] = &[(" LIKE ", " ILIKE "), (" json_object(", " json_build_object(")];

/// Takes the casts out.
pub(super) fn for_sqlite(sql: &str) -> Cow<'_, str> {
    if !sql.contains("::") {
        return Cow::Borrowed(sql);
    }
    let mut plain = String::with_capacity(sql.len());
    let mut parts = sql.split("::");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '[' | ']')));
    }
    Cow::Owned(plain)
}

/// Numbers the parameters with `$`, and respells.
pub(super) fn for_postgres(sql: &str) -> String {
    let mut respelled = Cow::Borrowed(sql);
    for (theirs, ours) in SPELLINGS {
        if respelled.contains(theirs) {
            respelled = Cow::Owned(respelled.replace(theirs, ours));
        }
    }
    let mut written = String::with_capacity(respelled.len() + 8);
    let (mut is_quoted, mut unnumbered) = (false, 0);
    let mut rest = respelled.as_ref();
    while let Some(at) = rest.find(['\'', '?', 'I']) {
        let (before, from) = rest.split_at(at);
        written.push_str(before);
        rest = &from[1..];
        match from.as_bytes()[0] {
            b'\'' => {
                is_quoted = !is_quoted;
                written.push('\'');
            }
            b'?' if !is_quoted => {
                written.push('$');
                if !rest.starts_with(|c: char| c.is_ascii_digit()) {
                    unnumbered += 1;
                    // Writing into a String cannot fail.
                    let _ = write!(written, "{unnumbered}");
                }
            }
            b'I' if !is_quoted && rest.starts_with("NDEXED BY ") => {
                let name = rest["NDEXED BY ".len()..].find(|c: char| c.is_whitespace());
                rest = name.map_or("", |end| &rest["NDEXED BY ".len() + end..]);
            }
            other => written.push(char::from(other)),
        }
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_is_spelled_for_each_engine() {
        let cases = [
            ("SELECT a FROM t WHERE b = ?1 AND c = ?12", None, "SELECT a FROM t WHERE b = $1 AND c = $12"),
            ("x = ? AND y IN (?, ?)", None, "x = $1 AND y IN ($2, $3)"),
            ("a = '?1' AND b = ?1", None, "a = '?1' AND b = $1"),
            ("SELECT ?3::timestamptz, labels::text", Some("SELECT ?3, labels"), "SELECT $3::timestamptz, labels::text"),
            ("a LIKE ?1 ESCAPE '\\'", None, "a ILIKE $1 ESCAPE '\\'"),
            ("FROM t INDEXED BY t_index WHERE a", None, "FROM t  WHERE a"),
            ("VALUES (?1::text[])", Some("VALUES (?1)"), "VALUES ($1::text[])"),
        ];
        for (written, sqlite, postgres) in cases {
            assert_eq!(for_sqlite(written), sqlite.unwrap_or(written));
            assert_eq!(for_postgres(written), postgres);
        }
    }
}
