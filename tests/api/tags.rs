//! Tags: the words that articles are found by.

use actix_web::http::Method;
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use futures_util::future::join;
use galley::accounts::permissions::Role;
use galley::audit::origin::Origin;
use galley::database::Database;
use galley::database::failure::Failure;
use galley::database::ids::RowId;
use galley::state::Stamp;
use galley::tags::tag::{TagName, TagVisibility};
use galley::write_unit;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const TAGS: &str = "/v1/editorial/tags";

/// Where editors find a tag.
fn desk(tag: &Value) -> String {
    format!("{TAGS}/{}", id(tag))
}

/// Where readers find a tag.
fn page(tag: &Value) -> String {
    format!("/v1/tags/{}", id(tag))
}

/// Makes a tag of which nothing but the name is told.
async fn tag(editor: &Client, name: &str) -> Value {
    editor.post(TAGS, json!({"name": name})).await.expect(201).json()
}

async fn change(editor: &Client, tag: &Value, body: Value) -> Value {
    editor.patch(&desk(tag), "*", body).await.expect(200).json()
}

async fn merge(editor: &Client, tag: &Value, into: &str) -> Answer {
    editor
        .post(&format!("{}/merge", desk(tag)), json!({"into": into}))
        .await
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let tags = list["data"].as_array().unwrap();
    tags.iter()
        .map(|tag| tag["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Where a slug leads readers.
async fn way(reader: &Client, slug: &str) -> String {
    let answer = reader.get(&format!("/v1/tags/by-slug/{slug}")).await.expect(308);
    answer.header("location").to_owned()
}

fn address(slug: &str) -> String {
    format!("https://galley.example/v1/tags/by-slug/{slug}")
}

/// What a save does that names tags: it looks them up, and makes those that are missing.
async fn save(app: &TestApp, stamp: &Stamp, wanted: &[&str]) -> Vec<String> {
    let (database, stamp) = (&app.state.database, stamp.clone());
    let wanted: Vec<TagName> = wanted.iter().map(|name| TagName::parse(name).unwrap()).collect();
    let visibility = TagVisibility::WithFirstArticle;
    let ids: Result<Vec<RowId>, Failure> = write_unit!(database, tags::named(wanted, visibility, &stamp));
    ids.unwrap().iter().map(|id| id.0.to_string()).collect()
}

/// A writer of whom the stories tell nothing but that they save articles.
async fn writer(app: &TestApp) -> Stamp {
    let account = app.create_account("writer@galley.example", Role::Author).await;
    app.state.stamp(Origin::schedule().in_name_of(account))
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What the database holds, past the application.
async fn lines(app: &TestApp, sql: &'static str) -> Vec<String> {
    let rows: Vec<Line> = match &app.state.database {
        Database::Sqlite(sqlite) => sqlite
            .maintain(move |connection| diesel::RunQueryDsl::load(sql_query(sql), connection).map_err(Failure::from))
            .await
            .unwrap(),
        Database::Postgres(postgres) => {
            let mut connection = postgres.connection().await.unwrap();
            diesel_async::RunQueryDsl::load(sql_query(sql), &mut connection)
                .await
                .unwrap()
        }
    };
    rows.into_iter().map(|row| row.line).collect()
}

const TAGS_OF_WORKING_COPIES: &str = "SELECT a.slug || ' ' || CAST(x.position AS TEXT) || ' ' || t.slug AS line \
     FROM article_tags x JOIN articles a ON a.id = x.article_id JOIN tags t ON t.id = x.tag_id ORDER BY line";

const TAGS_OF_SNAPSHOTS: &str = "SELECT a.slug || ' ' || CAST(x.position AS TEXT) || ' ' || t.slug AS line \
     FROM published_tags x JOIN published_articles a ON a.article_id = x.article_id JOIN tags t ON t.id = x.tag_id ORDER BY line";

const COUNTS: &str = "SELECT slug || ' ' || CAST(tag_count AS TEXT) AS line FROM published_articles ORDER BY line";

/// Three published articles and a draft: "both" has both tags, each other one has one of them. Articles of the API get
/// their tags by other routes than those that are told of here.
async fn articles_with_js_and_javascript(app: &TestApp, editor: &Client) -> (Value, Value) {
    let (js, javascript) = (tag(editor, "JS").await, tag(editor, "JavaScript").await);
    tag(editor, "Web").await;
    for title in ["Both", "Old", "New"] {
        editor.published(title).await;
    }
    editor.draft("Sketch").await;
    app.run_sql(
        "INSERT INTO article_tags (article_id, position, tag_id) SELECT a.id, 0, t.id FROM articles a, tags t \
             WHERE a.slug IN ('both', 'old', 'sketch') AND t.slug = 'js'; \
         INSERT INTO article_tags (article_id, position, tag_id) SELECT a.id, 1, t.id FROM articles a, tags t \
             WHERE a.slug = 'both' AND t.slug = 'web'; \
         INSERT INTO article_tags (article_id, position, tag_id) SELECT a.id, 2, t.id FROM articles a, tags t \
             WHERE a.slug IN ('both', 'new') AND t.slug = 'javascript'; \
         INSERT INTO published_tags (article_id, position, tag_id, published_at) \
             SELECT x.article_id, x.position, x.tag_id, p.published_at \
             FROM article_tags x JOIN published_articles p ON p.article_id = x.article_id; \
         UPDATE published_articles SET tag_count = \
             (SELECT count(*) FROM published_tags x WHERE x.article_id = published_articles.article_id)",
    )
    .await;
    assert_eq!(lines(app, COUNTS).await, ["both 3", "new 1", "old 1"]);
    (js, javascript)
}

on_both_databases! {
    async fn a_tag_is_made_read_changed_and_removed(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"name": " Open source ", "description": "Programs whose source anybody may read."});
        let made = ada.post(TAGS, body).await.expect(201);
        let tag = made.json();
        insta::assert_json_snapshot!("tag_editorial", tag);
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&tag)));
        assert!(made.header("etag").starts_with("\"r1."));
        let read = ada.get(&desk(&tag)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (tag.clone(), made.header("etag")));
        let seen = reader.get(&page(&tag)).await.expect(200);
        insta::assert_json_snapshot!("tag_public", seen.json());
        assert_eq!(reader.get("/v1/tags/by-slug/open-source").await.expect(200).json(), seen.json());
        insta::assert_json_snapshot!("tag_public_list", reader.get("/v1/tags").await.expect(200).json());

        let patched = ada.patch(&desk(&tag), "\"r1\"", json!({"name": "Free software"})).await.expect(200).json();
        assert_eq!((&patched["name"], &patched["slug"]), (&json!("Free software"), &json!("open-source")));
        assert_eq!((&patched["description"], &patched["revision"]), (&tag["description"], &json!(2)));
        let patched = ada.patch(&desk(&tag), "\"r2\"", json!({"description": null})).await.expect(200).json();
        assert_eq!(patched.get("description"), None);
        let body = json!({"name": "Free", "slug": "free", "description": "Free as in speech."});
        let replaced = ada.put(&desk(&tag), "\"r3\"", body).await.expect(200).json();
        assert_eq!((&replaced["name"], &replaced["slug"], &replaced["revision"]), (&json!("Free"), &json!("free"), &json!(4)));
        let replaced = ada.put(&desk(&tag), "\"r4\"", json!({"name": "Free"})).await.expect(200).json();
        assert_eq!((replaced.get("description"), &replaced["slug"]), (None, &json!("free")));

        ada.delete(&desk(&tag), "\"r5\"").await.expect(204);
        ada.get(&desk(&tag)).await.problem(404, "not-found");
        for path in [page(&tag), "/v1/tags/by-slug/free".to_owned(), "/v1/tags/by-slug/open-source".to_owned()] {
            reader.get(&path).await.problem(404, "not-found");
        }
    }

    async fn a_change_of_a_tag_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let rust = tag(&ada, "Rust").await;
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = ada.request(method, &desk(&rust)).json(&json!({"name": "Iron"}));
            let problem = request.send().await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
        }
        bob.patch(&desk(&rust), "\"r1\"", json!({"name": "Rust language"})).await.expect(200);
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = ada.request(method, &desk(&rust)).header("If-Match", "\"r1\"").json(&json!({"name": "Iron"}));
            let problem = request.send().await.problem(412, "precondition-failed");
            assert_eq!(problem["current_revision"], 2);
            assert!(problem["changed_by"].is_string(), "{problem}");
        }
        // Merging may go without, and is held to what it says.
        let path = format!("{}/merge", desk(&rust));
        let stale = ada.request(Method::POST, &path).header("If-Match", "\"r1\"").json(&json!({"into": "rust"}));
        stale.send().await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&rust)).await.json()["name"], "Rust language");
    }

    async fn a_former_slug_of_a_tag_leads_to_the_current_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let rust = tag(&ada, "Rust").await;
        change(&ada, &rust, json!({"slug": "rust-language"})).await;
        let moved = reader.get("/v1/tags/by-slug/rust?x=1").await.expect(308);
        assert_eq!(moved.header("location"), format!("{}?x=1", address("rust-language")));
        change(&ada, &rust, json!({"slug": "ferris"})).await;
        for former in ["rust", "rust-language"] {
            assert_eq!(way(&reader, former).await, address("ferris"));
        }
        change(&ada, &rust, json!({"slug": "rust"})).await;
        reader.get("/v1/tags/by-slug/rust").await.expect(200);
        assert_eq!(way(&reader, "ferris").await, address("rust"));
        // Another tag may take a slug that only redirects.
        let other = tag(&ada, "Ferris").await;
        assert_eq!(reader.get("/v1/tags/by-slug/ferris").await.expect(200).json()["id"], other["id"]);
    }

    async fn names_that_differ_in_capitals_are_one_tag(app: TestApp) {
        let ada = app.editor().await;
        let rust = tag(&ada, "Rust").await;
        let before = ada.get(TAGS).await.json();
        for body in [json!({"name": "Rust"}), json!({"name": " RUST "}), json!({"name": "rust", "slug": "rust-2"})] {
            let problem = ada.post(TAGS, body).await.problem(409, "tag-name-taken");
            assert_eq!((&problem["conflicting_id"], &only_fault(&problem)["pointer"]), (&rust["id"], &json!("#/name")));
        }
        let problem = ada.post(TAGS, json!({"name": "Rust!"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&rust["id"], &json!("rust-2")));
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(ada.get(TAGS).await.json(), before);

        let iron = tag(&ada, "Iron").await;
        for body in [json!({"name": "RUST"}), json!({"name": "Rust", "slug": "iron"})] {
            let problem = ada.patch(&desk(&iron), "*", body.clone()).await.problem(409, "tag-name-taken");
            assert_eq!(problem["conflicting_id"], rust["id"]);
            ada.put(&desk(&iron), "*", json!({"name": "RUST"})).await.problem(409, "tag-name-taken");
        }
        let problem = ada.patch(&desk(&iron), "*", json!({"slug": "rust"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&rust["id"], &json!("rust-2")));
        assert_eq!(ada.get(&desk(&iron)).await.json(), iron);
        // The name of a tag may change in nothing but its capitals.
        assert_eq!(change(&ada, &rust, json!({"name": "RUST"})).await["name"], "RUST");
        // The former name of a tag that was renamed is free.
        change(&ada, &rust, json!({"name": "Ferris", "slug": "ferris"})).await;
        tag(&ada, "Rust").await;
    }

    async fn a_save_finds_the_tags_that_it_names_and_makes_the_others(app: TestApp) {
        let (ada, reader, writer) = (app.editor().await, app.reader(), writer(&app).await);
        let rust = tag(&ada, "Rust").await;
        let ids = save(&app, &writer, &["Ships", "rust", "Harbour walks", "RUST!", "ships", "Rust"]).await;
        assert_eq!((ids.len(), ids[1].as_str()), (3, id(&rust)));
        assert_eq!(names(&ada.get(TAGS).await), ["Harbour walks", "Rust", "Ships"]);
        assert_eq!(save(&app, &writer, &["Harbour Walks", "Ships"]).await, [ids[2].clone(), ids[0].clone()]);
        assert_eq!(save(&app, &writer, &[]).await, [""; 0]);
        // Drafts are nobody's business.
        let ships = ada.get(&format!("{TAGS}/{}", ids[0])).await.expect(200).json();
        assert_eq!((&ships["name"], &ships["public"], &ships["revision"]), (&json!("Ships"), &json!(false), &json!(1)));
        assert_eq!(names(&reader.get("/v1/tags").await), ["Rust"]);
        for path in [page(&ships), "/v1/tags/by-slug/ships".to_owned()] {
            reader.get(&path).await.problem(404, "not-found");
        }
        let published: Vec<RowId> = ids.iter().take(2).map(|id| RowId(id.parse().unwrap())).collect();
        let made_public: Result<(), Failure> = write_unit!(&app.state.database, tags::make_public(&published));
        made_public.unwrap();
        assert_eq!(names(&reader.get("/v1/tags").await), ["Rust", "Ships"]);
    }

    async fn a_renamed_tag_is_found_by_its_old_and_its_new_name(app: TestApp) {
        let (ada, writer) = (app.editor().await, writer(&app).await);
        let (c, cpp) = (tag(&ada, "C").await, ada.post(TAGS, json!({"name": "C++", "slug": "cpp"})).await.expect(201).json());
        // Both names give the slug "c"; the name itself tells them apart.
        assert_eq!(save(&app, &writer, &["C++", "C", "c", "cpp"]).await, [id(&cpp), id(&c)]);
        let rust = tag(&ada, "Rust").await;
        change(&ada, &rust, json!({"name": "Rust language"})).await;
        assert_eq!(save(&app, &writer, &["Rust", "Rust language", "RUST LANGUAGE"]).await, [id(&rust)]);
        ada.post(TAGS, json!({"name": "rust Language"})).await.problem(409, "tag-name-taken");
        change(&ada, &rust, json!({"slug": "ferris"})).await;
        assert_eq!(save(&app, &writer, &["rust", "rust language", "Ferris"]).await, [id(&rust)]);
        assert_eq!(names(&ada.get(TAGS).await), ["C", "C++", "Rust language"]);
    }

    async fn two_saves_that_make_the_same_tags_share_them(app: TestApp) {
        let writer = writer(&app).await;
        for round in 0..8 {
            let own = [format!("a{round}"), format!("b{round}"), format!("c{round}"), format!("d{round}")];
            let forth: Vec<&str> = own.iter().map(String::as_str).collect();
            let back: Vec<&str> = forth.iter().rev().copied().collect();
            let (first, mut second) = join(save(&app, &writer, &forth), save(&app, &writer, &back)).await;
            second.reverse();
            assert_eq!((first.len(), &first), (4, &second));
        }
    }

    async fn a_tag_that_an_article_has_cannot_be_removed(app: TestApp) {
        let ada = app.editor().await;
        let (js, javascript) = articles_with_js_and_javascript(&app, &ada).await;
        ada.delete(&desk(&js), "*").await.problem(409, "tag-in-use");
        // Also while only readers still see it, or only a draft has it.
        app.run_sql("DELETE FROM article_tags").await;
        ada.delete(&desk(&javascript), "*").await.problem(409, "tag-in-use");
        app.run_sql("DELETE FROM published_tags").await;
        ada.delete(&desk(&javascript), "*").await.expect(204);
        app.run_sql("INSERT INTO article_tags (article_id, position, tag_id) SELECT a.id, 0, t.id FROM articles a, tags t \
            WHERE a.slug = 'sketch' AND t.slug = 'js'").await;
        ada.delete(&desk(&js), "*").await.problem(409, "tag-in-use");
        app.run_sql("DELETE FROM article_tags").await;
        ada.delete(&desk(&js), "*").await.expect(204);
    }

    async fn a_merged_tag_is_replaced_by_the_other_one_on_every_article(app: TestApp) {
        let (ada, reader, writer) = (app.editor().await, app.reader(), writer(&app).await);
        let (js, javascript) = articles_with_js_and_javascript(&app, &ada).await;
        let merged = merge(&ada, &js, "javascript").await.expect(200);
        assert_eq!(merged.json(), javascript);
        assert_eq!(merged.header("etag"), ada.get(&desk(&javascript)).await.header("etag"));
        let expected = ["both 1 web", "both 2 javascript", "new 2 javascript", "old 0 javascript", "sketch 0 javascript"];
        assert_eq!(lines(&app, TAGS_OF_WORKING_COPIES).await, expected);
        assert_eq!(lines(&app, TAGS_OF_SNAPSHOTS).await, expected[..4]);
        assert_eq!(lines(&app, COUNTS).await, ["both 2", "new 1", "old 1"]);

        let pointer = ada.get(&desk(&js)).await.expect(200).json();
        insta::assert_json_snapshot!("merged_tag_editorial", pointer);
        assert_eq!((&pointer["merged_into"], &pointer["revision"]), (&javascript["id"], &json!(2)));
        assert_eq!(names(&reader.get("/v1/tags").await), ["JavaScript", "Web"]);
        assert_eq!(names(&ada.get(TAGS).await), ["JS", "JavaScript", "Web"]);
        assert_eq!(way(&reader, "js").await, address("javascript"));
        let moved = reader.get(&page(&js)).await.expect(308);
        assert_eq!(moved.header("location"), format!("https://galley.example{}", page(&javascript)));
        assert_eq!(save(&app, &writer, &["js", "JavaScript"]).await, [id(&javascript)]);
        ada.delete(&desk(&javascript), "*").await.problem(409, "tag-in-use");
        ada.post(TAGS, json!({"name": "JS"})).await.problem(409, "slug-taken");
    }

    async fn all_that_ever_led_to_a_merged_tag_leads_to_the_last_one(app: TestApp) {
        let (ada, reader, writer) = (app.editor().await, app.reader(), writer(&app).await);
        let (first, second, third) = (tag(&ada, "First").await, tag(&ada, "Second").await, tag(&ada, "Third").await);
        change(&ada, &first, json!({"slug": "one"})).await;
        merge(&ada, &first, "second").await.expect(200);
        change(&ada, &second, json!({"slug": "two"})).await;
        // A former slug names the tag to merge into as well.
        change(&ada, &third, json!({"slug": "three"})).await;
        assert_eq!(merge(&ada, &second, "third").await.expect(200).json()["id"], third["id"]);
        for slug in ["first", "one", "second", "two", "third"] {
            assert_eq!(way(&reader, slug).await, address("three"), "{slug}");
        }
        assert_eq!(save(&app, &writer, &["First", "one", "SECOND", "two", "third"]).await, [id(&third)]);
        for merged in [&first, &second] {
            assert_eq!(ada.get(&desk(merged)).await.json()["merged_into"], third["id"]);
        }
        // A tag that was merged stands for the one that it was merged into.
        let fourth = tag(&ada, "Fourth").await;
        assert_eq!(merge(&ada, &fourth, "one").await.expect(200).json()["id"], third["id"]);
        assert_eq!(way(&reader, "fourth").await, address("three"));
        // A pointer can be turned to another tag, and its slug be had by giving it another one.
        let fifth = tag(&ada, "Fifth").await;
        assert_eq!(merge(&ada, &first, "fifth").await.expect(200).json()["id"], fifth["id"]);
        assert_eq!(way(&reader, "one").await, address("fifth"));
        change(&ada, &first, json!({"slug": "old-one"})).await;
        assert_eq!(way(&reader, "one").await, address("fifth"));
        change(&ada, &fifth, json!({"slug": "one"})).await;
        assert_eq!(way(&reader, "old-one").await, address("one"));
        // What led to a tag that is removed leads nowhere.
        ada.delete(&desk(&third), "*").await.expect(204);
        for slug in ["three", "second", "two", "third", "fourth"] {
            reader.get(&format!("/v1/tags/by-slug/{slug}")).await.problem(404, "not-found");
        }
        ada.get(&desk(&second)).await.problem(404, "not-found");
        ada.get(&desk(&first)).await.expect(200);
    }

    async fn a_hidden_tag_becomes_public_with_what_readers_see_of_the_merged_one(app: TestApp) {
        let (ada, reader, writer) = (app.editor().await, app.reader(), writer(&app).await);
        let hidden = save(&app, &writer, &["Draft word", "Secret"]).await;
        let shown = tag(&ada, "Shown").await;
        let one = json!({"id": hidden[0]});
        assert_eq!(merge(&ada, &one, "secret").await.expect(200).json()["public"], false);
        reader.get("/v1/tags/by-slug/draft-word").await.problem(404, "not-found");
        reader.get(&page(&one)).await.problem(404, "not-found");
        let stays = merge(&ada, &shown, "secret").await.expect(200).json();
        assert_eq!((&stays["id"], &stays["public"]), (&json!(hidden[1]), &json!(true)));
        assert_eq!(names(&reader.get("/v1/tags").await), ["Secret"]);
        assert_eq!(way(&reader, "shown").await, address("secret"));
    }

    async fn a_merge_that_makes_no_sense_is_refused(app: TestApp) {
        let ada = app.editor().await;
        let (rust, iron) = (tag(&ada, "Rust").await, tag(&ada, "Iron").await);
        change(&ada, &rust, json!({"slug": "ferris"})).await;
        for into in ["ferris", "rust"] {
            let problem = merge(&ada, &rust, into).await.problem(409, "tag-cycle");
            assert_eq!(only_fault(&problem)["pointer"], "#/into");
        }
        let problem = merge(&ada, &rust, "nobody").await.problem(409, "tag-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/into");
        merge(&ada, &iron, "ferris").await.expect(200);
        merge(&ada, &rust, "iron").await.problem(409, "tag-cycle");
        let path = format!("{}/merge", desk(&rust));
        for (body, pointer, code) in [
            (json!({}), "#/into", "required"),
            (json!({"into": "No Slug"}), "#/into", "invalid-slug"),
            (json!({"into": null}), "#/into", "wrong-type"),
            (json!({"into": "rust", "from": "iron"}), "#/from", "unknown"),
        ] {
            let problem = ada.post(&path, body).await.problem(422, "validation-failed");
            assert_eq!((&only_fault(&problem)["pointer"], &only_fault(&problem)["code"]), (&json!(pointer), &json!(code)));
        }
        ada.request(Method::POST, &path).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, &path).body("text/plain", "rust").send().await.problem(415, "unsupported-media-type");
        let nobody = json!({"id": "00000000-0000-7000-8000-000000000000"});
        merge(&ada, &nobody, "rust").await.problem(404, "not-found");
        ada.post(&format!("{TAGS}/rust/merge"), json!({"into": "iron"})).await.problem(400, "invalid-parameter");
    }

    async fn a_write_of_a_tag_can_be_rehearsed_and_takes_effect_once(app: TestApp) {
        let ada = app.editor().await;
        let (rust, iron) = (tag(&ada, "Rust").await, tag(&ada, "Iron").await);
        let before = ada.get(TAGS).await.json();
        let merge_path = format!("{}/merge", desk(&iron));
        for (method, path, body, status) in [
            (Method::POST, TAGS.to_owned(), json!({"name": "Steel"}), 201),
            (Method::PUT, desk(&rust), json!({"name": "Ferris"}), 200),
            (Method::PATCH, desk(&rust), json!({"slug": "ferris"}), 200),
            (Method::POST, merge_path.clone(), json!({"into": "rust"}), 200),
            (Method::DELETE, desk(&rust), json!({}), 204),
        ] {
            let request = ada.request(method, &format!("{path}?validate_only=true")).header("If-Match", "*").json(&body);
            let answer = request.send().await.expect(status);
            assert_eq!(answer.header("validate-only"), "true");
            assert_eq!(ada.get(TAGS).await.json(), before);
        }
        ada.post(&format!("{TAGS}?validate_only=true"), json!({"name": "Rust"})).await.problem(409, "tag-name-taken");
        for (path, body) in [(TAGS.to_owned(), json!({"name": "Steel"})), (merge_path, json!({"into": "rust"}))] {
            let send = |body: Value| ada.request(Method::POST, &path).header("Idempotency-Key", "\"k1\"").json(&body).send();
            let first = send(body.clone()).await;
            let again = send(body).await.expect(first.status);
            assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), "true"));
            send(json!({"name": "Other", "into": "steel"})).await.problem(422, "idempotency-key-reused");
        }
        assert_eq!(names(&ada.get(TAGS).await), ["Iron", "Rust", "Steel"]);
        assert_eq!(ada.get(&desk(&iron)).await.json()["revision"], 2);
    }

    async fn tags_are_listed_by_name_in_pages_forth_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for (number, name) in ["Zoe", "anna", "Émile", "Bob", "Ann", "Anna-Lena"].into_iter().enumerate() {
            ada.post(TAGS, json!({"name": name, "slug": format!("tag-{number}")})).await.expect(201);
        }
        let all = ["Ann", "Anna-Lena", "Bob", "Zoe", "anna", "Émile"];
        assert_eq!(names(&reader.get("/v1/tags").await), all);
        assert_eq!(names(&ada.get(TAGS).await), all);
        let mut backwards = all;
        backwards.reverse();
        assert_eq!(names(&reader.get("/v1/tags?order=desc").await), backwards);
        let first = reader.get("/v1/tags?limit=4").await.expect(200);
        assert_eq!(names(&first), all[..4]);
        let cursor = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let link = format!("<https://galley.example/v1/tags?limit=4&cursor={cursor}>; rel=\"next\"");
        assert!(first.header("link").contains(&link), "{}", first.header("link"));
        let last = reader.get(&format!("/v1/tags?limit=4&cursor={cursor}")).await.expect(200);
        assert_eq!(names(&last), all[4..]);
        assert_eq!(last.json()["page"].get("next"), None);
        let cursor = last.json()["page"]["prev"].as_str().unwrap().to_owned();
        assert_eq!(names(&reader.get(&format!("/v1/tags?limit=3&cursor={cursor}")).await.expect(200)), all[1..4]);
        reader.get(&format!("/v1/tags?order=desc&cursor={cursor}")).await.problem(400, "cursor-mismatch");
        ada.get(&format!("{TAGS}?cursor={cursor}")).await.problem(400, "cursor-mismatch");
        reader.get("/v1/tags?cursor=x").await.problem(400, "cursor-invalid");
        reader.get("/v1/tags?limit=101").await.problem(400, "limit-too-large");
        let problem = reader.get("/v1/tags?name=Bob").await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "name");
        reader.get("/v1/tags/bob").await.problem(400, "invalid-parameter");
        reader.get("/v1/tags/by-slug/Bob").await.problem(400, "invalid-parameter");
    }

    async fn a_tag_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let rust = tag(&ada, "Rust").await;
        let before = ada.get(TAGS).await.json();
        for (body, pointer, code) in [
            (json!({}), "#/name", "required"),
            (json!({"name": " "}), "#/name", "empty"),
            (json!({"name": "é".repeat(101)}), "#/name", "too-long"),
            (json!({"name": "a\nb"}), "#/name", "control-character"),
            (json!({"name": "++"}), "#/name", "no-slug"),
            (json!({"name": ["Rust"]}), "#/name", "wrong-type"),
            (json!({"name": "Iron", "slug": "Iron"}), "#/slug", "invalid-slug"),
            (json!({"name": "Iron", "description": "x".repeat(2_001)}), "#/description", "too-long"),
            (json!({"name": "Iron", "description": "a\u{0}"}), "#/description", "control-character"),
            (json!({"name": "Iron", "nme": "x"}), "#/nme", "unknown"),
        ] {
            let problem = ada.post(TAGS, body.clone()).await.problem(422, "validation-failed");
            assert_eq!((&only_fault(&problem)["pointer"], &only_fault(&problem)["code"]), (&json!(pointer), &json!(code)));
            let problem = ada.put(&desk(&rust), "*", body).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], pointer);
        }
        for member in ["name", "slug"] {
            let problem = ada.patch(&desk(&rust), "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
        }
        let problem = ada.patch(&desk(&rust), "*", json!({"name": "++"})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["code"], "no-slug");
        ada.request(Method::POST, TAGS).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, TAGS).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
        ada.get(&format!("{TAGS}/rust")).await.problem(400, "invalid-parameter");
        assert_eq!(ada.get(TAGS).await.json(), before);
        let name = "é".repeat(100);
        assert_eq!(tag(&ada, &name).await["name"], name);
    }

    async fn tags_are_changed_by_editors_only_and_read_by_writers_too(app: TestApp) {
        let (ada, writer) = (app.editor().await, app.account(Role::Author).await);
        let rust = tag(&ada, "Rust").await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path) in [
            (Method::POST, TAGS.to_owned()),
            (Method::PUT, desk(&rust)),
            (Method::PATCH, desk(&rust)),
            (Method::DELETE, desk(&rust)),
            (Method::POST, format!("{}/merge", desk(&rust))),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("x")).await.problem(401, "token-invalid");
            for client in [&writer, &moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("taxonomy:write"), "{problem}");
            }
        }
        for path in [TAGS.to_owned(), desk(&rust)] {
            app.reader().get(&path).await.problem(401, "not-authenticated");
            moderator.get(&path).await.problem(403, "insufficient-scope");
            member.get(&path).await.problem(403, "insufficient-scope");
            writer.get(&path).await.expect(200);
        }
        assert_eq!(ada.get(&desk(&rust)).await.json(), rust);
    }

    async fn a_reader_who_has_the_tag_already_is_told_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let rust = tag(&ada, "Rust").await;
        let held = reader.get(&page(&rust)).await.header("etag").to_owned();
        for path in [page(&rust), "/v1/tags/by-slug/rust".to_owned()] {
            let answer = reader.request(Method::GET, &path).header("If-None-Match", &held).send().await.expect(304);
            assert_eq!((answer.text().as_str(), answer.header("etag")), ("", held.as_str()));
        }
        let held_by_editor = ada.get(&desk(&rust)).await.header("etag").to_owned();
        ada.request(Method::GET, &desk(&rust)).header("If-None-Match", &held_by_editor).send().await.expect(304);
        change(&ada, &rust, json!({"description": "Iron that met water."})).await;
        let changed = reader.request(Method::GET, &page(&rust)).header("If-None-Match", &held).send().await.expect(200);
        assert!(changed.header("etag").starts_with("\"r2."));
    }
}
