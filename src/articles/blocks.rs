//! The text of an article as a flat list of its blocks, each with its own HTML and text. Pure.
//!
//! A block is what stands at the top of the text: a paragraph, a heading, a whole list. Raw HTML that begins in one of
//! them and ends in another makes one block of all that is between. Each block is sanitized by itself, with the rules of
//! the whole.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Tag, TagEnd};
use serde::Serialize;
use utoipa::ToSchema;

use crate::markup::{self, Policy, RawTag};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Running text.
    Paragraph,
    /// A heading, with its level.
    Heading,
    /// A list with all its items.
    List,
    /// A quotation.
    Quote,
    /// Program code, with its language where that is told.
    Code,
    /// A picture that stands alone.
    Image,
    /// A table.
    Table,
    /// A line between two parts of the text.
    Rule,
    /// Raw HTML.
    Html,
    /// A note to a place in the text.
    Footnote,
}

/// One block of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// The level of a heading, from 1.
    pub level: Option<u32>,
    /// The language of code, as written.
    pub language: Option<String>,
    /// Sanitized HTML.
    pub html: String,
    /// The text without markup.
    pub text: String,
    /// Where a picture is.
    pub url: Option<String>,
    /// What a picture shows.
    pub alt: Option<String>,
}

/// The blocks of a text in Markdown. One of which the sanitizer leaves nothing is none.
#[must_use]
pub fn blocks(markdown: &str) -> Vec<Block> {
    let events: Vec<Event<'_>> = markup::article_events(markdown).collect();
    let ranges = joined(top_level(&events), &events);
    let mut footnotes = Footnotes::default();
    ranges
        .into_iter()
        .filter_map(|group| block(&events, group, &mut footnotes))
        .collect()
}

/// Events that make one block.
struct Group {
    events: Range<usize>,
    /// Whether raw HTML holds several parts of the text together.
    is_joined: bool,
}

fn block(events: &[Event<'_>], group: Group, footnotes: &mut Footnotes) -> Option<Block> {
    let events = events.get(group.events)?;
    let numbered: Vec<Event<'_>> = events.iter().map(|event| footnotes.numbered(event)).collect();
    let length = events.len().saturating_mul(32);
    let block = Block {
        kind: BlockKind::Html,
        level: None,
        language: None,
        html: markup::html_of(numbered.into_iter(), length, Policy::Article),
        text: markup::text_of(events.iter().cloned(), length),
        url: None,
        alt: None,
    };
    let is_nothing = block.html.is_empty() && block.text.is_empty();
    match group.is_joined {
        _ if is_nothing => None,
        true => Some(block),
        false => Some(of_its_kind(block, events)),
    }
}

/// A block with what the first of its events says of it.
fn of_its_kind(block: Block, events: &[Event<'_>]) -> Block {
    let kind = match events.first() {
        Some(Event::Start(Tag::HtmlBlock)) => BlockKind::Html,
        Some(Event::Start(Tag::BlockQuote(_))) => BlockKind::Quote,
        Some(Event::Start(Tag::List(_))) => BlockKind::List,
        Some(Event::Start(Tag::Table(_))) => BlockKind::Table,
        Some(Event::Start(Tag::FootnoteDefinition(_))) => BlockKind::Footnote,
        Some(Event::Rule) => BlockKind::Rule,
        Some(Event::Start(Tag::Heading { level, .. })) => {
            return Block {
                kind: BlockKind::Heading,
                level: Some(number(*level)),
                ..block
            };
        }
        Some(Event::Start(Tag::CodeBlock(code))) => {
            return Block {
                kind: BlockKind::Code,
                language: language(code),
                ..block
            };
        }
        Some(_) | None => return paragraph_or_image(block, events),
    };
    Block { kind, ..block }
}

fn paragraph_or_image(block: Block, events: &[Event<'_>]) -> Block {
    match lone_image(events) {
        None => Block {
            kind: BlockKind::Paragraph,
            ..block
        },
        Some(url) => Block {
            kind: BlockKind::Image,
            url: Some(url),
            alt: Some(block.text.clone()).filter(|alt| !alt.is_empty()),
            ..block
        },
    }
}

/// The address of the picture when a paragraph is nothing else and the sanitizer shows it.
fn lone_image(paragraph: &[Event<'_>]) -> Option<String> {
    let [
        Event::Start(Tag::Paragraph),
        Event::Start(Tag::Image { dest_url, .. }),
        inner @ ..,
        Event::End(TagEnd::Image),
        Event::End(TagEnd::Paragraph),
    ] = paragraph
    else {
        return None;
    };
    // An end without a begin is that of the first of several pictures.
    let is_end = |range: &Range<usize>| matches!(inner.get(range.clone()), Some([Event::End(_)]));
    let is_alone = !top_level(inner).iter().any(is_end);
    (is_alone && markup::is_shown_address(dest_url)).then(|| dest_url.to_string())
}

fn number(level: HeadingLevel) -> u32 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// The first word above a block of code, as its HTML has it too.
fn language(code: &CodeBlockKind<'_>) -> Option<String> {
    match code {
        CodeBlockKind::Indented => None,
        CodeBlockKind::Fenced(info) => info
            .split(' ')
            .next()
            .filter(|word| !word.is_empty())
            .map(str::to_owned),
    }
}

/// The events of each block, from its first to its last.
fn top_level(events: &[Event<'_>]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut depth, mut start) = (0_usize, 0_usize);
    for (index, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth = depth.saturating_add(1),
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            ranges.push(start..index.saturating_add(1));
            start = index.saturating_add(1);
        }
    }
    ranges
}

/// Joins the blocks between the begin and the end of an element of raw HTML.
fn joined(ranges: Vec<Range<usize>>, events: &[Event<'_>]) -> Vec<Group> {
    let mut open: Vec<(String, usize)> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for range in ranges {
        let mut group = Group {
            events: range.clone(),
            is_joined: false,
        };
        for tag in events.get(range).unwrap_or_default().iter().flat_map(tags) {
            match tag {
                RawTag::Start(name) => open.push((name, group.events.end)),
                RawTag::End(name) => {
                    let Some(place) = open.iter().rposition(|(opened, _)| *opened == name) else {
                        continue;
                    };
                    let begun = open.get(place).map_or(0, |(_, end)| *end);
                    open.truncate(place);
                    while let Some(above) = groups.pop_if(|above| begun <= above.events.end) {
                        group.events.start = above.events.start;
                        group.is_joined = true;
                    }
                }
            }
        }
        groups.push(group);
    }
    groups
}

fn tags(event: &Event<'_>) -> Vec<RawTag> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => markup::raw_tags(html).collect(),
        _ => Vec::new(),
    }
}

/// The numbers of the footnotes, which go on from block to block.
#[derive(Default)]
struct Footnotes {
    numbers: HashMap<String, usize>,
    images: usize,
}

impl Footnotes {
    /// The event as it is written in its place in the whole text.
    fn numbered<'text>(&mut self, event: &Event<'text>) -> Event<'text> {
        match event {
            Event::Start(Tag::Image { .. }) => self.images = self.images.saturating_add(1),
            Event::End(TagEnd::Image) => self.images = self.images.saturating_sub(1),
            Event::FootnoteReference(name) => return self.reference(name),
            Event::Start(Tag::FootnoteDefinition(name)) => {
                let (id, number) = (escaped(name), self.number(name));
                return html(format!(
                    "<div class=\"footnote-definition\" id=\"{id}\"><sup class=\"footnote-definition-label\">{number}</sup>"
                ));
            }
            Event::End(TagEnd::FootnoteDefinition) => return html("</div>\n".to_owned()),
            _ => {}
        }
        event.clone()
    }

    fn reference<'text>(&mut self, name: &str) -> Event<'text> {
        let number = self.number(name);
        match self.images {
            0 => Event::InlineHtml(CowStr::from(format!(
                "<sup class=\"footnote-reference\"><a href=\"#{}\">{number}</a></sup>",
                escaped(name)
            ))),
            // What a picture shows is told without markup.
            _ => Event::Text(CowStr::from(format!("[{number}]"))),
        }
    }

    fn number(&mut self, name: &str) -> usize {
        let next = self.numbers.len().saturating_add(1);
        *self.numbers.entry(name.to_owned()).or_insert(next)
    }
}

fn html<'text>(html: String) -> Event<'text> {
    Event::Html(CowStr::from(html))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markup::Rendered;

    /// The kind, the HTML and the text of each block.
    fn shown(markdown: &str) -> Vec<(BlockKind, String, String)> {
        let blocks = blocks(markdown).into_iter();
        blocks.map(|block| (block.kind, block.html, block.text)).collect()
    }

    fn only(markdown: &str) -> Block {
        let mut blocks = blocks(markdown);
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        blocks.remove(0)
    }

    fn without_blanks(text: &str) -> String {
        text.split_whitespace().collect()
    }

    fn adds_up(markdown: &str) {
        let whole = Rendered::new(markdown.to_owned(), Policy::Article);
        let blocks = blocks(markdown);
        let html: String = blocks.iter().map(|block| block.html.as_str()).collect();
        assert_eq!(without_blanks(&html), without_blanks(&whole.html), "{markdown:?}");
        let texts: Vec<&str> = blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(
            without_blanks(&texts.concat()),
            without_blanks(&whole.text),
            "{markdown:?}"
        );
    }

    #[test]
    fn every_kind_of_block_is_told() {
        use BlockKind::{Code, Footnote, Heading, Html, Image, List, Paragraph, Quote, Rule, Table};

        let markdown = "One *two*.\n\n## Head\n\n- a\n- b\n\n  c\n\n> said\n\n```rust ignore\nfn x() {}\n```\n\n    plain\n\n\
                        ![Two cranes](https://a.example/c.png)\n\n| x |\n|---|\n| 1 |\n\n---\n\n<div>raw</div>\n\nA note[^1].\n\n[^1]: Noted.\n";
        let kinds: Vec<BlockKind> = blocks(markdown).iter().map(|block| block.kind).collect();
        assert_eq!(
            kinds,
            [
                Paragraph, Heading, List, Quote, Code, Code, Image, Table, Rule, Html, Paragraph, Footnote
            ]
        );
        adds_up(markdown);
    }

    #[test]
    fn a_heading_has_a_level_and_code_a_language() {
        assert_eq!(only("#### Deep").level, Some(4));
        assert_eq!(only("```rust ignore\nx\n```").language.as_deref(), Some("rust"));
        assert_eq!(only("```\nx\n```").language, None);
    }

    #[test]
    fn a_picture_alone_in_a_paragraph_is_a_picture() {
        let picture = only("![Two *cranes*](https://a.example/c.png \"Dawn\")");
        assert_eq!(picture.kind, BlockKind::Image);
        assert_eq!(picture.url.as_deref(), Some("https://a.example/c.png"));
        assert_eq!(picture.alt.as_deref(), Some("Two cranes"));
        assert_eq!(only("![](/c.png)").alt, None);
        for markdown in [
            "See ![a](https://a.example/a.png)",
            "![a](https://a.example/a.png) ![b](https://a.example/b.png)",
            "[![a](https://a.example/a.png)](https://a.example)",
            "![a](javascript:alert(1))",
        ] {
            let block = only(markdown);
            assert_eq!((block.kind, block.url), (BlockKind::Paragraph, None), "{markdown}");
        }
    }

    #[test]
    fn each_block_is_sanitized() {
        let shown = shown("<script>alert(1)</script>\n\n<p onclick=\"x()\">a</p>\n\n[x](javascript:alert(1))\n");
        let html: Vec<&str> = shown.iter().map(|(_, html, _)| html.as_str()).collect();
        assert_eq!(html, ["<p>a</p>", "<p><a rel=\"noopener noreferrer\">x</a></p>"]);
    }

    #[test]
    fn html_around_other_blocks_makes_one_block_of_them() {
        let markdown = "Before\n\n<div>\n\n*Inside*\n\n<b>\n\nmore</b>\n\n</div>\n\nAfter <b>bold</b>\n";
        let kinds: Vec<BlockKind> = blocks(markdown).iter().map(|block| block.kind).collect();
        assert_eq!(kinds, [BlockKind::Paragraph, BlockKind::Html, BlockKind::Paragraph]);
        adds_up(markdown);
        // What is never closed holds nothing together.
        assert_eq!(blocks("<div>\n\nOne\n\nTwo\n").len(), 3);
    }

    #[test]
    fn footnotes_are_numbered_through() {
        adds_up("One[^b] ![x[^a]](y.png).\n\nTwo[^a], [^b].\n\n[^a]: First & *last*.\n\n[^b]: Second.\n\n    More.\n");
    }

    proptest! {
        #[test]
        fn blocks_are_the_whole(lines in prop::collection::vec(
            "[-+*>#] {0,3}[a-z*_`&]{0,6}|#{1,6} [a-z ]{0,8}|`{3}[a-z]{0,2}|[0-9]{1,2}[.)] [a-z]|\\|[a-z ]{1,3}\\|[a-z ]{1,3}\\||\\|-\\|-\\||\
             ---|===|!\\[[a-z]{0,3}\\]\\([a-z:/.]{0,9}\\)|\\[[a-z]\\]\\(https://[a-z]{1,3}\\)| {0,5}[a-z*_`~!&;\\[\\]()\\\\ ]{0,12}|",
            0..12,
        )) {
            adds_up(&lines.join("\n"));
        }

        #[test]
        fn no_text_breaks_out_of_its_block(markdown in "(<|>|script|onload=|div|/|\"|'|\\[|\\]|\\(|javascript:|\\)|`|\\PC|\n){0,40}") {
            for block in blocks(&markdown) {
                prop_assert!(!block.html.contains("<script"));
            }
        }
    }
}
