//! Which lines of a front matter belong to which value.

use super::node::{Entry, Located};
use crate::documents::Span;

/// The lines on which something begins. A value goes on to the line above the next beginning, without the blank lines
/// and the remarks between; values that begin on one line have the same span.
pub(super) struct Spans<'text> {
    beginnings: Vec<u32>,
    /// The last line of the block.
    last_line: u32,
    lines: &'text [&'text str],
}

impl<'text> Spans<'text> {
    /// `lines` are those of the whole file.
    pub(super) fn of(entries: &[Entry], last_line: u32, lines: &'text [&'text str]) -> Self {
        let mut beginnings = Vec::new();
        for entry in entries {
            entry.push_lines(&mut beginnings);
        }
        beginnings.sort_unstable();
        beginnings.dedup();
        Self {
            beginnings,
            last_line,
            lines,
        }
    }

    /// The span of a value that begins on `line`.
    pub(super) fn from(&self, line: u32) -> Span {
        let next = self.beginnings.partition_point(|beginning| *beginning <= line);
        let mut last_line = self
            .beginnings
            .get(next)
            .map_or(self.last_line, |beginning| beginning.saturating_sub(1));
        while last_line > line && self.is_between(last_line) {
            last_line -= 1;
        }
        Span {
            first_line: line,
            last_line: last_line.max(line),
        }
    }

    /// The span of an entry's value: a scalar begins with its key.
    pub(super) fn of_entry(&self, entry: &Entry) -> Span {
        self.from(entry.line)
    }

    /// The runs of lines of an entry with everything inside it.
    pub(super) fn whole(&self, entry: &Entry) -> Vec<Span> {
        let mut lines = Vec::new();
        entry.push_lines(&mut lines);
        self.runs(lines)
    }

    /// The runs of lines of a value with everything inside it.
    pub(super) fn whole_value(&self, value: &Located) -> Vec<Span> {
        let mut lines = Vec::new();
        value.push_lines(&mut lines);
        self.runs(lines)
    }

    fn runs(&self, mut lines: Vec<u32>) -> Vec<Span> {
        lines.sort_unstable();
        lines.dedup();
        lines.into_iter().map(|line| self.from(line)).collect()
    }

    /// Whether the line is blank or a remark; an indented `#` may be text.
    fn is_between(&self, line: u32) -> bool {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        self.lines
            .get(index)
            .is_some_and(|line| line.trim().is_empty() || line.starts_with('#'))
    }
}
