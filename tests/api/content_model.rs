//! What an article can say, and the things that it names: section, tags, byline, series, translations and the like.

use actix_web::http::Method;
use chrono::{Duration, SecondsFormat};
use galley::accounts::permissions::Role;
use galley::jobs;
use serde_json::{Map, Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";
const TAGS: &str = "/v1/editorial/tags";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Where the newsroom finds an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// Where readers find an article.
fn page(article: &Value) -> String {
    format!("/v1/articles/{}", id(article))
}

/// What a request says about an article with a title.
fn titled(title: &str, rest: Value) -> Value {
    let mut body = json!({"title": title, "body_markdown": "Some *text*."});
    let members: Map<String, Value> = serde_json::from_value(rest).unwrap();
    body.as_object_mut().unwrap().extend(members);
    body
}

async fn make(client: &Client, title: &str, rest: Value) -> Value {
    client.post(ARTICLES, titled(title, rest)).await.expect(201).json()
}

async fn change(client: &Client, article: &Value, body: Value) -> Value {
    client.patch(&desk(article), "*", body).await.expect(200).json()
}

async fn step(client: &Client, article: &Value, step: &str) -> Value {
    let path = format!("{}/{step}", desk(article));
    client.request(Method::POST, &path).send().await.expect(200).json()
}

/// The titles of a list, by the alphabet.
fn titles(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let articles = list["data"].as_array().unwrap();
    let mut titles: Vec<String> = articles
        .iter()
        .map(|article| article["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

async fn read(client: &Client, query: &str) -> Vec<String> {
    titles(&client.get(&format!("/v1/articles?{query}")).await.expect(200))
}

async fn worked_on(client: &Client, query: &str) -> Vec<String> {
    titles(&client.get(&format!("{ARTICLES}?{query}")).await.expect(200))
}

/// One member of every item of a list in an article.
fn each<'v>(article: &'v Value, list: &str, member: &str) -> Vec<&'v str> {
    let items = article[list].as_array().unwrap();
    items.iter().map(|item| item[member].as_str().unwrap()).collect()
}

async fn section(editor: &Client, name: &str, parent: Option<&str>) -> Value {
    let mut body = json!({"name": name});
    if let Some(parent) = parent {
        body["parent"] = parent.into();
    }
    editor.post("/v1/editorial/sections", body).await.expect(201).json()
}

async fn series(editor: &Client, title: &str) -> Value {
    let body = json!({"title": title});
    editor.post("/v1/editorial/series", body).await.expect(201).json()
}

/// A refusal, with the place and the code of its one fault.
#[track_caller]
fn refused(answer: Answer, status: u16, code: &str, pointer: &str, fault: &str) -> Value {
    let problem = answer.problem(status, code);
    let only = only_fault(&problem);
    assert_eq!(
        (&only["pointer"], &only["code"]),
        (&json!(pointer), &json!(fault)),
        "{problem}"
    );
    problem
}

/// Refuses a change of a member, and shows that the article is as it was.
async fn refuse(
    client: &Client,
    article: &Value,
    body: Value,
    status: u16,
    code: &str,
    pointer: &str,
    fault: &str,
) -> Value {
    let before = client.get(&desk(article)).await.json();
    let problem = refused(
        client.patch(&desk(article), "*", body).await,
        status,
        code,
        pointer,
        fault,
    );
    assert_eq!(client.get(&desk(article)).await.json(), before);
    problem
}

fn in_an_hour(app: &TestApp) -> String {
    let then = app.state.clock.now() + Duration::hours(1);
    then.to_rfc3339_opts(SecondsFormat::Millis, true)
}

on_both_databases! {
    async fn an_article_says_all_that_it_can_say(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        section(&ada, "News", None).await;
        section(&ada, "Local", Some("news")).await;
        series(&ada, "A year at sea").await;
        let (gulls, original) = (ada.published("Gulls").await, ada.published("Hafen").await);
        change(&ada, &original, json!({"lang": "de"})).await;
        step(&ada, &original, "publish").await;
        let body = json!({
            "title": "The harbour", "subtitle": "Cranes and gulls", "excerpt": "What is left.", "body_markdown": "The cranes *stood*.",
            "authors": [{"name": "Ada Lovelace"}, {"name": "Grace Hopper", "role": "translator"}], "byline": "By two of us",
            "section": "local", "tags": ["Harbours", "Cranes"], "series": {"slug": "a-year-at-sea", "position": 3},
            "related": [gulls["id"]], "lang": "en", "translation_of": original["id"], "canonical_url": "https://example.org/harbour",
            "cover": {"url": "https://example.org/a.jpg", "alt": "Two cranes", "caption": "At dawn", "credit": "Photo: Grace"},
            "seo": {"title": "Harbour", "description": "Of cranes", "noindex": true, "social_image": "https://example.org/b.jpg"},
            "custom": {"rating": 5, "links": [{"url": "x"}]}, "external_id": {"source": "wordpress", "id": "4711"},
            "published_at": "2020-02-03T04:05:06.000Z", "status": "published"
        });
        let request = || ada.request(Method::POST, ARTICLES).key("the harbour").json(&body);
        let made = app.rehearse_and_send(request).await.expect(201);
        let again = request().send().await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", made.json()));
        let (harbour, seen) = (made.json(), reader.get(&page(&made.json())).await.expect(200).json());
        insta::assert_json_snapshot!("content_editorial", harbour, {".**.id" => "ID", ".translation_of" => "ID", ".related[]" => "ID"});
        insta::assert_json_snapshot!("content_public", seen, {".**.id" => "ID"});
        assert_eq!((&harbour["related"], &harbour["translation_of"]), (&json!([gulls["id"]]), &original["id"]));

        // What a replacement leaves out is removed, but for the slug and the date.
        let replaced = ada.put(&desk(&harbour), "\"r1\"", json!({"title": "The port", "body_markdown": "x"})).await.expect(200).json();
        insta::assert_json_snapshot!("content_replaced", replaced, {".id" => "ID"});
        assert_eq!(reader.get(&page(&harbour)).await.json(), seen, "readers see it when it is published");
    }

    async fn an_article_stands_in_a_section_and_is_found_in_those_above(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        section(&ada, "News", None).await;
        let europe = section(&ada, "Europe", Some("news")).await;
        section(&ada, "Sport", None).await;
        let ships = make(&ada, "Ships", json!({"section": "europe", "status": "published"})).await;
        let shown = json!({"id": europe["id"], "slug": "europe", "name": "Europe", "path": "news/europe"});
        assert_eq!(ships["section"], shown);
        assert_eq!(reader.get(&page(&ships)).await.json()["section"], shown);
        let gulls = make(&ada, "Gulls", json!({"section": "news"})).await;
        for (section, seen, kept) in [
            ("news", vec!["Ships"], vec!["Gulls", "Ships"]),
            ("europe", vec!["Ships"], vec!["Ships"]),
            (id(&europe), vec!["Ships"], vec!["Ships"]),
            ("sport", vec![], vec![]),
            ("nowhere", vec![], vec![]),
            (NOBODY, vec![], vec![]),
        ] {
            assert_eq!(read(&reader, &format!("section={section}")).await, seen, "{section}");
            assert_eq!(worked_on(&ada, &format!("section={section}")).await, kept, "{section}");
        }

        // A slug that the section had before still names it.
        let path = format!("/v1/editorial/sections/{}", id(&europe));
        ada.patch(&path, "*", json!({"slug": "continent"})).await.expect(200);
        assert_eq!(read(&reader, "section=europe").await, ["Ships"]);
        let moved = change(&ada, &gulls, json!({"section": "europe"})).await;
        assert_eq!(moved["section"]["path"], "news/continent");
        assert_eq!(reader.get(&page(&ships)).await.json()["section"]["path"], "news/continent");

        let taken_out = change(&ada, &ships, json!({"section": null})).await;
        assert_eq!((taken_out.get("section"), &taken_out["has_unpublished_changes"]), (None, &json!(true)));
        assert_eq!(read(&reader, "section=news").await, ["Ships"]);
        assert_eq!(worked_on(&ada, "section=news").await, ["Gulls"]);
        step(&ada, &ships, "publish").await;
        assert_eq!(read(&reader, "section=news").await, [""; 0]);
        assert_eq!(reader.get(&page(&ships)).await.json().get("section"), None);

        refuse(&ada, &gulls, json!({"section": "nowhere"}), 409, "reference-unknown", "#/section", "unknown").await;
        refuse(&ada, &gulls, json!({"section": "No slug"}), 422, "validation-failed", "#/section", "invalid-slug").await;
        let before = app.database_digest().await;
        let lost = titled("Lost", json!({"section": "nowhere", "tags": ["Made by the way"], "authors": [{"name": "Nobody"}]}));
        refused(ada.post(ARTICLES, lost.clone()).await, 409, "reference-unknown", "#/section", "unknown");
        refused(ada.put(&desk(&gulls), "*", lost).await, 409, "reference-unknown", "#/section", "unknown");
        assert_eq!(app.database_digest().await, before);
    }

    async fn tags_are_made_by_name_and_are_one_in_all_capitals(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = make(&ada, "Ships", json!({"tags": ["Open Source", "Harbours", "open source", " OPEN source "]})).await;
        assert_eq!(each(&ships, "tags", "name"), ["Open Source", "Harbours"]);
        assert_eq!(each(&ships, "tags", "slug"), ["open-source", "harbours"]);
        let gulls = make(&ada, "Gulls", json!({"tags": ["HARBOURS"], "status": "published"})).await;
        assert_eq!(gulls["tags"][0], ships["tags"][1]);
        assert_eq!(reader.get(&page(&gulls)).await.json()["tags"], gulls["tags"]);
        // Readers see a tag with the first article that has it.
        reader.get("/v1/tags/by-slug/open-source").await.problem(404, "not-found");
        step(&ada, &ships, "publish").await;
        reader.get("/v1/tags/by-slug/open-source").await.expect(200);
        assert_eq!(read(&reader, "tag=harbours").await, ["Gulls", "Ships"]);
        assert_eq!(read(&reader, "tag=open-source").await, ["Ships"]);
        assert_eq!(read(&reader, "tag=nothing").await, [""; 0]);
        assert_eq!(read(&reader, "tag=harbours&author=nobody").await, [""; 0]);
        assert_eq!(worked_on(&ada, "tag=harbours").await, ["Gulls", "Ships"]);

        let none = change(&ada, &ships, json!({"tags": []})).await;
        assert_eq!(none["tags"], json!([]));
        assert_eq!(worked_on(&ada, "tag=harbours").await, ["Gulls"]);
        assert_eq!(read(&reader, "tag=harbours").await, ["Gulls", "Ships"]);

        let names = |count: usize| (0..count).map(|number| format!("Tag {number}")).collect::<Vec<_>>();
        let most = change(&ada, &ships, json!({"tags": names(50)})).await;
        assert_eq!(each(&most, "tags", "name"), names(50));
        refuse(&ada, &ships, json!({"tags": names(51)}), 422, "validation-failed", "#/tags", "too-many").await;
        refuse(&ada, &ships, json!({"tags": ["good", ""]}), 422, "validation-failed", "#/tags/1", "empty").await;
        refuse(&ada, &ships, json!({"tags": null}), 422, "validation-failed", "#/tags", "wrong-type").await;
        refused(ada.post(ARTICLES, titled("Many", json!({"tags": names(51)}))).await, 422, "validation-failed", "#/tags", "too-many");
    }

    async fn a_renamed_tag_keeps_its_articles_and_changes_none_of_them(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = make(&ada, "Ships", json!({"tags": ["JS"], "status": "published"})).await;
        let tag = format!("{TAGS}/{}", id(&ships["tags"][0]));
        ada.patch(&tag, "*", json!({"name": "JavaScript", "slug": "javascript"})).await.expect(200);
        for article in [ada.get(&desk(&ships)).await.json(), reader.get(&page(&ships)).await.json()] {
            let expected = json!([{"id": ships["tags"][0]["id"], "slug": "javascript", "name": "JavaScript"}]);
            assert_eq!((&article["tags"], &article["revision"]), (&expected, &json!(1)));
        }
        for slug in ["javascript", "js"] {
            assert_eq!(read(&reader, &format!("tag={slug}")).await, ["Ships"]);
            assert_eq!(worked_on(&ada, &format!("tag={slug}")).await, ["Ships"]);
        }
        // Both names lead to the one tag, and the same tags are no change.
        for name in ["JavaScript", "JS", "js"] {
            let same = change(&ada, &ships, json!({"tags": [name]})).await;
            assert_eq!((&same["revision"], same["tags"].as_array().unwrap().len()), (&json!(1), 1), "{name}");
        }
    }

    async fn articles_of_a_merged_tag_have_the_other_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let both = make(&ada, "Both", json!({"tags": ["JS", "Web", "JavaScript"], "status": "published"})).await;
        let old = make(&ada, "Old", json!({"tags": ["JS"], "status": "published"})).await;
        make(&ada, "New", json!({"tags": ["JavaScript"], "status": "published"})).await;
        make(&ada, "Sketch", json!({"tags": ["JS"]})).await;
        let js = both["tags"][0].clone();
        let path = format!("{TAGS}/{}/merge", id(&js));
        ada.post(&path, json!({"into": "javascript"})).await.expect(200);

        for (article, tags) in [(&both, vec!["Web", "JavaScript"]), (&old, vec!["JavaScript"])] {
            let (kept, seen) = (ada.get(&desk(article)).await.json(), reader.get(&page(article)).await.json());
            assert_eq!(each(&kept, "tags", "name"), tags);
            assert_eq!(each(&seen, "tags", "name"), tags);
            assert_eq!((&kept["revision"], &kept["has_unpublished_changes"]), (&json!(1), &json!(false)));
        }
        for tag in ["javascript", "js", id(&js)] {
            assert_eq!(read(&reader, &format!("tag={tag}")).await, ["Both", "New", "Old"], "{tag}");
            assert_eq!(worked_on(&ada, &format!("tag={tag}")).await, ["Both", "New", "Old", "Sketch"], "{tag}");
        }
        let list = reader.get("/v1/articles?tag=web").await.json();
        assert_eq!(each(&list["data"][0], "tags", "name"), ["Web", "JavaScript"]);
        assert_eq!(each(&make(&ada, "Late", json!({"tags": ["js"]})).await, "tags", "name"), ["JavaScript"]);
    }

    async fn a_merge_of_tags_is_no_change_of_an_article(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let ships = make(&ada, "Ships", json!({"tags": ["JS", "Web"], "status": "published"})).await;
        make(&ada, "Other", json!({"tags": ["JavaScript"]})).await;
        change(&bob, &ships, json!({"title": "Boats"})).await;
        let path = format!("{TAGS}/{}/merge", id(&ships["tags"][0]));
        ada.post(&path, json!({"into": "javascript"})).await.expect(200);

        // The revision that is named had a tag which is merged by now.
        let stale = ada.patch(&desk(&ships), "\"r1\"", json!({"excerpt": "Short."})).await.problem(412, "precondition-failed");
        assert_eq!((&stale["changed_fields"], &stale["merges_cleanly"]), (&json!(["title"]), &json!(true)));
        let path = format!("{}?merge=auto", desk(&ships));
        let merged = ada.patch(&path, "\"r1\"", json!({"tags": ["JavaScript", "Web", "Sea"]})).await.expect(200).json();
        assert_eq!(each(&merged, "tags", "name"), ["JavaScript", "Web", "Sea"]);
        assert_eq!((&merged["title"], &merged["revision"]), (&json!("Boats"), &json!(3)));
        let saved = change(&ada, &ships, json!({"excerpt": "Short.", "tags": ["js", "Web", "Sea"]})).await;
        assert_eq!(saved["revision"], 4);
        let history = ada.get(&format!("{}/revisions", desk(&ships))).await.expect(200).json();
        assert_eq!(history["data"][0]["changed_fields"], json!(["excerpt"]));
        assert_eq!(history["data"][1]["changed_fields"], json!(["tags"]));
        let diff = ada.get(&format!("{}/diff?from=1&to=2", desk(&ships))).await.expect(200).json();
        assert!(!diff.to_string().contains("\"tags\""), "{diff}");

        let discarded = step(&ada, &ships, "discard-changes").await;
        assert_eq!(each(&discarded, "tags", "name"), ["JavaScript", "Web"]);
        assert_eq!((&discarded["title"], &discarded["has_unpublished_changes"]), (&json!("Ships"), &json!(false)));
        let restored = ada.request(Method::POST, &format!("{}/revisions/1/restore", desk(&ships))).header("If-Match", "*");
        assert_eq!(restored.send().await.expect(200).json()["revision"], discarded["revision"], "it says that already");
    }

    async fn authors_have_roles_and_stand_in_a_byline_once_for_each(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        make(&ada, "Moths", json!({"authors": [{"name": "Grace Hopper", "bio": "Finds moths."}], "status": "published"})).await;
        let authors = json!([{"name": "Ada Lovelace"}, {"slug": "grace-hopper", "role": "translator"},
            {"name": "Ada Lovelace", "role": "photo_editor"}, {"slug": "ada-lovelace", "role": "author"}]);
        let ships = make(&ada, "Ships", json!({"authors": authors, "byline": "By our correspondents", "status": "published"})).await;
        let gulls = make(&ada, "Gulls", json!({"authors": authors, "status": "published"})).await;
        let seen = reader.get(&page(&ships)).await.json();
        for article in [&ships, &gulls, &seen] {
            assert_eq!(each(article, "authors", "name"), ["Ada Lovelace", "Grace Hopper", "Ada Lovelace"]);
            assert_eq!(each(article, "authors", "role"), ["author", "translator", "photo_editor"]);
        }
        assert_eq!((&seen["byline"], gulls.get("byline")), (&json!("By our correspondents"), None));
        // Who did two things is listed once.
        for order in ["asc", "desc"] {
            let list = format!("/v1/articles?author=ada-lovelace&limit=1&order={order}");
            let first = reader.get(&list).await.expect(200).json();
            let cursor = first["page"]["next"].as_str().unwrap();
            let second = reader.get(&format!("{list}&cursor={cursor}")).await.expect(200).json();
            assert_ne!(first["data"][0]["id"], second["data"][0]["id"]);
            assert_eq!(second["page"].get("next"), None);
        }
        assert_eq!(read(&reader, "author=ada-lovelace").await, ["Gulls", "Ships"]);
        assert_eq!(read(&reader, "author=grace-hopper").await, ["Gulls", "Moths", "Ships"]);
        assert_eq!(worked_on(&ada, "author=ada-lovelace").await, ["Gulls", "Ships"]);

        let changed = change(&ada, &ships, json!({"byline": null, "authors": [{"slug": "grace-hopper"}]})).await;
        assert_eq!((changed.get("byline"), &changed["authors"][0]["role"]), (None, &json!("author")));
        assert_eq!(reader.get(&page(&ships)).await.json(), seen);
        for role in ["", "Author", "photo editor", "1st", "_x", "é", &"r".repeat(41)] {
            let body = json!({"authors": [{"name": "Ada Lovelace"}, {"name": "Bob", "role": role}]});
            refuse(&ada, &ships, body, 422, "validation-failed", "#/authors/1/role", "invalid-role").await;
        }
        let longest = json!({"authors": [{"name": "Ada Lovelace", "role": "r".repeat(40)}]});
        change(&ada, &ships, longest).await;
        let body = json!({"authors": [{"name": "Ada Lovelace"}, {"slug": "nobody"}]});
        refuse(&ada, &ships, body, 409, "author-unknown", "#/authors/1/slug", "unknown").await;
        for (entry, pointer, code) in [
            (json!({}), "#/authors/0", "slug-or-name"),
            (json!({"slug": "ada-lovelace", "name": "Ada"}), "#/authors/0", "slug-or-name"),
            (json!({"slug": "ada-lovelace", "bio": "x"}), "#/authors/0/bio", "unexpected"),
            (json!({"name": "!!!"}), "#/authors/0/name", "invalid"),
        ] {
            refuse(&ada, &ships, json!({"authors": [entry]}), 422, "validation-failed", pointer, code).await;
        }
        let crowd: Vec<Value> = (0..51).map(|number| json!({"name": format!("Author {number}")})).collect();
        refuse(&ada, &ships, json!({"authors": crowd}), 422, "validation-failed", "#/authors", "too-many").await;
    }

    async fn articles_have_places_in_a_series(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let year = series(&ada, "A year at sea").await;
        let ships = make(&ada, "Ships", json!({"series": {"slug": "a-year-at-sea", "position": 2}, "status": "published"})).await;
        let shown = json!({"id": year["id"], "slug": "a-year-at-sea", "title": "A year at sea", "position": 2});
        assert_eq!((&ships["series"], &reader.get(&page(&ships)).await.json()["series"]), (&shown, &shown));
        let gulls = make(&ada, "Gulls", json!({"series": {"slug": "a-year-at-sea", "position": 100_000}})).await;
        for name in ["a-year-at-sea", id(&year)] {
            assert_eq!(read(&reader, &format!("series={name}")).await, ["Ships"]);
        }
        step(&ada, &gulls, "publish").await;
        assert_eq!(read(&reader, "series=a-year-at-sea").await, ["Gulls", "Ships"]);
        assert_eq!(read(&reader, "series=nothing").await, [""; 0]);
        ada.patch(&format!("/v1/editorial/series/{}", id(&year)), "*", json!({"slug": "at-sea"})).await.expect(200);
        assert_eq!(read(&reader, "series=a-year-at-sea").await, ["Gulls", "Ships"]);
        assert_eq!(reader.get(&page(&ships)).await.json()["series"]["slug"], "at-sea");
        let moved = change(&ada, &gulls, json!({"series": {"slug": "a-year-at-sea", "position": 3}})).await;
        assert_eq!((&moved["series"]["position"], &moved["series"]["slug"]), (&json!(3), &json!("at-sea")));

        assert_eq!(change(&ada, &ships, json!({"series": null})).await.get("series"), None);
        assert_eq!(read(&reader, "series=at-sea").await, ["Gulls", "Ships"]);
        step(&ada, &ships, "publish").await;
        assert_eq!(read(&reader, "series=at-sea").await, ["Gulls"]);
        refuse(&ada, &ships, json!({"series": {"slug": "nothing", "position": 1}}), 409, "reference-unknown", "#/series/slug", "unknown").await;
        for position in [json!(0), json!(-1), json!(100_001), json!(1.5), json!("1"), json!(null)] {
            let body = json!({"series": {"slug": "at-sea", "position": position}});
            let problem = ada.patch(&desk(&ships), "*", body).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], "#/series/position", "{position}");
        }
        refuse(&ada, &ships, json!({"series": {"slug": "at-sea"}}), 422, "validation-failed", "#/series/position", "required").await;
        reader.get("/v1/articles?series=Not%20a%20slug").await.problem(400, "invalid-parameter");
    }

    async fn translations_know_one_another_once_they_are_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = make(&ada, "Ships", json!({"lang": "en", "status": "published"})).await;
        let german = make(&ada, "Schiffe", json!({"lang": "de", "translation_of": ships["id"]})).await;
        // A translation of a translation belongs to the original.
        let french = make(&ada, "Navires", json!({"lang": "fr", "translation_of": german["id"]})).await;
        assert_eq!((&german["translation_of"], &french["translation_of"]), (&ships["id"], &ships["id"]));
        let seen = async |article: &Value| {
            let article = reader.get(&page(article)).await.expect(200).json();
            each(&article, "translations", "title").join(" ")
        };
        assert_eq!(seen(&ships).await, "");
        step(&ada, &german, "publish").await;
        assert_eq!((seen(&ships).await, seen(&german).await), ("Schiffe".into(), "Ships".into()));
        let whole = reader.get(&page(&ships)).await.json()["translations"].clone();
        assert_eq!(whole, json!([{"id": german["id"], "slug": "schiffe", "title": "Schiffe", "lang": "de"}]));
        step(&ada, &french, "publish").await;
        assert_eq!(seen(&ships).await, "Schiffe Navires");
        assert_eq!((seen(&german).await, seen(&french).await), ("Ships Navires".into(), "Schiffe Ships".into()));

        // What the newsroom changes is seen when it is published, on both sides.
        change(&ada, &french, json!({"translation_of": null})).await;
        change(&ada, &ships, json!({"subtitle": "Second edition"})).await;
        step(&ada, &ships, "publish").await;
        assert_eq!((seen(&ships).await, seen(&french).await), ("Schiffe Navires".into(), "Schiffe Ships".into()));
        step(&ada, &french, "publish").await;
        assert_eq!((seen(&ships).await, seen(&french).await), ("Schiffe".into(), String::new()));
        step(&ada, &german, "unpublish").await;
        assert_eq!(seen(&ships).await, "");
        step(&ada, &german, "publish").await;
        step(&ada, &ships, "unpublish").await;
        assert_eq!(seen(&german).await, "");
        step(&ada, &ships, "publish").await;
        assert_eq!((seen(&ships).await, seen(&german).await), ("Schiffe".into(), "Ships".into()));
        assert_eq!(read(&reader, "lang=de").await, ["Schiffe"]);
        // The one translation leaves, and readers do not know of it yet when the original is published again.
        change(&ada, &german, json!({"translation_of": null})).await;
        step(&ada, &ships, "publish").await;
        assert_eq!((seen(&ships).await, seen(&german).await), ("Schiffe".into(), "Ships".into()));
    }

    async fn a_group_of_translations_has_one_root_and_each_language_once(app: TestApp) {
        let ada = app.editor().await;
        let ships = make(&ada, "Ships", json!({"lang": "en"})).await;
        let german = make(&ada, "Schiffe", json!({"lang": "de", "translation_of": ships["id"]})).await;
        let other = make(&ada, "Gulls", json!({"lang": "en"})).await;
        let before = app.database_digest().await;
        for lang in ["de", "DE", "en"] {
            let body = titled("Boote", json!({"lang": lang, "translation_of": ships["id"]}));
            let problem = refused(ada.post(ARTICLES, body).await, 409, "translation-taken", "#/lang", "taken");
            let holder = if lang == "en" { &ships } else { &german };
            assert_eq!(problem["conflicting_id"], holder["id"]);
        }
        for (article, body, code, pointer, fault) in [
            (&german, json!({"lang": "en"}), "translation-taken", "#/lang", "taken"),
            (&ships, json!({"lang": "de"}), "translation-taken", "#/lang", "taken"),
            (&other, json!({"translation_of": german["id"]}), "translation-taken", "#/lang", "taken"),
            (&ships, json!({"translation_of": ships["id"]}), "reference-unknown", "#/translation_of", "unknown"),
            (&ships, json!({"translation_of": german["id"]}), "reference-unknown", "#/translation_of", "unknown"),
            (&ships, json!({"translation_of": other["id"]}), "reference-unknown", "#/translation_of", "unknown"),
            (&other, json!({"translation_of": other["id"]}), "reference-unknown", "#/translation_of", "unknown"),
            (&german, json!({"translation_of": NOBODY}), "reference-unknown", "#/translation_of", "unknown"),
        ] {
            refuse(&ada, article, body, 409, code, pointer, fault).await;
        }
        assert_eq!(app.database_digest().await, before);
        // One that says no language yet can join, and one that leaves can come back.
        let dutch = change(&ada, &other, json!({"lang": null, "translation_of": german["id"]})).await;
        assert_eq!(dutch["translation_of"], ships["id"]);
        change(&ada, &german, json!({"translation_of": null})).await;
        change(&ada, &other, json!({"lang": "de"})).await;
        refuse(&ada, &german, json!({"translation_of": ships["id"]}), 409, "translation-taken", "#/lang", "taken").await;
        change(&ada, &german, json!({"lang": "nl", "translation_of": ships["id"]})).await;
    }

    async fn translations_stay_together_when_their_original_is_gone(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = make(&ada, "Ships", json!({"lang": "en", "status": "published"})).await;
        let german = make(&ada, "Schiffe", json!({"lang": "de", "translation_of": ships["id"], "status": "published"})).await;
        let french = make(&ada, "Navires", json!({"lang": "fr", "translation_of": ships["id"], "status": "published"})).await;
        ada.delete(&desk(&ships), "*").await.expect(204);
        ada.delete(&format!("{}?purge=true", desk(&ships)), "*").await.expect(204);
        assert_eq!(each(&reader.get(&page(&german)).await.json(), "translations", "title"), ["Navires"]);
        change(&ada, &french, json!({"title": "Bateaux", "translation_of": null})).await;
        let discarded = step(&ada, &french, "discard-changes").await;
        assert_eq!((&discarded["has_unpublished_changes"], &discarded["title"]), (&json!(false), &json!("Navires")));
        assert_eq!(discarded["translation_of"], german["translation_of"]);
    }

    async fn related_articles_are_those_that_readers_see_in_order(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (gulls, cranes, draft) = (ada.published("Gulls").await, ada.published("Cranes").await, ada.draft("Draft").await);
        let related = json!([cranes["id"], draft["id"], gulls["id"], cranes["id"]]);
        let ships = make(&ada, "Ships", json!({"related": related, "status": "published"})).await;
        assert_eq!(ships["related"], json!([cranes["id"], draft["id"], gulls["id"]]));
        let seen = async || each(&reader.get(&page(&ships)).await.json(), "related", "title").join(" ");
        assert_eq!(seen().await, "Cranes Gulls");
        step(&ada, &draft, "publish").await;
        assert_eq!(seen().await, "Cranes Draft Gulls");
        step(&ada, &cranes, "unpublish").await;
        assert_eq!(seen().await, "Draft Gulls");
        change(&ada, &ships, json!({"related": [gulls["id"], draft["id"]]})).await;
        assert_eq!(seen().await, "Draft Gulls");
        step(&ada, &ships, "publish").await;
        assert_eq!(seen().await, "Gulls Draft");

        refuse(&ada, &ships, json!({"related": [NOBODY]}), 409, "reference-unknown", "#/related/0", "unknown").await;
        refuse(&ada, &ships, json!({"related": [gulls["id"], NOBODY]}), 409, "reference-unknown", "#/related/1", "unknown").await;
        refuse(&ada, &ships, json!({"related": [gulls["id"], ships["id"]]}), 409, "reference-unknown", "#/related/1", "unknown").await;
        refuse(&ada, &ships, json!({"related": null}), 422, "validation-failed", "#/related", "wrong-type").await;
        let problem = ada.patch(&desk(&ships), "*", json!({"related": ["x"]})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/related/0");
        let mut many = Vec::new();
        for number in 0..21 {
            many.push(ada.draft(&format!("Number {number}")).await["id"].clone());
        }
        refuse(&ada, &ships, json!({"related": many}), 422, "validation-failed", "#/related", "too-many").await;
        many.pop();
        assert_eq!(change(&ada, &ships, json!({"related": many})).await["related"].as_array().unwrap().len(), 20);
        // One that is gone for good does not keep an article from being saved.
        let gone = many.pop().unwrap();
        let gone = format!("{ARTICLES}/{}", gone.as_str().unwrap());
        ada.delete(&gone, "*").await.expect(204);
        ada.delete(&format!("{gone}?purge=true"), "*").await.expect(204);
        change(&ada, &ships, json!({"subtitle": "More"})).await;
        assert_eq!(change(&ada, &ships, json!({"related": []})).await["related"], json!([]));
    }

    async fn a_cover_is_made_of_a_picture(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = ada.draft("Ships").await;
        refuse(&ada, &ships, json!({"cover": {"alt": "Cranes"}}), 422, "validation-failed", "#/cover/url", "required").await;
        refuse(&ada, &ships, json!({"cover": {"url": "/a.jpg"}}), 422, "validation-failed", "#/cover/url", "invalid-url").await;
        refuse(&ada, &ships, json!({"cover": {"url": null}}), 422, "validation-failed", "#/cover/url", "wrong-type").await;
        refuse(&ada, &ships, json!({"cover": {"width": 3}}), 422, "validation-failed", "#/cover/width", "unknown").await;
        let body = json!({"cover": {"url": "https://example.org/a.jpg", "alt": "Cranes", "caption": "At dawn", "credit": "Grace"}});
        assert_eq!(change(&ada, &ships, body.clone()).await["cover"], body["cover"]);
        let changed = change(&ada, &ships, json!({"cover": {"alt": "Two cranes", "caption": null}})).await;
        let expected = json!({"url": "https://example.org/a.jpg", "alt": "Two cranes", "credit": "Grace"});
        assert_eq!((&changed["cover"], &changed["revision"]), (&expected, &json!(3)));
        assert_eq!(change(&ada, &ships, json!({"cover": {}})).await["revision"], 3);
        step(&ada, &ships, "publish").await;
        assert_eq!(reader.get(&page(&ships)).await.json()["cover"], expected);
        assert_eq!(reader.get("/v1/articles").await.json()["data"][0]["cover"], expected);
        assert_eq!(change(&ada, &ships, json!({"cover": null})).await.get("cover"), None);
        refuse(&ada, &ships, json!({"cover": {"alt": "Cranes"}}), 422, "validation-failed", "#/cover/url", "required").await;
        assert_eq!(reader.get(&page(&ships)).await.json()["cover"], expected);
        let problem = ada.post(ARTICLES, titled("Bare", json!({"cover": {"alt": "x"}}))).await;
        refused(problem, 422, "validation-failed", "#/cover/url", "required");
    }

    async fn search_engines_are_told_what_an_editor_says(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let ships = make(&ada, "Ships", json!({"seo": {}})).await;
        assert_eq!(ships.get("seo"), None);
        let body = json!({"seo": {"title": "Boats", "description": "Of ships", "social_image": "https://example.org/b.jpg"}});
        let told = change(&ada, &ships, body).await;
        assert_eq!(told["seo"]["noindex"], false);
        let changed = change(&ada, &ships, json!({"seo": {"noindex": true, "description": null, "social_image": null}})).await;
        assert_eq!(changed["seo"], json!({"title": "Boats", "noindex": true}));
        step(&ada, &ships, "publish").await;
        assert_eq!(reader.get(&page(&ships)).await.json()["seo"], changed["seo"]);
        refuse(&ada, &ships, json!({"seo": {"social_image": "b.jpg"}}), 422, "validation-failed", "#/seo/social_image", "invalid-url").await;
        refuse(&ada, &ships, json!({"seo": {"noindex": "yes"}}), 422, "validation-failed", "#/seo/noindex", "wrong-type").await;
        refuse(&ada, &ships, json!({"seo": {"title": "x".repeat(301)}}), 422, "validation-failed", "#/seo/title", "too-long").await;
        assert_eq!(change(&ada, &ships, json!({"seo": null})).await.get("seo"), None);
    }

    async fn custom_fields_keep_to_the_schema_of_the_site(app: TestApp) {
        let (root, ada, reader) = (app.account(Role::Administrator).await, app.editor().await, app.reader());
        let before = ada.draft("Before").await;
        let schema = json!({"type": "object", "required": ["kicker"], "additionalProperties": false, "properties": {
            "kicker": {"type": "string", "maxLength": 10}, "rating": {"type": "integer", "minimum": 1, "maximum": 5},
            "links": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}}}});
        let settings = json!({"custom_fields_schema": schema});
        root.patch("/v1/editorial/settings", "*", settings).await.expect(200);

        refused(ada.post(ARTICLES, titled("Ships", json!({}))).await, 422, "validation-failed", "#/custom/kicker", "schema");
        let custom = json!({"kicker": "far too long a text", "rating": 9, "links": [{"url": "x"}, {}], "a/b": 1});
        let problem = ada.post(ARTICLES, titled("Ships", json!({"custom": custom}))).await.problem(422, "validation-failed");
        let mut places: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
        places.sort_unstable();
        assert_eq!(places, ["#/custom/a~1b", "#/custom/kicker", "#/custom/links/1/url", "#/custom/rating"]);
        let custom = json!({"kicker": "News", "rating": 3, "links": [{"url": "x"}]});
        let ships = make(&ada, "Ships", json!({"custom": custom, "status": "published"})).await;
        assert_eq!(reader.get(&page(&ships)).await.json()["custom"], custom);

        let merged = change(&ada, &ships, json!({"custom": {"rating": 4, "links": null}})).await;
        assert_eq!(merged["custom"], json!({"kicker": "News", "rating": 4}));
        refuse(&ada, &ships, json!({"custom": {"rating": 6}}), 422, "validation-failed", "#/custom/rating", "schema").await;
        refuse(&ada, &ships, json!({"custom": {"kicker": null}}), 422, "validation-failed", "#/custom/kicker", "schema").await;
        refuse(&ada, &ships, json!({"custom": null}), 422, "validation-failed", "#/custom/kicker", "schema").await;
        refused(ada.put(&desk(&ships), "*", titled("Ships", json!({}))).await, 422, "validation-failed", "#/custom/kicker", "schema");
        refuse(&ada, &ships, json!({"custom": [1]}), 422, "validation-failed", "#/custom", "wrong-type").await;
        // An article from before the schema can be saved as long as its fields stay as they are.
        change(&ada, &before, json!({"subtitle": "Still here"})).await;
        refuse(&ada, &before, json!({"custom": {"rating": 1}}), 422, "validation-failed", "#/custom/kicker", "schema").await;
        change(&ada, &before, json!({"custom": {"kicker": "Late"}})).await;

        root.patch("/v1/editorial/settings", "*", json!({"custom_fields_schema": null})).await.expect(200);
        assert_eq!(change(&ada, &ships, json!({"custom": {"x": {"y": 1}}})).await["custom"]["x"], json!({"y": 1}));
        assert_eq!(change(&ada, &ships, json!({"custom": {"x": {"y": null, "z": 2}}})).await["custom"]["x"], json!({"z": 2}));
        assert_eq!(change(&ada, &ships, json!({"custom": null})).await["custom"], json!({}));
    }

    async fn custom_fields_keep_to_their_limits_also_when_they_add_up(app: TestApp) {
        let ada = app.editor().await;
        let fields = |letter: &str, count: usize| -> Value {
            (0..count).map(|number| (format!("{letter}{number}"), json!(number))).collect::<Map<_, _>>().into()
        };
        let ships = make(&ada, "Ships", json!({"custom": fields("a", 60)})).await;
        refuse(&ada, &ships, json!({"custom": fields("b", 60)}), 422, "validation-failed", "#/custom", "too-many").await;
        refuse(&ada, &ships, json!({"custom": fields("b", 101)}), 422, "validation-failed", "#/custom", "too-many").await;
        assert_eq!(change(&ada, &ships, json!({"custom": fields("b", 40)})).await["custom"].as_object().unwrap().len(), 100);
        let gulls = make(&ada, "Gulls", json!({"custom": {"a": "x".repeat(40_000)}})).await;
        refuse(&ada, &gulls, json!({"custom": {"b": "x".repeat(40_000)}}), 422, "validation-failed", "#/custom", "too-long").await;
        change(&ada, &gulls, json!({"custom": {"a": "x".repeat(60_000)}})).await;

        // What merges two saves keeps to them too, and to those of the tags.
        let names = |letter: &str| (0..30).map(|number| format!("{letter} {number}")).collect::<Vec<_>>();
        let cranes = ada.draft("Cranes").await;
        change(&ada, &cranes, json!({"custom": fields("a", 60), "tags": names("a")})).await;
        let path = format!("{}?merge=auto", desk(&cranes));
        let problem = ada.patch(&path, "\"r1\"", json!({"custom": fields("b", 60), "tags": names("b")})).await;
        let problem = problem.problem(412, "precondition-failed");
        assert_eq!(problem["conflicting_fields"], json!(["tags", "custom"]));
        assert_eq!(problem["merges_cleanly"], false);
    }

    async fn an_article_is_known_by_its_name_in_another_system(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let path = format!("{ARTICLES}/by-external-id/wordpress/4711");
        let put = |tag: Option<&str>, title: &str| {
            let request = ada.request(Method::PUT, &path).json(&titled(title, json!({})));
            tag.into_iter().fold(request, |request, tag| request.header("If-Match", tag))
        };
        put(Some("\"r1\""), "Ships").send().await.problem(412, "precondition-failed");
        let made = app.rehearse_and_send(|| put(None, "Ships").key("first")).await.expect(201);
        let ships = made.json();
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&ships)));
        assert_eq!((&ships["external_id"], &ships["slug"]), (&json!({"source": "wordpress", "id": "4711"}), &json!("ships")));
        let again = put(None, "Ships").key("first").send().await.expect(201);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", ships.clone()));

        // A second run changes what the first one made.
        let problem = put(None, "Boats").send().await.problem(428, "precondition-required");
        assert_eq!(problem["current_etag"], "\"r1\"");
        put(Some("\"r9\""), "Boats").send().await.problem(412, "precondition-failed");
        put(None, "Boats").header("If-None-Match", "*").send().await.problem(412, "precondition-failed");
        let changed = app.rehearse_and_send(|| put(Some("*"), "Boats")).await.expect(200).json();
        assert_eq!((&changed["id"], &changed["slug"], &changed["title"]), (&ships["id"], &json!("ships"), &json!("Boats")));
        assert_eq!(put(Some("*"), "Boats").send().await.expect(200).json()["revision"], 2, "it says that already");
        let body = titled("Boats", json!({"slug": "boats"}));
        let moved = ada.put(&path, "\"r2\"", body).await.expect(200).json();
        assert_eq!((&moved["slug"], &moved["external_id"]), (&json!("boats"), &ships["external_id"]));

        // No two articles have one name.
        let gulls = ada.draft("Gulls").await;
        let name = json!({"external_id": {"source": "wordpress", "id": "4711"}});
        let problem = refuse(&ada, &gulls, name.clone(), 409, "external-id-taken", "#/external_id", "taken").await;
        assert_eq!(problem["conflicting_id"], ships["id"]);
        let problem = refused(ada.post(ARTICLES, titled("Third", name)).await, 409, "external-id-taken", "#/external_id", "taken");
        assert_eq!(problem["conflicting_id"], ships["id"]);
        let theirs = grace.put(&path, "*", titled("Mine", json!({}))).await;
        refused(theirs, 409, "external-id-taken", "#/external_id", "taken");
        change(&ada, &gulls, json!({"external_id": {"source": "ghost", "id": "4711"}})).await;
        let body = titled("Ships", json!({"external_id": {"source": "wordpress", "id": "12"}}));
        refused(ada.put(&path, "*", body).await, 422, "validation-failed", "#/external_id", "contradiction");
        // A name that is given up is free.
        assert_eq!(change(&ada, &ships, json!({"external_id": null})).await.get("external_id"), None);
        change(&ada, &gulls, json!({"external_id": {"source": "wordpress", "id": "4711"}})).await;
        assert_eq!(put(Some("*"), "Seagulls").send().await.expect(200).json()["id"], gulls["id"]);

        let odd = format!("{ARTICLES}/by-external-id/my%20system/tag:x,2020:a%20b");
        let made = ada.request(Method::PUT, &odd).json(&titled("Odd", json!({}))).send().await.expect(201).json();
        assert_eq!(made["external_id"], json!({"source": "my system", "id": "tag:x,2020:a b"}));
        let long = format!("{ARTICLES}/by-external-id/{}/1", "s".repeat(101));
        let problem = ada.put(&long, "*", titled("Long", json!({}))).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "source");
        for (body, pointer, code) in [
            (json!({"external_id": {"source": "ghost"}}), "#/external_id/id", "required"),
            (json!({"external_id": {"source": "ghost", "id": ""}}), "#/external_id/id", "empty"),
            (json!({"external_id": {"source": "g".repeat(101), "id": "1"}}), "#/external_id/source", "too-long"),
        ] {
            refuse(&ada, &gulls, body, 422, "validation-failed", pointer, code).await;
        }
    }

    async fn a_slug_is_held_by_what_will_be_published_with_it(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let by_slug = |slug: &str| format!("/v1/articles/by-slug/{slug}");
        let leads_to = async |slug: &str| {
            let answer = reader.get(&by_slug(slug)).await;
            match answer.status {
                308 => answer.header("location").rsplit('/').next().unwrap().to_owned(),
                status => status.to_string(),
            }
        };
        let ships = ada.published("Ships").await;
        change(&ada, &ships, json!({"slug": "boats"})).await;
        ada.post(&format!("{}/schedule", desk(&ships)), json!({"publish_at": in_an_hour(&app)})).await.expect(200);
        change(&ada, &ships, json!({"slug": "vessels"})).await;
        assert_eq!([leads_to("ships").await, leads_to("boats").await, leads_to("vessels").await], ["200", "404", "404"]);
        for slug in ["ships", "boats", "vessels"] {
            let problem = refused(ada.post(ARTICLES, titled("Other", json!({"slug": slug}))).await, 409, "slug-taken", "#/slug", "taken");
            assert_eq!(problem["conflicting_id"], ships["id"]);
        }
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!([leads_to("ships").await, leads_to("boats").await, leads_to("vessels").await], ["boats", "200", "404"]);
        let working = ada.get(&desk(&ships)).await.json();
        assert_eq!((&working["slug"], &working["published_revision"]), (&json!("vessels"), &json!(2)));
        assert_eq!(working["has_unpublished_changes"], true);
        step(&ada, &ships, "publish").await;
        assert_eq!([leads_to("ships").await, leads_to("boats").await, leads_to("vessels").await], ["vessels", "vessels", "200"]);

        // What is called off lets its slug go; one that readers used leads on until another article takes it.
        change(&ada, &ships, json!({"slug": "hulls"})).await;
        ada.post(&format!("{}/schedule", desk(&ships)), json!({"publish_at": in_an_hour(&app)})).await.expect(200);
        change(&ada, &ships, json!({"slug": "vessels"})).await;
        refused(ada.post(ARTICLES, titled("Hulls", json!({}))).await, 409, "slug-taken", "#/slug", "taken");
        step(&ada, &ships, "unschedule").await;
        make(&ada, "Hulls", json!({})).await;
        make(&ada, "Boats", json!({"status": "published"})).await;
        assert_eq!([leads_to("ships").await, leads_to("boats").await, leads_to("vessels").await], ["vessels", "200", "200"]);
        // A new time takes the slug of today, and lets that of the first plan go.
        change(&ada, &ships, json!({"slug": "keels"})).await;
        ada.post(&format!("{}/schedule", desk(&ships)), json!({"publish_at": in_an_hour(&app)})).await.expect(200);
        change(&ada, &ships, json!({"slug": "decks"})).await;
        ada.post(&format!("{}/schedule", desk(&ships)), json!({"publish_at": in_an_hour(&app)})).await.expect(200);
        make(&ada, "Keels", json!({})).await;
        step(&ada, &ships, "trash").await;
        assert_eq!(leads_to("vessels").await, "404");
        refused(ada.post(ARTICLES, titled("Decks", json!({}))).await, 409, "slug-taken", "#/slug", "taken");
    }
}
