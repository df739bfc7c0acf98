//! Where a comment stands in its thread: a path whose order as text is the order of the thread.

use std::fmt;

/// The most levels of a thread. Deeper replies are refused, and an index key of this length fits every database page.
pub const MAX_DEPTH: usize = 32;

/// Characters of one level: six digits in base 36 count two thousand million comments.
const WIDTH: usize = 6;

const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The ordinals of a comment and of all above it, each written with a fixed number of digits. A comment's path begins with
/// its parent's, so that path order is pre-order, oldest first, and a subtree is one range.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadPath(String);

/// The reply would stand below the deepest level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep;

impl ThreadPath {
    /// The path of a comment that answers the article. Ordinals count the comments of an article, from 1.
    #[must_use]
    pub fn root(ordinal: u32) -> Self {
        Self(segment(ordinal))
    }

    /// The path of an answer to this comment.
    ///
    /// # Errors
    /// [`TooDeep`] below the deepest level.
    pub fn child(&self, ordinal: u32) -> Result<Self, TooDeep> {
        match self.depth() < MAX_DEPTH {
            true => Ok(Self(format!("{}{}", self.0, segment(ordinal)))),
            false => Err(TooDeep),
        }
    }

    /// Takes a path as the database has it.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The level, from 1.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.len() / WIDTH
    }

    /// The letters of a path on a level.
    #[must_use]
    pub fn length_on(level: i32) -> i32 {
        level.saturating_mul(i32::try_from(WIDTH).unwrap_or(i32::MAX))
    }

    /// The ordinal of the comment itself.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        let own = self
            .0
            .len()
            .checked_sub(WIDTH)
            .and_then(|start| self.0.get(start..))
            .unwrap_or_default();
        u32::from_str_radix(own, 36).unwrap_or_default()
    }

    /// The paths of all above it, the nearest last.
    #[must_use]
    pub fn ancestors(&self) -> Vec<Self> {
        (1..self.depth())
            .filter_map(|depth| self.0.get(..depth.saturating_mul(WIDTH)))
            .map(|text| Self(text.to_owned()))
            .collect()
    }

    /// The text that every path of the subtree sorts before, and every path after it behind.
    #[must_use]
    pub fn end_of_subtree(&self) -> String {
        // `{` is the character after `z`.
        format!("{}{{", self.0)
    }

    /// The text, which is what is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ThreadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn segment(mut ordinal: u32) -> String {
    let mut digits = [b'0'; WIDTH];
    for place in digits.iter_mut().rev() {
        let digit = usize::try_from(ordinal % 36).unwrap_or_default();
        *place = DIGITS.get(digit).copied().unwrap_or(b'0');
        ordinal /= 36;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A thread in which each comment answers an earlier one or the article: (index of the parent, path).
    fn thread(choices: &[usize]) -> Vec<(Option<usize>, ThreadPath)> {
        let mut comments: Vec<(Option<usize>, ThreadPath)> = Vec::new();
        for (ordinal, choice) in (1_u32..).zip(choices) {
            let parent = choice
                .checked_rem(comments.len() + 1)
                .and_then(|index| index.checked_sub(1));
            let path = parent.map_or(Ok(ThreadPath::root(ordinal)), |index| comments[index].1.child(ordinal));
            match path {
                Ok(path) => comments.push((parent, path)),
                Err(TooDeep) => comments.push((None, ThreadPath::root(ordinal))),
            }
        }
        comments
    }

    fn pre_order(comments: &[(Option<usize>, ThreadPath)], parent: Option<usize>) -> Vec<usize> {
        (0..comments.len())
            .filter(|index| comments[*index].0 == parent)
            .flat_map(|index| std::iter::once(index).chain(pre_order(comments, Some(index))))
            .collect()
    }

    proptest! {
        #[test]
        fn path_order_is_pre_order_with_the_oldest_first(choices in proptest::collection::vec(0_usize..50, 0..60)) {
            let comments = thread(&choices);
            let mut by_path: Vec<usize> = (0..comments.len()).collect();
            by_path.sort_by_key(|index| comments[*index].1.clone());
            prop_assert_eq!(by_path, pre_order(&comments, None));
        }

        #[test]
        fn a_subtree_is_one_range(choices in proptest::collection::vec(0_usize..50, 1..60), of in 0_usize..60) {
            let comments = thread(&choices);
            let root = &comments[of % comments.len()].1;
            for (_, path) in &comments {
                let is_below = path.ancestors().contains(root);
                let is_in_range = path > root && path.as_str() < root.end_of_subtree().as_str();
                prop_assert_eq!(is_below, is_in_range);
            }
        }

        #[test]
        fn ordinals_are_read_back(first in 1_u32..2_000_000_000, second in 1_u32..2_000_000_000) {
            let root = ThreadPath::root(first);
            let child = root.child(second).unwrap();
            prop_assert_eq!((root.ordinal(), root.depth(), child.ordinal(), child.depth()), (first, 1, second, 2));
            prop_assert_eq!(child.ancestors(), vec![root]);
        }
    }

    #[test]
    fn the_deepest_level_takes_no_replies() {
        let deepest = (2..=32).fold(ThreadPath::root(1), |path, ordinal| path.child(ordinal).unwrap());
        assert_eq!((deepest.depth(), deepest.child(33)), (MAX_DEPTH, Err(TooDeep)));
    }
}
