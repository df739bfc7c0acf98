//! What listeners are told, as text of an event stream (HTML Living Standard, section 9.2). Pure.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::comments::comment::{CommentRow, ThreadRow};
use crate::comments::views::{ThreadItem, ThreadOut};

/// The most comments that are told one by one; whoever missed more reads the thread anew.
pub const MOST_TOLD: i64 = 1_000;

/// Milliseconds after which a listener that lost its connection comes again.
const RETRY_MILLISECONDS: u32 = 3_000;

/// What keeps the connection of a listener alive while nothing happens: a comment of the event stream.
pub const KEEP_ALIVE: Bytes = Bytes::from_static(b":\n\n");

/// The data of an event `gone`: readers see a comment no longer, nor its place.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentGoneOut {
    /// The id of the comment.
    pub id: Uuid,
}

/// The data of an event `reload`: more changed than is told one by one.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadReloadOut {
    /// The change sequence of the thread as it is now.
    #[schema(example = 4_711)]
    pub change_sequence: i64,
}

/// The changes of a thread between two change sequences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// It has everything after this change sequence,
    pub after: i64,
    /// up to this one.
    pub until: i64,
    /// The events.
    pub text: Bytes,
}

/// How a listener that knows a thread up to a change sequence is told the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// There is nothing to tell.
    Nothing,
    /// One comment after the other.
    Changes,
    /// It reads the thread anew: there is too much, or it knows of changes that never were.
    Reload,
}

impl CatchUp {
    /// How to bring a listener from one change sequence to another.
    #[must_use]
    pub fn between(known: i64, current: i64) -> Self {
        match current.checked_sub(known) {
            Some(0) => Self::Nothing,
            Some(1..=MOST_TOLD) => Self::Changes,
            Some(_) | None => Self::Reload,
        }
    }
}

/// The beginning of every stream: how soon to come again, and what the listener missed.
#[must_use]
pub fn greeting(missed: &Batch) -> Bytes {
    let retry = format!("retry: {RETRY_MILLISECONDS}\n\n");
    [retry.as_bytes(), &missed.text].concat().into()
}

/// The events for these comments of the thread, in the order of their change sequences, and for the thread itself, which
/// comes last: its id says that all before it was told.
///
/// # Errors
/// When something cannot be written as JSON, which is a defect.
pub fn changes(after: i64, thread: &ThreadRow, rows: Vec<CommentRow>) -> Result<Batch, serde_json::Error> {
    let mut text = String::new();
    for row in rows {
        push_comment(&mut text, row)?;
    }
    push_thread(&mut text, thread)?;
    Ok(Batch {
        after,
        until: thread.change_sequence,
        text: text.into(),
    })
}

/// The event for a listener that shall read the thread anew.
///
/// # Errors
/// When something cannot be written as JSON, which is a defect.
pub fn reload(after: i64, thread: &ThreadRow) -> Result<Batch, serde_json::Error> {
    let mut text = String::new();
    let change_sequence = thread.change_sequence;
    push(&mut text, "reload", &ThreadReloadOut { change_sequence })?;
    push_thread(&mut text, thread)?;
    Ok(Batch {
        after,
        until: change_sequence,
        text: text.into(),
    })
}

fn push_comment(text: &mut String, row: CommentRow) -> Result<(), serde_json::Error> {
    match row.is_visible() {
        true => push(text, "comment", &ThreadItem::comment(row)),
        false => push(text, "gone", &CommentGoneOut { id: row.id.0 }),
    }
}

fn push_thread(text: &mut String, thread: &ThreadRow) -> Result<(), serde_json::Error> {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "id: {}", thread.change_sequence);
    push(text, "thread", &ThreadOut::from(thread))
}

/// JSON has no line ends of its own, so the data is one line.
fn push(text: &mut String, name: &str, data: &impl Serialize) -> Result<(), serde_json::Error> {
    let data = serde_json::to_string(data)?;
    let _ = write!(text, "event: {name}\ndata: {data}\n\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_told_what_it_missed_unless_that_is_too_much() {
        for (known, current, expected) in [
            (7, 7, CatchUp::Nothing),
            (6, 7, CatchUp::Changes),
            (0, MOST_TOLD, CatchUp::Changes),
            (0, MOST_TOLD + 1, CatchUp::Reload),
            (8, 7, CatchUp::Reload),
            (i64::MIN, i64::MAX, CatchUp::Reload),
        ] {
            assert_eq!(CatchUp::between(known, current), expected, "{known} to {current}");
        }
    }

    #[test]
    fn data_is_one_line_whatever_it_holds() {
        let mut text = String::new();
        push(&mut text, "comment", &"a\nb\r\n\u{2028}data: x").unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.ends_with("\n\n"));
        assert!(!text.contains('\r'));
    }
}
