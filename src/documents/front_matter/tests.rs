use super::*;
use crate::documents::text::Charset;
use crate::documents::{Confidence, DocumentStatus, ThreadState};
use proptest::prelude::*;

fn parsed(text: &str, hints: &Hints) -> Result<Document, DocumentFault> {
    let text = Text::decode(text.as_bytes(), Charset::Utf8).unwrap();
    let document = read(&text, hints)?;
    assert_eq!(document.account(), Ok(()), "{:#?}", document.fields());
    Ok(document)
}

fn document(text: &str) -> Document {
    parsed(text, &Hints::default()).unwrap()
}

fn fault(text: &str) -> Fault {
    parsed(text, &Hints::default()).unwrap_err().0.remove(0)
}

fn value<T: Clone>(part: Option<&Part<T>>) -> Option<T> {
    part.map(|part| part.value.clone())
}

fn values(parts: &[Part<String>]) -> Vec<&str> {
    parts.iter().map(|part| part.value.as_str()).collect()
}

fn names(document: &Document) -> Vec<&str> {
    document
        .authors
        .iter()
        .map(|author| {
            author
                .value
                .name
                .as_deref()
                .or(author.value.slug.as_deref())
                .unwrap_or_default()
        })
        .collect()
}

fn shown(part: Option<&Part<chrono::DateTime<chrono::Utc>>>) -> Option<String> {
    part.map(|part| part.value.format("%FT%TZ").to_string())
}

#[test]
fn hugo_in_yaml() {
    let document = document(include_str!("../fixtures/hugo.md"));
    assert_eq!(
        value(document.title.as_ref()).as_deref(),
        Some("Keeping bees on a roof")
    );
    assert_eq!(value(document.slug.as_ref()).as_deref(), Some("roof-bees"));
    assert_eq!(
        shown(document.published_at.as_ref()).as_deref(),
        Some("2014-12-19T15:00:00Z")
    );
    assert_eq!(
        shown(document.updated_at.as_ref()).as_deref(),
        Some("2015-01-02T00:00:00Z")
    );
    assert_eq!(value(document.status.as_ref()), Some(DocumentStatus::Published));
    assert_eq!(values(&document.aliases), ["/old/bees", "/older/bees"]);
    assert_eq!(values(&document.tags), ["bees", "city life"]);
    assert_eq!(names(&document), ["Ines Vale"]);
    assert_eq!(document.extra.get("weight"), Some(&serde_json::json!(10)));
    assert_eq!(
        document.extra.get("params"),
        Some(&serde_json::json!({"layout": "wide"}))
    );
    assert_eq!(
        value(document.excerpt.as_ref()).as_deref(),
        Some("The first paragraph is the teaser.")
    );
    assert!(
        document
            .body_markdown
            .value
            .starts_with("The first paragraph is the teaser.\n\n<!--more-->\n")
    );
    assert_eq!(document.layout, BodyLayout::Markdown);
}

#[test]
fn zola_in_toml() {
    let document = document(include_str!("../fixtures/zola.md"));
    assert_eq!(
        value(document.title.as_ref()).as_deref(),
        Some("A short history of the spoon")
    );
    assert_eq!(value(document.slug.as_ref()).as_deref(), Some("spoon"));
    assert_eq!(document.slug.as_ref().unwrap().confidence, Confidence::Inferred);
    assert_eq!(
        shown(document.published_at.as_ref()).as_deref(),
        Some("2015-05-15T00:00:00Z")
    );
    assert_eq!(values(&document.tags), ["kitchen", "history"]);
    assert_eq!(values(&document.categories), ["Objects"]);
    assert_eq!(names(&document), ["Oda Brandt", "Piet Mol"]);
    assert_eq!(
        document.extra.get("extra"),
        Some(&serde_json::json!({"toc": true, "rating": 4.5}))
    );
    assert_eq!(document.extra.get("path"), Some(&serde_json::json!("2015/05/15/spoon")));
}

#[test]
fn jekyll_with_dots_and_blank_separated_tags() {
    let document = document(
        "---\nlayout: post\ntitle:  \"A title: with a colon\"\ndate: 2017-2-5\ntags: tea coffee\ncategory: slow drinks\nauthor: jane-doe\npublished: false\n...\n\nText.\n",
    );
    assert_eq!(value(document.title.as_ref()).as_deref(), Some("A title: with a colon"));
    assert_eq!(
        shown(document.published_at.as_ref()).as_deref(),
        Some("2017-02-05T00:00:00Z")
    );
    assert_eq!(values(&document.tags), ["tea", "coffee"]);
    assert_eq!(values(&document.categories), ["slow drinks"]);
    assert_eq!(document.authors[0].value.slug.as_deref(), Some("jane-doe"));
    assert_eq!(value(document.status.as_ref()), Some(DocumentStatus::Draft));
    assert_eq!(document.extra.get("layout"), Some(&serde_json::json!("post")));
}

#[test]
fn our_own_keys() {
    let document = document(include_str!("../fixtures/own_keys.md"));
    assert_eq!(
        value(document.id.as_ref()).as_deref(),
        Some("0190b5a4-0000-7000-8000-000000000001")
    );
    assert_eq!(value(document.subtitle.as_ref()).as_deref(), Some("And why it matters"));
    assert_eq!(value(document.revision.as_ref()), Some(7));
    assert_eq!(value(document.lang.as_ref()).as_deref(), Some("en-GB"));
    assert_eq!(
        value(document.canonical_url.as_ref()).as_deref(),
        Some("https://example.org/salt")
    );
    assert_eq!(value(document.external_id.as_ref()).as_deref(), Some("0042"));
    assert_eq!(value(document.source.as_ref()).as_deref(), Some("wordpress"));
    assert_eq!(names(&document), ["Mira Holt", "tom-reed"]);
    let mira = &document.authors[0].value;
    assert_eq!(mira.slug.as_deref(), Some("mira-holt"));
    assert_eq!(
        value(mira.bio.as_ref()).as_deref(),
        Some("Mira Holt writes about food.\n\n# She means it")
    );
    assert_eq!(value(mira.role.as_ref()).as_deref(), Some("editor"));
    assert_eq!(
        document.extra.get("authors[0].pronouns"),
        Some(&serde_json::json!("she/her"))
    );
    let thread = value(document.thread.as_ref()).unwrap();
    assert_eq!(
        (thread.state, thread.message.as_deref()),
        (ThreadState::Closed, Some("Thank you all."))
    );
    assert_eq!(thread.closes_at.unwrap().to_rfc3339(), "2020-01-31T10:00:00+00:00");
}

#[test]
fn our_own_comments() {
    let document = document(include_str!("../fixtures/own_comments.md"));
    let facts: Vec<_> = document
        .comments
        .iter()
        .map(|comment| {
            (
                value(comment.author_name.as_ref()).unwrap(),
                comment.parent,
                comment.body_markdown.value.as_str(),
                value(comment.id.as_ref()),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            (
                "Mira Holt".to_owned(),
                None,
                "First *comment*.\n\nSecond paragraph.",
                Some("a1".to_owned())
            ),
            (
                "Tom \u{2014} the baker".to_owned(),
                Some(0),
                "A reply\n> with a quote in it",
                Some("a2".to_owned())
            ),
            ("Ines".to_owned(), Some(1), "Deeper.", Some("a3".to_owned())),
            ("Piet".to_owned(), None, "Back at the root.", None),
        ]
    );
    assert_eq!(
        shown(document.comments[0].created_at.as_ref()).as_deref(),
        Some("2026-01-31T10:00:00Z")
    );
    assert_eq!(value(document.thread.as_ref()).unwrap().state, ThreadState::Closed);
    assert_eq!(
        document.body_markdown.value,
        "A body.\n\n## Comments\n\non a heading that is text."
    );
}

#[test]
fn a_foreign_comments_section_stays_text() {
    let document = document("# T\n\nBody.\n\n## Comments\n\nI like comments.\n");
    assert!(document.comments.is_empty());
    assert_eq!(document.body_markdown.value, "Body.\n\n## Comments\n\nI like comments.");
    assert_eq!(document.warnings[0].code, "comments-kept-as-text");
}

#[test]
fn pelican_headers_without_a_fence() {
    let document = document(
        "Title: My first review\nDate: 2010-12-03 10:20\nTags: thats, awesome\nAuthors: Alexis Noir; Conan Doyle\nSummary: Short\n    and folded\n\nFollowing is a review.\n",
    );
    assert_eq!(value(document.title.as_ref()).as_deref(), Some("My first review"));
    assert_eq!(values(&document.tags), ["thats", "awesome"]);
    assert_eq!(names(&document), ["Alexis Noir", "Conan Doyle"]);
    assert_eq!(value(document.excerpt.as_ref()).as_deref(), Some("Short\nand folded"));
    assert_eq!(document.body_markdown.value, "Following is a review.");
}

#[test]
fn hugo_in_json() {
    let document =
        document("{\n  \"title\": \"Json\",\n  \"tags\": [\"a\",\n    \"b\"],\n  \"draft\": true\n}\n\nText.\n");
    assert_eq!(value(document.title.as_ref()).as_deref(), Some("Json"));
    assert_eq!(values(&document.tags), ["a", "b"]);
    assert_eq!(value(document.status.as_ref()), Some(DocumentStatus::Draft));
}

#[test]
fn a_first_heading_is_the_title() {
    for (text, title) in [
        ("# Hello *there* `you`\n\nText.", "Hello there you"),
        ("\n\n# Closed heading ##\nText.", "Closed heading"),
        ("Under\n=====\n\nText.", "Under"),
        (
            "---\ntags: [a]\n---\n# Below a front matter\n\nText.",
            "Below a front matter",
        ),
        ("---\n---\n# Empty front matter\n\nText.", "Empty front matter"),
    ] {
        let document = document(text);
        assert_eq!(value(document.title.as_ref()).as_deref(), Some(title));
        assert_eq!(document.body_markdown.value, "Text.");
    }
}

#[test]
fn the_body_is_not_changed() {
    let body = "Line with two blanks  \nnext\n\n\n    code\n\n---\n\n* x\n\t* y";
    let document = document(&format!("---\ntitle: T\n---\n\n{body}\n\n"));
    assert_eq!(document.body_markdown.value, body);
}

#[test]
fn values_keep_their_spelling() {
    let document = document("---\ntitle: 1.10\nslug: 007\nlang: no\nsubtitle: 12:30\nexcerpt: 1984\n---\nText.\n");
    assert_eq!(value(document.title.as_ref()).as_deref(), Some("1.10"));
    assert_eq!(value(document.slug.as_ref()).as_deref(), Some("007"));
    assert_eq!(value(document.lang.as_ref()).as_deref(), Some("no"));
    assert_eq!(value(document.subtitle.as_ref()).as_deref(), Some("12:30"));
    assert_eq!(value(document.excerpt.as_ref()).as_deref(), Some("1984"));
}

#[test]
fn keys_are_found_in_other_case_and_unknown_ones_are_kept() {
    let document = document(
        "---\nTitle: T\ncanonicalURL: https://example.org/x\nPublishDate: 2020-01-01\nMy Key:\n  - 1\n  - {a: b}\nempty:\n---\nText.\n",
    );
    assert_eq!(
        value(document.canonical_url.as_ref()).as_deref(),
        Some("https://example.org/x")
    );
    assert!(document.published_at.is_some());
    assert_eq!(document.extra.get("My Key"), Some(&serde_json::json!([1, {"a": "b"}])));
    assert_eq!(document.extra.get("empty"), Some(&serde_json::Value::Null));
}

#[test]
fn authors_in_every_form() {
    for (front, expected) in [
        ("author: Jane Doe", vec!["Jane Doe"]),
        ("author: Doe, Jane", vec!["Doe, Jane"]),
        ("authors: Jane Doe, Tom Reed", vec!["Jane Doe", "Tom Reed"]),
        ("authors: [Jane Doe, tom]", vec!["Jane Doe", "tom"]),
        (
            "author:\n  name: Jane Doe\n  email: jane@example.org\n  bio: Writes.\n  url: https://example.org",
            vec!["Jane Doe"],
        ),
        ("author: {name: Jane Doe, email: jane@example.org}", vec!["Jane Doe"]),
        (
            "authors:\n- name: Jane Doe\n  bio: |\n    Two\n\n    paragraphs.\n\n- slug: tom",
            vec!["Jane Doe", "tom"],
        ),
        (
            "authors: [{name: Jane Doe,\n  bio: x}, {name: Tom Reed}]",
            vec!["Jane Doe", "Tom Reed"],
        ),
        ("params:\n  author: Jane Doe", vec!["Jane Doe"]),
        ("authors: []", vec![]),
        ("author:", vec![]),
    ] {
        let document = document(&format!(
            "---\ntitle: T\n{front}\n# a remark\n\ntags:\n  - a\n  - b\n---\nText.\n"
        ));
        assert_eq!(names(&document), expected, "{front}");
        assert_eq!(values(&document.tags), ["a", "b"], "{front}");
    }
}

#[test]
fn values_that_do_not_fit_are_kept_with_a_warning() {
    let document = document(
        "---\ntitle: T\ndate: next week\nslug: [a, b]\nstatus: pending\ntags:\n  - {a: b}\n  - c\ncomments: sometimes\n---\nText.\n",
    );
    assert_eq!(document.extra.get("date"), Some(&serde_json::json!("next week")));
    assert_eq!(document.extra.get("slug"), Some(&serde_json::json!(["a", "b"])));
    assert_eq!(document.extra.get("status"), Some(&serde_json::json!("pending")));
    assert_eq!(document.extra.get("tags[0]"), Some(&serde_json::json!({"a": "b"})));
    assert_eq!(document.extra.get("comments"), Some(&serde_json::json!("sometimes")));
    assert_eq!(
        document
            .warnings
            .iter()
            .filter(|warning| warning.code == "unreadable-value")
            .count(),
        2
    );
}

#[test]
fn faults_are_placed_in_the_file() {
    for (text, code, line) in [
        ("---\ntitle: T\ntags: [a\n---\nText.", "invalid-front-matter", None),
        ("---\ntitle: T\ntitle: U\n---\nText.", "invalid-front-matter", Some(3)),
        ("---\ntitle: T\n  x: y: z\n---\nText.", "invalid-front-matter", Some(3)),
        (
            "+++\ntitle = \"T\"\ndate = what\n+++\nText.",
            "invalid-front-matter",
            Some(3),
        ),
        (
            "+++\ntitle = \"T\"\ntitle = \"U\"\n+++\nText.",
            "invalid-front-matter",
            Some(3),
        ),
        ("---\n- a\n- b\n---\nText.", "invalid-front-matter", Some(2)),
        ("---\ntitle: T\n\nText.", "unclosed-front-matter", Some(1)),
        ("+++\ntitle = 1\n", "unclosed-front-matter", Some(1)),
        ("Title: T\nTitle: U\n\nText.", "invalid-front-matter", Some(2)),
        ("---\ntitle: T\n---\n\n", "missing-body", Some(4)),
        ("Some text.\n\n# Heading\n\nMore.", "missing-title", Some(3)),
        ("Some text.", "missing-title", None),
        (" \n\n", "empty-document", None),
    ] {
        let fault = fault(text);
        assert_eq!(fault.code, code, "{text:?}: {fault:?}");
        assert!(line.is_none() || fault.line == line, "{text:?}: {fault:?}");
        assert!(
            fault.code != "invalid-front-matter" || line.is_none() || line == Some(2) || fault.column.is_some(),
            "{text:?}: {fault:?}"
        );
    }
}

#[test]
fn bombs_are_refused() {
    let deep = format!("---\ntitle: T\nx: {}{}\n---\nText.", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(fault(&deep).code, "invalid-front-matter");
    let deep = format!("+++\nx = {}{}\n+++\nText.", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(fault(&deep).code, "invalid-front-matter");
    let mut laughs = "---\ntitle: T\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let line = format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{}", level - 1); 10].join(", ")
        );
        laughs.push_str(&line);
    }
    laughs.push_str("---\nText.");
    assert_eq!(fault(&laughs).code, "invalid-front-matter");
}

#[test]
fn hints_win() {
    let text = "---\ntitle: Stated\nslug: stated\nauthors:\n  - name: Jane Doe\n    bio: B.\n---\nText.\n";
    let hints = Hints {
        title: Some("Hinted".into()),
        slug: Some("hinted".into()),
        author: Some("Tom Reed".into()),
        ..Hints::default()
    };
    let document = parsed(text, &hints).unwrap();
    assert_eq!(value(document.title.as_ref()).as_deref(), Some("Hinted"));
    assert_eq!(value(document.slug.as_ref()).as_deref(), Some("hinted"));
    assert_eq!(names(&document), ["Tom Reed"]);
    let replaced = document
        .ignored_lines
        .iter()
        .filter(|lines| lines.reason == IgnoredReason::ReplacedByHint)
        .count();
    assert_eq!(replaced, 4);
    let hints = Hints {
        title: Some("Only".into()),
        ..Hints::default()
    };
    assert_eq!(parsed("Text.", &hints).unwrap().body_markdown.value, "Text.");
}

#[test]
fn a_thematic_break_at_the_top_is_no_front_matter() {
    let hints = Hints {
        title: Some("T".into()),
        ..Hints::default()
    };
    assert_eq!(
        parsed("---\n\nText.", &hints).unwrap().body_markdown.value,
        "---\n\nText."
    );
}

fn front_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("title: T".to_owned()),
        Just("tags: [a,".to_owned()),
        Just("  b]".to_owned()),
        Just("authors:".to_owned()),
        Just("  - name: N".to_owned()),
        Just("    bio: |".to_owned()),
        Just("      text".to_owned()),
        Just("# remark".to_owned()),
        Just(String::new()),
        Just("draft: true".to_owned()),
        Just("comments: {state: closed}".to_owned()),
        Just("taxonomies: {tags: [x], other: [y]}".to_owned()),
        Just("---".to_owned()),
        Just("## Comments".to_owned()),
        Just("### N \u{2014} 2020-01-01".to_owned()),
        Just("> text".to_owned()),
        Just("> ### M \u{2014} 2020-01-01 {#c-1}".to_owned()),
        Just("<!--more-->".to_owned()),
        "[a-z]{1,6}: [a-z0-9]{0,6}",
        "\\PC{0,20}",
    ]
}

proptest! {
    #[test]
    fn every_line_is_accounted_for(lines in prop::collection::vec(front_line(), 0..14), fence in prop::sample::select(vec!["---\n", "+++\n", "{\n", ""])) {
        let text = format!("{fence}{}\n", lines.join("\n"));
        let hints = Hints { title: Some("T".into()), ..Hints::default() };
        let _ = parsed(&text, &Hints::default());
        let _ = parsed(&text, &hints);
    }

    #[test]
    fn any_text_is_read_without_panic(text in "\\PC{0,60}(\n\\PC{0,30}){0,6}") {
        let Ok(text) = Text::decode(text.as_bytes(), Charset::Utf8) else { return Ok(()) };
        if let Ok(document) = read(&text, &Hints { title: Some("T".into()), ..Hints::default() }) {
            prop_assert_eq!(document.account(), Ok(()));
        }
    }
}
