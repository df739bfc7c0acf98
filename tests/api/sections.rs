//! Sections: the tree of categories, and what happens when its branches are moved.

use actix_web::http::Method;
use futures_util::future::join;
use galley::accounts::permissions::Role;
use galley::database::failure::Failure;
use galley::database::ids::RowId;
use galley::read;
use galley::sections::section::SectionLookup;
use galley::slug::Slug;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

const SECTIONS: &str = "/v1/editorial/sections";

/// Where editors find a section.
fn desk(section: &Value) -> String {
    format!("{SECTIONS}/{}", id(section))
}

/// Where readers find a section.
fn page(section: &Value) -> String {
    format!("/v1/sections/{}", id(section))
}

/// Makes a section of which nothing but the name is told, below another one or as a root.
async fn section(editor: &Client, name: &str, parent: Option<&str>) -> Value {
    let mut body = json!({"name": name});
    if let Some(parent) = parent {
        body["parent"] = parent.into();
    }
    editor.post(SECTIONS, body).await.expect(201).json()
}

/// Makes `news` with `europe` and `france` below it, `news-wire` beside it, and `sport`.
async fn newspaper(editor: &Client) -> [Value; 5] {
    [
        section(editor, "News", None).await,
        section(editor, "Europe", Some("news")).await,
        section(editor, "France", Some("europe")).await,
        section(editor, "News wire", None).await,
        section(editor, "Sport", None).await,
    ]
}

async fn change(editor: &Client, section: &Value, body: Value) -> Value {
    editor.patch(&desk(section), "*", body).await.expect(200).json()
}

fn paths(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let sections = list["data"].as_array().unwrap();
    sections
        .iter()
        .map(|section| section["path"].as_str().unwrap().to_owned())
        .collect()
}

/// The slugs of a section and of all below it, as filters of articles will ask for them.
async fn subtree(app: &TestApp, editor: &Client, section: &Value) -> Vec<String> {
    let of = RowId(id(section).parse().unwrap());
    let found: Result<Vec<RowId>, Failure> = read!(&app.state.database, sections::subtree_ids(of));
    let mut slugs = Vec::new();
    for id in found.unwrap() {
        let section = editor.get(&format!("{SECTIONS}/{}", id.0)).await.expect(200).json();
        slugs.push(section["slug"].as_str().unwrap().to_owned());
    }
    slugs
}

async fn lookup(app: &TestApp, slug: &str) -> (&'static str, String) {
    let slug = Slug::parse(slug).unwrap();
    let found: Result<SectionLookup, Failure> = read!(&app.state.database, sections::find_by_slug(slug));
    match found.unwrap() {
        SectionLookup::Found(row) => ("found", row.slug),
        SectionLookup::Moved(row) => ("moved", row.slug),
        SectionLookup::Absent => ("absent", String::new()),
    }
}

on_both_databases! {
    async fn a_section_is_made_read_changed_and_removed(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        section(&ada, "News", None).await;
        let body = json!({"name": "Europe", "description": "From Lisbon\nto Tallinn.", "parent": "news", "position": 10});
        let made = ada.post(SECTIONS, body).await.expect(201);
        let europe = made.json();
        insta::assert_json_snapshot!("section_editorial", europe);
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&europe)));
        assert!(made.header("etag").starts_with("\"r1."));
        let read = ada.get(&desk(&europe)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (europe.clone(), made.header("etag")));
        assert_eq!(read.header("cache-control"), "private, no-store");
        let seen = reader.get(&page(&europe)).await.expect(200);
        insta::assert_json_snapshot!("section_public", seen.json());
        assert!(seen.header("cache-control").starts_with("public, max-age=0, s-maxage=60"));
        assert_eq!(reader.get("/v1/sections/by-slug/europe").await.expect(200).json(), seen.json());
        insta::assert_json_snapshot!("section_public_list", reader.get("/v1/sections").await.expect(200).json());
        insta::assert_json_snapshot!("section_editorial_list", ada.get(SECTIONS).await.expect(200).json());

        let patched = ada.patch(&desk(&europe), "\"r1\"", json!({"name": "The continent", "description": null})).await.expect(200).json();
        assert_eq!((&patched["name"], &patched["slug"]), (&json!("The continent"), &json!("europe")));
        assert_eq!(patched.get("description"), None);
        assert_eq!((&patched["path"], &patched["position"]), (&json!("news/europe"), &json!(10)));
        assert_eq!(patched["revision"], 2);
        let replaced = ada.put(&desk(&europe), "\"r2\"", json!({"name": "Europe"})).await.expect(200).json();
        assert_eq!((&replaced["path"], &replaced["depth"]), (&json!("europe"), &json!(0)));
        assert_eq!((replaced.get("parent"), &replaced["position"]), (None, &json!(0)));

        ada.delete(&desk(&europe), "\"r3\"").await.expect(204);
        ada.get(&desk(&europe)).await.problem(404, "not-found");
        reader.get(&page(&europe)).await.problem(404, "not-found");
        reader.get("/v1/sections/by-slug/europe").await.problem(404, "not-found");
        assert_eq!(paths(&reader.get("/v1/sections").await), ["news"]);
    }

    async fn the_tree_is_listed_in_its_order_in_pages_forth_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        for (slug, parent, position) in [
            ("sport", None, 20),
            ("news", None, 3),
            ("news-wire", None, 3),
            ("europe", Some("news"), 100),
            ("asia", Some("news"), 100),
            ("world", Some("news"), 5),
            ("france", Some("europe"), 0),
            ("about", None, 999_999),
        ] {
            let body = json!({"name": slug, "slug": slug, "parent": parent, "position": position});
            ada.post(SECTIONS, body).await.expect(201);
        }
        let all = ["news", "news/world", "news/asia", "news/europe", "news/europe/france", "news-wire", "sport", "about"];
        assert_eq!(paths(&reader.get("/v1/sections").await), all);
        assert_eq!(paths(&ada.get(SECTIONS).await), all);

        let first = reader.get("/v1/sections?limit=4").await.expect(200);
        assert_eq!(paths(&first), all[..4]);
        let cursor = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let link = format!("<https://galley.example/v1/sections?limit=4&cursor={cursor}>; rel=\"next\"");
        assert!(first.header("link").contains(&link), "{}", first.header("link"));
        let second = reader.get(&format!("/v1/sections?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(paths(&second), all[4..7]);
        let next = second.json()["page"]["next"].as_str().unwrap().to_owned();
        let last = reader.get(&format!("/v1/sections?cursor={next}")).await.expect(200);
        assert_eq!(paths(&last), all[7..]);
        assert_eq!(last.json()["page"].get("next"), None);
        let cursor = last.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = reader.get(&format!("/v1/sections?limit=5&cursor={cursor}")).await.expect(200);
        assert_eq!(paths(&back), all[2..7]);
        reader.get("/v1/sections?cursor=x").await.problem(400, "cursor-invalid");
        reader.get(&format!("/v1/authors?cursor={cursor}")).await.problem(400, "cursor-mismatch");
        reader.get("/v1/sections?limit=101").await.problem(400, "limit-too-large");
        reader.get("/v1/sections?limit=0").await.problem(400, "invalid-parameter");
        let problem = ada.get(&format!("{SECTIONS}?order=desc")).await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "order");
    }

    async fn a_section_that_moves_takes_along_all_below_it(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let [news, europe, france, _wire, _sport] = newspaper(&ada).await;
        let tag = reader.get(&page(&france)).await.header("etag").to_owned();

        let moved = ada.patch(&desk(&europe), "\"r1\"", json!({"parent": "sport"})).await.expect(200).json();
        assert_eq!((&moved["path"], &moved["depth"], &moved["parent"]), (&json!("sport/europe"), &json!(1), &json!("sport")));
        assert_eq!(moved["revision"], 2);
        assert_eq!(paths(&reader.get("/v1/sections").await), ["news", "news-wire", "sport", "sport/europe", "sport/europe/france"]);
        // What moved along is the same revision in another place.
        let along = reader.request(Method::GET, &page(&france)).header("If-None-Match", &tag).send().await.expect(200);
        assert_eq!(along.json()["path"], "sport/europe/france");
        assert!(along.header("etag").starts_with("\"r1."), "{}", along.header("etag"));
        assert_eq!(ada.get(&desk(&france)).await.json()["updated_at"], france["updated_at"]);

        let root = change(&ada, &europe, json!({"parent": null})).await;
        assert_eq!((root.get("parent"), &root["depth"]), (None, &json!(0)));
        assert_eq!(paths(&reader.get("/v1/sections").await), ["europe", "europe/france", "news", "news-wire", "sport"]);
        change(&ada, &europe, json!({"position": 7})).await;
        assert_eq!(paths(&reader.get("/v1/sections").await), ["news", "news-wire", "sport", "europe", "europe/france"]);

        // All three at once, and back below where it came from.
        let body = json!({"name": "The continent", "slug": "continent", "parent": "news", "position": 1});
        let replaced = ada.put(&desk(&europe), "*", body).await.expect(200).json();
        assert_eq!(replaced["path"], "news/continent");
        let all = ["news", "news/continent", "news/continent/france", "news-wire", "sport"];
        assert_eq!(paths(&reader.get("/v1/sections").await), all);
        assert_eq!(reader.get(&page(&france)).await.json()["parent"], "continent");

        // One that has the same beginning in its slug stays where it is.
        change(&ada, &news, json!({"slug": "current", "position": 2})).await;
        let all = ["news-wire", "sport", "current", "current/continent", "current/continent/france"];
        assert_eq!(paths(&reader.get("/v1/sections").await), all);
        assert_eq!(subtree(&app, &ada, &news).await, ["current", "continent", "france"]);
        // What names nothing of its place changes nothing of it.
        change(&ada, &news, json!({"name": "Current affairs"})).await;
        assert_eq!(paths(&reader.get("/v1/sections").await), all);
    }

    async fn a_subtree_is_found_whole_and_without_its_neighbours(app: TestApp) {
        let ada = app.editor().await;
        let [news, europe, france, wire, _sport] = newspaper(&ada).await;
        section(&ada, "Asia", Some("news")).await;
        section(&ada, "Agencies", Some("news-wire")).await;
        assert_eq!(subtree(&app, &ada, &news).await, ["news", "asia", "europe", "france"]);
        assert_eq!(subtree(&app, &ada, &europe).await, ["europe", "france"]);
        assert_eq!(subtree(&app, &ada, &france).await, ["france"]);
        assert_eq!(subtree(&app, &ada, &wire).await, ["news-wire", "agencies"]);
        let nobody = RowId(Uuid::nil());
        let found: Result<Vec<RowId>, Failure> = read!(&app.state.database, sections::subtree_ids(nobody));
        assert_eq!(found.unwrap(), []);
        assert_eq!(lookup(&app, "europe").await, ("found", "europe".to_owned()));
        change(&ada, &europe, json!({"slug": "continent"})).await;
        assert_eq!(lookup(&app, "europe").await, ("moved", "continent".to_owned()));
        assert_eq!(lookup(&app, "africa").await, ("absent", String::new()));
    }

    async fn a_section_cannot_stand_below_itself(app: TestApp) {
        let ada = app.editor().await;
        let [news, europe, _france, wire, _sport] = newspaper(&ada).await;
        let before = ada.get(SECTIONS).await.json();
        let problem = ada.patch(&desk(&news), "*", json!({"parent": "france"})).await.problem(409, "section-cycle");
        assert_eq!(only_fault(&problem)["pointer"], "#/parent");
        assert!(problem["detail"].as_str().unwrap().contains("news > europe > france > news"), "{problem}");
        insta::assert_json_snapshot!("section_cycle", problem, {".request_id" => "[id]"});
        let problem = ada.patch(&desk(&europe), "*", json!({"parent": "europe"})).await.problem(409, "section-cycle");
        assert!(problem["detail"].as_str().unwrap().contains("europe > europe"), "{problem}");
        let body = json!({"name": "News", "parent": "europe", "slug": "other"});
        ada.put(&desk(&news), "*", body).await.problem(409, "section-cycle");
        assert_eq!(ada.get(SECTIONS).await.json(), before);
        change(&ada, &wire, json!({"parent": "news"})).await;
    }

    async fn two_moves_at_one_time_cannot_make_a_cycle(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        for round in 0..4 {
            let left = section(&ada, &format!("Left {round}"), None).await;
            let right = section(&ada, &format!("Right {round}"), None).await;
            let (left_at, right_at) = (desk(&left), desk(&right));
            let (one, other) = join(
                ada.patch(&left_at, "*", json!({"parent": right["slug"]})),
                bob.patch(&right_at, "*", json!({"parent": left["slug"]})),
            ).await;
            let mut outcomes = [one.status, other.status];
            outcomes.sort_unstable();
            assert_eq!(outcomes, [200, 409], "{} {}", one.text(), other.text());
        }
    }

    async fn sections_made_while_their_parent_moves_stand_where_it_went(app: TestApp) {
        let ada = app.editor().await;
        let [_news, europe, ..] = newspaper(&ada).await;
        let at = desk(&europe);
        let moving = async {
            for parent in ["sport", "news-wire", "sport", "news", "news-wire", "sport"] {
                ada.patch(&at, "*", json!({"parent": parent})).await.expect(200);
            }
        };
        let making = |first: usize| {
            let ada = ada.clone();
            async move {
                for number in first..first + 5 {
                    section(&ada, &format!("City {number}"), Some("france")).await;
                }
            }
        };
        join(moving, join(making(10), making(15))).await;
        let france = ["sport", "sport/europe", "sport/europe/france"].map(str::to_owned);
        let cities = (10..20).map(|number| format!("sport/europe/france/city-{number}"));
        let expected: Vec<String> = ["news", "news-wire"].map(str::to_owned).into_iter().chain(france).chain(cities).collect();
        assert_eq!(paths(&ada.get(SECTIONS).await), expected);
    }

    async fn the_tree_has_eight_levels_and_no_more(app: TestApp) {
        let ada = app.editor().await;
        let top = section(&ada, "s0", None).await;
        for level in 1..8 {
            let made = section(&ada, &format!("s{level}"), Some(&format!("s{}", level - 1))).await;
            assert_eq!(made["depth"], level);
        }
        let problem = ada.post(SECTIONS, json!({"name": "s8", "parent": "s7"})).await.problem(409, "section-too-deep");
        assert_eq!(only_fault(&problem)["pointer"], "#/parent");
        assert!(problem["detail"].as_str().unwrap().contains("at most 8 levels"), "{problem}");
        // What stands below counts, too.
        section(&ada, "Roof", None).await;
        let before = ada.get(SECTIONS).await.json();
        let problem = ada.patch(&desk(&top), "*", json!({"parent": "roof"})).await.problem(409, "section-too-deep");
        assert_eq!(only_fault(&problem)["code"], "too-deep");
        assert_eq!(ada.get(SECTIONS).await.json(), before);
        let shallow = ada.get("/v1/sections/by-slug/s1").await.json();
        change(&ada, &shallow, json!({"parent": "roof"})).await;
        let deepest = ada.get("/v1/sections/by-slug/s7").await.json();
        assert_eq!((&deepest["path"], &deepest["depth"]), (&json!("roof/s1/s2/s3/s4/s5/s6/s7"), &json!(7)));
    }

    async fn the_longest_slugs_fit_eight_levels(app: TestApp) {
        let ada = app.editor().await;
        let mut parent: Option<String> = None;
        for level in 0..8 {
            let slug = format!("{}{level}", "x".repeat(119));
            let body = json!({"name": "Long", "slug": slug, "parent": parent, "position": 999_999});
            ada.post(SECTIONS, body).await.expect(201);
            parent = Some(slug);
        }
        let first = ada.get(&format!("{SECTIONS}?limit=7")).await.expect(200).json();
        let cursor = first["page"]["next"].as_str().unwrap();
        let last = ada.get(&format!("{SECTIONS}?cursor={cursor}")).await.expect(200).json();
        assert_eq!(last["data"][0]["slug"], parent.unwrap());
    }

    async fn a_parent_that_is_not_there_is_named(app: TestApp) {
        let ada = app.editor().await;
        let [_news, europe, ..] = newspaper(&ada).await;
        let problem = ada.post(SECTIONS, json!({"name": "Chad", "parent": "africa"})).await.problem(409, "section-unknown");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/parent"), &json!("unknown")));
        assert!(problem["detail"].as_str().unwrap().contains("africa"), "{problem}");
        ada.patch(&desk(&europe), "*", json!({"parent": "africa"})).await.problem(409, "section-unknown");
        // A former slug only redirects; the answer says where to.
        change(&ada, &europe, json!({"slug": "continent"})).await;
        let problem = ada.post(SECTIONS, json!({"name": "Spain", "parent": "europe"})).await.problem(409, "section-unknown");
        assert!(problem["detail"].as_str().unwrap().contains("continent"), "{problem}");
    }

    async fn a_change_of_a_section_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let news = section(&ada, "News", None).await;
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = ada.request(method, &desk(&news)).json(&json!({"name": "Something"}));
            let problem = request.send().await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
        }
        bob.patch(&desk(&news), "\"r1\"", json!({"name": "The news"})).await.expect(200);
        let problem = ada.patch(&desk(&news), "\"r1\"", json!({"name": "Tidings"})).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 2);
        assert_eq!(problem["changed_at"], "2026-03-01T12:00:00.000Z");
        assert!(problem["changed_by"].is_string(), "{problem}");
        ada.put(&desk(&news), "\"r1\"", json!({"name": "Tidings"})).await.problem(412, "precondition-failed");
        ada.delete(&desk(&news), "\"r1\"").await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&news)).await.json()["name"], "The news");
    }

    async fn what_is_not_there_cannot_be_changed(app: TestApp) {
        let ada = app.editor().await;
        let nowhere = format!("{SECTIONS}/{}", Uuid::nil());
        ada.get(&nowhere).await.problem(404, "not-found");
        ada.put(&nowhere, "*", json!({"name": "News"})).await.problem(404, "not-found");
        ada.patch(&nowhere, "*", json!({"name": "News"})).await.problem(404, "not-found");
        ada.delete(&nowhere, "*").await.problem(404, "not-found");
        ada.get(&format!("{SECTIONS}/news")).await.problem(400, "invalid-parameter");
        app.reader().get(&format!("/v1/sections/{}", Uuid::nil())).await.problem(404, "not-found");
        app.reader().get("/v1/sections/by-slug/News").await.problem(400, "invalid-parameter");
    }

    async fn a_former_slug_of_a_section_leads_to_the_current_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let [_news, europe, france, ..] = newspaper(&ada).await;
        change(&ada, &europe, json!({"slug": "continent"})).await;
        let moved = reader.get("/v1/sections/by-slug/europe?x=1").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/sections/by-slug/continent?x=1");
        assert_eq!(reader.get(&page(&france)).await.json()["path"], "news/continent/france");
        change(&ada, &europe, json!({"slug": "old-world"})).await;
        for former in ["europe", "continent"] {
            let moved = reader.get(&format!("/v1/sections/by-slug/{former}")).await.expect(308);
            assert_eq!(moved.header("location"), "https://galley.example/v1/sections/by-slug/old-world");
        }
        change(&ada, &europe, json!({"slug": "europe"})).await;
        reader.get("/v1/sections/by-slug/europe").await.expect(200);
        reader.get("/v1/sections/by-slug/old-world").await.expect(308);
        // Another section may take a slug that only redirects.
        let other = section(&ada, "Old world", None).await;
        assert_eq!(reader.get("/v1/sections/by-slug/old-world").await.expect(200).json()["id"], other["id"]);
        // And none leads to a section that is gone.
        ada.delete(&desk(&france), "*").await.expect(204);
        ada.delete(&desk(&europe), "*").await.expect(204);
        reader.get("/v1/sections/by-slug/continent").await.problem(404, "not-found");
    }

    async fn two_sections_cannot_have_one_slug(app: TestApp) {
        let ada = app.editor().await;
        let [news, _europe, france, ..] = newspaper(&ada).await;
        let before = ada.get(SECTIONS).await.json();
        // Also not below different parents, since the slug alone leads to a section.
        let problem = ada.post(SECTIONS, json!({"name": "News", "parent": "sport"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&news["id"], &json!("news-2")));
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        section(&ada, "News 2", None).await;
        let problem = ada.patch(&desk(&france), "*", json!({"slug": "news"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&news["id"], &json!("news-3")));
        ada.put(&desk(&france), "*", json!({"name": "France", "slug": "sport"})).await.problem(409, "slug-taken");
        assert_eq!(ada.get(&desk(&france)).await.json(), before["data"][2]);
        // One's own slug is not in the way.
        ada.patch(&desk(&france), "*", json!({"slug": "france"})).await.expect(200);
    }

    async fn a_section_that_is_needed_cannot_be_removed(app: TestApp) {
        let ada = app.editor().await;
        let [news, europe, france, _wire, sport] = newspaper(&ada).await;
        let problem = ada.delete(&desk(&news), "*").await.problem(409, "section-in-use");
        assert!(problem["detail"].as_str().unwrap().contains("sections"), "{problem}");
        ada.published("Ships").await;
        app.run_sql("UPDATE articles SET section_id = (SELECT id FROM sections WHERE slug = 'france')").await;
        let problem = ada.delete(&desk(&france), "*").await.problem(409, "section-in-use");
        assert!(problem["detail"].as_str().unwrap().contains("Articles"), "{problem}");
        // Also while only readers still see it there.
        app.run_sql("UPDATE articles SET section_id = NULL; \
            UPDATE published_articles SET section_id = (SELECT id FROM sections WHERE slug = 'sport')").await;
        ada.delete(&desk(&sport), "*").await.problem(409, "section-in-use");
        for section in [&france, &europe, &news] {
            ada.delete(&desk(section), "*").await.expect(204);
        }
        assert_eq!(paths(&ada.get(SECTIONS).await), ["news-wire", "sport"]);
    }

    async fn a_rehearsal_answers_as_if_it_counted_and_stores_nothing(app: TestApp) {
        let ada = app.editor().await;
        let [news, europe, _france, wire, _sport] = newspaper(&ada).await;
        let before = ada.get(SECTIONS).await.json();
        let rehearse = |method: Method, path: &str| {
            ada.request(method, &format!("{path}?validate_only=true")).header("If-Match", "*")
        };
        let made = rehearse(Method::POST, SECTIONS).json(&json!({"name": "Asia", "parent": "news"})).send().await.expect(201);
        assert_eq!((made.json()["path"].clone(), made.header("validate-only")), (json!("news/asia"), "true"));
        let moved = rehearse(Method::PATCH, &desk(&europe)).json(&json!({"parent": "sport"})).send().await.expect(200);
        assert_eq!((moved.json()["path"].clone(), moved.header("validate-only")), (json!("sport/europe"), "true"));
        rehearse(Method::PUT, &desk(&europe)).json(&json!({"name": "Europe", "slug": "continent"})).send().await.expect(200);
        rehearse(Method::DELETE, &desk(&wire)).send().await.expect(204);
        rehearse(Method::PATCH, &desk(&news)).json(&json!({"parent": "france"})).send().await.problem(409, "section-cycle");
        rehearse(Method::DELETE, &desk(&news)).send().await.problem(409, "section-in-use");
        assert_eq!(ada.get(SECTIONS).await.json(), before);
        app.reader().get("/v1/sections/by-slug/continent").await.problem(404, "not-found");
    }

    async fn a_request_that_is_sent_again_with_its_key_takes_effect_once(app: TestApp) {
        let ada = app.editor().await;
        let make = |body: Value| ada.request(Method::POST, SECTIONS).header("Idempotency-Key", "\"key-1\"").json(&body).send();
        let first = make(json!({"name": "News"})).await.expect(201);
        let again = make(json!({"name": "News"})).await.expect(201);
        assert_eq!((again.json(), again.header("idempotent-replayed")), (first.json(), "true"));
        assert_eq!((again.header("etag"), again.header("location")), (first.header("etag"), first.header("location")));
        make(json!({"name": "Sport"})).await.problem(422, "idempotency-key-reused");
        assert_eq!(paths(&ada.get(SECTIONS).await), ["news"]);
        let rename = || {
            ada.request(Method::PATCH, &desk(&first.json()))
                .header("If-Match", "\"r1\"")
                .header("Idempotency-Key", "\"key-2\"")
                .json(&json!({"slug": "tidings"}))
                .send()
        };
        assert_eq!(rename().await.expect(200).json()["revision"], 2);
        assert_eq!(rename().await.expect(200).json()["revision"], 2);
    }

    async fn a_section_that_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let news = section(&ada, "News", None).await;
        let before = ada.get(SECTIONS).await.json();
        let (too_long, long_text) = ("é".repeat(121), "x".repeat(2_001));
        for (body, pointer, code) in [
            (json!({}), "#/name", "required"),
            (json!({"name": ""}), "#/name", "empty"),
            (json!({"name": too_long}), "#/name", "too-long"),
            (json!({"name": "a\tb"}), "#/name", "control-character"),
            (json!({"name": ["News"]}), "#/name", "wrong-type"),
            (json!({"name": "!!!"}), "#/slug", "required"),
            (json!({"name": "Asia", "slug": "Asia"}), "#/slug", "invalid-slug"),
            (json!({"name": "Asia", "description": long_text}), "#/description", "too-long"),
            (json!({"name": "Asia", "description": ""}), "#/description", "empty"),
            (json!({"name": "Asia", "parent": "a/b"}), "#/parent", "invalid-slug"),
            (json!({"name": "Asia", "parent": 7}), "#/parent", "wrong-type"),
            (json!({"name": "Asia", "position": -1}), "#/position", "out-of-range"),
            (json!({"name": "Asia", "position": 1_000_000}), "#/position", "out-of-range"),
            (json!({"name": "Asia", "position": u64::MAX}), "#/position", "out-of-range"),
            (json!({"name": "Asia", "position": 1.5}), "#/position", "wrong-type"),
            (json!({"name": "Asia", "position": "1"}), "#/position", "wrong-type"),
            (json!({"name": "Asia", "path": "news/asia"}), "#/path", "unknown"),
        ] {
            let problem = ada.post(SECTIONS, body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        for member in ["name", "slug", "position"] {
            let problem = ada.patch(&desk(&news), "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
            assert_eq!(only_fault(&problem)["code"], "wrong-type");
        }
        ada.request(Method::POST, SECTIONS).body("application/json", "{").send().await.problem(400, "malformed-json");
        ada.request(Method::POST, SECTIONS).body("text/plain", "News").send().await.problem(415, "unsupported-media-type");
        assert_eq!(ada.get(SECTIONS).await.json(), before);
        let name = "é".repeat(120);
        let body = json!({"name": name, "slug": "e", "position": 999_999, "description": "x".repeat(2_000)});
        assert_eq!(ada.post(SECTIONS, body).await.expect(201).json()["name"], name);
    }

    async fn sections_are_changed_by_editors_only_and_read_by_writers_too(app: TestApp) {
        let (ada, writer) = (app.editor().await, app.account(Role::Author).await);
        let news = section(&ada, "News", None).await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path) in [
            (Method::POST, SECTIONS.to_owned()),
            (Method::PUT, desk(&news)),
            (Method::PATCH, desk(&news)),
            (Method::DELETE, desk(&news)),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            send(&app.bearer("nonsense")).await.problem(401, "token-invalid");
            for client in [&writer, &moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("taxonomy:write"), "{problem}");
            }
        }
        for path in [SECTIONS.to_owned(), desk(&news)] {
            app.reader().get(&path).await.problem(401, "not-authenticated");
            moderator.get(&path).await.problem(403, "insufficient-scope");
            member.get(&path).await.problem(403, "insufficient-scope");
            writer.get(&path).await.expect(200);
        }
        assert_eq!(ada.get(&desk(&news)).await.json(), news);
    }

    async fn a_reader_who_has_the_section_already_is_told_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let news = section(&ada, "News", None).await;
        let tag = reader.get(&page(&news)).await.header("etag").to_owned();
        for path in [page(&news), "/v1/sections/by-slug/news".to_owned()] {
            let held = reader.request(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);
            assert_eq!((held.text().as_str(), held.header("etag")), ("", tag.as_str()));
        }
        change(&ada, &news, json!({"description": "What happened."})).await;
        let changed = reader.request(Method::GET, &page(&news)).header("If-None-Match", &tag).send().await.expect(200);
        assert!(changed.header("etag").starts_with("\"r2."));
        let tag = ada.get(&desk(&news)).await.header("etag").to_owned();
        ada.request(Method::GET, &desk(&news)).header("If-None-Match", &tag).send().await.expect(304);
    }

    async fn nothing_of_an_account_is_in_a_public_answer_about_sections(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let account = ada.get("/v1/auth/me").await.expect(200).json();
        let [news, ..] = newspaper(&ada).await;
        for path in ["/v1/sections".to_owned(), page(&news), "/v1/sections/by-slug/news".to_owned()] {
            let text = reader.get(&path).await.expect(200).text();
            for secret in [id(&account), "editor1", "Somebody", "created", "updated", "revision"] {
                assert!(!text.contains(secret), "{secret} in {path}: {text}");
            }
        }
        let text = ada.get(SECTIONS).await.expect(200).text();
        assert!(!text.contains(id(&account)), "{text}");
    }
}
