//! The protocol around the routes: paths, methods, bodies, parameters, headers, other origins, and failures.

use actix_web::http::Method;
use galley::app::document;
use galley::http::problem_codes;
use galley::openapi;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::{TestApp, with_origins};
use crate::support::client::{Client, id};

const LOGIN: &str = "/v1/auth/login";
const PUBLIC: &str = "public, max-age=0, s-maxage=60, stale-while-revalidate=300, stale-if-error=86400";
const SITE: &str = "https://www.example.org";

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap()
}

async fn send(client: &Client, name: &str, path: &str) -> Answer {
    client.request(method(name), path).send().await
}

async fn log_in_with(client: &Client, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    client.request(Method::POST, LOGIN).body(media_type, body).send().await
}

/// The names of the CORS headers of an answer.
fn cors_headers(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, _)| name.to_string())
        .filter(|name| name.starts_with("access-control-"))
        .collect();
    names.sort();
    names
}

async fn preflight(client: &Client, origin: &str, path: &str, wanted: &str, headers: &str) -> Answer {
    client
        .request(Method::OPTIONS, path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", wanted)
        .header("Access-Control-Request-Headers", headers)
        .send()
        .await
}

on_both_databases! {
    async fn a_path_that_is_not_there_is_a_problem(app: TestApp) {
        let reader = app.reader();
        let problem = reader.get("/v1/artcles").await.problem(404, "not-found");
        insta::assert_json_snapshot!("no_route", problem, {".request_id" => "[id]"});
        for path in ["/", "/v2/articles", "/v1", "/v1/articles/a/b/c", "/v1/editorial", "//", "/%00", "/v1/articles%2F", "/.env", "/v1/../openapi.json"] {
            for name in ["GET", "POST", "DELETE", "OPTIONS"] {
                send(&reader, name, path).await.problem(404, "not-found");
            }
        }
    }

    async fn a_method_that_a_path_does_not_have_is_answered_with_those_it_has(app: TestApp) {
        let reader = app.reader();
        let article = "/v1/editorial/articles/00000000-0000-7000-8000-000000000000";
        for (name, path, allow) in [
            ("DELETE", "/v1/articles", "GET, HEAD, OPTIONS"),
            ("TRACE", "/v1/articles", "GET, HEAD, OPTIONS"),
            ("BREW", "/v1/articles", "GET, HEAD, OPTIONS"),
            ("PROPFIND", "/livez", "GET, HEAD, OPTIONS"),
            ("GET", LOGIN, "POST, OPTIONS"),
            ("HEAD", LOGIN, "POST, OPTIONS"),
            ("POST", article, "DELETE, GET, HEAD, PATCH, PUT, OPTIONS"),
            ("PATCH", "/v1/articles/by-slug/ships", "GET, HEAD, OPTIONS"),
            ("POST", "/docs", "GET, HEAD, OPTIONS"),
            ("POST", "/openapi.json", "GET, HEAD, OPTIONS"),
            ("get", "/livez", "GET, HEAD, OPTIONS"),
        ] {
            let answer = send(&reader, name, path).await;
            assert_eq!(answer.header("allow"), allow, "{name} {path}: {}", answer.text());
            answer.problem(405, "method-not-allowed");
        }
        let problem = send(&reader, "BREW", "/v1/articles").await.problem(405, "method-not-allowed");
        insta::assert_json_snapshot!("method_not_allowed", problem, {".request_id" => "[id]"});
    }

    async fn options_lists_the_methods(app: TestApp) {
        for (path, allow) in [
            ("/v1/articles", "GET, HEAD, OPTIONS"),
            ("/v1/editorial/articles", "GET, HEAD, POST, OPTIONS"),
            ("/v1/editorial/articles/by-slug/ships", "PUT, OPTIONS"),
        ] {
            let answer = send(&app.reader(), "OPTIONS", path).await.expect(204);
            assert_eq!((answer.header("allow"), answer.body.len()), (allow, 0), "{path}");
        }
    }

    async fn head_answers_with_the_headers_of_get(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        for path in [&format!("/v1/articles/{}", id(&article)), "/v1/articles", "/openapi.json", "/v1/problems", "/livez"] {
            let reader = app.reader();
            let (get, head) = (send(&reader, "GET", path).await.expect(200), send(&reader, "HEAD", path).await.expect(200));
            let headers = |answer: &Answer| {
                let mut all: Vec<(String, String)> = answer.headers.iter()
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                    .filter(|(name, _)| name != "request-id")
                    .collect();
                all.sort();
                all
            };
            assert_eq!(headers(&get), headers(&head), "{path}");
        }
        send(&app.reader(), "HEAD", "/v1/articles/by-slug/nothing").await.expect(404);
        send(&app.reader(), "HEAD", "/v1/editorial/articles").await.expect(401);
    }

    async fn a_slash_at_the_end_leads_to_the_path_without(app: TestApp) {
        let reader = app.reader();
        for (name, path, location) in [
            ("GET", "/v1/articles/", "https://galley.example/v1/articles"),
            ("GET", "/v1/articles///?limit=3&x=%20", "https://galley.example/v1/articles?limit=3&x=%20"),
            ("POST", "/v1/auth/login/", "https://galley.example/v1/auth/login"),
            ("GET", "/v1/articles/by-slug/ships/", "https://galley.example/v1/articles/by-slug/ships"),
            ("GET", "/livez/", "https://galley.example/livez"),
        ] {
            let answer = send(&reader, name, path).await.expect(308);
            assert_eq!(answer.header("location"), location, "{name} {path}");
        }
        reader.get("/nothing/").await.problem(404, "not-found");
        // A path that a browser would take for another host is no way out.
        reader.get("//evil.example/").await.problem(404, "not-found");
    }

    async fn an_id_that_is_none_is_named_with_the_way_by_slug(app: TestApp) {
        let ada = app.editor().await;
        let problem = ada.get("/v1/articles/ships").await.problem(400, "invalid-parameter");
        insta::assert_json_snapshot!("id_malformed", problem, {".request_id" => "[id]"});
        for (path, parameter) in [
            ("/v1/authors/ada", "id"),
            ("/v1/comments/1", "id"),
            ("/v1/articles/ships/comments", "id"),
            ("/v1/editorial/articles/ships", "id"),
            ("/v1/editorial/threads/ships", "article_id"),
            ("/v1/articles/%00", "id"),
            ("/v1/articles/%FF%FE", "id"),
            ("/v1/articles/00000000-0000-7000-8000-00000000000g", "id"),
        ] {
            let problem = ada.get(path).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], parameter, "{path}");
            assert!(problem["detail"].as_str().unwrap().contains("by-slug"), "{problem}");
        }
        for path in ["/v1/articles/by-slug/Not%20A%20Slug", "/v1/authors/by-slug/%00", "/v1/articles/by-slug/-"] {
            let problem = ada.get(path).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], "slug", "{path}");
        }
    }

    async fn an_unknown_parameter_is_named_with_the_one_that_was_meant(app: TestApp) {
        let problem = app.reader().get("/v1/articles?limt=3").await.problem(400, "unknown-parameter");
        insta::assert_json_snapshot!("parameter_unknown", problem, {".request_id" => "[id]"});
        let problem = app.reader().get("/v1/articles?%00=1").await.problem(400, "unknown-parameter");
        assert_eq!(only_fault(&problem)["code"], "unknown");
    }

    async fn a_parameter_stands_once(app: TestApp) {
        for query in ["limit=3&limit=3", "limit=3&limit=4", "limit=3&%6Cimit=4"] {
            let problem = app.reader().get(&format!("/v1/articles?{query}")).await.problem(400, "invalid-parameter");
            assert_eq!(only_fault(&problem)["parameter"], "limit", "{query}");
        }
    }

    async fn every_list_refuses_what_it_does_not_know(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        for path in ["/v1/articles", "/v1/authors", &format!("/v1/articles/{}/comments", id(&article)), "/v1/editorial/articles", "/v1/editorial/authors", "/v1/editorial/comments"] {
            ada.get(&format!("{path}?nonsense=1")).await.problem(400, "unknown-parameter");
            ada.get(&format!("{path}?limit=1000")).await.problem(400, "limit-too-large");
            ada.get(&format!("{path}?cursor=nonsense")).await.problem(400, "cursor-invalid");
            ada.get(&format!("{path}?limit=1&limit=1")).await.problem(400, "invalid-parameter");
        }
    }

    async fn json_that_cannot_be_read_is_shown_by_line_and_column(app: TestApp) {
        let reader = app.reader();
        let problem = log_in_with(&reader, "application/json", "{\n  \"email\": \"ada\",\n  \"password\" \"x\"\n}").await.problem(400, "malformed-json");
        insta::assert_json_snapshot!("json_malformed", problem, {".request_id" => "[id]"});
        for (body, line, column) in [("{", 1, 1), ("[1,\n2", 2, 1), ("[1,\n", 2, 1), ("{} {}", 1, 4), ("nul", 1, 3), ("{\"a\":1,}", 1, 8)] {
            let problem = log_in_with(&reader, "application/json", body).await.problem(400, "malformed-json");
            let fault = only_fault(&problem);
            assert_eq!((&fault["line"], &fault["column"]), (&json!(line), &json!(column)), "{body}: {problem}");
        }
    }

    async fn a_body_that_is_empty_or_no_text_is_explained(app: TestApp) {
        let reader = app.reader();
        let problem = log_in_with(&reader, "application/json", "").await.problem(400, "malformed-json");
        assert_eq!(problem["detail"], "The body is empty; send a JSON object.");
        assert_eq!((&only_fault(&problem)["line"], &only_fault(&problem)["column"]), (&json!(1), &json!(1)));
        let problem = log_in_with(&reader, "application/json", b"{\"email\": \"\xff\"}".to_vec()).await.problem(400, "malformed-json");
        assert_eq!(problem["detail"], "The body is not UTF-8: byte 11 cannot be read.");
        // Nested far deeper than any body of ours.
        log_in_with(&reader, "application/json", "[".repeat(100_000)).await.problem(400, "malformed-json");
        log_in_with(&reader, "application/json", "{\"a\":".repeat(100_000)).await.problem(400, "malformed-json");
        log_in_with(&reader, "application/json", "\"\\ud800\"").await.problem(400, "malformed-json");
        log_in_with(&reader, "application/json", "1e999").await.problem(400, "malformed-json");
    }

    async fn a_body_in_another_form_is_answered_with_the_one_that_is_taken(app: TestApp) {
        let reader = app.reader();
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json", "", "multipart/form-data; boundary=x", "application/json2"] {
            let answer = log_in_with(&reader, media_type, "{}").await;
            assert_eq!(answer.header("accept-post"), "application/json", "{media_type}");
            let problem = answer.problem(415, "unsupported-media-type");
            assert_eq!(only_fault(&problem)["header"], "Content-Type");
        }
        let problem = send(&reader, "POST", LOGIN).await.problem(415, "unsupported-media-type");
        insta::assert_json_snapshot!("media_type_missing", problem, {".request_id" => "[id]"});
        for media_type in ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"] {
            log_in_with(&reader, media_type, "{}").await.problem(422, "validation-failed");
        }
    }

    async fn a_compressed_body_is_not_read(app: TestApp) {
        let reader = app.reader();
        for coding in ["gzip", "br", "deflate", "GZIP", "identity, gzip"] {
            let answer = reader.request(Method::POST, LOGIN).header("Content-Encoding", coding).json(&json!({})).send().await;
            let problem = answer.problem(415, "unsupported-media-type");
            assert_eq!(only_fault(&problem)["header"], "Content-Encoding", "{coding}");
        }
        let answer = reader.request(Method::POST, LOGIN).header("Content-Encoding", "Identity").json(&json!({})).send().await;
        answer.problem(422, "validation-failed");
    }

    async fn a_body_above_the_limit_is_refused_by_its_length_or_by_its_bytes(app: TestApp) {
        let ada = app.editor().await;
        let limit = app.state.settings.max_body_bytes;
        let title = json!({"title": "x".repeat(limit), "body_markdown": "x"});
        let problem = ada.post("/v1/editorial/articles", title).await.problem(413, "payload-too-large");
        assert_eq!(problem["detail"], "The body may have at most 2097152 bytes.");
        // Its length is enough, so that not a byte of it is waited for.
        let declared = ada
            .request(Method::POST, "/v1/editorial/articles")
            .header("Content-Type", "application/json")
            .header("Content-Length", "2097153")
            .send()
            .await;
        declared.problem(413, "payload-too-large");
        ada.upload_text("", "x".repeat(limit + 1)).await.problem(413, "payload-too-large");
        let list = ada.get("/v1/editorial/articles").await.expect(200).json();
        assert_eq!(list["data"], json!([]));
    }

    async fn a_request_keeps_its_sane_id_and_gets_another_in_place_of_a_strange_one(app: TestApp) {
        let reader = app.reader();
        let asked = async |value: &str| {
            let answer = reader.request(Method::GET, "/v1/nothing").header("Request-Id", value).send().await;
            let given = answer.header("request-id").to_owned();
            answer.problem(404, "not-found");
            given
        };
        for sane in ["a", "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071", "web.7_x-1", &"x".repeat(64)] {
            assert_eq!(asked(sane).await, sane);
        }
        for strange in ["", " ", "a b", "<script>", "a\"b", "a\\nb", "é", &"x".repeat(65)] {
            let given = asked(strange).await;
            assert_eq!(uuid::Uuid::parse_str(&given).unwrap().get_version_num(), 7, "{strange:?}");
        }
        let (one, two) = (reader.get("/livez").await, reader.get("/livez").await);
        assert_ne!(one.header("request-id"), two.header("request-id"));
    }

    async fn every_answer_has_the_headers_that_keep_browsers_safe(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let path = format!("/v1/articles/{}", id(&article));
        let answers = [
            ada.get(&path).await.expect(200),
            send(&app.reader(), "OPTIONS", &path).await.expect(204),
            app.reader().get("/v1/articles/").await.expect(308),
            app.reader().get("/nothing").await.expect(404),
            send(&app.reader(), "PUT", &path).await.expect(405),
            app.reader().get("/v1/editorial/articles").await.expect(401),
            log_in_with(&app.reader(), "text/plain", "").await.expect(415),
            app.reader().get("/v1/problems/not-found").await.expect(200),
        ];
        for answer in answers {
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            assert_eq!(answer.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
            assert!(!answer.header("request-id").is_empty() && !answer.header("cache-control").is_empty());
            assert_eq!(answer.header("server"), "");
        }
    }

    async fn problems_are_two_lines_of_text_for_a_terminal(app: TestApp) {
        for accept in ["text/plain", "Text/Plain; charset=utf-8", " text/plain, application/json;q=0.5"] {
            let answer = app.reader().request(Method::GET, "/v1/nothing").header("Accept", accept).send().await.expect(404);
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(answer.text(), "404 not-found: There is nothing here\nThere is no route /v1/nothing.\n");
        }
        let answer = app.reader().request(Method::GET, "/v1/editorial/articles").header("Accept", "text/plain").send().await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"galley\"");
        for accept in ["*/*", "application/json", "application/json, text/plain", "text/html", ""] {
            app.reader().request(Method::GET, "/v1/nothing").header("Accept", accept).send().await.problem(404, "not-found");
        }
    }

    async fn what_readers_see_may_be_kept_and_what_needs_a_token_may_not(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let comment = app.reader().comment(&article, None, "One").await.expect(201).json();
        let article_path = format!("/v1/articles/{}", id(&article));
        let comments_path = format!("{article_path}/comments");
        let comment_path = format!("/v1/comments/{}", id(&comment));
        for path in ["/v1/articles", &article_path, "/v1/articles/by-slug/ships", &comments_path, &comment_path, "/v1/authors", "/v1/problems", "/v1/problems/not-found"] {
            assert_eq!(app.reader().get(path).await.expect(200).header("cache-control"), PUBLIC, "{path}");
            assert_eq!(ada.get(path).await.expect(200).header("cache-control"), "private, no-store", "{path} with a token");
        }
        for path in ["/v1/editorial/articles", "/v1/editorial/authors", "/v1/editorial/comments", "/v1/auth/me"] {
            assert_eq!(ada.get(path).await.expect(200).header("cache-control"), "private, no-store", "{path}");
        }
        for path in ["/v1/articles/by-slug/nothing", "/v1/nothing", "/v1/articles?x=1", "/v1/editorial/articles"] {
            assert_eq!(app.reader().get(path).await.header("cache-control"), "no-store", "{path}");
        }
        for path in ["/livez", "/readyz", "/version"] {
            assert_eq!(app.reader().get(path).await.expect(200).header("cache-control"), "private, no-store", "{path}");
        }
    }

    async fn the_server_tells_how_it_is_and_what_it_is(app: TestApp) {
        let reader = app.reader();
        assert_eq!(reader.get("/livez").await.expect(200).json(), json!({"status": "ok"}));
        assert_eq!(reader.get("/readyz").await.expect(200).json(), json!({"status": "ok"}));
        let version = json!({"name": "galley", "version": env!("CARGO_PKG_VERSION"), "database": app.state.database.kind()});
        assert_eq!(reader.get("/version").await.expect(200).json(), version);
    }

    async fn every_kind_of_problem_has_its_page(app: TestApp) {
        let reader = app.reader();
        let list = reader.get("/v1/problems").await.expect(200).json();
        let codes: Vec<&str> = list["data"].as_array().unwrap().iter().map(|kind| kind["code"].as_str().unwrap()).collect();
        let known: Vec<&str> = problem_codes::ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes, known);
        assert_eq!(list["page"], json!({"limit": known.len()}));
        for kind in list["data"].as_array().unwrap() {
            let code = kind["code"].as_str().unwrap();
            let path = format!("/v1/problems/{code}");
            let answer = reader.get(&path).await.expect(200);
            assert_eq!((&answer.json(), answer.header("vary")), (kind, "Accept"));
            assert_eq!(kind["type"], format!("tag:galley,2026:problems/{code}"));
            let page = reader.request(Method::GET, &path).header("Accept", "text/html,application/xhtml+xml;q=0.9").send().await.expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert!(page.text().contains(&format!("<code>{code}</code>, status {}", kind["status"])), "{}", page.text());
        }
        insta::assert_json_snapshot!("problem_page", reader.get("/v1/problems/slug-taken").await.expect(200).json());
        reader.get("/v1/problems/nonsense").await.problem(404, "not-found");
    }

    async fn the_explorer_asks_nobody_else_for_anything(app: TestApp) {
        let reader = app.reader();
        assert_eq!(send(&reader, "GET", "/docs").await.expect(308).header("location"), "/docs/");
        for (file, kind) in [
            ("", "text/html"),
            ("index.html", "text/html"),
            ("swagger-initializer.js", "text/javascript"),
            ("swagger-ui.css", "text/css"),
            ("swagger-ui-bundle.js", "text/javascript"),
            ("swagger-ui-standalone-preset.js", "text/javascript"),
        ] {
            let answer = reader.get(&format!("/docs/{file}")).await.expect(200);
            assert!(answer.header("content-type").starts_with(kind), "{file}: {}", answer.header("content-type"));
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'self';") && !policy.contains("http"), "{policy}");
            if ["", "index.html", "swagger-initializer.js"].contains(&file) {
                let text = answer.text();
                assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("\"//"), "{text}");
            }
        }
        let initializer = reader.get("/docs/swagger-initializer.js").await.expect(200).text();
        assert!(initializer.contains("/openapi.json") && !initializer.contains("petstore"), "{initializer}");
        reader.get("/docs/nothing.js").await.problem(404, "not-found");
        reader.get("/docs/../Cargo.toml").await.problem(404, "not-found");
    }

    async fn the_document_is_served_with_a_tag(app: TestApp) {
        let answer = app.reader().get("/openapi.json").await.expect(200);
        let served = answer.json();
        assert_eq!(answer.text(), openapi::json(&document("https://galley.example")));
        assert_eq!(served["servers"][0]["url"], "https://galley.example");
        let tag = answer.header("etag");
        app.reader().request(Method::GET, "/openapi.json").header("If-None-Match", tag).send().await.expect(304);
    }

    async fn a_failure_of_ours_tells_nothing_of_the_inside(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        app.run_sql("ALTER TABLE comments RENAME TO comments_away").await;
        let path = format!("/v1/articles/{}/comments", id(&article));
        let posted = app.reader().comment(&article, None, "One").await;
        for answer in [app.reader().get(&path).await, posted, ada.get("/v1/editorial/comments").await] {
            let text = answer.text().to_lowercase();
            for word in ["sql", "select", "insert", "table", "relation", "database", "diesel", "/src/", "panicked"] {
                assert!(!text.contains(word), "{word}: {text}");
            }
            answer.problem(500, "internal-error");
        }
        let problem = app.reader().get(&path).await.problem(500, "internal-error");
        insta::assert_json_snapshot!("internal_error", problem, {".request_id" => "[id]"});
        // The comment that could not be stored took no number.
        let thread = ada.get(&format!("/v1/editorial/threads/{}", id(&article))).await.expect(200).json();
        assert_eq!(thread["approved_count"], 0);
    }

    async fn a_server_whose_database_has_another_schema_is_not_ready(app: TestApp) {
        app.run_sql("DELETE FROM __diesel_schema_migrations").await;
        let answer = send(&app.reader(), "GET", "/readyz").await;
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(answer.problem(503, "service-unavailable")["retry_after"], 2);
        app.reader().get("/livez").await.expect(200);
    }

    async fn no_other_origin_may_call_unless_it_is_set(app: TestApp) {
        let answer = app.reader().request(Method::GET, "/v1/articles").header("Origin", SITE).send().await.expect(200);
        assert_eq!(cors_headers(&answer), Vec::<String>::new());
        let answer = preflight(&app.reader(), SITE, LOGIN, "POST", "content-type").await.expect(204);
        assert_eq!((cors_headers(&answer), answer.header("allow")), (Vec::new(), "POST, OPTIONS"));
    }
}

#[actix_web::test]
async fn an_origin_on_the_list_may_call_and_no_other() {
    let app = TestApp::with_settings(with_origins(&[SITE, "https://preview.example.org"])).await;
    let reader = app.reader();
    for origin in [SITE, "https://preview.example.org"] {
        let answer = preflight(
            &reader,
            origin,
            "/v1/editorial/articles",
            "POST",
            "authorization, content-type, if-match",
        )
        .await
        .expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-max-age"), "3600");
        let methods = answer.header("access-control-allow-methods");
        for name in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            assert!(methods.contains(name), "{methods}");
        }
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        for name in [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "request-id",
        ] {
            assert!(headers.contains(name), "{headers}");
        }
        assert!(answer.header("vary").contains("Origin"));
        assert_eq!(answer.header("access-control-allow-credentials"), "");

        let answer = reader
            .request(Method::GET, "/v1/articles")
            .header("Origin", origin)
            .send()
            .await
            .expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
        for name in ["etag", "link", "location", "request-id", "retry-after"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    for origin in [
        "https://evil.example",
        "https://www.example.org.evil.example",
        "http://www.example.org",
        "https://www.example.org:8443",
        "null",
    ] {
        let answer = preflight(&reader, origin, LOGIN, "POST", "content-type").await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let answer = reader
            .request(Method::GET, "/v1/articles")
            .header("Origin", origin)
            .send()
            .await
            .expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        assert!(
            answer.header("vary").contains("Origin"),
            "a cache must not give this answer to a site on the list"
        );
    }
}

#[actix_web::test]
async fn a_site_on_the_list_can_read_problems_too() {
    let app = TestApp::with_settings(with_origins(&[SITE])).await;
    for (name, path, status) in [
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/articles", 405),
        ("GET", "/v1/articles?x=1", 400),
        ("GET", "/v1/editorial/articles", 401),
        ("POST", LOGIN, 415),
    ] {
        let answer = app
            .reader()
            .request(method(name), path)
            .header("Origin", SITE)
            .send()
            .await
            .expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), SITE, "{name} {path}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[actix_web::test]
async fn every_origin_may_call_when_that_is_set() {
    let app = TestApp::with_settings(|settings| settings.cors_origins = galley::settings::CorsOrigins::Any).await;
    let answer = app
        .reader()
        .request(Method::GET, "/v1/articles")
        .header("Origin", "https://anybody.example")
        .send()
        .await
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let answer = preflight(&app.reader(), "https://anybody.example", LOGIN, "POST", "content-type")
        .await
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[actix_web::test]
async fn the_limit_of_a_body_is_a_setting() {
    let app = TestApp::with_settings(|settings| settings.max_body_bytes = 100).await;
    let body = |length: usize| Value::String("x".repeat(length - 2)).to_string();
    log_in_with(&app.reader(), "application/json", body(100))
        .await
        .problem(422, "validation-failed");
    let problem = log_in_with(&app.reader(), "application/json", body(101))
        .await
        .problem(413, "payload-too-large");
    assert_eq!(problem["detail"], "The body may have at most 100 bytes.");
}
