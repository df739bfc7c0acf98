//! How a thread is read: which of its orders, which layout, from which place on. Pure: the queries are in
//! `reading_store.rs`, the page is put together in [`thread_page`](crate::comments::thread_page).

use uuid::Uuid;

use crate::comments::comment::{CommentRow, ThreadRow, ThreadSort, ThreadView};
use crate::comments::thread_path::{MAX_DEPTH, ThreadPath};
use crate::http::page::{ListIdentity, Position, PositionKey, Slice, SortOrder};

/// The replies that stand below each branch when the request does not say how many.
pub const USUAL_REPLIES: i32 = 5;

/// The deepest level that there is.
const DEEPEST: i32 = 32;
const _: () = assert!(MAX_DEPTH == 32);

/// What a request wants to see of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadReading {
    /// The order.
    pub sort: ThreadSort,
    /// The layout.
    pub view: ThreadView,
    /// The comment whose replies are shown; the whole thread when it is `None`.
    pub parent: Option<Uuid>,
    /// The levels that are shown below it, from 1.
    pub levels: i32,
    /// How many comments stand below each branch at most. `None` with the oldest first: all that there are.
    pub replies: Option<i32>,
}

/// What stands one after the other on the pages of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Comments in path order: each before its replies, the oldest first.
    Conversation,
    /// The replies to one thing, each with the first comments below it, at most so many.
    Branches {
        /// The order of the branches.
        order: ThreadOrder,
        /// The most comments below each.
        replies: i32,
    },
    /// Comments without their replies.
    Flat(ThreadOrder),
}

/// The orders that one index range each serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadOrder {
    /// By path: the order of arrival.
    Arrival,
    /// By time, the oldest first.
    Oldest,
    /// By time, the newest first.
    Newest,
    /// By score, the highest first, and then by time, the newest first.
    Top,
    /// By the last activity in the branch, the latest first.
    Active,
}

/// A place in a list of comments, as cursors hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Within a conversation, in path order: behind everything that sorts up to this text.
    Path(String),
    /// Among the branches in the order of arrival.
    Arrival(String),
    /// By time, in microseconds since the Unix epoch: of writing, or of the last activity.
    Time(i64),
    /// By score and then by time.
    Score {
        /// The score.
        score: i32,
        /// The time of writing, in microseconds since the Unix epoch.
        micros: i64,
    },
}

/// The part of a thread that is to be loaded.
#[derive(Debug, Clone)]
pub struct ThreadPart {
    /// The comment whose replies are shown.
    pub parent: Option<Uuid>,
    /// The levels that are shown below it.
    pub levels: i32,
    /// What stands one after the other.
    pub arrangement: Arrangement,
    /// The part, which is ascending where it is read in the order of the list.
    pub slice: Slice,
}

/// A part of a thread as it was loaded.
#[derive(Debug)]
pub struct LoadedPart {
    /// The thread, as it was before anything else was loaded.
    pub thread: ThreadRow,
    /// The level of the comment whose replies are shown; 0 for the whole thread.
    pub base: i32,
    /// What stands one after the other, in the direction of reading.
    pub rows: Vec<CommentRow>,
    /// How many of the rows have their replies loaded, from the first on.
    pub complete: usize,
    /// The comments below the rows that are branches, in path order.
    pub replies: Vec<CommentRow>,
    /// The pinned comments of the thread.
    pub pinned: Vec<Uuid>,
}

/// A comment among others, as it was loaded.
#[derive(Debug)]
pub struct LoadedContext {
    /// The thread, as it was before the others were loaded.
    pub thread: ThreadRow,
    /// The slug of the article.
    pub slug: String,
    /// The comments that it stands below, from the first level on.
    pub ancestors: Vec<CommentRow>,
    /// The comment.
    pub row: CommentRow,
    /// The first comments below it, in path order.
    pub replies: Vec<CommentRow>,
}

impl ThreadReading {
    /// What a cursor of this list belongs to.
    #[must_use]
    pub fn identity(&self, article: Uuid) -> ListIdentity {
        let Self {
            sort,
            view,
            parent,
            levels,
            replies,
        } = self;
        ListIdentity {
            name: "thread",
            // The list has its order by itself; this only says which way it is read.
            order: SortOrder::Ascending,
            filter: format!(
                "{article} {} {} {parent:?} {levels} {replies:?}",
                sort.as_str(),
                view.as_str()
            ),
        }
    }

    /// The same below a comment.
    #[must_use]
    pub fn below(&self, parent: Uuid) -> Self {
        Self {
            parent: Some(parent),
            ..*self
        }
    }

    /// What stands on the page that begins at a place. A place within a conversation comes from a stub, or from a page that
    /// one led to: there the conversation goes on where the branch was cut.
    #[must_use]
    pub fn arrangement(&self, after: Option<&Position>) -> Arrangement {
        let is_within_branch = matches!(after.and_then(Place::of), Some(Place::Path(_)));
        match (self.view, self.sort, self.replies) {
            (ThreadView::Flat, sort, _) => Arrangement::Flat(ThreadOrder::of(sort)),
            (ThreadView::Threaded, ThreadSort::Oldest, None) => Arrangement::Conversation,
            (ThreadView::Threaded, _, _) if is_within_branch => Arrangement::Conversation,
            (ThreadView::Threaded, ThreadSort::Oldest, Some(replies)) => Arrangement::Branches {
                order: ThreadOrder::Arrival,
                replies,
            },
            (ThreadView::Threaded, sort, replies) => Arrangement::Branches {
                order: ThreadOrder::of(sort),
                replies: replies.unwrap_or(USUAL_REPLIES),
            },
        }
    }
}

impl ThreadOrder {
    fn of(sort: ThreadSort) -> Self {
        match sort {
            ThreadSort::Oldest => Self::Oldest,
            ThreadSort::Newest => Self::Newest,
            ThreadSort::Top => Self::Top,
            ThreadSort::Active => Self::Active,
        }
    }

    /// The place of a comment in this order.
    #[must_use]
    pub fn position(self, row: &CommentRow) -> Position {
        let place = match self {
            Self::Arrival => Place::Arrival(row.path.clone()),
            Self::Oldest | Self::Newest => Place::Time(row.created_at.micros()),
            Self::Top => Place::Score {
                score: row.score,
                micros: row.created_at.micros(),
            },
            Self::Active => Place::Time(row.last_activity_at.micros()),
        };
        place.position(row.id.0)
    }
}

impl Arrangement {
    /// The place of something that stands on such a page.
    #[must_use]
    pub fn position(self, row: &CommentRow) -> Position {
        match self {
            Self::Conversation => Place::Path(row.path.clone()).position(row.id.0),
            Self::Branches { order, .. } | Self::Flat(order) => order.position(row),
        }
    }
}

impl Place {
    /// The place that a cursor names.
    #[must_use]
    pub fn of(position: &Position) -> Option<Self> {
        let PositionKey::Text(text) = &position.key else {
            return None;
        };
        let (kind, rest) = text.split_at_checked(1)?;
        match kind {
            "p" => Some(Self::Path(rest.to_owned())),
            "a" => Some(Self::Arrival(rest.to_owned())),
            "t" => rest.parse().ok().map(Self::Time),
            "s" => {
                let (score, micros) = rest.split_once(' ')?;
                Some(Self::Score {
                    score: score.parse().ok()?,
                    micros: micros.parse().ok()?,
                })
            }
            _ => None,
        }
    }

    /// The same for a cursor; the id is the last key.
    #[must_use]
    pub fn position(&self, id: Uuid) -> Position {
        let text = match self {
            Self::Path(path) => format!("p{path}"),
            Self::Arrival(path) => format!("a{path}"),
            Self::Time(micros) => format!("t{micros}"),
            Self::Score { score, micros } => format!("s{score} {micros}"),
        };
        Position {
            key: PositionKey::Text(text),
            id,
        }
    }

    /// The place in path order behind a comment that is shown: before what is below it, or, on the deepest level that is
    /// shown, behind that too, since a stub stands for it.
    #[must_use]
    pub fn behind(row: &CommentRow, deepest: i32) -> Position {
        let path = ThreadPath::from_stored(row.path.clone());
        let place = match row.depth >= deepest {
            true => Self::Path(path.end_of_subtree()),
            false => Self::Path(row.path.clone()),
        };
        place.position(row.id.0)
    }
}

/// The levels of a page as depths: the deepest one that is shown. `None` where nothing can stand deeper.
#[must_use]
pub fn deepest_shown(base: i32, levels: i32) -> Option<i32> {
    let deepest = base.saturating_add(levels);
    (deepest < DEEPEST).then_some(deepest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place() -> impl Strategy<Value = Place> {
        prop_oneof![
            "[0-9a-z]{6,30}[{]?".prop_map(Place::Path),
            "[0-9a-z]{6,30}".prop_map(Place::Arrival),
            any::<i64>().prop_map(Place::Time),
            (any::<i32>(), any::<i64>()).prop_map(|(score, micros)| Place::Score { score, micros }),
        ]
    }

    proptest! {
        #[test]
        fn a_place_is_read_back(place in place(), id in any::<u128>()) {
            let id = Uuid::from_u128(id);
            let position = place.position(id);
            prop_assert_eq!(position.id, id);
            prop_assert_eq!(Place::of(&position), Some(place));
        }

        #[test]
        fn no_text_of_a_position_makes_the_reader_panic(text in "\\PC{0,20}") {
            let _ = Place::of(&Position { key: PositionKey::Text(text), id: Uuid::nil() });
        }
    }

    #[test]
    fn a_stub_leads_into_the_conversation_and_a_first_page_to_the_branches() {
        let reading = ThreadReading {
            sort: ThreadSort::Top,
            view: ThreadView::Threaded,
            parent: Some(Uuid::nil()),
            levels: 3,
            replies: None,
        };
        let stub = Place::Path("000001".to_owned()).position(Uuid::nil());
        let next = Place::Score { score: 1, micros: 2 }.position(Uuid::nil());
        let branches = Arrangement::Branches {
            order: ThreadOrder::Top,
            replies: USUAL_REPLIES,
        };
        assert_eq!(reading.arrangement(Some(&stub)), Arrangement::Conversation);
        assert_eq!(reading.arrangement(Some(&next)), branches);
        assert_eq!(reading.arrangement(None), branches);
    }
}
