//! Values on their way into a statement and out of a row, the same for both engines.
//!
//! Five shapes are enough: nothing, a whole number, a number, a text, bytes. Times are texts (see
//! [`crate::time`]), JSON is text, truth is 0 or 1. What a column of Postgres calls them is the business of
//! [`super::postgres`].

use std::borrow::Cow;

/// A value to be bound.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// NULL.
    Null,
    /// A whole number, or truth.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text, a time, JSON.
    Text(&'a str),
    /// Bytes, or an embedding.
    Blob(&'a [u8]),
}

/// A value of a row.
#[derive(Clone, Debug)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// A whole number, or truth.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text, a time, JSON.
    Text(Cow<'a, str>),
    /// Bytes, or an embedding.
    Blob(Cow<'a, [u8]>),
}

impl From<ValueRef<'_>> for Cell<'static> {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(Cow::Owned(text.to_owned())),
            ValueRef::Blob(bytes) => Self::Blob(Cow::Owned(bytes.to_owned())),
        }
    }
}

impl Cell<'_> {
    /// The value, to be bound.
    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

/// A value that is kept until it is bound, for statements that are put together.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(i64),
    Text(String),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// What can be bound.
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> ValueRef<'_>;
}

/// What can be read from a row.
pub trait FromCell: Sized {
    /// The value, `None` if the cell holds another kind of thing.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl ToValue for Value {
    fn to_value(&self) -> ValueRef<'_> {
        match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> ValueRef<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, ToValue::to_value)
    }
}

impl ToValue for bool {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Integer(i64::from(*self))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Real(*self)
    }
}

impl ToValue for f32 {
    fn to_value(&self) -> ValueRef<'_> {
        ValueRef::Real(f64::from(*self))
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl ToValue for $number {
            fn to_value(&self) -> ValueRef<'_> {
                // What no column can hold is held at the end of the range, as SQLite's own bindings have none.
                ValueRef::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        }
        impl FromCell for $number {
            fn from_cell(cell: Cell<'_>) -> Option<Self> {
                match cell {
                    Cell::Integer(number) => Self::try_from(number).ok(),
                    _ => None,
                }
            }
        }
    )*};
}
whole_numbers!(i64, u64, u32, u16, usize);

impl FromCell for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Integer(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromCell for f64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Real(number) => Some(number),
            Cell::Integer(number) => Some(number as f64),
            _ => None,
        }
    }
}

impl FromCell for f32 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        f64::from_cell(cell).map(|number| number as f32)
    }
}

impl FromCell for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Blob(bytes) => Some(bytes.into_owned()),
            _ => None,
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

/// The values of a statement, in the order of their numbers.
pub trait Params {
    /// Hands them over.
    fn bind<R>(&self, to: impl FnOnce(&[ValueRef<'_>]) -> R) -> R;
}

impl Params for [&dyn ToValue; 0] {
    fn bind<R>(&self, to: impl FnOnce(&[ValueRef<'_>]) -> R) -> R {
        to(&[])
    }
}

impl Params for &[&dyn ToValue] {
    fn bind<R>(&self, to: impl FnOnce(&[ValueRef<'_>]) -> R) -> R {
        let values: Vec<ValueRef<'_>> = self.iter().map(|value| value.to_value()).collect();
        to(&values)
    }
}

impl Params for &[Value] {
    fn bind<R>(&self, to: impl FnOnce(&[ValueRef<'_>]) -> R) -> R {
        let values: Vec<ValueRef<'_>> = self.iter().map(ToValue::to_value).collect();
        to(&values)
    }
}

// One by one, so that an empty list is the case above and no other.
macro_rules! lists {
    ($($length:literal),*) => {$(
        impl<T: ToValue> Params for [T; $length] {
            fn bind<R>(&self, to: impl FnOnce(&[ValueRef<'_>]) -> R) -> R {
                to(&std::array::from_fn::<_, $length, _>(|index| self[index].to_value()))
            }
        }
    )*};
}
lists!(1, 2, 3);

/// Values of different kinds as the parameters of one statement.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::sql::ToValue),*] as &[&dyn $crate::sql::ToValue]
    };
}
pub(crate) use params;
