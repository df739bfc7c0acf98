//! Puts the page of a thread together from what was loaded: items, stubs where something is left out, and the two bounds
//! that no answer passes. Pure.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;
use uuid::Uuid;

use crate::comments::comment::{CommentRow, CommentState};
use crate::comments::thread_path::ThreadPath;
use crate::comments::thread_reading::{Arrangement, LoadedPart, Place, ThreadReading};
use crate::comments::views::ThreadItem;
use crate::http::page::{Cursors, Position};

/// The bytes that the items of an answer may have, so that all of it stays below one mebibyte.
const MOST_BYTES: usize = 1024 * 1024 - 16 * 1024;

/// The bytes that a stub has at most.
const STUB_BYTES: usize = 1024;

/// What is left of the bounds of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    items: usize,
    bytes: usize,
}

/// Something that stands on a page as a whole: a comment with the stub behind it, or a branch.
#[derive(Debug)]
pub struct Block {
    /// Its place in the list.
    pub position: Position,
    /// What the page shows of it.
    pub items: Vec<ThreadItem>,
}

/// Makes the items of one list.
pub struct PageMaker<'a> {
    cursors: &'a Cursors,
    article: Uuid,
    reading: ThreadReading,
}

/// Items that were put together, and whether the room was too small for more.
struct Branch {
    items: Vec<ThreadItem>,
    left: Room,
    is_cut_short: bool,
}

/// How many of the branches an answer of so many items can have at most, each with its replies; at least one if there is any.
/// It is an estimate by the counts of approved comments, which tells how many branches are worth loading.
#[must_use]
pub fn branches_within(limit: i64, replies: i32, rows: &[CommentRow]) -> usize {
    rows.iter()
        .scan(0_i64, |items, row| {
            let below = i64::from(replies.min(row.descendant_count).max(0));
            *items = items.saturating_add(1).saturating_add(below);
            Some(*items)
        })
        .take_while(|items| *items <= limit)
        .count()
        .max(usize::from(!rows.is_empty()))
}

impl<'a> PageMaker<'a> {
    /// For the thread of an article, read like this.
    #[must_use]
    pub fn new(cursors: &'a Cursors, article: Uuid, reading: ThreadReading) -> Self {
        Self {
            cursors,
            article,
            reading,
        }
    }

    /// A block for everything that was loaded, in its order, and how many of the blocks fit into an answer of so many items;
    /// those after them are empty.
    #[must_use]
    pub fn blocks(&self, arrangement: Arrangement, part: LoadedPart, limit: usize) -> (Vec<Block>, usize) {
        let LoadedPart {
            base,
            rows,
            complete,
            replies,
            ..
        } = part;
        let deepest = match arrangement {
            Arrangement::Flat(_) => i32::MAX,
            Arrangement::Conversation | Arrangement::Branches { .. } => base.saturating_add(self.reading.levels),
        };
        let mut below = by_branch(base, replies);
        let mut room = Room {
            items: limit,
            bytes: MOST_BYTES,
        };
        let (mut blocks, mut fitting, mut is_full) = (Vec::with_capacity(rows.len()), 0_usize, false);
        for (index, row) in rows.into_iter().enumerate() {
            let position = arrangement.position(&row);
            let mut items = Vec::new();
            if !is_full && index < complete {
                let replies = below.remove(&row.path).unwrap_or_default();
                let branch = match arrangement {
                    Arrangement::Branches { .. } => self.branch(row, replies, deepest, room),
                    Arrangement::Conversation | Arrangement::Flat(_) => self.single(row, deepest, room),
                };
                is_full = branch.is_cut_short;
                // The first one is on the page in any case, cut or not, so that every page leads on.
                if !is_full || index == 0 {
                    (items, room, fitting) = (branch.items, branch.left, index.saturating_add(1));
                }
            }
            blocks.push(Block { position, items });
        }
        (blocks, fitting)
    }

    /// The replies to a comment that stands by itself, within what an answer may have beside these bytes.
    #[must_use]
    pub fn replies(&self, row: &CommentRow, replies: Vec<CommentRow>, other_bytes: usize) -> Vec<ThreadItem> {
        let room = Room {
            items: usize::MAX,
            bytes: MOST_BYTES.saturating_sub(other_bytes),
        };
        let deepest = row.depth.saturating_add(self.reading.levels);
        let mut branch = self.branch(row.clone(), replies, deepest, room);
        branch.items.remove(0);
        branch.items
    }

    /// A comment, and the stub for what is below it on the deepest level.
    fn single(&self, row: CommentRow, deepest: i32, room: Room) -> Branch {
        let items = self.unit(row, deepest);
        match room.without(&items) {
            Some(left) => Branch {
                items,
                left,
                is_cut_short: false,
            },
            None => Branch {
                items,
                left: room,
                is_cut_short: true,
            },
        }
    }

    /// A comment with the first ones below it, as far as there is room, and a stub for the others.
    fn branch(&self, top: CommentRow, replies: Vec<CommentRow>, deepest: i32, room: Room) -> Branch {
        if top.depth >= deepest {
            return self.single(top, deepest, room);
        }
        let mut items = self.unit(top.clone(), deepest);
        let (mut left, mut is_cut_short) = match room.without(&items) {
            Some(left) => (left, false),
            None => (Room { items: 0, bytes: 0 }, true),
        };
        let mut missing = top.descendant_count;
        let mut end = Place::Path(top.path.clone()).position(top.id.0);
        for reply in replies {
            let behind = Place::behind(&reply, deepest);
            let missing_then = missing.saturating_sub(told_of(&reply, deepest));
            let unit = self.unit(reply, deepest);
            let stub = Room::of_stub(missing_then);
            let Some(room) = left.without(&unit).filter(|left| left.holds(stub)) else {
                is_cut_short = true;
                break;
            };
            (left, missing, end) = (room, missing_then, behind);
            items.extend(unit);
        }
        if missing > 0 {
            let list = self.reading.below(top.id.0).identity(self.article);
            let cursor = self.cursors.after(&list, &end);
            let stub = [ThreadItem::more(&top, missing, cursor)];
            match left.without(&stub) {
                Some(room) => left = room,
                None => is_cut_short = true,
            }
            items.extend(stub);
        }
        Branch {
            items,
            left,
            is_cut_short,
        }
    }

    fn unit(&self, row: CommentRow, deepest: i32) -> Vec<ThreadItem> {
        let stub = (row.depth >= deepest && row.descendant_count > 0).then(|| {
            let list = self.reading.below(row.id.0).identity(self.article);
            let start = Place::Path(row.path.clone()).position(row.id.0);
            ThreadItem::more(&row, row.descendant_count, self.cursors.after(&list, &start))
        });
        std::iter::once(ThreadItem::comment(row)).chain(stub).collect()
    }
}

impl Room {
    /// What a stub for so many comments takes.
    fn of_stub(missing: i32) -> Self {
        match missing > 0 {
            true => Self {
                items: 1,
                bytes: STUB_BYTES,
            },
            false => Self { items: 0, bytes: 0 },
        }
    }

    fn holds(self, other: Self) -> bool {
        self.items >= other.items && self.bytes >= other.bytes
    }

    /// The room that is left when the items are there, if there is room for them.
    fn without(self, items: &[ThreadItem]) -> Option<Self> {
        let bytes = items.iter().map(json_length).fold(0_usize, usize::saturating_add);
        Some(Self {
            items: self.items.checked_sub(items.len())?,
            bytes: self.bytes.checked_sub(bytes)?,
        })
    }
}

/// The comments above another one, with as many of their texts as there is room for: those nearest to it.
#[must_use]
pub fn ancestors(rows: Vec<CommentRow>, other_bytes: usize) -> (Vec<ThreadItem>, usize) {
    let mut bytes = other_bytes;
    let mut items: Vec<ThreadItem> = rows
        .into_iter()
        .rev()
        .map(|row| {
            let item = ThreadItem::comment(row);
            let length = json_length(&item);
            let item = match bytes.saturating_add(length) <= MOST_BYTES / 2 {
                true => item,
                false => ThreadItem {
                    body_text: None,
                    body_html: None,
                    ..item
                },
            };
            bytes = bytes.saturating_add(json_length(&item));
            item
        })
        .collect();
    items.reverse();
    (items, bytes)
}

/// The bytes that something takes in an answer, with the comma behind it.
#[must_use]
pub fn json_length(value: &impl Serialize) -> usize {
    let mut counter = Counter(1);
    // Counting cannot fail, and what cannot be written as JSON fails when the answer is.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many approved comments a page tells of with this one: itself, and those that the stub behind it stands for.
fn told_of(row: &CommentRow, deepest: i32) -> i32 {
    let own = i32::from(row.state() == CommentState::Approved);
    match row.depth >= deepest {
        true => own.saturating_add(row.descendant_count),
        false => own,
    }
}

/// The comments by the path of the branch that they stand in, which is one level below the base.
fn by_branch(base: i32, replies: Vec<CommentRow>) -> BTreeMap<String, Vec<CommentRow>> {
    let mut branches: BTreeMap<String, Vec<CommentRow>> = BTreeMap::new();
    let length = usize::try_from(ThreadPath::length_on(base.saturating_add(1))).unwrap_or_default();
    for reply in replies {
        let top = reply.path.get(..length).unwrap_or_default().to_owned();
        branches.entry(top).or_default().push(reply);
    }
    branches
}
