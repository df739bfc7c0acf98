//! Articles: what editors do, and what readers see of it.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const ARTICLES: &str = "/v1/editorial/articles";

/// Where editors find an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// Where readers find an article.
fn page(article: &Value) -> String {
    format!("/v1/articles/{}", id(article))
}

async fn publish(editor: &Client, article: &Value) -> Value {
    let path = format!("{}/publish", desk(article));
    editor.post(&path, json!({})).await.expect(200).json()
}

/// A change that must succeed, whatever the revision is.
async fn change(editor: &Client, article: &Value, body: Value) -> Value {
    editor.patch(&desk(article), "*", body).await.expect(200).json()
}

/// A request without a body and without conditions.
async fn bare(client: &Client, method: Method, path: &str) -> Answer {
    client.request(method, path).send().await
}

/// All that is stored, to tell whether a request left a trace.
async fn stock(editor: &Client) -> (Value, Value) {
    let articles = editor.get(ARTICLES).await.expect(200).json();
    let authors = editor.get("/v1/editorial/authors").await.expect(200).json();
    (articles, authors)
}

fn members(list: &Value, member: &str) -> Vec<String> {
    let items = list["data"].as_array().unwrap();
    items
        .iter()
        .map(|item| item[member].as_str().unwrap().to_owned())
        .collect()
}

/// The query of the link with a relation, and nothing if there is none.
fn link<'answer>(answer: &'answer Answer, relation: &str) -> Option<&'answer str> {
    let wanted = format!(">; rel=\"{relation}\"");
    let mut links = answer.header("link").split(", ");
    links.find_map(|link| link.strip_suffix(wanted.as_str())?.strip_prefix('<'))
}

/// The same link as a path of this application.
fn link_path<'answer>(answer: &'answer Answer, relation: &str) -> &'answer str {
    let link = link(answer, relation).unwrap_or_else(|| panic!("no {relation} in {:?}", answer.header("link")));
    link.strip_prefix("https://galley.example").unwrap()
}

/// Five published articles, a minute apart, the last one the newest.
async fn five_articles(app: &TestApp, editor: &Client) {
    for title in ["One", "Two", "Three", "Four", "Five"] {
        editor.published(title).await;
        app.state.clock.advance(Duration::minutes(1));
    }
}

on_both_databases! {
    async fn a_draft_is_seen_by_nobody_until_it_is_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let draft = ada.draft("Ships").await;
        reader.get(&format!("/v1/articles/{}", id(&draft))).await.problem(404, "not-found");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        assert_eq!(reader.get("/v1/articles").await.expect(200).json()["data"], json!([]));

        ada.post(&format!("/v1/editorial/articles/{}/publish", id(&draft)), json!({})).await.expect(200);
        let article = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        assert_eq!(article["title"], "Ships");
    }

    async fn an_article_with_every_member_is_stored_as_it_was_sent(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        ada.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201);
        let body = json!({
            "title": "A walk through the harbour",
            "slug": "harbour-walk",
            "subtitle": "Cranes, gulls and a closed café",
            "excerpt": "What is left when the ships are gone.",
            "body_markdown": "The cranes stood *still* that morning.\n\n> Nobody sang.",
            "authors": [{"name": "Ada Lovelace", "bio": "Writes about *engines*."}, {"slug": "grace-hopper"}],
            "lang": "en-GB",
            "canonical_url": "https://example.org/original",
            "published_at": "2020-05-01T08:30:00+02:00",
            "status": "published",
        });
        let made = ada.post(ARTICLES, body).await.expect(201);
        let article = made.json();
        insta::assert_json_snapshot!("every_member_editorial", article);
        let location = format!("https://galley.example{}", desk(&article));
        assert_eq!(made.header("location"), location);
        assert_eq!(made.header("cache-control"), "private, no-store");

        let read = ada.get(&desk(&article)).await.expect(200);
        assert_eq!(read.json(), article);
        assert_eq!(read.header("etag"), made.header("etag"));
        assert!(read.header("etag").starts_with("\"r1."), "{}", read.header("etag"));

        let seen = reader.get(&page(&article)).await.expect(200).json();
        insta::assert_json_snapshot!("every_member_public", seen);
        let by_slug = reader.get("/v1/articles/by-slug/harbour-walk").await.expect(200);
        assert_eq!(by_slug.json(), seen);
        assert_eq!(
            by_slug.header("cache-control"),
            "public, max-age=0, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400"
        );
        insta::assert_json_snapshot!("every_member_public_list", reader.get("/v1/articles").await.expect(200).json());
        insta::assert_json_snapshot!("every_member_editorial_list", ada.get(ARTICLES).await.expect(200).json());
        let ada_lovelace = reader.get("/v1/authors/by-slug/ada-lovelace").await.expect(200).json();
        insta::assert_json_snapshot!("author_made_by_a_byline", ada_lovelace);
    }

    async fn an_article_with_a_title_and_a_text_is_a_draft_with_everything_else_made_from_them(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Trains, Ships & Æroplanes").await;
        insta::assert_json_snapshot!("defaults_editorial", article);
    }

    async fn a_list_of_working_copies_is_filtered_by_status_and_author(app: TestApp) {
        let ada = app.editor().await;
        for (title, author, status) in [
            ("First", "Ada Lovelace", "draft"),
            ("Second", "Ada Lovelace", "published"),
            ("Third", "Grace Hopper", "draft"),
        ] {
            let body = json!({"title": title, "body_markdown": "x", "authors": [{"name": author}], "status": status});
            ada.post(ARTICLES, body).await.expect(201);
            app.state.clock.advance(Duration::minutes(1));
        }
        let titles = async |query: &str| {
            members(&ada.get(&format!("{ARTICLES}{query}")).await.expect(200).json(), "title")
        };
        assert_eq!(titles("").await, ["Third", "Second", "First"]);
        assert_eq!(titles("?order=asc").await, ["First", "Second", "Third"]);
        assert_eq!(titles("?status=draft").await, ["Third", "First"]);
        assert_eq!(titles("?status=published").await, ["Second"]);
        assert_eq!(titles("?author=ada-lovelace").await, ["Second", "First"]);
        assert_eq!(titles("?author=ada-lovelace&status=draft").await, ["First"]);
        assert_eq!(titles("?author=nobody").await, [""; 0]);
        let authors = ada.get("/v1/editorial/authors").await.json();
        assert_eq!(titles(&format!("?author={}", id(&authors["data"][1]))).await, ["Third"]);
        // A change brings a working copy to the top.
        let first = ada.get("/v1/editorial/articles?order=asc&limit=1").await.json();
        change(&ada, &first["data"][0], json!({"title": "First again"})).await;
        assert_eq!(titles("").await, ["First again", "Third", "Second"]);

        let problem = ada.get("/v1/editorial/articles?status=publishd").await.problem(400, "invalid-parameter");
        let fault = only_fault(&problem);
        assert_eq!(fault["parameter"], "status");
        assert_eq!(fault["detail"], "\"publishd\" is not one of draft, in_review, scheduled, published, archived, trashed; did you mean \"published\"?");
    }

    async fn readers_page_through_the_articles_forth_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        five_articles(&app, &ada).await;

        let first = reader.get("/v1/articles?limit=2").await.expect(200);
        assert_eq!(members(&first.json(), "title"), ["Five", "Four"]);
        assert_eq!(first.json()["page"]["limit"], 2);
        assert_eq!(first.json()["page"].get("prev"), None);
        assert_eq!(link(&first, "prev"), None);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let absolute = format!("https://galley.example/v1/articles?limit=2&cursor={next}");
        assert_eq!(link(&first, "next"), Some(absolute.as_str()));
        assert_eq!(link(&first, "first"), Some("https://galley.example/v1/articles?limit=2"));

        let second = reader.get(link_path(&first, "next")).await.expect(200);
        assert_eq!(members(&second.json(), "title"), ["Three", "Two"]);
        let third = reader.get(link_path(&second, "next")).await.expect(200);
        assert_eq!(members(&third.json(), "title"), ["One"]);
        assert_eq!(third.json()["page"].get("next"), None);
        assert_eq!(link(&third, "next"), None);

        let back = reader.get(link_path(&third, "prev")).await.expect(200);
        assert_eq!(members(&back.json(), "title"), ["Three", "Two"]);
        let start = reader.get(link_path(&back, "prev")).await.expect(200);
        assert_eq!(members(&start.json(), "title"), ["Five", "Four"]);
        assert_eq!(start.json()["page"].get("prev"), None);

        // The limit may change between pages, and an article published meanwhile moves nothing.
        ada.published("Six").await;
        let wider = reader.get(&format!("/v1/articles?limit=3&cursor={next}")).await.expect(200);
        assert_eq!(members(&wider.json(), "title"), ["Three", "Two", "One"]);
        let ascending = reader.get("/v1/articles?order=asc&limit=2").await.expect(200);
        assert_eq!(members(&ascending.json(), "title"), ["One", "Two"]);
        let onwards = reader.get(link_path(&ascending, "next")).await.expect(200);
        assert_eq!(members(&onwards.json(), "title"), ["Three", "Four"]);
    }

    async fn articles_published_in_the_same_instant_are_neither_lost_nor_doubled_between_pages(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for number in 1..=5 {
            ada.published(&format!("Number {number}")).await;
        }
        let mut titles = Vec::new();
        let mut answer = reader.get("/v1/articles?limit=1").await.expect(200);
        loop {
            titles.extend(members(&answer.json(), "title"));
            if link(&answer, "next").is_none() {
                break;
            }
            answer = reader.get(link_path(&answer, "next")).await.expect(200);
        }
        titles.sort();
        assert_eq!(titles, ["Number 1", "Number 2", "Number 3", "Number 4", "Number 5"]);
    }

    async fn readers_list_the_articles_of_an_author_by_slug_id_and_former_slug(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for (title, name) in [("One", "Ada Lovelace"), ("Two", "Grace Hopper"), ("Three", "Ada Lovelace")] {
            let body = json!({"title": title, "body_markdown": "x", "authors": [{"name": name}], "status": "published"});
            ada.post(ARTICLES, body).await.expect(201);
            app.state.clock.advance(Duration::minutes(1));
        }
        let author = reader.get("/v1/authors/by-slug/ada-lovelace").await.json();
        let path = format!("/v1/editorial/authors/{}", id(&author));
        ada.patch(&path, "*", json!({"slug": "countess"})).await.expect(200);
        for name in ["countess", "ada-lovelace", id(&author)] {
            let list = reader.get(&format!("/v1/articles?author={name}")).await.expect(200).json();
            assert_eq!(members(&list, "title"), ["Three", "One"], "{name}");
        }
        let first = reader.get("/v1/articles?author=countess&limit=1").await.expect(200);
        let second = reader.get(link_path(&first, "next")).await.expect(200);
        assert_eq!(members(&second.json(), "title"), ["One"]);
        let nobody = reader.get("/v1/articles?author=nobody").await.expect(200).json();
        assert_eq!(nobody, json!({"data": [], "page": {"limit": 25}}));
        let problem = reader.get("/v1/articles?author=Ada%20Lovelace").await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "author");
        assert_eq!(only_fault(&problem)["code"], "invalid-slug");
    }

    async fn a_list_is_refused_with_the_parameter_that_is_wrong(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        five_articles(&app, &ada).await;
        let too_large = reader.get("/v1/articles?limit=101").await.problem(400, "limit-too-large");
        insta::assert_json_snapshot!("limit_too_large", without_request_id(too_large));
        let most = reader.get("/v1/articles?limit=100").await.expect(200).json();
        assert_eq!(most["page"], json!({"limit": 100}));

        for (query, parameter, code, fault) in [
            ("limit=0", "limit", "invalid-parameter", "invalid"),
            ("limit=-1", "limit", "invalid-parameter", "invalid"),
            ("limit=ten", "limit", "invalid-parameter", "invalid"),
            ("limit=", "limit", "invalid-parameter", "invalid"),
            ("limit=99999999999999999999", "limit", "limit-too-large", "limit-too-large"),
            ("limit=5&limit=6", "limit", "invalid-parameter", "invalid"),
            ("order=up", "order", "invalid-parameter", "unknown-value"),
            ("limt=5", "limt", "unknown-parameter", "unknown"),
            ("status=draft", "status", "unknown-parameter", "unknown"),
            ("cursor=garbled", "cursor", "cursor-invalid", "cursor-invalid"),
            ("cursor=%00", "cursor", "cursor-invalid", "cursor-invalid"),
        ] {
            let problem = reader.get(&format!("/v1/articles?{query}")).await.problem(400, code);
            let found = only_fault(&problem);
            assert_eq!((&found["parameter"], &found["code"]), (&json!(parameter), &json!(fault)), "{query}");
        }
        let misspelt = reader.get("/v1/articles?limt=5").await.problem(400, "unknown-parameter");
        assert!(only_fault(&misspelt)["detail"].as_str().unwrap().contains("did you mean \"limit\"?"), "{misspelt}");
    }

    async fn a_cursor_of_another_list_is_refused_and_so_is_a_forged_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        five_articles(&app, &ada).await;
        let first = reader.get("/v1/articles?limit=2").await.json();
        let cursor = first["page"]["next"].as_str().unwrap();
        for elsewhere in ["/v1/articles?order=asc&", "/v1/articles?author=ada-lovelace&", "/v1/authors?"] {
            let problem = reader.get(&format!("{elsewhere}cursor={cursor}")).await.problem(400, "cursor-mismatch");
            assert_eq!(only_fault(&problem)["parameter"], "cursor", "{elsewhere}");
        }
        ada.get(&format!("{ARTICLES}?cursor={cursor}")).await.problem(400, "cursor-mismatch");
        let (start, last) = cursor.split_at(cursor.len() - 1);
        let forged = format!("{start}{}", if last == "A" { 'E' } else { 'A' });
        let (cut, _) = cursor.split_at(cursor.len() - 4);
        for garbled in [forged.as_str(), cut, &format!("{cursor}AAAA")] {
            reader.get(&format!("/v1/articles?cursor={garbled}")).await.problem(400, "cursor-invalid");
        }
    }

    async fn nothing_of_a_draft_is_in_any_public_answer(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        // One draft that was never published, and one working copy that is newer than what readers see.
        let body = json!({
            "title": "Canary title", "slug": "canary-slug", "subtitle": "Canary subtitle", "excerpt": "Canary excerpt",
            "body_markdown": "Canary text", "canonical_url": "https://canary.example/",
            "authors": [{"name": "Canary Author", "bio": "Canary bio"}],
        });
        let draft = ada.post(ARTICLES, body.clone()).await.expect(201).json();
        let live = ada.published("Ships").await;
        let mut newer = body;
        newer["slug"] = json!("canary-second");
        change(&ada, &live, newer).await;
        let author = ada.get("/v1/editorial/authors").await.json()["data"][0].clone();
        assert_eq!(author["name"], "Canary Author");

        for (path, status) in [
            ("/v1/articles".to_owned(), 200),
            ("/v1/articles?order=asc".to_owned(), 200),
            ("/v1/articles?author=canary-author".to_owned(), 200),
            (format!("/v1/articles?author={}", id(&author)), 200),
            (page(&draft), 404),
            (page(&live), 200),
            ("/v1/articles/by-slug/canary-slug".to_owned(), 404),
            ("/v1/articles/by-slug/canary-second".to_owned(), 404),
            ("/v1/articles/by-slug/ships".to_owned(), 200),
            (format!("{}/comments", page(&draft)), 404),
            (format!("{}/comments", page(&live)), 200),
            ("/v1/authors".to_owned(), 200),
            (format!("/v1/authors/{}", id(&author)), 404),
            ("/v1/authors/by-slug/canary-author".to_owned(), 404),
        ] {
            let answer = reader.get(&path).await.expect(status);
            let mut shown = answer.text();
            if status == 404 {
                // The path that was asked for stands in every problem.
                shown = shown.replace(&path, "");
            }
            assert!(!shown.to_lowercase().contains("canary"), "{path}: {shown}");
            assert!(!answer.header("link").contains("canary-second"), "{path}");
        }
        // Nobody can write under it either.
        reader.comment(&draft, None, "Hello?").await.problem(404, "not-found");
        // It makes no difference who asks on a public route.
        ada.get(&page(&draft)).await.problem(404, "not-found");
        ada.get("/v1/articles/by-slug/canary-slug").await.problem(404, "not-found");
    }

    async fn readers_see_a_change_when_it_is_published_and_not_before(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let before = reader.get(&page(&article)).await.expect(200);
        app.state.clock.advance(Duration::minutes(5));
        let edited = change(&ada, &article, json!({"title": "Boats", "body_markdown": "Other text."})).await;
        assert_eq!(edited["revision"], 2);
        assert_eq!(edited["published_revision"], 1);
        assert_eq!(edited["status"], "published");
        assert_eq!(edited["has_unpublished_changes"], true);
        let meanwhile = reader.get(&page(&article)).await.expect(200);
        assert_eq!(meanwhile.body, before.body);
        assert_eq!(meanwhile.header("etag"), before.header("etag"));

        let published = publish(&ada, &article).await;
        assert_eq!(published["published_revision"], 2);
        assert_eq!(published["has_unpublished_changes"], false);
        let after = reader.get(&page(&article)).await.expect(200).json();
        assert_eq!(after["title"], "Boats");
        assert_eq!(after["body_html"], "<p>Other text.</p>");
        assert_eq!(after["revision"], 2);
        // The date of first publication stays.
        assert_eq!(after["published_at"], "2026-03-01T12:00:00.000Z");
        assert_eq!(after["updated_at"], "2026-03-01T12:05:00.000Z");
    }

    async fn a_write_with_the_status_published_publishes_and_one_with_draft_takes_nothing_away(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.draft("Ships").await;
        let body = json!({"title": "Boats", "body_markdown": "x", "status": "published"});
        ada.put(&desk(&article), "\"r1\"", body).await.expect(200);
        assert_eq!(reader.get(&page(&article)).await.expect(200).json()["title"], "Boats");
        let body = json!({"title": "Rafts", "body_markdown": "x", "status": "draft"});
        let kept = ada.put(&desk(&article), "\"r2\"", body).await.expect(200).json();
        assert_eq!((&kept["status"], &kept["has_unpublished_changes"]), (&json!("published"), &json!(true)));
        assert_eq!(reader.get(&page(&article)).await.expect(200).json()["title"], "Boats");
    }

    async fn an_article_is_taken_away_from_readers_and_given_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        reader.comment(&article, None, "Well said.").await.expect(201);
        let unpublish = format!("{}/unpublish", desk(&article));
        let draft = ada.post(&unpublish, json!({})).await.expect(200).json();
        assert_eq!(draft["status"], "draft");
        assert_eq!(draft.get("published_revision"), None);
        for path in [page(&article), "/v1/articles/by-slug/ships".to_owned(), format!("{}/comments", page(&article))] {
            reader.get(&path).await.problem(404, "not-found");
        }
        assert_eq!(reader.get("/v1/articles").await.json()["data"], json!([]));
        let problem = ada.post(&unpublish, json!({})).await.problem(409, "illegal-transition");
        assert_eq!(problem["current_status"], "draft");

        app.state.clock.advance(Duration::minutes(5));
        publish(&ada, &article).await;
        let again = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        assert_eq!(again["published_at"], "2026-03-01T12:00:00.000Z");
        assert_eq!(again["comments"]["approved_count"], 1);
    }

    async fn an_article_is_thrown_away_and_then_removed_for_good(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        reader.comment(&article, None, "Well said.").await.expect(201);
        let problem = bare(&ada, Method::DELETE, &desk(&article)).await.problem(428, "precondition-required");
        assert_eq!(problem["current_etag"], "\"r1\"");
        ada.delete(&desk(&article), "\"r7\"").await.problem(412, "precondition-failed");
        reader.get(&page(&article)).await.expect(200);

        let gone = ada.delete(&desk(&article), "\"r1\"").await.expect(204);
        assert_eq!(gone.text(), "");
        assert_eq!(ada.get(&desk(&article)).await.expect(200).json()["status"], "trashed");
        for path in [page(&article), "/v1/articles/by-slug/ships".to_owned(), format!("{}/comments", page(&article))] {
            reader.get(&path).await.problem(404, "not-found");
        }
        assert_eq!(ada.get(ARTICLES).await.json()["data"], json!([]));
        assert_eq!(members(&ada.get(&format!("{ARTICLES}?status=trashed")).await.json(), "title"), ["Ships"]);
        // What lies in the trash cannot be thrown away again, and keeps its slug.
        ada.delete(&desk(&article), "*").await.problem(409, "illegal-transition");
        ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": "x"})).await.problem(409, "slug-taken");

        ada.delete(&format!("{}?purge=true", desk(&article)), "\"r1\"").await.expect(204);
        ada.get(&desk(&article)).await.problem(410, "gone");
        ada.delete(&desk(&article), "*").await.problem(410, "gone");
        reader.get(&page(&article)).await.problem(410, "gone");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        // The slug is free again.
        assert_eq!(ada.published("Ships").await["slug"], "ships");
    }

    async fn a_replacement_removes_what_it_leaves_out_and_a_patch_keeps_it(app: TestApp) {
        let ada = app.editor().await;
        let full = json!({
            "title": "Ships", "subtitle": "Of wood", "excerpt": "Short.", "body_markdown": "Some *text*.", "lang": "en",
            "canonical_url": "https://example.org/ships", "authors": [{"name": "Ada Lovelace"}],
            "published_at": "2020-05-01T08:30:00Z",
        });
        let article = ada.post(ARTICLES, full).await.expect(201).json();

        let patched = ada.patch(&desk(&article), "\"r1\"", json!({"subtitle": null, "lang": "en-GB"})).await.expect(200);
        assert!(patched.header("etag").starts_with("\"r2."));
        let patched = patched.json();
        assert_eq!(patched.get("subtitle"), None);
        assert_eq!(patched["lang"], "en-GB");
        for kept in ["title", "slug", "excerpt", "canonical_url", "authors", "published_at", "body_html"] {
            assert_eq!(patched[kept], article[kept], "{kept}");
        }
        let nothing = ada.patch(&desk(&article), "\"r2\"", json!({})).await.expect(200).json();
        assert_eq!(nothing["lang"], "en-GB");

        let body = json!({"title": "Boats", "body_markdown": "Other text."});
        let replaced = ada.put(&desk(&article), "*", body).await.expect(200).json();
        for removed in ["subtitle", "excerpt", "lang", "canonical_url"] {
            assert_eq!(replaced.get(removed), None, "{removed}");
        }
        assert_eq!(replaced["authors"], json!([]));
        assert_eq!(replaced["slug"], "ships");
        assert_eq!(replaced["published_at"], "2020-05-01T08:30:00.000Z");
        assert_eq!(replaced["body_text"], "Other text.");

        let merge_patch = ada
            .request(Method::PATCH, &desk(&article))
            .header("If-Match", "*")
            .body("application/merge-patch+json", "{\"published_at\": null}");
        let patched = merge_patch.send().await.expect(200).json();
        assert_eq!(patched.get("published_at"), None);
    }

    async fn null_does_not_remove_what_every_article_has(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        for (member, kind) in [("title", "a string"), ("slug", "a string"), ("body_markdown", "a string"), ("authors", "an array")] {
            let problem = ada
                .patch(&desk(&article), "*", json!({member: null}))
                .await
                .problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!(fault["pointer"], format!("#/{member}"));
            assert_eq!(fault["code"], "wrong-type");
            assert_eq!(fault["detail"], format!("expected {kind}, found null"));
        }
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
    }

    async fn a_change_must_say_which_revision_it_changes(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let put = ada.request(Method::PUT, &desk(&article)).json(&json!({"title": "Boats", "body_markdown": "x"}));
        let problem = put.send().await.problem(428, "precondition-required");
        insta::assert_json_snapshot!("precondition_required", without_request_id(problem));
        let patch = ada.request(Method::PATCH, &desk(&article)).json(&json!({"title": "Boats"}));
        patch.send().await.problem(428, "precondition-required");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
    }

    async fn a_change_of_a_revision_that_is_gone_is_refused_with_the_current_one(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let article = ada.draft("Ships").await;
        let tag = ada.get(&desk(&article)).await.header("etag").to_owned();
        app.state.clock.advance(Duration::minutes(5));
        bob.patch(&desk(&article), &tag, json!({"title": "Boats"})).await.expect(200);

        let problem = ada
            .patch(&desk(&article), &tag, json!({"title": "Rafts"}))
            .await
            .problem(412, "precondition-failed");
        insta::assert_json_snapshot!("precondition_failed", without_request_id(problem.clone()));
        let now = ada.get(&desk(&article)).await.json();
        assert_eq!(now["title"], "Boats");
        assert_eq!(problem["changed_by"], now["updated_by"]);
        assert_ne!(problem["changed_by"], now["created_by"]);

        let publish = format!("{}/publish", desk(&article));
        let stale = ada.request(Method::POST, &publish).header("If-Match", &tag);
        stale.send().await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&article)).await.json()["status"], "draft");
        let current = problem["current_etag"].as_str().unwrap();
        ada.request(Method::POST, &publish).header("If-Match", current).send().await.expect(200);
        let unpublish = format!("{}/unpublish", desk(&article));
        ada.request(Method::POST, &unpublish).header("If-Match", &tag).send().await.problem(412, "precondition-failed");
    }

    async fn if_match_takes_weak_tags_lists_and_a_star_and_explains_a_tag_without_quotes(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let digest = ada.get(&desk(&article)).await.header("etag").to_owned();
        for (number, tag) in [&format!("W/{digest}"), "W/\"r2\"", "\"r9\", \"r3\"", "*"].into_iter().enumerate() {
            let title = format!("Title {number}");
            let changed = ada.patch(&desk(&article), tag, json!({"title": title})).await.expect(200).json();
            assert_eq!(changed["title"], title, "{tag}");
        }
        let problem = ada.patch(&desk(&article), "r5", json!({"title": "Rafts"})).await.problem(400, "malformed-request");
        let fault = only_fault(&problem);
        assert_eq!(fault["header"], "If-Match");
        assert!(fault["detail"].as_str().unwrap().contains("double quotes"), "{fault}");
        ada.patch(&desk(&article), "\"of-somebody-else\"", json!({"title": "Rafts"}))
            .await
            .problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&article)).await.json()["title"], "Title 3");
    }

    async fn an_article_is_put_to_its_slug_whether_it_is_there_or_not(app: TestApp) {
        let ada = app.editor().await;
        let path = "/v1/editorial/articles/by-slug/ships";
        let put = |body: Value| ada.request(Method::PUT, path).json(&body);
        let first = json!({"title": "A title of its own", "body_markdown": "First."});
        let made = put(first.clone()).send().await.expect(201);
        let article = made.json();
        assert_eq!(article["slug"], "ships");
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&article)));
        assert!(made.header("etag").starts_with("\"r1."));

        let second = json!({"title": "Another title", "body_markdown": "Second.", "slug": "ships"});
        let problem = put(second.clone()).send().await.problem(428, "precondition-required");
        assert_eq!(problem["current_etag"], "\"r1\"");
        put(second.clone()).header("If-Match", "\"r4\"").send().await.problem(412, "precondition-failed");
        let only_new = put(second.clone()).header("If-None-Match", "*").send().await.problem(412, "precondition-failed");
        assert_eq!(only_fault(&only_new)["header"], "If-None-Match");
        assert_eq!(only_new["current_etag"], "\"r1\"");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);

        let changed = put(second.clone()).header("If-Match", made.header("etag")).send().await.expect(200).json();
        assert_eq!((&changed["id"], &changed["title"]), (&article["id"], &second["title"]));
        put(first.clone()).header("If-Match", "*").send().await.expect(200);
        assert_eq!(ada.get(ARTICLES).await.json()["data"].as_array().unwrap().len(), 1);

        let other = "/v1/editorial/articles/by-slug/boats";
        let created = ada.request(Method::PUT, other).json(&first).header("If-None-Match", "*").send().await.expect(201);
        assert_eq!(created.json()["slug"], "boats");
        let third = "/v1/editorial/articles/by-slug/rafts";
        ada.put(third, "*", first.clone()).await.expect(201);
        let fourth = "/v1/editorial/articles/by-slug/canoes";
        ada.put(fourth, "\"r1\"", first).await.problem(412, "precondition-failed");
        let mut slugs = members(&ada.get(ARTICLES).await.json(), "slug");
        slugs.sort();
        assert_eq!(slugs, ["boats", "rafts", "ships"]);
    }

    async fn an_upsert_is_refused_when_path_and_body_name_different_slugs_or_the_path_names_none(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Ships", "body_markdown": "x", "slug": "boats"});
        let put = ada.request(Method::PUT, "/v1/editorial/articles/by-slug/ships").json(&body);
        let problem = put.send().await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(only_fault(&problem)["code"], "contradiction");
        let put = ada.request(Method::PUT, "/v1/editorial/articles/by-slug/My%20Ships").json(&body);
        let problem = put.send().await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "slug");
        assert!(only_fault(&problem)["detail"].as_str().unwrap().contains("\"my-ships\""), "{problem}");
        assert_eq!(ada.get(ARTICLES).await.json()["data"], json!([]));
    }

    async fn a_former_slug_leads_readers_to_the_current_one_once_that_is_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        change(&ada, &article, json!({"slug": "boats"})).await;
        reader.get("/v1/articles/by-slug/ships").await.expect(200);
        reader.get("/v1/articles/by-slug/boats").await.problem(404, "not-found");

        publish(&ada, &article).await;
        reader.get("/v1/articles/by-slug/boats").await.expect(200);
        let moved = reader.get("/v1/articles/by-slug/ships?utm_source=a%20b&x=1").await.expect(308);
        assert_eq!(
            moved.header("location"),
            "https://galley.example/v1/articles/by-slug/boats?utm_source=a%20b&x=1"
        );
        assert_eq!(moved.text(), "");

        // Through all slugs that it ever had, in one step; and back to an old one.
        change(&ada, &article, json!({"slug": "rafts"})).await;
        publish(&ada, &article).await;
        for former in ["ships", "boats"] {
            let moved = reader.get(&format!("/v1/articles/by-slug/{former}")).await.expect(308);
            assert_eq!(moved.header("location"), "https://galley.example/v1/articles/by-slug/rafts");
        }
        change(&ada, &article, json!({"slug": "ships"})).await;
        publish(&ada, &article).await;
        reader.get("/v1/articles/by-slug/ships").await.expect(200);
        let moved = reader.get("/v1/articles/by-slug/rafts").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/articles/by-slug/ships");
        // What readers cannot see has no former slugs either.
        ada.post(&format!("{}/unpublish", desk(&article)), json!({})).await.expect(200);
        reader.get("/v1/articles/by-slug/rafts").await.problem(404, "not-found");
    }

    async fn a_slug_that_was_never_published_is_free_again(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let draft = ada.draft("Ships").await;
        change(&ada, &draft, json!({"slug": "boats"})).await;
        assert_eq!(ada.draft("Ships").await["slug"], "ships");
        publish(&ada, &draft).await;
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");

        // Readers keep their old link while a working copy tries the slug again.
        change(&ada, &draft, json!({"slug": "oars"})).await;
        publish(&ada, &draft).await;
        change(&ada, &draft, json!({"slug": "boats"})).await;
        reader.get("/v1/articles/by-slug/boats").await.expect(308);

        // A slug that a working copy tried between two publications was never seen either.
        change(&ada, &draft, json!({"slug": "rafts"})).await;
        change(&ada, &draft, json!({"slug": "canoes"})).await;
        publish(&ada, &draft).await;
        reader.get("/v1/articles/by-slug/rafts").await.problem(404, "not-found");
        let moved = reader.get("/v1/articles/by-slug/boats").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/articles/by-slug/canoes");
    }

    async fn a_date_of_publication_does_not_make_a_slug_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"title": "Secret name", "body_markdown": "x", "published_at": "2020-01-01T00:00:00Z"});
        let draft = ada.post(ARTICLES, body).await.expect(201).json();
        change(&ada, &draft, json!({"slug": "harmless"})).await;
        publish(&ada, &draft).await;
        reader.get("/v1/articles/by-slug/harmless").await.expect(200);
        reader.get("/v1/articles/by-slug/secret-name").await.problem(404, "not-found");
    }

    async fn another_article_may_take_over_a_slug_that_only_redirects(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        change(&ada, &article, json!({"slug": "boats"})).await;
        // Readers still see it there.
        let body = json!({"title": "Ships", "body_markdown": "x"});
        let problem = ada.post(ARTICLES, body).await.problem(409, "slug-taken");
        assert_eq!(problem["conflicting_id"], article["id"]);
        publish(&ada, &article).await;
        reader.get("/v1/articles/by-slug/ships").await.expect(308);

        let heir = ada.draft("Ships").await;
        assert_eq!(heir["slug"], "ships");
        publish(&ada, &heir).await;
        let seen = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        assert_eq!(seen["id"], heir["id"]);
    }

    async fn a_slug_that_is_taken_is_refused_with_one_that_is_free(app: TestApp) {
        let ada = app.editor().await;
        let holder = ada.published("Ships").await;
        ada.draft("Ships 2").await;
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "New Author"}]});
        let before = stock(&ada).await;
        let problem = ada.post(ARTICLES, body.clone()).await.problem(409, "slug-taken");
        insta::assert_json_snapshot!("slug_taken", without_request_id(problem.clone()));
        assert_eq!(problem["conflicting_id"], holder["id"]);
        assert_eq!(stock(&ada).await, before);
        let mut renamed = body;
        renamed["slug"] = problem["suggestion"].clone();
        let article = ada.post(ARTICLES, renamed).await.expect(201).json();
        assert_eq!(article["slug"], "ships-3");

        let problem = ada.patch(&desk(&article), "*", json!({"slug": "ships"})).await.problem(409, "slug-taken");
        assert_eq!(problem["conflicting_id"], holder["id"]);
        assert_eq!(problem["suggestion"], "ships-4");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
        // Its own slug is no conflict.
        ada.patch(&desk(&article), "*", json!({"slug": "ships-3"})).await.expect(200);
    }

    async fn a_byline_with_an_unknown_slug_is_refused_and_makes_nobody(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "Grace Hopper"}, {"slug": "nobody"}]});
        let problem = ada.post(ARTICLES, body).await.problem(409, "author-unknown");
        insta::assert_json_snapshot!("author_unknown", without_request_id(problem));
        assert_eq!(stock(&ada).await, before);
        let draft = ada.draft("Boats").await;
        let problem = ada
            .patch(&desk(&draft), "*", json!({"authors": [{"slug": "nobody"}]}))
            .await
            .problem(409, "author-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/authors/0/slug");
        assert_eq!(ada.get(&desk(&draft)).await.json(), draft);
    }

    async fn every_fault_of_a_body_is_named_in_one_answer(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let body = json!({
            "titel": "Ships", "slug": "My Ships", "subtitle": 7, "excerpt": "", "body_markdown": ["x"], "lang": "english!",
            "canonical_url": "javascript:alert(1)", "published_at": "yesterday", "status": "publish",
            "authors": [{"nam": "Ada"}, "Grace"],
        });
        let problem = ada.post(ARTICLES, body).await.problem(422, "validation-failed");
        insta::assert_json_snapshot!("every_fault", without_request_id(problem));
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_body_that_is_not_a_json_object_is_refused_with_its_place(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        let post = |media_type: &str, body: &[u8]| ada.request(Method::POST, ARTICLES).body(media_type, body);
        let broken = b"{\n  \"title\": \"Ships\",\n  \"body_markdown\" \"x\"\n}";
        let problem = post("application/json", broken).send().await.problem(400, "malformed-json");
        let fault = only_fault(&problem);
        assert_eq!((&fault["line"], &fault["column"]), (&json!(3), &json!(19)));
        let empty = post("application/json", b"").send().await.problem(400, "malformed-json");
        assert_eq!(empty["detail"], "The body is empty; send a JSON object.");
        let latin = post("application/json", b"{\"title\": \"caf\xe9\"}").send().await.problem(400, "malformed-json");
        assert_eq!(latin["detail"], "The body is not UTF-8: byte 14 cannot be read.");
        let array = post("application/json", b"[]").send().await.problem(422, "validation-failed");
        assert_eq!(only_fault(&array)["pointer"], "#");
        assert_eq!(only_fault(&array)["detail"], "expected an object, found an array");

        let text = post("text/plain", b"Ships").send().await;
        assert_eq!(text.header("accept-post"), "application/json");
        let problem = text.problem(415, "unsupported-media-type");
        assert_eq!(only_fault(&problem)["header"], "Content-Type");
        let endless = json!({"title": "a".repeat(10_000_000), "body_markdown": "x"}).to_string();
        post("application/json", endless.as_bytes()).send().await.problem(413, "payload-too-large");
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_title_is_one_visible_line_of_at_most_300_characters(app: TestApp) {
        let ada = app.editor().await;
        let longest = "é".repeat(300);
        let body = json!({"title": longest, "body_markdown": "x"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        assert_eq!(article["title"], longest);
        assert_eq!(article["slug"], "e".repeat(120));
        let before = stock(&ada).await;
        for (title, code) in [
            ("", "empty"),
            (" \u{a0}\t", "empty"),
            ("é".repeat(301).as_str(), "too-long"),
            ("a".repeat(1_000_000).as_str(), "too-long"),
            ("a\nb", "control-character"),
            ("a\0b", "control-character"),
            ("a\u{7f}b", "control-character"),
            ("a\u{85}b", "control-character"),
        ] {
            let body = json!({"title": title, "body_markdown": "x"});
            let problem = ada.post(ARTICLES, body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/title"), &json!(code)));
            let patch = ada.patch(&desk(&article), "*", json!({"title": title})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&patch)["code"], code);
        }
        // A title that gives no slug needs one.
        let problem = ada.post(ARTICLES, json!({"title": "!!!", "body_markdown": "x"})).await;
        let problem = problem.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(stock(&ada).await, before);
        let trimmed = ada.post(ARTICLES, json!({"title": "  Ships \n", "body_markdown": "x"})).await.expect(201).json();
        assert_eq!(trimmed["title"], "Ships");
    }

    async fn a_text_may_not_be_empty_or_hold_a_nul(app: TestApp) {
        let ada = app.editor().await;
        for (text, code) in [("", "empty"), (" \n\t ", "empty"), ("a\0b", "control-character")] {
            let body = json!({"title": "Ships", "body_markdown": text});
            let problem = ada.post(ARTICLES, body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/body_markdown"), &json!(code)));
        }
        assert_eq!(ada.get(ARTICLES).await.json()["data"], json!([]));
    }

    async fn a_byline_names_each_author_in_one_way(app: TestApp) {
        let ada = app.editor().await;
        let before = stock(&ada).await;
        for (authors, pointer, code) in [
            (json!([{"name": "Ada"}, {"slug": "ada", "name": "Ada"}]), "#/authors/1", "slug-or-name"),
            (json!([{}]), "#/authors/0", "slug-or-name"),
            (json!([{"slug": "ada", "bio": "Writes."}]), "#/authors/0/bio", "unexpected"),
            (json!([{"name": "!!!"}]), "#/authors/0/name", "invalid"),
            (json!([{"name": ""}]), "#/authors/0/name", "empty"),
            (json!([{"name": "Ada", "email": "a@b.c"}]), "#/authors/0/email", "unknown"),
            (json!({"name": "Ada"}), "#/authors", "wrong-type"),
            (json!(vec![json!({"name": "Ada"}); 51]), "#/authors", "too-many"),
        ] {
            let body = json!({"title": "Ships", "body_markdown": "x", "authors": authors});
            let problem = ada.post(ARTICLES, body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{authors}");
        }
        assert_eq!(stock(&ada).await, before);
    }

    async fn a_byline_keeps_its_order_and_names_nobody_twice(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        ada.post("/v1/editorial/authors", json!({"name": "Mary Somerville"})).await.expect(201);
        let names = ["Grace Hopper", "Ada Lovelace", "Grace Hopper", "Mary Somerville", "ADA LOVELACE"];
        let mut authors: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
        authors.push(json!({"slug": "mary-somerville"}));
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": authors, "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let slugs = |value: &Value| -> Vec<Value> {
            value["authors"].as_array().unwrap().iter().map(|author| author["slug"].clone()).collect()
        };
        assert_eq!(slugs(&article), ["grace-hopper", "ada-lovelace", "mary-somerville"]);
        let turned = json!({"authors": [{"slug": "mary-somerville"}, {"slug": "grace-hopper"}]});
        let changed = change(&ada, &article, turned).await;
        assert_eq!(slugs(&changed), ["mary-somerville", "grace-hopper"]);
        let seen = reader.get(&page(&article)).await.json();
        assert_eq!(slugs(&seen), ["grace-hopper", "ada-lovelace", "mary-somerville"]);
        publish(&ada, &article).await;
        assert_eq!(slugs(&reader.get(&page(&article)).await.json()), ["mary-somerville", "grace-hopper"]);
        assert_eq!(reader.get("/v1/articles?author=ada-lovelace").await.json()["data"], json!([]));
    }

    async fn the_date_of_publication_may_lie_in_the_past_and_not_in_the_future(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        ada.published("Today").await;
        let body = json!({"title": "Long ago", "body_markdown": "x", "status": "published", "published_at": "1999-12-31T23:59:59.123456789+01:00"});
        let old = ada.post(ARTICLES, body).await.expect(201).json();
        assert_eq!(old["published_at"], "1999-12-31T22:59:59.123Z");
        assert_eq!(members(&reader.get("/v1/articles").await.json(), "title"), ["Today", "Long ago"]);

        let before = stock(&ada).await;
        for (date, code) in [
            ("2026-03-01T12:00:00.001Z", "in-future"),
            ("2999-01-01T00:00:00Z", "in-future"),
            ("2020-01-01", "invalid-time"),
            ("2020-01-01T00:00:00", "invalid-time"),
        ] {
            let body = json!({"title": "Soon", "body_markdown": "x", "published_at": date});
            let problem = ada.post(ARTICLES, body).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/published_at"), &json!(code)), "{date}");
            ada.patch(&desk(&old), "*", json!({"published_at": date})).await.problem(422, "validation-failed");
        }
        assert_eq!(stock(&ada).await, before);
        ada.post(ARTICLES, json!({"title": "Now", "body_markdown": "x", "published_at": "2026-03-01T12:00:00Z"}))
            .await
            .expect(201);

        change(&ada, &old, json!({"published_at": null})).await;
        publish(&ada, &old).await;
        let seen = reader.get(&page(&old)).await.json();
        assert_eq!(seen["published_at"], "2026-03-01T12:00:00.000Z");
    }

    async fn scripts_and_event_handlers_never_reach_the_html(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let markdown = "# Ships <script>alert(1)</script>\n\n\
            <img src=x onerror=alert(2)> [link](javascript:alert(3)) [other](JaVaScRiPt&#58;alert(4)) ![i](data:text/html,5)\n\n\
            <div onclick=\"alert(6)\" style=\"position:fixed\">kept</div>\n\n<iframe src=https://evil.example></iframe>\n\n\
            <a href=\"https://ok.example\" onmouseover='alert(7)'>fine</a> <svg onload=alert(8)></svg>\n\n<style>p{}</style>\n\n\
            <table><tr><td style=\"position:fixed\">cell</td></tr></table>\n\n\
            ```html\n<script>shown()</script>\n```\n";
        let body = json!({"title": "<b>Ships</b> & <script>", "slug": "ships", "body_markdown": markdown, "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let seen = reader.get(&page(&article)).await.expect(200).json();
        let html = seen["body_html"].as_str().unwrap();
        insta::assert_json_snapshot!("sanitized_html", html);
        let lower = html.to_lowercase();
        for forbidden in ["<script", "onerror", "onclick", "onmouseover", "onload", "javascript:", "data:", "<iframe", "<svg", "style"] {
            assert!(!lower.contains(forbidden), "{forbidden} in {html}");
        }
        // The source stays as it was written, and a title is text, not HTML.
        assert_eq!(seen["body_markdown"], markdown);
        assert_eq!(seen["title"], "<b>Ships</b> & <script>");
    }

    async fn markdown_has_tables_footnotes_and_strikethrough(app: TestApp) {
        let ada = app.editor().await;
        let markdown = "A claim[^1] and ~~an error~~.\n\n| Ship | Masts |\n|:-----|------:|\n| *Ark* | 0 |\n\n[^1]: Its source.\n\n1. one\n2. two\n   - nested\n\n```rust\nfn main() {}\n```\n";
        let body = json!({"title": "Ships", "body_markdown": markdown});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        insta::assert_json_snapshot!("rendered_markdown", json!({"html": article["body_html"], "text": article["body_text"]}));
    }

    async fn an_excerpt_is_made_from_the_text_unless_one_is_given(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let text = format!("# Heading\n\n{}", "The cranes stood *still* that morning. ".repeat(20));
        let body = json!({"title": "Ships", "body_markdown": text, "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        assert_eq!(article.get("excerpt"), None);
        let derived = article["derived_excerpt"].as_str().unwrap();
        assert!(derived.starts_with("Heading The cranes stood still that morning. The cranes"), "{derived}");
        assert!(derived.ends_with('…') && derived.chars().count() <= 281, "{derived}");
        assert_eq!(reader.get(&page(&article)).await.json()["excerpt"], derived);
        assert_eq!(reader.get("/v1/articles").await.json()["data"][0]["excerpt"], derived);

        change(&ada, &article, json!({"excerpt": "By hand."})).await;
        publish(&ada, &article).await;
        assert_eq!(reader.get(&page(&article)).await.json()["excerpt"], "By hand.");
        let back = change(&ada, &article, json!({"excerpt": null})).await;
        assert_eq!(back["derived_excerpt"], derived);
        publish(&ada, &article).await;
        assert_eq!(reader.get(&page(&article)).await.json()["excerpt"], derived);
    }

    async fn words_are_counted_and_give_the_minutes_of_reading(app: TestApp) {
        let ada = app.editor().await;
        for (words, minutes) in [(1, 1), (238, 1), (239, 2), (2_380, 10)] {
            let body = json!({"title": format!("{words} words"), "body_markdown": "word ".repeat(words)});
            let article = ada.post(ARTICLES, body).await.expect(201).json();
            assert_eq!((&article["word_count"], &article["reading_minutes"]), (&json!(words), &json!(minutes)));
        }
        let body = json!({"title": "Marks", "body_markdown": "Don't count **marks** — or [links](https://example.org/a/b)."});
        assert_eq!(ada.post(ARTICLES, body).await.expect(201).json()["word_count"], 5);
    }

    async fn a_reader_who_has_the_article_already_is_told_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "Ada Lovelace"}], "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let tag = reader.get(&page(&article)).await.header("etag").to_owned();
        let by_slug = "/v1/articles/by-slug/ships";
        for (path, condition) in [
            (page(&article).as_str(), tag.clone()),
            (by_slug, tag.clone()),
            (by_slug, format!("W/{tag}")),
            (by_slug, format!("\"other\", {tag}")),
            (by_slug, "*".to_owned()),
        ] {
            let answer = reader.request(Method::GET, path).header("If-None-Match", &condition).send().await.expect(304);
            assert_eq!((answer.text().as_str(), answer.header("etag")), ("", tag.as_str()), "{condition}");
            assert!(answer.header("cache-control").starts_with("public"));
        }
        let held = async |tag: &str| {
            reader.request(Method::GET, by_slug).header("If-None-Match", tag).send().await
        };
        held("\"r1\"").await.expect(200);
        // A new name of the author changes the bytes, and so the tag, though not the revision.
        let author = format!("/v1/editorial/authors/{}", id(&article["authors"][0]));
        ada.patch(&author, "*", json!({"name": "Ada King"})).await.expect(200);
        let renamed = held(&tag).await.expect(200);
        assert_eq!(renamed.json()["authors"][0]["name"], "Ada King");
        assert!(renamed.header("etag").starts_with("\"r1.") && renamed.header("etag") != tag);
        // The newsroom is told so too, and may still write with the tag it read.
        let read = ada.get(&desk(&article)).await;
        let answer = ada.request(Method::GET, &desk(&article)).header("If-None-Match", read.header("etag")).send().await;
        answer.expect(304);
        ada.patch(&desk(&article), read.header("etag"), json!({"title": "Boats"})).await.expect(200);
    }

    async fn an_author_sees_and_changes_only_their_own_articles(app: TestApp) {
        let (editor, ada, grace) = (app.editor().await, app.account(Role::Author).await, app.account(Role::Author).await);
        let hers = ada.draft("Hers").await;
        let other = grace.published("Other").await;
        assert_eq!(members(&ada.get(ARTICLES).await.expect(200).json(), "title"), ["Hers"]);
        assert_eq!(members(&ada.get("/v1/editorial/articles?status=published").await.json(), "title"), [""; 0]);
        assert_eq!(editor.get(ARTICLES).await.json()["data"].as_array().unwrap().len(), 2);

        let body = json!({"title": "Mine now", "body_markdown": "x"});
        let before = editor.get(&desk(&other)).await.json();
        ada.get(&desk(&other)).await.problem(404, "not-found");
        ada.put(&desk(&other), "*", body.clone()).await.problem(404, "not-found");
        ada.patch(&desk(&other), "*", json!({"title": "Mine now"})).await.problem(404, "not-found");
        ada.delete(&desk(&other), "*").await.problem(404, "not-found");
        ada.post(&format!("{}/publish", desk(&other)), json!({})).await.problem(404, "not-found");
        ada.post(&format!("{}/unpublish", desk(&other)), json!({})).await.problem(404, "not-found");
        // Without a condition nothing is told of it either.
        bare(&ada, Method::DELETE, &desk(&other)).await.problem(404, "not-found");
        ada.put("/v1/editorial/articles/by-slug/other", "*", body).await.problem(409, "slug-taken");
        assert_eq!(editor.get(&desk(&other)).await.json(), before);

        change(&ada, &hers, json!({"title": "Hers still"})).await;
        publish(&ada, &hers).await;
        // An editor changes anybody's, and it stays theirs.
        change(&editor, &hers, json!({"title": "Edited"})).await;
        assert_eq!(ada.get(&desk(&hers)).await.expect(200).json()["title"], "Edited");
        ada.delete(&desk(&hers), "*").await.expect(204);
        ada.post("/v1/editorial/authors", json!({"name": "Somebody"})).await.problem(403, "insufficient-scope");
    }

    async fn who_may_not_is_told_so_before_anything_else_is_looked_at(app: TestApp) {
        let (ada, moderator, member) = (app.editor().await, app.account(Role::Moderator).await, app.account(Role::Reader).await);
        let article = ada.draft("Ships").await;
        let before = stock(&ada).await;
        let (at, publish) = (desk(&article), format!("{}/publish", desk(&article)));
        let by_slug = "/v1/editorial/articles/by-slug/ships";
        for (method, path) in [
            (Method::GET, ARTICLES),
            (Method::POST, ARTICLES),
            (Method::GET, at.as_str()),
            (Method::PUT, at.as_str()),
            (Method::PATCH, at.as_str()),
            (Method::DELETE, at.as_str()),
            (Method::PUT, by_slug),
            (Method::POST, publish.as_str()),
            (Method::POST, &format!("{at}/unpublish")),
            (Method::GET, "/v1/editorial/articles/not-an-id"),
        ] {
            // Neither the body that is no JSON nor the missing If-Match counts yet.
            let send = |client: &Client| client.request(method.clone(), path).body("application/json", "{").send();
            let anonymous = send(&app.reader()).await;
            assert_eq!(anonymous.header("www-authenticate"), "Bearer realm=\"galley\"");
            anonymous.problem(401, "not-authenticated");
            for client in [&moderator, &member] {
                let answer = send(client).await;
                assert!(answer.header("www-authenticate").contains("error=\"insufficient_scope\", scope=\"articles:"));
                answer.problem(403, "insufficient-scope");
            }
        }
        assert_eq!(stock(&ada).await, before);
        // Then what exists, then the precondition, then the body.
        let put = |path: &str| ada.request(Method::PUT, path).body("application/json", "{");
        put("/v1/editorial/articles/00000000-0000-7000-8000-000000000000").send().await.problem(404, "not-found");
        put(&at).send().await.problem(428, "precondition-required");
        put(&at).header("If-Match", "\"r1\"").send().await.problem(400, "malformed-json");
        let problem = ada.get("/v1/editorial/articles/ships").await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "id");
    }
}

/// A problem without the one member that is new in every answer.
fn without_request_id(mut problem: Value) -> Value {
    let members = problem.as_object_mut().unwrap();
    assert!(members.remove("request_id").is_some());
    problem
}
