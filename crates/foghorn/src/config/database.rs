//! `[database]`: Postgres instead of a file.

use super::error::ConfigError;
use super::layers::Values;
use super::value;
use foghorn_store::postgres::{Address, Patience};

/// `[database]`.
#[derive(Debug)]
pub(crate) struct Database {
    /// Where it is; none where the store is a file.
    pub(crate) address: Option<Address>,
    /// Connections for reading.
    pub(crate) readers: usize,
}

impl Database {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let patience = Patience {
            statement: values.get("database.statement_timeout", value::duration)?.unsigned_abs(),
            lock: values.get("database.lock_timeout", value::duration)?.unsigned_abs(),
            connect: values.get("database.connect_timeout", value::duration)?.unsigned_abs(),
            answer: values.get("database.answer_timeout", value::duration)?.unsigned_abs(),
        };
        let address = values.get("database.url", |text| match text {
            "" => Ok(None),
            url => Address::parse(url, patience).map(Some).map_err(|error| error.to_string()),
        })?;
        Ok(Self { address, readers: values.get("database.readers", value::count(1..=1_000))? })
    }
}
