//! Markdown into HTML that is safe to show, plain text, and the figures that follow from it. All of it at write.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};
use unicode_segmentation::UnicodeSegmentation as _;

/// Characters of an excerpt that is made from the text.
const EXCERPT_CHARACTERS: usize = 280;

/// Words that a reader reads in a minute, the mean for English prose (Brysbaert 2019).
const WORDS_PER_MINUTE: u32 = 238;

/// What may stand in a rendered text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// What editors write: the whole of `CommonMark`, with tables and pictures. Raw HTML passes if it is on the list.
    Article,
    /// What is told about a person: paragraphs, emphasis, lists and links.
    Bio,
    /// What readers write: the same, raw HTML is shown as the text it is, and links earn nothing with search engines.
    Comment,
}

/// A text in every form that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The source.
    pub markdown: String,
    /// The HTML, sanitized by an allow-list.
    pub html: String,
    /// The text without markup; blocks are divided by a blank line.
    pub text: String,
    /// The words of the text (Unicode Standard Annex 29).
    pub word_count: i32,
}

impl Rendered {
    /// Renders a text.
    #[must_use]
    pub fn new(markdown: String, policy: Policy) -> Self {
        let text = plain_text(&markdown, policy);
        let word_count = i32::try_from(text.unicode_words().count()).unwrap_or(i32::MAX);
        Self {
            html: sanitized_html(&markdown, policy),
            text,
            word_count,
            markdown,
        }
    }

    /// The same on a thread for blocking work, since a long text would hold up the other requests of its worker.
    ///
    /// # Errors
    /// The message of the panic, if there was one.
    pub async fn off_worker(markdown: String, policy: Policy) -> Result<Self, String> {
        tokio::task::spawn_blocking(move || Self::new(markdown, policy))
            .await
            .map_err(|panic| panic.to_string())
    }
}

/// How many links a comment has: those that are shown, and the addresses that stand in its text without being one, since
/// readers and many programs make links of them.
#[must_use]
pub fn comment_links(comment: &Rendered) -> usize {
    // What looks like a tag in the text is escaped, so each of these is one.
    let shown = comment.html.matches("<a ").count();
    shown.saturating_add(bare_addresses(&text_beside_links(&comment.markdown)))
}

/// The text of a comment without that of its links.
fn text_beside_links(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut open_links = 0_usize;
    for event in parser(markdown, Policy::Comment) {
        match event {
            Event::Start(Tag::Link { .. }) => open_links = open_links.saturating_add(1),
            Event::End(TagEnd::Link) => {
                open_links = open_links.saturating_sub(1);
                text.push(' ');
            }
            Event::Text(part) | Event::Code(part) if open_links == 0 => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => text.push(' '),
            _ => {}
        }
    }
    text
}

/// The addresses in a text: what begins with `http://` or `https://`, and with `www.` where that is not part of one.
fn bare_addresses(text: &str) -> usize {
    let text = text.to_ascii_lowercase();
    let with_scheme = text
        .matches("http://")
        .count()
        .saturating_add(text.matches("https://").count());
    let without = text
        .match_indices("www.")
        .filter(|(at, _)| {
            let before = text.get(..*at).unwrap_or_default();
            !before.ends_with("://") && !before.ends_with(|c: char| c.is_alphanumeric() || c == '.' || c == '@')
        })
        .count();
    with_scheme.saturating_add(without)
}

/// The text without markup, as [`Rendered`] has it.
#[must_use]
pub fn text(markdown: &str, policy: Policy) -> String {
    plain_text(markdown, policy)
}

/// An excerpt made from a text: its beginning, cut between words.
#[must_use]
pub fn excerpt_of(text: &str) -> String {
    let folded: String = text
        .split_whitespace()
        .intersperse_blanks()
        .take(EXCERPT_CHARACTERS * 4)
        .collect();
    match folded.char_indices().nth(EXCERPT_CHARACTERS) {
        None => folded,
        Some((end, _)) => {
            let head = folded.get(..end).unwrap_or_default();
            let words = head.rsplit_once(' ').map_or(head, |(words, _)| words);
            format!("{}…", words.trim_end_matches(|c: char| c.is_ascii_punctuation()))
        }
    }
}

/// Minutes that reading takes, at least one.
#[must_use]
pub fn reading_minutes(word_count: i32) -> u32 {
    u32::try_from(word_count)
        .unwrap_or_default()
        .div_ceil(WORDS_PER_MINUTE)
        .max(1)
}

trait IntersperseBlanks<'text>: Iterator<Item = &'text str> + Sized {
    /// The characters of the words with one blank between them.
    fn intersperse_blanks(self) -> impl Iterator<Item = char> {
        self.enumerate()
            .flat_map(|(index, word)| (index > 0).then_some(' ').into_iter().chain(word.chars()))
    }
}

impl<'text, I: Iterator<Item = &'text str>> IntersperseBlanks<'text> for I {}

/// What our Markdown has beyond `CommonMark`. Whoever looks into a text reads it with the same options.
pub(crate) const OPTIONS: Options = Options::ENABLE_STRIKETHROUGH
    .union(Options::ENABLE_TABLES)
    .union(Options::ENABLE_FOOTNOTES);

fn parser(markdown: &str, policy: Policy) -> impl Iterator<Item = Event<'_>> {
    let shows_html = policy != Policy::Article;
    let mut nesting = Nesting::default();
    let mut raw_html = RawHtmlNesting::default();
    Parser::new_ext(markdown, OPTIONS)
        .filter(move |event| nesting.admits(event))
        .map(move |event| match event {
            Event::Html(text) | Event::InlineHtml(text) if shows_html || !raw_html.admits(&text) => Event::Text(text),
            // Shown as text, a block of HTML is a paragraph.
            Event::Start(Tag::HtmlBlock) if shows_html => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) if shows_html => Event::End(TagEnd::Paragraph),
            other => other,
        })
}

/// The most quotations and lists inside one another. The sanitizer's work grows with the square of the depth, so that a
/// line of ten thousand `>` would keep it busy for seconds; what is deeper stands at this depth.
const MAX_NESTING: usize = 32;

/// How deep the text stands in quotations and lists.
#[derive(Default)]
struct Nesting {
    depth: usize,
}

impl Nesting {
    /// Whether the event stays: the begin and the end of what is nested too deeply go.
    fn admits(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(Tag::BlockQuote(_) | Tag::List(_) | Tag::Item | Tag::FootnoteDefinition(_)) => {
                self.depth = self.depth.saturating_add(1);
                self.depth <= MAX_NESTING
            }
            Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item | TagEnd::FootnoteDefinition) => {
                let is_shown = self.depth <= MAX_NESTING;
                self.depth = self.depth.saturating_sub(1);
                is_shown
            }
            _ => true,
        }
    }
}

/// How many elements of raw HTML are open, for the same reason: the parser takes formatting that was never closed up again
/// in every paragraph that follows.
#[derive(Default)]
struct RawHtmlNesting {
    open: usize,
}

/// Elements that have no end, or that end by themselves where the next one begins.
const SELF_ENDING: [&str; 21] = [
    "area", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "source",
    "tbody", "td", "th", "tr", "track", "wbr",
];

impl RawHtmlNesting {
    /// Whether a piece of raw HTML stays HTML; else it is shown as the text it is.
    fn admits(&mut self, html: &str) -> bool {
        let mut open = self.open;
        for tag in raw_tags(html) {
            match tag {
                RawTag::Start(_) => open = open.saturating_add(1),
                RawTag::End(_) => open = open.saturating_sub(1),
            }
        }
        let is_admitted = open <= MAX_NESTING;
        if is_admitted {
            self.open = open;
        }
        is_admitted
    }
}

/// What an article says, as the events that its HTML and its text are made of.
pub(crate) fn article_events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    parser(markdown, Policy::Article)
}

/// Whether the sanitizer leaves this address where it stands.
pub(crate) fn is_shown_address(address: &str) -> bool {
    match url::Url::parse(address) {
        Ok(url) => URL_SCHEMES.contains(&url.scheme()),
        Err(url::ParseError::RelativeUrlWithoutBase) => true,
        Err(_) => false,
    }
}

/// The schemes of the addresses in an article.
const URL_SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// A tag of raw HTML, with the name of its element in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RawTag {
    /// Something begins that has an end.
    Start(String),
    /// Something ends.
    End(String),
}

/// The tags in a piece of raw HTML, but for those of elements that have no end.
pub(crate) fn raw_tags(html: &str) -> impl Iterator<Item = RawTag> {
    html.split('<').skip(1).filter_map(|tag| {
        let (is_end, rest) = tag.strip_prefix('/').map_or((false, tag), |rest| (true, rest));
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        match (is_end, name.is_empty() || SELF_ENDING.contains(&name.as_str())) {
            (_, true) => None,
            (true, false) => Some(RawTag::End(name)),
            (false, false) => Some(RawTag::Start(name)),
        }
    })
}

fn sanitized_html(markdown: &str, policy: Policy) -> String {
    html_of(parser(markdown, policy), markdown.len(), policy)
}

/// The sanitized HTML of events that were made of about `length` bytes.
pub(crate) fn html_of<'text>(events: impl Iterator<Item = Event<'text>>, length: usize, policy: Policy) -> String {
    let mut unsafe_html = String::with_capacity(length.saturating_mul(5) / 4);
    html::push_html(&mut unsafe_html, events);
    let sanitizer = match policy {
        Policy::Article => &ARTICLE,
        Policy::Bio => &BIO,
        Policy::Comment => &COMMENT,
    };
    sanitizer.clean(&unsafe_html).to_string().trim_end().to_owned()
}

/// Ids and the links to them get this before them, so that a text can never name an element of the page around it.
const ID_PREFIX: &str = "text-";

static ARTICLE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .link_rel(Some("noopener noreferrer"))
        .url_schemes(HashSet::from(URL_SCHEMES))
        .add_tag_attributes("div", ["id"])
        .add_tag_attributes("code", ["class"])
        .add_tag_attributes("td", ["style"])
        .add_tag_attributes("th", ["style"])
        .add_allowed_classes("sup", ["footnote-reference", "footnote-definition-label"])
        .add_allowed_classes("div", ["footnote-definition"])
        .id_prefix(Some(ID_PREFIX))
        .attribute_filter(
            |element, attribute, value| match (element, attribute, value.strip_prefix('#')) {
                ("a", "href", Some(fragment)) => Some(Cow::Owned(format!("#{ID_PREFIX}{fragment}"))),
                // The alignment of a column, in the three forms that a table in Markdown can have.
                ("td" | "th", "style", _) => {
                    matches!(value, "text-align: left" | "text-align: center" | "text-align: right")
                        .then_some(Cow::Borrowed(value))
                }
                ("code", "class", _) => value.starts_with("language-").then_some(Cow::Borrowed(value)),
                _ => Some(Cow::Borrowed(value)),
            },
        );
    builder
});

static BIO: LazyLock<Builder<'static>> = LazyLock::new(|| plain_builder("noopener noreferrer"));

static COMMENT: LazyLock<Builder<'static>> = LazyLock::new(|| plain_builder("nofollow ugc noopener noreferrer"));

fn plain_builder(link_rel: &'static str) -> Builder<'static> {
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "ul",
        ]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some(link_rel));
    builder
}

fn plain_text(markdown: &str, policy: Policy) -> String {
    text_of(parser(markdown, policy), markdown.len())
}

/// The text of events that were made of about `length` bytes.
pub(crate) fn text_of<'text>(events: impl Iterator<Item = Event<'text>>, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut html_block = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::Start(Tag::HtmlBlock) => html_block.clear(),
            Event::Html(part) => html_block.push_str(&part),
            Event::End(TagEnd::HtmlBlock) => {
                text.push_str(text_of_html(&html_block).trim());
                end_with(&mut text, "\n\n");
            }
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::End(TagEnd::TableCell) => text.push('\t'),
            Event::End(end) if ends_line(end) => end_with(&mut text, "\n"),
            Event::End(end) if ends_block(end) => end_with(&mut text, "\n\n"),
            // A list inside an item begins on a line of its own.
            Event::Start(Tag::List(_)) if !text.is_empty() && !text.ends_with('\n') => text.push('\n'),
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// The text of a block of raw HTML, without what scripts and styles hold.
fn text_of_html(html: &str) -> String {
    let escaped = WITHOUT_TAGS.clean(html).to_string();
    // The sanitizer escapes these five and no others.
    escaped
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

static WITHOUT_TAGS: LazyLock<Builder<'static>> = LazyLock::new(Builder::empty);

fn ends_line(end: TagEnd) -> bool {
    matches!(end, TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead)
}

fn ends_block(end: TagEnd) -> bool {
    matches!(
        end,
        TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::CodeBlock
            | TagEnd::List(_)
            | TagEnd::Table
            | TagEnd::BlockQuote(_)
    )
}

/// Makes a text end with exactly these line ends, however many blocks ended here.
fn end_with(text: &mut String, ending: &str) {
    text.truncate(text.trim_end_matches(['\n', '\t']).len());
    if !text.is_empty() {
        text.push_str(ending);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(markdown: &str, policy: Policy) -> String {
        Rendered::new(markdown.into(), policy).html
    }

    #[test]
    fn an_article_keeps_its_structure() {
        let rendered = Rendered::new(
            "# Head\n\nOne *two*\nthree.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n".into(),
            Policy::Article,
        );
        assert!(
            rendered
                .html
                .starts_with("<h1>Head</h1>\n<p>One <em>two</em>\nthree.</p>\n<ul>\n<li>a</li>"),
            "{}",
            rendered.html
        );
        assert_eq!(rendered.text, "Head\n\nOne two\nthree.\n\na\nb\n\nx\ty\n1\t2");
        assert_eq!(rendered.word_count, 10);
    }

    #[test]
    fn nothing_active_survives() {
        let hostile = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) \
                       <a href=\"https://a.example\" onclick=\"x()\" style=\"y\">z</a> <iframe src=\"//e\"></iframe>\n\n\
                       <svg onload=alert(1)></svg> <form action=\"/\"><input></form>";
        let shown = html(hostile, Policy::Article);
        for part in [
            "<script",
            "onerror",
            "javascript:",
            "onclick",
            "style=",
            "<iframe",
            "<svg",
            "<form",
            "<input",
        ] {
            assert!(!shown.contains(part), "{part} in {shown}");
        }
        assert!(
            shown.contains("<a href=\"https://a.example\" rel=\"noopener noreferrer\">z</a>"),
            "{shown}"
        );
    }

    #[test]
    fn a_comment_shows_markup_as_text() {
        let shown = html(
            "Hi <b>you</b> [link](https://a.example) ![p](https://a.example/p.png)\n\n# Loud\n\n<script>x</script>",
            Policy::Comment,
        );
        assert_eq!(
            shown,
            "<p>Hi &lt;b&gt;you&lt;/b&gt; <a href=\"https://a.example\" rel=\"nofollow ugc noopener noreferrer\">link</a> </p>\n\
             Loud\n<p>&lt;script&gt;x&lt;/script&gt;</p>"
        );
        assert_eq!(
            Rendered::new("Hi <b>you</b>".into(), Policy::Comment).text,
            "Hi <b>you</b>"
        );
    }

    #[test]
    fn no_markup_of_any_kind_survives_in_a_comment() {
        let hostile = [
            "<svg/onload=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
            "<object data=\"data:text/html,x\"></object><embed src=x>",
            "<a href=\"javascript:alert(1)\" onmouseover=\"x()\">x</a>",
            "<!-- --><![CDATA[<script>]]><?php x ?><!DOCTYPE html>",
            "<div style=\"background:url(javascript:x)\">x</div>",
            "<form action=//e><input name=x><button formaction=javascript:x>",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt:alert(1))",
            "[a](java\nscript:alert(1))",
            "[a](&#106;avascript:alert(1))",
            "[a](&#x6A;&#x61;vascript&colon;alert(1))",
            "[a](javascript&#58;alert(1))",
            "[a](<java\tscript:alert(1)>)",
            "[a](\u{1}javascript:alert(1))",
            "[a](vbscript:x) [b](file:///etc/hostname) [c](blob:x) [d](//example.org) [e](/local)",
            "[a](data:text/html;base64,PHNjcmlwdD4=)",
            "<javascript:alert(1)>",
            "<data:text/html,x>",
            "[a]: javascript:alert(1)\n\n[a]",
            "![x](javascript:alert(1)) ![y](https://a.example/p.png \"t\\\" onerror=x\")",
            "[![x](https://a.example/p.png)](https://b.example)",
            "[a [b](https://a.example) c](https://b.example)",
            "[a](https://a.example \"\\\" onclick=\\\"x\")",
            "[a](https://a.example/\"onclick=x)",
            "`<script>`\n\n```html\n<script>alert(1)</script>\n```",
            "| <img src=x> | b |\n|---|---|\n| [x](javascript:x) | y |",
            "text[^1]\n\n[^1]: <script>x</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ];
        let allowed = [
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "ul",
        ];
        for text in hostile {
            let shown = html(text, Policy::Comment);
            for tag in shown.split('<').skip(1) {
                let name: String = tag
                    .trim_start_matches('/')
                    .chars()
                    .take_while(char::is_ascii_alphanumeric)
                    .collect();
                assert!(allowed.contains(&name.as_str()), "{text}: {shown}");
                let (attributes, _) = tag.split_once('>').unwrap();
                if name == "a" && !tag.starts_with('/') {
                    let rest = attributes.trim_start_matches("a ");
                    let rest = match rest.strip_prefix("href=\"") {
                        Some(href) => {
                            let (address, rest) = href.split_once('"').unwrap();
                            assert!(
                                ["http://", "https://", "mailto:"]
                                    .iter()
                                    .any(|scheme| address.starts_with(scheme)),
                                "{text}: {shown}"
                            );
                            rest.trim_start()
                        }
                        None => rest,
                    };
                    assert_eq!(rest, "rel=\"nofollow ugc noopener noreferrer\"", "{text}: {shown}");
                } else {
                    assert_eq!(attributes.trim_start_matches('/').trim_end(), name, "{text}: {shown}");
                }
            }
        }
    }

    #[test]
    fn links_are_counted_however_they_are_written() {
        let count = |text: &str| comment_links(&Rendered::new(text.into(), Policy::Comment));
        for (text, links) in [
            ("none", 0),
            ("[a](https://a.example)", 1),
            ("[https://a.example](https://a.example)", 1),
            ("<https://a.example>", 1),
            ("https://a.example and HTTP://b.example/x_y_z", 2),
            ("https://a.example,https://b.example", 2),
            ("www.a.example https://www.b.example x.www.c", 2),
            ("[a]\n\n[a]: https://a.example", 1),
            ("<a href=\"https://a.example\">x</a>", 1),
            ("`https://a.example`", 1),
            ("https:/\\/a.example", 1),
            ("mail grace@www.example", 0),
        ] {
            assert_eq!(count(text), links, "{text}");
        }
    }

    #[test]
    fn what_nests_too_deeply_stands_at_the_deepest_level() {
        let shown = html(&format!("{}deep", ">".repeat(9_000)), Policy::Comment);
        assert_eq!(shown.matches("<blockquote>").count(), MAX_NESTING);
        assert!(shown.contains("deep"), "{shown}");
        let bold = (0..500)
            .map(|index| format!("<b title={index}>"))
            .collect::<Vec<_>>()
            .concat();
        let shown = html(&format!("x {bold}\n\n<p>y</p>\n\n<p>z</p>"), Policy::Article);
        assert!(shown.len() < 40_000, "{}", shown.len());
    }

    #[test]
    fn a_block_of_html_has_a_text() {
        let markdown = "<div>Fish &amp; <b>chips</b></div>\n<script>x</script>\n\nMore";
        assert_eq!(
            Rendered::new(markdown.into(), Policy::Article).text,
            "Fish & chips\n\nMore"
        );
    }

    #[test]
    fn footnotes_point_at_their_own_ids() {
        let shown = html("Text[^1].\n\n[^1]: Note.\n", Policy::Article);
        assert!(
            shown.contains("href=\"#text-1\"") && shown.contains("id=\"text-1\""),
            "{shown}"
        );
    }

    #[test]
    fn excerpts_end_between_words() {
        assert_eq!(excerpt_of("One\n\ntwo  three"), "One two three");
        let long = excerpt_of(&"word, ".repeat(100));
        assert!(long.ends_with("word…") && long.chars().count() <= 281, "{long}");
    }

    #[test]
    fn reading_takes_a_minute_at_least() {
        assert_eq!([0, 1, 238, 239, 600].map(reading_minutes), [1, 1, 1, 2, 3]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(markdown in "(<|>|script|onload=|\"|'|\\[|\\]|\\(|javascript:|\\)|`|\\PC|\n){0,40}") {
            for policy in [Policy::Article, Policy::Bio, Policy::Comment] {
                let shown = html(&markdown, policy);
                prop_assert!(!shown.contains("<script"));
                // Sanitizing again changes nothing: what is stored is a fixed point.
                let again = match policy { Policy::Article => return Ok(()), Policy::Bio => &BIO, Policy::Comment => &COMMENT };
                let cleaned = again.clean(&shown).to_string();
                prop_assert_eq!(cleaned.trim_end(), shown);
            }
        }
    }
}
