//! Two changes of one article made into one: what differs between two contents, and the merge of two contents that were
//! made from the same third. Pure.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::articles::article::{Body, MAX_TAGS};
use crate::articles::content::ArticleContent;
use crate::articles::effort::{Differing, Effort, Vocabulary};
use crate::site::custom_fields::CustomObject;

/// Lines times changed lines that a merge of texts may take. With it a text of 3,500 lines merges whatever was changed in
/// it, and one of 100,000 lines with 250 changes; beyond that the texts are in conflict.
const MOST_STEPS: usize = 50_000_000;

/// A member of the content of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentField {
    /// The headline.
    Title,
    /// The slug.
    Slug,
    /// The second headline.
    Subtitle,
    /// The teaser.
    Excerpt,
    /// The text.
    BodyMarkdown,
    /// The authors.
    Authors,
    /// The line in place of their names.
    Byline,
    /// The section.
    Section,
    /// The tags.
    Tags,
    /// The place in a series.
    Series,
    /// Related articles.
    Related,
    /// The language tag.
    Lang,
    /// The article that this one is a translation of.
    TranslationOf,
    /// The address of the original.
    CanonicalUrl,
    /// The picture above the text.
    Cover,
    /// What search engines and social networks are told.
    Seo,
    /// The fields of the site.
    Custom,
    /// The name in another system.
    ExternalId,
    /// The date that readers see.
    PublishedAt,
}

/// Why two contents do not become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeRefusal {
    /// Both changed these, each in another way.
    Conflict(Vec<ContentField>),
    /// Nothing contradicts, but both together are more than these fields hold, or nothing at all.
    BeyondLimits(Vec<ContentField>),
}

impl ContentField {
    /// Every field, in the order of the content.
    pub const ALL: [Self; 19] = [
        Self::Title,
        Self::Slug,
        Self::Subtitle,
        Self::Excerpt,
        Self::BodyMarkdown,
        Self::Authors,
        Self::Byline,
        Self::Section,
        Self::Tags,
        Self::Series,
        Self::Related,
        Self::Lang,
        Self::TranslationOf,
        Self::CanonicalUrl,
        Self::Cover,
        Self::Seo,
        Self::Custom,
        Self::ExternalId,
        Self::PublishedAt,
    ];

    /// The name of the member on the wire and in a revision.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Slug => "slug",
            Self::Subtitle => "subtitle",
            Self::Excerpt => "excerpt",
            Self::BodyMarkdown => "body_markdown",
            Self::Authors => "authors",
            Self::Byline => "byline",
            Self::Section => "section",
            Self::Tags => "tags",
            Self::Series => "series",
            Self::Related => "related",
            Self::Lang => "lang",
            Self::TranslationOf => "translation_of",
            Self::CanonicalUrl => "canonical_url",
            Self::Cover => "cover",
            Self::Seo => "seo",
            Self::Custom => "custom",
            Self::ExternalId => "external_id",
            Self::PublishedAt => "published_at",
        }
    }
}

impl fmt::Display for ContentField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The fields that differ between two contents, in the order of [`ContentField::ALL`].
#[must_use]
pub fn changed_fields(before: &ArticleContent, after: &ArticleContent) -> Vec<ContentField> {
    let ArticleContent {
        title,
        slug,
        subtitle,
        excerpt,
        body_markdown,
        authors,
        byline,
        section,
        tags,
        series,
        related,
        lang,
        translation_of,
        canonical_url,
        cover,
        seo,
        custom,
        external_id,
        published_at,
    } = before;
    let differs = |field: &ContentField| match field {
        ContentField::Title => *title != after.title,
        ContentField::Slug => *slug != after.slug,
        ContentField::Subtitle => *subtitle != after.subtitle,
        ContentField::Excerpt => *excerpt != after.excerpt,
        ContentField::BodyMarkdown => *body_markdown != after.body_markdown,
        ContentField::Authors => *authors != after.authors,
        ContentField::Byline => *byline != after.byline,
        ContentField::Section => *section != after.section,
        ContentField::Tags => *tags != after.tags,
        ContentField::Series => *series != after.series,
        ContentField::Related => *related != after.related,
        ContentField::Lang => *lang != after.lang,
        ContentField::TranslationOf => *translation_of != after.translation_of,
        ContentField::CanonicalUrl => *canonical_url != after.canonical_url,
        ContentField::Cover => *cover != after.cover,
        ContentField::Seo => *seo != after.seo,
        ContentField::Custom => *custom != after.custom,
        ContentField::ExternalId => *external_id != after.external_id,
        ContentField::PublishedAt => *published_at != after.published_at,
    };
    ContentField::ALL.into_iter().filter(differs).collect()
}

/// Makes one content of two that were made from `base`: `current`, which is stored, and `mine`, which shall be.
///
/// What one side changed is taken from that side. Where both changed the same field to different values, texts are merged
/// by lines, tags as sets and custom fields member by member; every other field is a conflict. Changes of the same line or
/// of neighbouring lines are a conflict too, and so are different lines put in at the same place.
///
/// Each field of the answer is one that somebody wrote, but for a text, tags and custom fields, which can grow beyond the
/// limits of their fields: [`merge_within_limits`] checks them.
///
/// # Errors
/// The fields in conflict, in the order of [`ContentField::ALL`].
pub fn merge(
    base: &ArticleContent,
    current: &ArticleContent,
    mine: &ArticleContent,
) -> Result<ArticleContent, Vec<ContentField>> {
    let mut conflicts = Vec::new();
    // One field: merged by the function that is named, or taken from the side that changed it.
    macro_rules! field {
        ($member:ident, $field:ident, $merged:expr) => {
            settle(&base.$member, &current.$member, &mine.$member, $merged).unwrap_or_else(|| {
                conflicts.push(ContentField::$field);
                current.$member.clone()
            })
        };
        ($member:ident, $field:ident) => {
            field!($member, $field, |_base, _current, _mine| None)
        };
    }
    let merged = ArticleContent {
        title: field!(title, Title),
        slug: field!(slug, Slug),
        subtitle: field!(subtitle, Subtitle),
        excerpt: field!(excerpt, Excerpt),
        body_markdown: field!(body_markdown, BodyMarkdown, merged_text),
        authors: field!(authors, Authors),
        byline: field!(byline, Byline),
        section: field!(section, Section),
        tags: field!(tags, Tags, merged_tags),
        series: field!(series, Series),
        related: field!(related, Related),
        lang: field!(lang, Lang),
        translation_of: field!(translation_of, TranslationOf),
        canonical_url: field!(canonical_url, CanonicalUrl),
        cover: field!(cover, Cover),
        seo: field!(seo, Seo),
        custom: field!(custom, Custom, merged_members),
        external_id: field!(external_id, ExternalId),
        published_at: field!(published_at, PublishedAt),
    };
    match conflicts.is_empty() {
        true => Ok(merged),
        false => Err(conflicts),
    }
}

/// The same for a content that is to be stored: what a text, tags and custom fields have become is within their limits.
///
/// # Errors
/// [`MergeRefusal`] with the fields, in the order of [`ContentField::ALL`].
pub fn merge_within_limits(
    base: &ArticleContent,
    current: &ArticleContent,
    mine: &ArticleContent,
) -> Result<ArticleContent, MergeRefusal> {
    let merged = merge(base, current, mine).map_err(MergeRefusal::Conflict)?;
    let is_beyond = |field: &ContentField| match field {
        ContentField::BodyMarkdown => Body::parse(&merged.body_markdown).is_err(),
        ContentField::Tags => merged.tags.len() > MAX_TAGS,
        ContentField::Custom => CustomObject::new(merged.custom.clone()).is_err(),
        // What one side wrote was within the limits when it came in.
        _ => false,
    };
    let beyond: Vec<ContentField> = ContentField::ALL.into_iter().filter(is_beyond).collect();
    match beyond.is_empty() {
        true => Ok(merged),
        false => Err(MergeRefusal::BeyondLimits(beyond)),
    }
}

/// The side that changed, where only one did or both did the same; else what `merged` makes of them.
fn settle<T: Clone + PartialEq>(
    base: &T,
    current: &T,
    mine: &T,
    merged: impl FnOnce(&T, &T, &T) -> Option<T>,
) -> Option<T> {
    if base == current || current == mine {
        return Some(mine.clone());
    }
    if base == mine {
        return Some(current.clone());
    }
    merged(base, current, mine)
}

fn merged_text(base: &String, current: &String, mine: &String) -> Option<String> {
    let [base_lines, current_lines, mine_lines] = [base, current, mine].map(|text| with_last_line_ended(text));
    if !can_be_merged(&base_lines, &current_lines, &mine_lines) {
        return None;
    }
    let mut merged = diffy::merge(&base_lines, &current_lines, &mine_lines).ok()?;
    let ends = [base, current, mine].map(|text| text.ends_with('\n'));
    let [base_ends, current_ends, mine_ends] = ends;
    // Of three yes or no, two are the same, so this is never a conflict.
    let ends_last_line = settle(&base_ends, &current_ends, &mine_ends, |_, _, _| None)?;
    if !ends_last_line && merged.ends_with('\n') {
        merged.pop();
    }
    Some(merged)
}

/// A text whose last line ends like the others. Else adding a line below the last would count as a change of the last.
fn with_last_line_ended(text: &str) -> Cow<'_, str> {
    match text.is_empty() || text.ends_with('\n') {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{text}\n")),
    }
}

fn can_be_merged(base: &str, current: &str, mine: &str) -> bool {
    let mut vocabulary = Vocabulary::default();
    let [base, current, mine] = [base, current, mine].map(|text| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        vocabulary.numbers(&lines)
    });
    [current, mine]
        .iter()
        .all(|side| Effort::new(MOST_STEPS, usize::MAX).affords(&Differing::of(&base, side), 1))
}

#[expect(
    clippy::ptr_arg,
    clippy::unnecessary_wraps,
    reason = "it is called like the merges that can fail, with references to the members of the content"
)]
fn merged_tags(base: &Vec<Uuid>, current: &Vec<Uuid>, mine: &Vec<Uuid>) -> Option<Vec<Uuid>> {
    let is_kept = |tag: &&Uuid| mine.contains(tag) || !base.contains(tag);
    let is_added = |tag: &&Uuid| !base.contains(tag) && !current.contains(tag);
    let kept = current.iter().filter(is_kept);
    Some(kept.chain(mine.iter().filter(is_added)).copied().collect())
}

/// The members of all three, each settled by itself.
fn merged_members(
    base: &Map<String, Value>,
    current: &Map<String, Value>,
    mine: &Map<String, Value>,
) -> Option<Map<String, Value>> {
    let mut merged = Map::new();
    let added = mine.keys().filter(|name| !current.contains_key(*name));
    for name in current.keys().chain(added) {
        let sides = (base.get(name), current.get(name), mine.get(name));
        let settled = settle(&sides.0, &sides.1, &sides.2, |_base, _current, _mine| None)?;
        if let Some(value) = settled {
            merged.insert(name.clone(), value.clone());
        }
    }
    Some(merged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use serde_json::json;

    use super::*;
    use crate::articles::content::{BylineContent, Cover, ExternalId, Seo, SeriesContent};

    fn content() -> ArticleContent {
        ArticleContent {
            title: "Title".into(),
            slug: "slug".into(),
            subtitle: None,
            excerpt: None,
            body_markdown: "One\n\ntwo\n\nthree".into(),
            authors: Vec::new(),
            byline: None,
            section: None,
            tags: Vec::new(),
            series: None,
            related: Vec::new(),
            lang: None,
            translation_of: None,
            canonical_url: None,
            cover: None,
            seo: Seo::default(),
            custom: Map::new(),
            external_id: None,
            published_at: None,
        }
    }

    /// The content with another value in a field; there are three values for each.
    fn with(field: ContentField, number: u32, mut content: ArticleContent) -> ArticleContent {
        let id = Uuid::from_u128(number.into());
        let text = format!("text {number}");
        match field {
            ContentField::Title => content.title = text,
            ContentField::Slug => content.slug = text,
            ContentField::Subtitle => content.subtitle = Some(text),
            ContentField::Excerpt => content.excerpt = Some(text),
            ContentField::BodyMarkdown => content.body_markdown = text,
            ContentField::Authors => {
                content.authors = vec![BylineContent {
                    author: id,
                    role: "author".into(),
                }];
            }
            ContentField::Byline => content.byline = Some(text),
            ContentField::Section => content.section = Some(id),
            ContentField::Tags => content.tags = vec![id],
            ContentField::Series => {
                content.series = Some(SeriesContent {
                    series: id,
                    position: 1,
                });
            }
            ContentField::Related => content.related = vec![id],
            ContentField::Lang => content.lang = Some(text),
            ContentField::TranslationOf => content.translation_of = Some(id),
            ContentField::CanonicalUrl => content.canonical_url = Some(text),
            ContentField::Cover => {
                content.cover = Some(Cover {
                    url: text,
                    alt: None,
                    caption: None,
                    credit: None,
                });
            }
            ContentField::Seo => content.seo.title = Some(text),
            ContentField::Custom => {
                content.custom.insert("member".into(), json!(text));
            }
            ContentField::ExternalId => {
                content.external_id = Some(ExternalId {
                    source: text.clone(),
                    id: text,
                });
            }
            ContentField::PublishedAt => {
                content.published_at = chrono::DateTime::from_timestamp(i64::from(number), 0);
            }
        }
        content
    }

    fn with_body(body: &str) -> ArticleContent {
        ArticleContent {
            body_markdown: body.into(),
            ..content()
        }
    }

    /// The merged text; `None` for a conflict.
    fn merged_body(base: &str, current: &str, mine: &str) -> Option<String> {
        match merge(&with_body(base), &with_body(current), &with_body(mine)) {
            Ok(merged) => Some(merged.body_markdown),
            Err(fields) => {
                assert_eq!(fields, [ContentField::BodyMarkdown]);
                None
            }
        }
    }

    fn tags(numbers: &[u32]) -> ArticleContent {
        ArticleContent {
            tags: numbers.iter().map(|number| Uuid::from_u128((*number).into())).collect(),
            ..content()
        }
    }

    fn custom(members: Value) -> ArticleContent {
        let Value::Object(custom) = members else {
            panic!("members are an object");
        };
        ArticleContent { custom, ..content() }
    }

    #[test]
    fn fields_have_the_names_of_the_members_that_a_revision_keeps() {
        let full = ContentField::ALL
            .into_iter()
            .fold(content(), |content, field| with(field, 1, content));
        let Value::Object(members) = serde_json::to_value(&full).unwrap() else {
            panic!("a content is an object");
        };
        let mut names: Vec<&str> = ContentField::ALL.into_iter().map(ContentField::as_str).collect();
        names.sort_unstable();
        let mut members: Vec<&str> = members.keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(names, members);
    }

    #[test]
    fn each_changed_field_is_named() {
        assert_eq!(changed_fields(&content(), &content()), []);
        for field in ContentField::ALL {
            assert_eq!(changed_fields(&content(), &with(field, 1, content())), [field]);
        }
        let both = with(ContentField::Cover, 1, with(ContentField::Slug, 1, content()));
        assert_eq!(
            changed_fields(&both, &content()),
            [ContentField::Slug, ContentField::Cover]
        );
    }

    #[test]
    fn fields_that_only_one_side_changed_are_taken_from_it() {
        for ours in ContentField::ALL {
            for theirs in ContentField::ALL.into_iter().filter(|theirs| *theirs != ours) {
                let (current, mine) = (with(theirs, 1, content()), with(ours, 2, content()));
                assert_eq!(
                    merge(&content(), &current, &mine),
                    Ok(with(ours, 2, current)),
                    "{ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn a_field_that_both_changed_differently_is_a_conflict_unless_it_can_be_merged() {
        for field in ContentField::ALL {
            let (current, mine) = (with(field, 1, content()), with(field, 2, content()));
            let expected = match field {
                // Both added a tag, and both are kept.
                ContentField::Tags => Ok(tags(&[1, 2])),
                other => Err(vec![other]),
            };
            assert_eq!(merge(&content(), &current, &mine), expected, "{field}");
            assert_eq!(merge(&content(), &mine, &mine), Ok(mine));
        }
    }

    #[test]
    fn every_conflict_is_named_in_the_order_of_the_content() {
        let change = |number| {
            with(
                ContentField::Title,
                number,
                with(ContentField::Section, number, content()),
            )
        };
        assert_eq!(
            merge(&content(), &change(1), &change(2)),
            Err(vec![ContentField::Title, ContentField::Section])
        );
    }

    #[test]
    fn edits_of_different_paragraphs_are_both_kept() {
        let base = "One\n\ntwo\n\nthree";
        for (current, mine, expected) in [
            ("ONE\n\ntwo\n\nthree", "One\n\ntwo\n\nTHREE", "ONE\n\ntwo\n\nTHREE"),
            (
                "One\n\ntwo\n\nthree\n\nfour",
                "ONE\n\ntwo\n\nthree",
                "ONE\n\ntwo\n\nthree\n\nfour",
            ),
            // A line below the last, and a change just above the last.
            (
                "One\n\ntwo\n!\nthree",
                "One\n\ntwo\n\nthree\nfour",
                "One\n\ntwo\n!\nthree\nfour",
            ),
            ("two\n\nthree", "One\n\ntwo\n\nTHREE", "two\n\nTHREE"),
            ("Zero\n\nOne\n\ntwo\n\nthree", "One\n\ntwo", "Zero\n\nOne\n\ntwo"),
        ] {
            assert_eq!(merged_body(base, current, mine).as_deref(), Some(expected));
            assert_eq!(merged_body(base, mine, current).as_deref(), Some(expected));
        }
    }

    #[test]
    fn edits_of_the_same_or_of_neighbouring_lines_are_in_conflict() {
        for (base, current, mine) in [
            ("a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n"),
            // Neighbours: each may have been changed because of what the other said.
            ("a\nb\nc\n", "X\nb\nc\n", "a\nY\nc\n"),
            // Put in at the same place.
            ("a\nb\n", "a\nX\nb\n", "a\nY\nb\n"),
            ("a\n", "a\nX\n", "a\nY\n"),
            ("a", "a\nX", "a\nY"),
            // Taken out here and changed there.
            ("a\nb\nc\n", "a\nc\n", "a\nY\nc\n"),
            ("a", "X", "Y"),
        ] {
            assert_eq!(merged_body(base, current, mine), None, "{base:?} {current:?} {mine:?}");
            assert_eq!(merged_body(base, mine, current), None, "{base:?} {mine:?} {current:?}");
        }
    }

    #[test]
    fn the_same_edit_of_both_is_made_once() {
        assert_eq!(
            merged_body("a\nb\nc\n", "a\nX\nb\nc\n", "a\nX\nb\nC\n").as_deref(),
            Some("a\nX\nb\nC\n")
        );
    }

    #[test]
    fn the_end_of_the_last_line_is_a_change_of_its_own() {
        assert_eq!(merged_body("a\nb", "a\nb\n", "A\nb").as_deref(), Some("A\nb\n"));
        assert_eq!(merged_body("a\nb\n", "a\nb", "a\nb\nc\n").as_deref(), Some("a\nb\nc"));
        assert_eq!(merged_body("a\n\nb", "A\n\nb", "a\n\n").as_deref(), Some("A\n\n"));
    }

    #[test]
    fn tags_are_merged_as_sets() {
        let merged = merge(&tags(&[1, 2, 3]), &tags(&[4, 3, 1]), &tags(&[5, 2, 3])).unwrap();
        assert_eq!(merged, tags(&[4, 3, 5]));
        // Both added the same one.
        let merged = merge(&tags(&[1]), &tags(&[1, 2]), &tags(&[2, 1, 3])).unwrap();
        assert_eq!(merged, tags(&[1, 2, 3]));
        // One side changed nothing but the order.
        assert_eq!(merge(&tags(&[1, 2]), &tags(&[1, 2]), &tags(&[2, 1])), Ok(tags(&[2, 1])));
    }

    #[test]
    fn what_both_put_in_is_within_the_limits_of_the_fields() {
        let beyond = |current: &ArticleContent, mine: &ArticleContent, base: &ArticleContent| {
            assert!(merge(base, current, mine).is_ok());
            match merge_within_limits(base, current, mine) {
                Err(MergeRefusal::BeyondLimits(fields)) => fields,
                other => panic!("{other:?}"),
            }
        };
        let some = |range: std::ops::Range<u32>| tags(&range.collect::<Vec<u32>>());
        assert_eq!(
            merge_within_limits(&content(), &some(0..25), &some(25..50)),
            Ok(some(0..50))
        );
        assert_eq!(beyond(&some(0..25), &some(25..51), &content()), [ContentField::Tags]);
        // Each takes out a paragraph, and both together take out all.
        let (current, mine) = (with_body("\n\nb\n"), with_body("a\n\n\n"));
        assert_eq!(
            beyond(&current, &mine, &with_body("a\n\n\nb\n")),
            [ContentField::BodyMarkdown]
        );
        let long = "a".repeat(600_000);
        let (current, mine) = (format!("{long}\n\nb\n\nc"), format!("a\n\nb\n\n{long}"));
        let base = with_body("a\n\nb\n\nc");
        assert_eq!(
            beyond(&with_body(&current), &with_body(&mine), &base),
            [ContentField::BodyMarkdown]
        );
        let members = |name: &str| {
            let members = (0..51).map(|number| (format!("{name}{number}"), json!(number)));
            custom(Value::Object(members.collect()))
        };
        assert_eq!(beyond(&members("a"), &members("b"), &content()), [ContentField::Custom]);
    }

    #[test]
    fn custom_fields_are_merged_one_by_one() {
        let base = custom(json!({"kept": 1, "theirs": 1, "mine": 1, "gone": 1, "gone_here": 1}));
        let current = custom(json!({"kept": 1, "theirs": 2, "mine": 1, "gone_here": 1, "new": [1], "same": {"a": 1}}));
        let mine = custom(json!({"kept": 1, "theirs": 1, "mine": 3, "gone": 1, "newer": null, "same": {"a": 1}}));
        let expected = json!({"kept": 1, "theirs": 2, "mine": 3, "new": [1], "newer": null, "same": {"a": 1}});
        assert_eq!(merge(&base, &current, &mine), Ok(custom(expected)));
        for (current, mine) in [
            (json!({"a": {"x": 2, "y": 1}}), json!({"a": {"x": 1, "y": 2}})),
            (json!({}), json!({"a": 2})),
            (json!({"a": 2}), json!({})),
        ] {
            let base = custom(json!({"a": {"x": 1, "y": 1}}));
            assert_eq!(
                merge(&base, &custom(current), &custom(mine)),
                Err(vec![ContentField::Custom])
            );
        }
    }

    #[test]
    fn texts_that_differ_too_much_are_in_conflict_at_once() {
        let text = |line: &str| format!("{line}\n").repeat(2_000) + &format!("{line} ").repeat(400_000);
        let lines = |word: &str| {
            (0..20_000)
                .map(|line| format!("{word} {line}\n"))
                .collect::<Vec<String>>()
                .concat()
        };
        assert_eq!(merged_body(&text("a"), &text("b"), &text("c")), None);
        assert_eq!(merged_body(&lines("a"), &lines("b"), &lines("c")), None);
        // Texts of this length with few changes are merged, however long the changes are.
        let (current, mine) = (
            lines("a").replacen("a 7\n", "X\n", 1),
            lines("a").replacen("a 19999\n", "Y\n", 1),
        );
        let merged = merged_body(&lines("a"), &current, &mine).unwrap();
        assert!(merged.contains("\nX\n") && merged.ends_with("\nY\n"));
        let (current, mine) = (lines("b") + "X\n", String::from("X\n") + &lines("c"));
        let expected = lines("b") + "X\n" + &lines("c");
        assert_eq!(merged_body("X\n", &current, &mine), Some(expected));
    }

    /// Texts with few different lines, so that there are many ways to match them.
    fn body() -> impl Strategy<Value = String> {
        "([abc]?\n){0,9}[abc]?"
    }

    fn any_content() -> impl Strategy<Value = ArticleContent> {
        let tags = subsequence(vec![0, 1, 2, 3], 0..4).prop_shuffle();
        let members = prop::collection::btree_map("[ab]", 0..3, 0..3);
        let fields = (select(&ContentField::ALL[..]), 0_u32..3);
        (body(), tags, members, fields).prop_map(|(body_markdown, tags, members, (field, number))| {
            let content = ArticleContent {
                body_markdown,
                tags: tags.into_iter().map(Uuid::from_u128).collect(),
                custom: members.into_iter().map(|(name, value)| (name, json!(value))).collect(),
                ..content()
            };
            with(field, number, content)
        })
    }

    proptest! {
        #[test]
        fn a_side_that_changed_nothing_leaves_the_other_as_it_is(base in any_content(), other in any_content()) {
            prop_assert_eq!(merge(&base, &base, &other), Ok(other.clone()));
            prop_assert_eq!(merge(&base, &other, &base), Ok(other.clone()));
            prop_assert_eq!(merge(&base, &other, &other), Ok(other));
        }

        #[test]
        fn which_side_came_first_does_not_matter_for_conflicts(
            base in any_content(), current in any_content(), mine in any_content(),
        ) {
            match (merge(&base, &current, &mine), merge(&base, &mine, &current)) {
                (Err(left), Err(right)) => prop_assert_eq!(left, right),
                (Ok(mut left), Ok(mut right)) => {
                    // Only the order of tags, which is that of the first.
                    left.tags.sort();
                    right.tags.sort();
                    prop_assert_eq!(left, right);
                }
                (left, right) => prop_assert!(false, "{left:?} {right:?}"),
            }
        }

        #[test]
        fn changes_of_different_fields_are_all_kept(
            base in any_content(),
            chosen in subsequence(ContentField::ALL.to_vec(), 0..=19),
            split in prop::collection::vec(any::<bool>(), 19),
        ) {
            let sides = chosen.iter().zip(split);
            let (mut current, mut mine, mut both) = (base.clone(), base.clone(), base.clone());
            for (field, is_mine) in sides {
                both = with(*field, 9, both);
                match is_mine {
                    true => mine = with(*field, 9, mine),
                    false => current = with(*field, 9, current),
                }
            }
            prop_assert_eq!(merge(&base, &current, &mine), Ok(both));
        }

        #[test]
        fn edits_of_lines_apart_are_both_kept(
            edits in prop::collection::vec((0_u8..4, any::<bool>()), 1..12),
            ends_last_line in any::<bool>(),
        ) {
            // Each line may be changed by one side, be taken out, or get another before it; lines that stay are between.
            let mut sides = [String::new(), String::new(), String::new(), String::new()];
            for (index, (edit, is_mine)) in edits.iter().enumerate() {
                let line = format!("line {index}\n");
                let edited = match edit {
                    0 => line.clone(),
                    1 => format!("changed {index}\n"),
                    2 => String::new(),
                    _ => format!("new {index}\n{line}"),
                };
                let between = format!("between {index}\n");
                let (current, mine) = match is_mine {
                    true => (&line, &edited),
                    false => (&edited, &line),
                };
                for (side, part) in sides.iter_mut().zip([&line, current, mine, &edited]) {
                    side.push_str(part);
                    side.push_str(&between);
                }
            }
            let [base, current, mine, both] = sides.map(|mut text| {
                if !ends_last_line {
                    text.pop();
                }
                text
            });
            prop_assert_eq!(merged_body(&base, &current, &mine), Some(both));
        }

        #[test]
        fn a_merged_text_has_what_both_kept_and_what_either_put_in(
            current in prop::collection::vec(0_u8..5, 8),
            mine in prop::collection::vec(0_u8..5, 8),
        ) {
            let base: Vec<String> = (0..8).map(|index| format!("line {index}\n")).collect();
            let edited = |side: &str, edits: &[u8]| -> Vec<String> {
                let edited = edits.iter().zip(&base).enumerate().flat_map(|(index, (edit, line))| match edit {
                    0 => Vec::new(),
                    1 => vec![format!("{side} {index}\n")],
                    2 => vec![format!("{side} {index}\n"), line.clone()],
                    _ => vec![line.clone()],
                });
                edited.collect()
            };
            let (current, mine) = (edited("current", &current), edited("mine", &mine));
            let Some(merged) = merged_body(&base.concat(), &current.concat(), &mine.concat()) else {
                return Ok(());
            };
            let merged: Vec<String> = merged.split_inclusive('\n').map(str::to_owned).collect();
            // The lines of a side that stand in the merged text stand there in its order; none is lost, none made up.
            for (side, other) in [(&current, &mine), (&mine, &current)] {
                let stays = |line: &&String| other.contains(line) || !base.contains(line);
                let expected: Vec<&String> = side.iter().filter(stays).collect();
                let found: Vec<&String> = merged.iter().filter(|line| side.contains(line)).collect();
                prop_assert_eq!(found, expected);
            }
            prop_assert!(merged.iter().all(|line| current.contains(line) || mine.contains(line)));
        }
    }
}
