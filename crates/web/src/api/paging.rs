//! Lists: `limit`, `cursor`, `count`, and the shape of a page.

use crate::problem::Problem;
use foghorn_store::model::{Page, Paging};
use serde::{Deserialize, Serialize};

/// The part of a query that every list takes. Read as text, so that a wrong value is answered by name.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct PagingQuery {
    /// 1 to 200; 50 if not given.
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// `exact` counts every row; otherwise counting stops at 10,000.
    count: Option<String>,
}

/// Rows of a page that people read. A longer one takes a processor tens of milliseconds.
const MOST_ON_A_PAGE: u32 = 50;

impl PagingQuery {
    /// For a page that people read: whatever is asked for, no longer than one can look through.
    pub(crate) fn parse_for_page(&self) -> Result<Paging, Problem> {
        let paging = self.parse()?;
        Ok(Paging { limit: paging.limit.min(MOST_ON_A_PAGE), ..paging })
    }

    pub(crate) fn parse(&self) -> Result<Paging, Problem> {
        let limit = match self.limit.as_deref() {
            None => 50,
            Some(text) => match text.parse::<u32>() {
                Ok(limit @ 1..=200) => limit,
                _ => {
                    return Err(Problem::unprocessable(
                        "limit",
                        format!("limit: must be 1 to 200, is `{}`", short(text)),
                    ));
                }
            },
        };
        let cursor = match self.cursor.as_deref() {
            None | Some("") => None,
            Some(text) => match text.parse::<i64>() {
                Ok(cursor @ 1..) => Some(cursor),
                _ => {
                    let detail = format!("cursor: must be the next_cursor of another page, is `{}`", short(text));
                    return Err(Problem::unprocessable("cursor", detail));
                }
            },
        };
        let exact_count = match self.count.as_deref() {
            None | Some("") => false,
            Some("exact") => true,
            Some(text) => {
                let detail = format!("count: must be `exact` or not given, is `{}`", short(text));
                return Err(Problem::unprocessable("count", detail));
            }
        };
        Ok(Paging { limit, cursor, exact_count })
    }
}

/// A page of a list.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Paged<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
    total: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    total_estimated: bool,
}

impl<T> Paged<T> {
    pub(crate) fn of<U>(page: Page<U>, shape: impl Fn(U) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(shape).collect(),
            next_cursor: page.next_cursor.map(|cursor| cursor.to_string()),
            total: page.total,
            total_estimated: page.total_estimated,
        }
    }
}

/// An id in an address: a positive whole number.
pub(crate) fn parse_id(text: &str, what: &'static str) -> Result<i64, Problem> {
    match text.parse::<i64>() {
        Ok(id @ 1..) => Ok(id),
        _ => Err(Problem::invalid("id", format!("id: must be the positive number of an {what}, is `{}`", short(text)))),
    }
}

pub(super) fn short(text: &str) -> String {
    text.chars().take(60).collect()
}
