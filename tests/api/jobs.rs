//! What the server does by itself.

use actix_web::http::Method;
use chrono::Duration;
use galley::jobs;
use serde_json::json;

use crate::on_both_databases;
use crate::support::app::TestApp;
use crate::support::client::Client;

/// Makes an author with a key.
async fn made(editor: &Client, name: &str) {
    let request = editor.request(Method::POST, "/v1/editorial/authors").key(name);
    request.json(&json!({"name": name})).send().await.expect(201);
}

async fn kept_keys(app: &TestApp) -> Vec<String> {
    let query = "SELECT idempotency_key AS line FROM idempotency_records ORDER BY idempotency_key";
    app.lines(query.to_owned()).await
}

on_both_databases! {
    async fn answers_are_forgotten_when_their_time_is_over(app: TestApp) {
        let ada = app.editor().await;
        made(&ada, "Ada").await;
        app.state.clock.advance(Duration::minutes(10));
        made(&ada, "Grace").await;
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        app.state.clock.advance(Duration::hours(24) - Duration::minutes(10));
        assert_eq!(kept_keys(&app).await, ["Ada", "Grace"]);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(kept_keys(&app).await, ["Grace"]);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0, "what is done is not due");
    }

    async fn two_instances_do_the_same_work_once(app: TestApp) {
        let ada = app.editor().await;
        made(&ada, "Ada").await;
        // More than one batch, each with a time of its own.
        let is_postgres = app.state.database.kind() == "postgres";
        app.run_sql(if is_postgres {
            "INSERT INTO idempotency_records \
             SELECT principal, method, path, 'k' || n, fingerprint, status, location, etag, \
                    expires_at - interval '2 days' + n * interval '1 second', body \
             FROM idempotency_records, generate_series(1, 1234) AS n"
        } else {
            "WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 1234) \
             INSERT INTO idempotency_records \
             SELECT principal, method, path, 'k' || n, fingerprint, status, location, etag, \
                    expires_at - 172800000000 + n * 1000000, body \
             FROM idempotency_records, numbers"
        }).await;
        assert_eq!(kept_keys(&app).await.len(), 1235);
        let (one, other) = tokio::join!(jobs::run_due(&app.state), jobs::run_due(&app.state));
        assert_eq!(one.unwrap() + other.unwrap(), 1234);
        assert_eq!(kept_keys(&app).await, ["Ada"]);
    }
}
