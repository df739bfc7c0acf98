//! The checks: each reads the database a part at a time, so that a large one needs no more memory than a small one.

use std::fmt;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::audit::chain::ChainHead;
use crate::audit::entry::{AuditEntryRow, least_id_at};
use crate::comments::comment::CommentState;
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::timestamp::RowTime;
use crate::database::{Database, integrity, migrate};
use crate::doctor::chain_check::{ChainFault, ChainWalk};
use crate::doctor::files;
use crate::doctor::recount::{CountedComment, CounterFault, Recount};
use crate::doctor::report::{Check, CheckReport, CheckState, Findings, NotedHead, Report};
use crate::read;
use crate::settings::Settings;

/// Rows that are read at once.
const BATCH: i64 = 500;

/// An entry that is not chained after this many seconds will not be chained by itself.
const CHAINED_WITHIN_SECONDS: i64 = 60;

/// Mails that wait for this many minutes have been tried several times.
const SENT_WITHIN_MINUTES: i64 = 60;

/// A thread whose counters are wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadFault {
    /// The article.
    pub article: RowId,
    /// The comments that the thread says it has, by their states in the order of [`CommentState::ALL`].
    pub said: [i64; 5],
    /// Those that it has.
    pub counted: [i64; 5],
}

/// A comment whose score is not what its votes come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreFault {
    /// The comment.
    pub comment: Uuid,
    /// The score.
    pub said: i64,
    /// What the votes come to.
    pub counted: i64,
}

/// A comment whose former texts are not numbered from 1 without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberingFault {
    /// The comment.
    pub comment: Uuid,
    /// How many former texts it has.
    pub texts: i64,
    /// The lowest and the highest number.
    pub numbers: (i32, i32),
}

/// What the queue of mails has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailCounts {
    /// Those that wait for long.
    pub overdue: i64,
    /// Those that were refused for good.
    pub failed: i64,
}

/// An article that says something else about what readers see than there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFault {
    /// The article.
    pub article: Uuid,
    /// The revision that readers see.
    pub shown: Option<i32>,
    /// The revision that the article says they see.
    pub said: Option<i32>,
}

/// Does every check. `noted` is the end of the audit chain that somebody kept.
///
/// # Errors
/// A [`Failure`] when the database cannot be asked.
pub async fn examine(
    settings: &Settings,
    database: &Database,
    noted: Option<&NotedHead>,
    now: DateTime<Utc>,
) -> Result<Report, Failure> {
    let key_files = files::key_files(&settings.data_dir);
    let migrations = migrations(database).await;
    if migrations.state != CheckState::Passed {
        // The other checks read tables that are not there.
        return Ok(Report::of(vec![migrations, key_files], None));
    }
    let (chain, head) = audit_chain(database, noted).await?;
    let checks = vec![
        migrations,
        integrity(database).await?,
        chain,
        audit_backlog(database, now).await?,
        comment_counters(database).await?,
        comment_votes(database).await?,
        comment_revisions(database).await?,
        thread_states(database).await?,
        snapshots(database).await?,
        mail(database, now).await?,
        key_files,
    ];
    Ok(Report::of(checks, head))
}

async fn migrations(database: &Database) -> CheckReport {
    let mut findings = Findings::default();
    match migrate::is_current(database).await {
        Ok(true) => {}
        Ok(false) => {
            findings.add("the database is not at the schema of this version: run galley migrate, then this again");
        }
        Err(failure) => findings.add(format!("it cannot be told which migrations were applied: {failure}")),
    }
    CheckReport::done(Check::Migrations, "the schema of the database", findings)
}

async fn integrity(database: &Database) -> Result<CheckReport, Failure> {
    let Some(faults) = integrity::faults(database).await? else {
        let why = "PostgreSQL keeps its files and foreign keys whole by itself";
        return Ok(CheckReport::skipped(Check::Integrity, why));
    };
    let mut findings = Findings::default();
    for fault in faults {
        findings.add(fault);
    }
    Ok(CheckReport::done(
        Check::Integrity,
        "the file of the database, and its foreign keys",
        findings,
    ))
}

async fn audit_chain(
    database: &Database,
    noted: Option<&NotedHead>,
) -> Result<(CheckReport, Option<NotedHead>), Failure> {
    let mut findings = Findings::default();
    let (reached, verdict) = walk_chain(database, noted.map(|noted| &noted.0)).await?;
    let summary = match reached.sequence {
        0 => "no entry is chained yet".to_owned(),
        last => format!("the entries 1 to {last} of the audit log"),
    };
    let is_whole = verdict.is_ok();
    if let Err(fault) = verdict {
        findings.add(fault.to_string());
    }
    let head = (is_whole && reached.sequence > 0).then_some(NotedHead(reached));
    Ok((CheckReport::done(Check::AuditChain, summary, findings), head))
}

/// Goes along the chain as far as it is whole.
async fn walk_chain(
    database: &Database,
    noted: Option<&ChainHead>,
) -> Result<(ChainHead, Result<(), ChainFault>), Failure> {
    // A server may go on chaining meanwhile: what came after this moment is left for another time.
    let end: Result<Option<ChainHead>, Failure> = read!(database, audit::head());
    let end = end?;
    let mut walk = ChainWalk::new();
    let outcome = walk_to(database, &mut walk, end.as_ref(), noted).await?;
    Ok((walk.reached().clone(), outcome))
}

async fn walk_to(
    database: &Database,
    walk: &mut ChainWalk,
    end: Option<&ChainHead>,
    noted: Option<&ChainHead>,
) -> Result<Result<(), ChainFault>, Failure> {
    let last = end.map_or(i64::MAX, |end| end.sequence);
    let mut behind = 0_i64;
    loop {
        let batch: Result<Vec<AuditEntryRow>, Failure> = read!(database, audit::chained_after(behind, BATCH));
        let batch = batch?;
        let Some(next) = batch.last().and_then(|entry| entry.sequence) else {
            break;
        };
        for entry in batch.iter().filter(|entry| entry.sequence.is_some_and(|at| at <= last)) {
            let step = walk.step(entry).and_then(|()| match noted {
                Some(noted) => walk.compare_noted(noted),
                None => Ok(()),
            });
            if step.is_err() {
                return Ok(step);
            }
        }
        if next >= last {
            break;
        }
        behind = next;
    }
    if let Err(fault) = walk.end_at(end) {
        return Ok(Err(fault));
    }
    if let Some(noted) = noted.filter(|noted| noted.sequence > last) {
        return Ok(Err(ChainFault::ShorterThanNoted {
            sequence: noted.sequence,
            end: last,
        }));
    }
    nothing_behind_the_end(database).await
}

/// The largest number is read first: an honest end is never smaller.
async fn nothing_behind_the_end(database: &Database) -> Result<Result<(), ChainFault>, Failure> {
    let last: Result<Option<i64>, Failure> = read!(database, audit::last_sequence());
    let last = last?.unwrap_or_default();
    let end: Result<Option<ChainHead>, Failure> = read!(database, audit::head());
    let end = end?.unwrap_or_else(ChainHead::empty);
    Ok(match last > end.sequence {
        false => Ok(()),
        true => Err(ChainFault::Extra {
            first: end.sequence.saturating_add(1),
        }),
    })
}

async fn audit_backlog(database: &Database, now: DateTime<Utc>) -> Result<CheckReport, Failure> {
    let long_ago = (now - Duration::seconds(CHAINED_WITHIN_SECONDS)).timestamp_millis();
    let id = least_id_at(long_ago);
    let waiting: Result<i64, Failure> = read!(database, audit::unchained_before(id));
    let mut findings = Findings::default();
    match waiting? {
        0 => {}
        waiting => findings.add(format!(
            "{waiting} entries are not chained {CHAINED_WITHIN_SECONDS} seconds after they were made: a server that runs \
             chains them every second, so start one, or look at its log"
        )),
    }
    let summary = "entries of the audit log that wait to be chained";
    Ok(CheckReport::done(Check::AuditBacklog, summary, findings))
}

async fn comment_counters(database: &Database) -> Result<CheckReport, Failure> {
    let mut findings = Findings::default();
    let mut last = RowId(Uuid::nil());
    loop {
        let looked_at: Result<(Vec<ThreadFault>, Option<RowId>), Failure> =
            read!(database, doctor::wrong_threads(last, BATCH));
        let (faults, end) = looked_at?;
        for fault in faults {
            if is_still_there(database, &fault).await? {
                findings.add(fault.to_string());
            }
        }
        match end {
            Some(end) => last = end,
            None => break,
        }
    }
    for fault in wrong_comments(database).await? {
        findings.add(fault.to_string());
    }
    let summary = "the counters of threads and comments";
    Ok(CheckReport::done(Check::CommentCounters, summary, findings))
}

/// Whether a fault is there a second time. On PostgreSQL a comment that comes in between two statements looks like one.
async fn is_still_there(database: &Database, fault: &ThreadFault) -> Result<bool, Failure> {
    let before = RowId(Uuid::from_u128(fault.article.0.as_u128().saturating_sub(1)));
    let again: Result<(Vec<ThreadFault>, Option<RowId>), Failure> =
        read!(database, doctor::wrong_threads(before, 1_i64));
    Ok(again?.0.contains(fault))
}

async fn wrong_comments(database: &Database) -> Result<Vec<CounterFault>, Failure> {
    let mut recount = Recount::default();
    let mut suspects = Vec::new();
    let mut place = (RowId(Uuid::nil()), String::new());
    loop {
        let from = place.clone();
        let batch: Result<Vec<CountedComment>, Failure> = read!(database, doctor::comments_after(from, BATCH));
        let batch = batch?;
        let Some(last) = batch.last() else { break };
        place = (last.article_id, last.path.clone());
        for comment in batch {
            recount.take(comment);
        }
        suspects.extend(recount.faults());
    }
    suspects.extend(recount.finish());
    confirmed(database, suspects).await
}

/// Those faults that are there a second time: what a server writes while the doctor reads looks like one.
async fn confirmed(database: &Database, suspects: Vec<CounterFault>) -> Result<Vec<CounterFault>, Failure> {
    let mut articles: Vec<RowId> = suspects.iter().map(|fault| fault.article_id).collect();
    articles.dedup();
    let mut confirmed = Vec::new();
    for article in articles {
        let comments: Result<Vec<CountedComment>, Failure> = read!(database, doctor::comments_of(article));
        let mut recount = Recount::default();
        comments?.into_iter().for_each(|comment| recount.take(comment));
        let again = recount.finish();
        confirmed.extend(again.into_iter().filter(|fault| suspects.contains(fault)));
    }
    Ok(confirmed)
}

/// A comment without votes is not looked at: an import may bring a score, and not the votes that made it.
async fn comment_votes(database: &Database) -> Result<CheckReport, Failure> {
    let mut findings = Findings::default();
    let mut place = Some(RowId(Uuid::nil()));
    while let Some(behind) = place {
        let first: Result<(Vec<ScoreFault>, Option<RowId>), Failure> =
            read!(database, doctor::wrong_scores(behind, BATCH));
        let (faults, next) = first?;
        place = next;
        if faults.is_empty() {
            continue;
        }
        let second: Result<(Vec<ScoreFault>, Option<RowId>), Failure> =
            read!(database, doctor::wrong_scores(behind, BATCH));
        let again = second?.0;
        let both = faults.into_iter().filter(|fault| again.contains(fault));
        both.for_each(|fault| findings.add(fault.to_string()));
    }
    let summary = "the scores of comments, and their votes";
    Ok(CheckReport::done(Check::CommentVotes, summary, findings))
}

async fn comment_revisions(database: &Database) -> Result<CheckReport, Failure> {
    let mut findings = Findings::default();
    let mut place = Some(RowId(Uuid::nil()));
    while let Some(behind) = place {
        let looked_at: Result<(Vec<NumberingFault>, Option<RowId>), Failure> =
            read!(database, doctor::wrong_numberings(behind, BATCH));
        let (faults, next) = looked_at?;
        place = next;
        for fault in faults {
            findings.add(fault.to_string());
        }
    }
    let summary = "the numbers of former texts of comments";
    Ok(CheckReport::done(Check::CommentRevisions, summary, findings))
}

async fn thread_states(database: &Database) -> Result<CheckReport, Failure> {
    let faults: Result<Vec<RowId>, Failure> = read!(database, doctor::threads_without_reason(BATCH));
    let again: Result<Vec<RowId>, Failure> = read!(database, doctor::threads_without_reason(BATCH));
    let (faults, again) = (faults?, again?);
    let mut findings = Findings::default();
    for article in faults.into_iter().filter(|article| again.contains(article)) {
        findings.add(format!(
            "the thread of article {} is not open and does not say why, or is open and says why it is not: open or close it again",
            article.0
        ));
    }
    let summary = "the states of threads, and the reasons for them";
    Ok(CheckReport::done(Check::ThreadStates, summary, findings))
}

async fn snapshots(database: &Database) -> Result<CheckReport, Failure> {
    let faults: Result<Vec<SnapshotFault>, Failure> = read!(database, doctor::wrong_snapshots(BATCH));
    let again: Result<Vec<SnapshotFault>, Failure> = read!(database, doctor::wrong_snapshots(BATCH));
    let (faults, again) = (faults?, again?);
    let mut findings = Findings::default();
    let both = faults.into_iter().filter(|fault| again.contains(fault));
    both.for_each(|fault| findings.add(fault.to_string()));
    Ok(CheckReport::done(
        Check::Snapshots,
        "what readers see, and what the articles say of it",
        findings,
    ))
}

/// Such as `3 pending, 12 approved, 0 rejected, 1 spam, 0 removed`.
fn list_counts(f: &mut fmt::Formatter<'_>, counts: &[i64; 5]) -> fmt::Result {
    for (index, (count, state)) in counts.iter().zip(CommentState::ALL).enumerate() {
        let divider = if index == 0 { "" } else { ", " };
        write!(f, "{divider}{count} {}", state.as_str())?;
    }
    Ok(())
}

/// A mail that was refused is told of, and is no fault of the installation: addresses end.
async fn mail(database: &Database, now: DateTime<Utc>) -> Result<CheckReport, Failure> {
    let before = RowTime::from(now - Duration::minutes(SENT_WITHIN_MINUTES));
    let counts: Result<MailCounts, Failure> = read!(database, doctor::mail_counts(before));
    let MailCounts { overdue, failed } = counts?;
    let mut findings = Findings::default();
    if overdue > 0 {
        findings.add(format!(
            "{overdue} mails were not sent within {SENT_WITHIN_MINUTES} minutes: the log of the server says why, or mail is off"
        ));
    }
    let summary = match failed {
        0 => "mails that wait to be sent".to_owned(),
        failed => format!("mails that wait to be sent; {failed} were refused for good within a week"),
    };
    Ok(CheckReport::done(Check::Mail, summary, findings))
}

impl fmt::Display for ThreadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { article, said, counted } = self;
        write!(f, "the thread of article {} says that it has ", article.0)?;
        list_counts(f, said)?;
        f.write_str(" comments, and has ")?;
        list_counts(f, counted)
    }
}

impl fmt::Display for ScoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { comment, said, counted } = self;
        write!(
            f,
            "comment {comment} says that its score is {said}, and its votes come to {counted}"
        )
    }
}

impl fmt::Display for NumberingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            comment,
            texts,
            numbers: (lowest, highest),
        } = self;
        write!(
            f,
            "comment {comment} has {texts} former texts, and their numbers go from {lowest} to {highest}"
        )
    }
}

impl fmt::Display for SnapshotFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let article = self.article;
        match (self.shown, self.said) {
            (Some(shown), Some(said)) => {
                write!(
                    f,
                    "readers see revision {shown} of article {article}, which says that they see {said}"
                )
            }
            (Some(shown), None) => {
                write!(
                    f,
                    "readers see revision {shown} of article {article}, which says that they see nothing"
                )
            }
            (None, said) => write!(
                f,
                "article {article} says that readers see revision {}, and they see nothing",
                said.unwrap_or_default()
            ),
        }
    }
}
