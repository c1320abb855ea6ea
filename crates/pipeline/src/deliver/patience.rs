//! How long a receiver is waited for that answers nothing but that one should wait.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_domain::severity::Urgency;
use foghorn_store::model::Notification;
use foghorn_store::outbox::Routed;

/// What pages somebody is told elsewhere after this.
const PAGES_WAIT: SignedDuration = SignedDuration::from_mins(2);
/// Everything else, after this.
const OTHERS_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// Whether a telling goes to somebody else, since its receiver has asked to wait since `since` and takes nothing
/// before `next`. Where there is nobody else it waits: late is better than never. So does what was asked for.
pub(super) fn is_over(row: &Notification, since: Timestamp, next: Timestamp, fallback: &[Routed]) -> bool {
    let waits = if row.urgency == Urgency::Page { PAGES_WAIT } else { OTHERS_WAIT };
    let has_fallback = fallback.iter().any(|other| other.lane.receiver != row.receiver);
    has_fallback && !row.reason.is_in_thread() && next.duration_since(since) >= waits
}
