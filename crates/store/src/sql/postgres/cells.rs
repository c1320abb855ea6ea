//! Our kinds of value as the server's, by the type that the server gives a parameter or a column: texts are times,
//! JSON and lists of texts, whole numbers are truth, bytes are embeddings.

use crate::sql::value::{Cell, ValueRef};
use crate::sql::{Error, Result};
use crate::time;
use foghorn_domain::clock::Timestamp;
use std::borrow::Cow;
use std::error::Error as StdError;
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type};

/// Microseconds from 1970 to 2000, from where Postgres counts.
const EPOCH: i64 = 946_684_800_000_000;

type Failure = Box<dyn StdError + Sync + Send>;

/// A value on its way to the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a>(pub(crate) ValueRef<'a>);

impl<'a> Bound<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self(ValueRef::Text(text))
    }

    pub(crate) fn text_or_null(text: Option<&'a str>) -> Self {
        Self(text.map_or(ValueRef::Null, ValueRef::Text))
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Failure> {
        match self.0 {
            ValueRef::Null => return Ok(IsNull::Yes),
            ValueRef::Integer(number) => whole_number(number, ty, out)?,
            ValueRef::Real(number) if *ty == Type::FLOAT4 => out.extend_from_slice(&(number as f32).to_be_bytes()),
            ValueRef::Real(number) if *ty == Type::FLOAT8 => out.extend_from_slice(&number.to_be_bytes()),
            ValueRef::Text(text) => return written(text, ty, out),
            ValueRef::Blob(bytes) if *ty == Type::BYTEA => out.extend_from_slice(bytes),
            ValueRef::Blob(bytes) if ty.name() == "vector" => {
                out.extend_from_slice(&u16::try_from(bytes.len() / 4)?.to_be_bytes());
                out.extend_from_slice(&[0, 0]);
                for four in bytes.chunks_exact(4) {
                    out.extend(four.iter().rev().copied());
                }
            }
            other => return Err(format!("{other:?} is no {ty}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}

fn whole_number(number: i64, ty: &Type, out: &mut BytesMut) -> std::result::Result<(), Failure> {
    match *ty {
        Type::BOOL => out.extend_from_slice(&[u8::from(number != 0)]),
        Type::INT2 => out.extend_from_slice(&i16::try_from(number)?.to_be_bytes()),
        Type::INT4 => out.extend_from_slice(&i32::try_from(number)?.to_be_bytes()),
        Type::FLOAT4 => out.extend_from_slice(&(number as f32).to_be_bytes()),
        Type::FLOAT8 => out.extend_from_slice(&(number as f64).to_be_bytes()),
        Type::TEXT | Type::VARCHAR => out.extend_from_slice(number.to_string().as_bytes()),
        _ => out.extend_from_slice(&number.to_be_bytes()),
    }
    Ok(())
}

fn written(text: &str, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Failure> {
    match *ty {
        Type::TIMESTAMPTZ | Type::TIMESTAMP => {
            out.extend_from_slice(&(time::read(text).as_microsecond() - EPOCH).to_be_bytes());
        }
        Type::JSONB => {
            out.extend_from_slice(&[1]);
            out.extend_from_slice(without_nul_escapes(text).as_bytes());
        }
        Type::JSON => out.extend_from_slice(without_nul_escapes(text).as_bytes()),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => {
            let list: Vec<String> = serde_json::from_str(text).unwrap_or_default();
            let list: Vec<Bound<'_>> = list.iter().map(|entry| Bound::text(entry)).collect();
            return list.to_sql(ty, out);
        }
        Type::INT8 => out.extend_from_slice(&text.parse::<i64>()?.to_be_bytes()),
        // What Postgres' text cannot hold is held as the sign for it.
        _ if text.contains('\0') => out.extend_from_slice(text.replace('\0', "\u{fffd}").as_bytes()),
        _ => out.extend_from_slice(text.as_bytes()),
    }
    Ok(IsNull::No)
}

/// JSON whose texts hold no NUL, which JSON may and Postgres may not.
fn without_nul_escapes(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u0000") {
        return Cow::Borrowed(json);
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        clean.push_str(&rest[..at]);
        rest = &rest[at..];
        // An escape is two characters long at least; what follows `\u` are ordinary characters to this loop.
        let (escape, length) = match rest.strip_prefix("\\u0000") {
            Some(_) => ("\\ufffd", 6),
            None => {
                let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                (&rest[..length], length)
            }
        };
        clean.push_str(escape);
        rest = &rest[length..];
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// A value of a row as we know it.
pub(crate) fn cell(row: &Row, column: usize) -> Result<Cell<'_>> {
    Ok(row.try_get::<_, Read<'_>>(column).map_err(Error::Postgres)?.0)
}

struct Read<'a>(Cell<'a>);

impl<'a> FromSql<'a> for Read<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Self, Failure> {
        Ok(Self(match *ty {
            Type::BOOL => Cell::Integer(i64::from(raw.first() == Some(&1))),
            Type::INT2 => Cell::Integer(i16::from_be_bytes(raw.try_into()?).into()),
            Type::INT4 => Cell::Integer(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT8 => Cell::Integer(i64::from_be_bytes(raw.try_into()?)),
            Type::FLOAT4 => Cell::Real(f32::from_be_bytes(raw.try_into()?).into()),
            Type::FLOAT8 => Cell::Real(f64::from_be_bytes(raw.try_into()?)),
            Type::TIMESTAMPTZ | Type::TIMESTAMP => Cell::Text(moment(i64::from_be_bytes(raw.try_into()?)).into()),
            Type::JSONB => Cell::Text(String::from_utf8_lossy(raw.get(1..).unwrap_or_default())),
            Type::BYTEA => Cell::Blob(raw.into()),
            _ if ty.name() == "xid8" => Cell::Integer(i64::from_be_bytes(raw.try_into()?)),
            _ if ty.name() == "vector" => Cell::Blob(
                raw.get(4..).unwrap_or_default().chunks_exact(4).flat_map(|four| four.iter().rev().copied()).collect(),
            ),
            _ if matches!(ty.kind(), Kind::Array(_)) => {
                let list: Vec<Option<&str>> = Vec::from_sql(ty, raw)?;
                let list: Vec<&str> = list.into_iter().flatten().collect();
                Cell::Text(serde_json::to_string(&list)?.into())
            }
            _ => Cell::Text(String::from_utf8_lossy(raw)),
        }))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Failure> {
        Ok(Self(Cell::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// Postgres' infinities are the ends of our time.
fn moment(microseconds: i64) -> String {
    let since_1970 = microseconds.saturating_add(EPOCH);
    let at = Timestamp::from_microsecond(since_1970);
    time::write(at.unwrap_or(if since_1970 < 0 { Timestamp::MIN } else { Timestamp::MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(value: ValueRef<'_>, ty: &Type) -> Vec<u8> {
        let mut out = BytesMut::new();
        assert!(matches!(Bound(value).to_sql(ty, &mut out), Ok(IsNull::No)));
        out.to_vec()
    }

    #[test]
    fn what_is_sent_as_a_column_is_read_back_as_it_was() {
        let texts = [
            (Type::TEXT, "a\u{e9}"),
            (Type::TIMESTAMPTZ, "2026-01-02T03:04:05.000006Z"),
            (Type::TIMESTAMP, "1999-01-02T03:04:05.000006Z"),
            (Type::JSONB, r#"{"a":[1,"x"]}"#),
            (Type::TEXT_ARRAY, r#"["a","b \" c",""]"#),
        ];
        for (ty, text) in texts {
            let raw = sent(ValueRef::Text(text), &ty);
            assert!(matches!(Read::from_sql(&ty, &raw).unwrap().0, Cell::Text(read) if read == text), "{ty}");
        }
        for (ty, number) in [(Type::BOOL, 1), (Type::INT2, -3), (Type::INT4, 70_000), (Type::INT8, i64::MIN)] {
            let raw = sent(ValueRef::Integer(number), &ty);
            assert!(matches!(Read::from_sql(&ty, &raw).unwrap().0, Cell::Integer(read) if read == number), "{ty}");
        }
    }

    #[test]
    fn nothing_that_postgres_cannot_hold_is_sent_to_it() {
        assert_eq!(sent(ValueRef::Text("a\0b"), &Type::TEXT), "a\u{fffd}b".as_bytes());
        let cases = [
            (r#"["\u0000"]"#, r#"["\ufffd"]"#),
            (r#"["\\u0000"]"#, r#"["\\u0000"]"#),
            (r#"["\\\u0000\n"]"#, r#"["\\\ufffd\n"]"#),
        ];
        for (json, expected) in cases {
            assert_eq!(without_nul_escapes(json), expected);
        }
        assert!(Bound(ValueRef::Integer(70_000)).to_sql(&Type::INT2, &mut BytesMut::new()).is_err());
    }

    #[test]
    fn times_beyond_all_times_are_the_ends_of_time() {
        assert_eq!(moment(i64::MAX), time::write(Timestamp::MAX));
        assert_eq!(moment(i64::MIN), time::write(Timestamp::MIN));
    }
}
