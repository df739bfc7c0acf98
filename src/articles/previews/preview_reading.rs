//! What can go wrong when a preview link is read.

use crate::articles::article::ArticleFailure;
use crate::database::failure::Failure;
use crate::http::problem::Problem;
use crate::http::problem_codes;

/// Why a link shows nothing.
#[derive(Debug)]
pub enum PreviewReadFailure {
    /// Its time is over.
    Expired,
    /// It was ended before its time.
    Revoked,
    /// The article lies in the trash.
    Trashed,
    /// There is no such link.
    Absent,
    /// The article cannot be read.
    Article(ArticleFailure),
}

impl From<ArticleFailure> for PreviewReadFailure {
    fn from(failure: ArticleFailure) -> Self {
        Self::Article(failure)
    }
}

impl From<Failure> for PreviewReadFailure {
    fn from(failure: Failure) -> Self {
        Self::Article(failure.into())
    }
}

impl From<diesel::result::Error> for PreviewReadFailure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Article(error.into())
    }
}

impl From<PreviewReadFailure> for Problem {
    fn from(failure: PreviewReadFailure) -> Self {
        match failure {
            PreviewReadFailure::Expired => ended("Its time is over."),
            PreviewReadFailure::Revoked => ended("It was ended by the newsroom."),
            PreviewReadFailure::Trashed => ended("The newsroom has put the article aside."),
            PreviewReadFailure::Absent => Self::not_found("preview"),
            PreviewReadFailure::Article(failure) => failure.into(),
        }
    }
}

fn ended(why: &str) -> Problem {
    let detail = format!("This preview is not shown any more. {why} Ask for a new link.");
    Problem::new(&problem_codes::PREVIEW_ENDED, detail)
}
