//! What speaks against publishing an article: what readers, search engines or the newsroom would stumble over. Pure; what
//! the database knows is given.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};
use uuid::Uuid;

use crate::articles::content::ArticleContent;
use crate::articles::merge::ContentField;
use crate::markup;
use crate::media::uses;
use crate::site::article_url::{AddressSpace, ArticleUrl, SLUG_PLACE};

/// Links of one text that are looked at; a text has more only on purpose.
const MOST_LINKS: usize = 1_000;

/// Findings of one rule that are told one by one.
const MOST_FINDINGS: usize = 50;

/// How much a finding weighs; the heaviest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is broken for readers.
    Error,
    /// Something is most likely forgotten.
    Warning,
    /// Something could be better.
    Notice,
}

/// A rule of the preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreflightRule {
    /// Another article has the slug.
    SlugClash,
    /// The cover has no alternative text.
    MissingCoverAltText,
    /// A link leads to an article of this site that readers never could see.
    UnknownLink,
    /// A link leads to an article that readers cannot see now.
    UnpublishedLink,
    /// A link leads to an address that no article has, and that can be another page of this site.
    UnknownPage,
    /// The text shows or links to a file that is not there.
    UnknownMedia,
    /// A picture in the text has no alternative text.
    MissingAltText,
    /// There is neither an author nor a byline.
    MissingByline,
    /// Nothing is told about an author.
    MissingBio,
    /// The headline is longer than the site wants it.
    TitleTooLong,
    /// There are notes that nobody has settled.
    OpenNotes,
    /// No teaser was given.
    MissingExcerpt,
    /// The article is in no section.
    MissingSection,
    /// The language is not given.
    MissingLang,
    /// A picture is fetched without encryption.
    ImageWithoutHttps,
    /// The text has a heading of the level of the headline.
    HeadingLevelOne,
}

/// Something that speaks against publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreflightFinding {
    /// The rule.
    pub rule: PreflightRule,
    /// How much it weighs: that of the rule.
    pub severity: Severity,
    /// The member of the article, as a JSON pointer (RFC 6901); empty for the article as a whole.
    pub pointer: String,
    /// The line of the text, from 1.
    pub line: Option<u32>,
    /// What is wrong, and how to mend it.
    pub detail: String,
}

/// What a preflight looks at.
#[derive(Debug, Clone)]
pub struct PreflightSubject<'a> {
    /// The article.
    pub content: &'a ArticleContent,
    /// Its authors, in the order of the content.
    pub authors: Vec<AuthorFacts>,
    /// The notes that nobody has settled.
    pub open_notes: i64,
    /// Another article that has the slug.
    pub slug_holder: Option<Uuid>,
    /// The links of the text to articles of this site, as [`site_links`] finds them.
    pub links: &'a [SiteLink],
    /// What is known of the articles that they lead to. A slug that is missing here is unknown.
    pub link_targets: &'a [LinkTarget],
    /// The places of the text that show or link to a file that is not there.
    pub missing_files: &'a [FileLink],
    /// The most characters of a headline that the site wants.
    pub title_characters: usize,
}

/// What is known of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorFacts {
    /// The name.
    pub name: String,
    /// Whether anything is told about the author.
    pub has_bio: bool,
}

/// A link of a text to an article of this site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteLink {
    /// The slug that it names.
    pub slug: String,
    /// The line where it begins, from 1.
    pub line: u32,
    /// What else can be at such an address.
    pub space: AddressSpace,
}

/// A place of a text that shows or links to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    /// The file.
    pub file: Uuid,
    /// The line where it begins, from 1.
    pub line: u32,
}

/// What is known of the article with a slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTarget {
    /// The slug.
    pub slug: String,
    /// Whether there is one.
    pub state: LinkState,
}

/// Whether a link leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Readers see an article that has the slug, or that had it and is moved.
    Published,
    /// There is an article with the slug, and readers do not see it.
    Unpublished,
    /// No article has or had the slug.
    Unknown,
}

impl Severity {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

impl PreflightRule {
    /// Every rule, the heaviest first.
    pub const ALL: [Self; 16] = [
        Self::SlugClash,
        Self::MissingCoverAltText,
        Self::UnknownLink,
        Self::UnpublishedLink,
        Self::UnknownPage,
        Self::UnknownMedia,
        Self::MissingAltText,
        Self::MissingByline,
        Self::MissingBio,
        Self::TitleTooLong,
        Self::OpenNotes,
        Self::MissingExcerpt,
        Self::MissingSection,
        Self::MissingLang,
        Self::ImageWithoutHttps,
        Self::HeadingLevelOne,
    ];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SlugClash => "slug-clash",
            Self::MissingCoverAltText => "missing-cover-alt-text",
            Self::UnknownLink => "unknown-link",
            Self::UnpublishedLink => "unpublished-link",
            Self::UnknownPage => "unknown-page",
            Self::UnknownMedia => "unknown-media",
            Self::MissingAltText => "missing-alt-text",
            Self::MissingByline => "missing-byline",
            Self::MissingBio => "missing-bio",
            Self::TitleTooLong => "title-too-long",
            Self::OpenNotes => "open-notes",
            Self::MissingExcerpt => "missing-excerpt",
            Self::MissingSection => "missing-section",
            Self::MissingLang => "missing-lang",
            Self::ImageWithoutHttps => "image-without-https",
            Self::HeadingLevelOne => "heading-level-one",
        }
    }

    /// How much it weighs.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::SlugClash | Self::MissingCoverAltText | Self::UnknownLink => Severity::Error,
            Self::UnpublishedLink
            | Self::UnknownPage
            | Self::UnknownMedia
            | Self::MissingAltText
            | Self::MissingByline
            | Self::MissingBio
            | Self::TitleTooLong
            | Self::OpenNotes => Severity::Warning,
            Self::MissingExcerpt
            | Self::MissingSection
            | Self::MissingLang
            | Self::ImageWithoutHttps
            | Self::HeadingLevelOne => Severity::Notice,
        }
    }
}

impl fmt::Display for PreflightRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What speaks against publishing, the heaviest first, then by line. Of one rule at most 50 are told, and how many more
/// there are.
///
/// Pictures and links that stand in the text as raw HTML are not looked at.
#[must_use]
pub fn findings(subject: &PreflightSubject<'_>) -> Vec<PreflightFinding> {
    let mut findings = Findings::default();
    check_slug(subject, &mut findings);
    check_head(subject, &mut findings);
    check_authors(subject, &mut findings);
    check_notes(subject, &mut findings);
    check_pictures(subject.content, &mut findings);
    check_text(&subject.content.body_markdown, &mut findings);
    check_links(subject, &mut findings);
    check_files(subject, &mut findings);
    findings.in_order()
}

/// Whether anything is found that is broken for readers.
#[must_use]
pub fn has_errors(findings: &[PreflightFinding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Collects findings, and counts those that are too many.
#[derive(Default)]
struct Findings {
    told: Vec<PreflightFinding>,
    counts: BTreeMap<PreflightRule, usize>,
}

impl Findings {
    fn add(&mut self, rule: PreflightRule, pointer: impl Into<String>, detail: impl Into<String>) {
        self.push(rule, pointer.into(), None, detail.into());
    }

    fn add_at(&mut self, rule: PreflightRule, line: u32, detail: impl Into<String>) {
        self.push(rule, pointer_to(ContentField::BodyMarkdown), Some(line), detail.into());
    }

    fn push(&mut self, rule: PreflightRule, pointer: String, line: Option<u32>, detail: String) {
        let count = self.counts.entry(rule).or_default();
        *count = count.saturating_add(1);
        if *count <= MOST_FINDINGS {
            self.told.push(PreflightFinding {
                rule,
                severity: rule.severity(),
                pointer,
                line,
                detail,
            });
        }
    }

    fn in_order(self) -> Vec<PreflightFinding> {
        let Self { mut told, counts } = self;
        told.sort_by_key(|finding| (finding.severity, finding.line, finding.rule));
        let uncounted = counts.into_iter().filter(|(_, count)| *count > MOST_FINDINGS);
        for (rule, count) in uncounted {
            let more = count.saturating_sub(MOST_FINDINGS);
            if let Some(last) = told.iter_mut().rfind(|finding| finding.rule == rule) {
                last.detail = format!("{} There are {more} more findings of this rule.", last.detail);
            }
        }
        told
    }
}

fn pointer_to(field: ContentField) -> String {
    format!("/{field}")
}

fn check_slug(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    if let Some(holder) = subject.slug_holder {
        let detail = format!(
            "The article {holder} has the slug {} already; give this article another slug.",
            subject.content.slug
        );
        findings.add(PreflightRule::SlugClash, pointer_to(ContentField::Slug), detail);
    }
}

fn check_head(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    let content = subject.content;
    let (characters, most) = (content.title.chars().count(), subject.title_characters);
    if characters > most {
        let detail = format!(
            "The title has {characters} characters, and this site wants at most {most}, since search engines and feeds cut \
             longer ones; shorten it."
        );
        findings.add(PreflightRule::TitleTooLong, pointer_to(ContentField::Title), detail);
    }
    let optional = [
        (
            content.excerpt.is_none(),
            PreflightRule::MissingExcerpt,
            ContentField::Excerpt,
            "No excerpt is given, so that lists show the beginning of the text; write one.",
        ),
        (
            content.section.is_none(),
            PreflightRule::MissingSection,
            ContentField::Section,
            "The article is in no section, so that readers do not find it there; choose one.",
        ),
        (
            content.lang.is_none(),
            PreflightRule::MissingLang,
            ContentField::Lang,
            "The language is not given, which screen readers and search engines need; give its tag, such as en.",
        ),
    ];
    for (is_missing, rule, field, detail) in optional {
        if is_missing {
            findings.add(rule, pointer_to(field), detail);
        }
    }
}

fn check_authors(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    if subject.content.authors.is_empty() && subject.content.byline.is_none() {
        findings.add(
            PreflightRule::MissingByline,
            pointer_to(ContentField::Authors),
            "Nobody is named as author; add an author or give a byline.",
        );
    }
    for (index, author) in subject.authors.iter().enumerate().filter(|(_, author)| !author.has_bio) {
        let detail = format!("Nothing is told about {}; write a bio of this author.", author.name);
        let pointer = format!("/{}/{index}", ContentField::Authors);
        findings.add(PreflightRule::MissingBio, pointer, detail);
    }
}

fn check_notes(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    let detail = match subject.open_notes {
        ..=0 => return,
        1 => "1 note is open; resolve it.".to_owned(),
        count => format!("{count} notes are open; resolve them."),
    };
    findings.add(PreflightRule::OpenNotes, "", detail);
}

/// The pictures that do not stand in the text.
fn check_pictures(content: &ArticleContent, findings: &mut Findings) {
    if let Some(cover) = &content.cover {
        if cover.alt.as_deref().is_none_or(|alt| alt.trim().is_empty()) {
            findings.add(
                PreflightRule::MissingCoverAltText,
                format!("/{}/alt", ContentField::Cover),
                "The cover has no alternative text; say what it shows, for those who do not see it.",
            );
        }
        check_encryption(&cover.url, format!("/{}/url", ContentField::Cover), findings);
    }
    if let Some(url) = &content.seo.social_image {
        check_encryption(url, format!("/{}/social_image", ContentField::Seo), findings);
    }
}

fn check_encryption(url: &str, pointer: String, findings: &mut Findings) {
    if is_unencrypted(url) {
        findings.add(PreflightRule::ImageWithoutHttps, pointer, unencrypted(url));
    }
}

fn is_unencrypted(url: &str) -> bool {
    url.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

fn unencrypted(url: &str) -> String {
    let url = shortened(url);
    format!("The picture {url} is fetched over http, which browsers block or warn of; give an https address.")
}

/// An address that a sentence can hold.
fn shortened(url: &str) -> String {
    match url.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", url.get(..end).unwrap_or_default()),
        None => url.to_owned(),
    }
}

/// A picture of the text whose alternative text is being read.
struct OpenPicture {
    line: u32,
    url: String,
    has_text: bool,
}

/// The pictures and headings of the text.
fn check_text(markdown: &str, findings: &mut Findings) {
    let lines = LineIndex::of(markdown);
    // A picture can stand in the alternative text of another.
    let mut pictures: Vec<OpenPicture> = Vec::new();
    for (event, range) in Parser::new_ext(markdown, markup::OPTIONS).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1,
                ..
            }) => findings.add_at(
                PreflightRule::HeadingLevelOne,
                lines.line_of(range.start),
                "This heading has the level of the title; begin it with ## or more.",
            ),
            Event::Start(Tag::Image { dest_url, .. }) => pictures.push(OpenPicture {
                line: lines.line_of(range.start),
                url: dest_url.into_string(),
                has_text: false,
            }),
            Event::Text(text) | Event::Code(text) if !text.trim().is_empty() => say_something(&mut pictures),
            Event::End(TagEnd::Image) => {
                let Some(picture) = pictures.pop() else { continue };
                if picture.has_text {
                    say_something(&mut pictures);
                }
                check_picture(&picture, findings);
            }
            _ => {}
        }
    }
}

/// Notes a text of the innermost picture; those around it learn of it when it ends.
fn say_something(pictures: &mut [OpenPicture]) {
    if let Some(innermost) = pictures.last_mut() {
        innermost.has_text = true;
    }
}

fn check_picture(picture: &OpenPicture, findings: &mut Findings) {
    let OpenPicture { line, url, has_text } = picture;
    if !has_text {
        let detail = format!(
            "The picture {} has no alternative text; say between its brackets what it shows.",
            shortened(url)
        );
        findings.add_at(PreflightRule::MissingAltText, *line, detail);
    }
    if is_unencrypted(url) {
        findings.add_at(PreflightRule::ImageWithoutHttps, *line, unencrypted(url));
    }
}

fn check_links(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    let states: HashMap<&str, LinkState> = subject
        .link_targets
        .iter()
        .map(|target| (target.slug.as_str(), target.state))
        .collect();
    // An article may name itself before anybody can read it.
    for link in subject.links.iter().filter(|link| link.slug != subject.content.slug) {
        let slug = &link.slug;
        let state = states.get(slug.as_str()).copied().unwrap_or(LinkState::Unknown);
        match (state, link.space) {
            (LinkState::Published, _) => {}
            (LinkState::Unpublished, _) => findings.add_at(
                PreflightRule::UnpublishedLink,
                link.line,
                format!("This links to the article {slug}, which readers do not see; publish it first, or take the link out."),
            ),
            (LinkState::Unknown, AddressSpace::AllPages) => findings.add_at(
                PreflightRule::UnknownPage,
                link.line,
                format!("This links to {slug}, and no article has this slug; correct the link, unless the site has another page there."),
            ),
            (LinkState::Unknown, AddressSpace::Articles) => findings.add_at(
                PreflightRule::UnknownLink,
                link.line,
                format!("This links to the article {slug}, and there is none with this slug; correct the link."),
            ),
        }
    }
}

fn check_files(subject: &PreflightSubject<'_>, findings: &mut Findings) {
    for FileLink { file, line } in subject.missing_files {
        let detail = format!("There is no file {file}; upload it and give its address, or take this out.");
        findings.add_at(PreflightRule::UnknownMedia, *line, detail);
    }
}

/// The places of a text that show or link to a file, in order. At most the first 1,000 are given.
#[must_use]
pub fn file_links(markdown: &str, public_url: &str) -> Vec<FileLink> {
    if uses::of_text(markdown, public_url).is_empty() {
        return Vec::new();
    }
    let lines = LineIndex::of(markdown);
    let found = Parser::new_ext(markdown, markup::OPTIONS)
        .into_offset_iter()
        .flat_map(|(event, range)| {
            let line = lines.line_of(range.start);
            let files = uses::of_event(&event, public_url).into_iter();
            files.map(move |file| FileLink { file, line })
        });
    found.take(MOST_LINKS).collect()
}

/// The links of a text to articles of this site, in order: those to the page of an article as `article_url` tells it, and
/// those to an article in the API below `public_url`. A link may be a whole address or begin with a slash; whether it says
/// http or https, its query, its fragment and a slash at its end do not matter. At most the first 1,000 are given.
///
/// Links that are written as raw HTML are not found, nor are links relative to the page, which lead elsewhere on every page
/// that shows the text.
#[must_use]
pub fn site_links(markdown: &str, article_url: Option<&ArticleUrl>, public_url: &str) -> Vec<SiteLink> {
    let in_api = format!("{}/v1/articles/by-slug/{SLUG_PLACE}", public_url.trim_end_matches('/'));
    let in_api = ArticleUrl::parse(&in_api).ok();
    let places: Vec<&ArticleUrl> = article_url.into_iter().chain(&in_api).collect();
    let lines = LineIndex::of(markdown);
    let found = Parser::new_ext(markdown, markup::OPTIONS)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let (slug, space) = places
                    .iter()
                    .find_map(|place| Some((place.slug_in(&dest_url)?, place.space())))?;
                Some(SiteLink {
                    slug: slug.into_string(),
                    line: lines.line_of(range.start),
                    space,
                })
            }
            _ => None,
        });
    found.take(MOST_LINKS).collect()
}

/// The lines of a text, found by their place in bytes.
struct LineIndex {
    /// Where each line but the first begins.
    starts: Vec<usize>,
}

impl LineIndex {
    fn of(text: &str) -> Self {
        let after_line_end = |(at, _): (usize, &str)| at.saturating_add(1);
        Self {
            starts: text.match_indices('\n').map(after_line_end).collect(),
        }
    }

    /// The line of a byte, from 1.
    fn line_of(&self, offset: usize) -> u32 {
        let before = self.starts.partition_point(|start| *start <= offset);
        u32::try_from(before.saturating_add(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::articles::content::{BylineContent, Cover, Seo};

    const NONE: [&str; 0] = [];

    /// An article that nothing speaks against.
    fn content(body_markdown: &str) -> ArticleContent {
        ArticleContent {
            title: "Title".into(),
            slug: "this-one".into(),
            subtitle: None,
            excerpt: Some("Teaser".into()),
            body_markdown: body_markdown.into(),
            authors: vec![BylineContent {
                author: Uuid::from_u128(1),
                role: "author".into(),
            }],
            byline: None,
            section: Some(Uuid::from_u128(2)),
            tags: Vec::new(),
            series: None,
            related: Vec::new(),
            lang: Some("en".into()),
            translation_of: None,
            canonical_url: None,
            cover: None,
            seo: Seo::default(),
            custom: serde_json::Map::new(),
            external_id: None,
            published_at: None,
        }
    }

    fn cover(url: &str, alt: Option<&str>) -> Cover {
        Cover {
            url: url.into(),
            alt: alt.map(str::to_owned),
            caption: None,
            credit: None,
        }
    }

    fn subject(content: &ArticleContent) -> PreflightSubject<'_> {
        PreflightSubject {
            content,
            authors: vec![AuthorFacts {
                name: "Jane Doe".into(),
                has_bio: true,
            }],
            open_notes: 0,
            slug_holder: None,
            links: &[],
            link_targets: &[],
            missing_files: &[],
            title_characters: 110,
        }
    }

    /// Findings in short: rule, pointer and line.
    fn found(subject: &PreflightSubject<'_>) -> Vec<String> {
        let line = |finding: &PreflightFinding| match finding.line {
            Some(line) => format!("{} {} {line}", finding.rule, finding.pointer),
            None => format!("{} {}", finding.rule, finding.pointer),
        };
        findings(subject).iter().map(line).collect()
    }

    fn links(markdown: &str) -> Vec<String> {
        let article_url = ArticleUrl::parse("https://example.org/stories/{slug}").unwrap();
        let links = site_links(markdown, Some(&article_url), "https://cms.example.org/galley");
        links
            .iter()
            .map(|link| format!("{} {}", link.slug, link.line))
            .collect()
    }

    #[test]
    fn nothing_speaks_against_a_finished_article() {
        let content = content("## Heading\n\nText with ![a cat](https://example.org/cat.png).");
        assert_eq!(findings(&subject(&content)), []);
        assert!(!has_errors(&[]));
    }

    #[test]
    fn everything_that_is_forgotten_is_told_the_heaviest_first() {
        let mut content = content("# One\n\n![](http://example.org/a.png)\n\nTwo\n===\n\n![ ](b.png) [x](/c)");
        content.title = "x".repeat(111);
        content.authors.clear();
        content.excerpt = None;
        content.section = None;
        content.lang = None;
        content.cover = Some(cover("HTTP://example.org/c.png", Some("  ")));
        content.seo.social_image = Some("http://example.org/d.png".into());
        let subject = PreflightSubject {
            authors: Vec::new(),
            open_notes: 2,
            slug_holder: Some(Uuid::from_u128(9)),
            ..subject(&content)
        };
        assert_eq!(
            found(&subject),
            [
                "slug-clash /slug",
                "missing-cover-alt-text /cover/alt",
                "missing-byline /authors",
                "title-too-long /title",
                "open-notes ",
                "missing-alt-text /body_markdown 3",
                "missing-alt-text /body_markdown 8",
                "missing-excerpt /excerpt",
                "missing-section /section",
                "missing-lang /lang",
                "image-without-https /cover/url",
                "image-without-https /seo/social_image",
                "heading-level-one /body_markdown 1",
                "image-without-https /body_markdown 3",
                "heading-level-one /body_markdown 5",
            ]
        );
        assert!(has_errors(&findings(&subject)));
    }

    #[test]
    fn a_byline_or_an_author_is_enough_and_an_author_should_have_a_bio() {
        let mut content = content("Text");
        let facts = |name: &str, has_bio| AuthorFacts {
            name: name.into(),
            has_bio,
        };
        let two = PreflightSubject {
            authors: vec![facts("Jane", true), facts("Joe", false)],
            ..subject(&content)
        };
        let found_of_two = findings(&two);
        assert_eq!(found_of_two.len(), 1);
        assert_eq!(found_of_two[0].pointer, "/authors/1");
        assert_eq!(
            found_of_two[0].detail,
            "Nothing is told about Joe; write a bio of this author."
        );
        content.authors.clear();
        content.byline = Some("By our staff".into());
        let nobody = PreflightSubject {
            authors: Vec::new(),
            ..subject(&content)
        };
        assert_eq!(findings(&nobody), []);
    }

    #[test]
    fn limits_are_reached_before_they_are_broken() {
        let mut content = content("Text");
        content.title = "é".repeat(110);
        assert_eq!(findings(&subject(&content)), []);
        let one = PreflightSubject {
            open_notes: 1,
            ..subject(&content)
        };
        assert_eq!(findings(&one)[0].detail, "1 note is open; resolve it.");
    }

    #[test]
    fn a_picture_has_a_text_whatever_its_form() {
        for markdown in [
            "![a](x)",
            "![`a`](x)",
            "![*a*][ref]\n\n[ref]: x",
            "![![a](x)](y)",
            "[![a](x)](y)",
            "\\![](x)",
            "`![](x)`",
            "    ![](x)",
        ] {
            assert_eq!(found(&subject(&content(markdown))), NONE, "{markdown}");
        }
        for (markdown, line) in [
            ("a\n![](x)", 2),
            ("> a\n>\n> - ![](x) b", 3),
            ("é\n\n[![](x)](y)", 3),
            ("a\n\n![\n](x)", 3),
            ("| a |\n|---|\n| ![][ref] |\n\n[ref]: x", 3),
        ] {
            let expected = format!("missing-alt-text /body_markdown {line}");
            assert_eq!(found(&subject(&content(markdown))), [expected], "{markdown}");
        }
        assert_eq!(found(&subject(&content("![![](x)](y)"))).len(), 2);
    }

    #[test]
    fn links_are_held_against_what_is_known_of_their_targets() {
        let content = content("Text");
        let link = |slug: &str, line| SiteLink {
            slug: slug.into(),
            line,
            space: AddressSpace::Articles,
        };
        let page = |slug: &str, line| SiteLink {
            space: AddressSpace::AllPages,
            ..link(slug, line)
        };
        let target = |slug: &str, state| LinkTarget {
            slug: slug.into(),
            state,
        };
        let links = [
            link("draft", 1),
            link("nowhere", 2),
            link("shown", 3),
            link("never-asked", 4),
            link("this-one", 5),
            link("nowhere", 6),
            page("nowhere", 7),
            page("draft", 8),
            page("shown", 9),
        ];
        let targets = [
            target("draft", LinkState::Unpublished),
            target("nowhere", LinkState::Unknown),
            target("shown", LinkState::Published),
        ];
        let subject = PreflightSubject {
            links: &links,
            link_targets: &targets,
            ..subject(&content)
        };
        assert_eq!(
            found(&subject),
            [
                "unknown-link /body_markdown 2",
                "unknown-link /body_markdown 4",
                "unknown-link /body_markdown 6",
                "unpublished-link /body_markdown 1",
                "unknown-page /body_markdown 7",
                "unpublished-link /body_markdown 8",
            ]
        );
    }

    #[test]
    fn right_below_the_root_there_can_be_other_pages() {
        let spaces = |article_url: &str, markdown: &str| -> Vec<AddressSpace> {
            let article_url = ArticleUrl::parse(article_url).unwrap();
            let links = site_links(markdown, Some(&article_url), "https://cms.example.org");
            links.into_iter().map(|link| link.space).collect()
        };
        for article_url in [
            "https://example.org/{slug}",
            "https://example.org/{slug}/",
            "https://example.org/{slug}?from=galley",
        ] {
            assert_eq!(
                spaces(article_url, "[a](/about)"),
                [AddressSpace::AllPages],
                "{article_url}"
            );
        }
        assert_eq!(
            spaces("https://example.org/{slug}.html", "[a](/about.html)"),
            [AddressSpace::AllPages]
        );
        assert_eq!(
            spaces("https://example.org/a-{slug}", "[a](/a-bout)"),
            [AddressSpace::Articles]
        );
        assert_eq!(
            spaces("https://example.org/stories/{slug}", "[a](/stories/about)"),
            [AddressSpace::Articles]
        );
        // What is below the API is an article or nothing.
        assert_eq!(
            spaces(
                "https://example.org/{slug}",
                "[a](https://cms.example.org/v1/articles/by-slug/about)"
            ),
            [AddressSpace::Articles]
        );
    }

    #[test]
    fn findings_of_one_rule_have_a_maximum() {
        let content = content(&"![](x)\n\n".repeat(60));
        let findings = findings(&subject(&content));
        assert_eq!(findings.len(), MOST_FINDINGS);
        assert!(
            findings[49]
                .detail
                .ends_with("There are 10 more findings of this rule.")
        );
        assert!(!findings[48].detail.contains("more findings"));
    }

    #[test]
    fn many_pictures_in_each_other_are_read_in_no_time() {
        let content = content(&format!("{}{}", "![a".repeat(20_000), "](x)".repeat(20_000)));
        assert_eq!(findings(&subject(&content)), []);
    }

    #[test]
    fn links_to_articles_are_found_in_every_form() {
        assert_eq!(
            links(
                "[a](https://example.org/stories/one) [b](/stories/two)\n\
                 [c](http://EXAMPLE.org/stories/three/?x=1#y \"title\")\n\
                 [d][ref] [ref] <https://example.org/stories/five>\n\n\
                 > ![x](y) [![x](y)](//example.org/stories/six)\n\n\
                 [e](https://cms.example.org/galley/v1/articles/by-slug/seven) [f](/galley/v1/articles/by-slug/eight/)\n\n\
                 [ref]: /stories/four#part"
            ),
            [
                "one 1", "two 1", "three 2", "four 3", "four 3", "five 3", "six 5", "seven 7", "eight 7"
            ]
        );
    }

    #[test]
    fn other_links_are_left_alone() {
        for address in [
            "https://example.org/",
            "https://example.org/stories/",
            "https://example.org/stories",
            "https://example.org/stories/one/two",
            "https://example.org/stories/feed.xml",
            "https://example.org/stories/Not_A_Slug",
            "https://example.org/other/stories/one",
            "https://example.org:8443/stories/one",
            "https://example.com/stories/one",
            "https://example.org.evil.example/stories/one",
            "ftp://example.org/stories/one",
            "mailto:one@example.org",
            "stories/one",
            "one",
            "#one",
            "",
            "/v1/articles/by-slug/one",
            "https://cms.example.org/v1/articles/by-slug/one",
        ] {
            assert_eq!(links(&format!("[a](<{address}>)")), NONE, "{address}");
        }
        assert_eq!(
            links("<a href=\"/stories/one\">raw</a> `[a](/stories/one)` ![a](/stories/one)"),
            NONE
        );
        assert_eq!(site_links("[a](/stories/one)", None, "https://example.org"), []);
        assert_eq!(
            site_links("[a](/v1/articles/by-slug/one)", None, "https://example.org/").len(),
            1
        );
        assert_eq!(links(&"[a](/stories/one) ".repeat(1_100)).len(), MOST_LINKS);
    }

    #[test]
    fn rules_have_names_of_their_own_and_stand_in_the_order_of_their_weight() {
        let weights = PreflightRule::ALL.map(PreflightRule::severity);
        assert!(weights.is_sorted());
        let mut names = PreflightRule::ALL.map(PreflightRule::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PreflightRule::ALL.len());
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_text(
            before in "([a-z]\n|é\n|# x\n|> y\n|\n){0,20}",
            places in prop::collection::vec("[a-z]{1,8}", 1..4),
        ) {
            // A paragraph of its own ends whatever stands before it.
            let lines: Vec<String> = places.iter().map(|slug| format!("[text](/stories/{slug})")).collect();
            let markdown = format!("{before}\n\n{}", lines.join("\n"));
            let first = before.matches('\n').count() + 3;
            let expected: Vec<String> =
                places.iter().enumerate().map(|(index, slug)| format!("{slug} {}", first + index)).collect();
            prop_assert_eq!(links(&markdown), expected);
        }

        #[test]
        fn findings_are_in_order_and_within_the_text(markdown in "(!|\\[|\\]|\\(|\\)|# |x|http:|/stories/|\n|> |\\PC){0,40}") {
            let content = content(&markdown);
            let article_url = ArticleUrl::parse("https://example.org/stories/{slug}").unwrap();
            let links = site_links(&markdown, Some(&article_url), "https://example.org");
            let subject = PreflightSubject { links: &links, ..subject(&content) };
            let findings = findings(&subject);
            prop_assert!(findings.is_sorted_by_key(|finding| (finding.severity, finding.line)));
            let lines = u32::try_from(markdown.matches('\n').count() + 1).unwrap();
            prop_assert!(findings.iter().all(|finding| finding.line.is_none_or(|line| (1..=lines).contains(&line))));
            prop_assert!(findings.iter().all(|finding| finding.severity == finding.rule.severity()));
        }
    }
}
