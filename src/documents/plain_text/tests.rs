use proptest::prelude::*;

use super::*;
use crate::documents::text::Charset;
use crate::documents::{BodyLayout, Confidence, DocumentCommentKind, IgnoredReason, ThreadState};

/// What a fixture must give. Everything not named must be absent.
#[derive(Default)]
struct Expected {
    title: &'static str,
    subtitle: &'static str,
    published: &'static str,
    authors: &'static [&'static str],
    /// The beginnings of the authors' notes, empty for none.
    bios: &'static [&'static str],
    paragraphs: usize,
    comments: &'static [Comment],
    closed: bool,
    /// The codes of the warnings, in order.
    warnings: &'static [&'static str],
}

/// Name, date, parent, Markdown.
type Comment = (Option<&'static str>, Option<&'static str>, Option<usize>, &'static str);

const TITLE: &str = "The harbour at dawn";
const ADA: &[&str] = &["Ada Lindqvist"];
const HARBOUR: Expected = Expected {
    title: TITLE,
    subtitle: "",
    published: "",
    authors: &[],
    bios: &[],
    paragraphs: 1,
    comments: &[],
    closed: false,
    warnings: &[],
};
const BY_ADA: Expected = Expected {
    authors: ADA,
    bios: &[""],
    ..HARBOUR
};

fn parsed(text: &str, hints: &Hints) -> Result<Document, DocumentFault> {
    let text = Text::decode(text.as_bytes(), Charset::Utf8).unwrap();
    let document = read(&text, hints)?;
    assert_eq!(
        document.account(),
        Ok(()),
        "{text:?}\n{:#?}\n{:#?}",
        document.fields(),
        document.ignored_lines
    );
    Ok(document)
}

fn document(text: &str) -> Document {
    parsed(text, &Hints::default()).unwrap()
}

fn code(text: &str) -> &'static str {
    parsed(text, &Hints::default()).unwrap_err().0[0].code
}

fn codes(document: &Document) -> Vec<&'static str> {
    document.warnings.iter().map(|warning| warning.code).collect()
}

type CommentFacts<'document> = (Option<&'document str>, Option<String>, Option<usize>, &'document str);

fn comments(document: &Document) -> Vec<CommentFacts<'_>> {
    let facts = document.comments.iter().map(|comment| {
        let name = comment.author_name.as_ref().map(|name| name.value.as_str());
        let date = comment
            .created_at
            .as_ref()
            .map(|date| date.value.format("%FT%RZ").to_string());
        (name, date, comment.parent, comment.body_markdown.value.as_str())
    });
    facts.collect()
}

fn check(name: &str, text: &str, expected: &Expected) {
    let document = document(text);
    let title = document.title.as_ref().map(|part| part.value.as_str());
    assert_eq!(title, Some(expected.title), "{name}");
    assert_eq!(
        document.subtitle.as_ref().map_or("", |part| part.value.as_str()),
        expected.subtitle,
        "{name}"
    );
    let published = document
        .published_at
        .as_ref()
        .map(|part| part.value.format("%F").to_string())
        .unwrap_or_default();
    assert_eq!(published, expected.published, "{name}");
    let authors: Vec<&str> = document
        .authors
        .iter()
        .filter_map(|author| author.value.name.as_deref())
        .collect();
    assert_eq!(authors, expected.authors, "{name}");
    let bios: Vec<&str> = document
        .authors
        .iter()
        .map(|author| author.value.bio.as_ref().map_or("", |bio| &bio.value))
        .collect();
    assert_eq!(bios.len(), expected.bios.len(), "{name}");
    for (bio, beginning) in bios.iter().zip(expected.bios) {
        assert!(
            bio.starts_with(beginning) && bio.is_empty() == beginning.is_empty(),
            "{name}: {bio:?}"
        );
    }
    assert_eq!(
        document.body_markdown.value.split("\n\n").count(),
        expected.paragraphs,
        "{name}: {}",
        document.body_markdown.value
    );
    let expected_comments: Vec<_> = expected
        .comments
        .iter()
        .map(|(name, date, parent, text)| (*name, date.map(str::to_owned), *parent, *text))
        .collect();
    assert_eq!(comments(&document), expected_comments, "{name}");
    let closed = document
        .thread
        .as_ref()
        .is_some_and(|thread| thread.value.state == ThreadState::Closed);
    assert_eq!(closed, expected.closed, "{name}");
    assert_eq!(codes(&document), expected.warnings, "{name}: {:#?}", document.warnings);
}

macro_rules! fixtures {
    ($($name:ident => $expected:expr;)*) => {
        $(
            #[test]
            fn $name() {
                let text = include_str!(concat!("../fixtures/", stringify!($name), ".txt"));
                check(stringify!($name), text, &$expected);
                // Windows line ends and tabs at the ends of lines must not change anything.
                check(stringify!($name), &text.replace('\n', "\t\r\n"), &$expected);
            }
        )*
    };
}

fixtures! {
    no_byline => Expected { paragraphs: 3, ..HARBOUR };
    byline_and => Expected { authors: &["Ada Lindqvist", "Tom Reed"], bios: &["", ""], paragraphs: 2, ..HARBOUR };
    byline_list => Expected { authors: &["Ada Lindqvist", "Tom Reed", "Mei Tan"], bios: &["", "", ""], ..HARBOUR };
    posted_by_on => Expected { published: "2017-03-03", paragraphs: 2, ..BY_ADA };
    written_by => BY_ADA;
    name_bar_date => Expected { published: "2017-03-03", ..BY_ADA };
    subtitle_byline => Expected { subtitle: "A walk along the quay, in three scenes", ..BY_ADA };
    subtitle_adjacent => Expected { subtitle: "A walk along the quay, in three scenes", paragraphs: 2, ..HARBOUR };
    by_in_title => Expected { title: "By the old harbour wall", ..BY_ADA };
    by_the_river => Expected { paragraphs: 3, ..BY_ADA };
    unclear_byline => Expected { paragraphs: 2, warnings: &["unclear-byline"], ..HARBOUR };
    date_line => Expected { published: "2016-01-05", ..BY_ADA };
    line_per_paragraph => Expected {
        bios: &["Ada Lindqvist is"], paragraphs: 4, comments: &[(Some("Joe"), None, None, "Nice harbour.")], closed: true, ..BY_ADA
    };
    folded => BY_ADA;
    verse => Expected { title: "Two lines", paragraphs: 2, ..BY_ADA };
    bio_surname => Expected { bios: &["Lindqvist teaches"], paragraphs: 2, ..BY_ADA };
    bio_apposition => Expected { bios: &["Ada Lindqvist, a sailor, lives in Malm\u{f6}.\n\nHer latest"], ..BY_ADA };
    bio_about_name => Expected { bios: &["Sailor, writer"], warnings: &["unclear-bio"], ..BY_ADA };
    bio_about_author => Expected {
        bios: &["Ada Lindqvist sails."],
        comments: &[(Some("Joe"), None, None, "Nice."), (Some("Mia"), None, None, "Very.")],
        ..BY_ADA
    };
    bio_two => Expected {
        authors: &["Ada Lindqvist", "Tom Reed"], bios: &["Ada Lindqvist is a sailor.", "Tom Reed is a cook."], paragraphs: 2, ..HARBOUR
    };
    no_bio => Expected { paragraphs: 2, ..BY_ADA };
    one_comment_named => Expected {
        comments: &[(Some("Joe Average"), Some("2017-03-03T16:05Z"), None, "I liked the gulls.\n\nMore gulls, please.")], ..BY_ADA
    };
    one_comment_loose_name => Expected {
        comments: &[(Some("Joe Average"), None, None, "I liked the gulls.")], warnings: &["unclear-comment-name"], ..HARBOUR
    };
    one_comment_no_name => Expected {
        comments: &[(None, None, None, "I liked the gulls.\n\nAnd the tar.")], warnings: &["comment-without-name"], ..HARBOUR
    };
    responses_numbered => Expected {
        comments: &[
            (Some("Joe"), Some("2017-03-03T16:05Z"), None, "I liked the gulls. My wife always\\\nsays: so did she."),
            (Some("Mia"), Some("2017-03-03T17:00Z"), Some(0), "Not me."),
            (None, None, None, "Harbours of the world \u{ab} Links"),
        ],
        closed: true, ..BY_ADA
    };
    thoughts_on => Expected {
        comments: &[(Some("Joe"), Some("2017-03-03T16:05Z"), None, "Gulls."), (Some("Mia"), Some("2017-03-04T09:00Z"), None, "Tar.")],
        ..HARBOUR
    };
    numbered_nameless => Expected {
        comments: &[
            (None, None, None, "First opinion about gulls, which goes on for a while and ends here."),
            (None, None, None, "Second opinion, about tar.\n\nWith a second paragraph."),
            (None, None, Some(1), "An answer to the second."),
        ],
        warnings: &["comment-without-name", "comment-without-name", "comment-without-name"], ..HARBOUR
    };
    twelve => Expected {
        comments: &[
            (Some("Reader A"), Some("2017-03-01T16:05Z"), None, "Opinion number 1."),
            (Some("Reader B"), Some("2017-03-02T16:05Z"), None, "Opinion number 2."),
            (Some("Reader C"), Some("2017-03-03T16:05Z"), None, "Opinion number 3."),
            (Some("Reader D"), Some("2017-03-04T16:05Z"), None, "Opinion number 4."),
            (Some("Reader E"), Some("2017-03-05T16:05Z"), None, "Opinion number 5."),
            (Some("Reader F"), Some("2017-03-06T16:05Z"), None, "Opinion number 6."),
            (Some("Reader G"), Some("2017-03-07T16:05Z"), None, "Opinion number 7."),
            (Some("Reader H"), Some("2017-03-08T16:05Z"), None, "Opinion number 8."),
            (Some("Reader I"), Some("2017-03-09T16:05Z"), None, "Opinion number 9."),
            (Some("Reader J"), Some("2017-03-10T16:05Z"), None, "Opinion number 10."),
            (Some("Reader K"), Some("2017-03-11T16:05Z"), None, "Opinion number 11."),
            (Some("Reader L"), Some("2017-03-12T16:05Z"), None, "Opinion number 12."),
        ],
        ..HARBOUR
    };
    canonical_nested => Expected {
        comments: &[
            (Some("Joe"), Some("2017-03-03T16:05Z"), None, "First."),
            (Some("Mia"), Some("2017-03-03T17:05Z"), Some(0), "Second."),
            (Some("Joe"), Some("2017-03-03T18:05Z"), Some(1), "Third.\n\nComments are closed."),
        ],
        closed: true, ..BY_ADA
    };
    mismatch => Expected {
        comments: &[(Some("Joe"), None, None, "First."), (Some("Mia"), None, None, "Second.")],
        warnings: &["comment-count-mismatch"], ..HARBOUR
    };
    dialogue_in_comment => Expected {
        comments: &[
            (Some("Joe"), Some("2017-03-03T16:05Z"), None, "My wife and I argue. Then\n\nShe says:\n\nNo gulls.\n\nUncle Bob says:\n\nGulls!"),
            (Some("Mia"), Some("2017-03-04T16:05Z"), None, "Second."),
        ],
        ..HARBOUR
    };
    no_comments_yet => BY_ADA;
    leave_a_reply => HARBOUR;
    closed_inside => Expected { paragraphs: 3, ..BY_ADA };
    closed_no_comments => Expected { closed: true, ..HARBOUR };
    heading_inside => Expected { paragraphs: 5, ..HARBOUR };
    dialogue_in_body => Expected { paragraphs: 4, ..BY_ADA };
    comments_in_brackets => Expected {
        comments: &[(Some("Joe"), Some("2017-03-03T16:05Z"), None, "Gulls."), (Some("Mia"), Some("2017-03-04T16:05Z"), None, "Tar.")],
        ..HARBOUR
    };
    blogger_said => Expected {
        comments: &[(Some("Joe"), Some("2017-03-03T16:05Z"), None, "Gulls."), (Some("Anonymous"), Some("2017-03-04T16:05Z"), None, "Tar.")],
        ..HARBOUR
    };
    trackback => Expected { comments: &[(None, None, None, "A list of harbours")], ..HARBOUR };
    escaped => Expected { title: "By Night", paragraphs: 6, ..BY_ADA };
    footer_closes => Expected { comments: &[(Some("Joe"), None, None, "Gulls.")], closed: true, ..HARBOUR };
    list_in_comment => Expected {
        comments: &[(Some("Joe"), None, None, "Three points:\n\n1\\. Gulls.\\\n2\\. Tar.\\\n3\\. Rope.")], ..HARBOUR
    };
    markdown_marks => Expected { paragraphs: 4, ..HARBOUR };
}

#[test]
fn the_example_is_read_as_a_whole() {
    let document = document(include_str!("../../../examples/article.txt"));
    assert_eq!(
        document.title.as_ref().unwrap().value,
        "The Lighthouse That Learned to Whisper"
    );
    let author = &document.authors[0].value;
    assert_eq!(author.name.as_deref(), Some("Clara M. Winther"));
    let bio = author.bio.as_ref().unwrap();
    assert!(bio.value.starts_with("Clara M. Winther writes") && bio.confidence == Confidence::Certain);
    assert_eq!(document.body_markdown.value.split("\n\n").count(), 6);
    let [comment] = document.comments.as_slice() else {
        panic!("{:?}", document.comments)
    };
    assert_eq!(
        (comment.author_name.as_ref(), comment.body_markdown.confidence),
        (None, Confidence::Ambiguous)
    );
    assert_eq!(comment.body_markdown.value.split("\n\n").count(), 2);
    let closing = document.thread.as_ref().unwrap();
    assert_eq!(closing.value.message.as_deref(), Some("Comments are closed."));
    assert_eq!(codes(&document), ["comment-without-name"]);
    assert_eq!(document.confidence(), Confidence::Ambiguous);
    assert!(
        document
            .ignored_lines
            .iter()
            .any(|lines| lines.reason == IgnoredReason::BioHeading)
    );
}

#[test]
fn escapes_are_taken_off_once_and_only_before_structure() {
    let document = document(include_str!("../fixtures/escaped.txt"));
    let paragraphs: Vec<&str> = document.body_markdown.value.split("\n\n").skip(1).collect();
    assert_eq!(
        paragraphs,
        [
            "by Tom Reed",
            "One Comment",
            "\\\\Comments are closed.",
            "\\\\begin{document}",
            "Ada Lindqvist is a character in this story.",
        ]
    );
}

#[test]
fn layouts_are_reported() {
    for (text, layout, confidence) in [
        (
            include_str!("../fixtures/no_byline.txt"),
            BodyLayout::BlankLines,
            Confidence::Certain,
        ),
        (
            include_str!("../fixtures/line_per_paragraph.txt"),
            BodyLayout::LinePerParagraph,
            Confidence::Inferred,
        ),
        (
            include_str!("../fixtures/folded.txt"),
            BodyLayout::FoldedParagraph,
            Confidence::Inferred,
        ),
    ] {
        let document = document(text);
        assert_eq!(
            (document.layout, document.body_markdown.confidence),
            (layout, confidence)
        );
    }
    assert!(
        !document(include_str!("../fixtures/folded.txt"))
            .body_markdown
            .value
            .contains("\\\n")
    );
    assert!(
        document(include_str!("../fixtures/verse.txt"))
            .body_markdown
            .value
            .starts_with("Roses are grey,\\\nviolets")
    );
    let long = "word ".repeat(40);
    let mixed = document(&format!("T\n\n{long}\n{long}\n{long}\n\n{long}\n"));
    assert_eq!(
        (mixed.layout, mixed.body_markdown.confidence),
        (BodyLayout::LinePerParagraph, Confidence::Ambiguous)
    );
    assert_eq!(codes(&mixed), ["mixed-layout"]);
}

#[test]
fn kinds_of_comments_are_told_apart() {
    let document = document(include_str!("../fixtures/responses_numbered.txt"));
    assert_eq!(document.comments[2].kind, DocumentCommentKind::Pingback);
    let trackback = self::document(include_str!("../fixtures/trackback.txt"));
    assert_eq!(trackback.comments[0].kind, DocumentCommentKind::Trackback);
}

#[test]
fn faults_say_what_is_missing() {
    for (text, expected) in [
        ("", "empty-document"),
        (" \n\t\n\u{a0}\n", "empty-document"),
        ("by Ada Lindqvist\n\nText of the article.", "missing-title"),
        ("Title alone", "missing-body"),
        ("Title\n\nby Ada Lindqvist\n", "missing-body"),
        ("Title\n\nOne Comment\n\nJoe says:\n\nWhat?\n", "missing-body"),
        ("Title\n\nComments are closed.\n", "missing-body"),
    ] {
        assert_eq!(code(text), expected, "{text:?}");
    }
}

#[test]
fn hints_win_over_the_text() {
    let text = "Stated title\n\nby Ada Lindqvist on March 3, 2017\n\nText.\n\nOne Comment\n\nJoe says:\n\nHi.\n";
    let hints = Hints {
        title: Some("Hinted".into()),
        author: Some("Tom Reed".into()),
        slug: Some("s".into()),
        comments: CommentsHint::None,
    };
    let document = parsed(text, &hints).unwrap();
    assert_eq!(document.title.as_ref().unwrap().value, "Hinted");
    assert_eq!(document.authors[0].value.name.as_deref(), Some("Tom Reed"));
    assert_eq!(document.slug.as_ref().unwrap().value, "s");
    assert!(document.published_at.is_some() && document.comments.is_empty());
    assert_eq!(document.body_markdown.value.split("\n\n").count(), 4);
    assert!(
        document
            .ignored_lines
            .iter()
            .any(|lines| lines.reason == IgnoredReason::ReplacedByHint)
    );

    let title = Hints {
        title: Some("Hinted".into()),
        ..Hints::default()
    };
    let untitled = parsed("by Ada Lindqvist\n\nText.", &title).unwrap();
    assert_eq!(untitled.authors[0].value.name.as_deref(), Some("Ada Lindqvist"));
    assert_eq!(untitled.body_markdown.value, "Text.");
    let plain = parsed("Text of one paragraph.", &title).unwrap();
    assert_eq!(plain.body_markdown.value, "Text of one paragraph.");
    let doubtful = parsed("Another title\n\nText.", &title).unwrap();
    assert_eq!(codes(&doubtful), ["title-hint-differs"]);
    assert_eq!(doubtful.confidence(), Confidence::Ambiguous);

    let author = Hints {
        author: Some("bell hooks".into()),
        ..Hints::default()
    };
    let lower = parsed("Title\n\nby bell hooks\n\nText.", &author).unwrap();
    assert_eq!(
        (lower.authors[0].span.is_some(), lower.body_markdown.value.as_str()),
        (true, "Text.")
    );
}

#[test]
fn no_break_spaces_are_blank_for_structure_and_stay_in_text() {
    let document = document(
        "Title\n\u{a0}\nby\u{a0}Ada Lindqvist\n\nOne\u{a0}two.\n\n2\u{a0}Comments\n\nJoe says:\n\u{a0}\nA.\n\nMia says:\n\nB.\n",
    );
    assert_eq!(document.authors[0].value.name.as_deref(), Some("Ada Lindqvist"));
    assert_eq!(document.body_markdown.value, "One\u{a0}two.");
    assert_eq!(document.comments.len(), 2);
}

#[test]
fn a_windows_charset_is_read_to_the_end() {
    let text = Text::decode(
        b"Caf\xe9\r\n\r\nby Ren\xe9e Aim\xe9\r\n\r\nText \x93quoted\x94.\r\n",
        Charset::Windows1252,
    )
    .unwrap();
    let document = read(&text, &Hints::default()).unwrap();
    assert_eq!(document.authors[0].value.name.as_deref(), Some("Ren\u{e9}e Aim\u{e9}"));
    assert_eq!(document.body_markdown.value, "Text \u{201c}quoted\u{201d}.");
}

#[test]
fn a_signature_is_text() {
    let document = document("T\n\nby Ada Lindqvist\n\nText.\n\nAda Lindqvist\n");
    assert_eq!(document.body_markdown.value, "Text.\n\nAda Lindqvist");
    assert_eq!(document.authors[0].value.bio, None);
}

#[test]
fn a_comment_on_the_line_of_its_name_is_one_doubtful_text() {
    let document = document("T\n\nText.\n\n2 Comments\n\nJoe says: Hi.\n\nMia says: Ho.\n");
    assert_eq!(
        comments(&document),
        [(None, None, None, "Joe says: Hi.\n\nMia says: Ho.")]
    );
    assert_eq!(codes(&document), ["comment-without-name", "comment-count-mismatch"]);
}

#[test]
fn doubts_are_reported() {
    for (text, expected) in [
        ("T\n\nby Ada Lindqvist, Reuters\n\nText.", "unclear-authors"),
        (
            "T\n\nText.\n\nJoe says:\nMarch 3, 2017 at 4:05 pm\n\nHi.",
            "comments-without-heading",
        ),
        (
            "T\n\nText.\n\n2 Comments\n\nJoe says:\n\nHi.\n\nComments are closed.\n\nMia says:\n\nHo.",
            "closing-inside-comment",
        ),
        ("T\n\nText.\n\n1 Comment\n\nJoe says:\n", "empty-comment"),
    ] {
        assert!(
            codes(&document(text)).contains(&expected),
            "{text:?}: {:?}",
            codes(&document(text))
        );
    }
}

/// A small part of what a server may accept, so that the test is quick; a quadratic reader still shows as minutes.
#[test]
fn large_inputs_take_linear_time() {
    let size = 30_000;
    let shapes = [
        "a",
        "\n",
        "a\n",
        "a\n\n",
        "2 Comments\n",
        "2 Comments\n\n\n",
        "Joe says:\n\n",
        "  1. x\n",
        "1.",
        "\\",
        ">",
        "[",
        "&",
        "Leave a Reply\n",
        "Comments are closed.\n",
        "by Ada and ",
        " on ",
        "A. ",
        "Reply\n",
        "March 3, 2017 at 4:05 pm\n",
        "Posted in x\n",
        " ",
        "\u{301}",
    ];
    for shape in shapes {
        for head in [
            "Title\n\nby Ada Lindqvist\n\nText.\n\n",
            "Title\n\nText.\n\n9 Comments\n\n",
            "",
        ] {
            let text = format!("{head}{}", shape.repeat(size / shape.len()));
            let _ = parsed(&text, &Hints::default());
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let indentation = prop::sample::select(vec!["", "  ", "    ", "\t", "\u{a0}"]);
    let content = prop_oneof![
        prop::sample::select(vec![
            "",
            "",
            "Title of it",
            "by Ada Lindqvist",
            "by Ada Lindqvist and Tom Reed",
            "Posted by Tom Reed on March 3, 2017",
            "March 3, 2017",
            "Some text that goes on.",
            "Ada Lindqvist",
            "Ada Lindqvist is a sailor.",
            "Reed is a cook.",
            "About the author",
            "One Comment",
            "2 Comments",
            "No Comments",
            "Leave a Reply",
            "Comments (3)",
            "Comments",
            "Joe says:",
            "1. Joe says:",
            "1.1. Mia says:",
            "1. text",
            "2. text",
            "March 3, 2017 at 4:05 pm",
            "Joe on March 3, 2017 at 4:05 pm",
            "Pingback: x",
            "Reply",
            "Comments are closed.",
            "\\Reply",
            "Name *",
            "This entry was posted in x",
            "Both comments and pings are currently closed.",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,30}",
    ];
    (indentation, content).prop_map(|(indentation, content)| format!("{indentation}{content}"))
}

/// All text of a document that readers see, without what Markdown adds.
fn letters(document: &Document) -> usize {
    let bodies = document.comments.iter().map(|comment| &comment.body_markdown);
    let bios = document.authors.iter().filter_map(|author| author.value.bio.as_ref());
    let parts = std::iter::once(&document.body_markdown).chain(bodies).chain(bios);
    parts.map(|part| part.value.matches('\u{a7}').count()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_line_of_structured_text_is_accounted_for(lines in prop::collection::vec(line(), 0..24)) {
        let text = lines.join("\n");
        for hints in [
            Hints::default(),
            Hints { title: Some("Title of it".into()), author: Some("Ada Lindqvist".into()), ..Hints::default() },
            Hints { title: Some("T".into()), author: Some("X".into()), comments: CommentsHint::None, ..Hints::default() },
        ] {
            if let Ok(document) = parsed(&text, &hints) {
                for (index, comment) in document.comments.iter().enumerate() {
                    prop_assert!(comment.parent.is_none_or(|parent| parent < index));
                }
            }
        }
    }

    #[test]
    fn no_text_is_lost(lines in prop::collection::vec(line(), 0..24)) {
        // Every line gets a mark, and the marks are counted: those of text lines must all arrive.
        let text = format!("Title\n\n{}", lines.iter().map(|line| format!("{line} \u{a7}")).collect::<Vec<_>>().join("\n\n"));
        if let Ok(document) = parsed(&text, &Hints::default()) {
            let ignored = document.ignored_lines.iter().filter(|lines| lines.reason != IgnoredReason::Blank).count();
            let subtitle = document.subtitle.iter().map(|part| part.value.matches('\u{a7}').count()).sum::<usize>();
            let names = document.comments.iter().filter_map(|comment| comment.author_name.as_ref()).map(|name| name.value.matches('\u{a7}').count()).sum::<usize>();
            prop_assert_eq!(letters(&document) + subtitle + names + ignored, text.matches('\u{a7}').count());
        }
    }

    #[test]
    fn escaped_lines_come_back(lines in prop::collection::vec(line(), 1..12)) {
        let authors = ["Ada Lindqvist".to_owned()];
        let lines: Vec<String> = lines.iter().map(|line| Text::decode(line.trim_end().as_bytes(), Charset::Utf8).unwrap().as_str().to_owned()).filter(|line| !line.is_empty()).collect();
        let written: Vec<_> = lines.iter().map(|line| escape_line(line, &authors)).collect();
        let body = format!("Title\n\nby Ada Lindqvist\n\n{}\n\n{}\n", written.join("\n\n"), "The end.");
        let document = parsed(&body, &Hints::default()).unwrap();
        let expected = lines.iter().map(|line| crate::documents::markdown::line(line)).chain(["The end.".to_owned()]);
        prop_assert_eq!(document.body_markdown.value, expected.collect::<Vec<_>>().join("\n\n"));
        let comment = format!("Title\n\nText.\n\n1 Comment\n\nJoe says:\n2017-03-03 16:05\n\n{}\n\nThe end.\n", written.join("\n\n"));
        let document = parsed(&comment, &Hints::default()).unwrap();
        prop_assert_eq!(document.comments.len(), 1);
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,80}(\n\\PC{0,40}){0,8}") {
        let Ok(text) = Text::decode(text.as_bytes(), Charset::Utf8) else { return Ok(()) };
        if let Ok(document) = read(&text, &Hints::default()) {
            prop_assert_eq!(document.account(), Ok(()));
        }
    }
}
