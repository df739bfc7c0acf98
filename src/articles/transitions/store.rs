//! Queries about transitions.

#![expect(
    clippy::missing_errors_doc,
    reason = "each function fails as its error type says: the failures of the database, and what keeps a caller away"
)]

use diesel::prelude::*;
use uuid::Uuid;

use super::{Connection, RunQueryDsl, article_access};
use crate::articles::access::AccessFailure;
use crate::articles::article::Ownership;
use crate::articles::lifecycle::Step;
use crate::articles::transitions::transition::{NewTransition, TransitionRow};
use crate::database::failure::Failure;
use crate::database::ids::RowId;
use crate::database::schema::article_transitions;
use crate::http::page::Slice;
use crate::state::Stamp;
use crate::stores::slice_by_creation;

/// The steps that an article took by time, from a place on.
pub async fn list(
    connection: &mut Connection,
    article: Uuid,
    ownership: Ownership,
    slice: Slice,
) -> Result<Vec<TransitionRow>, AccessFailure> {
    let access = article_access::find(connection, article, ownership).await?;
    let query = article_transitions::table
        .filter(article_transitions::article_id.eq(access.id))
        .select(TransitionRow::as_select())
        .into_boxed();
    Ok(slice_by_creation!(query, slice, article_transitions)
        .load(connection)
        .await?)
}

/// Whether an article ever took a step.
pub async fn has_taken(connection: &mut Connection, article: RowId, step: Step) -> Result<bool, Failure> {
    let taken = article_transitions::table
        .filter(article_transitions::article_id.eq(article))
        .filter(article_transitions::step.eq(step.as_str()));
    Ok(diesel::select(diesel::dsl::exists(taken))
        .get_result(connection)
        .await?)
}

/// Records a step, in the transaction that takes it.
pub async fn record(connection: &mut Connection, new: NewTransition, stamp: &Stamp) -> Result<(), Failure> {
    diesel::insert_into(article_transitions::table)
        .values(&TransitionRow::new(new, stamp))
        .execute(connection)
        .await?;
    Ok(())
}
