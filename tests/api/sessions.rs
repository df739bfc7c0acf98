//! Sessions: kept alive by refresh tokens, seen and ended by their owners and by administrators.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::jobs;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::client::Client;

async fn log_in(app: &TestApp) -> Value {
    let body = json!({"email": "ada@galley.example", "password": PASSWORD});
    app.reader().post("/v1/auth/login", body).await.expect(200).json()
}

/// An account and the tokens of a log-in.
async fn ada(app: &TestApp) -> Value {
    app.create_account("ada@galley.example", Role::Editor).await;
    log_in(app).await
}

fn text<'a>(pair: &'a Value, member: &str) -> &'a str {
    pair[member].as_str().unwrap()
}

fn with_access(app: &TestApp, pair: &Value) -> Client {
    app.bearer(text(pair, "access_token"))
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.reader()
        .post("/v1/auth/refresh", json!({"refresh_token": token}))
        .await
}

async fn me(app: &TestApp, pair: &Value) -> Answer {
    with_access(app, pair).get("/v1/auth/me").await
}

async fn acts(app: &TestApp) -> Vec<String> {
    let query = "SELECT action || ' ' || actor_kind || ' ' || subject_kind AS line FROM audit_entries ORDER BY line";
    app.lines(query.to_owned()).await
}

on_both_databases! {
    async fn a_session_is_kept_alive_by_one_exchange_after_another(app: TestApp) {
        let mut pair = ada(&app).await;
        assert_eq!(pair["refresh_expires_in"], 30 * 86_400);
        for _ in 0..3 {
            app.state.clock.advance(Duration::seconds(901 + 30));
            assert_eq!(me(&app, &pair).await.status, 401);
            let answer = refresh(&app, text(&pair, "refresh_token")).await.expect(200);
            assert_eq!(answer.header("cache-control"), "no-store");
            let next = answer.json();
            assert_ne!(next["refresh_token"], pair["refresh_token"]);
            insta::assert_json_snapshot!("refreshed", next, {".access_token" => "[token]", ".refresh_token" => "[token]"});
            me(&app, &next).await.expect(200);
            pair = next;
        }
    }

    async fn a_refresh_token_that_is_used_twice_ends_its_session_at_once(app: TestApp) {
        let first = ada(&app).await;
        let second = refresh(&app, text(&first, "refresh_token")).await.expect(200).json();
        me(&app, &second).await.expect(200);
        let problem = refresh(&app, text(&first, "refresh_token")).await.problem(401, "refresh-token-invalid");
        let refused = me(&app, &second).await.problem(401, "token-invalid");
        assert_eq!(refused["detail"], "The token is not accepted: the session has ended; log in again.");
        // The same words for a token that is known, one that is not, and what is none at all.
        let unknown = format!("galley_rt_{}", "a".repeat(43));
        for text in [text(&second, "refresh_token"), &unknown, "nonsense", text(&second, "access_token"), ""] {
            let same = refresh(&app, text).await.problem(401, "refresh-token-invalid");
            assert_eq!(same["detail"], problem["detail"], "{text}");
        }
        assert_eq!(acts(&app).await, ["session.opened session session", "session.token_reused anonymous session"]);
    }

    async fn of_two_exchanges_at_once_one_wins(app: TestApp) {
        let pair = ada(&app).await;
        let token = text(&pair, "refresh_token");
        let (one, other) = tokio::join!(refresh(&app, token), refresh(&app, token));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        let winner = if one.status == 200 { one.json() } else { other.json() };
        me(&app, &winner).await.problem(401, "token-invalid");
        refresh(&app, text(&winner, "refresh_token")).await.problem(401, "refresh-token-invalid");
    }

    async fn a_session_ends_when_it_is_idle_and_after_ninety_days(app: TestApp) {
        let idle = ada(&app).await;
        app.state.clock.advance(Duration::days(30));
        refresh(&app, text(&idle, "refresh_token")).await.problem(401, "refresh-token-invalid");

        let mut pair = log_in(&app).await;
        for day in [29, 58, 87] {
            app.state.clock.advance(Duration::days(29));
            pair = refresh(&app, text(&pair, "refresh_token")).await.expect(200).json();
            let left = (90 - day).min(30);
            assert_eq!(pair["refresh_expires_in"], left * 86_400, "on day {day}");
        }
        app.state.clock.advance(Duration::days(3));
        refresh(&app, text(&pair, "refresh_token")).await.problem(401, "refresh-token-invalid");
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1, "the idle one is over for long");
        app.state.clock.advance(Duration::days(11));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        let left = "SELECT COUNT(*) || ' tokens' AS line FROM refresh_tokens".to_owned();
        assert_eq!(app.lines(left).await, ["0 tokens"]);
    }

    async fn a_refresh_token_is_no_access_token_and_the_other_way_round(app: TestApp) {
        let pair = ada(&app).await;
        let problem = app.bearer(text(&pair, "refresh_token")).get("/v1/auth/me").await.problem(401, "token-invalid");
        assert_eq!(
            problem["detail"],
            "The token is not accepted: this is a refresh token, which only POST /v1/auth/refresh takes."
        );
        refresh(&app, text(&pair, "access_token")).await.problem(401, "refresh-token-invalid");
        me(&app, &pair).await.expect(200);
    }

    async fn a_malformed_exchange_names_every_fault(app: TestApp) {
        let reader = app.reader();
        let problem = reader.post("/v1/auth/refresh", json!({"token": "x"})).await.problem(422, "validation-failed");
        insta::assert_json_snapshot!("refresh_malformed", problem["errors"]);
        let problem = reader.post("/v1/auth/refresh", json!({"refresh_token": 7})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/refresh_token");
        reader.request(Method::POST, "/v1/auth/refresh").body("text/plain", "x").send().await
            .problem(415, "unsupported-media-type");
    }

    async fn logging_out_ends_the_session_at_once_and_may_be_repeated(app: TestApp) {
        let (here, elsewhere) = (ada(&app).await, log_in(&app).await);
        let log_out = || with_access(&app, &here).request(Method::POST, "/v1/auth/logout");
        let answer = app.rehearse_and_send(log_out).await.expect(204);
        assert_eq!(answer.text(), "");
        me(&app, &here).await.problem(401, "token-invalid");
        refresh(&app, text(&here, "refresh_token")).await.problem(401, "refresh-token-invalid");
        me(&app, &elsewhere).await.expect(200);

        // By a refresh token it needs no access token, and a token that leads nowhere is answered in the same way.
        let reader = app.reader();
        for token in [text(&elsewhere, "refresh_token"), text(&elsewhere, "refresh_token"), text(&here, "refresh_token"), "nonsense"] {
            reader.post("/v1/auth/logout", json!({"refresh_token": token})).await.expect(204);
        }
        me(&app, &elsewhere).await.problem(401, "token-invalid");
        reader.request(Method::POST, "/v1/auth/logout").send().await.problem(401, "not-authenticated");
        let problem = reader.post("/v1/auth/logout", json!({"refresh": "x"})).await.problem(422, "validation-failed");
        assert_eq!(only_fault(&problem)["pointer"], "#/refresh");
        let (ended, opened) = ("session.ended session session", "session.opened session session");
        assert_eq!(acts(&app).await, [ended, ended, opened, opened]);
    }

    async fn logging_out_everywhere_ends_every_session(app: TestApp) {
        let (here, elsewhere) = (ada(&app).await, log_in(&app).await);
        let grace = app.editor().await;
        with_access(&app, &here).request(Method::POST, "/v1/auth/logout-everywhere").send().await.expect(204);
        for pair in [&here, &elsewhere] {
            me(&app, pair).await.problem(401, "token-invalid");
            refresh(&app, text(pair, "refresh_token")).await.problem(401, "refresh-token-invalid");
        }
        grace.get("/v1/auth/me").await.expect(200);
        log_in(&app).await;
    }

    async fn a_person_sees_their_sessions_and_ends_one(app: TestApp) {
        app.create_account("ada@galley.example", Role::Editor).await;
        app.state.clock.advance(Duration::minutes(1));
        let body = json!({"email": "ada@galley.example", "password": PASSWORD});
        let far = app.reader().request(Method::POST, "/v1/auth/login").from("192.0.2.7")
            .header("User-Agent", &format!("Lynx/2.9 {}", "x".repeat(300))).json(&body).send().await.expect(200).json();
        app.state.clock.advance(Duration::minutes(1));
        let here = log_in(&app).await;
        let client = with_access(&app, &here);
        let answer = client.get("/v1/auth/sessions").await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, no-store");
        let page = answer.json();
        insta::assert_json_snapshot!("sessions", page);
        assert_eq!(page["data"][1]["user_agent"].as_str().unwrap().len(), 200);
        let first = client.get("/v1/auth/sessions?limit=1").await.expect(200).json();
        let next = client.get(&format!("/v1/auth/sessions?limit=1&cursor={}", text(&first["page"], "next"))).await;
        assert_eq!(next.expect(200).json()["data"][0], page["data"][1]);
        client.get("/v1/auth/sessions?limit=0").await.problem(400, "invalid-parameter");
        client.get("/v1/auth/sessions?state=open").await.problem(400, "unknown-parameter");

        let path = format!("/v1/auth/sessions/{}", text(&page["data"][1], "id"));
        app.rehearse_and_send(|| client.request(Method::DELETE, &path)).await.expect(204);
        me(&app, &far).await.problem(401, "token-invalid");
        client.request(Method::DELETE, &path).send().await.expect(204);
        assert_eq!(client.get("/v1/auth/sessions").await.json()["data"].as_array().unwrap().len(), 2);

        // Those of others are not there.
        let grace = app.editor().await;
        let own = format!("/v1/auth/sessions/{}", text(&page["data"][0], "id"));
        grace.request(Method::DELETE, &own).send().await.problem(404, "not-found");
        grace.request(Method::DELETE, "/v1/auth/sessions/nonsense").send().await.problem(400, "invalid-parameter");
        me(&app, &here).await.expect(200);
    }

    async fn an_administrator_logs_somebody_out(app: TestApp) {
        let pair = ada(&app).await;
        let id = with_access(&app, &pair).get("/v1/auth/me").await.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/editorial/users/{id}/sessions");
        let admin = app.account(Role::Administrator).await;
        let sessions = admin.get(&path).await.expect(200).json();
        assert_eq!(sessions["data"].as_array().unwrap().len(), 2);
        assert!(sessions["data"].as_array().unwrap().iter().all(|session| session["current"] == false));
        app.rehearse_and_send(|| admin.request(Method::DELETE, &path)).await.expect(204);
        me(&app, &pair).await.problem(401, "token-invalid");
        assert_eq!(admin.get(&path).await.expect(200).json()["data"], json!([]));
        admin.get("/v1/auth/me").await.expect(200);
        log_in(&app).await;
        let nobody = "/v1/editorial/users/00000000-0000-7000-8000-000000000000/sessions";
        admin.get(nobody).await.problem(404, "not-found");
        admin.request(Method::DELETE, nobody).send().await.problem(404, "not-found");
    }

    async fn a_disabled_account_has_no_way_in(app: TestApp) {
        let pair = ada(&app).await;
        app.run_sql("UPDATE accounts SET disabled_at = created_at").await;
        let problem = me(&app, &pair).await.problem(401, "token-invalid");
        assert_eq!(problem["detail"], "The token is not accepted: the account is gone or disabled.");
        refresh(&app, text(&pair, "refresh_token")).await.problem(401, "refresh-token-invalid");
        let body = json!({"email": "ada@galley.example", "password": PASSWORD});
        app.reader().post("/v1/auth/login", body).await.problem(401, "credentials-invalid");
    }

    async fn the_role_counts_that_the_account_has_at_the_exchange(app: TestApp) {
        let pair = ada(&app).await;
        app.run_sql("UPDATE accounts SET role = 'reader'").await;
        let next = refresh(&app, text(&pair, "refresh_token")).await.expect(200).json();
        with_access(&app, &next).get("/v1/editorial/articles").await.problem(403, "insufficient-scope");
    }

    async fn no_secret_of_a_session_is_stored(app: TestApp) {
        let pair = ada(&app).await;
        let secret = text(&pair, "refresh_token").trim_start_matches("galley_rt_").to_owned();
        for table in ["refresh_tokens", "sessions", "audit_entries", "idempotency_records"] {
            let columns = if app.state.database.kind() == "postgres" {
                format!("SELECT row_of::text AS line FROM {table} AS row_of")
            } else {
                let list = format!("SELECT group_concat('quote(' || name || ')', ' || ') AS line FROM pragma_table_info('{table}')");
                let row = app.lines(list).await.remove(0);
                format!("SELECT {row} AS line FROM {table}")
            };
            for line in app.lines(columns).await {
                assert!(!line.contains(&secret), "{table}: {line}");
            }
        }
    }
}
