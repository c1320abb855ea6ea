//! Who may act from Slack: people of our workspace who are no guests in it, and whoever the settings name.
//!
//! The signed request says which workspace somebody belongs to, and that decides first. That somebody is a guest
//! only Slack knows: it is asked ([`People::standing`]), and what it says holds for an hour. Who has been seen as a
//! member goes on acting while Slack does not answer; who has never been seen does not.

use foghorn_domain::clock::{SignedDuration, Timestamp};
use foghorn_slack::interaction::Person;
use foghorn_slack::{Retry, SlackClient};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// How long Slack is asked who somebody is. What it leaves of Slack's three seconds is enough to record an action.
const ASK_WITHIN: Duration = Duration::from_millis(1200);
/// How long an answer holds.
const HOLDS_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How long after no answer Slack is left in peace about that person.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// People who are remembered.
const MOST_KNOWN: usize = 10_000;

const OUTSIDER: &str =
    "you are a guest or belong to another workspace; ask for your Slack id to be put under slack.people";
const UNKNOWN: &str = "could not check who you are at Slack, try again in a minute";

/// The people of a workspace.
#[derive(Default)]
pub(super) struct People {
    /// The workspace whose people may act; empty where it is not known (yet).
    team_id: OnceLock<String>,
    /// Guests and people of other workspaces who may act, by Slack id, with their names.
    named: HashMap<String, String>,
    seen: Mutex<HashMap<String, Seen>>,
    /// Whether the log says already that Slack lets nobody be asked about.
    has_complained: AtomicBool,
}

/// What is known of a person.
#[derive(Clone, Copy)]
struct Seen {
    standing: Standing,
    until: Timestamp,
    /// What Slack said when it last said anything.
    was_member: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Of this workspace, and no guest.
    Member,
    /// A guest, a stranger, or somebody who has left.
    Outsider,
    /// Slack has answered, and what it answers does not say: the app lacks the scope, for instance.
    Untold,
    /// Slack has not answered.
    Unanswered,
}

impl People {
    pub(super) fn new(team_id: Option<String>, named: HashMap<String, String>) -> Self {
        let team_id = team_id.map(OnceLock::from).unwrap_or_default();
        Self { team_id, named, ..Self::default() }
    }

    /// Which workspace it is, as Slack says. What the settings say goes before.
    pub(super) fn learn_team(&self, team_id: String) {
        let _ = self.team_id.set(team_id);
    }

    /// The name that the settings give somebody.
    pub(super) fn name_of(&self, person: &Person) -> Option<&String> {
        self.named.get(&person.id)
    }

    /// Whether somebody may act; if not, why. `team_id` is the workspace of the request.
    pub(super) async fn check(
        &self,
        person: &Person,
        team_id: Option<&str>,
        client: Option<&SlackClient>,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        if self.named.contains_key(&person.id) {
            return Ok(());
        }
        let theirs = person.team_id.as_deref().or(team_id);
        let is_elsewhere = matches!((self.team_id.get(), theirs), (Some(ours), Some(theirs)) if ours != theirs);
        if person.is_stranger || is_elsewhere {
            return Err(OUTSIDER);
        }
        // Without a token there is nobody to ask, and the signature is all there is.
        let Some(client) = client else { return Ok(()) };
        let Seen { standing, was_member, .. } = self.seen_of(&person.id, client, now).await;
        match standing {
            Standing::Member | Standing::Untold => Ok(()),
            Standing::Unanswered if was_member => Ok(()),
            Standing::Unanswered => Err(UNKNOWN),
            Standing::Outsider => Err(OUTSIDER),
        }
    }

    async fn seen_of(&self, id: &str, client: &SlackClient, now: Timestamp) -> Seen {
        let before = self.seen().get(id).copied();
        if let Some(before) = before.filter(|before| now < before.until) {
            return before;
        }
        let standing = self.standing(id, client).await;
        let was_member = match standing {
            Standing::Member => true,
            Standing::Unanswered => before.is_some_and(|before| before.was_member),
            Standing::Outsider | Standing::Untold => false,
        };
        let holds_for = if standing == Standing::Unanswered { PAUSE } else { HOLDS_FOR };
        let known = Seen { standing, until: now + holds_for, was_member };
        let mut seen = self.seen();
        if seen.len() >= MOST_KNOWN {
            seen.clear();
        }
        seen.insert(id.to_owned(), known);
        known
    }

    async fn standing(&self, id: &str, client: &SlackClient) -> Standing {
        match tokio::time::timeout(ASK_WITHIN, client.user(id)).await {
            Ok(Ok(user)) if user.is_guest || user.is_stranger || user.is_deleted => Standing::Outsider,
            Ok(Ok(_)) => Standing::Member,
            Ok(Err(error)) if error.retry() == Retry::Never => {
                if error.code() != "missing_scope" {
                    tracing::warn!(%error, "Slack does not say whether somebody is a guest");
                } else if !self.has_complained.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "Slack does not say who is a guest, so that everybody of the workspace may act; \
                        give the app the scope users:read and install it again");
                }
                Standing::Untold
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "Slack could not be asked who somebody is");
                Standing::Unanswered
            }
            Err(_) => {
                tracing::warn!("Slack did not say in time who somebody is");
                Standing::Unanswered
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
