//! The job that tells listeners what changed in their threads.

use std::collections::HashMap;

use uuid::Uuid;

use crate::comments::comment::ThreadRow;
use crate::comments::live::listening::batch_since;
use crate::database::failure::Failure;
use crate::read;
use crate::state::AppState;

/// The most threads that one statement asks for.
const MOST_ASKED: usize = 500;

/// Tells everybody who listens what changed since they were last told, and counts the threads that did. Without listeners
/// the database is not asked.
///
/// # Errors
/// The [`Failure`] of the database. Nobody misses anything by it: the next look begins where the last one ended.
pub async fn tell(state: &AppState) -> Result<usize, Failure> {
    let followed = state.listeners.threads();
    let mut told = 0_usize;
    let articles: Vec<Uuid> = followed.keys().copied().collect();
    for asked in articles.chunks(MOST_ASKED) {
        let asked = asked.to_vec();
        let (ids, database) = (asked.clone(), &state.database);
        let threads: Result<Vec<ThreadRow>, Failure> = read!(database, thread_changes::current(ids));
        let threads: HashMap<Uuid, ThreadRow> = threads?
            .into_iter()
            .map(|thread| (thread.article_id.0, thread))
            .collect();
        for article in asked {
            let Some(thread) = threads.get(&article) else {
                state.listeners.end(article);
                continue;
            };
            let after = followed.get(&article).copied().unwrap_or(thread.change_sequence);
            if thread.change_sequence != after {
                state.listeners.tell(article, batch_since(state, thread, after).await?);
                told = told.saturating_add(1);
            }
        }
    }
    Ok(told)
}
