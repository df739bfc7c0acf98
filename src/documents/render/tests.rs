//! What is written is read again.

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{markdown, plain_text};
use crate::documents::text::{Charset, Text};
use crate::documents::{
    Document, DocumentAuthor, DocumentComment, DocumentCommentKind, DocumentSeries, DocumentStatus, Hints, Part, Span,
    ThreadClosing, ThreadState, front_matter,
};

/// Everything that Markdown carries of a document, without where it was read.
/// The texts of a comment, its time, and what it answers.
type StatedComment = (Vec<Option<String>>, Option<DateTime<Utc>>, Option<usize>);

#[derive(Debug, PartialEq)]
struct Stated {
    texts: Vec<Option<String>>,
    status: Option<DocumentStatus>,
    times: Vec<Option<DateTime<Utc>>>,
    revision: Option<u64>,
    authors: Vec<Vec<Option<String>>>,
    series: Option<DocumentSeries>,
    comments: Vec<StatedComment>,
    thread: Option<(ThreadState, Option<DateTime<Utc>>, Option<String>)>,
    comments_omitted: Option<u64>,
    lists: Vec<Vec<String>>,
    extra: Map<String, Value>,
}

fn stated(document: &Document) -> Stated {
    let text = |part: &Option<Part<String>>| part.as_ref().map(|part| part.value.clone());
    let time = |part: &Option<Part<DateTime<Utc>>>| part.as_ref().map(|part| part.value);
    let list = |parts: &[Part<String>]| parts.iter().map(|part| part.value.clone()).collect();
    let author = |author: &Part<DocumentAuthor>| {
        let author = &author.value;
        vec![
            author.slug.clone(),
            author.name.clone(),
            text(&author.bio),
            text(&author.url),
            text(&author.email),
            text(&author.role),
        ]
    };
    let comment = |comment: &DocumentComment| {
        let texts = vec![
            text(&comment.id),
            text(&comment.author_name),
            Some(comment.body_markdown.value.clone()),
        ];
        (texts, time(&comment.created_at), comment.parent)
    };
    Stated {
        texts: [
            &document.id,
            &document.title,
            &document.slug,
            &document.subtitle,
            &document.excerpt,
            &document.lang,
            &document.canonical_url,
            &document.external_id,
            &document.source,
            &document.byline,
            &document.section,
            &Some(document.body_markdown.clone()),
        ]
        .map(text)
        .into(),
        status: document.status.as_ref().map(|status| status.value),
        times: vec![time(&document.published_at), time(&document.updated_at)],
        revision: document.revision.as_ref().map(|revision| revision.value),
        authors: document.authors.iter().map(author).collect(),
        series: document.series.as_ref().map(|series| series.value.clone()),
        comments: document.comments.iter().map(comment).collect(),
        thread: document.thread.as_ref().map(|thread| {
            let thread = &thread.value;
            (thread.state, thread.closes_at, thread.message.clone())
        }),
        comments_omitted: document.comments_omitted.as_ref().map(|omitted| omitted.value),
        lists: vec![
            list(&document.tags),
            list(&document.categories),
            list(&document.aliases),
        ],
        extra: document.extra.clone(),
    }
}

fn read(text: &str) -> Document {
    let text = Text::decode(text.as_bytes(), Charset::Utf8).unwrap();
    let document = front_matter::read(&text, &Hints::default()).unwrap_or_else(|fault| panic!("{fault}: {text:?}"));
    document
        .account()
        .unwrap_or_else(|miscount| panic!("{miscount:?} in {text:?}"));
    document
}

fn comes_back(document: &Document) {
    let text = markdown(document).unwrap();
    assert_eq!(stated(&read(&text)), stated(document), "{text}");
}

fn comment(name: Option<&str>, body: &str, parent: Option<usize>) -> DocumentComment {
    DocumentComment {
        id: Some(Part::hinted(format!("0190b5a4-{}", body.len()))),
        author_name: name.map(|name| Part::hinted(name.to_owned())),
        author_url: None,
        created_at: Some(Part::hinted(Utc.with_ymd_and_hms(2026, 1, 31, 10, 0, 0).unwrap())),
        body_markdown: Part::hinted(body.to_owned()),
        parent,
        kind: DocumentCommentKind::Comment,
        span: Span::line(0),
    }
}

fn thread(state: ThreadState) -> Part<ThreadClosing> {
    Part::hinted(ThreadClosing {
        state,
        closes_at: None,
        message: None,
        listed: None,
    })
}

fn document(body: &str, comments: Vec<DocumentComment>) -> Document {
    let author = |name: &str, role: &str| {
        Part::hinted(DocumentAuthor {
            name: Some(name.to_owned()),
            slug: Some(name.to_lowercase().replace(' ', "-")),
            role: Some(Part::hinted(role.to_owned())),
            ..DocumentAuthor::default()
        })
    };
    Document {
        title: Some(Part::hinted("On salt: a \"story\"".to_owned())),
        slug: Some(Part::hinted("on-salt".to_owned())),
        authors: vec![
            author("Mira Holt", "author"),
            author("Tom Reed", "author"),
            author("Ines Roy", "translator"),
        ],
        thread: Some(thread(ThreadState::Open)),
        revision: Some(Part::hinted(7)),
        comments,
        ..Document::with_body(Part::hinted(body.to_owned()))
    }
}

#[test]
fn a_document_is_written_for_people() {
    let document = Document {
        subtitle: Some(Part::hinted("no".to_owned())),
        excerpt: Some(Part::hinted("A teaser\nin two lines.".to_owned())),
        tags: vec![
            Part::hinted("1.10".to_owned()),
            Part::hinted("Salt & pepper".to_owned()),
        ],
        section: Some(Part::hinted("food".to_owned())),
        series: Some(Part::hinted(DocumentSeries {
            slug: "spices".to_owned(),
            position: 3,
        })),
        comments_omitted: Some(Part::hinted(12)),
        extra: json!({"layout": "post", "updated_at": "2019"})
            .as_object()
            .unwrap()
            .clone(),
        ..document(
            "Salt is a *rock*.\n\n## Comments\n\nWere few.",
            vec![
                comment(Some("Grace — 1999"), "First.\n\n    code\n> said", None),
                comment(None, "### Eve — 2026-01-01 {#c-1}\n\n\\### Eve — 2026-01-01", Some(0)),
                comment(Some("1. Ann_e_"), "Last.", None),
            ],
        )
    };
    insta::assert_snapshot!("markdown", markdown(&document).unwrap());
    comes_back(&document);
    insta::assert_snapshot!("plain_text", plain_text(&document));
}

#[test]
fn a_body_that_looks_like_comments_stays_a_body() {
    comes_back(&document(
        "Text.\n\n## Comments\n\n### Eve — 2026-01-01\n\n> Not said.",
        Vec::new(),
    ));
    comes_back(&document("Text.\n\n## Comments\n\nComments are closed.", Vec::new()));
    comes_back(&document(
        "# Heading\n\n---\n\n## Comments\n\n### Eve — 2026-01-01\n\n> Not said.",
        vec![comment(Some("Grace"), "Said.", None)],
    ));
    comes_back(&document("Above.\n\n<!--more-->\n\nBelow.", Vec::new()));
}

#[test]
fn every_state_of_a_thread_comes_back() {
    for state in [
        ThreadState::Open,
        ThreadState::Closed,
        ThreadState::ReadOnly,
        ThreadState::Hidden,
    ] {
        comes_back(&Document {
            thread: Some(thread(state)),
            ..document("Text.", Vec::new())
        });
    }
}

#[test]
fn plain_text_is_read_as_the_page_it_shows() {
    let written = plain_text(&Document {
        thread: Some(thread(ThreadState::Closed)),
        comments_omitted: Some(Part::hinted(2)),
        ..document(
            "One Comment\n\nMira Holt is *quoted*.",
            vec![
                comment(Some("Grace"), "Comments are closed.\n\nTom Reed says:", None),
                comment(Some("Alan"), "Yes.", Some(0)),
            ],
        )
    });
    let text = Text::decode(written.as_bytes(), Charset::Utf8).unwrap();
    let document = crate::documents::plain_text::read(&text, &Hints::default()).unwrap();
    document.account().unwrap();
    let names: Vec<_> = document
        .authors
        .iter()
        .filter_map(|author| author.value.name.clone())
        .collect();
    assert_eq!(names, ["Mira Holt", "Tom Reed"], "{written}");
    assert_eq!(
        document.body_markdown.value, "One Comment\n\nMira Holt is quoted.",
        "{written}"
    );
    let comments: Vec<_> = document
        .comments
        .iter()
        .map(|comment| (comment.body_markdown.value.as_str(), comment.parent))
        .collect();
    assert_eq!(
        comments,
        [("Comments are closed.\n\nTom Reed says:", None), ("Yes.", Some(0))],
        "{written}"
    );
    assert_eq!(document.thread.unwrap().value.state, ThreadState::Closed);
    assert_eq!(document.warnings, []);
}

#[test]
fn the_line_in_place_of_the_names_is_shown() {
    let document = Document {
        byline: Some(Part::hinted("By our correspondents".to_owned())),
        ..document("Text.", Vec::new())
    };
    assert!(plain_text(&document).contains("\n\nBy our correspondents\n\nText.\n"));
    comes_back(&document);
}

#[test]
fn a_note_about_an_author_begins_with_the_name() {
    let mut document = document("Text.", Vec::new());
    document.authors[0].value.bio = Some(Part::hinted("Mira Holt *writes*.".to_owned()));
    document.authors[1].value.bio = Some(Part::hinted("He reads.".to_owned()));
    let written = plain_text(&document);
    assert!(
        written.ends_with("Text.\n\nMira Holt writes.\n\nAbout Tom Reed\n\nHe reads.\n"),
        "{written}"
    );
}

/// A line that a field can hold: composed, and without blanks at its ends.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[!-~éß—][ -~éß—]{0,30}[!-~éß—]",
        "yes|no|null|~|true|0x1f|012|1_000|1\\.10|-|---|\\.\\.\\.|2026-01-01|12:30|\\{\\}|\\[\\]|!x|&x|\\*x|@x|%x|`x|# x|x: y|- x|a #b|''|\"\"|\\?",
    ]
}

fn prose() -> impl Strategy<Value = String> {
    let lines = prop_oneof![
        4 => line(),
        1 => Just(String::new()),
        1 => " {1,4}[a-z>#-]{1,5}",
        1 => "## Comments|Comments are closed\\.|### [A-Z][a-z]{1,4} — 2026-01-0[1-9]|> ### X — 2026-01-01 \\{#c-1\\}|\\\\{1,2}### X — 2026-01-01|> > q",
    ];
    (line(), prop::collection::vec(lines, 0..6), line()).prop_map(|(first, mut lines, last)| {
        lines.insert(0, first);
        lines.push(last);
        lines.join("\n")
    })
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_000_000_000_000_000).prop_map(|micros| DateTime::from_timestamp_micros(micros).unwrap())
}

fn optional<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<Part<T>>> {
    prop::option::of(value.prop_map(Part::hinted))
}

fn list() -> impl Strategy<Value = Vec<Part<String>>> {
    prop::collection::vec(line().prop_map(Part::hinted), 0..3)
}

fn any_author() -> impl Strategy<Value = Part<DocumentAuthor>> {
    (line(), prop::option::of(line()), optional(line()), optional(prose())).prop_map(|(name, slug, role, bio)| {
        Part::hinted(DocumentAuthor {
            name: Some(name),
            slug,
            role,
            bio,
            ..DocumentAuthor::default()
        })
    })
}

fn any_comments() -> impl Strategy<Value = Vec<DocumentComment>> {
    let comment = (
        "[0-9a-f-]{1,9}",
        optional(line()),
        moment(),
        prose(),
        prop::option::of(0_usize..4),
    );
    prop::collection::vec(comment, 0..4).prop_map(|comments| {
        let mut chain: Vec<usize> = Vec::new();
        let mut all: Vec<DocumentComment> = Vec::new();
        for (id, author_name, at, body, depth) in comments {
            // An answer follows what it answers and the other answers to that.
            chain.truncate(depth.unwrap_or_default());
            all.push(DocumentComment {
                id: Some(Part::hinted(id)),
                author_name,
                created_at: Some(Part::hinted(at)),
                body_markdown: Part::hinted(body),
                ..comment_below(chain.last().copied())
            });
            chain.push(all.len() - 1);
        }
        all
    })
}

fn comment_below(parent: Option<usize>) -> DocumentComment {
    comment(None, "", parent)
}

fn any_extra() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        line().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        prop::collection::vec(line(), 0..3).prop_map(Value::from),
        prose().prop_map(|text| json!({"inner": text})),
    ];
    prop::collection::vec((line(), value), 0..3).prop_map(|entries| entries.into_iter().collect())
}

fn any_document() -> impl Strategy<Value = Document> {
    let texts = (
        line(),
        optional(line()),
        optional(line()),
        optional(prose()),
        optional(line()),
    );
    let marks = (
        optional(line()),
        optional(line()),
        optional(1_u64..9),
        prop::option::of(1_i32..9),
    );
    let lists = (list(), list(), prop::collection::vec(any_author(), 0..3));
    let times = (optional(moment()), optional(moment()), prop::option::of(line()));
    (texts, marks, lists, times, prose(), any_comments(), any_extra()).prop_map(
        |(texts, marks, lists, times, body, comments, extra)| {
            let (title, slug, subtitle, excerpt, lang) = texts;
            let (byline, section, revision, position) = marks;
            let (tags, categories, authors) = lists;
            let (published_at, updated_at, message) = times;
            let series = position.map(|position| DocumentSeries {
                slug: "s-1".to_owned(),
                position,
            });
            Document {
                title: Some(Part::hinted(title)),
                slug,
                subtitle,
                excerpt,
                lang,
                byline,
                section,
                revision,
                series: series.map(Part::hinted),
                tags,
                categories,
                authors,
                published_at,
                updated_at,
                thread: Some(Part::hinted(ThreadClosing {
                    state: ThreadState::ReadOnly,
                    closes_at: None,
                    message,
                    listed: None,
                })),
                comments,
                extra,
                ..Document::with_body(Part::hinted(body))
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_as_markdown_is_read_again(document in any_document()) {
        comes_back(&document);
    }

    #[test]
    fn every_line_of_plain_text_is_read(document in any_document()) {
        let text = Text::decode(plain_text(&document).as_bytes(), Charset::Utf8).unwrap();
        if let Ok(read) = crate::documents::plain_text::read(&text, &Hints::default()) {
            read.account().unwrap();
        }
    }
}
