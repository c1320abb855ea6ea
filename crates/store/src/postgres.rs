//! What only Postgres needs: its schema and the adoption of a database of the reference ([`migrate`]), the days
//! of the event log ([`days`]), appending to it in bulk ([`append`]), how far it may be read ([`watermark`]), the leases by which processes share
//! triage's partitions ([`leases`]), and how one process wakes the others ([`calls`]).

pub(crate) mod append;
pub mod calls;
pub(crate) mod days;
pub(crate) mod leases;
pub mod migrate;
mod places;
pub(crate) mod watermark;

pub use crate::sql::postgres::connect::{Address, Patience};

use crate::Options;
use crate::room::Room;
use crate::writer::{Lane, Open, Writer};
use crate::{Error, Result, sql};
use std::sync::Arc;

/// The writers of one process, a connection each.
pub(crate) struct Writers {
    pub(crate) work: Writer,
    pub(crate) triage: Writer,
    pub(crate) intake: append::Intake,
}

/// Sessions by which a process appends events: one writes while others wait for the disk.
const INTAKE_SESSIONS: usize = 3;

/// Brings the schema up to date and opens the connections that every process needs. On a thread of its own: the
/// caller may be a task of a runtime, where nothing may block on another.
pub(crate) fn open(address: &Address, options: &Options) -> Result<Writers> {
    let (address, clock) = (address.clone(), options.clock.clone());
    let room = Arc::new(Room::of_server(address.shown()));
    on_a_thread(move || {
        migrate::run(&address)?;
        let first = address.connect()?;
        days::make_ahead(&first, clock.now()).map_err(|error| match error {
            Error::Full => Error::ServerFull { host: address.shown().to_owned() },
            Error::Database { detail, .. } if first.has_ended() => {
                Error::Unreachable { host: address.shown().to_owned(), detail }
            }
            error => error,
        })?;
        let writer = |lane, session: sql::Session| {
            let open: Open = Box::new(again(&address));
            Writer::start(lane, session.into(), open, Arc::clone(&room))
        };
        Ok(Writers {
            work: writer(Lane::Work, first),
            triage: writer(Lane::Triage, address.connect()?),
            intake: append::Intake::start(
                (0..INTAKE_SESSIONS).map(|_| address.connect_for_intake()).collect::<Result<_>>()?,
                || {
                    let address = address.clone();
                    Box::new(move || Ok(address.connect_for_intake()?.into()))
                },
                &room,
                &clock,
                address.shown().to_owned(),
            ),
        })
    })
}

fn again(address: &Address) -> impl Fn() -> Result<sql::Connection> + Send + 'static {
    let address = address.clone();
    move || Ok(address.connect()?.into())
}

/// Runs what blocks away from any runtime.
pub(crate) fn on_a_thread<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(Error::Database { doing: "opening the database", detail: "a panic".to_owned() }))
}
