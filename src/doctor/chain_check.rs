//! Going along the chain of the audit log, entry by entry. Pure.

use std::fmt;

use uuid::Uuid;

use crate::audit::chain::ChainHead;
use crate::audit::entry::AuditEntryRow;

/// Goes along the chain from its beginning.
#[derive(Debug)]
pub struct ChainWalk {
    reached: ChainHead,
}

/// The first thing that is wrong with a chain. What comes after it can be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainFault {
    /// An entry, or the hash at it, is not what it was when it was chained.
    Changed {
        /// Its place.
        sequence: i64,
        /// Its id.
        id: Uuid,
    },
    /// Entries are not there.
    Missing {
        /// The place of the first one.
        first: i64,
        /// The place of the last one.
        last: i64,
    },
    /// There are more entries than were chained.
    Extra {
        /// The place of the first one.
        first: i64,
    },
    /// The row that notes the end of the chain is not there.
    NoEnd,
    /// The hash that is noted for the end is not that of the last entry.
    OtherEnd {
        /// The place of the end.
        sequence: i64,
    },
    /// The chain is not the one whose end somebody noted.
    OtherThanNoted {
        /// The place that was noted.
        sequence: i64,
    },
    /// The chain is shorter than the one whose end somebody noted.
    ShorterThanNoted {
        /// The place that was noted.
        sequence: i64,
        /// The place of the end.
        end: i64,
    },
}

impl ChainWalk {
    /// Before the first entry.
    #[must_use]
    pub fn new() -> Self {
        Self {
            reached: ChainHead::empty(),
        }
    }

    /// How far the walk got.
    #[must_use]
    pub fn reached(&self) -> &ChainHead {
        &self.reached
    }

    /// Goes on to the next entry that is there.
    ///
    /// # Errors
    /// [`ChainFault::Missing`] or [`ChainFault::Changed`].
    pub fn step(&mut self, entry: &AuditEntryRow) -> Result<(), ChainFault> {
        let next = self.reached.followed_by(entry);
        let sequence = entry.sequence.unwrap_or_default();
        if sequence > next.sequence {
            return Err(ChainFault::Missing {
                first: next.sequence,
                last: sequence.saturating_sub(1),
            });
        }
        if (sequence, entry.hash.as_deref()) != (next.sequence, Some(next.hash.as_str())) {
            return Err(ChainFault::Changed {
                sequence,
                id: entry.id.0,
            });
        }
        self.reached = next;
        Ok(())
    }

    /// Compares where the walk got with the end that the database notes.
    ///
    /// # Errors
    /// [`ChainFault::NoEnd`], [`ChainFault::Missing`] or [`ChainFault::OtherEnd`].
    pub fn end_at(&self, noted: Option<&ChainHead>) -> Result<(), ChainFault> {
        let noted = noted.ok_or(ChainFault::NoEnd)?;
        if noted.sequence > self.reached.sequence {
            return Err(ChainFault::Missing {
                first: self.reached.sequence.saturating_add(1),
                last: noted.sequence,
            });
        }
        match *noted == self.reached {
            true => Ok(()),
            false => Err(ChainFault::OtherEnd {
                sequence: noted.sequence,
            }),
        }
    }

    /// Compares with an end that somebody noted, once the walk got there.
    ///
    /// # Errors
    /// [`ChainFault::OtherThanNoted`].
    pub fn compare_noted(&self, noted: &ChainHead) -> Result<(), ChainFault> {
        match noted.sequence == self.reached.sequence && noted.hash != self.reached.hash {
            false => Ok(()),
            true => Err(ChainFault::OtherThanNoted {
                sequence: noted.sequence,
            }),
        }
    }
}

impl Default for ChainWalk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { sequence, id } => write!(
                f,
                "entry {sequence} ({id}) was changed: its hash is not that of what it says and of the entry before"
            ),
            Self::Missing { first, last } if first == last => write!(f, "entry {first} is missing"),
            Self::Missing { first, last } => write!(f, "the entries {first} to {last} are missing"),
            Self::Extra { first } => write!(
                f,
                "entry {first} stands behind the end of the chain: it was added by hand, or the end was set back"
            ),
            Self::NoEnd => write!(f, "the row of audit_chain that notes the end of the chain is missing"),
            Self::OtherEnd { sequence } => write!(
                f,
                "the end of the chain was changed: the hash noted at {sequence} is not that of the entry"
            ),
            Self::OtherThanNoted { sequence } => write!(
                f,
                "entry {sequence} has another hash than --audit-head says: the chain was made anew since it was noted"
            ),
            Self::ShorterThanNoted { sequence, end } => write!(
                f,
                "the chain ends at {end}, and --audit-head says that it had {sequence} entries: the last ones were removed"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::chain::tests::entries;

    fn chained(entries: Vec<AuditEntryRow>) -> (Vec<AuditEntryRow>, ChainHead) {
        let mut head = ChainHead::empty();
        let mut chain = Vec::new();
        for entry in entries {
            head = head.followed_by(&entry);
            chain.push(AuditEntryRow {
                sequence: Some(head.sequence),
                hash: Some(head.hash.clone()),
                ..entry
            });
        }
        (chain, head)
    }

    fn verdict(chain: &[AuditEntryRow], head: &ChainHead) -> Result<(), ChainFault> {
        let mut walk = ChainWalk::new();
        chain.iter().try_for_each(|entry| walk.step(entry))?;
        walk.end_at(Some(head))
    }

    proptest! {
        #[test]
        fn a_chain_that_was_made_is_whole(entries in proptest::collection::vec(entries(), 0..6)) {
            let (chain, head) = chained(entries);
            prop_assert_eq!(verdict(&chain, &head), Ok(()));
            prop_assert_eq!(ChainWalk::new().end_at(None), Err(ChainFault::NoEnd));
        }

        #[test]
        fn the_entry_that_was_changed_is_named(entries in proptest::collection::vec(entries(), 1..6), at in 0_usize..6) {
            let (mut chain, head) = chained(entries);
            let at = at % chain.len();
            chain[at].action.push('x');
            let fault = ChainFault::Changed { sequence: chain[at].sequence.unwrap(), id: chain[at].id.0 };
            prop_assert_eq!(verdict(&chain, &head), Err(fault));
        }

        #[test]
        fn the_entries_that_are_missing_are_named(
            entries in proptest::collection::vec(entries(), 1..6), from in 0_usize..6, count in 1_usize..3,
        ) {
            let (mut chain, head) = chained(entries);
            let from = from % chain.len();
            let gone: Vec<_> = chain.drain(from..chain.len().min(from + count)).collect();
            let first = gone[0].sequence.unwrap();
            let fault = ChainFault::Missing { first, last: gone.last().unwrap().sequence.unwrap() };
            prop_assert_eq!(verdict(&chain, &head), Err(fault));
        }

        #[test]
        fn a_chain_that_was_made_anew_is_not_the_one_that_was_noted(entries in proptest::collection::vec(entries(), 1..6)) {
            let (_, noted) = chained(entries.clone());
            let mut forged = entries;
            forged[0].subject_id.push('x');
            let (chain, head) = chained(forged);
            prop_assert_eq!(verdict(&chain, &head), Ok(()));
            let mut walk = ChainWalk::new();
            chain.iter().try_for_each(|entry| walk.step(entry)).unwrap();
            prop_assert_eq!(walk.compare_noted(&head), Ok(()));
            let fault = ChainFault::OtherThanNoted { sequence: noted.sequence };
            prop_assert_eq!(walk.compare_noted(&noted), Err(fault));
        }
    }

    #[test]
    fn an_end_with_another_hash_is_told() {
        let head = ChainHead {
            sequence: 0,
            hash: "ab".to_owned(),
        };
        let fault = ChainFault::OtherEnd { sequence: 0 };
        assert_eq!(ChainWalk::new().end_at(Some(&head)), Err(fault));
    }
}
