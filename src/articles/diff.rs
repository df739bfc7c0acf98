//! What differs between two contents: texts word by word, everything else as its value before and after. Pure.
//!
//! Texts are compared by lines first and then, within what differs, by words as Unicode bounds them (UAX 29), so that
//! scripts without blanks are compared as finely as others. The work is bounded by the size of the texts and not by time:
//! what would take too long is given as taken out and put in as a whole.

use std::convert::Infallible;
use std::ops::Range;

use serde_json::Value;
use similar::algorithms::{DiffHook, myers};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::articles::content::ArticleContent;
use crate::articles::effort::{Differing, Effort, Vocabulary};
use crate::articles::merge::{ContentField, changed_fields};

/// Lines times changed lines that the comparison of two texts may take.
const MOST_LINE_STEPS: usize = 100_000_000;

/// Words times changed words that it may take, over all blocks of changed lines.
const MOST_WORD_STEPS: usize = 50_000_000;

/// Changed words that are told apart in one text; what comes after them is given as whole lines.
const MOST_CHANGED_WORDS: usize = 20_000;

/// No block of lines takes more than one in so many parts of the work that is left, so that something is left for the next.
const BLOCK_SHARE: usize = 4;

/// Words that are shown on each side of a change.
const CONTEXT_WORDS: usize = 20;

/// Characters that are shown on each side of a change, if its words are long.
const CONTEXT_CHARACTERS: usize = 200;

/// Fewer characters than this are not worth being left out.
const FEWEST_OMITTED: usize = 40;

/// What differs between two contents.
#[derive(Debug, Clone, PartialEq)]
pub struct ContentDiff {
    /// The fields that differ, in the order of the content.
    pub fields: Vec<FieldDiff>,
}

/// What differs in one field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDiff {
    /// The field.
    pub field: ContentField,
    /// How the difference is told.
    pub kind: DiffKind,
    /// The value before, of a field that is no text; `None` when it had none.
    pub before: Option<Value>,
    /// The value after, of a field that is no text; `None` when it has none.
    pub after: Option<Value>,
    /// The parts of a text, in order; empty for a field that is none.
    pub hunks: Vec<DiffHunk>,
}

/// How a difference is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// As the parts of a text.
    Text,
    /// As the values before and after.
    Value,
}

/// A part of a text. The parts that are equal or taken out make the text before, those that are equal or put in the text
/// after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffHunk {
    /// Whether it stands in both texts or in one.
    pub op: HunkOp,
    /// The part; empty when it is left out.
    pub text: String,
    /// The line of the text before where the part begins, from 1.
    pub from_line: u32,
    /// The line of the text after where the part begins, from 1.
    pub to_line: u32,
    /// The characters of an equal part that is left out, far from every change; 0 for every other part.
    pub omitted_characters: u32,
}

/// Where a part of a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HunkOp {
    /// In both texts.
    Equal,
    /// In the text after.
    Insert,
    /// In the text before.
    Delete,
}

impl DiffKind {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Value => "value",
        }
    }
}

impl HunkOp {
    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Insert => "insert",
            Self::Delete => "delete",
        }
    }
}

/// What differs between two contents; nothing for equal ones.
#[must_use]
pub fn diff(from: &ArticleContent, to: &ArticleContent) -> ContentDiff {
    let fields = changed_fields(from, to);
    let (from, to) = (Side::of(from), Side::of(to));
    ContentDiff {
        fields: fields.into_iter().map(|field| field_diff(field, &from, &to)).collect(),
    }
}

/// A content, and the same as a revision keeps it, which leaves out what is empty.
struct Side<'content> {
    content: &'content ArticleContent,
    members: Value,
}

impl<'content> Side<'content> {
    fn of(content: &'content ArticleContent) -> Self {
        Self {
            content,
            members: serde_json::to_value(content).unwrap_or_default(),
        }
    }

    fn value_of(&self, field: ContentField) -> Option<Value> {
        self.members.get(field.as_str()).cloned()
    }
}

fn field_diff(field: ContentField, from: &Side<'_>, to: &Side<'_>) -> FieldDiff {
    let texts = (text_of(field, from.content), text_of(field, to.content));
    let (kind, before, after, hunks) = match texts {
        (Some(from), Some(to)) => (DiffKind::Text, None, None, field_hunks(field, from, to)),
        _ => (DiffKind::Value, from.value_of(field), to.value_of(field), Vec::new()),
    };
    FieldDiff {
        field,
        kind,
        before,
        after,
        hunks,
    }
}

fn field_hunks(field: ContentField, from: &str, to: &str) -> Vec<DiffHunk> {
    let hunks = hunks_between(from, to);
    match field {
        ContentField::BodyMarkdown => shortened(hunks),
        _ => hunks,
    }
}

/// The text of a field that is compared by words. One that is not set is an empty text.
fn text_of(field: ContentField, content: &ArticleContent) -> Option<&str> {
    let optional = match field {
        ContentField::Title => return Some(&content.title),
        ContentField::BodyMarkdown => return Some(&content.body_markdown),
        ContentField::Subtitle => &content.subtitle,
        ContentField::Excerpt => &content.excerpt,
        ContentField::Byline => &content.byline,
        ContentField::Slug
        | ContentField::Authors
        | ContentField::Section
        | ContentField::Tags
        | ContentField::Series
        | ContentField::Related
        | ContentField::Lang
        | ContentField::TranslationOf
        | ContentField::CanonicalUrl
        | ContentField::Cover
        | ContentField::Seo
        | ContentField::Custom
        | ContentField::ExternalId
        | ContentField::PublishedAt => return None,
    };
    Some(optional.as_deref().unwrap_or_default())
}

/// A stretch that stands in both texts: where it begins in each, and how long it is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    from: usize,
    to: usize,
    len: usize,
}

/// The stretch of each text between two matches: what differs.
struct Gap {
    from: Range<usize>,
    to: Range<usize>,
}

/// The parts of two texts, whole.
fn hunks_between(from: &str, to: &str) -> Vec<DiffHunk> {
    let matches = readable(joined(matches_of(from, to)), from, to);
    let mut writer = HunkWriter::default();
    for (gap, found) in gaps(&matches, from, to) {
        writer.push(HunkOp::Delete, from.get(gap.from).unwrap_or_default());
        writer.push(HunkOp::Insert, to.get(gap.to).unwrap_or_default());
        writer.push(HunkOp::Equal, slice(from, found.from, found.len));
    }
    writer.hunks
}

/// The matches of two texts by lines and, between those, by words.
fn matches_of(from: &str, to: &str) -> Vec<Match> {
    let (from_lines, to_lines) = (lines(from), lines(to));
    let by_lines = compare(&from_lines, &to_lines, &mut Effort::new(MOST_LINE_STEPS, usize::MAX), 1);
    let mut effort = Effort::new(MOST_WORD_STEPS, MOST_CHANGED_WORDS);
    let mut matches = Vec::with_capacity(by_lines.len());
    for (gap, found) in gaps(&by_lines, from, to) {
        if !gap.from.is_empty() && !gap.to.is_empty() {
            matches.extend(matches_by_words(gap, from, to, &mut effort));
        }
        matches.push(found);
    }
    matches
}

fn matches_by_words(gap: Gap, from: &str, to: &str, effort: &mut Effort) -> impl Iterator<Item = Match> {
    let start = (gap.from.start, gap.to.start);
    let from_words = words(from.get(gap.from).unwrap_or_default());
    let to_words = words(to.get(gap.to).unwrap_or_default());
    let by_words = compare(&from_words, &to_words, effort, BLOCK_SHARE);
    by_words.into_iter().map(move |part| Match {
        from: part.from.saturating_add(start.0),
        to: part.to.saturating_add(start.1),
        len: part.len,
    })
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn words(text: &str) -> Vec<&str> {
    text.split_word_bounds().collect()
}

/// The matches of two sequences of pieces. When the work cannot be afforded, only what they begin and end with is matched.
fn compare(from: &[&str], to: &[&str], effort: &mut Effort, share: usize) -> Vec<Match> {
    let mut vocabulary = Vocabulary::default();
    let (from_numbers, to_numbers) = (vocabulary.numbers(from), vocabulary.numbers(to));
    let differing = Differing::of(&from_numbers, &to_numbers);
    let mut runs = vec![(0, 0, differing.prefix)];
    if effort.affords(&differing, share) {
        let mut found = EqualRuns(Vec::new());
        let (left, right) = (differing.from, differing.to);
        let Ok(()) = myers::diff(&mut found, left, 0..left.len(), right, 0..right.len());
        let offset = differing.prefix;
        runs.extend(
            found
                .0
                .into_iter()
                .map(|(left, right, count)| (left.saturating_add(offset), right.saturating_add(offset), count)),
        );
    }
    let start_of_suffix = |pieces: &[&str]| pieces.len().saturating_sub(differing.suffix);
    runs.push((start_of_suffix(from), start_of_suffix(to), differing.suffix));
    in_bytes(&runs, from, to)
}

/// Collects the runs of equal pieces: where they begin in each sequence, and how many they are.
struct EqualRuns(Vec<(usize, usize, usize)>);

impl DiffHook for EqualRuns {
    type Error = Infallible;

    fn equal(&mut self, from: usize, to: usize, count: usize) -> Result<(), Infallible> {
        self.0.push((from, to, count));
        Ok(())
    }
}

fn in_bytes(runs: &[(usize, usize, usize)], from: &[&str], to: &[&str]) -> Vec<Match> {
    let (from_starts, to_starts) = (starts(from), starts(to));
    let at = |starts: &[usize], index: usize| starts.get(index).copied().unwrap_or_default();
    runs.iter()
        .map(|&(left, right, count)| Match {
            from: at(&from_starts, left),
            to: at(&to_starts, right),
            len: at(&from_starts, left.saturating_add(count)).saturating_sub(at(&from_starts, left)),
        })
        .collect()
}

/// Where each piece begins, and where the last one ends.
fn starts(pieces: &[&str]) -> Vec<usize> {
    let mut end = 0_usize;
    let ends = pieces.iter().map(|piece| {
        end = end.saturating_add(piece.len());
        end
    });
    std::iter::once(0).chain(ends).collect()
}

/// The matches without empty ones, and with those that touch each other made one.
fn joined(matches: Vec<Match>) -> Vec<Match> {
    let mut joined: Vec<Match> = Vec::with_capacity(matches.len());
    for found in matches.into_iter().filter(|found| found.len > 0) {
        match joined.last_mut() {
            Some(last) if touches(last, &found) => last.len = last.len.saturating_add(found.len),
            _ => joined.push(found),
        }
    }
    joined
}

fn touches(before: &Match, after: &Match) -> bool {
    before.from.saturating_add(before.len) == after.from && before.to.saturating_add(before.len) == after.to
}

/// The matches without the blanks between two changed words: a sentence that was rewritten reads better as one sentence
/// taken out and one put in than word by word.
fn readable(matches: Vec<Match>, from: &str, to: &str) -> Vec<Match> {
    let is_inner = |found: &Match| {
        (found.from, found.to) != (0, 0)
            && (found.from.saturating_add(found.len), found.to.saturating_add(found.len)) != (from.len(), to.len())
    };
    let is_blank = |text: &str| text.trim().is_empty() && !text.contains('\n');
    let is_kept = |found: &Match| !is_inner(found) || !is_blank(slice(from, found.from, found.len));
    matches.into_iter().filter(is_kept).collect()
}

fn slice(text: &str, start: usize, len: usize) -> &str {
    text.get(start..start.saturating_add(len)).unwrap_or_default()
}

/// Each match with the gap before it; the last is an empty match behind the last gap.
fn gaps(matches: &[Match], from: &str, to: &str) -> Vec<(Gap, Match)> {
    let end = Match {
        from: from.len(),
        to: to.len(),
        len: 0,
    };
    let mut at = (0_usize, 0_usize);
    let with_gap = matches.iter().chain(std::iter::once(&end)).map(|found| {
        let gap = Gap {
            from: at.0..found.from,
            to: at.1..found.to,
        };
        at = (found.from.saturating_add(found.len), found.to.saturating_add(found.len));
        (gap, *found)
    });
    with_gap.collect()
}

/// Writes parts one after the other and counts their lines.
struct HunkWriter {
    hunks: Vec<DiffHunk>,
    from_line: u32,
    to_line: u32,
}

impl Default for HunkWriter {
    fn default() -> Self {
        Self {
            hunks: Vec::new(),
            from_line: 1,
            to_line: 1,
        }
    }
}

impl HunkWriter {
    fn push(&mut self, op: HunkOp, text: &str) {
        self.write(op, text, Omission::Shown);
    }

    fn write(&mut self, op: HunkOp, text: &str, omission: Omission) {
        if text.is_empty() {
            return;
        }
        let (text_shown, omitted_characters) = match omission {
            Omission::Shown => (text.to_owned(), 0),
            Omission::LeftOut => (String::new(), number(text.chars().count())),
        };
        self.hunks.push(DiffHunk {
            op,
            text: text_shown,
            from_line: self.from_line,
            to_line: self.to_line,
            omitted_characters,
        });
        let line_ends = number(text.matches('\n').count());
        if op != HunkOp::Insert {
            self.from_line = self.from_line.saturating_add(line_ends);
        }
        if op != HunkOp::Delete {
            self.to_line = self.to_line.saturating_add(line_ends);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Omission {
    Shown,
    LeftOut,
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The parts with those left out that are equal and far from every change.
fn shortened(hunks: Vec<DiffHunk>) -> Vec<DiffHunk> {
    let last = hunks.len().saturating_sub(1);
    let mut writer = HunkWriter::default();
    for (index, hunk) in hunks.into_iter().enumerate() {
        if hunk.op != HunkOp::Equal {
            writer.push(hunk.op, &hunk.text);
            continue;
        }
        let head = match index {
            0 => 0,
            _ => head_of(&hunk.text),
        };
        let rest = hunk.text.get(head..).unwrap_or_default();
        let tail = match index == last {
            true => rest.len(),
            false => tail_of(rest),
        };
        let middle = rest.get(..tail).unwrap_or_default();
        if middle.chars().nth(FEWEST_OMITTED).is_none() {
            writer.push(HunkOp::Equal, &hunk.text);
            continue;
        }
        writer.push(HunkOp::Equal, hunk.text.get(..head).unwrap_or_default());
        writer.write(HunkOp::Equal, middle, Omission::LeftOut);
        writer.push(HunkOp::Equal, rest.get(tail..).unwrap_or_default());
    }
    writer.hunks
}

/// Where the context behind a change ends.
fn head_of(text: &str) -> usize {
    let end = text
        .char_indices()
        .nth(CONTEXT_CHARACTERS)
        .map_or(text.len(), |(end, _)| end);
    let window = text.get(..end).unwrap_or_default();
    window
        .unicode_word_indices()
        .nth(CONTEXT_WORDS)
        .map_or(end, |(start, _)| start)
}

/// Where the context before a change begins.
fn tail_of(text: &str) -> usize {
    let mut from_end = text.char_indices().rev();
    let start = from_end
        .nth(CONTEXT_CHARACTERS.saturating_sub(1))
        .map_or(0, |(start, _)| start);
    let window = text.get(start..).unwrap_or_default();
    let words_from_end = window.unicode_word_indices().rev();
    words_from_end
        .take(CONTEXT_WORDS)
        .nth(CONTEXT_WORDS.saturating_sub(1))
        .map_or(start, |(offset, _)| start.saturating_add(offset))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::articles::content::{BylineContent, Seo};

    fn content(title: &str, body_markdown: &str) -> ArticleContent {
        ArticleContent {
            title: title.into(),
            slug: "slug".into(),
            subtitle: None,
            excerpt: None,
            body_markdown: body_markdown.into(),
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
            custom: serde_json::Map::new(),
            external_id: None,
            published_at: None,
        }
    }

    /// Parts in short: `=` equal, `-` taken out, `+` put in, `…` left out.
    fn short(hunks: &[DiffHunk]) -> Vec<String> {
        let line = |hunk: &DiffHunk| match (hunk.op, hunk.omitted_characters) {
            (HunkOp::Equal, 0) => format!("={}", hunk.text),
            (HunkOp::Equal, omitted) => format!("…{omitted}"),
            (HunkOp::Delete, _) => format!("-{}", hunk.text),
            (HunkOp::Insert, _) => format!("+{}", hunk.text),
        };
        hunks.iter().map(line).collect()
    }

    fn between(from: &str, to: &str) -> Vec<String> {
        short(&hunks_between(from, to))
    }

    /// The texts that parts make: those that are left out are taken from the text before.
    fn rebuilt(hunks: &[DiffHunk], from: &str) -> (String, String) {
        let (mut before, mut after) = (String::new(), String::new());
        for hunk in hunks {
            let count = usize::try_from(hunk.omitted_characters).unwrap();
            let omitted: String = from.chars().skip(before.chars().count()).take(count).collect();
            let text = format!("{}{omitted}", hunk.text);
            if hunk.op != HunkOp::Insert {
                before.push_str(&text);
            }
            if hunk.op != HunkOp::Delete {
                after.push_str(&text);
            }
        }
        (before, after)
    }

    #[test]
    fn equal_contents_have_no_difference() {
        let one = content("Title", "Text");
        assert_eq!(diff(&one, &one), ContentDiff { fields: Vec::new() });
    }

    #[test]
    fn fields_are_told_as_text_or_as_values() {
        let from = content("The old title", "Text");
        let mut to = content("The new title", "Text");
        to.subtitle = Some("Below".into());
        to.lang = Some("en".into());
        to.authors = vec![BylineContent {
            author: uuid::Uuid::from_u128(1),
            role: "author".into(),
        }];
        let hunk = |op, text: &str| DiffHunk {
            op,
            text: text.into(),
            from_line: 1,
            to_line: 1,
            omitted_characters: 0,
        };
        let text = |field, hunks| FieldDiff {
            field,
            kind: DiffKind::Text,
            before: None,
            after: None,
            hunks,
        };
        let value = |field, before, after| FieldDiff {
            field,
            kind: DiffKind::Value,
            before,
            after,
            hunks: Vec::new(),
        };
        let author = json!([{"author": "00000000-0000-0000-0000-000000000001", "role": "author"}]);
        let title = vec![
            hunk(HunkOp::Equal, "The "),
            hunk(HunkOp::Delete, "old"),
            hunk(HunkOp::Insert, "new"),
            hunk(HunkOp::Equal, " title"),
        ];
        assert_eq!(
            diff(&from, &to).fields,
            [
                text(ContentField::Title, title),
                text(ContentField::Subtitle, vec![hunk(HunkOp::Insert, "Below")]),
                value(ContentField::Authors, None, Some(author.clone())),
                value(ContentField::Lang, None, Some(json!("en"))),
            ]
        );
        let back = diff(&to, &from);
        assert_eq!(back.fields[2], value(ContentField::Authors, Some(author), None));
        assert_eq!(short(&back.fields[1].hunks), ["-Below"]);
    }

    #[test]
    fn words_are_told_apart_in_every_script() {
        assert_eq!(
            between("one two three", "one 2 three"),
            ["=one ", "-two", "+2", "= three"]
        );
        assert_eq!(between("don't", "do"), ["-don't", "+do"]);
        assert_eq!(between("我喜欢猫", "我喜欢狗"), ["=我喜欢", "-猫", "+狗"]);
        assert_eq!(between("Привет, мир", "Привет, Рим"), ["=Привет, ", "-мир", "+Рим"]);
        assert_eq!(between("a 👩‍👩‍👧 b", "a 👩‍👩‍👦 b"), ["=a ", "-👩‍👩‍👧", "+👩‍👩‍👦", "= b"]);
    }

    #[test]
    fn words_that_follow_each_other_are_one_part() {
        assert_eq!(
            between("the quick fox ran", "a slow dog ran"),
            ["-the quick fox", "+a slow dog", "= ran"]
        );
        assert_eq!(between("a b", "x a b"), ["+x ", "=a b"]);
        // Paragraphs stay apart.
        assert_eq!(between("one\n\ntwo", "1\n\n2"), ["-one", "+1", "=\n\n", "-two", "+2"]);
    }

    #[test]
    fn lines_are_counted_on_both_sides() {
        let hunks = hunks_between("one\ntwo\nthree\nfour\n", "zero\none\ntwo\nfour!\n");
        let lines: Vec<(&str, u32, u32)> = hunks
            .iter()
            .map(|hunk| (hunk.text.as_str(), hunk.from_line, hunk.to_line))
            .collect();
        assert_eq!(
            lines,
            [
                ("zero\n", 1, 1),
                ("one\ntwo\n", 1, 2),
                ("three\n", 3, 4),
                ("four", 4, 4),
                ("!", 4, 4),
                ("\n", 4, 4)
            ]
        );
    }

    #[test]
    fn what_is_far_from_every_change_of_a_text_is_left_out() {
        let words = |from: u32, to: u32| {
            (from..to)
                .map(|number| format!("w{number} "))
                .collect::<Vec<_>>()
                .concat()
        };
        let from = format!(
            "{}old {}\n{}old {}",
            words(100, 200),
            words(200, 250),
            words(250, 300),
            words(300, 400)
        );
        let to = from.replace("old", "new");
        let fields = diff(&content("Title", &from), &content("Title", &to)).fields;
        assert_eq!(
            short(&fields[0].hunks),
            [
                "…400".to_owned(),
                format!("={}", words(180, 200)),
                "-old".into(),
                "+new".into(),
                format!("= {}", words(200, 220)),
                "…301".into(),
                format!("={}", words(280, 300)),
                "-old".into(),
                "+new".into(),
                format!("= {}", words(300, 320)),
                "…400".into(),
            ]
        );
        assert_eq!(
            fields[0].hunks.iter().map(|hunk| hunk.from_line).collect::<Vec<_>>()[4..7],
            [1, 1, 2]
        );
        assert_eq!(rebuilt(&fields[0].hunks, &from), (from, to));
    }

    #[test]
    fn long_words_are_left_out_too_and_short_rests_are_not() {
        let from = format!("{} old {}", "a".repeat(1_000), "b".repeat(230));
        let to = from.replace("old", "new");
        let hunks = shortened(hunks_between(&from, &to));
        assert_eq!(hunks[0].omitted_characters, 801);
        assert_eq!(hunks[1].text.chars().count(), 200);
        assert_eq!(hunks[4].text.chars().count(), 231);
        assert_eq!(hunks.len(), 5);
    }

    #[test]
    fn texts_that_differ_too_much_are_replaced_but_for_their_ends() {
        let text = |word: &str| {
            let lines: Vec<String> = (0..20_000).map(|line| format!("{word}{line}\n")).collect();
            format!("Same begin {}same end", lines.concat())
        };
        let hunks = hunks_between(&text("a"), &text("b"));
        assert_eq!(
            hunks.iter().map(|hunk| hunk.op).collect::<Vec<_>>(),
            [HunkOp::Equal, HunkOp::Delete, HunkOp::Insert, HunkOp::Equal]
        );
        assert_eq!(rebuilt(&hunks, ""), (text("a"), text("b")));
    }

    #[test]
    fn a_text_with_more_changed_words_than_are_told_apart_has_whole_lines_behind_them() {
        let line = |mark: &str| format!("{}\n\n", format!("same {mark}, ").repeat(100));
        let (from, to) = (line("a").repeat(300), line("b").repeat(300));
        let hunks = hunks_between(&from, &to);
        assert!(hunks.len() < MOST_CHANGED_WORDS * 2, "{}", hunks.len());
        assert_eq!(rebuilt(&hunks, ""), (from, to));
    }

    proptest! {
        #[test]
        fn parts_make_both_texts(from in "([ab] ?|\n|\\PC){0,30}", to in "([ab] ?|\n|\\PC){0,30}") {
            let hunks = hunks_between(&from, &to);
            prop_assert_eq!(rebuilt(&hunks, ""), (from, to));
            let follows = |pair: &[DiffHunk]| match (pair[0].op, pair[1].op) {
                (left, right) if left == right => false,
                (HunkOp::Insert, HunkOp::Delete) => false,
                _ => true,
            };
            prop_assert!(hunks.windows(2).all(follows));
            prop_assert!(hunks.iter().all(|hunk| !hunk.text.is_empty() && hunk.omitted_characters == 0));
        }

        #[test]
        fn parts_begin_at_the_lines_that_they_say(from in "([ab] ?|\n){0,30}", to in "([ab] ?|\n){0,30}") {
            let (mut before, mut after) = (1, 1);
            for hunk in hunks_between(&from, &to) {
                prop_assert_eq!((hunk.from_line, hunk.to_line), (before, after));
                let line_ends = number(hunk.text.matches('\n').count());
                before += if hunk.op == HunkOp::Insert { 0 } else { line_ends };
                after += if hunk.op == HunkOp::Delete { 0 } else { line_ends };
            }
        }

        #[test]
        fn leaving_out_loses_nothing(
            from in "([ab]{1,3}[ \n]|é|猫){0,400}",
            places in prop::collection::vec(0_usize..400, 0..3),
        ) {
            let changed = |(index, c): (usize, char)| match places.contains(&index) {
                true => 'X',
                false => c,
            };
            let to: String = from.chars().enumerate().map(changed).collect();
            let whole = hunks_between(&from, &to);
            let short = shortened(whole.clone());
            prop_assert_eq!(rebuilt(&short, &from), (from, to));
            let changes = |hunks: &[DiffHunk]| -> Vec<DiffHunk> {
                hunks.iter().filter(|hunk| hunk.op != HunkOp::Equal).cloned().collect()
            };
            prop_assert_eq!(changes(&short), changes(&whole));
        }

        #[test]
        fn equal_texts_have_no_change(text in "([ab] ?|\n|\\PC){0,30}") {
            prop_assert!(hunks_between(&text, &text).iter().all(|hunk| hunk.op == HunkOp::Equal));
        }
    }
}
