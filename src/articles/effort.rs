//! How much work a comparison of two texts may be. The work of Myers' algorithm grows with the pieces of both texts times
//! the pieces that differ, so that two long texts with nothing in common would keep a processor busy for an hour. Work is
//! counted and not timed, so that the same texts always give the same answer.

use std::collections::HashMap;

/// Numbers for the pieces of texts, lines or words: equal pieces have equal numbers.
#[derive(Debug, Default)]
pub struct Vocabulary<'text>(HashMap<&'text str, usize>);

/// The work that may still be done.
#[derive(Debug)]
pub struct Effort {
    steps: usize,
    changes: usize,
}

/// Two sequences without what they have in common at their begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differing<'seq> {
    /// How many pieces are the same at the begin.
    pub prefix: usize,
    /// How many pieces are the same at the end.
    pub suffix: usize,
    /// What is left of the first.
    pub from: &'seq [usize],
    /// What is left of the second.
    pub to: &'seq [usize],
}

impl<'text> Vocabulary<'text> {
    /// The numbers of some pieces.
    pub fn numbers(&mut self, pieces: &[&'text str]) -> Vec<usize> {
        pieces.iter().map(|piece| self.number(piece)).collect()
    }

    fn number(&mut self, piece: &'text str) -> usize {
        let next = self.0.len();
        *self.0.entry(piece).or_insert(next)
    }
}

impl<'seq> Differing<'seq> {
    /// What differs between two sequences.
    #[must_use]
    pub fn of(from: &'seq [usize], to: &'seq [usize]) -> Self {
        let prefix = common_prefix(from, to);
        let (from, to) = (
            from.get(prefix..).unwrap_or_default(),
            to.get(prefix..).unwrap_or_default(),
        );
        let suffix = from
            .iter()
            .rev()
            .zip(to.iter().rev())
            .take_while(|(left, right)| left == right)
            .count();
        Self {
            prefix,
            suffix,
            from: from.get(..from.len().saturating_sub(suffix)).unwrap_or_default(),
            to: to.get(..to.len().saturating_sub(suffix)).unwrap_or_default(),
        }
    }

    fn pieces(&self) -> usize {
        self.from.len().saturating_add(self.to.len())
    }
}

impl Effort {
    /// So much work: `steps` is pieces times changes, over all comparisons; `changes` is the pieces that may be taken out
    /// or put in.
    #[must_use]
    pub fn new(steps: usize, changes: usize) -> Self {
        Self { steps, changes }
    }

    /// Whether two sequences can be compared with a part of what is left: one in `share`. Takes what that costs, and what
    /// finding it out costs.
    pub fn affords(&mut self, differing: &Differing<'_>, share: usize) -> bool {
        // Where nothing was taken out, or nothing put in, there is nothing to find.
        if differing.from.is_empty() || differing.to.is_empty() {
            return true;
        }
        let pieces = differing.pieces();
        let most = (self.steps / share.max(1) / pieces).min(self.changes);
        let found = changes_within(differing.from, differing.to, most);
        self.steps = self.steps.saturating_sub(pieces.saturating_mul(found.unwrap_or(most)));
        self.changes = self.changes.saturating_sub(found.unwrap_or_default());
        found.is_some()
    }
}

fn common_prefix(from: &[usize], to: &[usize]) -> usize {
    from.iter().zip(to).take_while(|(left, right)| left == right).count()
}

/// How many pieces must be taken out and put in to make one sequence the other, if no more than `most`: the greedy
/// algorithm of Myers, "An O(ND) difference algorithm" (1986), without the way that it went.
fn changes_within(from: &[usize], to: &[usize], most: usize) -> Option<usize> {
    // How far each diagonal was followed in `from`. After `changes` there are one more diagonals than changes; on the one at
    // place `index`, `from` is ahead of `to` by `2 * index - changes`.
    let mut reached = vec![common_prefix(from, to)];
    let mut next = Vec::new();
    for changes in 0..=most {
        if changes > 0 {
            let taken_out = std::iter::once(0).chain(reached.iter().map(|x| x.saturating_add(1)));
            let put_in = reached.iter().copied().chain(std::iter::once(0));
            let starts = taken_out.zip(put_in).enumerate();
            next.clear();
            next.extend(starts.map(|(index, (taken_out, put_in))| {
                let x = taken_out.max(put_in);
                let y = other_side(x, changes, index);
                x.saturating_add(common_prefix(
                    from.get(x..).unwrap_or_default(),
                    to.get(y..).unwrap_or_default(),
                ))
            }));
            std::mem::swap(&mut reached, &mut next);
        }
        let is_there = |(index, x): (usize, &usize)| *x >= from.len() && other_side(*x, changes, index) >= to.len();
        if reached.iter().enumerate().any(is_there) {
            return Some(changes);
        }
    }
    None
}

fn other_side(x: usize, changes: usize, index: usize) -> usize {
    x.saturating_add(changes).saturating_sub(index.saturating_mul(2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook way: a table of all pairs.
    fn by_table(from: &[usize], to: &[usize]) -> usize {
        let mut row: Vec<usize> = (0..=to.len()).collect();
        for (line, left) in from.iter().enumerate() {
            let mut next = vec![line + 1];
            for (column, right) in to.iter().enumerate() {
                next.push(match left == right {
                    true => row[column],
                    false => 1 + row[column + 1].min(next[column]),
                });
            }
            row = next;
        }
        *row.last().unwrap()
    }

    #[test]
    fn what_is_not_affordable_costs_too() {
        let (from, to): (Vec<usize>, Vec<usize>) = ((0..100).collect(), (100..200).collect());
        let mut effort = Effort::new(200 * 200 - 1, usize::MAX);
        assert!(!effort.affords(&Differing::of(&from, &to), 1));
        assert!(!effort.affords(&Differing::of(&from, &to), 1));
        assert!(effort.steps < 200);
        // What is nothing to compare costs nothing.
        assert!(effort.affords(&Differing::of(&from, &from), 1));
        assert!(effort.affords(&Differing::of(&from, &[from.clone(), to.clone()].concat()), 1));
        assert!(Effort::new(200 * 200, 200).affords(&Differing::of(&from, &to), 1));
        assert!(!Effort::new(200 * 200, 199).affords(&Differing::of(&from, &to), 1));
        assert!(!Effort::new(200 * 200, 200).affords(&Differing::of(&from, &to), 2));
    }

    proptest! {
        #[test]
        fn changes_are_counted_as_by_the_table(
            from in prop::collection::vec(0_usize..4, 0..30),
            to in prop::collection::vec(0_usize..4, 0..30),
        ) {
            let expected = by_table(&from, &to);
            prop_assert_eq!(changes_within(&from, &to, 60), Some(expected));
            prop_assert_eq!(changes_within(&from, &to, expected), Some(expected));
            if let Some(fewer) = expected.checked_sub(1) {
                prop_assert_eq!(changes_within(&from, &to, fewer), None);
            }
        }

        #[test]
        fn what_differs_and_what_does_not_make_the_whole(
            from in prop::collection::vec(0_usize..3, 0..12),
            to in prop::collection::vec(0_usize..3, 0..12),
        ) {
            let differing = Differing::of(&from, &to);
            let end = from.len() - differing.suffix;
            prop_assert_eq!(&from[differing.prefix..end], differing.from);
            let rebuilt = [&from[..differing.prefix], differing.to, &from[end..]].concat();
            prop_assert_eq!(rebuilt, to);
        }
    }
}
