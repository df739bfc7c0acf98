//! Articles as text and as blocks: the file that an editor keeps, the page that a terminal shows, the parts of a front end.

use std::fmt::Write as _;

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::client::{Client, id};

/// A document with everything that a document can say.
const HARBOUR: &str = "---
title: \"The harbour: a walk\"
subtitle: Cranes, gulls
excerpt: |
  What is left when
  the ships are gone.
lang: en
canonical_url: https://example.org/original
authors:
  - name: Ada Lovelace
  - name: Grace Hopper
    role: photographer
tags: [Harbours, \"1.10\", \"no\"]
section: local
series: {slug: a-year-at-sea, position: 3}
byline: By our correspondents
date: 2026-02-01T10:00:00.5Z
lastmod: 2026-02-02
layout: wide
reviewed: {by: [Jo], twice: true}
---

The cranes stood *still*.

<!--more-->

- one
- two

## Comments

Were none.

## Comments

### Alan — 2026-02-03T09:00:00Z

> Good *walk*.

> ### Grace — 2026-02-03T10:00:00Z
>
> > Thanks.
";

fn document_of_readers(slug: &str) -> String {
    format!("/v1/articles/by-slug/{slug}/document")
}

fn document_of_desk(slug: &str) -> String {
    format!("/v1/editorial/documents/{slug}")
}

async fn get_as(client: &Client, path: &str, accept: &str) -> Answer {
    client.request(Method::GET, path).header("Accept", accept).send().await
}

/// Puts a document back where it was read.
async fn put_back(client: &Client, slug: &str, tag: &str, text: &str) -> Value {
    let request = client
        .request(Method::PUT, &document_of_desk(slug))
        .header("If-Match", tag)
        .body("text/markdown", text);
    request.send().await.expect(200).json()
}

async fn make_places(editor: &Client) {
    let section = json!({"name": "Local news", "slug": "local"});
    editor.post("/v1/editorial/sections", section).await.expect(201);
    let series = json!({"title": "A year at sea", "slug": "a-year-at-sea"});
    editor.post("/v1/editorial/series", series).await.expect(201);
}

/// What an upload of the harbour made, published.
async fn harbour(editor: &Client) -> Value {
    make_places(editor).await;
    let uploaded = editor
        .upload("?slug=harbour&status=published", "text/markdown", HARBOUR)
        .await
        .expect(201)
        .json();
    assert_eq!(uploaded["report"]["warnings"], json!([]), "{uploaded}");
    uploaded["article"].clone()
}

/// The text without the ids of the comments, which differ from run to run.
fn without_ids(text: &str) -> String {
    let lines = text.lines().map(|line| line.split(" {#c-").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

on_both_databases! {
    async fn a_document_that_is_read_and_put_back_changes_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = harbour(&ada).await;
        let path = format!("/v1/editorial/articles/{}", id(&article));
        let thread_path = format!("/v1/editorial/threads/{}", id(&article));
        let comments_path = format!("/v1/articles/{}/comments", id(&article));
        let before = ada.get(&path).await.expect(200).json();
        let thread = ada.get(&thread_path).await.expect(200).json();
        let comments = reader.get(&comments_path).await.expect(200).json();

        let read = ada.get(&document_of_desk("harbour")).await.expect(200);
        assert_eq!(read.header("content-type"), "text/markdown; charset=utf-8");
        assert_eq!(read.header("cache-control"), "private, no-store");
        assert!(read.header("etag").starts_with("\"r1."), "{}", read.header("etag"));
        insta::assert_snapshot!("harbour_for_the_newsroom", without_ids(&read.text()));
        let kept = put_back(&ada, "harbour", read.header("etag"), &read.text()).await;
        assert_eq!(kept["report"]["warnings"], json!([]));
        assert_eq!(kept["article"], before);

        let seen = reader.get(&document_of_readers("harbour")).await.expect(200);
        assert_eq!(seen.header("content-type"), "text/markdown; charset=utf-8");
        insta::assert_snapshot!("harbour_for_readers", without_ids(&seen.text()));
        let kept = put_back(&ada, "harbour", seen.header("etag"), &seen.text()).await;
        assert_eq!(kept["report"]["warnings"], json!([]));
        assert_eq!(kept["article"], before);

        assert_eq!(ada.get(&path).await.json(), before);
        assert_eq!(ada.get(&thread_path).await.json(), thread);
        assert_eq!(reader.get(&comments_path).await.json(), comments);
        // The revision in the front matter counts like the header.
        let request = ada.request(Method::PUT, &document_of_desk("harbour")).body("text/markdown", read.text());
        assert_eq!(request.send().await.expect(200).json()["article"], before);
    }

    async fn a_document_that_is_edited_changes_what_was_edited(app: TestApp) {
        let ada = app.editor().await;
        let article = harbour(&ada).await;
        let read = ada.get(&document_of_desk("harbour")).await.expect(200);
        let edited = read.text().replace("*still*", "quiet").replace("- \"1.10\"\n", "").replace("position: 3", "position: 4");
        let changed = put_back(&ada, "harbour", read.header("etag"), &edited).await["article"].clone();
        assert_eq!(changed["revision"], 2);
        assert!(changed["body_markdown"].as_str().unwrap().starts_with("The cranes stood quiet."), "{changed}");
        assert_eq!(changed["series"]["position"], 4);
        let tags: Vec<&Value> = changed["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert_eq!(tags, ["Harbours", "no"]);
        assert_eq!((&changed["section"], &changed["extra"]), (&article["section"], &article["extra"]));
        // Who still has the former one is told that it is old.
        let request = ada.request(Method::PUT, &document_of_desk("harbour")).body("text/markdown", read.text());
        request.send().await.problem(412, "precondition-failed");
    }

    async fn an_article_that_was_written_as_json_survives_its_document(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        // Blank lines at the ends, a letter in two parts, no excerpt above the mark, a heading like that of comments.
        let body = "\n\nRe\u{301}sume\u{301}.\n\n<!--more-->\n\n## Comments\n\n### Eve — 2026-01-01\n\nNobody said this.\n\n";
        let article = json!({
            "title": "no", "slug": "plain", "body_markdown": body, "subtitle": "e\u{301}", "status": "published",
            "authors": [], "tags": ["C++", "C#"], "cover": {"url": "https://example.org/a.jpg", "alt": "A"},
        });
        let article = ada.post("/v1/editorial/articles", article).await.expect(201).json();
        // A comment that tries to be two, and one in two parts.
        let said = reader.comment(&article, None, "\nYes.\n### Eve — 2026-01-01 {#c-1}\nNo e\u{301}.\n").await.expect(201).json();
        reader.comment(&article, Some(&said), "> ### Eve — 2026-01-01\n\n## Comments").await.expect(201);
        let before = ada.get(&format!("/v1/editorial/articles/{}", id(&article))).await.json();
        let comments = reader.get(&format!("/v1/articles/{}/comments", id(&article))).await.json();
        for path in [document_of_desk("plain"), document_of_readers("plain")] {
            let read = ada.get(&path).await.expect(200);
            let kept = put_back(&ada, "plain", read.header("etag"), &read.text()).await;
            assert_eq!(kept["article"], before, "{}", read.text());
            assert_eq!(reader.get(&format!("/v1/articles/{}/comments", id(&article))).await.json(), comments);
        }
    }

    async fn a_document_is_given_as_plain_text_to_those_who_ask(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = harbour(&ada).await;
        let author = &article["authors"][0];
        let bio = json!({"bio_markdown": "Ada Lovelace writes about *engines*."});
        ada.patch(&format!("/v1/editorial/authors/{}", id(author)), "*", bio).await.expect(200);
        ada.patch(&format!("/v1/editorial/threads/{}", id(&article)), "*", json!({"state": "closed"})).await.expect(200);
        for (path, caching) in [
            (document_of_readers("harbour"), "public, max-age=0, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400"),
            (document_of_desk("harbour"), "private, no-store"),
        ] {
            let client = if path.contains("editorial") { &ada } else { &reader };
            let plain = get_as(client, &path, "text/plain").await.expect(200);
            assert_eq!(plain.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(plain.header("cache-control"), caching);
            assert!(plain.headers.get_all("vary").any(|vary| vary == "Accept"));
            insta::assert_snapshot!("harbour_as_plain_text", plain.text());
            let markdown = get_as(client, &path, "text/html, */*;q=0.1").await.expect(200);
            assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8");
            assert_eq!(markdown.header("cache-control"), caching);
            assert_ne!(plain.header("etag"), markdown.header("etag"));
            for (accept, own, other) in [("text/plain", &plain, &markdown), ("text/markdown", &markdown, &plain)] {
                let ask = |tag: &str| client.request(Method::GET, &path).header("Accept", accept).header("If-None-Match", tag);
                let held = ask(own.header("etag")).send().await.expect(304);
                assert_eq!((held.text().as_str(), held.header("etag")), ("", own.header("etag")));
                assert!(held.headers.get_all("vary").any(|vary| vary == "Accept"));
                ask(other.header("etag")).send().await.expect(200);
            }
            let problem = get_as(client, &path, "application/json").await.problem(406, "not-acceptable");
            assert_eq!(only_fault(&problem)["header"], "Accept");
            assert!(problem["detail"].as_str().unwrap().contains("text/markdown or as text/plain"), "{problem}");
        }
        let report = ada.upload_text("?slug=again", get_as(&reader, &document_of_readers("harbour"), "text/plain").await.text());
        let again = report.await.expect(201).json()["article"].clone();
        assert_eq!(again["title"], "The harbour: a walk");
        assert_eq!(again["comments"]["approved_count"], 2);
        assert_eq!(again["comments"]["state"], "closed");
    }

    async fn a_document_follows_a_slug_and_hides_what_is_not_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let draft = ada.draft("Secret").await;
        ada.patch(&format!("/v1/editorial/articles/{}", id(&article)), "*", json!({"slug": "boats"})).await.expect(200);
        // Until it is published again readers find it where it was, and the newsroom where it will be.
        reader.get(&document_of_readers("ships")).await.expect(200);
        reader.get(&document_of_readers("boats")).await.problem(404, "not-found");
        ada.get(&document_of_desk("boats")).await.expect(200);
        ada.get(&document_of_desk("ships")).await.problem(404, "not-found");
        ada.post(&format!("/v1/editorial/articles/{}/publish", id(&article)), json!({})).await.expect(200);
        let moved = get_as(&reader, &format!("{}?x=1", document_of_readers("ships")), "application/json").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/articles/by-slug/boats/document?x=1");
        reader.get(&document_of_readers("secret")).await.problem(404, "not-found");
        get_as(&reader, &document_of_readers("nothing"), "application/json").await.problem(404, "not-found");
        reader.get(&document_of_readers("Not-A-Slug")).await.problem(400, "invalid-parameter");
        let text = ada.get(&document_of_desk("secret")).await.expect(200).text();
        assert_eq!(text.matches("published_at").count(), 0, "{text}");
        assert_eq!(draft["revision"], 1);
        reader.request(Method::POST, &document_of_readers("boats")).send().await.problem(405, "method-not-allowed");
    }

    async fn a_working_copy_is_given_to_those_who_may_see_it(app: TestApp) {
        let (ada, writer, other) = (app.editor().await, app.account(Role::Author).await, app.account(Role::Author).await);
        writer.draft("Ships").await;
        let path = document_of_desk("ships");
        app.reader().get(&path).await.problem(401, "not-authenticated");
        app.account(Role::Reader).await.get(&path).await.problem(403, "insufficient-scope");
        other.get(&path).await.problem(404, "not-found");
        get_as(&other, &path, "application/json").await.problem(404, "not-found");
        for client in [&ada, &writer] {
            client.get(&path).await.expect(200);
        }
        ada.get(&document_of_desk("Ships!")).await.problem(400, "invalid-parameter");
    }

    async fn a_long_thread_is_cut_and_says_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let mut text = "---\ntitle: Long\n---\n\nText.\n\n## Comments\n".to_owned();
        for number in 0..252 {
            write!(text, "\n### Reader {number} — 2026-02-01T10:00:00Z\n\n> Number {number}.\n").unwrap();
        }
        let article = ada.upload("?status=published", "text/markdown", text).await.expect(201).json()["article"].clone();
        let hidden = reader.comment(&article, None, "Wait.").await.expect(201).json();
        let moderated = format!("/v1/editorial/comments/{}", id(&hidden));
        ada.patch(&moderated, "*", json!({"state": "rejected"})).await.expect(200);
        for path in [document_of_readers("long"), document_of_desk("long")] {
            let markdown = ada.get(&path).await.expect(200);
            assert!(markdown.text().contains("\ncomments_omitted: 2\n"), "{}", markdown.text());
            assert_eq!(markdown.text().matches("\n### Reader ").count(), 250);
            let kept = put_back(&ada, "long", markdown.header("etag"), &markdown.text()).await;
            assert_eq!((&kept["article"]["revision"], &kept["article"]["comments"]["approved_count"]), (&json!(1), &json!(252)));
            let plain = get_as(&ada, &path, "text/plain").await.expect(200).text();
            assert!(plain.ends_with("\n\nNumber 249.\n\n2 more comments are not shown.\n"), "{plain}");
            assert!(!plain.contains("Wait."));
        }
        // A thread that is hidden is hidden here too.
        ada.patch(&format!("/v1/editorial/threads/{}", id(&article)), "*", json!({"state": "hidden"})).await.expect(200);
        let text = reader.get(&document_of_readers("long")).await.expect(200).text();
        assert!(text.contains("\n  state: hidden\n") && !text.contains("Number"), "{text}");
        let read = ada.get(&document_of_desk("long")).await.expect(200);
        let kept = put_back(&ada, "long", read.header("etag"), &read.text()).await;
        assert_eq!(kept["article"]["comments"]["state"], "hidden");
    }

    async fn an_answer_whose_parent_was_removed_stands_under_the_one_above(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let first = reader.comment(&article, None, "First.").await.expect(201).json();
        let second = reader.comment(&article, Some(&first), "Second.").await.expect(201).json();
        reader.comment(&article, Some(&second), "Third.").await.expect(201);
        ada.patch(&format!("/v1/editorial/comments/{}", id(&second)), "*", json!({"state": "removed"})).await.expect(200);
        let text = reader.get(&document_of_readers("ships")).await.expect(200).text();
        assert!(text.contains("\n> First.\n\n> ### Grace") && text.contains("\n> > Third.\n"), "{text}");
        assert!(!text.contains("Second."), "{text}");
        let read = ada.get(&document_of_desk("ships")).await.expect(200);
        let kept = put_back(&ada, "ships", read.header("etag"), &read.text()).await;
        assert_eq!(kept["article"]["comments"]["approved_count"], 2);
    }

    async fn places_that_do_not_exist_stay_in_extra(app: TestApp) {
        let ada = app.editor().await;
        let text = "---\ntitle: Ships\nsection: nowhere\nseries: {slug: nothing, position: 1}\n---\n\nText.\n";
        let uploaded = ada.upload("", "text/markdown", text).await.expect(201).json();
        let codes: Vec<&Value> = uploaded["report"]["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
        assert_eq!(codes, ["section-unknown", "series-unknown"]);
        let extra = json!({"section": "nowhere", "series": {"slug": "nothing", "position": 1}});
        assert_eq!(uploaded["article"]["extra"], extra);
        let read = ada.get(&document_of_desk("ships")).await.expect(200);
        let kept = put_back(&ada, "ships", read.header("etag"), &read.text()).await;
        assert_eq!((&kept["article"]["extra"], &kept["article"]["revision"]), (&extra, &json!(1)));
    }

    async fn a_text_is_given_as_blocks(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = "# Head\n\nOne *two*[^1].\n\n- a\n- b\n\n> said\n\n```rust\nfn x() {}\n```\n\n![Two cranes](https://example.org/c.png)\n\n\
            | x |\n|---|\n| 1 |\n\n---\n\n<div onclick=\"x()\">raw</div>\n\n<script>alert(1)</script>\n\n[^1]: Noted.\n";
        let article = json!({"title": "Ships", "body_markdown": body, "status": "published"});
        let article = ada.post("/v1/editorial/articles", article).await.expect(201).json();
        let path = format!("/v1/articles/{}/blocks", id(&article));
        let seen = reader.get(&path).await.expect(200);
        insta::assert_json_snapshot!("blocks", seen.json(), {".id" => "[id]"});
        assert_eq!(seen.json()["id"], article["id"]);
        assert!(seen.header("cache-control").starts_with("public"));
        let tag = seen.header("etag").to_owned();
        assert!(tag.starts_with("\"r1."), "{tag}");
        let ask = || reader.request(Method::GET, &path).header("If-None-Match", &tag);
        assert_eq!(ask().send().await.expect(304).text(), "");

        // What is only in the working copy is nobody's business.
        ada.patch(&format!("/v1/editorial/articles/{}", id(&article)), "*", json!({"body_markdown": "New."})).await.expect(200);
        ask().send().await.expect(304);
        ada.post(&format!("/v1/editorial/articles/{}/publish", id(&article)), json!({})).await.expect(200);
        let changed = ask().send().await.expect(200);
        assert_eq!(changed.json()["blocks"], json!([{"kind": "paragraph", "html": "<p>New.</p>", "text": "New."}]));
        assert_eq!(changed.json()["revision"], 2);
    }

    async fn blocks_are_those_of_published_articles(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.account(Role::Reader).await);
        let draft = ada.draft("Secret").await;
        reader.get(&format!("/v1/articles/{}/blocks", id(&draft))).await.problem(404, "not-found");
        reader.get("/v1/articles/019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071/blocks").await.problem(404, "not-found");
        reader.get("/v1/articles/ships/blocks").await.problem(400, "invalid-parameter");
        let article = ada.published("Ships").await;
        let desk = format!("/v1/editorial/articles/{}", id(&article));
        ada.delete(&desk, "*").await.expect(204);
        reader.get(&format!("/v1/articles/{}/blocks", id(&article))).await.problem(404, "not-found");
        let admin = app.account(Role::Administrator).await;
        admin.delete(&format!("{desk}?purge=true"), "*").await.expect(204);
        reader.get(&format!("/v1/articles/{}/blocks", id(&article))).await.problem(410, "gone");
        reader.get(&document_of_readers("ships")).await.problem(404, "not-found");
    }
}
