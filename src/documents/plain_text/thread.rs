//! Where the comment section begins and what closes it, found from the end of the text.

use std::ops::Range;

use super::comments::starts;
use super::lines::{Lines, collapse, ignored_line, line_number};
use super::phrases::{self, CommentHeading};
use crate::documents::{IgnoredLines, IgnoredReason, Part, Span, ThreadClosing, ThreadState, Warning};

/// The lower part of the text.
pub(super) struct Section {
    /// The index of the first line below the body.
    pub(super) body_end: usize,
    /// How many comments the heading promises, and its index.
    pub(super) stated: Option<(u32, usize)>,
    /// The lines of the comments; empty when there is no comment section.
    pub(super) comments: Range<usize>,
    pub(super) closing: Option<Part<ThreadClosing>>,
    pub(super) ignored: Vec<IgnoredLines>,
    pub(super) warnings: Vec<Warning>,
}

/// Finds the comment section below `start`, the first line below the header.
pub(super) fn find(lines: &Lines<'_>, start: usize, title: &str) -> Section {
    let mut section = Section {
        body_end: lines.len(),
        ..Section::without_thread(lines)
    };
    let end = section.take_tail(lines, start);
    section.body_end = end;
    section.comments = end..end;
    if let Some((index, heading)) = find_heading(lines, start..end, title) {
        section.take_heading(lines, index, heading, end);
    }
    section.warn_of_loose_comments(lines, start);
    section.body_end = section.take_footers(lines, start, section.body_end);
    section
}

impl Section {
    /// A text of nothing but a header and a body.
    pub(super) fn without_thread(lines: &Lines<'_>) -> Self {
        Self {
            body_end: lines.len(),
            stated: None,
            comments: lines.len()..lines.len(),
            closing: None,
            ignored: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Takes closing and footers from the end of the text and returns the index below what is left.
    fn take_tail(&mut self, lines: &Lines<'_>, start: usize) -> usize {
        let mut end = self.take_footers(lines, start, lines.len());
        if let Some(last) = lines
            .last_filled(start..end)
            .filter(|last| phrases::is_closing(lines.get(*last)))
        {
            self.close(lines, last);
            end = self.take_footers(lines, start, last);
        }
        end
    }

    fn take_footers(&mut self, lines: &Lines<'_>, start: usize, end: usize) -> usize {
        let mut end = end;
        while let Some(last) = lines
            .last_filled(start..end)
            .filter(|last| phrases::is_footer(lines.get(*last)))
        {
            if phrases::closes_in_passing(lines.get(last)) && self.closing.is_none() {
                self.close(lines, last);
            } else {
                self.ignored.push(ignored_line(last, IgnoredReason::PageFooter));
            }
            end = last;
        }
        end
    }

    fn take_heading(&mut self, lines: &Lines<'_>, index: usize, heading: CommentHeading, end: usize) {
        self.ignored.push(ignored_line(index, IgnoredReason::CommentHeading));
        self.body_end = index;
        self.comments = index + 1..self.take_form(lines, index + 1..end);
        if let CommentHeading::Counted(number) = heading {
            self.stated = Some((number, index));
        }
        let first = lines
            .next_filled(self.comments.clone())
            .filter(|first| phrases::is_closing(lines.get(*first)));
        if let Some(first) = first {
            self.take_closing_above_comments(lines, first);
        }
    }

    fn take_closing_above_comments(&mut self, lines: &Lines<'_>, index: usize) {
        self.comments.start = index + 1;
        match self.closing {
            None => self.close(lines, index),
            Some(_) => self.ignored.push(ignored_line(index, IgnoredReason::PageControl)),
        }
    }

    /// Takes the comment form below the comments: `Leave a Reply` with nothing but labels and buttons below it.
    fn take_form(&mut self, lines: &Lines<'_>, range: Range<usize>) -> usize {
        let is_form = |index: usize| phrases::comment_heading(lines.get(index), "") == Some(CommentHeading::Form);
        let labels = range
            .clone()
            .rev()
            .take_while(|index| lines.is_blank(*index) || phrases::is_control(lines.get(*index)) || is_form(*index));
        let Some(form) = labels.filter(|index| is_form(*index)).last() else {
            return range.end;
        };
        for index in (form..range.end).filter(|index| !lines.is_blank(*index)) {
            let reason = if is_form(index) {
                IgnoredReason::CommentHeading
            } else {
                IgnoredReason::PageControl
            };
            self.ignored.push(ignored_line(index, reason));
        }
        form
    }

    fn close(&mut self, lines: &Lines<'_>, index: usize) {
        let closing = ThreadClosing {
            state: ThreadState::Closed,
            closes_at: None,
            message: Some(collapse(lines.get(index))).filter(|message| !message.is_empty()),
            listed: None,
        };
        self.closing = Some(Part::certain(closing, Span::line(line_number(index))));
    }

    /// A `NAME says:` with a date below it, in a text without a heading, stays text; somebody should look at it.
    fn warn_of_loose_comments(&mut self, lines: &Lines<'_>, start: usize) {
        let loose = (start..self.body_end).find(|index| starts::is_dated_start(lines, *index));
        if let Some(index) = loose {
            self.warnings.push(Warning {
                line: Some(line_number(index)),
                code: "comments-without-heading",
                detail: "This line looks like the beginning of a comment, but no heading such as “2 Comments” stands above it; it was kept as text.".to_owned(),
            });
        }
    }
}

/// The last line that is a heading of comments; a heading of the form only when no other heading stands above it.
fn find_heading(lines: &Lines<'_>, range: Range<usize>, title: &str) -> Option<(usize, CommentHeading)> {
    let mut form = None;
    for index in range.clone().rev() {
        let Some(heading) = phrases::comment_heading(lines.get(index), title) else {
            continue;
        };
        let next = lines.next_filled(index + 1..range.end);
        let leads_to_start = next.is_some_and(|next| starts::has_form_of_start(lines.get(next)));
        let leads_to_nothing = next.is_none_or(|next| {
            phrases::is_control(lines.get(next))
                || phrases::comment_heading(lines.get(next), title) == Some(CommentHeading::Form)
        });
        match heading {
            CommentHeading::Form if form.is_none() && (leads_to_start || leads_to_nothing) => {
                form = Some((index, heading));
            }
            CommentHeading::Uncounted if !leads_to_start => {}
            // `No Comments` in the middle of a text is a sentence, not a heading of what follows.
            CommentHeading::Counted(0) if !leads_to_start && !leads_to_nothing => {}
            CommentHeading::Counted(_) | CommentHeading::Uncounted => return Some((index, heading)),
            CommentHeading::Form => {}
        }
    }
    form
}
