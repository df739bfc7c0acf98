//! Text documents: one upload makes the article, its authors and its thread.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::client::{Client, id};

/// The page that the README uploads.
const EXAMPLE: &str = include_str!("../../examples/article.txt");

const ACCEPTED: &str = "text/markdown, text/plain, application/octet-stream";

const SHORT: &str = "Ships\n\nby Ada Lovelace\n\nShips are made of wood.\n";

const THREAD: &str = "The harbour at dawn

by Ada Lindqvist

The harbour wakes before the town does.

4 Comments

Joe says:
March 3, 2017 at 4:05 pm

First.

    Mia says:
    2017-03-03 17:05

    Second, to *Joe*.

        Joe says:
        2017-03-03T18:05:00+01:00

        Third.

Ines says:

Fourth.
";

const MARKDOWN: &str = "---
title: On salt
slug: salt
subtitle: And why it matters
date: 2019-01-31T10:00:00Z
lang: en-GB
canonical_url: https://example.org/salt
authors:
  - name: Mira Holt
    role: editor
    email: mira@example.org
    bio: Mira Holt writes about *food*.
    url: https://example.org/mira
  - Tom Reed
tags: [salt, kitchen]
categories: [Food]
weight: 10
params:
  layout: wide
---

Salt is a rock that we *eat*.

## Comments

### Piet — 2019-02-01T08:00:00Z

> I do.

> ### Mira Holt — 2019-02-02T08:00:00Z
>
> > So do I.

Comments are closed.
";

/// Puts a document to a slug.
async fn put(client: &Client, slug: &str, media_type: &str, if_match: Option<&str>, text: &str) -> Answer {
    let path = format!("/v1/editorial/documents/{slug}");
    let request = client.request(Method::PUT, &path).body(media_type, text);
    match if_match {
        Some(tag) => request.header("If-Match", tag).send().await,
        None => request.send().await,
    }
}

/// All that is stored, to tell whether a request left a trace.
async fn stock(editor: &Client) -> (Value, Value, Value) {
    let articles = editor.get("/v1/editorial/articles").await.expect(200).json();
    let authors = editor.get("/v1/editorial/authors").await.expect(200).json();
    let comments = editor.get("/v1/editorial/comments").await.expect(200).json();
    (articles, authors, comments)
}

async fn thread(reader: &Client, article: &Value) -> Value {
    reader
        .get(&format!("/v1/articles/{}/comments", id(article)))
        .await
        .expect(200)
        .json()
}

fn codes(report: &Value) -> Vec<&str> {
    let warnings = report["warnings"].as_array().unwrap();
    warnings
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect()
}

on_both_databases! {
    async fn one_upload_of_a_page_makes_the_article_its_author_and_its_closed_thread(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let made = ada.upload_text("?status=published", EXAMPLE).await.expect(201);
        let answer = made.json();
        insta::assert_json_snapshot!("example_report", answer["report"]);
        insta::assert_json_snapshot!("example_editorial", answer["article"]);
        let article = &answer["article"];
        let at = format!("/v1/editorial/articles/{}", id(article));
        assert_eq!(made.header("location"), format!("https://galley.example{at}"));
        let read = ada.get(&at).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (article.clone(), made.header("etag")));

        let seen = reader.get("/v1/articles/by-slug/the-lighthouse-that-learned-to-whisper").await.expect(200).json();
        insta::assert_json_snapshot!("example_public", seen);
        // The text is the text of the page, to the letter.
        let paragraphs = EXAMPLE.split("\n\n").skip(2).take(6).collect::<Vec<_>>().join("\n\n");
        assert_eq!(seen["body_text"], paragraphs);
        let author = reader.get("/v1/authors/by-slug/clara-m-winther").await.expect(200).json();
        insta::assert_json_snapshot!("example_author", author);
        insta::assert_json_snapshot!("example_thread", thread(&reader, article).await);
        let problem = reader.comment(article, None, "Too late?").await.problem(403, "comments-closed");
        assert_eq!(problem["message"], "Comments are closed.");
        assert_eq!(thread(&reader, article).await["data"].as_array().unwrap().len(), 1);
    }

    async fn a_document_is_a_draft_unless_the_request_publishes_it(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for query in ["", "?status=draft&slug=second"] {
            let article = ada.upload_text(query, EXAMPLE).await.expect(201).json()["article"].clone();
            assert_eq!(article["status"], "draft");
            reader.get(&format!("/v1/articles/{}", id(&article))).await.problem(404, "not-found");
            reader.get(&format!("/v1/articles/{}/comments", id(&article))).await.problem(404, "not-found");
        }
        assert_eq!(reader.get("/v1/articles").await.json()["data"], json!([]));
        assert_eq!(reader.get("/v1/authors").await.json()["data"], json!([]));
    }

    async fn a_strict_upload_refuses_what_is_ambiguous_and_names_the_lines(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let problem = ada.upload_text("?strict=true", EXAMPLE).await.problem(422, "document-ambiguous");
        insta::assert_json_snapshot!("strict_example", without_request_id(problem));
        let path = "/v1/editorial/documents/lighthouse?strict=true";
        let put = ada.request(Method::PUT, path).body("text/plain", EXAMPLE);
        put.send().await.problem(422, "document-ambiguous");
        assert_eq!(stock(&ada).await, before);
        ada.upload_text("?strict=true", SHORT).await.expect(201);
        ada.upload_text("?strict=false", EXAMPLE).await.expect(201);
    }

    async fn hints_of_the_request_win_over_the_text(app: TestApp) {
        let ada = app.editor().await;
        let query = "?title=My%20title&author=Grace%20Hopper&slug=my-slug";
        let answer = ada.upload_text(query, SHORT).await.expect(201).json();
        insta::assert_json_snapshot!("hinted_report", answer["report"]);
        let article = &answer["article"];
        assert_eq!((&article["title"], &article["slug"]), (&json!("My title"), &json!("my-slug")));
        assert_eq!(article["authors"].as_array().unwrap().len(), 1);
        assert_eq!(article["authors"][0]["slug"], "grace-hopper");
        assert_eq!(article["body_text"], "Ships are made of wood.");

        let answer = ada.upload_text("?comments=none&slug=no-thread", THREAD).await.expect(201).json();
        assert_eq!(answer["article"]["comments"], json!({"state": "open", "approved_count": 0}));
        assert!(answer["article"]["body_text"].as_str().unwrap().contains("4 Comments"));

        let answer = ada.upload("?slug=other&title=Other&author=Grace%20Hopper", "text/markdown", MARKDOWN).await;
        let article = answer.expect(201).json()["article"].clone();
        assert_eq!((&article["title"], &article["slug"]), (&json!("Other"), &json!("other")));
        assert_eq!(article["authors"].as_array().unwrap().len(), 1);
    }

    async fn a_hint_that_is_not_valid_is_refused_like_any_parameter(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let long_title = format!("title={}", "a".repeat(301));
        for (query, parameter, code, fault) in [
            ("slug=My%20Slug", "slug", "invalid-parameter", "invalid-slug"),
            ("title=", "title", "invalid-parameter", "empty"),
            (long_title.as_str(), "title", "invalid-parameter", "too-long"),
            ("author=a%00b", "author", "invalid-parameter", "control-character"),
            ("comments=some", "comments", "invalid-parameter", "unknown-value"),
            ("status=publish", "status", "invalid-parameter", "unknown-value"),
            ("strict=yes", "strict", "invalid-parameter", "unknown-value"),
            ("stirct=true", "stirct", "unknown-parameter", "unknown"),
        ] {
            let problem = ada.upload_text(&format!("?{query}"), SHORT).await.problem(400, code);
            let found = only_fault(&problem);
            assert_eq!((&found["parameter"], &found["code"]), (&json!(parameter), &json!(fault)), "{query}");
        }
        // The slug of an upsert stands in its path.
        let put = ada.request(Method::PUT, "/v1/editorial/documents/ships?slug=ships").body("text/plain", SHORT);
        put.send().await.problem(400, "unknown-parameter");
        assert_eq!(stock(&ada).await, before);
    }

    async fn markdown_with_yaml_keeps_all_that_it_says(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let answer = ada.upload("?status=published", "text/markdown", MARKDOWN).await.expect(201).json();
        insta::assert_json_snapshot!("yaml_report", answer["report"]);
        insta::assert_json_snapshot!("yaml_editorial", answer["article"]);
        let article = &answer["article"];
        insta::assert_json_snapshot!("yaml_thread", thread(&reader, article).await);
        let mira = reader.get("/v1/authors/by-slug/mira-holt").await.expect(200).json();
        assert_eq!(mira["bio_html"], "<p>Mira Holt writes about <em>food</em>.</p>");
        assert_eq!(mira["url"], "https://example.org/mira");
        // What no field holds stays in the newsroom.
        let seen = reader.get(&format!("/v1/articles/{}", id(article))).await.expect(200).text();
        assert!(!seen.contains("mira@example.org") && !seen.contains("wide"), "{seen}");
    }

    async fn markdown_with_toml_is_read_as_well(app: TestApp) {
        let ada = app.editor().await;
        let text = "+++\ntitle = \"A short history of the spoon\"\ndate = 2015-05-15\nauthors = [\"Oda Brandt\", \"Piet Mol\"]\n\n\
            [taxonomies]\ntags = [\"kitchen\", \"history\"]\n\n[extra]\ntoc = true\nrating = 4.5\n+++\n\nA spoon is a bowl with a handle.\n";
        let answer = ada.upload("", "text/markdown; charset=UTF-8", text).await.expect(201).json();
        insta::assert_json_snapshot!("toml_article_and_report", answer);
    }

    async fn markdown_without_front_matter_takes_its_title_from_the_first_heading(app: TestApp) {
        let ada = app.editor().await;
        let text = "# Ships & *boats*\n\nThey float.\n\n---\n\nMostly.\n";
        let answer = ada.upload("", "text/markdown", text).await.expect(201).json();
        insta::assert_json_snapshot!("bare_markdown_report", answer["report"]);
        let article = &answer["article"];
        assert_eq!(article["body_html"], "<p>They float.</p>\n<hr>\n<p>Mostly.</p>");
        assert_eq!(article["authors"], json!([]));
        assert_eq!(article["slug"], "ships-boats");

        let before = stock(&ada).await;
        let problem = ada.upload("", "text/markdown", "Just a text.\n").await.problem(422, "document-invalid");
        assert_eq!(only_fault(&problem)["code"], "missing-title");
        assert_eq!(stock(&ada).await, before);
        let titled = ada.upload("?title=Given", "text/markdown", "Just a text.\n").await.expect(201).json();
        assert_eq!(titled["article"]["title"], "Given");
    }

    async fn a_status_in_the_front_matter_is_not_applied_but_told(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let text = "---\ntitle: Ships\nstatus: published\n---\nThey float.\n";
        let answer = ada.upload("", "text/markdown", text).await.expect(201).json();
        assert_eq!(answer["article"]["status"], "draft");
        let warning = &answer["report"]["warnings"][0];
        assert_eq!((&warning["code"], &warning["line"]), (&json!("status-not-applied"), &json!(3)));
        assert_eq!(reader.get("/v1/articles").await.json()["data"], json!([]));
        let answer = ada.upload("?status=published&slug=second", "text/markdown", text).await.expect(201).json();
        assert_eq!(answer["article"]["status"], "published");
        assert_eq!(codes(&answer["report"]), [""; 0]);
        let draft = text.replace("status: published", "draft: true");
        let answer = ada.upload("?status=published&slug=third", "text/markdown", draft).await.expect(201).json();
        assert_eq!(answer["article"]["status"], "published");
    }

    async fn front_matter_that_does_not_parse_is_refused_with_line_and_column(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        for (text, line, column, code) in [
            ("---\ntitle: \"Ships\ntags: [a]\n---\nText.\n", None, None, "invalid-front-matter"),
            ("---\ntitle: Ships\ntags: [a, b\n---\nText.\n", None, None, "invalid-front-matter"),
            ("---\ntitle: Ships\ntitle: Boats\n---\nText.\n", Some(3), Some(1), "invalid-front-matter"),
            ("+++\ntitle = \"Ships\"\ndate = = 3\n+++\nText.\n", Some(3), Some(8), "invalid-front-matter"),
            ("---\ntitle: Ships\nText without an end.\n", Some(1), None, "unclosed-front-matter"),
        ] {
            let problem = ada.upload("", "text/markdown", text).await.problem(422, "document-invalid");
            let fault = only_fault(&problem);
            assert_eq!(fault["code"], code, "{text}");
            assert!(fault["line"].is_u64(), "{fault}");
            assert!(fault["column"].is_u64() || code == "unclosed-front-matter", "{fault}");
            for (member, wanted) in [("line", line), ("column", column)] {
                if let Some(wanted) = wanted {
                    assert_eq!(fault[member], wanted, "{member} of {text}: {fault}");
                }
            }
        }
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_document_that_breaks_a_rule_is_refused_with_its_line_and_nothing_is_stored(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let (plain, markdown) = ("text/plain", "text/markdown");
        let long_title = format!("{}\n\nText.\n", "a".repeat(301));
        let no_slug = "!!!\n\nText.\n";
        let long_name = format!("---\ntitle: Ships\nauthor: A {}\n---\nText.\n", "a".repeat(119));
        for (media_type, bytes, line, column, code) in [
            (plain, &b""[..], None, None, "empty-document"),
            (plain, b" \n\t\n", None, None, "empty-document"),
            (markdown, b"", None, None, "empty-document"),
            (plain, b"Ships\n", Some(1), None, "missing-body"),
            (plain, b"by Ada Lovelace\n\nShips are made of wood.\n", Some(1), None, "missing-title"),
            (markdown, b"---\ntitle: Ships\n---\n", None, None, "missing-body"),
            (plain, b"Ships\n\nMade of w\xf6\xf6d.\n", Some(3), None, "invalid-utf-8"),
            (plain, b"Ships\n\nMade\0 of wood.\n", Some(3), Some(5), "control-character"),
            (markdown, b"# Ships\n\nMade\x1b of wood.\n", Some(3), Some(5), "control-character"),
            (plain, b"\xff\xfeS\0h\0", Some(1), None, "utf-16"),
            (plain, long_title.as_bytes(), Some(1), None, "too-long"),
            (plain, no_slug.as_bytes(), Some(1), None, "no-slug"),
            (markdown, long_name.as_bytes(), Some(3), None, "too-long"),
            (markdown, b"---\ntitle: Ships\nslug: My Ships\n---\nText.\n", Some(3), None, "invalid-slug"),
            (markdown, b"---\ntitle: Ships\ndate: 2999-01-01\n---\nText.\n", Some(3), None, "in-future"),
            (markdown, b"---\ntitle: Ships\ncanonical_url: javascript:alert(1)\n---\nText.\n", Some(3), None, "invalid-url"),
            (markdown, b"---\ntitle: Ships\nlang: english!\n---\nText.\n", Some(3), None, "invalid-language-tag"),
        ] {
            let shown = String::from_utf8_lossy(bytes);
            let problem = ada.upload("", media_type, bytes).await.problem(422, "document-invalid");
            let fault = only_fault(&problem);
            assert_eq!(fault["code"], code, "{shown:?}: {fault}");
            for (member, wanted) in [("line", line), ("column", column)] {
                if let Some(wanted) = wanted {
                    assert_eq!(fault[member], wanted, "{member} of {shown:?}: {fault}");
                }
            }
        }
        let latin = ada.upload_text("", &b"Ships\n\nMade of w\xf6\xf6d.\n"[..]).await.problem(422, "document-invalid");
        assert!(only_fault(&latin)["detail"].as_str().unwrap().contains("offset 16"), "{latin}");
        assert_eq!(stock(&ada).await, before);
    }

    async fn every_fault_of_a_document_is_named_in_one_answer(app: TestApp) {
        let ada = app.editor().await;
        let text = "---\ntitle: Ships\nslug: My Ships\nlang: english!\nauthors:\n  - name: \"!!!\"\n---\nText.\n";
        let problem = ada.upload("", "text/markdown", text).await.problem(422, "document-invalid");
        insta::assert_json_snapshot!("every_document_fault", without_request_id(problem));
    }

    async fn a_declared_windows_charset_is_read(app: TestApp) {
        let ada = app.editor().await;
        let bytes = b"Gr\xfc\xdfe\r\n\r\nDas \x84Sch\xf6ne\x93 \x80 5.\r\n";
        for (number, charset) in ["windows-1252", "ISO-8859-1", "\"cp1252\""].into_iter().enumerate() {
            let media_type = format!("text/plain; charset={charset}");
            let answer = ada.upload(&format!("?slug=number-{number}"), &media_type, &bytes[..]).await.expect(201).json();
            assert_eq!(answer["article"]["title"], "Grüße");
            assert_eq!(answer["article"]["body_text"], "Das „Schöne“ € 5.");
        }
        let problem = ada.upload("", "text/plain; charset=koi8-r", SHORT).await.problem(415, "unsupported-media-type");
        let fault = only_fault(&problem);
        assert_eq!((&fault["header"], &fault["code"]), (&json!("Content-Type"), &json!("unsupported-charset")));
    }

    async fn a_document_of_ten_megabytes_is_too_large(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let text = format!("Ships\n\n{}\n", "wood ".repeat(2_100_000));
        ada.upload_text("", text.clone()).await.problem(413, "payload-too-large");
        put(&ada, "ships", "text/plain", None, &text).await.problem(413, "payload-too-large");
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_body_in_another_form_is_refused_with_what_to_send(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let form = ada.upload("", "application/x-www-form-urlencoded", "Ships by Ada Lovelace").await;
        assert_eq!(form.header("accept-post"), ACCEPTED);
        let problem = form.problem(415, "use-data-binary");
        insta::assert_json_snapshot!("use_data_binary", without_request_id(problem));
        for (media_type, named) in [
            ("application/json", "application/json"),
            ("text/html", "text/html"),
            ("image/png", "image/png"),
            ("nonsense", "nonsense"),
        ] {
            let refused = ada.upload("", media_type, "{\"title\": \"Ships\"}").await;
            assert_eq!(refused.header("accept-post"), ACCEPTED);
            let problem = refused.problem(415, "unsupported-media-type");
            assert_eq!(only_fault(&problem)["header"], "Content-Type");
            assert!(problem["detail"].as_str().unwrap().contains(named), "{problem}");
        }
        let untyped = ada.request(Method::POST, "/v1/editorial/documents").send().await;
        untyped.problem(415, "unsupported-media-type");
        put(&ada, "ships", "application/json", None, "{}").await.problem(415, "unsupported-media-type");
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_client_without_text_types_names_the_format(app: TestApp) {
        let ada = app.editor().await;
        let octets = "application/octet-stream";
        let plain = ada.upload("", octets, SHORT).await.expect(201).json();
        assert_eq!((&plain["report"]["format"], &plain["article"]["title"]), (&json!("plain"), &json!("Ships")));
        let markdown = ada.upload("?format=markdown", octets, MARKDOWN).await.expect(201).json();
        assert_eq!((&markdown["report"]["format"], &markdown["article"]["title"]), (&json!("markdown"), &json!("On salt")));
        let problem = ada.upload("?format=html", octets, SHORT).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "format");
    }

    async fn a_second_upload_of_the_same_document_doubles_nothing(app: TestApp) {
        let ada = app.editor().await;
        let first = ada.upload_text("?status=published", EXAMPLE).await.expect(201).json()["article"].clone();
        let before = stock(&ada).await;
        let problem = ada.upload_text("?status=published", EXAMPLE).await.problem(409, "slug-taken");
        assert_eq!(problem["conflicting_id"], first["id"]);
        assert_eq!(problem["suggestion"], "the-lighthouse-that-learned-to-whisper-2");
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(stock(&ada).await, before);
        let suggestion = problem["suggestion"].as_str().unwrap();
        ada.upload_text(&format!("?slug={suggestion}"), EXAMPLE).await.expect(201);
        assert_eq!(stock(&ada).await.1, before.1);
    }

    async fn a_document_is_put_to_its_slug_as_often_as_it_changes(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let plain = "text/plain";
        let made = put(&ada, "harbour?status=published", plain, None, THREAD).await.expect(201);
        let article = made.json()["article"].clone();
        assert_eq!(article["slug"], "harbour");
        assert_eq!(made.header("location"), format!("https://galley.example/v1/editorial/articles/{}", id(&article)));
        let before = thread(&reader, &article).await;
        assert_eq!(before["data"].as_array().unwrap().len(), 4);

        let changed = THREAD.replace("before the town does", "at noon") + "\nPiet says:\n\nFifth.\n\nComments are closed.\n";
        let problem = put(&ada, "harbour", plain, None, &changed).await.problem(428, "precondition-required");
        assert_eq!(problem["current_etag"], "\"r1\"");
        let problem = put(&ada, "harbour", plain, Some("\"r5\""), &changed).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 1);
        assert_eq!(thread(&reader, &article).await, before);

        let answer = put(&ada, "harbour", plain, Some(made.header("etag")), &changed).await.expect(200).json();
        assert_eq!((&answer["article"]["id"], &answer["article"]["revision"]), (&article["id"], &json!(2)));
        assert_eq!(answer["article"]["body_text"], "The harbour wakes at noon.");
        assert_eq!(answer["article"]["has_unpublished_changes"], true);
        let after = thread(&reader, &article).await;
        let comments = after["data"].as_array().unwrap();
        assert_eq!(comments.len(), 5);
        assert_eq!(comments[..4], before["data"].as_array().unwrap()[..]);
        assert_eq!(comments[4]["author"]["name"], "Piet");
        assert_eq!(after["thread"], json!({"state": "closed", "closed_reason": "document", "message": "Comments are closed.", "approved_count": 5}));
        put(&ada, "harbour", plain, Some("*"), &changed).await.expect(200);
        assert_eq!(thread(&reader, &article).await, after);
        assert_eq!(ada.get("/v1/editorial/articles").await.json()["data"].as_array().unwrap().len(), 1);

        let only_new = ada.request(Method::PUT, "/v1/editorial/documents/harbour").body(plain, THREAD);
        only_new.header("If-None-Match", "*").send().await.problem(412, "precondition-failed");
        let not_a_slug = put(&ada, "My%20Harbour", plain, None, THREAD).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&not_a_slug)["parameter"], "slug");
    }

    async fn a_revision_in_the_front_matter_counts_like_if_match(app: TestApp) {
        let ada = app.editor().await;
        let markdown = "text/markdown";
        put(&ada, "ships", markdown, None, "---\ntitle: Ships\n---\nOne.\n").await.expect(201);
        let changed = put(&ada, "ships", markdown, None, "---\ntitle: Ships\nrevision: 1\n---\nTwo.\n").await.expect(200);
        assert_eq!(changed.json()["article"]["revision"], 2);
        let stale = "---\ntitle: Ships\nrevision: 1\n---\nThree.\n";
        let problem = put(&ada, "ships", markdown, None, stale).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 2);
        // The header is the word of the request itself, and wins.
        put(&ada, "ships", markdown, Some("\"r2\""), stale).await.expect(200);
        put(&ada, "ships", markdown, Some("\"r1\""), "---\ntitle: Ships\nrevision: 3\n---\nFour.\n")
            .await
            .problem(412, "precondition-failed");
        let article = ada.get("/v1/editorial/articles").await.json()["data"][0].clone();
        assert_eq!(article["revision"], 3);
        // It steers the request, and is no part of the article.
        let now = ada.get(&format!("/v1/editorial/articles/{}", id(&article))).await.json();
        assert_eq!(now["extra"], json!({}));
    }

    async fn nested_comments_stand_in_the_thread_in_their_order_with_their_dates(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let answer = ada.upload_text("?status=published", THREAD).await.expect(201).json();
        assert_eq!(codes(&answer["report"]), [""; 0]);
        insta::assert_json_snapshot!("nested_thread", thread(&reader, &answer["article"]).await);
        // The thread is open, and goes on.
        let second = thread(&reader, &answer["article"]).await["data"][1].clone();
        let reply = reader.comment(&answer["article"], Some(&second), "Fifth.").await.expect(201).json();
        assert_eq!(reply["depth"], 3);
        let items = thread(&reader, &answer["article"]).await;
        let texts: Vec<&str> = items["data"].as_array().unwrap().iter().map(|item| item["body_text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["First.", "Second, to *Joe*.", "Third.", "Fifth.", "Fourth."]);
    }

    async fn a_wrong_number_of_comments_is_told_and_not_refused(app: TestApp) {
        let ada = app.editor().await;
        let text = THREAD.replace("4 Comments", "Seven Comments");
        let report = ada.upload_text("", text).await.expect(201).json()["report"].clone();
        assert_eq!(codes(&report), ["comment-count-mismatch"]);
        assert_eq!(report["warnings"][0]["line"], 7);
    }

    async fn an_author_of_this_name_is_used_again_and_keeps_the_bio(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"name": "Clara M. Winther", "bio_markdown": "The bio of the newsroom."});
        let clara = ada.post("/v1/editorial/authors", body).await.expect(201).json();
        let article = ada.upload_text("", EXAMPLE).await.expect(201).json()["article"].clone();
        assert_eq!(article["authors"][0]["id"], clara["id"]);
        assert_eq!(ada.get(&format!("/v1/editorial/authors/{}", id(&clara))).await.json(), clara);
        assert_eq!(ada.get("/v1/editorial/authors").await.json()["data"].as_array().unwrap().len(), 1);
    }

    async fn a_thread_that_moderators_closed_is_not_opened_by_an_upload_of_an_author(app: TestApp) {
        let (vera, mona, ada) = (app.account(Role::Author).await, app.account(Role::Moderator).await, app.editor().await);
        let article = vera.published("Ships").await;
        let thread = format!("/v1/editorial/threads/{}", id(&article));
        mona.request(Method::PATCH, &thread).json(&json!({"state": "closed"})).send().await.expect(200);
        let text = "---\ntitle: Ships\ncomments:\n  state: open\n---\nText.\n\n## Comments\n\n### The Editor — 2026-01-31T10:00:00Z\n\n> Well done.\n";
        let put = |client: &Client| {
            client.request(Method::PUT, "/v1/editorial/documents/ships").header("If-Match", "*").body("text/markdown", text)
        };
        let report = put(&vera).send().await.expect(200).json()["report"].clone();
        assert_eq!(codes(&report), ["thread-not-changed"]);
        let now = mona.get(&thread).await.json();
        assert_eq!((&now["state"], &now["approved_count"]), (&json!("closed"), &json!(0)));

        let report = put(&ada).send().await.expect(200).json()["report"].clone();
        assert!(codes(&report).is_empty(), "{report}");
        let now = mona.get(&thread).await.json();
        assert_eq!((&now["state"], &now["approved_count"]), (&json!("open"), &json!(1)));
    }

    async fn a_document_with_too_many_authors_or_comments_is_refused(app: TestApp) {
        let ada = app.editor().await;
        let authors = (0..51).map(|number| format!("  - Writer Number{number}\n")).collect::<Vec<_>>().concat();
        let text = format!("---\ntitle: Ships\nauthors:\n{authors}---\nText.\n");
        let problem = ada.upload("", "text/markdown", text).await.problem(422, "document-invalid");
        assert_eq!(problem["errors"][0]["code"], "too-many");
        let comments = (0..2_001).map(|number| format!("Joe {number} says:\n\nHi.\n\n")).collect::<Vec<_>>().concat();
        let text = format!("Ships\n\nText.\n\n2001 Comments\n\n{comments}");
        let problem = ada.upload_text("", text).await.problem(422, "document-invalid");
        assert_eq!(problem["errors"][0]["code"], "too-many");
        assert_eq!(ada.get("/v1/editorial/articles").await.json()["data"], json!([]));
    }

    async fn the_sentence_about_a_broken_front_matter_counts_lines_as_the_file_does(app: TestApp) {
        let ada = app.editor().await;
        let text = "---\nslug: ships\ntitle: [a\n---\nText.\n";
        let problem = ada.upload("", "text/markdown", text).await.problem(422, "document-invalid");
        let fault = only_fault(&problem);
        let place = format!("at line {}, column {}", fault["line"], fault["column"]);
        assert!(problem["detail"].as_str().unwrap().contains(&place), "{problem}");
        assert!(fault["line"].as_i64().unwrap() >= 3, "{problem}");
    }

    async fn an_author_without_a_bio_gets_the_one_of_the_document(app: TestApp) {
        let ada = app.editor().await;
        let clara = ada.post("/v1/editorial/authors", json!({"name": "Clara M. Winther"})).await.expect(201).json();
        let at = format!("/v1/editorial/authors/{}", id(&clara));
        // Readers see this author already, and a draft changes nothing that readers see.
        ada.upload_text("?slug=a-draft", EXAMPLE).await.expect(201);
        assert_eq!(ada.get(&at).await.json(), clara);
        ada.upload_text("?status=published", EXAMPLE).await.expect(201);
        let now = ada.get(&at).await.json();
        assert!(now["bio_markdown"].as_str().unwrap().starts_with("Clara M. Winther writes about small places"), "{now}");
    }

    async fn an_unknown_author_slug_in_a_document_is_refused_and_nothing_is_stored(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let text = "---\ntitle: Ships\nauthors:\n  - name: Grace Hopper\n  - slug: nobody\n---\nText.\n\n## Comments\n\n### Piet\n\n> Hm.\n";
        let problem = ada.upload("", "text/markdown", text).await.problem(409, "author-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("nobody"), "{problem}");
        assert_eq!(stock(&ada).await, before);
    }

    async fn markup_of_a_document_is_sanitized_and_plain_text_is_shown_as_it_is(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let text = "Ships\n\nA <script>alert(1)</script> and *stars* and # 1 of [these](javascript:x).\n\nOne Comment\n\nJoe says:\n\n<img src=x onerror=alert(2)> hi\n";
        let answer = ada.upload_text("?status=published", text).await.expect(201).json();
        let article = &answer["article"];
        assert_eq!(article["body_text"], "A <script>alert(1)</script> and *stars* and # 1 of [these](javascript:x).");
        let html = article["body_html"].as_str().unwrap();
        assert_eq!(html, "<p>A &lt;script&gt;alert(1)&lt;/script&gt; and *stars* and # 1 of [these](javascript:x).</p>");
        let comment = thread(&reader, article).await["data"][0].clone();
        assert_eq!(comment["body_text"], "<img src=x onerror=alert(2)> hi");
        assert_eq!(comment["body_html"], "<p>&lt;img src=x onerror=alert(2)&gt; hi</p>");

        let text = "# Boats\n\n<script>alert(1)</script>\n\n[a](javascript:alert(2)) <b onclick=alert(3)>b</b>\n";
        let html = ada.upload("", "text/markdown", text).await.expect(201).json()["article"]["body_html"].clone();
        assert_eq!(html, "\n<p><a rel=\"noopener noreferrer\">a</a> <b>b</b></p>");
    }

    async fn who_may_not_upload_is_told_so_before_the_document_is_read(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let before = stock(&ada).await;
        for path in ["/v1/editorial/documents", "/v1/editorial/documents/ships"] {
            let method = if path.ends_with("ships") { Method::PUT } else { Method::POST };
            let send = |client: &Client| client.request(method.clone(), path).body("image/png", "").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.account(Role::Moderator).await).await.problem(403, "insufficient-scope");
            send(&app.account(Role::Reader).await).await.problem(403, "insufficient-scope");
        }
        assert_eq!(stock(&ada).await, before);
        // Authors upload their own and cannot touch those of others.
        ada.upload_text("?slug=ships", SHORT).await.expect(201);
        put(&grace, "ships", "text/plain", Some("*"), SHORT).await.problem(409, "slug-taken");
        let hers = grace.upload_text("?status=published", SHORT.replace("Ships\n", "Boats\n")).await.expect(201).json();
        assert_eq!(hers["article"]["status"], "published");
        put(&grace, "boats", "text/plain", Some("*"), SHORT).await.expect(200);
    }
}

/// A problem without the one member that is new in every answer.
fn without_request_id(mut problem: Value) -> Value {
    let members = problem.as_object_mut().unwrap();
    assert!(members.remove("request_id").is_some());
    problem
}
