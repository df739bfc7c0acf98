//! User accounts: inviting people, changing what they may do, shutting them out, and what people do about their own.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::jobs;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::{Client, id};

const USERS: &str = "/v1/editorial/users";
const ACCEPT: &str = "/v1/auth/password-links/accept";
const NEW_PASSWORD: &str = "a stapled battery of horses";

fn at(user: &Value) -> String {
    format!("{USERS}/{}", id(user))
}

async fn step(client: &Client, user: &Value, step: &str) -> Answer {
    let path = format!("{}/{step}", at(user));
    client.request(Method::POST, &path).header("If-Match", "*").send().await
}

async fn log_in(app: &TestApp, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.reader().post("/v1/auth/login", body).await
}

async fn invite(admin: &Client, email: &str, role: &str) -> Value {
    let body = json!({"email": email, "name": "Grace Hopper", "role": role});
    admin.post(USERS, body).await.expect(201).json()
}

fn token(user: &Value) -> &str {
    user["password_link"]["token"]
        .as_str()
        .unwrap_or_else(|| panic!("no token in {user}"))
}

async fn accept(app: &TestApp, token: &str) -> Answer {
    app.reader()
        .post(ACCEPT, json!({"token": token, "password": NEW_PASSWORD}))
        .await
}

/// A problem without what tells one request from another.
fn told(problem: &Value) -> Value {
    let mut told = problem.clone();
    told.as_object_mut().unwrap().remove("request_id");
    told
}

/// What the audit log has of users other than administrators, by revision.
async fn audited(app: &TestApp) -> Vec<String> {
    let query = "SELECT action || ' ' || actor_kind || ' ' || COALESCE(subject_label, '') || ' ' || \
        COALESCE(CAST(revision_before AS TEXT), '-') || '>' || COALESCE(CAST(revision_after AS TEXT), '-') || ' ' || \
        COALESCE(details, '') AS line \
        FROM audit_entries WHERE subject_kind = 'user' AND subject_label NOT LIKE 'administrator%' ORDER BY revision_after";
    app.lines(query.to_owned()).await
}

on_both_databases! {
    async fn somebody_is_invited_sets_a_password_and_logs_in(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        admin.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201);
        let body = json!({"email": "Grace@Galley.Example", "name": "Grace", "role": "author", "author": "grace-hopper"});
        let answer = admin.post(USERS, body).await.expect(201);
        let user = answer.json();
        assert_eq!(answer.header("location"), format!("https://galley.example{}", at(&user)));
        insta::assert_json_snapshot!("invited", user, {".password_link.token" => "[token]"});
        assert_eq!(token(&user).len(), 43);
        let seen = admin.get(&at(&user)).await.expect(200);
        assert!(!seen.text().contains(token(&user)), "the token is shown twice");
        assert_eq!(seen.json()["state"], "invited");
        log_in(&app, "grace@galley.example", NEW_PASSWORD).await.problem(401, "credentials-invalid");

        let body = json!({"token": token(&user), "password": NEW_PASSWORD, "name": "Grace Brewster Hopper"});
        let accepted = app.reader().post(ACCEPT, body).await.expect(200);
        assert_eq!(accepted.header("cache-control"), "no-store");
        insta::assert_json_snapshot!("accepted", accepted.json());
        let login = log_in(&app, "grace@galley.example", NEW_PASSWORD).await.expect(200).json();
        let grace = app.bearer(login["access_token"].as_str().unwrap());
        let me = grace.get("/v1/auth/me").await.expect(200).json();
        assert_eq!((&me["state"], &me["author"]["slug"], &me["name"]), (&json!("active"), &json!("grace-hopper"), &json!("Grace Brewster Hopper")));
        assert_eq!(grace.draft("Moths").await["authors"][0]["slug"], "grace-hopper");
        let user = admin.get(&at(&user)).await.json();
        assert_eq!((&user["state"], user.get("password_link")), (&json!("active"), None));
    }

    async fn a_link_that_is_not_good_is_refused_with_one_answer(app: TestApp) {
        let admin = app.lasting_account(Role::Administrator).await;
        let used = invite(&admin, "used@galley.example", "author").await;
        accept(&app, token(&used)).await.expect(200);
        let replaced = invite(&admin, "replaced@galley.example", "author").await;
        step(&admin, &replaced, "invite").await.expect(200);
        let disabled = invite(&admin, "disabled@galley.example", "author").await;
        step(&admin, &disabled, "disable").await.expect(200);
        let expired = invite(&admin, "expired@galley.example", "author").await;
        let unknown = accept(&app, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").await.problem(403, "link-invalid");
        insta::assert_json_snapshot!("link_invalid", told(&unknown));
        app.state.clock.advance(Duration::days(6));
        let late = invite(&admin, "late@galley.example", "author").await;
        app.state.clock.advance(Duration::days(1));
        for (what, user) in [("used", &used), ("replaced", &replaced), ("disabled", &disabled), ("expired", &expired)] {
            let problem = accept(&app, token(user)).await.problem(403, "link-invalid");
            assert_eq!(told(&problem), told(&unknown), "{what}");
        }
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 2, "the links of expired and of replaced");
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        accept(&app, token(&late)).await.expect(200);
    }

    async fn a_password_that_cannot_be_one_is_named_and_leaves_the_link_good(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let user = invite(&admin, "grace@galley.example", "author").await;
        let long = "x".repeat(1_025);
        for (password, code) in [("elevenchars", "too-short"), (long.as_str(), "too-long"), ("", "too-short")] {
            let body = json!({"token": token(&user), "password": password});
            let problem = app.reader().post(ACCEPT, body).await.problem(422, "validation-failed");
            assert_eq!((&only_fault(&problem)["pointer"], &only_fault(&problem)["code"]), (&json!("#/password"), &json!(code)));
        }
        let problem = app.reader().post(ACCEPT, json!({"token": token(&user)})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/password");
        let body = json!({"token": token(&user), "password": NEW_PASSWORD, "email": "x"});
        let problem = app.reader().post(ACCEPT, body).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/email");
        accept(&app, token(&user)).await.expect(200);
    }

    async fn only_the_hash_of_a_token_is_kept(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let body = json!({"email": "grace@galley.example", "name": "Grace", "role": "author"});
        let send = || admin.request(Method::POST, USERS).key("one").json(&body);
        let user = send().send().await.expect(201).json();
        let again = send().send().await.expect(201);
        assert_eq!(again.header("idempotent-replayed"), "true");
        let mut without = user.clone();
        without["password_link"].as_object_mut().unwrap().remove("token");
        assert_eq!(again.json(), without, "an answer that is given again shows no token");
        for table in ["password_links", "idempotency_records", "audit_entries", "accounts"] {
            let columns = match table {
                "password_links" => "secret_hash",
                "idempotency_records" => "body",
                "audit_entries" => "COALESCE(details, '')",
                _ => "email",
            };
            let lines = app.lines(format!("SELECT {columns} AS line FROM {table}")).await;
            assert!(lines.iter().all(|line| !line.contains(token(&user))), "{table}: {lines:?}");
        }
    }

    async fn an_invitation_can_be_rehearsed(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let body = json!({"email": "grace@galley.example", "name": "Grace", "role": "author"});
        let rehearsed = app.rehearse(admin.request(Method::POST, USERS).json(&body)).await.expect(201).json();
        assert_eq!((&rehearsed["state"], &rehearsed["password_link"]["purpose"]), (&json!("invited"), &json!("invitation")));
        let user = admin.post(USERS, body).await.expect(201).json();
        for what in ["disable", "enable", "invite", "reset-password"] {
            let path = format!("{}/{what}", at(&user));
            app.rehearse(admin.request(Method::POST, &path).header("If-Match", "*")).await;
        }
        let rename = || admin.request(Method::PATCH, &at(&user)).header("If-Match", "*").json(&json!({"name": "G. Hopper"}));
        app.rehearse_and_send(rename).await.expect(200);
    }

    async fn an_account_is_changed_by_the_revision_that_was_read(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        admin.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201);
        let user = invite(&admin, "grace@galley.example", "contributor").await;
        let tag = admin.get(&at(&user)).await.expect(200).header("etag").to_owned();
        let change = json!({"name": "Grace", "email": "G@galley.example", "role": "author", "author": "grace-hopper"});
        let missing = admin.request(Method::PATCH, &at(&user)).json(&change).send().await;
        missing.problem(428, "precondition-required");
        let changed = admin.patch(&at(&user), &tag, change).await.expect(200).json();
        assert_eq!((&changed["revision"], &changed["email"], &changed["role"]), (&json!(2), &json!("g@galley.example"), &json!("author")));
        assert_eq!(changed["author"]["slug"], "grace-hopper");
        admin.patch(&at(&user), &tag, json!({"name": "X"})).await.problem(412, "precondition-failed");
        let held = admin.request(Method::GET, &at(&user)).header("If-None-Match", admin.get(&at(&user)).await.header("etag")).send().await;
        held.expect(304);
        let unlinked = admin.patch(&at(&user), "*", json!({"author": null})).await.expect(200).json();
        assert_eq!(unlinked.get("author"), None);
        let lines = audited(&app).await;
        assert_eq!(lines, [
            "user.invited session grace@galley.example ->1 {\"role\":\"contributor\"}".to_owned(),
            format!("user.updated session g@galley.example 1>2 {}", lines[1].split_once("1>2 ").unwrap().1),
            format!("user.updated session g@galley.example 2>3 {}", lines[2].split_once("2>3 ").unwrap().1),
        ]);
        assert!(lines[1].contains("\"role\":{\"from\":\"contributor\",\"to\":\"author\"}"), "{}", lines[1]);
    }

    async fn what_is_wrong_with_an_account_is_named(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let user = invite(&admin, "grace@galley.example", "author").await;
        let before = app.database_digest().await;
        let long = "é".repeat(121);
        for (body, pointer, code) in [
            (json!({"name": "G", "role": "author"}), "#/email", "required"),
            (json!({"email": "grace", "name": "G", "role": "author"}), "#/email", "invalid-email"),
            (json!({"email": "a@b.c", "role": "author"}), "#/name", "required"),
            (json!({"email": "a@b.c", "name": long, "role": "author"}), "#/name", "too-long"),
            (json!({"email": "a@b.c", "name": "G"}), "#/role", "required"),
            (json!({"email": "a@b.c", "name": "G", "role": "root"}), "#/role", "unknown-value"),
            (json!({"email": "a@b.c", "name": "G", "role": "author", "author": "No Slug"}), "#/author", "invalid-slug"),
            (json!({"email": "a@b.c", "name": "G", "role": "author", "password": NEW_PASSWORD}), "#/password", "unknown"),
        ] {
            let problem = admin.post(USERS, body.clone()).await.problem(422, "validation-failed");
            let fault = only_fault(&problem);
            assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)), "{body}");
        }
        for member in ["name", "email", "role"] {
            let problem = admin.patch(&at(&user), "*", json!({member: null})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
        }
        let taken = json!({"email": "GRACE@galley.example", "name": "G", "role": "author"});
        let problem = admin.post(USERS, taken).await.problem(409, "email-taken");
        assert_eq!((&problem["conflicting_id"], &only_fault(&problem)["pointer"]), (&user["id"], &json!("#/email")));
        let other = admin.get("/v1/auth/me").await.json();
        let problem = admin.patch(&at(&user), "*", json!({"email": other["email"]})).await.problem(409, "email-taken");
        assert_eq!(problem["conflicting_id"], other["id"]);
        let unknown = json!({"email": "a@b.c", "name": "G", "role": "author", "author": "nobody"});
        let problem = admin.post(USERS, unknown).await.problem(409, "author-unknown");
        assert_eq!(only_fault(&problem)["pointer"], "#/author");
        admin.patch(&at(&user), "*", json!({"author": "nobody"})).await.problem(409, "author-unknown");
        let nobody = format!("{USERS}/{}", Uuid::from_u128(99));
        admin.get(&nobody).await.problem(404, "not-found");
        admin.patch(&nobody, "*", json!({"name": "G"})).await.problem(404, "not-found");
        assert_eq!(app.database_digest().await, before, "something was stored");
    }

    async fn accounts_are_listed_by_role_state_and_author_in_pages(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        admin.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201);
        for (email, role) in [("a@galley.example", "author"), ("b@galley.example", "editor"), ("c@galley.example", "author")] {
            app.state.clock.advance(Duration::seconds(1));
            let user = invite(&admin, email, role).await;
            if email.starts_with('c') {
                accept(&app, token(&user)).await.expect(200);
                admin.patch(&at(&user), "*", json!({"author": "grace-hopper"})).await.expect(200);
            }
            if email.starts_with('b') {
                step(&admin, &user, "disable").await.expect(200);
            }
        }
        let emails = |list: Value| -> Vec<String> {
            list["data"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()).collect()
        };
        let listed = async |query: &str| emails(admin.get(&format!("{USERS}{query}")).await.expect(200).json());
        let all = listed("").await;
        assert_eq!(all.len(), 4);
        assert_eq!(all[1..], ["a@galley.example", "b@galley.example", "c@galley.example"]);
        assert_eq!(listed("?role=author").await, ["a@galley.example", "c@galley.example"]);
        assert_eq!(listed("?state=invited").await, ["a@galley.example"]);
        assert_eq!(listed("?state=disabled").await, ["b@galley.example"]);
        assert_eq!(listed("?state=active&role=author").await, ["c@galley.example"]);
        assert_eq!(listed("?author=grace-hopper").await, ["c@galley.example"]);
        assert_eq!(listed("?author=nobody").await, [""; 0]);
        let first = admin.get(&format!("{USERS}?limit=3")).await.expect(200).json();
        let cursor = first["page"]["next"].as_str().unwrap();
        assert_eq!(listed(&format!("?limit=3&cursor={cursor}")).await, ["c@galley.example"]);
        admin.get(&format!("{USERS}?role=author&cursor={cursor}")).await.problem(400, "cursor-mismatch");
        admin.get(&format!("{USERS}?limit=101")).await.problem(400, "limit-too-large");
        let problem = admin.get(&format!("{USERS}?state=gone")).await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "state");
        admin.get(&format!("{USERS}?name=Grace")).await.problem(400, "unknown-parameter");
    }

    async fn a_disabled_account_is_shut_out_at_once_and_let_in_again(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = app.create_account("grace@galley.example", Role::Editor).await;
        let client = app.bearer(&app.token(&app.claims(grace, Role::Editor)));
        client.get("/v1/auth/me").await.expect(200);
        let user = admin.get(&format!("{USERS}/{grace}")).await.json();
        let disabled = step(&admin, &user, "disable").await.expect(200).json();
        assert_eq!(disabled["state"], "disabled");
        client.get("/v1/auth/me").await.problem(401, "token-invalid");
        let right = log_in(&app, "grace@galley.example", PASSWORD).await.problem(401, "credentials-invalid");
        let nobody = log_in(&app, "nobody@galley.example", PASSWORD).await.problem(401, "credentials-invalid");
        assert_eq!(told(&right), told(&nobody));
        // A second time is no change.
        assert_eq!(step(&admin, &user, "disable").await.expect(200).json(), disabled);
        for what in ["invite", "reset-password"] {
            let problem = step(&admin, &user, what).await.problem(409, "user-state");
            assert_eq!((&problem["current_status"], &problem["detail"]), (&json!("disabled"), &json!("The account is disabled; enable it first.")));
        }
        assert_eq!(step(&admin, &user, "enable").await.expect(200).json()["state"], "active");
        // What she had open stays closed.
        client.get("/v1/auth/me").await.problem(401, "token-invalid");
        log_in(&app, "grace@galley.example", PASSWORD).await.expect(200);
        let missing = admin.request(Method::POST, &format!("{}/disable", at(&user))).send().await;
        missing.problem(428, "precondition-required");
    }

    async fn a_password_is_reset_by_a_link(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let grace = app.create_account("grace@galley.example", Role::Editor).await;
        let user = admin.get(&format!("{USERS}/{grace}")).await.json();
        step(&admin, &user, "invite").await.problem(409, "user-state");
        let reset = step(&admin, &user, "reset-password").await.expect(200).json();
        assert_eq!((&reset["state"], &reset["password_link"]["purpose"]), (&json!("active"), &json!("reset")));
        log_in(&app, "grace@galley.example", PASSWORD).await.problem(401, "credentials-invalid");
        accept(&app, token(&reset)).await.expect(200);
        log_in(&app, "grace@galley.example", NEW_PASSWORD).await.expect(200);
        accept(&app, token(&reset)).await.problem(403, "link-invalid");
        let again = step(&admin, &user, "reset-password").await.expect(200).json();
        app.state.clock.advance(Duration::hours(24));
        accept(&app, token(&again)).await.problem(403, "link-invalid");
        let invited = invite(&app.account(Role::Administrator).await, "new@galley.example", "author").await;
        step(&app.account(Role::Administrator).await, &invited, "reset-password").await.problem(409, "user-state");
    }

    async fn the_own_password_is_changed_with_the_present_one(app: TestApp) {
        let grace = app.create_account("grace@galley.example", Role::Author).await;
        let client = app.bearer(&app.token(&app.claims(grace, Role::Author)));
        let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        let wrong = client.post("/v1/auth/password", change("not the password", NEW_PASSWORD)).await.problem(403, "current-password-wrong");
        assert_eq!(only_fault(&wrong)["pointer"], "#/current_password");
        let short = client.post("/v1/auth/password", change(PASSWORD, "short")).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&short)["pointer"], "#/new_password");
        app.reader().post("/v1/auth/password", change(PASSWORD, NEW_PASSWORD)).await.problem(401, "not-authenticated");
        client.post("/v1/auth/password", change(PASSWORD, NEW_PASSWORD)).await.expect(204);
        log_in(&app, "grace@galley.example", PASSWORD).await.problem(401, "credentials-invalid");
        log_in(&app, "grace@galley.example", NEW_PASSWORD).await.expect(200);
        client.get("/v1/auth/me").await.expect(200);
        assert!(audited(&app).await.last().unwrap().starts_with("user.password_changed session grace@galley.example 1>2"));
    }

    async fn people_change_their_own_name_and_nothing_else(app: TestApp) {
        let grace = app.account(Role::Reader).await;
        let rename = || grace.request(Method::PATCH, "/v1/auth/me").json(&json!({"name": "Grace"}));
        let me = app.rehearse_and_send(rename).await.expect(200).json();
        assert_eq!(me["name"], "Grace");
        assert_eq!(grace.get("/v1/auth/me").await.json(), me);
        for (member, value) in [("role", "administrator"), ("email", "x@galley.example"), ("author", "ada"), ("state", "active")] {
            let problem = grace.patch("/v1/auth/me", "*", json!({member: value})).await.problem(422, "validation-failed");
            assert_eq!(only_fault(&problem)["pointer"], format!("#/{member}"));
        }
        app.reader().patch("/v1/auth/me", "*", json!({"name": "X"})).await.problem(401, "not-authenticated");
    }

    async fn the_last_administrator_stays_one(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let me = admin.get("/v1/auth/me").await.json();
        // One who was invited and never came does not count, and neither does one who is shut out.
        let invited = invite(&admin, "later@galley.example", "administrator").await;
        let gone = app.create_account("gone@galley.example", Role::Administrator).await;
        step(&admin, &json!({"id": gone}), "disable").await.expect(200);
        let before = app.database_digest().await;
        let problem = step(&admin, &me, "disable").await.problem(409, "last-administrator");
        insta::assert_json_snapshot!("last_administrator", told(&problem), {".instance" => "[path]"});
        admin.patch(&at(&me), "*", json!({"role": "editor"})).await.problem(409, "last-administrator");
        assert_eq!(app.database_digest().await, before, "something was stored");
        admin.patch(&at(&me), "*", json!({"role": "administrator", "name": "Still here"})).await.expect(200);
        accept(&app, token(&invited)).await.expect(200);
        admin.patch(&at(&me), "*", json!({"role": "editor"})).await.expect(200);
        admin.get(USERS).await.problem(403, "insufficient-scope");
    }

    async fn two_administrators_who_demote_each_other_at_once_leave_one(app: TestApp) {
        for round in 0..5 {
            let (one, other) = (
                app.create_account(&format!("one{round}@galley.example"), Role::Administrator).await,
                app.create_account(&format!("other{round}@galley.example"), Role::Administrator).await,
            );
            let client = |account| app.bearer(&app.token(&app.claims(account, Role::Administrator)));
            let (first, second) = (client(one), client(other));
            let (demoting, disabling) = (format!("{USERS}/{other}"), json!({"id": one}));
            let (demoted, disabled) = futures_util::join!(
                first.patch(&demoting, "*", json!({"role": "editor"})),
                step(&second, &disabling, "disable"),
            );
            let mut statuses = [demoted.status, disabled.status];
            statuses.sort_unstable();
            // The one that comes second finds the last administrator, or that it may not do this any more.
            assert_eq!(statuses[0], 200, "{} {}", demoted.text(), disabled.text());
            assert!([401, 403, 409].contains(&statuses[1]), "{} {}", demoted.text(), disabled.text());
            let active = "SELECT email AS line FROM accounts WHERE role = 'administrator' AND disabled_at IS NULL";
            assert_eq!(app.lines(active.to_owned()).await.len(), 1);
            app.run_sql("UPDATE accounts SET role = 'reader' WHERE role = 'administrator'").await;
        }
    }

    async fn an_author_whom_an_account_writes_as_is_not_removed(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let author = admin.post("/v1/editorial/authors", json!({"name": "Grace Hopper"})).await.expect(201).json();
        let user = invite(&admin, "grace@galley.example", "author").await;
        admin.patch(&at(&user), "*", json!({"author": "grace-hopper"})).await.expect(200);
        let path = format!("/v1/editorial/authors/{}", id(&author));
        let problem = admin.delete(&path, "*").await.problem(409, "author-in-use");
        assert_eq!(problem["detail"], "An account writes as this author; link it to somebody else first.");
        admin.patch(&at(&user), "*", json!({"author": null})).await.expect(200);
        admin.delete(&path, "*").await.expect(204);
    }

    async fn users_are_for_administrators(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let user = invite(&admin, "grace@galley.example", "author").await;
        let requests = [
            (Method::GET, USERS.to_owned()), (Method::POST, USERS.to_owned()), (Method::GET, at(&user)), (Method::PATCH, at(&user)),
            (Method::POST, format!("{}/disable", at(&user))), (Method::POST, format!("{}/enable", at(&user))),
            (Method::POST, format!("{}/invite", at(&user))), (Method::POST, format!("{}/reset-password", at(&user))),
        ];
        for role in [Role::Editor, Role::Author, Role::Contributor, Role::Moderator, Role::Reader] {
            let client = app.account(role).await;
            for (method, path) in &requests {
                let problem = client.request(method.clone(), path).body("application/json", "{").send().await.problem(403, "insufficient-scope");
                assert!(problem["detail"].as_str().unwrap().contains("users:write"), "{problem}");
            }
        }
    }

    async fn everything_done_to_an_account_is_on_record(app: TestApp) {
        let admin = app.account(Role::Administrator).await;
        let user = invite(&admin, "grace@galley.example", "author").await;
        let again = step(&admin, &user, "invite").await.expect(200).json();
        accept(&app, token(&again)).await.expect(200);
        for what in ["reset-password", "disable", "enable"] {
            step(&admin, &user, what).await.expect(200);
        }
        let lines: Vec<String> = audited(&app).await.into_iter().map(|line| line.trim_end().to_owned()).collect();
        insta::assert_json_snapshot!("audited", lines);
    }
}

#[actix_web::test]
async fn an_invitation_leads_to_the_page_of_the_front_end() {
    let page = "https://newsroom.example/password".to_owned();
    let app = TestApp::with_settings(|settings| settings.password_page = Some(page)).await;
    let admin = app.account(Role::Administrator).await;
    let user = invite(&admin, "grace@galley.example", "author").await;
    let url = format!("https://newsroom.example/password#token={}", token(&user));
    assert_eq!(user["password_link"]["url"], url);
}
