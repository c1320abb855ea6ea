//! The queue of one channel.

use super::allowance::{Allowance, Budget, later};
use foghorn_domain::severity::Urgency;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

/// What a lane has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Post this notification now. It counts as under way until [`Lane::done`] or [`Lane::again`].
    Post(i64),
    /// Edit this message now; likewise.
    Edit(i64),
    /// Nothing before this moment.
    WaitUntil(Timestamp),
    /// Nothing, until something is added or what is under way ends.
    Idle,
}

/// Something that was sent, or is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Work {
    /// The post of a notification.
    Post(i64),
    /// The edit of a message.
    Edit(i64),
}

/// One channel.
#[derive(Clone, Debug)]
pub struct Lane {
    budget: Budget,
    /// Edits wait until then; posts need not.
    edits_after: Timestamp,
    pages: VecDeque<i64>,
    posts: VecDeque<i64>,
    edits: VecDeque<i64>,
    /// All posts that wait or are under way, and whether they page: none is taken twice.
    known_posts: HashMap<i64, bool>,
    waiting_edits: HashSet<i64>,
    edits_under_way: HashSet<i64>,
}

impl Lane {
    /// An empty lane.
    pub fn new(allowance: Allowance) -> Self {
        Self {
            budget: Budget::new(allowance),
            edits_after: Timestamp::MIN,
            pages: VecDeque::new(),
            posts: VecDeque::new(),
            edits: VecDeque::new(),
            known_posts: HashMap::new(),
            waiting_edits: HashSet::new(),
            edits_under_way: HashSet::new(),
        }
    }

    /// Adds the post of a notification; one that is there already stays as it is.
    pub fn post(&mut self, notification: i64, urgency: Urgency) {
        let pages = urgency == Urgency::Page;
        if self.known_posts.contains_key(&notification) {
            return;
        }
        self.known_posts.insert(notification, pages);
        if pages { &mut self.pages } else { &mut self.posts }.push_back(notification);
    }

    /// Adds the edit of a message; one that waits already keeps its place and will say the newest.
    pub fn edit(&mut self, message: i64) {
        if self.waiting_edits.insert(message) {
            self.edits.push_back(message);
        }
    }

    /// What to do now.
    pub fn next(&mut self, now: Timestamp) -> Next {
        match self.wants() {
            None => Next::Idle,
            Some(_) if self.free_at() > now => Next::WaitUntil(self.free_at()),
            Some(work) => {
                self.take(work, now);
                match work {
                    Work::Post(id) => Next::Post(id),
                    Work::Edit(id) => Next::Edit(id),
                }
            }
        }
    }

    /// It landed, or was given up.
    pub fn done(&mut self, work: Work) {
        match work {
            Work::Post(id) => drop(self.known_posts.remove(&id)),
            Work::Edit(id) => drop(self.edits_under_way.remove(&id)),
        }
    }

    /// It is to be tried again, first of its kind, after a wait: what Slack asks for with `Retry-After`. A post holds
    /// the whole lane, an edit all edits: Slack counts edits apart.
    pub fn again(&mut self, work: Work, now: Timestamp, wait: Duration) {
        match work {
            Work::Post(id) => match self.known_posts.get(&id) {
                Some(true) if !self.pages.contains(&id) => self.pages.push_front(id),
                Some(false) if !self.posts.contains(&id) => self.posts.push_front(id),
                _ => return,
            },
            Work::Edit(id) => {
                self.edits_under_way.remove(&id);
                if self.waiting_edits.insert(id) {
                    self.edits.push_front(id);
                }
            }
        }
        let until = after(now, wait);
        match work {
            Work::Post(_) => self.budget.exhaust(until),
            Work::Edit(_) => self.edits_after = self.edits_after.max(until),
        }
    }

    /// What waits, not counting what is under way.
    pub fn waiting(&self) -> usize {
        self.pages.len() + self.posts.len() + self.edits.len()
    }

    /// How soon its turn comes; `None` where there is nothing to send.
    pub(super) fn rank(&self) -> Option<Rank> {
        Some(match self.wants()? {
            Work::Post(_) if !self.pages.is_empty() => Rank::Page,
            Work::Post(_) => Rank::Post,
            Work::Edit(_) => Rank::Edit,
        })
    }

    /// When what it wants may be sent.
    pub(super) fn free_at(&self) -> Timestamp {
        match self.wants() {
            Some(Work::Edit(_)) => self.budget.free_at().max(self.edits_after),
            _ => self.budget.free_at(),
        }
    }

    /// Whether nothing would be lost with the lane.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        let empty = self.known_posts.is_empty() && self.waiting_edits.is_empty() && self.edits_under_way.is_empty();
        empty && self.budget.is_whole(now) && self.edits_after <= now
    }

    /// The first of the best kind. An edit of a message whose edit is under way is passed over.
    fn wants(&self) -> Option<Work> {
        let post = self.pages.front().or_else(|| self.posts.front()).copied().map(Work::Post);
        post.or_else(|| self.edits.iter().find(|id| !self.edits_under_way.contains(id)).copied().map(Work::Edit))
    }

    fn take(&mut self, work: Work, now: Timestamp) {
        match work {
            Work::Post(_) => drop(self.pages.pop_front().or_else(|| self.posts.pop_front())),
            Work::Edit(id) => {
                // Those before it are under way, which are few.
                if let Some(place) = self.edits.iter().position(|other| *other == id) {
                    self.edits.remove(place);
                }
                self.waiting_edits.remove(&id);
                self.edits_under_way.insert(id);
            }
        }
        self.budget.spend(now);
    }
}

/// A moment from now on.
pub(super) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    later(now, SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX))
}

/// How soon a lane's turn comes, compared with other lanes'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Page,
    Post,
    Edit,
}
