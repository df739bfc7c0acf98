//! The job that publishes what is scheduled and takes it away again.

use uuid::Uuid;

use crate::articles::article::ArticleFailure;
use crate::articles::lifecycle::Step;
use crate::audit::origin::Origin;
use crate::database::failure::Failure;
use crate::database::timestamp::RowTime;
use crate::state::AppState;
use crate::{read, write_unit};

/// The most articles that one look takes up. What is left over is due at the next one.
const MOST_AT_ONCE: i64 = 100;

/// Does what is due, each article in a transaction of its own, and tells how many steps were taken. An article that fails
/// does not keep the others waiting; it is tried again at the next look.
///
/// # Errors
/// The last [`Failure`], once everything was tried.
pub async fn carry_out(state: &AppState) -> Result<usize, Failure> {
    let now = RowTime::from(state.clock.now());
    let due: Result<Vec<Uuid>, Failure> = read!(&state.database, article_steps::due(now, MOST_AT_ONCE));
    let (mut done, mut outcome) = (0_usize, Ok(()));
    for article in due? {
        match carry_out_one(state, article).await {
            Ok(steps) => done = done.saturating_add(steps),
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome.map(|()| done)
}

async fn carry_out_one(state: &AppState, article: Uuid) -> Result<usize, Failure> {
    let stamp = state.stamp(Origin::schedule());
    let taken: Result<Vec<Step>, ArticleFailure> =
        write_unit!(&state.database, article_steps::carry_out_due(article, stamp));
    match taken {
        Ok(steps) => {
            for step in &steps {
                tracing::info!(%article, step = step.as_str(), "done as scheduled");
            }
            Ok(steps.len())
        }
        Err(ArticleFailure::Database(failure)) => Err(failure),
        Err(refusal) => Err(Failure::Internal(format!(
            "what is scheduled for {article} is refused: {refusal:?}"
        ))),
    }
}
