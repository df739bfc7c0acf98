//! Posting comments: who may, what may stand in them, and how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use futures_util::future::join_all;
use galley::accounts::permissions::Role;
use galley::http::client_address::TrustedProxies;
use galley::http::rate_limits::Rate;
use galley::settings::{KeySource, RateLimits, ReaderIdentity, Settings};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::on_both_databases;
use crate::support::answer::only_fault;
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const SETTINGS: &str = "/v1/editorial/settings";
const PREVIEW: &str = "/v1/comments/preview";
const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "comments of the site";
const SECRET: &[u8] = b"a secret of the site, long enough for HMAC";

fn thread_of(article: &Value) -> String {
    format!("/v1/articles/{}/comments", id(article))
}

fn text(text: &str) -> Value {
    json!({"author_name": "Grace", "body_markdown": text})
}

fn post(client: &Client, article: &Value, body: &Value) -> Draft {
    client.request(Method::POST, &thread_of(article)).json(body)
}

async fn shown(app: &TestApp, article: &Value) -> Vec<Value> {
    let page = app
        .reader()
        .get(&format!("{}?limit=500", thread_of(article)))
        .await
        .expect(200);
    page.json()["data"].as_array().unwrap().clone()
}

async fn settings(app: &TestApp, change: Value) {
    let administrator = app.account(Role::Administrator).await;
    administrator.patch(SETTINGS, "*", change).await.expect(200);
}

/// Settings with an identity provider whose keys stand somewhere.
fn identity(keys: KeySource) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.reader_identity = Some(ReaderIdentity {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            keys,
        });
    }
}

fn secret_set() -> String {
    json!({"keys": [{"kty": "oct", "kid": "k", "k": URL_SAFE_NO_PAD.encode(SECRET)}]}).to_string()
}

/// A file with the secret of the identity provider, and its folder.
fn secret_file() -> (tempfile::TempDir, KeySource) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    std::fs::write(&path, secret_set()).unwrap();
    (folder, KeySource::File(path))
}

fn claims(app: &TestApp, subject: &str, name: Option<&str>) -> Value {
    let now = app.state.clock.now().timestamp();
    let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + 600});
    if let Some(name) = name {
        claims["name"] = name.into();
    }
    claims
}

fn token(claims: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some("k".to_owned());
    encode(&header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn rates(text: &str) -> impl FnOnce(&mut Settings) {
    let rates = text.split(',').map(|rate| Rate::parse(rate).unwrap()).collect();
    move |settings| settings.comment_rates = rates
}

/// An identity provider that answers every request with the body of the moment, and counts them.
struct KeyServer {
    address: url::Url,
    body: Arc<std::sync::Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(body: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let (body, asked) = (Arc::new(std::sync::Mutex::new(body)), Arc::new(AtomicUsize::new(0)));
        let (served, counted) = (Arc::clone(&body), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0_u8; 4_096];
                let _read = stream.read(&mut head).await;
                let body = served.lock().unwrap().clone();
                let status = if body.is_empty() {
                    "503 Service Unavailable"
                } else {
                    "200 OK"
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _written = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, body, asked }
    }

    fn serve(&self, body: String) {
        *self.body.lock().unwrap() = body;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// A key pair of the identity provider: what signs, and the public half.
fn key_pair(kid: &str) -> (EncodingKey, Value) {
    let pem = galley::accounts::keys::generate_pem().unwrap();
    let signing = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let mut public = Jwk::from_encoding_key(&signing, Algorithm::EdDSA).unwrap();
    public.common.key_id = Some(kid.to_owned());
    (signing, serde_json::to_value(&public).unwrap())
}

fn signed(key: &EncodingKey, kid: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).unwrap()
}

on_both_databases! {
    async fn characters_that_disguise_a_text_are_refused_with_their_place(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        for (member, value, code, said) in [
            ("body_markdown", "abc\u{202e}cba", "disguising-character", "character 4 is U+202E"),
            ("body_markdown", "\u{2066}a\u{2069}", "disguising-character", "character 1 is U+2066"),
            ("body_markdown", "a\u{200f}", "disguising-character", "character 2 is U+200F"),
            ("body_markdown", "a\u{7}b", "control-character", "character 2 is the control character U+0007"),
            ("author_name", "Gr\u{202d}ace", "disguising-character", "character 3 is U+202D"),
            ("author_name", "Grace\u{200b}", "disguising-character", "character 6 is U+200B"),
            ("author_name", "Gr\u{85}ace", "control-character", "U+0085"),
            ("author_url", "https://example.org/\u{202e}gpj.exe", "disguising-character", "character 21 is U+202E"),
        ] {
            let mut body = text("Hello");
            body[member] = value.into();
            let problem = app.rehearse(post(&reader, &article, &body)).await.problem(422, "validation-failed");
            let fault = only_fault(&problem).clone();
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(format!("#/{member}")), &json!(code)), "{fault}");
            let detail = fault["detail"].as_str().unwrap();
            assert!(detail.contains(said) && detail.ends_with("remove it"), "{detail}");
            post(&reader, &article, &body).send().await.problem(422, "validation-failed");
        }
        assert_eq!(shown(&app, &article).await, Vec::<Value>::new());
        // Texts that run from the right, and emoji of several characters, are as good as others.
        let body = json!({"author_name": "שרה", "body_markdown": "שלום, نوشته\u{200c}ها 👩\u{200d}👧"});
        app.rehearse_and_send(|| post(&reader, &article, &body)).await.expect(201);
    }

    async fn the_site_says_how_long_comments_are_and_how_many_links_they_have(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        settings(&app, json!({"comment_characters": 60, "comment_links": 1})).await;
        let problem = reader.comment(&article, None, &"é".repeat(61)).await.problem(422, "validation-failed");
        let fault = only_fault(&problem);
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!("#/body_markdown"), &json!("too-long")));
        assert!(fault["detail"].as_str().unwrap().contains("61 characters, and comments have at most 60"), "{fault}");
        reader.comment(&article, None, &"é".repeat(60)).await.expect(201);
        for many in ["[a](https://a.example) https://b.example", "https://a.example www.b.example", "<https://a.example>,<https://b.example>"] {
            let problem = reader.comment(&article, None, many).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!(fault["code"], "too-many-links");
            assert!(fault["detail"].as_str().unwrap().contains("2 links, and comments have at most 1"), "{fault}");
        }
        let comment = reader.comment(&article, None, "[a](https://a.example)").await.expect(201).json();
        assert_eq!(comment["body_html"], "<p><a href=\"https://a.example\" rel=\"nofollow ugc noopener noreferrer\">a</a></p>");
        // All that is wrong is told at once.
        let body = json!({"body_markdown": format!("https://a.example https://b.example {}", "x".repeat(60))});
        let problem = reader.post(&thread_of(&article), body).await.problem(422, "validation-failed");
        let codes: Vec<&str> = problem["errors"].as_array().unwrap().iter().map(|fault| fault["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["required", "too-long", "too-many-links"]);
        settings(&app, json!({"comment_links": 0})).await;
        reader.comment(&article, None, "www.a.example").await.problem(422, "validation-failed");
    }

    async fn a_preview_shows_what_would_be_posted_and_stores_nothing(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        settings(&app, json!({"comment_characters": 80, "comment_links": 2})).await;
        let source = "Well *said*. <b>x</b> <https://a.example> https://b.example";
        let before = app.database_digest().await;
        let preview = reader.post(PREVIEW, json!({"body_markdown": source})).await.expect(200);
        assert!(preview.header("cache-control").contains("no-store"), "{}", preview.header("cache-control"));
        let preview = preview.json();
        assert_eq!((&preview["characters"], &preview["links"]), (&json!(source.len()), &json!(2)));
        app.bearer("whatever").post(PREVIEW, json!({"body_markdown": "a"})).await.expect(200);
        for (body, code) in [
            (json!({"body_markdown": "x".repeat(81)}), "too-long"),
            (json!({"body_markdown": "www.a.example www.b.example www.c.example"}), "too-many-links"),
            (json!({"body_markdown": "a\u{202e}"}), "disguising-character"),
            (json!({"body_markdown": " "}), "empty"),
            (json!({"body_markdown": 1}), "wrong-type"),
            (json!({}), "required"),
            (json!({"body_markdown": "a", "author_name": "Grace"}), "unknown"),
        ] {
            let problem = reader.post(PREVIEW, body.clone()).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["code"], code, "{body}");
        }
        let send = |media_type: &'static str, body: &'static str| reader.request(Method::POST, PREVIEW).body(media_type, body).send();
        send("application/json", "{").await.problem(400, "malformed-json");
        send("text/plain", "a").await.problem(415, "unsupported-media-type");
        send("application/json", "").await.problem(400, "malformed-json");
        assert_eq!(app.database_digest().await, before);
        let comment = reader.comment(&article, None, source).await.expect(201).json();
        assert_eq!((&comment["body_html"], &comment["body_text"]), (&preview["body_html"], &preview["body_text"]));
    }

    async fn the_newsroom_comments_under_its_names(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let body = json!({"body_markdown": "We mended it."});
        let comment = app.rehearse_and_send(|| post(&ada, &article, &body)).await.expect(201).json();
        assert_eq!(comment["author"], json!({"name": "Somebody", "badge": "staff"}));
        let named = json!({"author_name": "The desk", "body_markdown": "Thanks."});
        let comment = ada.post(&thread_of(&article), named).await.expect(201).json();
        assert_eq!(comment["author"], json!({"name": "The desk", "badge": "staff"}));
        // An account that has no part in the newsroom is a reader like others.
        let member = app.account(Role::Reader).await;
        let comment = member.post(&thread_of(&article), json!({"body_markdown": "I, too."})).await.expect(201).json();
        assert_eq!(comment["author"], json!({"name": "Somebody"}));
        // What is held for moderators is not held for moderators themselves.
        let path = format!("/v1/editorial/threads/{}", id(&article));
        ada.request(Method::PATCH, &path).json(&json!({"moderation": "pre"})).send().await.expect(200);
        let (moderator, author) = (app.account(Role::Moderator).await, app.account(Role::Author).await);
        moderator.post(&thread_of(&article), body.clone()).await.expect(201);
        author.post(&thread_of(&article), body.clone()).await.expect(202);
        member.post(&thread_of(&article), body.clone()).await.expect(202);
        reader.post(&thread_of(&article), text("And I?")).await.expect(202);
        app.bearer("forged").post(&thread_of(&article), body.clone()).await.problem(401, "token-invalid");
        let problem = reader.post(&thread_of(&article), body).await.problem(422, "validation-failed");
        assert_eq!((&only_fault(&problem)["pointer"], &only_fault(&problem)["code"]), (&json!("#/author_name"), &json!("required")));
        assert_eq!(shown(&app, &article).await.len(), 4);
    }

    async fn a_site_can_ask_for_an_identity(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let (_folder, keys) = secret_file();
        let site = app.with_changed_settings(identity(keys)).await;
        settings(&app, json!({"comments_from": "identified"})).await;
        for reader in [&reader, &site.reader(), &site.bearer("galley_cmt_x")] {
            let answer = reader.post(&thread_of(&article), text("Hello")).await;
            assert!(answer.header("www-authenticate").starts_with("Bearer realm="), "{}", answer.text());
            let problem = answer.problem(401, "not-authenticated");
            assert!(problem["detail"].as_str().unwrap().contains("logged in at this site"), "{problem}");
        }
        let grace = site.bearer(&token(&claims(&site, "7", Some("Grace"))));
        let body = json!({"body_markdown": "Hello"});
        let comment = site.rehearse_and_send(|| post(&grace, &article, &body)).await.expect(201).json();
        assert_eq!(comment["author"], json!({"name": "Grace"}));
        ada.post(&thread_of(&article), body).await.expect(201);
        assert_eq!(shown(&app, &article).await.len(), 2);
        // What is not there is told first.
        reader.post("/v1/articles/00000000-0000-7000-8000-000000000000/comments", text("x")).await.problem(404, "not-found");
    }

    async fn a_reader_is_known_by_the_token_of_the_site(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let (_folder, keys) = secret_file();
        let site = app.with_changed_settings(identity(keys)).await;
        let send = async |claims: &Value, body: Value| site.bearer(&token(claims)).post(&thread_of(&article), body).await;
        let named = claims(&site, "7", Some("Grace"));
        let given = json!({"author_name": "Somebody else", "body_markdown": "One"});
        assert_eq!(send(&named, given).await.expect(201).json()["author"]["name"], "Grace", "nobody takes another name");
        let nameless = claims(&site, "8", None);
        let given = json!({"author_name": "Hedy", "body_markdown": "Two"});
        assert_eq!(send(&nameless, given).await.expect(201).json()["author"]["name"], "Hedy");
        let problem = send(&nameless, json!({"body_markdown": "Three"})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["code"], "required");
        assert_eq!(send(&claims(&site, "7", Some("Grace Hopper")), json!({"body_markdown": "Four"})).await.expect(201).json()["author"]["name"], "Grace Hopper");

        let spoilt = |member: &str, value: Value| {
            let mut claims = named.clone();
            claims[member] = value;
            claims
        };
        let now = site.state.clock.now().timestamp();
        for claims in [
            spoilt("aud", json!("another site")),
            spoilt("exp", json!(now - 61)),
            spoilt("nbf", json!(now + 61)),
            spoilt("sub", json!("")),
            spoilt("iss", json!("https://other.example")),
        ] {
            let answer = send(&claims, json!({"body_markdown": "Forged"})).await;
            assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{claims}");
            answer.problem(401, "token-invalid");
        }
        let forged = encode(&Header::new(Algorithm::HS256), &named, &EncodingKey::from_secret(b"not the secret of the site at all")).unwrap();
        site.bearer(&forged).post(&thread_of(&article), json!({"body_markdown": "Forged"})).await.problem(401, "token-invalid");
        // A token for readers opens nothing in the newsroom, and where no provider is set it is no token at all.
        site.bearer(&token(&named)).get("/v1/editorial/articles").await.problem(401, "token-invalid");
        app.bearer(&token(&named)).post(&thread_of(&article), json!({"body_markdown": "x"})).await.problem(401, "token-invalid");
        assert_eq!(shown(&app, &article).await.len(), 3);
        let known = app.database_digest().await;
        send(&named, json!({"body_markdown": "Five"})).await.expect(201);
        assert_ne!(known["commenters"], app.database_digest().await["commenters"], "the name changed back");
    }

    async fn the_keys_of_the_identity_provider_are_fetched_when_they_are_needed(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let ((old, old_public), (new, new_public)) = (key_pair("old"), key_pair("new"));
        let server = KeyServer::start(String::new()).await;
        let site = app.with_changed_settings(identity(KeySource::Address(server.address.clone()))).await;
        let send = async |key: &EncodingKey, kid: &str, words: &str| {
            let token = signed(key, kid, &claims(&site, "7", Some("Grace")));
            site.bearer(&token).post(&thread_of(&article), json!({"body_markdown": words})).await
        };
        let answer = send(&old, "old", "One").await;
        assert!(!answer.header("retry-after").is_empty());
        answer.problem(503, "service-unavailable");
        send(&old, "old", "One").await.problem(503, "service-unavailable");
        assert_eq!(server.asked(), 1, "a provider that is down is not asked by everybody");
        site.reader().post(&thread_of(&article), text("Others go on")).await.expect(201);

        server.serve(json!({"keys": [old_public]}).to_string());
        site.state.clock.advance(Duration::seconds(5));
        send(&old, "old", "One").await.expect(201);
        send(&old, "old", "Two").await.expect(201);
        assert_eq!(server.asked(), 2);
        // The provider has a new key: it is looked for, but not for every token that names an unknown one.
        server.serve(json!({"keys": [old_public, new_public]}).to_string());
        for _ in 0..3 {
            send(&new, "unknown", "Three").await.problem(401, "token-invalid");
        }
        assert_eq!(server.asked(), 2, "it was read less than a minute ago");
        site.state.clock.advance(Duration::minutes(1));
        send(&new, "new", "Three").await.expect(201);
        send(&new, "unknown", "Four").await.problem(401, "token-invalid");
        assert_eq!(server.asked(), 3);
        // A key that the provider took back is good no more once the set is read again.
        server.serve(json!({"keys": [new_public]}).to_string());
        site.state.clock.advance(Duration::minutes(60));
        send(&new, "new", "Four").await.expect(201);
        send(&old, "old", "Five").await.problem(401, "token-invalid");
        // While it is down, the last set serves for a day.
        server.serve(String::new());
        site.state.clock.advance(Duration::hours(23));
        send(&new, "new", "Five").await.expect(201);
        site.state.clock.advance(Duration::hours(1));
        send(&new, "new", "Six").await.problem(503, "service-unavailable");
        server.serve(format!("{}{}", json!({"keys": [new_public]}), " ".repeat(300_000)));
        site.state.clock.advance(Duration::minutes(1));
        send(&new, "new", "Six").await.problem(503, "service-unavailable");
        server.serve(json!({"keys": [{"kty": "oct", "kid": "k", "k": URL_SAFE_NO_PAD.encode(SECRET)}]}).to_string());
        site.state.clock.advance(Duration::minutes(1));
        site.bearer(&token(&claims(&site, "7", None))).post(&thread_of(&article), text("x")).await.problem(503, "service-unavailable");
    }

    async fn an_answer_is_given_again_to_whoever_sent_the_comment_and_nobody_else(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let (_folder, keys) = secret_file();
        let site = app.with_changed_settings(identity(keys)).await;
        let body = json!({"author_name": "Grace", "body_markdown": "Once"});
        let grace = site.bearer(&token(&claims(&site, "7", Some("Grace"))));
        let first = post(&grace, &article, &body).key("k").send().await.expect(201);
        // The same reader with a newer token and in another network.
        site.state.clock.advance(Duration::seconds(60));
        let again = site.bearer(&token(&claims(&site, "7", Some("Grace"))));
        let replayed = post(&again, &article, &body).from("192.0.2.9").key("k").send().await.expect(201);
        assert_eq!((replayed.header("idempotent-replayed"), replayed.json()), ("true", first.json()));
        // Others in the same network have keys of their own.
        let hedy = site.bearer(&token(&claims(&site, "8", Some("Hedy"))));
        let others = [hedy, site.reader(), site.account(Role::Editor).await];
        for other in &others {
            let answer = post(other, &article, &body).key("k").send().await.expect(201);
            assert_eq!(answer.header("idempotent-replayed"), "");
        }
        post(&site.bearer("forged"), &article, &body).key("k").send().await.problem(401, "token-invalid");
        assert_eq!(shown(&app, &article).await.len(), 4);
    }

    async fn the_same_comment_twice_is_refused(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let (article, other) = (ada.published("Ships").await, ada.published("Boats").await);
        let first = reader.comment(&article, None, "Well said,  Ada!").await.expect(201).json();
        let problem = reader.comment(&article, None, "well SAID,\nada!").await.problem(409, "duplicate-comment");
        assert_eq!(problem["conflicting_id"], first["id"]);
        insta::assert_json_snapshot!("duplicate_comment", problem, {".request_id" => "[id]", ".conflicting_id" => "[id]", ".instance" => "[path]"});
        app.rehearse(post(&reader, &article, &text("Well said, Ada!"))).await.problem(409, "duplicate-comment");
        // Another text, place, writer or network makes another comment.
        reader.comment(&article, None, "Well said, Eda!").await.expect(201);
        reader.comment(&article, Some(&first), "Well said, Ada!").await.expect(201);
        reader.comment(&other, None, "Well said, Ada!").await.expect(201);
        let hedy = json!({"author_name": "Hedy", "body_markdown": "Well said, Ada!"});
        reader.post(&thread_of(&article), hedy).await.expect(201);
        post(&reader, &article, &text("Well said, Ada!")).from("192.0.2.7").send().await.expect(201);
        ada.comment(&article, None, "Well said, Ada!").await.expect(201);
        ada.comment(&article, None, "Well said, Ada!").await.problem(409, "duplicate-comment");
        // What readers do not see is not shown by the refusal either.
        let path = format!("/v1/editorial/comments/{}", id(&first));
        ada.request(Method::PATCH, &path).json(&json!({"state": "rejected"})).send().await.expect(200);
        let problem = reader.comment(&article, None, "Well said, Ada!").await.problem(409, "duplicate-comment");
        assert_eq!(problem.get("conflicting_id"), None);
        app.state.clock.advance(Duration::hours(24));
        reader.comment(&article, None, "Well said, Ada!").await.expect(201);
    }

    async fn of_many_equal_comments_at_once_one_is_stored(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let article = ada.published("Ships").await;
        let answers = join_all((0..16).map(|_| reader.comment(&article, None, "Me first"))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
        let thread = ada.get(&format!("/v1/editorial/threads/{}", id(&article))).await.expect(200).json();
        assert_eq!(thread["approved_count"], 1);
    }

    async fn readers_behind_a_trusted_proxy_are_told_apart(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let trusting = app.with_changed_settings(|settings| {
            rates("1/60")(settings);
            settings.trusted_proxies = TrustedProxies::parse("192.0.2.1").unwrap();
        }).await;
        let send = |body: &str, from: &'static str, client: &'static str| {
            post(&trusting.reader(), &article, &text(body)).from(from).header("X-Forwarded-For", client).send()
        };
        send("One", "192.0.2.1", "198.51.100.1").await.expect(201);
        send("Two", "192.0.2.1", "198.51.100.2").await.expect(201);
        send("Three", "192.0.2.1", "203.0.113.9, 198.51.100.2").await.problem(429, "comment-flood");
        send("Four", "192.0.2.7", "198.51.100.3").await.expect(201);
        send("Five", "192.0.2.7", "198.51.100.4").await.problem(429, "comment-flood");
    }

    async fn votes_edits_and_subscriptions_are_counted_too(app: TestApp) {
        let (ada, limited) = (app.editor().await, app.with_changed_settings(rates("1/60")).await);
        let article = ada.published("Ships").await;
        let comment = ada.comment(&article, None, "Hello").await.expect(201).json();
        let reader = limited.reader();
        let votes = format!("/v1/comments/{}/votes", id(&comment));
        let vote = |value: i32| reader.request(Method::POST, &votes).json(&json!({"value": value})).from("192.0.2.1").send();
        for number in 0..10 {
            vote(if number % 2 == 0 { 1 } else { -1 }).await;
        }
        vote(1).await.problem(429, "comment-flood");
        for (method, path) in [(Method::PATCH, "own"), (Method::DELETE, "own"), (Method::DELETE, "votes"), (Method::POST, "subscriptions")] {
            let path = format!("/v1/comments/{}/{path}", id(&comment));
            limited.reader().request(method, &path).json(&json!({})).from("192.0.2.1").send().await.problem(429, "comment-flood");
        }
        reader.request(Method::DELETE, &votes).from("192.0.2.2").send().await.problem(404, "not-found");
    }

    async fn a_token_to_upload_with_does_not_speak_for_its_account(app: TestApp) {
        let ada = app.account(Role::Administrator).await;
        let article = ada.published("Ships").await;
        let comment = ada.comment(&article, None, "Hello").await.expect(201).json();
        ada.post("/v1/editorial/authors", json!({"name": "Grace"})).await.expect(201);
        let wish = json!({"name": "Grace, until May", "kind": "upload", "author": "grace", "expires_in_days": 60});
        let token = ada.post("/v1/editorial/tokens", wish).await.expect(201).json();
        let uploader = app.bearer(token["token"].as_str().unwrap());
        post(&uploader, &article, &text("Hello, too")).send().await.problem(403, "insufficient-scope");
        let own = format!("/v1/comments/{}/own", id(&comment));
        uploader.get(&own).await.problem(403, "insufficient-scope");
        uploader.request(Method::PATCH, &own).json(&json!({"body_markdown": "Bye"})).send().await.problem(403, "insufficient-scope");
        uploader.request(Method::DELETE, &own).send().await.problem(403, "insufficient-scope");
        let votes = format!("/v1/comments/{}/votes", id(&comment));
        uploader.request(Method::POST, &votes).json(&json!({"value": 1})).send().await.problem(403, "insufficient-scope");
    }

    async fn a_flood_is_refused_before_it_costs_anything(app: TestApp) {
        let (ada, limited) = (app.editor().await, app.with_changed_settings(rates("5/60")).await);
        let article = ada.published("Ships").await;
        let reader = limited.reader();
        let send = |number: usize| {
            let body = text(&format!("comment {number}"));
            post(&reader, &article, &body).from("192.0.2.1").send()
        };
        let answers = join_all((0..1_000).map(send)).await;
        let taken = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(taken, 5);
        for answer in answers {
            assert!(answer.header("ratelimit-policy") == "\"comments-60\";q=5;w=60", "{}", answer.text());
            if answer.status != 201 {
                assert_eq!((answer.header("retry-after"), answer.header("ratelimit")), ("12", "\"comments-60\";r=0;t=12"));
                assert_eq!(answer.problem(429, "comment-flood")["retry_after"], 12);
            }
        }
        assert_eq!(shown(&app, &article).await.len(), 5);
        let thread = ada.get(&format!("/v1/editorial/threads/{}", id(&article))).await.expect(200).json();
        assert_eq!((&thread["approved_count"], &thread["pending_count"]), (&json!(5), &json!(0)));
        // Nothing is asked of the database, so that it also holds while there is none.
        app.run_sql("ALTER TABLE site_settings RENAME TO site_settings_away").await;
        send(1_000).await.problem(429, "comment-flood");
        post(&reader, &article, &text("x")).from("192.0.2.2").send().await.problem(500, "internal-error");
        app.run_sql("ALTER TABLE site_settings_away RENAME TO site_settings").await;
        post(&reader, &article, &text("From elsewhere")).from("192.0.2.3").send().await.expect(201);
        post(&limited.account(Role::Author).await, &article, &text("Staff")).from("192.0.2.1").send().await.expect(201);
        limited.state.clock.advance(Duration::seconds(12));
        let answer = send(2_000).await.expect(201);
        assert_eq!(answer.header("ratelimit"), "\"comments-60\";r=0;t=60");
    }

    async fn rehearsals_count_and_answers_that_are_given_again_do_not(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let limited = app.with_changed_settings(rates("3/60,100/3600")).await;
        let reader = limited.reader();
        let rehearsed = post(&reader, &article, &text("One")).with_parameter("validate_only=true").send().await.expect(201);
        assert_eq!(rehearsed.header("ratelimit"), "\"comments-60\";r=2;t=20, \"comments-3600\";r=99;t=36");
        let first = post(&reader, &article, &text("One")).key("k").send().await.expect(201);
        assert!(first.header("ratelimit").contains(";r=1;"), "{}", first.header("ratelimit"));
        for _ in 0..10 {
            let again = post(&reader, &article, &text("One")).key("k").send().await.expect(201);
            assert_eq!(again.header("idempotent-replayed"), "true");
        }
        // A refusal counts, too.
        reader.post(&thread_of(&article), json!({})).await.problem(422, "validation-failed");
        let refused = reader.comment(&article, None, "Two").await;
        assert!(!refused.header("retry-after").is_empty());
        refused.problem(429, "comment-flood");
        post(&reader, &article, &text("Two")).key("another").send().await.problem(429, "comment-flood");
        post(&reader, &article, &text("Two")).with_parameter("validate_only=true").send().await.problem(429, "comment-flood");
        // Keys do not open a way around: requests with one are bounded as well.
        let flood = join_all((0..60).map(|number| {
            post(&reader, &article, &text("One")).key(&format!("k{number}")).send()
        })).await;
        assert!(flood.iter().all(|answer| answer.status == 429));
        assert!(flood.last().unwrap().header("ratelimit-policy").contains("comment-attempts"));
        assert_eq!(shown(&app, &article).await.len(), 1);
    }

    async fn readers_who_are_identified_are_counted_by_themselves(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let (_folder, keys) = secret_file();
        let site = app.with_changed_settings(|settings| {
            identity(keys)(settings);
            rates("2/60")(settings);
        }).await;
        for subject in ["7", "8"] {
            let reader = site.bearer(&token(&claims(&site, subject, Some("Grace"))));
            for number in 0..2 {
                reader.comment(&article, None, &format!("{subject} {number}")).await.expect(201);
            }
            let elsewhere = post(&reader, &article, &text("x")).from("192.0.2.4");
            elsewhere.send().await.problem(429, "comment-flood");
        }
        site.reader().comment(&article, None, "The network has its own count").await.expect(201);
    }

    async fn previews_are_counted_by_themselves(app: TestApp) {
        let limited = app.with_changed_settings(rates("1/60")).await;
        let reader = limited.reader();
        for left in (0..10).rev() {
            let answer = reader.post(PREVIEW, json!({"body_markdown": "a"})).await.expect(200);
            assert_eq!(answer.header("ratelimit-policy"), "\"comment-previews-60\";q=10;w=60");
            assert!(answer.header("ratelimit").contains(&format!(";r={left};")), "{}", answer.header("ratelimit"));
        }
        let refused = reader.post(PREVIEW, json!({"body_markdown": "a"})).await;
        assert_eq!(refused.header("retry-after"), "6");
        refused.problem(429, "comment-flood");
    }

    async fn limits_can_be_switched_off(app: TestApp) {
        let article = app.editor().await.published("Ships").await;
        let unlimited = app.with_changed_settings(|settings| {
            rates("1/86400")(settings);
            settings.rate_limits = RateLimits::Off;
        }).await;
        for number in 0..5 {
            let answer = unlimited.reader().comment(&article, None, &format!("{number}")).await.expect(201);
            assert_eq!(answer.header("ratelimit"), "");
        }
    }
}
