//! What a thread takes and shows in each of its states, and when it closes by itself. Pure.

use chrono::{DateTime, Duration, Utc};
use deserr::Deserr;
use diesel::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::comments::comment::{CommentFailure, Moderation, ThreadMessage, ThreadRow, ThreadState, named_states};
use crate::database::ids::RowId;
use crate::database::schema::thread_transitions;
use crate::database::timestamp::RowTime;
use crate::field::{Prose, WholeNumber};
use crate::http::patch::Patch;

/// After how many days a thread closes; 0 for never.
pub type ThreadDays = WholeNumber<0, 3_650>;

/// After how many days the threads of a site close.
pub type SiteThreadDays = WholeNumber<1, 3_650>;

/// What the newsroom says about an opening or a closing, for the record only.
pub type ThreadNote = Prose<2_000>;

named_states! {
    /// For what reason a thread takes no comments.
    ClosedReason {
        /// The editors closed it.
        Editors = "editors",
        /// The article is as old as the rule says.
        Age = "age",
        /// The document that the article came with says so.
        Document = "document",
    }
}

named_states! {
    /// Whose rule says when a thread closes by itself.
    RuleSource {
        /// The article has one of its own.
        Article = "article",
        /// That of the section, or of the nearest one above it that has one.
        Section = "section",
        /// That of the site.
        Site = "site",
    }
}

/// What a reader does to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderAct {
    /// Writes a comment.
    Post,
    /// Votes on a comment.
    Vote,
    /// Changes their own comment.
    Edit,
    /// Takes their own comment back.
    Withdraw,
}

impl ThreadState {
    /// Whether a thread in this state lets readers do this. Their own words they may always take back.
    #[must_use]
    pub fn takes(self, act: ReaderAct) -> bool {
        match (self, act) {
            (Self::Open, _) | (Self::Closed, ReaderAct::Vote) | (_, ReaderAct::Withdraw) => true,
            (Self::Closed, ReaderAct::Post | ReaderAct::Edit)
            | (Self::ReadOnly | Self::Hidden, ReaderAct::Post | ReaderAct::Vote | ReaderAct::Edit) => false,
        }
    }

    /// Whether readers see comments, and how many there are.
    #[must_use]
    pub fn is_shown(self) -> bool {
        match self {
            Self::Open | Self::Closed | Self::ReadOnly => true,
            Self::Hidden => false,
        }
    }
}

/// Where a thread stands at some moment, as readers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadStanding {
    /// The state.
    pub state: ThreadState,
    /// Why it is not open.
    pub reason: Option<ClosedReason>,
    /// What the editors say about it.
    pub message: Option<String>,
}

/// When a thread closes by itself, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosingRule {
    /// After how many days, counted from the first publication; 0 for never.
    pub days: i32,
    /// Whose rule it is.
    pub from: RuleSource,
}

impl ClosingRule {
    /// When a thread of an article of this date closes. A day has 24 hours.
    #[must_use]
    pub fn closes_at(self, published_at: RowTime) -> Option<RowTime> {
        let days = Some(self.days).filter(|days| *days > 0)?;
        let closes_at = published_at.utc().checked_add_signed(Duration::days(days.into()))?;
        Some(closes_at.into())
    }
}

/// What the closing of a thread depends on, beside its own rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosingContext {
    /// When the article was first published; none while readers do not see it.
    pub published_at: Option<RowTime>,
    /// The rule of its section, else of the nearest section above, else of the site.
    pub inherited: ClosingRule,
}

impl ClosingContext {
    /// The rule that counts for a thread with a rule of its own, or none.
    #[must_use]
    pub fn rule(&self, own: Option<i32>) -> ClosingRule {
        own.map_or(self.inherited, |days| ClosingRule {
            days,
            from: RuleSource::Article,
        })
    }

    /// When such a thread closes.
    #[must_use]
    pub fn closes_at(&self, own: Option<i32>) -> Option<RowTime> {
        self.published_at
            .and_then(|published_at| self.rule(own).closes_at(published_at))
    }
}

/// A thread with the rule by which it closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledThread {
    /// The thread.
    pub row: ThreadRow,
    /// The rule that counts.
    pub rule: ClosingRule,
}

/// What shall change about a thread.
#[derive(Debug, Clone)]
pub struct ThreadChange {
    /// The state, if it shall change.
    pub state: Option<ThreadState>,
    /// What readers are told about it.
    pub message: Patch<ThreadMessage>,
    /// The moderation mode, if it shall change.
    pub moderation: Option<Moderation>,
    /// The rule of the article itself; without one it inherits.
    pub close_after_days: Patch<ThreadDays>,
    /// What is said about a change of state, for the record.
    pub note: Option<ThreadNote>,
    /// The reason, if the thread is no longer open after the change.
    pub reason: ClosedReason,
}

impl ThreadChange {
    /// Whether the change can concern when the thread closes by itself.
    #[must_use]
    pub fn concerns_closing(&self) -> bool {
        self.state == Some(ThreadState::Open) || self.close_after_days != Patch::Absent
    }
}

/// A thread was to be opened with a rule by which it closes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosesAtOnce;

impl ThreadRow {
    /// Where the thread stands at a moment: one whose time has come is closed, whether the job came by or not.
    #[must_use]
    pub fn standing(&self, now: DateTime<Utc>) -> ThreadStanding {
        let state = self.state();
        let is_over = state == ThreadState::Open && self.is_over(now);
        let reason = self.closed_reason.as_deref().and_then(ClosedReason::from_name);
        ThreadStanding {
            state: if is_over { ThreadState::Closed } else { state },
            reason: if is_over { Some(ClosedReason::Age) } else { reason },
            message: self.message.clone(),
        }
    }

    /// Passes if readers may do this to the thread at a moment.
    ///
    /// # Errors
    /// [`CommentFailure::Closed`], with what readers are told about it.
    pub fn require(&self, act: ReaderAct, now: DateTime<Utc>) -> Result<(), CommentFailure> {
        let standing = self.standing(now);
        match standing.state.takes(act) {
            true => Ok(()),
            false => Err(CommentFailure::Closed(standing)),
        }
    }

    /// Whether the time has come at which the thread closes by itself.
    #[must_use]
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.closes_at.is_some_and(|closes_at| closes_at <= now.into())
    }

    /// The thread after a change, with its counters of changes as they are. A thread that is opened though its time is over
    /// closes no more by itself. Without a context nothing changes about when it closes.
    ///
    /// # Errors
    /// [`ClosesAtOnce`] when the change opens the thread and sets a rule by which its time is over.
    pub fn changed(
        &self,
        change: &ThreadChange,
        context: Option<&ClosingContext>,
        now: DateTime<Utc>,
    ) -> Result<Self, ClosesAtOnce> {
        let mut after = self.clone();
        if let Some(state) = change.state {
            state.as_str().clone_into(&mut after.state);
            after.closed_reason = match state {
                ThreadState::Open => None,
                _ if state == self.state() => self.closed_reason.clone(),
                _ => Some(change.reason.as_str().to_owned()),
            };
        }
        after.message = change
            .message
            .clone()
            .map(ThreadMessage::into_string)
            .apply(after.message);
        if let Some(moderation) = change.moderation {
            moderation.as_str().clone_into(&mut after.moderation);
        }
        let own = change.close_after_days.clone().map(WholeNumber::get);
        after.close_after_days = own.apply(after.close_after_days);
        let Some(context) = context else {
            return Ok(after);
        };
        after.closes_at = context.closes_at(after.close_after_days);
        if change.state == Some(ThreadState::Open) && after.is_over(now) {
            if change.close_after_days != Patch::Absent {
                return Err(ClosesAtOnce);
            }
            after.close_after_days = Some(0);
            after.closes_at = None;
        }
        Ok(after)
    }

    /// The thread after its time has come; none if it is not open, or its time has not come.
    #[must_use]
    pub fn closed_by_age(&self, now: DateTime<Utc>) -> Option<Self> {
        (self.state() == ThreadState::Open && self.is_over(now)).then(|| Self {
            state: ThreadState::Closed.as_str().to_owned(),
            closed_reason: Some(ClosedReason::Age.as_str().to_owned()),
            ..self.clone()
        })
    }
}

/// A row of `thread_transitions`: a change of the state of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = thread_transitions)]
pub struct ThreadTransitionRow {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The name of the state before.
    pub from_state: String,
    /// The name of the state after.
    pub to_state: String,
    /// The name of the reason; none for an opening.
    pub reason: Option<String>,
    /// What readers were told about it.
    pub message: Option<String>,
    /// What the newsroom said about it.
    pub note: Option<String>,
    /// The account that did it; none where the age of the article did.
    pub account_id: Option<RowId>,
    /// When it was done.
    pub created_at: RowTime,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> RowTime {
        RowTime::from_micros(seconds * 1_000_000).unwrap()
    }

    fn now() -> DateTime<Utc> {
        at(NOW).utc()
    }

    fn thread(state: ThreadState, own: Option<i32>, closes_at: Option<RowTime>) -> ThreadRow {
        ThreadRow {
            article_id: RowId(Uuid::from_u128(1)),
            state: state.as_str().to_owned(),
            message: None,
            moderation: Moderation::Post.as_str().to_owned(),
            last_ordinal: 0,
            approved_count: 0,
            pending_count: 0,
            revision: 1,
            updated_at: at(0),
            rejected_count: 0,
            spam_count: 0,
            removed_count: 0,
            change_sequence: 1,
            closed_reason: (state != ThreadState::Open).then(|| "editors".to_owned()),
            closes_at,
            close_after_days: own,
        }
    }

    fn to(state: ThreadState) -> ThreadChange {
        ThreadChange {
            state: Some(state),
            message: Patch::Absent,
            moderation: None,
            close_after_days: Patch::Absent,
            note: None,
            reason: ClosedReason::Document,
        }
    }

    fn context(age_in_days: i64, inherited: i32) -> ClosingContext {
        ClosingContext {
            published_at: Some(at(NOW - age_in_days * DAY)),
            inherited: ClosingRule {
                days: inherited,
                from: RuleSource::Site,
            },
        }
    }

    #[test]
    fn each_state_takes_what_it_says() {
        use ReaderAct::{Edit, Post, Vote, Withdraw};
        let taken = |state: ThreadState| [Post, Vote, Edit, Withdraw].map(|act| state.takes(act));
        assert_eq!(taken(ThreadState::Open), [true, true, true, true]);
        assert_eq!(taken(ThreadState::Closed), [false, true, false, true]);
        assert_eq!(taken(ThreadState::ReadOnly), [false, false, false, true]);
        assert_eq!(taken(ThreadState::Hidden), [false, false, false, true]);
        let shown: Vec<_> = ThreadState::ALL.iter().map(|state| state.is_shown()).collect();
        assert_eq!(shown, [true, true, true, false]);
    }

    #[test]
    fn a_thread_whose_time_has_come_is_closed_before_the_job_comes_by() {
        let last_moment = thread(ThreadState::Open, None, RowTime::from_micros(NOW * 1_000_000 + 1));
        assert!(last_moment.require(ReaderAct::Post, now()).is_ok());
        let over = thread(ThreadState::Open, None, Some(at(NOW)));
        let standing = over.standing(now());
        assert_eq!(
            (standing.state, standing.reason),
            (ThreadState::Closed, Some(ClosedReason::Age))
        );
        assert!(matches!(
            over.require(ReaderAct::Post, now()),
            Err(CommentFailure::Closed(_))
        ));
        let hidden = thread(ThreadState::Hidden, None, Some(at(NOW)));
        assert_eq!(hidden.standing(now()).reason, Some(ClosedReason::Editors));
        assert_eq!(hidden.closed_by_age(now()), None);
    }

    #[test]
    fn a_thread_that_is_opened_after_its_time_stays_open() {
        let closed = thread(ThreadState::Closed, None, Some(at(NOW - 6 * DAY)));
        let opened = closed
            .changed(&to(ThreadState::Open), Some(&context(20, 14)), now())
            .unwrap();
        assert_eq!((opened.close_after_days, opened.closes_at), (Some(0), None));
        assert_eq!(opened.closed_reason, None);
        // In time it keeps what it inherits.
        let opened = closed
            .changed(&to(ThreadState::Open), Some(&context(5, 14)), now())
            .unwrap();
        assert_eq!(
            (opened.close_after_days, opened.closes_at),
            (None, Some(at(NOW + 9 * DAY)))
        );
        let with_rule = |days: i64| ThreadChange {
            close_after_days: Patch::Value(ThreadDays::new(days).unwrap()),
            ..to(ThreadState::Open)
        };
        assert_eq!(
            closed.changed(&with_rule(19), Some(&context(20, 0)), now()),
            Err(ClosesAtOnce)
        );
        let opened = closed.changed(&with_rule(21), Some(&context(20, 1)), now()).unwrap();
        assert_eq!(opened.closes_at, Some(at(NOW + DAY)));
    }

    #[test]
    fn only_a_change_of_state_gives_another_reason() {
        let closed = thread(ThreadState::Closed, None, None);
        let reason = |state| closed.changed(&to(state), None, now()).unwrap().closed_reason;
        assert_eq!(reason(ThreadState::Closed).as_deref(), Some("editors"));
        assert_eq!(reason(ThreadState::Hidden).as_deref(), Some("document"));
    }

    proptest! {
        #[test]
        fn a_thread_is_open_without_a_reason_or_not_open_with_one_and_an_opened_one_has_time(
            from in 0_usize..4, into in proptest::option::of(0_usize..4), own in proptest::option::of(0_i32..40),
            rule in proptest::option::of(proptest::option::of(0_i64..40)), age in proptest::option::of(0_i64..60),
            inherited in 0_i32..40,
        ) {
            let context = ClosingContext { published_at: age.map(|age| at(NOW - age * DAY)), ..context(0, inherited) };
            let before = thread(ThreadState::ALL[from], own, context.closes_at(own));
            let change = ThreadChange {
                state: into.map(|into| ThreadState::ALL[into]),
                close_after_days: match rule {
                    None => Patch::Absent,
                    Some(rule) => Patch::replacing(rule.map(|days| ThreadDays::new(days).unwrap())),
                },
                ..to(ThreadState::Open)
            };
            let Ok(after) = before.changed(&change, Some(&context), now()) else {
                prop_assert!(change.state == Some(ThreadState::Open) && rule.is_some());
                return Ok(());
            };
            prop_assert_eq!(after.closed_reason.is_none(), after.state() == ThreadState::Open);
            prop_assert_eq!(after.closes_at, context.closes_at(after.close_after_days));
            prop_assert!(change.state != Some(ThreadState::Open) || after.require(ReaderAct::Post, now()).is_ok());
            // What is done a second time changes nothing, but for a rule that was set aside.
            prop_assert_eq!(after.changed(&change, Some(&context), now()), Ok(after));
        }
    }
}
