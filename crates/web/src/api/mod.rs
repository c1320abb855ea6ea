//! `/api/v1`, and what the contract names outside of it.

pub(crate) mod actions;
pub(crate) mod agent;
pub(crate) mod analysis;
pub(crate) mod audit;
pub(crate) mod dead_letters;
pub(crate) mod events;
pub(crate) mod explain;
pub(crate) mod incidents;
pub(crate) mod keys;
pub(crate) mod memory;
pub(crate) mod memory_transfer;
mod paging;
pub(crate) mod routing;
pub(crate) mod search;
pub(crate) mod semantic_search;
pub(crate) mod shapes;
pub(crate) mod silences;
pub(crate) mod similar;
pub(crate) mod solution;

pub(crate) use paging::{Paged, PagingQuery, parse_id};
