//! Paragraphs: how they are told apart, and their Markdown.

use std::ops::Range;

use super::lines::{Lines, line_number, span_of};
use super::phrases;
use crate::documents::markdown::{self, LineBreaks};
use crate::documents::{BodyLayout, Confidence, Part, Warning};

/// Mail programs and editors fold text between these widths, in characters.
const FOLDING_WIDTHS: std::ops::RangeInclusive<usize> = 40..=120;

/// The paragraphs of a range of lines.
pub(super) struct Layout {
    pub(super) kind: BodyLayout,
    pub(super) confidence: Confidence,
    pub(super) paragraphs: Vec<Range<usize>>,
    pub(super) warnings: Vec<Warning>,
}

/// Decides what divides the paragraphs.
pub(super) fn read(lines: &Lines<'_>, range: Range<usize>) -> Layout {
    let blocks = lines.blocks(range);
    let (layout, confidence) = match blocks.as_slice() {
        [] => (BodyLayout::BlankLines, Confidence::Certain),
        [only] if only.len() == 1 => (BodyLayout::BlankLines, Confidence::Certain),
        [only] if is_folded(&texts(lines, only)) => (BodyLayout::FoldedParagraph, Confidence::Inferred),
        [_] => (BodyLayout::LinePerParagraph, Confidence::Inferred),
        many if long_pairs(lines, many) > many.len() - 1 => (BodyLayout::LinePerParagraph, Confidence::Ambiguous),
        _ => (BodyLayout::BlankLines, Confidence::Certain),
    };
    let warnings = match confidence {
        Confidence::Ambiguous => vec![mixed_layout(&blocks)],
        Confidence::Certain | Confidence::Inferred => Vec::new(),
    };
    let paragraphs = match layout {
        BodyLayout::LinePerParagraph => blocks.into_iter().flatten().map(|line| line..line + 1).collect(),
        BodyLayout::BlankLines | BodyLayout::FoldedParagraph | BodyLayout::Markdown => blocks,
    };
    Layout {
        kind: layout,
        confidence,
        paragraphs,
        warnings,
    }
}

/// The Markdown of paragraphs that follow each other, with their lines.
pub(super) fn part(
    lines: &Lines<'_>,
    paragraphs: &[Range<usize>],
    confidence: Confidence,
    authors: &[String],
) -> Part<String> {
    let texts = paragraphs.iter().map(|paragraph| texts(lines, paragraph));
    let value =
        markdown_of(texts.map(|lines| lines.into_iter().map(|line| phrases::unescape(line, authors)).collect()));
    let span = match (paragraphs.first(), paragraphs.last()) {
        (Some(first), Some(last)) => Some(span_of(&(first.start..last.end))),
        _ => None,
    };
    Part {
        value,
        span,
        confidence,
    }
}

/// The Markdown of paragraphs, each given by its lines.
pub(super) fn markdown_of<'line>(paragraphs: impl Iterator<Item = Vec<&'line str>>) -> String {
    let rendered = paragraphs.map(|lines| {
        let breaks = if is_folded(&lines) {
            LineBreaks::Soft
        } else {
            LineBreaks::Hard
        };
        markdown::paragraph(lines, breaks)
    });
    rendered.collect::<Vec<_>>().join("\n\n")
}

fn texts<'text>(lines: &Lines<'text>, paragraph: &Range<usize>) -> Vec<&'text str> {
    paragraph.clone().map(|index| lines.get(index)).collect()
}

/// Whether the lines are one paragraph folded at a width: no line had room for the first word of the next one.
fn is_folded(lines: &[&str]) -> bool {
    let widths = || lines.iter().map(|line| line.chars().count());
    let Some(width) = widths().max() else { return false };
    let first_words = lines
        .iter()
        .skip(1)
        .map(|line| line.split_whitespace().next().unwrap_or_default().chars().count());
    FOLDING_WIDTHS.contains(&width) && widths().zip(first_words).all(|(line, word)| line + 1 + word > width)
}

/// How many neighbouring lines are both longer than any folding, and so are paragraphs of their own.
fn long_pairs(lines: &Lines<'_>, blocks: &[Range<usize>]) -> usize {
    let is_long = |index: usize| lines.get(index).chars().count() > *FOLDING_WIDTHS.end();
    let pairs = blocks.iter().flat_map(|block| block.clone().zip(block.clone().skip(1)));
    pairs
        .filter(|(upper, lower)| is_long(*upper) && is_long(*lower))
        .count()
}

fn mixed_layout(blocks: &[Range<usize>]) -> Warning {
    Warning {
        line: blocks.first().map(|block| line_number(block.start)),
        code: "mixed-layout",
        detail: "Some paragraphs are divided by blank lines and most by line ends; each line was read as a paragraph."
            .to_owned(),
    }
}
