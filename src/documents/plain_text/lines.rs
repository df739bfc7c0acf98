//! The lines of a text, by index, with what structure needs to know of them.

use std::ops::Range;

use crate::documents::text::Text;
use crate::documents::{IgnoredLines, IgnoredReason, Span};

/// A longer line is a paragraph and never a heading, a byline or a name.
const LONGEST_STRUCTURE: usize = 400;

/// The column stops of a tab.
const TAB: usize = 4;

/// The lines of a text without their trailing blanks. An index counts from 0, a line number from 1.
pub(super) struct Lines<'text>(Vec<&'text str>);

impl<'text> Lines<'text> {
    pub(super) fn of(text: &'text Text) -> Self {
        Self(text.lines().map(|line| line.trim_end_matches([' ', '\t'])).collect())
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The line at `index`; past the end it is empty.
    pub(super) fn get(&self, index: usize) -> &'text str {
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Whether the line has nothing but blanks; a no-break space is one of them.
    pub(super) fn is_blank(&self, index: usize) -> bool {
        self.get(index).chars().all(char::is_whitespace)
    }

    /// The line as structure sees it: see [`shape`].
    pub(super) fn shape(&self, index: usize) -> String {
        shape(self.get(index))
    }

    pub(super) fn next_filled(&self, range: Range<usize>) -> Option<usize> {
        range.into_iter().find(|index| !self.is_blank(*index))
    }

    pub(super) fn last_filled(&self, range: Range<usize>) -> Option<usize> {
        range.into_iter().rev().find(|index| !self.is_blank(*index))
    }

    /// The range from its first to its last line that is not blank; empty when all are blank.
    pub(super) fn trim(&self, range: Range<usize>) -> Range<usize> {
        match (self.next_filled(range.clone()), self.last_filled(range.clone())) {
            (Some(first), Some(last)) => first..last + 1,
            _ => range.start..range.start,
        }
    }

    /// The runs of lines without a blank line among them.
    pub(super) fn blocks(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut blocks: Vec<Range<usize>> = Vec::new();
        for index in range.filter(|index| !self.is_blank(*index)) {
            match blocks.last_mut() {
                Some(block) if block.end == index => block.end = index + 1,
                _ => blocks.push(index..index + 1),
            }
        }
        blocks
    }

    pub(super) fn blank_runs(&self, range: Range<usize>) -> Vec<IgnoredLines> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for index in range.filter(|index| self.is_blank(*index)) {
            match runs.last_mut() {
                Some(run) if run.end == index => run.end = index + 1,
                _ => runs.push(index..index + 1),
            }
        }
        runs.into_iter()
            .map(|run| IgnoredLines {
                span: span_of(&run),
                reason: IgnoredReason::Blank,
            })
            .collect()
    }
}

/// The span of a range that is not empty.
pub(super) fn span_of(range: &Range<usize>) -> Span {
    Span {
        first_line: line_number(range.start),
        last_line: line_number(range.end.saturating_sub(1)),
    }
}

/// One line that no field takes.
pub(super) fn ignored_line(index: usize, reason: IgnoredReason) -> IgnoredLines {
    IgnoredLines {
        span: Span::line(line_number(index)),
        reason,
    }
}

/// The line number of an index.
pub(super) fn line_number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// The index of a line number.
pub(super) fn index_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)
}

/// The line with runs of blanks as one space and without outer blanks; empty when it is too long to be structure.
pub(super) fn collapse(line: &str) -> String {
    let line = line.trim();
    if line.len() > LONGEST_STRUCTURE {
        return String::new();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The collapsed line with straight quotes, to be compared and not to be shown.
pub(super) fn shape(line: &str) -> String {
    collapse(line)
        .replace(['\u{2018}', '\u{2019}'], "'")
        .replace(['\u{201c}', '\u{201d}', '\u{201e}'], "\"")
}

/// The width of the blanks that the line begins with, in columns.
pub(super) fn indentation(line: &str) -> usize {
    let blanks = line.chars().take_while(|character| character.is_whitespace());
    blanks.fold(0, next_column)
}

/// The line without its first blanks, up to `columns` of them.
pub(super) fn dedent(line: &str, columns: usize) -> &str {
    let mut column = 0;
    let mut rest = line.chars();
    loop {
        let before = rest.as_str();
        match rest.next() {
            Some(blank) if blank.is_whitespace() && next_column(column, blank) <= columns => {
                column = next_column(column, blank);
            }
            _ => return before,
        }
    }
}

const fn next_column(column: usize, blank: char) -> usize {
    match blank {
        '\t' => (column / TAB + 1) * TAB,
        _ => column + 1,
    }
}
