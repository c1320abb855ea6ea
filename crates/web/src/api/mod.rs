//! `/api/v1`, and what the contract names outside of it.

pub(crate) mod actions;
pub(crate) mod audit;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod incidents;
mod paging;
pub(crate) mod shapes;
pub(crate) mod solution;

pub(crate) use paging::{Paged, PagingQuery, parse_id};
