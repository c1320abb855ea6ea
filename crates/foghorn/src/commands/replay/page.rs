//! The receipt as a page.
use super::report::Report;
use maud::{Markup, html};
pub(super) fn page(_report: &Report) -> Markup {
    html! {}
}
