//! Guessing passwords: how soon it ends, and that nobody is shut out by others.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::jobs;
use galley::settings::RateLimits;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::Answer;
use crate::support::app::{PASSWORD, TestApp};

async fn try_from(app: &TestApp, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    app.reader()
        .request(Method::POST, "/v1/auth/login")
        .from(address)
        .json(&body)
        .send()
        .await
}

async fn guess(app: &TestApp, address: &str, email: &str) -> Answer {
    try_from(app, address, email, "not the password").await
}

async fn counts(app: &TestApp) -> Vec<String> {
    app.lines("SELECT failures || '' AS line FROM login_failures ORDER BY failures".to_owned())
        .await
}

fn without_ids(mut problem: Value) -> Value {
    problem.as_object_mut().unwrap().remove("request_id");
    problem
}

const ADA: &str = "ada@galley.example";

on_both_databases! {
    async fn the_sixth_guess_is_not_looked_at_and_the_next_window_is(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        for _ in 0..5 {
            guess(&app, "192.0.2.1", ADA).await.problem(401, "credentials-invalid");
            app.state.clock.advance(Duration::seconds(100));
        }
        let answer = try_from(&app, "192.0.2.1", ADA, PASSWORD).await;
        assert_eq!(answer.header("retry-after"), "400");
        assert_eq!(answer.header("ratelimit-policy"), "\"login\";q=5;w=900");
        assert_eq!(answer.header("ratelimit"), "\"login\";r=0;t=400");
        let problem = without_ids(answer.problem(429, "login-throttled"));
        insta::assert_json_snapshot!("throttled", problem);

        // The owner is somewhere else, and is not shut out; nor is another account from here.
        try_from(&app, "192.0.2.2", ADA, PASSWORD).await.expect(200);
        guess(&app, "192.0.2.1", "grace@galley.example").await.problem(401, "credentials-invalid");
        app.state.clock.advance(Duration::seconds(399));
        guess(&app, "192.0.2.1", ADA).await.problem(429, "login-throttled");
        app.state.clock.advance(Duration::seconds(1));
        try_from(&app, "192.0.2.1", ADA, PASSWORD).await.expect(200);
    }

    async fn an_account_that_does_not_exist_is_counted_in_the_same_way(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        let mut told = Vec::new();
        for email in [ADA, "nobody@galley.example"] {
            for _ in 0..5 {
                guess(&app, "192.0.2.1", email).await.problem(401, "credentials-invalid");
            }
            let answer = guess(&app, "192.0.2.1", email).await;
            let headers = ["retry-after", "ratelimit", "ratelimit-policy"].map(|name| answer.header(name).to_owned());
            told.push((headers, without_ids(answer.problem(429, "login-throttled"))));
        }
        assert_eq!(told[0], told[1]);
        let stored = app.lines(format!("SELECT email AS line FROM accounts WHERE email <> '{ADA}'")).await;
        assert_eq!(stored, Vec::<String>::new());
    }

    async fn a_right_password_clears_the_count(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        for _ in 0..3 {
            for _ in 0..4 {
                guess(&app, "192.0.2.1", ADA).await.problem(401, "credentials-invalid");
            }
            try_from(&app, "192.0.2.1", ADA, PASSWORD).await.expect(200);
        }
        assert_eq!(counts(&app).await, ["12", "12"], "of the network and of the account");
    }

    async fn one_network_cannot_try_account_after_account(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        for number in 0..50 {
            // One network of the new kind has many addresses.
            guess(&app, &format!("2001:db8:1:2::{number:x}"), &format!("u{number}@galley.example")).await
                .problem(401, "credentials-invalid");
        }
        let answer = try_from(&app, "2001:db8:1:2:ffff::1", ADA, PASSWORD).await;
        assert_eq!(answer.header("ratelimit-policy"), "\"login-network\";q=50;w=900");
        answer.problem(429, "login-throttled");
        try_from(&app, "2001:db8:1:3::1", ADA, PASSWORD).await.expect(200);
    }

    async fn many_networks_cannot_guess_for_ever_and_do_not_shut_out_the_owner(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        try_from(&app, "192.0.2.1", ADA, PASSWORD).await.expect(200);
        app.state.clock.advance(Duration::days(89));
        for number in 0..100 {
            guess(&app, &format!("198.51.100.{number}"), ADA).await.problem(401, "credentials-invalid");
        }
        let answer = guess(&app, "198.51.100.200", ADA).await;
        assert_eq!(answer.header("ratelimit-policy"), "\"login-account\";q=100;w=900");
        answer.problem(429, "login-throttled");
        try_from(&app, "192.0.2.1", ADA, PASSWORD).await.expect(200);
        // Another account is not concerned.
        guess(&app, "198.51.100.200", "grace@galley.example").await.problem(401, "credentials-invalid");
    }

    async fn a_burst_of_guesses_does_not_overtake_the_count(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        let burst = (0..12).map(|_| guess(&app, "192.0.2.1", ADA));
        let answers = futures_util::future::join_all(burst).await;
        let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
        let refused = answers.iter().filter(|answer| answer.status == 429).count();
        assert_eq!((looked_at, refused), (5, 7));
    }

    async fn counts_are_forgotten_and_say_nothing(app: TestApp) {
        app.create_account(ADA, Role::Editor).await;
        guess(&app, "192.0.2.1", ADA).await.problem(401, "credentials-invalid");
        let rows = app.database_digest().await;
        assert!(rows["login_failures"].starts_with("3 rows"));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        app.state.clock.advance(Duration::minutes(15));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 3);
        assert_eq!(counts(&app).await, Vec::<String>::new());
    }
}

#[actix_web::test]
async fn it_can_be_switched_off() {
    let app = TestApp::with_settings(|settings| settings.rate_limits = RateLimits::Off).await;
    app.create_account(ADA, Role::Editor).await;
    for _ in 0..7 {
        guess(&app, "192.0.2.1", ADA).await.problem(401, "credentials-invalid");
    }
    assert_eq!(counts(&app).await, Vec::<String>::new());
}
