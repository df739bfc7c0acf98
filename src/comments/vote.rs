//! Votes: values, rules and what can go wrong with them. Pure.

use std::fmt;

use chrono::{DateTime, Utc};
use deserr::{DeserializeError, Deserr, IntoValue, MergeWithError, ValuePointerRef};
use diesel::{Insertable, Queryable, Selectable};
use uuid::Uuid;

use crate::comments::comment::{CommentFailure, CommentWriterRow, VotesFrom};
use crate::comments::own_comment::WriterClaim;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::comment_votes;
use crate::database::timestamp::RowTime;
use crate::field::Refusal;

/// What a vote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteValue {
    /// 1: the comment is worth reading.
    Up,
    /// -1: it is not.
    Down,
}

/// A number that is no vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteValueFault;

impl VoteValue {
    /// The vote that a number is.
    ///
    /// # Errors
    /// [`VoteValueFault`] for every number but 1 and -1.
    pub fn new(number: i64) -> Result<Self, VoteValueFault> {
        match number {
            1 => Ok(Self::Up),
            -1 => Ok(Self::Down),
            _ => Err(VoteValueFault),
        }
    }

    /// What it adds to the score.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
        }
    }
}

impl fmt::Display for VoteValueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is neither 1 nor -1; to take a vote back, send DELETE")
    }
}

impl Refusal for VoteValueFault {
    fn code(&self) -> &'static str {
        "out-of-range"
    }
}

impl<E: DeserializeError + MergeWithError<VoteValueFault>> Deserr<E> for VoteValue {
    fn deserialize_from_value<V: IntoValue>(value: deserr::Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        let number = i64::deserialize_from_value(value, location)?;
        Self::new(number).map_err(|fault| deserr::take_cf_content(E::merge(None, fault, location)))
    }
}

/// Who votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// What stands for the reader: an account, or a key of the commenter or of the network.
    pub key: Uuid,
    /// By what the reader is known; nothing but the network where there is none.
    pub claim: Option<WriterClaim>,
}

/// A row of `comment_votes`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_votes)]
pub struct VoteRow {
    /// The comment.
    pub comment_id: RowId,
    /// Who voted.
    pub voter: RowId,
    /// 1 or -1.
    pub value: i32,
    /// When the vote was cast, or last changed.
    pub voted_at: RowTime,
}

/// A vote that a reader sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Who votes.
    pub voter: Voter,
    /// What the vote says.
    pub value: VoteValue,
    /// When it is cast.
    pub now: DateTime<Utc>,
}

/// What casting a vote came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CastVote {
    /// The comment.
    pub comment_id: Uuid,
    /// What the vote says.
    pub value: VoteValue,
    /// The score of the comment with it.
    pub score: i32,
    /// What became of an earlier vote.
    pub change: VoteChange,
}

/// Whether a vote took the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoteChange {
    /// It is the first of this reader.
    Cast,
    /// The reader had voted the other way.
    Turned,
}

/// Why a vote was not taken.
#[derive(Debug)]
pub enum VoteFailure {
    /// The site takes no votes.
    Off,
    /// The site takes votes of readers only whom it knows.
    IdentificationNeeded,
    /// The reader wrote the comment.
    OwnComment,
    /// The reader has voted like this before.
    AlreadyVoted,
    /// The reader has no vote to take back.
    NoVote,
    /// What can go wrong with every comment.
    Comment(CommentFailure),
}

impl Voter {
    /// Passes if the site takes votes of this reader.
    ///
    /// # Errors
    /// [`VoteFailure::Off`] or [`VoteFailure::IdentificationNeeded`].
    pub fn require_admitted(&self, votes_from: VotesFrom) -> Result<(), VoteFailure> {
        match (votes_from, &self.claim) {
            (VotesFrom::Everyone, _) | (VotesFrom::Identified, Some(_)) => Ok(()),
            (VotesFrom::Identified, None) => Err(VoteFailure::IdentificationNeeded),
            (VotesFrom::Nobody, _) => Err(VoteFailure::Off),
        }
    }

    /// Whether the voter wrote a comment of this writer. `commenter` is the reader whom the claim names. Who is known by
    /// nothing but the network wrote what comes from there.
    #[must_use]
    pub fn is_writer(&self, writer: &CommentWriterRow, commenter: Option<RowId>) -> bool {
        match &self.claim {
            Some(WriterClaim::Account { id, .. }) => writer.account_id == Some(RowId(*id)),
            Some(WriterClaim::Commenter { .. }) => commenter.is_some() && writer.commenter_id == commenter,
            Some(WriterClaim::EditToken { comment, .. }) => writer.comment_id.0 == *comment,
            None => writer.network_key == Some(RowId(self.key)),
        }
    }
}

impl From<CommentFailure> for VoteFailure {
    fn from(failure: CommentFailure) -> Self {
        Self::Comment(failure)
    }
}

impl From<Failure> for VoteFailure {
    fn from(failure: Failure) -> Self {
        Self::Comment(failure.into())
    }
}

impl From<diesel::result::Error> for VoteFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Comment(error.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::comments::comment::WriterStanding;

    fn account(id: u128) -> WriterClaim {
        WriterClaim::Account {
            id: Uuid::from_u128(id),
            standing: WriterStanding::Staff,
        }
    }

    fn voter(claim: Option<WriterClaim>) -> Voter {
        Voter {
            key: Uuid::from_u128(1),
            claim,
        }
    }

    #[test]
    fn the_site_says_who_votes() {
        let (stranger, staff) = (voter(None), voter(Some(account(1))));
        for (votes_from, strangers, staffs) in [
            ("everyone", true, true),
            ("identified", false, true),
            ("nobody", false, false),
            ("from a later version", false, false),
        ] {
            let votes_from = VotesFrom::from_name(votes_from).unwrap_or(VotesFrom::Nobody);
            assert_eq!(
                stranger.require_admitted(votes_from).is_ok(),
                strangers,
                "{votes_from:?}"
            );
            assert_eq!(staff.require_admitted(votes_from).is_ok(), staffs, "{votes_from:?}");
        }
    }

    #[test]
    fn a_writer_is_known_by_what_the_voter_shows() {
        let id = |number| RowId(Uuid::from_u128(number));
        let writer = CommentWriterRow {
            comment_id: id(9),
            article_id: id(8),
            account_id: None,
            commenter_id: Some(id(3)),
            email: None,
            network_key: Some(id(1)),
            text_digest: None,
            edit_token_hash: None,
            written_at: DateTime::<Utc>::UNIX_EPOCH.into(),
            withdrawn_at: None,
        };
        let commenter = || {
            voter(Some(WriterClaim::Commenter {
                issuer: "https://id.example.org".to_owned(),
                subject: "7".to_owned(),
            }))
        };
        assert!(voter(None).is_writer(&writer, None));
        assert!(commenter().is_writer(&writer, Some(id(3))));
        assert!(!commenter().is_writer(&writer, Some(id(4))));
        let forgotten = CommentWriterRow {
            network_key: None,
            commenter_id: None,
            ..writer
        };
        assert!(!voter(None).is_writer(&forgotten, None));
        assert!(
            !commenter().is_writer(&forgotten, None),
            "an unknown reader wrote nothing"
        );
    }

    proptest! {
        #[test]
        fn a_vote_is_one_or_minus_one(number in any::<i64>()) {
            let vote = VoteValue::new(number);
            prop_assert_eq!(vote.is_ok(), number.abs_diff(0) == 1);
            if let Ok(vote) = vote {
                prop_assert_eq!(i64::from(vote.number()), number);
            }
        }
    }
}
