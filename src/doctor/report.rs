//! What the doctor found.

use std::fmt;

use serde::Serialize;

use crate::audit::chain::ChainHead;

/// Findings of one check that are told one by one.
const MOST_FINDINGS: usize = 50;

/// Something that the doctor looks at. To add one is to name it here and in [`examine`](super::checks::examine).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The database has the tables of this version.
    Migrations,
    /// The file of the database is whole, and no row names one that is not there.
    Integrity,
    /// No entry of the audit log was changed, added or removed.
    AuditChain,
    /// Entries of the audit log are chained soon after they are made.
    AuditBacklog,
    /// The counters of threads and comments are what counting gives.
    CommentCounters,
    /// The scores of comments, and their votes.
    CommentVotes,
    /// The numbers of former texts of comments.
    CommentRevisions,
    /// Threads that are not open say why, and open ones need not.
    ThreadStates,
    /// What readers see is what the articles say that they see.
    Snapshots,
    /// Mails are sent soon after they are written.
    Mail,
    /// Nobody but the account of the server reads its keys.
    KeyFiles,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Everything is as it should be.
    Passed,
    /// Something is not.
    Failed,
    /// It could not be looked at, which the summary explains.
    Skipped,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The check.
    pub check: Check,
    /// How it went.
    pub state: CheckState,
    /// What was looked at.
    pub summary: String,
    /// What is wrong.
    pub findings: Vec<String>,
}

/// What all checks found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is wrong.
    pub healthy: bool,
    /// The end of the chain of the audit log, in the form that `--audit-head` takes. Left out when the chain is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<NotedHead>,
    /// The checks, in the order in which they were done.
    pub checks: Vec<CheckReport>,
}

/// The end of a chain as a person notes it: `1041:9b1d…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct NotedHead(pub ChainHead);

/// A text that is no end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has to be the number of an entry, a colon, and the 64 hexadecimal letters of its hash")]
pub struct NotedHeadFault;

impl std::str::FromStr for NotedHead {
    type Err = NotedHeadFault;

    fn from_str(text: &str) -> Result<Self, NotedHeadFault> {
        let (sequence, hash) = text.trim().split_once(':').ok_or(NotedHeadFault)?;
        let sequence: i64 = sequence.parse().map_err(|_not_a_number| NotedHeadFault)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_hash && sequence > 0 {
            true => Ok(Self(ChainHead {
                sequence,
                hash: hash.to_ascii_lowercase(),
            })),
            false => Err(NotedHeadFault),
        }
    }
}

impl fmt::Display for NotedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.sequence, self.0.hash)
    }
}

impl From<NotedHead> for String {
    fn from(head: NotedHead) -> Self {
        head.to_string()
    }
}

impl Check {
    /// The name, as reports have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Migrations => "migrations",
            Self::Integrity => "integrity",
            Self::AuditChain => "audit-chain",
            Self::AuditBacklog => "audit-backlog",
            Self::CommentCounters => "comment-counters",
            Self::CommentVotes => "comment-votes",
            Self::CommentRevisions => "comment-revisions",
            Self::ThreadStates => "thread-states",
            Self::Snapshots => "snapshots",
            Self::Mail => "mail",
            Self::KeyFiles => "key-files",
        }
    }
}

impl CheckReport {
    /// A check that was done: it failed if anything is wrong.
    #[must_use]
    pub fn done(check: Check, summary: impl Into<String>, findings: Findings) -> Self {
        let findings = findings.told();
        Self {
            check,
            state: match findings.is_empty() {
                true => CheckState::Passed,
                false => CheckState::Failed,
            },
            summary: summary.into(),
            findings,
        }
    }

    /// A check that could not be done.
    #[must_use]
    pub fn skipped(check: Check, why: impl Into<String>) -> Self {
        Self {
            check,
            state: CheckState::Skipped,
            summary: why.into(),
            findings: Vec::new(),
        }
    }
}

impl Report {
    /// The report of some checks.
    #[must_use]
    pub fn of(checks: Vec<CheckReport>, audit_head: Option<NotedHead>) -> Self {
        Self {
            healthy: checks.iter().all(|check| check.state != CheckState::Failed),
            audit_head,
            checks,
        }
    }

    /// How many checks failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        let failed = self.checks.iter().filter(|check| check.state == CheckState::Failed);
        failed.count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let state = match check.state {
                CheckState::Passed => "ok",
                CheckState::Failed => "FAILED",
                CheckState::Skipped => "skipped",
            };
            writeln!(f, "{state:<8} {}: {}", check.check.as_str(), check.summary)?;
            for finding in &check.findings {
                writeln!(f, "         - {finding}")?;
            }
        }
        match &self.audit_head {
            Some(head) => writeln!(
                f,
                "\nThe end of the audit chain, to note and to give as --audit-head: {head}"
            ),
            None => Ok(()),
        }
    }
}

/// What is wrong with one thing. Many findings are told up to a number, and the rest is counted.
#[derive(Debug, Default)]
pub struct Findings {
    told: Vec<String>,
    more: usize,
}

impl Findings {
    /// Something is wrong.
    pub fn add(&mut self, finding: impl Into<String>) {
        match self.told.len() < MOST_FINDINGS {
            true => self.told.push(finding.into()),
            false => self.more = self.more.saturating_add(1),
        }
    }

    fn told(self) -> Vec<String> {
        let Self { mut told, more } = self;
        if more > 0 {
            told.push(format!("and {more} more"));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_was_noted_is_read_back() {
        let text = format!("1041:{}", "9b".repeat(32));
        let head: NotedHead = text.parse().unwrap();
        assert_eq!((head.0.sequence, head.to_string()), (1041, text.clone()));
        assert_eq!(format!(" {}\n", text.to_uppercase()).parse(), Ok(head));
        let short = format!("1:{}", "9".repeat(63));
        let spoilt = format!("1:{}", "g".repeat(64));
        let none = format!("0:{}", "9".repeat(64));
        for fault in ["", "1041", ":", "x:y", short.as_str(), spoilt.as_str(), none.as_str()] {
            assert_eq!(fault.parse::<NotedHead>(), Err(NotedHeadFault), "{fault}");
        }
    }

    #[test]
    fn many_findings_are_counted() {
        let mut findings = Findings::default();
        for number in 0..53 {
            findings.add(number.to_string());
        }
        let report = CheckReport::done(Check::Snapshots, "", findings);
        assert_eq!(
            (report.findings.len(), report.findings[50].as_str()),
            (51, "and 3 more")
        );
        assert_eq!(report.state, CheckState::Failed);
        assert!(!Report::of(vec![report], None).healthy);
    }
}
