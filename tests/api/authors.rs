//! Authors: the people of the bylines, who are not the accounts of the newsroom.

use actix_web::http::Method;
use galley::accounts::permissions::Role;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::client::{Client, id};

const AUTHORS: &str = "/v1/editorial/authors";

/// Where editors find an author.
fn desk(author: &Value) -> String {
    format!("{AUTHORS}/{}", id(author))
}

/// Where readers find an author.
fn page(author: &Value) -> String {
    format!("/v1/authors/{}", id(author))
}

/// Makes an author of whom nothing but the name is told.
async fn author(editor: &Client, name: &str) -> Value {
    editor.post(AUTHORS, json!({"name": name})).await.expect(201).json()
}

async fn change(editor: &Client, author: &Value, body: Value) -> Value {
    editor.patch(&desk(author), "*", body).await.expect(200).json()
}

fn names(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let authors = list["data"].as_array().unwrap();
    authors
        .iter()
        .map(|author| author["name"].as_str().unwrap().to_owned())
        .collect()
}

on_both_databases! {
    async fn an_author_is_made_read_changed_and_removed(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"name": "Ada Lovelace", "bio_markdown": "Writes about *engines*.", "url": "https://example.org/ada"});
        let made = ada.post(AUTHORS, body).await.expect(201);
        let author = made.json();
        insta::assert_json_snapshot!("author_editorial", author);
        assert_eq!(made.header("location"), format!("https://galley.example{}", desk(&author)));
        assert!(made.header("etag").starts_with("\"r1."));
        let read = ada.get(&desk(&author)).await.expect(200);
        assert_eq!((read.json(), read.header("etag")), (author.clone(), made.header("etag")));
        let seen = reader.get(&page(&author)).await.expect(200);
        insta::assert_json_snapshot!("author_public", seen.json());
        assert_eq!(reader.get("/v1/authors/by-slug/ada-lovelace").await.expect(200).json(), seen.json());
        insta::assert_json_snapshot!("author_public_list", reader.get("/v1/authors").await.expect(200).json());

        let patched = ada.patch(&desk(&author), "\"r1\"", json!({"name": "Ada King", "url": null})).await.expect(200).json();
        assert_eq!((&patched["name"], &patched["slug"]), (&json!("Ada King"), &json!("ada-lovelace")));
        assert_eq!(patched.get("url"), None);
        assert_eq!(patched["bio_markdown"], "Writes about *engines*.");
        assert_eq!(patched["revision"], 2);
        let replaced = ada.put(&desk(&author), "\"r2\"", json!({"name": "Ada"})).await.expect(200).json();
        assert_eq!(replaced.get("bio_markdown"), None);
        assert_eq!(replaced.get("bio_html"), None);
        assert_eq!(replaced["slug"], "ada-lovelace");

        ada.delete(&desk(&author), "\"r3\"").await.expect(204);
        ada.get(&desk(&author)).await.problem(404, "not-found");
        reader.get(&page(&author)).await.problem(404, "not-found");
        reader.get("/v1/authors/by-slug/ada-lovelace").await.problem(404, "not-found");
    }

    async fn an_author_has_a_picture_an_affiliation_and_links(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let profile = json!({
            "name": "Ada Lovelace",
            "avatar": {"url": "https://example.org/ada.jpg", "alt": "Ada at her desk"},
            "affiliation": "Analytical Engine Society",
            "links": [
                {"label": "Mastodon", "url": "https://social.example/@ada"},
                {"label": "All her papers", "url": "https://example.org/papers?by=ada"},
            ],
        });
        let author = ada.post(AUTHORS, profile.clone()).await.expect(201).json();
        insta::assert_json_snapshot!("author_with_profile", author);
        let seen = reader.get(&page(&author)).await.expect(200).json();
        for member in ["avatar", "affiliation", "links"] {
            assert_eq!((&author[member], &seen[member]), (&profile[member], &profile[member]));
        }
        assert_eq!(reader.get("/v1/authors").await.json()["data"][0], seen);

        // A patch changes a part of the picture, and takes all of the links.
        let patched = change(&ada, &author, json!({"avatar": {"alt": null}, "links": [{"label": "Blog", "url": "https://ada.example/"}]})).await;
        assert_eq!(patched["avatar"], json!({"url": "https://example.org/ada.jpg"}));
        assert_eq!(patched["affiliation"], "Analytical Engine Society");
        assert_eq!(patched["links"], json!([{"label": "Blog", "url": "https://ada.example/"}]));
        let patched = change(&ada, &author, json!({"avatar": {"url": "https://example.org/new.jpg"}, "name": "Ada"})).await;
        assert_eq!(patched["avatar"], json!({"url": "https://example.org/new.jpg"}));
        let patched = change(&ada, &author, json!({"avatar": null, "affiliation": null, "links": []})).await;
        assert_eq!((patched.get("avatar"), patched.get("affiliation"), &patched["links"]), (None, None, &json!([])));
        let problem = ada.patch(&desk(&author), "*", json!({"avatar": {"alt": "Nobody"}})).await.problem(422, "validation-failed");
        assert_eq!((&only_fault(&problem)["pointer"], &only_fault(&problem)["code"]), (&json!("#/avatar/url"), &json!("required")));

        // A replacement removes what it leaves out.
        ada.put(&desk(&author), "*", profile).await.expect(200);
        let replaced = ada.put(&desk(&author), "*", json!({"name": "Ada"})).await.expect(200).json();
        assert_eq!((replaced.get("avatar"), replaced.get("affiliation"), &replaced["links"]), (None, None, &json!([])));
        let seen = reader.get(&page(&author)).await.expect(200).json();
        assert_eq!((seen.get("avatar"), seen.get("affiliation"), &seen["links"]), (None, None, &json!([])));
    }

    async fn a_change_of_an_author_must_name_the_current_revision(app: TestApp) {
        let (ada, bob) = (app.editor().await, app.editor().await);
        let grace = author(&ada, "Grace Hopper").await;
        for method in [Method::PUT, Method::PATCH, Method::DELETE] {
            let request = ada.request(method, &desk(&grace)).json(&json!({"name": "Somebody"}));
            let problem = request.send().await.problem(428, "precondition-required");
            assert_eq!(problem["current_etag"], "\"r1\"");
        }
        bob.patch(&desk(&grace), "\"r1\"", json!({"name": "Admiral Hopper"})).await.expect(200);
        let problem = ada.patch(&desk(&grace), "\"r1\"", json!({"name": "Amazing Grace"})).await.problem(412, "precondition-failed");
        assert_eq!(problem["current_revision"], 2);
        assert_eq!(problem["changed_at"], "2026-03-01T12:00:00.000Z");
        assert!(problem["changed_by"].is_string(), "{problem}");
        ada.delete(&desk(&grace), "\"r1\"").await.problem(412, "precondition-failed");
        assert_eq!(ada.get(&desk(&grace)).await.json()["name"], "Admiral Hopper");
    }

    async fn a_former_slug_of_an_author_leads_to_the_current_one(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let countess = author(&ada, "Ada Lovelace").await;
        change(&ada, &countess, json!({"slug": "ada-king"})).await;
        let moved = reader.get("/v1/authors/by-slug/ada-lovelace?x=1").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/authors/by-slug/ada-king?x=1");
        change(&ada, &countess, json!({"slug": "ada"})).await;
        for former in ["ada-lovelace", "ada-king"] {
            let moved = reader.get(&format!("/v1/authors/by-slug/{former}")).await.expect(308);
            assert_eq!(moved.header("location"), "https://galley.example/v1/authors/by-slug/ada");
        }
        change(&ada, &countess, json!({"slug": "ada-lovelace"})).await;
        reader.get("/v1/authors/by-slug/ada-lovelace").await.expect(200);
        reader.get("/v1/authors/by-slug/ada").await.expect(308);
        // Another author may take a slug that only redirects.
        let other = author(&ada, "Ada").await;
        let seen = reader.get("/v1/authors/by-slug/ada").await.expect(200).json();
        assert_eq!(seen["id"], other["id"]);
    }

    async fn two_authors_cannot_have_one_slug(app: TestApp) {
        let ada = app.editor().await;
        let first = author(&ada, "Jane Doe").await;
        let before = ada.get(AUTHORS).await.json();
        let problem = ada.post(AUTHORS, json!({"name": "Jane Doe"})).await.problem(409, "slug-taken");
        assert_eq!(problem["conflicting_id"], first["id"]);
        assert_eq!(problem["suggestion"], "jane-doe-2");
        assert_eq!(only_fault(&problem)["pointer"], "#/slug");
        assert_eq!(ada.get(AUTHORS).await.json(), before);
        let second = ada.post(AUTHORS, json!({"name": "Jane Doe", "slug": "jane-doe-2"})).await.expect(201).json();
        let problem = ada.patch(&desk(&second), "*", json!({"slug": "jane-doe"})).await.problem(409, "slug-taken");
        assert_eq!((&problem["conflicting_id"], &problem["suggestion"]), (&first["id"], &json!("jane-doe-3")));
        assert_eq!(ada.get(&desk(&second)).await.json(), second);
    }

    async fn an_author_made_by_a_byline_is_public_with_the_first_published_article(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "Grace Hopper", "bio": "Finds moths."}]});
        let draft = ada.post("/v1/editorial/articles", body).await.expect(201).json();
        let grace = draft["authors"][0].clone();
        reader.get(&page(&grace)).await.problem(404, "not-found");
        reader.get("/v1/authors/by-slug/grace-hopper").await.problem(404, "not-found");
        assert_eq!(names(&reader.get("/v1/authors").await), [""; 0]);
        assert_eq!(names(&ada.get(AUTHORS).await), ["Grace Hopper"]);
        assert_eq!(ada.get(&desk(&grace)).await.expect(200).json()["public"], false);

        ada.post(&format!("/v1/editorial/articles/{}/publish", id(&draft)), json!({})).await.expect(200);
        let seen = reader.get("/v1/authors/by-slug/grace-hopper").await.expect(200).json();
        assert_eq!(seen["bio_html"], "<p>Finds moths.</p>");
        assert_eq!(names(&reader.get("/v1/authors").await), ["Grace Hopper"]);
        assert_eq!(ada.get(&desk(&grace)).await.json()["public"], true);
    }

    async fn a_byline_gives_a_bio_to_an_author_without_one_and_overwrites_none(app: TestApp) {
        let ada = app.editor().await;
        let grace = author(&ada, "Grace Hopper").await;
        // Readers see this author already, and a draft changes nothing that readers see.
        for (title, bio, status) in [
            ("First", "Said in a draft.", "draft"),
            ("Second", "Finds moths.", "published"),
            ("Third", "Something else.", "published"),
        ] {
            let authors = json!([{"name": "Grace Hopper", "bio": bio}]);
            let body = json!({"title": title, "body_markdown": "x", "authors": authors, "status": status});
            let article = ada.post("/v1/editorial/articles", body).await.expect(201).json();
            assert_eq!(article["authors"][0]["id"], grace["id"]);
        }
        let now = ada.get(&desk(&grace)).await.json();
        assert_eq!((&now["bio_markdown"], &now["revision"]), (&json!("Finds moths."), &json!(2)));
        assert_eq!(names(&ada.get(AUTHORS).await), ["Grace Hopper"]);
    }

    async fn an_author_who_stands_in_a_byline_cannot_be_removed(app: TestApp) {
        let ada = app.editor().await;
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "Grace Hopper"}], "status": "published"});
        let article = ada.post("/v1/editorial/articles", body).await.expect(201).json();
        let (grace, at) = (article["authors"][0].clone(), format!("/v1/editorial/articles/{}", id(&article)));
        ada.delete(&desk(&grace), "*").await.problem(409, "author-in-use");
        // Also while only readers still see the byline.
        ada.patch(&at, "*", json!({"authors": []})).await.expect(200);
        ada.delete(&desk(&grace), "*").await.problem(409, "author-in-use");
        ada.get(&desk(&grace)).await.expect(200);
        ada.post(&format!("{at}/publish"), json!({})).await.expect(200);
        ada.delete(&desk(&grace), "*").await.expect(204);
    }

    async fn nothing_of_an_account_is_in_a_public_answer(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let account = ada.get("/v1/auth/me").await.expect(200).json();
        let body = json!({"title": "Ships", "body_markdown": "x", "authors": [{"name": "Ada Lovelace"}], "status": "published"});
        let article = ada.post("/v1/editorial/articles", body).await.expect(201).json();
        assert_eq!(article["created_by"], account["id"]);
        let author = &article["authors"][0];
        for path in [
            "/v1/authors".to_owned(),
            page(author),
            "/v1/authors/by-slug/ada-lovelace".to_owned(),
            "/v1/articles".to_owned(),
            format!("/v1/articles/{}", id(&article)),
            "/v1/articles/by-slug/ships".to_owned(),
            format!("/v1/articles/{}/comments", id(&article)),
        ] {
            let text = reader.get(&path).await.expect(200).text();
            for secret in [id(&account), "galley.example", "editor1", "Somebody", "created_by", "updated_by"] {
                assert!(!text.contains(secret), "{secret} in {path}: {text}");
            }
        }
    }

    async fn authors_are_listed_by_name_in_pages_forth_and_back(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        // By their bytes, on both databases: capitals before small letters, accents last.
        for (number, name) in ["Zoe", "anna", "Émile", "Bob", "Anna", "Anna-Lena"].into_iter().enumerate() {
            let body = json!({"name": name, "slug": format!("author-{number}")});
            ada.post(AUTHORS, body).await.expect(201);
        }
        let all = ["Anna", "Anna-Lena", "Bob", "Zoe", "anna", "Émile"];
        assert_eq!(names(&reader.get("/v1/authors").await), all);
        assert_eq!(names(&ada.get(AUTHORS).await), all);
        let mut backwards = all;
        backwards.reverse();
        assert_eq!(names(&reader.get("/v1/authors?order=desc").await), backwards);

        let first = reader.get("/v1/authors?limit=4").await.expect(200);
        assert_eq!(names(&first), all[..4]);
        let cursor = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let link = format!("<https://galley.example/v1/authors?limit=4&cursor={cursor}>; rel=\"next\"");
        assert!(first.header("link").contains(&link), "{}", first.header("link"));
        let last = reader.get(&format!("/v1/authors?limit=4&cursor={cursor}")).await.expect(200);
        assert_eq!(names(&last), all[4..]);
        assert_eq!(last.json()["page"].get("next"), None);
        let cursor = last.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = reader.get(&format!("/v1/authors?limit=3&cursor={cursor}")).await.expect(200);
        assert_eq!(names(&back), all[1..4]);
        reader.get(&format!("/v1/authors?order=desc&cursor={cursor}")).await.problem(400, "cursor-mismatch");
        ada.get(&format!("{AUTHORS}?cursor={cursor}")).await.problem(400, "cursor-mismatch");
        reader.get("/v1/authors?limit=101").await.problem(400, "limit-too-large");
        let problem = reader.get("/v1/authors?name=Bob").await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "name");
    }

    async fn a_bio_has_paragraphs_and_links_and_never_a_script(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let bio = "Writes <b onclick=alert(1)>loudly</b> about [ships](https://example.org) and [more](javascript:alert(2)).\n\n\
            ![photo](https://example.org/a.png) <script>alert(3)</script>";
        let body = json!({"name": "Grace Hopper", "bio_markdown": bio});
        let grace = ada.post(AUTHORS, body).await.expect(201).json();
        let seen = reader.get(&page(&grace)).await.expect(200).json();
        insta::assert_json_snapshot!("sanitized_bio", seen["bio_html"]);
        assert_eq!(seen["bio_markdown"], bio);
    }

    async fn an_author_who_is_not_valid_is_refused_with_the_member(app: TestApp) {
        let ada = app.editor().await;
        let grace = author(&ada, "Grace Hopper").await;
        let before = ada.get(AUTHORS).await.json();
        let (too_long, long_bio) = ("é".repeat(121), "x".repeat(10_001));
        let (affiliation, alt, label) = ("é".repeat(201), "é".repeat(501), "é".repeat(101));
        let link = json!({"label": "Blog", "url": "https://ada.example"});
        let many = vec![link.clone(); 21];
        for (body, pointer, code) in [
            (json!({}), "#/name", "required"),
            (json!({"name": ""}), "#/name", "empty"),
            (json!({"name": too_long}), "#/name", "too-long"),
            (json!({"name": "a\tb"}), "#/name", "control-character"),
            (json!({"name": ["Ada"]}), "#/name", "wrong-type"),
            (json!({"name": "!!!"}), "#/slug", "required"),
            (json!({"name": "Ada", "slug": "Ada"}), "#/slug", "invalid-slug"),
            (json!({"name": "Ada", "bio_markdown": long_bio}), "#/bio_markdown", "too-long"),
            (json!({"name": "Ada", "bio_markdown": ""}), "#/bio_markdown", "empty"),
            (json!({"name": "Ada", "url": "javascript:alert(1)"}), "#/url", "invalid-url"),
            (json!({"name": "Ada", "url": "/ada"}), "#/url", "invalid-url"),
            (json!({"name": "Ada", "bio": "Writes."}), "#/bio", "unknown"),
            (json!({"name": "Ada", "affiliation": affiliation}), "#/affiliation", "too-long"),
            (json!({"name": "Ada", "affiliation": "a\nb"}), "#/affiliation", "control-character"),
            (json!({"name": "Ada", "avatar": "https://ada.example/a.jpg"}), "#/avatar", "wrong-type"),
            (json!({"name": "Ada", "avatar": {"alt": "Ada"}}), "#/avatar/url", "required"),
            (json!({"name": "Ada", "avatar": {"url": "data:image/png,x"}}), "#/avatar/url", "invalid-url"),
            (json!({"name": "Ada", "avatar": {"url": "https://ada.example/a.jpg", "alt": alt}}), "#/avatar/alt", "too-long"),
            (json!({"name": "Ada", "avatar": {"url": "https://ada.example/a.jpg", "width": 9}}), "#/avatar/width", "unknown"),
            (json!({"name": "Ada", "links": [link, {"url": "https://ada.example"}]}), "#/links/1/label", "required"),
            (json!({"name": "Ada", "links": [{"label": label, "url": "https://ada.example"}]}), "#/links/0/label", "too-long"),
            (json!({"name": "Ada", "links": [{"label": "Blog"}]}), "#/links/0/url", "required"),
            (json!({"name": "Ada", "links": [{"label": "Blog", "url": "javascript:x"}]}), "#/links/0/url", "invalid-url"),
            (json!({"name": "Ada", "links": [{"label": "Blog", "url": "https://ada.example", "rel": "me"}]}), "#/links/0/rel", "unknown"),
            (json!({"name": "Ada", "links": many}), "#/links", "too-many"),
        ] {
            let problem = ada.post(AUTHORS, body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        for member in ["name", "slug", "links"] {
            let problem = ada.patch(&desk(&grace), "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
            assert_eq!(only_fault(&problem)["code"], "wrong-type");
        }
        assert_eq!(ada.get(AUTHORS).await.json(), before);
        let name = "é".repeat(120);
        assert_eq!(author(&ada, &name).await["name"], name);
    }

    async fn authors_are_changed_by_editors_only_and_read_by_writers_too(app: TestApp) {
        let (ada, writer) = (app.editor().await, app.account(Role::Author).await);
        let grace = author(&ada, "Grace Hopper").await;
        let (moderator, member) = (app.account(Role::Moderator).await, app.account(Role::Reader).await);
        for (method, path) in [
            (Method::POST, AUTHORS.to_owned()),
            (Method::PUT, desk(&grace)),
            (Method::PATCH, desk(&grace)),
            (Method::DELETE, desk(&grace)),
        ] {
            let send = |client: &Client| client.request(method.clone(), &path).body("application/json", "{").send();
            send(&app.reader()).await.problem(401, "not-authenticated");
            for client in [&writer, &moderator, &member] {
                let problem = send(client).await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("authors:write"), "{problem}");
            }
        }
        for path in [AUTHORS.to_owned(), desk(&grace)] {
            app.reader().get(&path).await.problem(401, "not-authenticated");
            moderator.get(&path).await.problem(403, "insufficient-scope");
            member.get(&path).await.problem(403, "insufficient-scope");
            writer.get(&path).await.expect(200);
        }
        assert_eq!(ada.get(&desk(&grace)).await.json(), grace);
    }

    async fn a_reader_who_has_the_author_already_is_told_so(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let grace = author(&ada, "Grace Hopper").await;
        let tag = reader.get(&page(&grace)).await.header("etag").to_owned();
        for path in [page(&grace), "/v1/authors/by-slug/grace-hopper".to_owned()] {
            let held = reader.request(Method::GET, &path).header("If-None-Match", &tag).send().await.expect(304);
            assert_eq!((held.text().as_str(), held.header("etag")), ("", tag.as_str()));
        }
        change(&ada, &grace, json!({"bio_markdown": "Finds moths."})).await;
        let changed = reader.request(Method::GET, &page(&grace)).header("If-None-Match", &tag).send().await.expect(200);
        assert!(changed.header("etag").starts_with("\"r2."));
    }
}
