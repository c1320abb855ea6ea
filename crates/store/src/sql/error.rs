//! What an engine answers instead of rows.

/// The result of a statement.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a statement has no result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such row.
    #[error("there is no such row")]
    NoRow,
    /// A column holds another kind of value than it should.
    #[error("column {0} holds another kind of value than it should")]
    Kind(usize),
    /// The server has not answered within this.
    #[error("no answer within {0:?}")]
    Silent(std::time::Duration),
    /// SQLite says so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Postgres says so.
    #[error("{}", super::postgres::explain(.0))]
    Postgres(#[from] tokio_postgres::Error),
}

/// Makes "no such row" a value.
pub trait OptionalExtension<T> {
    /// `None` where there is no row.
    fn optional(self) -> Result<Option<T>>;
}

impl<T> OptionalExtension<T> for Result<T> {
    fn optional(self) -> Result<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(Error::NoRow) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
