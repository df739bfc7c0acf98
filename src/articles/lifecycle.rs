//! The life of an article as a state machine: which steps there are, where each leads, and who may take it. Pure.

use std::fmt;

use crate::accounts::permissions::Scope;
use crate::audit::action::Action;

/// Where the working copy of an article stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArticleState {
    /// It is being written.
    Draft,
    /// It waits for an editor.
    InReview,
    /// One of its revisions will be published at a set time.
    Scheduled,
    /// Readers see one of its revisions.
    Published,
    /// It is kept, and neither read nor written.
    Archived,
    /// It was thrown away and can be had back.
    Trashed,
}

/// Whether readers see a snapshot. It is apart from the state: an article that readers see can be in review again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Liveness {
    /// They do.
    Live,
    /// They do not.
    Hidden,
}

/// Where an article stands, on both counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Where the working copy stands.
    pub state: ArticleState,
    /// Whether readers see a snapshot.
    pub liveness: Liveness,
}

/// Something that can be done with an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Change the working copy.
    Edit,
    /// Hand it to an editor.
    Submit,
    /// Hand it back to the writer.
    RequestChanges,
    /// Set the time when its current revision is published.
    Schedule,
    /// Set the time when it is taken away from readers.
    ScheduleEnd,
    /// Call off what is scheduled.
    Unschedule,
    /// Show the working copy to readers.
    Publish,
    /// Take it away from readers.
    Unpublish,
    /// Give up what was changed since readers see it.
    DiscardChanges,
    /// Keep it, out of sight.
    Archive,
    /// Throw it away.
    Trash,
    /// Take it up again from the archive or the trash.
    Restore,
    /// Remove it for good, out of the trash.
    Purge,
}

/// A step that cannot be taken from where the article stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalStep {
    /// Where the article stands.
    pub from: Standing,
    /// What was asked.
    pub step: Step,
    /// What can be done in its place.
    pub legal: Vec<Step>,
}

impl ArticleState {
    /// Every state, in the order of a life.
    pub const ALL: [Self; 6] = [
        Self::Draft,
        Self::InReview,
        Self::Scheduled,
        Self::Published,
        Self::Archived,
        Self::Trashed,
    ];

    /// The name, as the database and the wire have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl Step {
    /// What the step is recorded as when it is taken; `None` for those that their own writes record.
    #[must_use]
    pub fn recorded_as(self) -> Option<Action> {
        match self {
            Self::Edit | Self::DiscardChanges | Self::Purge => None,
            Self::Submit => Some(Action::ArticleSubmitted),
            Self::RequestChanges => Some(Action::ArticleChangesRequested),
            Self::Schedule | Self::ScheduleEnd => Some(Action::ArticleScheduled),
            Self::Unschedule => Some(Action::ArticleUnscheduled),
            Self::Publish => Some(Action::ArticlePublished),
            Self::Unpublish => Some(Action::ArticleUnpublished),
            Self::Archive => Some(Action::ArticleArchived),
            Self::Trash => Some(Action::ArticleTrashed),
            Self::Restore => Some(Action::ArticleRestored),
        }
    }

    /// Every step.
    pub const ALL: [Self; 13] = [
        Self::Edit,
        Self::Submit,
        Self::RequestChanges,
        Self::Schedule,
        Self::ScheduleEnd,
        Self::Unschedule,
        Self::Publish,
        Self::Unpublish,
        Self::DiscardChanges,
        Self::Archive,
        Self::Trash,
        Self::Restore,
        Self::Purge,
    ];

    /// The name, as a path of the API and a problem have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Submit => "submit",
            Self::RequestChanges => "request-changes",
            Self::Schedule => "schedule",
            Self::ScheduleEnd => "schedule-end",
            Self::Unschedule => "unschedule",
            Self::Publish => "publish",
            Self::Unpublish => "unpublish",
            Self::DiscardChanges => "discard-changes",
            Self::Archive => "archive",
            Self::Trash => "trash",
            Self::Restore => "restore",
            Self::Purge => "purge",
        }
    }

    /// The scope that taking the step needs.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Edit | Self::Submit | Self::RequestChanges | Self::DiscardChanges => Scope::ArticlesWrite,
            Self::Schedule | Self::ScheduleEnd | Self::Unschedule | Self::Publish | Self::Unpublish | Self::Archive => {
                Scope::ArticlesPublish
            }
            Self::Trash | Self::Restore | Self::Purge => Scope::ArticlesDelete,
        }
    }
}

impl Standing {
    /// Where a new article stands.
    pub const NEW: Self = Self {
        state: ArticleState::Draft,
        liveness: Liveness::Hidden,
    };

    /// Where the article stands after a step.
    ///
    /// # Errors
    /// [`IllegalStep`] when the step cannot be taken, with those that can.
    pub fn after(self, step: Step) -> Result<Self, IllegalStep> {
        self.reach(step).ok_or_else(|| IllegalStep {
            from: self,
            step,
            legal: self.legal_steps(),
        })
    }

    /// The steps that can be taken.
    #[must_use]
    pub fn legal_steps(self) -> Vec<Step> {
        Step::ALL
            .into_iter()
            .filter(|step| self.reach(*step).is_some())
            .collect()
    }

    fn reach(self, step: Step) -> Option<Self> {
        use ArticleState::{Archived, Draft, InReview, Published, Scheduled, Trashed};
        let is_live = self.liveness == Liveness::Live;
        let (state, liveness) = match (step, self.state) {
            (Step::Edit, Draft | InReview | Scheduled | Published) => (self.state, self.liveness),
            (Step::Submit, Draft | Published) => (InReview, self.liveness),
            (Step::RequestChanges, InReview) | (Step::Unschedule, Scheduled) => (self.at_rest(), self.liveness),
            // What will be published can have an end, also before readers see anything.
            (Step::Schedule, Draft | InReview | Scheduled | Published) | (Step::ScheduleEnd, Scheduled) => {
                (Scheduled, self.liveness)
            }
            (Step::ScheduleEnd | Step::Unschedule, InReview | Published) if is_live => (self.state, self.liveness),
            (Step::Publish, Draft | InReview | Scheduled | Published) => (Published, Liveness::Live),
            (Step::Unpublish, Published) if is_live => (Draft, Liveness::Hidden),
            (Step::Unpublish, InReview | Scheduled) if is_live => (self.state, Liveness::Hidden),
            (Step::DiscardChanges, InReview | Scheduled | Published) if is_live => (Published, Liveness::Live),
            (Step::Archive, Draft | InReview | Scheduled | Published) => (Archived, Liveness::Hidden),
            // After a purge there is no article that could stand anywhere.
            (Step::Trash, Draft | InReview | Scheduled | Published | Archived) | (Step::Purge, Trashed) => {
                (Trashed, Liveness::Hidden)
            }
            (Step::Restore, Archived | Trashed) => (Draft, Liveness::Hidden),
            _ => return None,
        };
        Some(Self { state, liveness })
    }

    /// Where an article is that nobody reviews and nothing is scheduled for.
    fn at_rest(self) -> ArticleState {
        match self.liveness {
            Liveness::Live => ArticleState::Published,
            Liveness::Hidden => ArticleState::Draft,
        }
    }
}

impl fmt::Display for ArticleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for IllegalStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let legal: Vec<&str> = self.legal.iter().map(|step| step.as_str()).collect();
        let seen = match self.from.liveness {
            Liveness::Live => "and readers see it",
            Liveness::Hidden => "and readers do not see it",
        };
        write!(
            f,
            "{} is not possible while the article is {} {seen}; possible are: {}",
            self.step.as_str(),
            self.from.state,
            legal.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Every standing that a new article can come to.
    fn reachable() -> Vec<Standing> {
        let mut found = vec![Standing::NEW];
        let mut next = 0;
        while let Some(standing) = found.get(next).copied() {
            for step in Step::ALL {
                if let Ok(after) = standing.after(step)
                    && !found.contains(&after)
                {
                    found.push(after);
                }
            }
            next += 1;
        }
        found
    }

    #[test]
    fn the_whole_table_is_as_it_was_decided() {
        let mut lines: Vec<String> = reachable()
            .into_iter()
            .flat_map(|from| {
                Step::ALL.into_iter().map(move |step| match from.after(step) {
                    Ok(to) => format!(
                        "{} {:?} --{}--> {} {:?}",
                        from.state,
                        from.liveness,
                        step.as_str(),
                        to.state,
                        to.liveness
                    ),
                    Err(_illegal) => format!("{} {:?} --{}--> (illegal)", from.state, from.liveness, step.as_str()),
                })
            })
            .collect();
        lines.sort();
        insta::assert_snapshot!("lifecycle", lines.join("\n"));
    }

    #[test]
    fn nothing_that_is_out_of_sight_is_live() {
        for standing in reachable() {
            let must_be_hidden = matches!(
                standing.state,
                ArticleState::Draft | ArticleState::Archived | ArticleState::Trashed
            );
            assert!(!must_be_hidden || standing.liveness == Liveness::Hidden, "{standing:?}");
            let must_be_live = standing.state == ArticleState::Published;
            assert!(!must_be_live || standing.liveness == Liveness::Live, "{standing:?}");
        }
    }

    #[test]
    fn there_is_always_a_way_on_and_a_refusal_names_it() {
        for standing in reachable() {
            assert!(!standing.legal_steps().is_empty(), "{standing:?}");
            for step in Step::ALL {
                if let Err(refusal) = standing.after(step) {
                    assert_eq!(refusal.legal, standing.legal_steps());
                    assert!(!refusal.legal.contains(&step));
                }
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        assert!(
            ArticleState::ALL
                .into_iter()
                .all(|state| ArticleState::from_name(state.as_str()) == Some(state))
        );
    }

    proptest! {
        #[test]
        fn only_a_publication_makes_an_article_live(steps in prop::collection::vec(select(&Step::ALL[..]), 0..40)) {
            let mut standing = Standing::NEW;
            for step in steps {
                let before = standing;
                standing = standing.after(step).unwrap_or(standing);
                if before.liveness == Liveness::Hidden && standing.liveness == Liveness::Live {
                    prop_assert_eq!(step, Step::Publish);
                }
            }
        }
    }
}
