//! Counting the answers to comments, in one pass over comments that stand in the order of their threads. Pure.

use std::fmt;

use diesel::{Queryable, Selectable};
use uuid::Uuid;

use crate::comments::comment::CommentState;
use crate::database::ids::RowId;
use crate::database::schema::comments;

/// What counting needs to know of a comment.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = comments)]
pub struct CountedComment {
    /// The id.
    pub id: RowId,
    /// The article.
    pub article_id: RowId,
    /// The comment that it answers.
    pub parent_id: Option<RowId>,
    /// Its place in the thread: that of the comment it answers, and a part of its own.
    pub path: String,
    /// The name of its state.
    pub state: String,
    /// How many approved answers it has, as it says.
    pub reply_count: i32,
    /// How many approved comments stand below it, as it says.
    pub descendant_count: i32,
}

/// A comment whose counters are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterFault {
    /// The comment.
    pub id: Uuid,
    /// The article.
    pub article_id: RowId,
    /// The answers and the comments below that it says it has.
    pub said: (i32, i32),
    /// Those that it has.
    pub counted: (i32, i32),
}

/// Counts while comments come by, first those of one article and then those of the next, each before its answers.
#[derive(Debug, Default)]
pub struct Recount {
    /// The comment that came last and all above it, the deepest last.
    open: Vec<OpenComment>,
    faults: Vec<CounterFault>,
}

#[derive(Debug)]
struct OpenComment {
    comment: CountedComment,
    replies: i32,
    descendants: i32,
}

impl Recount {
    /// Counts the next comment.
    pub fn take(&mut self, comment: CountedComment) {
        let is_above = |open: &OpenComment| {
            open.comment.article_id == comment.article_id && comment.path.starts_with(&open.comment.path)
        };
        while let Some(open) = self.open.pop_if(|open| !is_above(open)) {
            self.faults.extend(open.fault());
        }
        if comment.state == CommentState::Approved.as_str() {
            for above in &mut self.open {
                above.descendants = above.descendants.saturating_add(1);
                if Some(above.comment.id) == comment.parent_id {
                    above.replies = above.replies.saturating_add(1);
                }
            }
        }
        self.open.push(OpenComment {
            comment,
            replies: 0,
            descendants: 0,
        });
    }

    /// The faults of the comments that all answers have come by of.
    pub fn faults(&mut self) -> Vec<CounterFault> {
        std::mem::take(&mut self.faults)
    }

    /// The faults of the last comments, once no other comes.
    #[must_use]
    pub fn finish(mut self) -> Vec<CounterFault> {
        let open = std::mem::take(&mut self.open);
        self.faults.extend(open.iter().rev().filter_map(OpenComment::fault));
        self.faults
    }
}

impl OpenComment {
    fn fault(&self) -> Option<CounterFault> {
        let said = (self.comment.reply_count, self.comment.descendant_count);
        let counted = (self.replies, self.descendants);
        (said != counted).then_some(CounterFault {
            id: self.comment.id.0,
            article_id: self.comment.article_id,
            said,
            counted,
        })
    }
}

impl fmt::Display for CounterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            article_id,
            said: (replies, descendants),
            counted: (real_replies, real_descendants),
        } = self;
        write!(
            f,
            "comment {id} of article {} says that it has {replies} answers and {descendants} comments below it, and has \
             {real_replies} and {real_descendants}",
            article_id.0
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comments::thread_path::ThreadPath;

    /// A thread in which every comment answers an earlier one or none, with counters as they should be.
    fn thread(article: u128, shape: &[(usize, bool)]) -> Vec<CountedComment> {
        let mut paths: Vec<ThreadPath> = Vec::new();
        let mut parents: Vec<Option<usize>> = Vec::new();
        for (index, (parent, _)) in shape.iter().enumerate() {
            let ordinal = u32::try_from(index).unwrap() + 1;
            let parent = (index > 0 && parent % 3 > 0).then(|| parent % index);
            let below = parent.and_then(|parent| paths[parent].child(ordinal).ok());
            parents.push(parent.filter(|_| below.is_some()));
            paths.push(below.unwrap_or_else(|| ThreadPath::root(ordinal)));
        }
        let approved = |index: usize| shape[index].1;
        let is_below = |index: usize, above: usize| {
            std::iter::successors(parents[index], |parent| parents[*parent]).any(|parent| parent == above)
        };
        let count = |test: &dyn Fn(usize) -> bool| {
            let counted = (0..shape.len())
                .filter(|index| approved(*index) && test(*index))
                .count();
            i32::try_from(counted).unwrap()
        };
        let id = |index: usize| RowId(Uuid::from_u128(article * 1_000 + u128::try_from(index).unwrap()));
        let mut comments: Vec<CountedComment> = (0..shape.len())
            .map(|index| CountedComment {
                id: id(index),
                article_id: RowId(Uuid::from_u128(article)),
                parent_id: parents[index].map(id),
                path: paths[index].as_str().to_owned(),
                state: if approved(index) { "approved" } else { "rejected" }.to_owned(),
                reply_count: count(&|other| parents[other] == Some(index)),
                descendant_count: count(&|other| is_below(other, index)),
            })
            .collect();
        comments.sort_by(|one, other| one.path.cmp(&other.path));
        comments
    }

    fn faults(comments: Vec<CountedComment>) -> Vec<CounterFault> {
        let mut recount = Recount::default();
        let mut faults = Vec::new();
        for comment in comments {
            recount.take(comment);
            faults.extend(recount.faults());
        }
        faults.extend(recount.finish());
        faults
    }

    proptest! {
        #[test]
        fn counters_that_are_right_are_left_alone_and_a_wrong_one_is_named(
            one in proptest::collection::vec((0_usize..50, any::<bool>()), 1..30),
            other in proptest::collection::vec((0_usize..50, any::<bool>()), 0..10),
            spoilt in 0_usize..40,
        ) {
            let mut comments = [thread(1, &one), thread(2, &other)].concat();
            prop_assert_eq!(faults(comments.clone()), vec![]);
            let spoilt = spoilt % comments.len();
            comments[spoilt].descendant_count += 1;
            let found = faults(comments.clone());
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].id, comments[spoilt].id.0);
            prop_assert_eq!(found[0].counted.1 + 1, found[0].said.1);
        }
    }
}
